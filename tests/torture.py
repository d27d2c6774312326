"""The torture: every step of an audit, spoilt in every way that makes sense there, one fault a run.

The steps are recorded from healthy runs: connections, requests, commands, the growth of files, the work before and
after the asking. ``python -m tests.torture`` (``make torture``) runs all trials, a process a core; ``--match TEXT``
those whose name holds it. tests/test_torture.py runs a slice.
"""

import argparse
import contextlib
import hashlib
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

from cucm_audit import checks, judge, reports
from cucm_audit.cli import audit, gather
from cucm_audit.simulator.world import Asked
from tests import conftest as _brisk  # noqa: F401 - a second of politeness is short on loopback
from tests.fault_bench import IMP, OTHER, PUB, SUB, Bench, Seen, assert_invariants, bench, quick, short

NO_SSH, ONE_NODE, THE_PUBLISHER = ("--without", "ssh"), ("--limit", SUB), ("--limit", PUB)
SECONDS = 0.8  # that nothing may take longer than, where something hangs
SLACK = 4.0  # seconds more that a busy machine may need
BLOCK = 32 * 1024  # bytes by which the disk is larger from one trial to the next
LAST_BLOCK = 80  # a healthy run's largest file, SQLite's log, is smaller
POSIX = sys.platform != "win32"

