"""The program as a process of its own on the bench: what it says, what it leaves behind, and the same invariants.

What a person's shell, a scheduler or the system does to a process cannot be tried inside this one: signals, limits,
pipes that close, another alphabet, a terminal. The process keeps its snapshot beside its report, so that what it
believed can be read as :meth:`Bench.audit` reads it.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cucm_audit.checks import load
from cucm_audit.snapshot import Snapshot
from tests.fault_bench import Bench, Seen, contents

Process = subprocess.Popen[bytes]
#: The command line with a short second of politeness, as the simulated cluster of the tests has it (see conftest.py).
_HURRIED = (
    "import runpy; from cucm_audit.clients import pace; pace.SECOND = 0.02;"
    " runpy.run_module('cucm_audit', run_name='__main__', alter_sys=True)"
)
HURRIED = (sys.executable, "-c", _HURRIED)
PLAIN = (sys.executable, "-m", "cucm_audit")
REPORT, SAVED = ("-f", "json", "-o", "report.json"), "saved.db"


def started(
    bench: Bench,
    *words: str,
    limit: tuple[int, int] | None = None,
    hurried: bool = True,
    **environment: str,
) -> Process:
    """Start the program in the bench's folder. ``limit``: a resource and how much of it there is."""

    def lower() -> None:
        if limit is not None:
            import resource

            resource.setrlimit(limit[0], (limit[1], limit[1]))

    return subprocess.Popen(
        [*(HURRIED if hurried else PLAIN), *words],
        cwd=bench.folder,
        env={**os.environ, "TMPDIR": str(bench.folder / "tmp"), "PYTHONUTF8": "1", **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lower if limit else None,
    )


def state(bench: Bench) -> tuple[str, str]:
    """The words that name the bench's state folder."""
    return ("--state-dir", str(bench.folder / "state"))


def audited(
    bench: Bench,
    *words: str,
    report: tuple[str, ...] = REPORT,
    during: Callable[[Process], Any] = lambda _run: None,
    seconds: float = 90,
    **rest: Any,
) -> Seen:
    """Run an audit as a process and return everything that can be known about it.

    ``during`` is called while it runs. Where the ``report`` goes elsewhere than to a file as JSON, the one of the
    snapshot is taken: it is a pure function of it.
    """
    bench.forget()
    bench.world.load.run_begins()
    for name in ("report.json", SAVED):
        (bench.folder / name).unlink(missing_ok=True)
    begun = time.monotonic()
    with started(bench, "--node", "lab", *words, *report, "--save", SAVED, *state(bench), **rest) as run:
        try:
            during(run)
            out, err = run.communicate(timeout=seconds)
        finally:
            run.kill()
    took = time.monotonic() - begun
    asked, refused, sessions = bench.records()
    ledger, reads, tables, kept = believed(bench.folder / SAVED)
    if report != REPORT and kept:
        bench.lab.run("--from", SAVED, *REPORT)
    file = bench.folder / "report.json"
    data = file.read_bytes() if file.exists() else b""
    (bench.folder / SAVED).unlink(missing_ok=True)
    return Seen(
        code=run.returncode,
        out=(out or b"").decode("utf-8", "backslashreplace"),
        err=err.decode("utf-8", "backslashreplace"),
        report=json.loads(data) if data else None,
        report_bytes=data,
        seconds=took,
        asked=asked,
        refused=refused,
        sessions=sessions,
        ledger=ledger,
        reads=reads,
        tables=tables,
        kept=kept,
    )


def believed(path: Path) -> tuple[dict[Any, Any], dict[str, Any], dict[str, Any], bytes]:
    """What a saved snapshot holds: its ledger, what each check reads, the rows out of the database, and its bytes."""
    if not path.exists():
        return {}, {}, {}, b""
    snapshot = Snapshot.open(path)
    try:
        ledger = {(row.fact, row.node): row for row in snapshot.gathered()}
        reads = {name: snapshot.reads(check.sql) for name, check in load(packages=False).checks.items()}
    finally:
        snapshot.close()
    return (
        ledger,
        reads,
        contents(path, {fact for (fact, _), row in ledger.items() if row.source == "axl"}),
        path.read_bytes(),
    )
