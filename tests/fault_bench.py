"""A simulated cluster on which faults are switched on and off, and the invariants that hold whatever goes wrong.

Every run goes through the command line, in this process. What the program believed is read from its own snapshot with
sqlite, so that the judge is not asked to confirm itself.
"""

import base64
import contextlib
import functools
import io
import json
import os
import sqlite3
import tempfile
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import jsonschema

from cucm_audit import cli
from cucm_audit import judge as judging
from cucm_audit.clients import cli_text, dial, http, line, ssh, ssh_connect, ssh_login, terminal
from cucm_audit.clients.axl import Axl
from cucm_audit.clients.ris import Ris
from cucm_audit.clients.services import Services
from cucm_audit.clients.ssh import Ssh
from cucm_audit.model import Gathered, Source, State
from cucm_audit.queries import Reads
from cucm_audit.reports.document import schema
from cucm_audit.simulator import Cluster, build
from tests.labs import Lab

PUB, SUB, OTHER, IMP = "cucm-pub", "cucm-sub1", "cucm-sub2", "cucm-imp1"
#: Every character that a format could trip over, and one that Latin-1 does not have.
APPLICATION = ("auditor", 'Kanári "Vogel\\1" <&\u20ac> %41')
PLATFORM = ("osadmin", "Zwölf 'Boxkämpfer' #$;2")
LOGINS = ("axl", "ris", "services", "perfmon", "certmgr")


def spellings(user: str, password: str) -> set[bytes]:
    """Everything that a password looks like on its way out."""
    pair = f"{user}:{password}"
    texts = {
        password,
        urllib.parse.quote(password),
        urllib.parse.quote_plus(password),
        escape(password),
        json.dumps(password)[1:-1],
        json.dumps(password, ensure_ascii=False)[1:-1],
        repr(password)[1:-1],
        base64.b64encode(password.encode()).decode(),
        base64.b64encode(pair.encode()).decode(),
    }
    return {text.encode() for text in texts} | {password.encode("utf-16-le")}


CANARIES = spellings(*APPLICATION) | spellings(*PLATFORM)


def leaks(data: bytes | str) -> list[bytes]:
    """The canaries in some text or bytes."""
    data = data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass")
    return [canary for canary in CANARIES if canary in data]


@dataclass(kw_only=True)
class Seen:
    """What one run said and did."""

    code: int
    out: str
    err: str
    report: dict[str, Any] | None
    report_bytes: bytes
    seconds: float
    asked: list[Any]
    refused: Counter[str]
    sessions: Counter[str]
    ledger: dict[tuple[str, str], Gathered] = field(default_factory=dict)
    reads: Mapping[str, Reads] = field(default_factory=dict)
    tables: Mapping[str, Counter[tuple[Any, ...]]] = field(default_factory=dict)
    kept: bytes = b""

    @property
    def reasons(self) -> set[str]:
        """Why something is not known: the ledger's reasons and the outcomes'."""
        found = {str(row.reason) for row in self.ledger.values() if row.state in (State.PARTIAL, State.FAILED)}
        outcomes = (self.report or {}).get("outcomes", [])
        return found | {outcome["reason"] for outcome in outcomes if outcome["verdict"] == "unknown"}

    def lacking(self, source: Source | None = None) -> set[str]:
        """Nodes ('' = the cluster) of which something did not come back whole."""
        lost = (State.PARTIAL, State.FAILED)
        return {row.node for row in self.ledger.values() if row.state in lost and source in (None, row.source)}


