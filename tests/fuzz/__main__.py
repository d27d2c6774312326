"""``python -m tests.fuzz [--seconds N] [TARGET ...]``: coverage-guided, with atheris. A find is kept in fuzz-finds/.

Each target runs in a process of its own (atheris never gives one back). Without a target all of them take turns.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

FINDS = Path("fuzz-finds")


def main() -> int:
    """Fuzz the targets one after the other; 1 when one of them found something."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.alone:
        return _alone(given.targets[0], given.seconds)
    from tests.fuzz.targets import targets

    FINDS.mkdir(exist_ok=True)
    wrong = []
    for name in given.targets or targets():
        words = [sys.executable, "-m", "tests.fuzz", "--alone", "--seconds", str(given.seconds), name]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        said = [line for line in done.stderr.splitlines() if line.startswith(("#", "Done"))]
        print(f"{name}: {'FOUND something' if done.returncode else 'nothing'}; {said[-1] if said else ''}", flush=True)
        if done.returncode:
            wrong.append(name)
            print(done.stderr[-3000:])
    return 1 if wrong else 0


def _alone(name: str, seconds: int) -> int:
    import atheris

    with atheris.instrument_imports(include=["cucm_audit", "tomllib", "tests.fuzz"]):
        from tests.fuzz.targets import targets

    target = targets()[name]
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(target.seeds):
            Path(corpus, str(number)).write_bytes(seed)
        kept = f"-artifact_prefix={FINDS / name.replace(':', '+').replace(' ', '_')}--"
        longest = 4 * max(map(len, target.seeds))
        words = [sys.argv[0], corpus, f"-max_total_time={seconds}", f"-max_len={longest}", "-timeout=10", kept]
        atheris.Setup(words, target.run)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