#: What may become of a request: the fault of the simulator and its value.
HTTP: Mapping[str, tuple[str, Any]] = {
    "refuse": ("closed", True),  # from this request on nobody takes a connection
    "reset": ("reset", True),
    "cut": ("reset", 200),
    "hang": ("hang", True),
    "truncate": ("truncate", True),
    "promise": ("long_length", True),
    "garbage": ("bad_utf8", True),
    "fault": ("soap_fault", "java.lang.NullPointerException"),
    "401": ("status", 401),
    "403": ("status", 403),
    "404": ("status", 404),
    "500": ("status", 500),
    "503": ("status", 503),
    "html": ("html200", True),
    "elsewhere": ("redirect", "https://127.0.0.1:1/"),
    "doctype": ("doctype", True),
    "namespace": ("wrong_namespace", True),
    "surprise": ("extra_element", True),
    "SIGINT": ("hang", True),  # Ctrl-C while this request is under way
}
#: What may become of a command. None: the fault takes the command itself.
TYPED: Mapping[str, tuple[str, Any]] = {
    "refuse": ("cli_cut", True),  # from this command on nobody takes a connection
    "reset": ("cli_cut", True),
    "truncate": ("cli_cut", "eof"),
    "hang": ("cli_hang", None),
    "garbage": ("cli_garbage", ["\x1b[31m%s?? 12:61 admin", "=====>"]),
    "empty": ("cli_answer", ""),
    "nonsense": ("cli_answer", "<html>Sign in</html>"),
    "fault": ("cli_error", "Error: database is not running"),
    "question": ("cli_question", "Continue (y/n)? "),
    "endless": ("cli_endless", None),
    "SIGINT": ("cli_hang", None),
}
#: What may become of the whole session.
LOGIN: Mapping[str, tuple[str, Any]] = {
    "refuse": ("ssh_refuse", True),
    "reset": ("ssh_drop", "connect"),
    "truncate": ("ssh_drop", "login"),
    "hang": ("ssh_silent", True),
    "garbage": ("ssh_banner", "\x1b]0;admin:\x07admin: \ufffd%n Password:"),
    "endless": ("ssh_prelines", "endless"),
    "401": ("ssh_auth", "refused"),
    "403": ("ssh_auth", "expired"),
    "question": ("ssh_auth", "two_factor"),
    "expired": ("ssh_auth", "expired_shell"),
    "full": ("ssh_session_limit", 0),
    "busy": ("cli_busy", "The system is busy"),
    "locked": ("cli_locked", True),
    "never": ("cli_never_prompt", True),
}
#: What may become of a node's web server as a whole.
CONNECT: Mapping[str, tuple[str, Any]] = {"refuse": ("closed", True), "hang": ("tls_silent", True)}
#: Work between and after the requests, at which Ctrl-C is pressed: where its function is looked up, and its name.
LOCAL: Mapping[str, tuple[Any, str]] = {
    "reading the checks": (audit, "load_checks"),
    "opening the snapshot": (gather, "_place"),
    "judging": (judge, "judge"),
    "rendering": (reports, "REPORTS"),
    "writing the report": (audit, "write_file"),
}
SLOW = {"hang", "endless", "never", "truncate", "expired", "garbage"}


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One fault at one step: where, what it is called, what is switched on, and how the audit is narrowed.

    ``then`` is switched on when the step is seen; ``signal`` presses Ctrl-C then; ``disk``: bytes of the largest file.
    """

    client: str
    node: str
    step: str
    kind: str
    words: tuple[str, ...]
    faults: Mapping[str, Any] = field(default_factory=dict)
    asked: tuple[str, str] = ("", "")
    then: Mapping[str, Any] = field(default_factory=dict)
    signal: bool = False
    disk: int | None = None

    def __str__(self) -> str:
        return f"{self.client}: {self.kind} at {self.node}: {self.step[:160]}"


def requests(found: Bench) -> Iterator[Trial]:
    """The requests of a run without SSH, the first time they are sent or every time."""
    seen = found.healthy(*NO_SSH)
    steps = {(one.channel, one.node, one.operation, one.detail) for one in seen.asked}
    for number, (client, node, operation, detail) in enumerate(sorted(steps)):
        on = _telling(operation, detail)
        # Requests of RIS look alike: the second is known by coming after the first.
        alike = list(dict.fromkeys(one.detail for one in seen.asked if (one.node, one.operation) == (node, operation)))
        late = {"after": alike.index(detail)} if client == "ris" and detail != alike[0] else {}
        for place, (kind, (name, value)) in enumerate(HTTP.items()):
            once = {"times": 1} if (number + place) % 2 and kind not in ("refuse", "SIGINT") else {}
            step = f"{operation} {detail}{' once' if once else ''}"
            trial: dict[str, Any] = {"client": client, "node": node, "step": step, "kind": kind, "words": NO_SSH}
            if kind == "refuse":
                yield Trial(**trial, asked=(operation, detail), then={"closed": True, "reset": True})
                continue
            faults = {name: {"value": value, "on": on, **once, **late}}
            if kind != "SIGINT":
                yield Trial(**trial, faults=faults)
            elif POSIX:
                yield Trial(**trial, faults=faults if number % 2 else {}, asked=(operation, detail), signal=True)


def _telling(operation: str, detail: str) -> str:
    """Return the text of a request by which a fault knows it."""
    if operation == "executeSQLQuery":
        return escape(detail)
    if operation == "perfmonCollectCounterData":
        return detail.partition("Object=")[2]
    return f">{detail.partition('=')[2]}<" if "=" in detail else operation


def commands(found: Bench) -> Iterator[Trial]:
    """The commands typed on a subscriber, those that the publisher alone is asked, and their logins."""
    typed: set[str] = set()
    for node, words in ((SUB, ONE_NODE), (PUB, THE_PUBLISHER)):
        seen = found.healthy(*words)
        there = {one.operation for one in seen.asked if one.channel == "ssh" and one.node == node}
        for command in sorted(there - typed - {"quit"}):
            for kind, (name, value) in TYPED.items():
                trial: dict[str, Any] = {"client": "ssh", "node": node, "step": command, "kind": kind, "words": words}
                faults = {name: command if value is None else {command: value}}
                if kind == "refuse":
                    yield Trial(**trial, faults=faults, asked=(command, ""), then={"ssh_refuse": True})
                elif kind != "SIGINT":
                    yield Trial(**trial, faults=faults)
                elif POSIX:
                    yield Trial(**trial, faults=faults, asked=(command, ""), signal=True)
        typed |= there
        for kind, (name, value) in LOGIN.items():
            yield Trial(client="ssh", node=node, step="login", kind=kind, faults={name: value}, words=words)


def connections(_found: Bench) -> Iterator[Trial]:
    """The web servers as a whole."""
    for node in (PUB, SUB, OTHER, IMP):
        for kind, (name, value) in CONNECT.items():
            yield Trial(client="tls", node=node, step="connecting", kind=kind, faults={name: value}, words=NO_SSH)


def machine(_found: Bench) -> Iterator[Trial]:
    """This machine: no file grows beyond a limit, and Ctrl-C outside of the asking."""
    if POSIX:
        for block in range(LAST_BLOCK + 1):
            step = f"a file beyond {block * BLOCK // 1024} KB"
            yield Trial(client="disk", node="", step=step, kind="disk-full", disk=block * BLOCK, words=NO_SSH)
        for step in LOCAL:
            yield Trial(client="here", node="", step=step, kind="SIGINT", signal=True, words=NO_SSH)


def trials(found: Bench) -> list[Trial]:
    """All of them, in an order that is mixed and always the same."""
    every = [*requests(found), *commands(found), *connections(found), *machine(found)]
    random.Random(7).shuffle(every)
    return every


def content() -> int:
    """Return a number that changes with the program: today's slice is not yesterday's, and can be had again."""
    root = Path(checks.__file__).parent
    digest = hashlib.sha256()
    for path in sorted([*root.rglob("*.py"), *(root.parent / "checks").rglob("*.toml")]):
        digest.update(path.read_bytes())
    return int.from_bytes(digest.digest()[:8])


def part(every: Sequence[Trial], size: int, seed: int) -> list[Trial]:
    """Return ``size`` trials: each kind and each client at least once, the rest by chance."""
    mixed = sorted(every, key=str)
    random.Random(seed).shuffle(mixed)
    chosen: dict[str, Trial] = {}
    kinds: set[str] = set()
    clients: set[str] = set()
    for trial in mixed:
        if trial.kind not in kinds or trial.client not in clients:
            kinds.add(trial.kind)
            clients.add(trial.client)
            chosen[str(trial)] = trial
    for trial in mixed:
        if len(chosen) < size:
            chosen[str(trial)] = trial
    return list(chosen.values())


# ---------------------------------------------------------------------------------------------------------- one trial


class Fuse:
    """Does something when a step is seen for the first time, and remembers when."""

    def __init__(self, trial: Trial, faults: dict[str, Any]) -> None:
        self.trial, self.faults, self.burnt = trial, faults, 0.0

    def saw(self, asked: Asked) -> None:
        """Look at what the simulator was asked."""
        operation, detail = self.trial.asked
        if (asked.node, asked.operation) == (self.trial.node, operation) and detail in asked.detail:
            self.burn()

    def burn(self) -> None:
        """Switch on what comes next, or press Ctrl-C."""
        if self.burnt:
            return
        self.burnt = time.monotonic()
        self.faults.update(self.trial.then)
        if self.trial.signal:
            os.kill(os.getpid(), signal.SIGINT)


@contextlib.contextmanager
def _at_the_keys() -> Iterator[None]:
    """Heed Ctrl-C as a run at a terminal does: a shell starts what it puts in the background deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def attempt(found: Bench, trial: Trial) -> Seen:
    """Run one, and see that it keeps the invariants."""
    found.mend()
    with pytest.MonkeyPatch.context() as patch:
        quick(patch)
        once(patch)
        if trial.kind in SLOW:
            short(patch, SECONDS)
        faults = found.world.node(trial.node).faults if trial.node else {}
        fuse = Fuse(trial, faults)
        faults.update(trial.faults)
        _lay(fuse, found, patch)
        with _disk(trial.disk), _at_the_keys():
            seen = found.audit(*trial.words)
        ended = time.monotonic()
    assert_invariants(found, seen, *trial.words, limit=20)
    _verdict(trial, seen, fuse, ended)
    found.mend()
    return seen