class Bench:
    """The cluster, trusted once; :meth:`audit` runs the program on it and checks nothing yet."""

    def __init__(self, folder: Path, cluster: Cluster) -> None:
        self.folder, self.cluster, self.lab = folder, cluster, Lab(cluster, folder)
        (folder / "tmp").mkdir()
        cluster.toml(folder / "cucm-audit.toml")
        code, out, err = self.lab.run("trust", "add", "lab", "--yes")
        assert code == 0, out + err
        self.trusted = (folder / "state" / "trust.toml").read_bytes()
        self.schema = jsonschema.validators.validator_for(schema())(schema())
        self.compiled: tuple[Any, dict[str, Reads]] = (None, {})
        self.known: dict[tuple[str, ...], Seen] = {}

    @property
    def world(self) -> Any:
        return self.cluster.world

    def server(self, name: str) -> Any:
        """The SSH server of a node."""
        return next(one for one in self.cluster._running.get(name, []) if hasattr(one, "attempts"))

    def mend(self) -> None:
        """Take back what a case did to the cluster, its file and the trust store."""
        assert self.world.writes() == [], "something that could change a cluster was sent"
        self.world.faults.clear()
        self.world.application, self.world.platform = APPLICATION, PLATFORM
        for node in self.world.nodes:
            node.faults.clear()
            node.accounts.clear()
        self.cluster.toml(self.folder / "cucm-audit.toml")
        store = self.folder / "state" / "trust.toml"
        store.write_bytes(self.trusted)
        store.chmod(0o600)
        self.forget()

    def forget(self) -> None:
        """Empty the records of the simulator."""
        with self.world.lock:
            self.world.counters.clear()
            self.world.asked.clear()
        for name in list(self.cluster._running):
            with contextlib.suppress(StopIteration):
                server = self.server(name)
                server.attempts.clear()
                server.terminals.clear()

    def records(self) -> tuple[list[Any], Counter[str], Counter[str]]:
        """What the simulator has seen: requests and commands; refused logins and sessions over SSH by node."""
        with self.world.lock:
            asked = list(self.world.asked)
        refused, sessions = Counter[str](), Counter[str]()
        for name in [name for name in self.cluster._running if name]:
            with contextlib.suppress(StopIteration):
                refused[name] = sum(not one.accepted for one in self.server(name).attempts)
                sessions[name] = len(self.server(name).terminals)
        return asked, refused, sessions

    def rendered(self) -> str:
        """The last report as a person at a terminal sees it."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            assert cli.run(["report", str(self.folder / "report.json"), "-f", "table", "-v"]) == 0
        return out.getvalue()

    def healthy(self, *words: str) -> Seen:
        """A run with these words and without any fault, made once."""
        if words not in self.known:
            self.mend()
            self.known[words] = self.audit(*words)
            assert self.known[words].code == 0, self.known[words].err
        return self.known[words]

    def audit(self, *words: str, node: str = "lab") -> Seen:
        """Run an audit and return everything that can be known about it."""
        self.forget()
        report, kept = self.folder / "report.json", {}
        report.unlink(missing_ok=True)
        original = judging.judge

        def spy(snapshot: Any, checks: Any, **rest: Any) -> Any:
            if snapshot.path is None:  # the example of a check of the user's own
                return original(snapshot, checks, **rest)
            kept["kept"] = snapshot.path.read_bytes()
            kept["ledger"] = {(row.fact, row.node): row for row in snapshot.gathered()}
            if self.compiled[0] is not checks.checks:
                reads = {name: snapshot.reads(check.sql) for name, check in checks.checks.items()}
                self.compiled = (checks.checks, reads)
            kept["reads"] = self.compiled[1]
            kept["tables"] = contents(snapshot.path, {row.fact for row in snapshot.gathered() if row.source == "axl"})
            return original(snapshot, checks, **rest)

        before, started = tempfile.tempdir, time.monotonic()
        judging.judge, tempfile.tempdir = spy, str(self.folder / "tmp")
        try:
            code, out, err = self.lab.run("--node", node, "-f", "json", "-o", "report.json", *words)
        finally:
            judging.judge, tempfile.tempdir = original, before
        seconds = time.monotonic() - started
        data = report.read_bytes() if report.exists() else b""
        asked, refused, sessions = self.records()
        return Seen(
            code=code,
            out=out,
            err=err,
            report=json.loads(data) if data else None,
            report_bytes=data,
            seconds=seconds,
            asked=asked,
            refused=refused,
            sessions=sessions,
            **kept,
        )


def contents(path: Path, facts: set[str]) -> dict[str, Counter[tuple[Any, ...]]]:
    """The rows of some tables, read without the program."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return {fact: Counter(database.execute(f"select * from {fact}")) for fact in facts}


