"""Four clusters: all at once, one after the other, and one alone; wall time and memory of the program.

Only the checks of one document are asked for, so that the sequence does not take minutes; AXL keeps its pace of four
requests a second and node, which is what a cluster costs most of its time.
"""

import contextlib
import json
import sys
import tempfile
from pathlib import Path

from benchmarks.lab import lab
from benchmarks.measure import child, cpu, interleaved, peak, table

CLUSTERS = 4
_SCOPE, _LITTLE = ("--document", "cisco-18772", "--without", "ssh"), ("--check", "adp-orphan")


def run(*, quick: bool) -> str:
    """Measure whole processes, start to end."""
    number = 2 if quick else CLUSTERS
    with contextlib.ExitStack() as running, tempfile.TemporaryDirectory() as name:
        home = Path(name)
        folders = [running.enter_context(lab(50 if quick else 2000)) for _ in range(number)]
        _one_file(home, folders)
        words = ("--config", str(home / "cucm-audit.toml"), "--state-dir", str(home), *(_LITTLE if quick else _SCOPE))
        cases = {
            "one cluster": lambda: child("benchmarks.fleet", *words, "--cluster", "c0"),
            f"{number} at once": lambda: child("benchmarks.fleet", *words, "--executor", f"threads:{number}"),
            f"{number}, one after the other": lambda: child("benchmarks.fleet", *words, "--executor", "threads:1"),
        }
        return table(f"Fleet: {number} clusters", interleaved(cases, 1 if quick else 3), ["wall s", "peak MB"])


def _one_file(home: Path, folders: list[Path]) -> None:
    """Put the cluster files, passwords and trust of all into one folder."""
    text, trust = "", ""
    for number, folder in enumerate(folders):
        text += (folder / "cucm-audit.toml").read_text().replace("cluster.lab", f"cluster.c{number}")
        theirs = (folder / "trust.toml").read_text()
        trust += theirs if not trust else theirs[theirs.index("[") :]
    (home / "cucm-audit.toml").write_text(text)
    (home / "trust.toml").write_text(trust)
    (home / "trust.toml").chmod(0o600)
    for password in ("app.pass", "os.pass"):
        (home / password).write_bytes((folders[0] / password).read_bytes())
        (home / password).chmod(0o600)


def main() -> None:
    """Audit a fleet in this process and print what it took."""
    from cucm_audit import cli

    with tempfile.TemporaryDirectory() as folder:
        code = cli.run(["fleet", *sys.argv[1:], "-o", str(Path(folder) / "fleet.txt")])
    assert code in (0, 1, 3), code
    print(json.dumps({"cpu s": cpu(), "peak MB": peak()}))


if __name__ == "__main__":
    main()