def patiently(found: Bench, trial: Trial) -> Seen:
    """Run one, and once more when it took too long or had little time: the machine may have been busy."""
    try:
        return attempt(found, trial)
    except AssertionError as error:
        if trial.kind not in SLOW and " took " not in f" {error}":
            raise
    return attempt(found, trial)


def once(patch: pytest.MonkeyPatch) -> None:
    """Read the checks once for all trials: they are the same each time, and cost a third of a run."""
    if not _CHECKS:
        _CHECKS.append(checks.load())
    patch.setattr(checks, "load", lambda _folders=(): _CHECKS[0])


_CHECKS: list[Any] = []


def _lay(fuse: Fuse, found: Bench, patch: pytest.MonkeyPatch) -> None:
    trial = fuse.trial
    if trial.asked[0]:
        record = type(found.world).record

        def recorded(world: Any, asked: Asked) -> None:
            record(world, asked)
            fuse.saw(asked)

        patch.setattr(type(found.world), "record", recorded)
    elif trial.signal:
        place, name = LOCAL[trial.step]
        real = getattr(place, name)
        if isinstance(real, Mapping):
            patch.setattr(place, name, {kind: _burning(fuse, make) for kind, make in real.items()})
        else:
            patch.setattr(place, name, _burning(fuse, real))
    if trial.signal:
        patch.setattr(gather, "PATIENCE", 60.0)  # we look at the clock ourselves: its way out would end this process