@contextlib.contextmanager
def bench(folder: Path, release: str = "12.5", phones: int = 20, life: float = 900) -> Iterator[Bench]:
    """Start a cluster with unusual passwords, in a folder with a blank and an umlaut in its name (F102)."""
    place = folder / "prüf stand"
    place.mkdir()
    world = build(release, phones=phones)
    world.application, world.platform = APPLICATION, PLATFORM
    with Cluster(world, max_life=life) as cluster:
        yield Bench(place, cluster)
        assert world.writes() == []


# ------------------------------------------------------------------------------------------------------ the invariants


def assert_invariants(
    bench: Bench,
    seen: Seen,
    *words: str,
    limit: float,
    same_world: bool = True,
    planted: bool = False,
    debug: bool = False,
    unreported: tuple[int, ...] = (2, 130),
) -> None:
    """What holds for every fault.

    ``planted``: the fault itself put the password there. ``debug``: a fault of ours was made, and its traceback asked
    for. ``unreported``: the exit codes of a run that leaves no report.
    """
    assert seen.seconds <= limit + 2, f"took {seen.seconds:.1f} s"
    assert debug or "Traceback" not in seen.err, seen.err
    assert debug or "should not have happened" not in seen.err, seen.err
    assert bench.world.writes() == [], "something that could change a cluster was sent"
    _no_leftovers(bench)
    _no_password(bench, seen, planted=planted)
    assert all(count <= 1 for count in seen.refused.values()), f"a password was tried again: {seen.refused}"
    assert all(count <= 2 for count in seen.sessions.values()), f"more than one session and one more: {seen.sessions}"
    if seen.report is None:
        assert seen.code in unreported, f"exit {seen.code} without a report"
        return
    bench.schema.validate(seen.report)
    internal = [row for row in seen.ledger.values() if row.reason == "internal_error"]
    assert debug or not internal, f"a fault of ours: {internal[0]}"
    _nothing_unseen_passes(bench, seen)
    if same_world:
        _nothing_is_silently_short(seen, bench.known[words])


def _no_leftovers(bench: Bench) -> None:
    assert list((bench.folder / "tmp").iterdir()) == []
    strange = [path.name for path in bench.folder.iterdir() if path.name.startswith(".")]
    assert not strange, strange


def _no_password(bench: Bench, seen: Seen, *, planted: bool) -> None:
    for name in ("cmdline", "environ"):
        own = Path("/proc/self") / name
        assert not own.exists() or not leaks(own.read_bytes()), own
    assert not leaks(repr(dict(os.environ)))
    assert not leaks(seen.out)
    assert not leaks(seen.err)
    assert not leaks(seen.report_bytes)
    if not planted:
        assert not leaks(seen.kept)
    for path in (bench.folder / "state").rglob("*"):
        if path.is_file():
            assert not leaks(path.read_bytes()), path


def _nothing_unseen_passes(bench: Bench, seen: Seen) -> None:
    """Every fact that a passing check reads is whole for its scope: worked out here, not asked of the judge."""
    voice = {node.name for node in bench.world.nodes if node.product == "callmanager"}
    presence = {node.name for node in bench.world.nodes} - voice
    publisher = bench.world.publisher.name
    scopes: dict[str, set[str]] = {}
    for fact, node in seen.ledger:
        scopes.setdefault(fact, set()).add(node)
    for outcome in seen.report["outcomes"]:
        if outcome["verdict"] != "pass":
            continue
        reads = seen.reads[outcome["check"]]
        needed = {("node", "")}
        for fact in reads.facts:
            wanted = {outcome["node"]} if outcome["node"] else voice
            needed |= {(fact, "")} if "" in scopes.get(fact, ()) else {(fact, node) for node in wanted}
        for facts, nodes in ((reads.publisher, {publisher}), (reads.presence, presence)):
            for fact in facts:
                needed |= {(fact, node) for node in ({""} if "" in scopes.get(fact, ()) else nodes)}
        for place in needed:
            row = seen.ledger.get(place)
            assert row is not None, f"{outcome['check']} passes on {outcome['node']}, {place} was never gathered"
            assert row.state is State.WHOLE, f"{outcome['check']} passes on {outcome['node']}, {place} is {row.state}"