def _burning(fuse: Fuse, real: Callable[..., Any]) -> Callable[..., Any]:
    def burns(*words: Any, **more: Any) -> Any:
        fuse.burn()
        return real(*words, **more)

    return burns


@contextlib.contextmanager
def _disk(size: int | None) -> Iterator[None]:
    """Let no file of this process grow beyond ``size`` bytes."""
    if size is None:
        yield
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _verdict(trial: Trial, seen: Seen, fuse: Fuse, ended: float) -> None:
    """Look at the exit code: what each kind may lead to."""
    if trial.signal:
        assert fuse.burnt, "the step was never seen"
        assert seen.code == 130, f"exit {seen.code} after Ctrl-C"
        assert ended - fuse.burnt <= gather.PATIENCE + SLACK, f"Ctrl-C took {ended - fuse.burnt:.1f} s"
        return
    if trial.then:
        assert fuse.burnt, "the step was never seen"
    if trial.disk == LAST_BLOCK * BLOCK:
        assert seen.code == 0, "a healthy run needs more than this: LAST_BLOCK has to grow"
    allowed = (0, 2) if trial.disk is not None else (0, 2, 3)
    assert seen.code in allowed, f"exit {seen.code}: a fault of the line is no finding"
    if seen.code == 0:
        assert seen.report is not None
        assert seen.report["complete"]
        assert not seen.reasons
    elif trial.disk is not None:
        assert seen.report is None
        assert len(seen.err.splitlines()) < 4, seen.err
    elif seen.code == 2:
        assert trial.node == PUB, "one node that is no door cannot cost everything"


# ------------------------------------------------------------------------------------------------------ all of them


@dataclass(kw_only=True)
class Tally:
    """What some trials came to. ``processor`` is in seconds."""

    tried: Counter[tuple[str, str]] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    processor: float = 0.0

    def add(self, other: "Tally") -> None:
        self.tried += other.tried
        self.broken += other.broken
        self.processor += other.processor


def run(shard: int, shards: int, match: str) -> Tally:
    """Run every trial of a shard on a cluster of its own."""
    tally, started = Tally(), time.process_time()
    with tempfile.TemporaryDirectory() as folder, bench(Path(folder), phones=8, life=7200) as found:
        mine = [trial for trial in trials(found)[shard::shards] if match in str(trial)]
        for number, trial in enumerate(mine):
            if number % 100 == 0:
                print(f"{number} of {len(mine)} ({shard + 1} of {shards})", file=sys.stderr, flush=True)
            tally.tried[trial.client, trial.kind] += 1
            try:
                patiently(found, trial)
            except (AssertionError, Exception) as error:
                tally.broken.append(f"{trial}: {type(error).__name__}: {str(error)[:600]}")
                print(tally.broken[-1], flush=True)
    tally.processor = time.process_time() - started
    return tally


def main(words: Sequence[str]) -> int:
    """Run all trials and say how many of each kind kept the invariants."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--match", default="", help="only trials whose name holds this")
    given = parser.parse_args(words)
    started, whole = time.monotonic(), Tally()
    with ProcessPoolExecutor(given.processes) as pool:
        count = given.processes
        for tally in pool.map(run, range(count), [count] * count, [given.match] * count):
            whole.add(tally)
    for client in sorted({client for client, _ in whole.tried}):
        kinds = {kind: count for (one, kind), count in sorted(whole.tried.items()) if one == client}
        print(f"{client:<9}{sum(kinds.values()):>5}  " + ", ".join(f"{kind} {n}" for kind, n in kinds.items()))
    print(
        f"{whole.tried.total()} trials, {len(whole.broken)} broken, {whole.processor:.0f} s of processor, "
        f"{time.monotonic() - started:.0f} s in {given.processes} processes"
    )
    return 1 if whole.broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