def _nothing_is_silently_short(seen: Seen, healthy: Seen) -> None:
    """What is called whole is what a healthy run saw, and nothing passes that did not pass there."""
    for place, row in seen.ledger.items():
        there = healthy.ledger.get(place)
        if row.state is State.WHOLE and there is not None and there.state is State.WHOLE:
            assert row.rows == there.rows, f"{place} has {row.rows} rows instead of {there.rows} and is called whole"
            if place[1] == "" and place[0] in seen.tables and place[0] not in CHANGING:
                assert seen.tables[place[0]] == healthy.tables[place[0]], f"{place} differs and is called whole"
    before = {(one["check"], one["node"], tuple(one["rows"])): one["verdict"] for one in healthy.report["outcomes"]}
    for one in seen.report["outcomes"]:
        was = before.get((one["check"], one["node"], tuple(one["rows"])))
        if one["verdict"] == "pass":
            assert was in ("pass", "not_applicable", None), f"{one['check']} passes now and was {was}"


#: Tables of AXL whose rows depend on who was asked or when.
CHANGING = {"node", "node_release"}


# --------------------------------------------------------------------------------------------------- quicker than life


def quick(monkeypatch: Any) -> None:
    """Take the waits out that only politeness asks for: loopback does not hesitate, and nobody is hurt."""
    monkeypatch.setattr(cli_text, "QUIET", {tail: seconds / 8 for tail, seconds in cli_text.QUIET.items()})
    monkeypatch.setattr(ssh, "UNKNOWN_ANSWER_QUIET", 0.4)
    monkeypatch.setattr(terminal, "GREETING_QUESTION_SECONDS", 0.4)
    monkeypatch.setattr(http, "_busy_wait", lambda _state: 0.0)
    for client in (http.Session, Axl, Ris, Services):
        defaults = client.__init__.__kwdefaults__
        if "sleep" in defaults:
            monkeypatch.setitem(defaults, "sleep", lambda _seconds: None)


def short(monkeypatch: Any, seconds: float) -> None:
    """Let nothing take longer than this: requests, first prompts, commands, logins."""
    for client, name in ((http.Session, "deadline"), (Ssh, "first_prompt"), (Ssh, "connect_timeout")):
        monkeypatch.setattr(client, "__init__", _at_most(client.__init__, name, seconds))
    read = terminal.Terminal.read

    @functools.wraps(read)
    def sooner(self: Any, screen: Any, end: float, doing: str, **rest: Any) -> Any:
        return read(self, screen, min(end, time.monotonic() + seconds), doing, **rest)

    monkeypatch.setattr(terminal.Terminal, "read", sooner)
    monkeypatch.setitem(dial.dial.__kwdefaults__, "connect_timeout", seconds)
    monkeypatch.setattr(line, "CONNECT_TIMEOUT", seconds)
    monkeypatch.setattr(ssh_login, "LOGIN_SECONDS", 2 * seconds)
    monkeypatch.setattr(ssh_connect, "BANNER_SECONDS", seconds)


def _at_most(init: Callable[..., None], name: str, seconds: float) -> Callable[..., None]:
    @functools.wraps(init)
    def shorter(self: Any, *args: Any, **rest: Any) -> None:
        rest[name] = min(rest.get(name, seconds), seconds)
        init(self, *args, **rest)

    return shorter
