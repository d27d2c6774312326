"""Every row of the table of faults: what may go wrong, and where it is proved that it costs what it must and no more.

A row is proved by runs of the whole program on a simulated cluster with that fault (``cases``), or by tests elsewhere
that are named and assert the same invariants (``bench``); others look closer at a part (``proved``). A row about what
does not exist says so.
"""

import ast
import contextlib
import csv
import dataclasses
import datetime as dt
import functools
import io
import json
import os
import re
import socket
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paramiko
import pytest
from lxml import etree
from prometheus_client.parser import text_string_to_metric_families

from cucm_audit import cli
from cucm_audit.model import Source
from cucm_audit.reports import REPORTS
from tests import fault_places as places
from tests.fault_bench import (
    APPLICATION,
    IMP,
    LOGINS,
    OTHER,
    PLATFORM,
    PUB,
    SUB,
    Bench,
    Seen,
    assert_invariants,
    bench,
    leaks,
    quick,
    short,
)
from tests.fault_places import CA, behind, shown
from tests.fault_proxy import Line
from tests.real_servers import OLD, needs_sshd
from tests.slow_line import slow_line

Within = Callable[[Bench, pytest.MonkeyPatch], contextlib.AbstractContextManager[None]]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A fault on the simulated cluster, and what a run has to make of it."""

    on: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # node, or "all" -> faults
    within: Within | None = None  # or something that is done to the cluster meanwhile
    words: tuple[str, ...] = ()
    code: int = 3
    reasons: frozenset[str] | set[str] = frozenset()  # all of them are among those of the report
    one_of: frozenset[str] | set[str] = frozenset()  # at least one of them is
    nodes: frozenset[str] | set[str] | None = None  # what is lacking concerns these nodes only ("" = the cluster)
    short: float = 0.0  # seconds that nothing may take longer than
    limit: float = 20.0  # seconds of the whole run
    same_world: bool = True  # what came whole is what a healthy run sees
    planted: bool = False  # the fault itself puts a password into an answer
    also: Callable[[Bench, Seen], None] | None = None
    ours: bool = False  # it is a fault of the program's own installation, and called so
    like: tuple[str, ...] | None = None  # the words of the healthy run to compare with, where they are others
    node: str = "lab"  # what --node names


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the table: its words (ours), and where it is proved.

    ``cases`` and the tests of ``bench`` end with every invariant; what ``proved`` names looks closer.
    """

    says: str
    cases: tuple[Case, ...] = ()
    bench: tuple[str, ...] = ()  # "test_resources.py::test_name" below tests/
    proved: tuple[str, ...] = ()
    not_here: str = ""
    over_all: str = ""  # why it is a property of every check, and so of every run of the bench


#: paramiko 5 has no SHA-1 any more (see the extra legacy-ssh).
NO_SHA1 = int(paramiko.__version__.split(".")[0]) >= 5
NOT_YET = "there is no such thing in the program yet: "
PHONES = "d.tkclass = 1 and d.tkdeviceprofile = 0"
NO_SSH = ("--without", "ssh")
NEXT_MONTH = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=30)
ONE = ("--limit", SUB)


# ------------------------------------------------------------------------------------------------- done to the cluster


def down(*names: str) -> Within:
    @contextlib.contextmanager
    def off(bench: Bench, _patch: pytest.MonkeyPatch) -> Iterator[None]:
        for name in names:
            bench.cluster.down(name)
        try:
            yield
        finally:
            for name in names:
                bench.cluster.up(name)

    return off


def restarted(**faults: Any) -> Within:
    """A node that starts anew with a fault that counts from its start."""

    @contextlib.contextmanager
    def other(bench: Bench, _patch: pytest.MonkeyPatch) -> Iterator[None]:
        node = bench.world.node(SUB)
        bench.cluster.down(SUB)
        node.faults.update(faults)
        bench.cluster.up(SUB)
        try:
            yield
        finally:
            bench.cluster.down(SUB)
            node.faults.clear()
            bench.cluster.up(SUB)

    return other


def another_certificate_of(name: str) -> Within:
    @contextlib.contextmanager
    def other(bench: Bench, _patch: pytest.MonkeyPatch) -> Iterator[None]:
        node = bench.world.node(name)
        before = node.certificate
        bench.cluster.renew_certificate(name)
        try:
            yield
        finally:
            bench.cluster.down(name)
            node.certificate = before
            bench.cluster.up(name)

    return other


def untrusted(*names: str) -> Within:
    @contextlib.contextmanager
    def forgotten(bench: Bench, _patch: pytest.MonkeyPatch) -> Iterator[None]:
        for name in names:
            assert bench.lab.run("trust", "remove", bench.world.node(name).at)[0] == 0
        yield

    return forgotten


def in_file(change: Callable[[Bench, str], str]) -> Within:
    """Another cluster file."""

    @contextlib.contextmanager
    def changed(bench: Bench, _patch: pytest.MonkeyPatch) -> Iterator[None]:
        path = bench.folder / "cucm-audit.toml"
        path.write_text(change(bench, path.read_text(encoding="utf-8")), encoding="utf-8")
        yield

    return changed


@contextlib.contextmanager
def nobody_picks_up(bench: Bench, _patch: pytest.MonkeyPatch) -> Iterator[None]:
    """A node whose SYNs are dropped: its ports are those of a listener whose queue is full and never emptied."""
    node = bench.world.node(SUB)
    path = bench.folder / "cucm-audit.toml"
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind((node.at, 0))
        listener.listen(0)
        for _ in range(3):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        port = str(listener.getsockname()[1])
        text = path.read_text(encoding="utf-8")
        for old in (node.https_port, node.ssh_port):
            text = text.replace(f" {old}\n", f" {port}\n")
        path.write_text(text, encoding="utf-8")
        yield


def no_dns(bench: Bench, text: str) -> str:
    return text.replace(f'address = "{bench.world.node(SUB).at}"', 'address = "gone.invalid"')


@contextlib.contextmanager
def unknown_name(bench: Bench, patch: pytest.MonkeyPatch) -> Iterator[None]:
    resolve = socket.getaddrinfo

    def answer(host: Any, *args: Any, **rest: Any) -> Any:
        if str(host).endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(host, *args, **rest)

    patch.setattr(socket, "getaddrinfo", answer)
    with in_file(no_dns)(bench, patch):
        yield


@contextlib.contextmanager
def far_away(_bench: Bench, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """A line on which every answer takes its time, and comes in small pieces."""
    from cucm_audit.simulator import web_server

    answer = web_server.routes.answer

    def late(exchange: Any) -> Any:
        time.sleep(0.05)
        return answer(exchange)

    patch.setattr(web_server.routes, "answer", late)
    for node in _bench.world.nodes:
        node.faults.update(cli_delay={"*": 0.05}, cli_chunk=64)
    yield


#: How much quicker than life the slow line is, and every time limit with it: 800 ms there and back, 256 kbit/s.
QUICKER = 16


@contextlib.contextmanager
def slow_and_thin(bench: Bench, _patch: pytest.MonkeyPatch) -> Iterator[None]:
    with slow_line(bench.folder / "cucm-audit.toml", delay=0.0, rate=1e9) as line:
        assert bench.lab.run("trust", "add", "lab", "--yes")[0] == 0  # the ports are the line's
        line.delay, line.rate, line.carried = 0.4 / QUICKER, 32_000.0 * QUICKER, 0
        yield
        assert line.carried > 0


def environment(**values: str) -> Within:
    @contextlib.contextmanager
    def set_(bench: Bench, patch: pytest.MonkeyPatch) -> Iterator[None]:
        for name, value in values.items():
            patch.setenv(name, value)
        yield

    return set_


def wrong_password(kind: str, *names: str) -> Within:
    """Another password than ours, on some nodes or ('') in the whole cluster."""

    @contextlib.contextmanager
    def other(bench: Bench, _patch: pytest.MonkeyPatch) -> Iterator[None]:
        for name in names or [node.name for node in bench.world.nodes]:
            bench.world.node(name).accounts[kind] = ("other", "Other-Passw0rd!")
        yield

    return other


@contextlib.contextmanager
def clock_jumps(_bench: Bench, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every look at the wall clock is an hour earlier than the one before."""
    begun, looks = time.time(), iter(range(10**9))
    patch.setattr(time, "time", lambda: begun - 3600.0 * next(looks))
    yield


@contextlib.contextmanager
def hostile_names(bench: Bench, _patch: pytest.MonkeyPatch) -> Iterator[None]:
    """A password, control characters and formats in what an administrator of the cluster may type."""
    text = f"%s %n {{0}} \x1b[2J\x1b]0;x\x07 \u202e <script> {PLATFORM[1]}"
    database = bench.world.database
    with bench.world.lock:
        before = database.execute("select pkid, description from device").fetchall()
        database.execute("update device set description = ?", (text,))
    try:
        yield
    finally:
        with bench.world.lock:
            database.executemany(
                "update device set description = ? where pkid = ?", [(old, key) for key, old in before]
            )


# ---------------------------------------------------------------------------------------------------- and seen in a run


def asked_nothing(*names: str) -> Callable[[Bench, Seen], None]:
    def check(_bench: Bench, seen: Seen) -> None:
        assert [one for one in seen.asked if one.node in names] == []

    return check


def logged_in_nowhere(bench: Bench, seen: Seen) -> None:
    assert bench.server(SUB).attempts == []


def one_attempt(name: str) -> Callable[[Bench, Seen], None]:
    """The application password went to a node exactly once."""

    def check(_bench: Bench, seen: Seen) -> None:
        assert len([one for one in seen.asked if one.node == name and one.channel in LOGINS]) == 1

    return check


def one_login(name: str) -> Callable[[Bench, Seen], None]:
    """The OS password went to a node exactly once."""

    def check(_bench: Bench, seen: Seen) -> None:
        assert seen.refused == {name: 1, **dict.fromkeys(set(seen.refused) - {name}, 0)}

    return check


def via(name: str) -> Callable[[Bench, Seen], None]:
    def check(_bench: Bench, seen: Seen) -> None:
        assert seen.report is not None
        assert seen.report["cluster"]["via"] == name

    return check


def hints(*words: str) -> Callable[[Bench, Seen], None]:
    """All of these words stand in the details and hints of what is lacking."""

    def check(_bench: Bench, seen: Seen) -> None:
        told = " ".join(f"{row.detail} {row.hint}" for row in seen.ledger.values() if row.state != "whole") + seen.err
        for word in words:
            assert word in told, told[:2000]

    return check


def found(check_id: str) -> Callable[[Bench, Seen], None]:
    """This check has a finding, on the subscriber and nowhere else."""

    def check(_bench: Bench, seen: Seen) -> None:
        assert seen.report is not None
        failed = {(one["check"], one["node"]) for one in seen.report["outcomes"] if one["verdict"] == "fail"}
        assert {node for name, node in failed if name == check_id} == {SUB}, failed

    return check


def forgotten_session(bench: Bench, _seen: Seen) -> None:
    """A node that is told nothing keeps the session that we gave up, beside the new one: nobody can help it."""
    told = f"{SUB}: 2 SSH sessions at once"
    bench.world.load.broken[:] = [one for one in bench.world.load.broken if one != told]


def nothing_passes_from(source: str) -> Callable[[Bench, Seen], None]:
    """Not one check that reads a fact of this source passes, and the reader is told who was asked."""

    def check(bench: Bench, seen: Seen) -> None:
        assert seen.report is not None
        theirs = {fact for fact, _ in seen.ledger if seen.ledger[fact, _].source == source}
        passed = {one["check"] for one in seen.report["outcomes"] if one["verdict"] == "pass"}
        assert not {name for name in passed if seen.reads[name].facts & theirs}
        assert "not the publisher: what the database says is what that node's copy says" in " ".join(
            bench.rendered().split()
        )

    return check


def said(*words: str) -> Callable[[Bench, Seen], None]:
    """All of these words were said to the person."""

    def check(_bench: Bench, seen: Seen) -> None:
        for word in words:
            assert word in seen.err, seen.err

    return check


def refused_early(within: Within, *words: str) -> Case:
    """What is wrong is on our side: nothing is sent, nothing is written, one sentence."""

    def check(_bench: Bench, seen: Seen) -> None:
        assert seen.asked == []
        assert seen.report is None
        assert seen.err.count("\n") <= 2, seen.err
        said(*words)(_bench, seen)

    return Case(within=within, code=2, words=NO_SSH, also=check)


def mistake(change: Callable[[str], str], *words: str) -> Case:
    return refused_early(places.in_file(change), *words)


def no_report(bench: Bench, seen: Seen) -> None:
    assert seen.report is None
    assert not (bench.folder / "report.json").exists()
    assert seen.err


def is_interrupted(_bench: Bench, seen: Seen) -> None:
    assert seen.report is not None
    assert seen.report["interrupted"]
    assert not seen.report["complete"]
    assert "stopping" in seen.err


def nothing_outside(bench: Bench, _seen: Seen) -> None:
    """Whatever the cluster is called: its files are in the state folder, with names that every system can bear."""
    for path in (bench.folder / "state").rglob("*"):
        assert re.fullmatch(r"[A-Za-z0-9.-]{1,80}", path.name), path
    assert sorted(path.name for path in bench.folder.parent.iterdir()) == [bench.folder.name]


def own(*texts: str, code: int, names: tuple[str, ...] = ("own-0.toml",), **rest: Any) -> Case:
    """A user's own check files. Those that are refused are named, and nothing was sent."""
    if code != 2:
        return Case(within=places.pack(*texts), words=(*NO_SSH, *OWN), like=NO_SSH, code=code, limit=30, **rest)
    refused = refused_early(places.pack(*texts), *names)
    return dataclasses.replace(refused, words=(*NO_SSH, *OWN), like=NO_SSH, limit=30)


def only_own_fails(_bench: Bench, seen: Seen) -> None:
    assert seen.report is not None
    unknown = {(one["check"], one["reason"]) for one in seen.report["outcomes"] if one["verdict"] == "unknown"}
    assert unknown == {("own-check", "internal_error")}


def named(text: str, *, shown_as: str = "") -> Case:
    """A name that somebody typed. It reaches the terminal harmless, and each number as it was typed."""

    @contextlib.contextmanager
    def typed(bench: Bench, _patch: pytest.MonkeyPatch) -> Iterator[None]:
        database = bench.world.database
        with bench.world.lock:
            before = database.execute("select pkid, name from devicepool").fetchall()
            database.execute("update devicepool set name = ? || rowid", (text.encode("utf-8", "replace").decode(),))
        try:
            with places.pack(places.own_check("name != 'fine'", look_at="device_pool", example=POOLS))(bench, _patch):
                yield
        finally:
            with bench.world.lock:
                database.executemany(
                    "update devicepool set name = ? where pkid = ?", [(old, key) for key, old in before]
                )

    def check(bench: Bench, seen: Seen) -> None:
        page = bench.rendered()
        bad = [char for char in page if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co") and char != "\n"]
        assert not bad, bad
        assert not [char for char in seen.err if unicodedata.category(char) == "Cc" and char != "\n"]
        assert shown_as in page

    words = (*NO_SSH, *OWN)
    return Case(within=typed, words=words, like=NO_SSH, code=None, same_world=False, also=check)  # type: ignore[arg-type]


@contextlib.contextmanager
def ris_cut(_bench: Bench, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """RIS leaves the last device of each node out, and counts it all the same."""
    from cucm_audit.simulator import ris_answer

    says = ris_answer._says
    total: list[int] = []

    def cut(node: Any, alive: bool, again: bool, rows: list[Any]) -> Any:
        code, still, mine = says(node, alive, again, rows)
        total.append(len(mine))
        return code, still, mine[:-1]

    leaf = ris_answer.leaf

    def counted(name: str, value: Any) -> str:
        return str(leaf(name, value + 1 if name == "TotalDevicesFound" and value else value))

    patch.setattr(ris_answer, "_says", cut)
    patch.setattr(ris_answer, "leaf", counted)
    yield


def clocks(seconds: float) -> Within:
    """The subscriber's clock is off by so much."""

    @contextlib.contextmanager
    def off(bench: Bench, _patch: pytest.MonkeyPatch) -> Iterator[None]:
        node = bench.world.node(SUB)
        node.clock_offset = seconds
        try:
            yield
        finally:
            node.clock_offset = 0.0

    return off


def release(text: str) -> Within:
    """Every node says that it runs this release."""

    @contextlib.contextmanager
    def newer(bench: Bench, _patch: pytest.MonkeyPatch) -> Iterator[None]:
        before = bench.world.release, [node.release for node in bench.world.nodes]
        bench.world.release = text
        for node in bench.world.nodes:
            node.release = text
        try:
            yield
        finally:
            bench.world.release = before[0]
            for node, old in zip(bench.world.nodes, before[1], strict=True):
                node.release = old

    return newer


@contextlib.contextmanager
def legacy(bench: Bench, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """A subscriber with TLS 1.0, in a cluster whose file allows it."""
    places.rewrite(bench, places.after("[cluster.lab]", "legacy-tls = true"))
    with restarted(tls_old=True)(bench, patch):
        yield


def says_legacy(bench: Bench, seen: Seen) -> None:
    assert seen.report is not None
    assert seen.report["scope"]["legacy_tls"] is True
    assert "legacy-tls: yes" in bench.rendered()


def ahead(seconds: float, **certificate: Any) -> Within:
    """The subscriber's clock, and a certificate that is valid by that."""

    @contextlib.contextmanager
    def there(bench: Bench, patch: pytest.MonkeyPatch) -> Iterator[None]:
        node = bench.world.node(SUB)
        node.clock_offset = seconds
        try:
            with shown(**certificate)(bench, patch):
                yield
        finally:
            node.clock_offset = 0.0

    return there


def times_are_not_negative(_bench: Bench, seen: Seen) -> None:
    assert all(row.seconds >= 0 for row in seen.ledger.values())
    assert seen.report is not None
    assert seen.report["cost"]["seconds"] >= 0


def nothing_typed_after(question: str) -> Callable[[Bench, Seen], None]:
    """After the question, nothing came over that session any more."""

    def check(bench: Bench, _seen: Seen) -> None:
        for session in bench.server(SUB).terminals:
            typed = bytes(session.received)
            at = typed.find(question.encode())
            assert at < 0 or typed[at + len(question) :].strip() == b"", typed[at:]

    return check


LARGE, DEAR = "from device d where", ("run sql", "utils service list")


def spared(*names: str, cluster: bool = False) -> Callable[[Bench, Seen], None]:
    """These nodes were asked for what is cheap; the others, and with ``cluster`` AXL and RIS too, for everything."""

    def check(bench: Bench, seen: Seen) -> None:
        for node in bench.world.nodes:
            typed = [one.operation for one in seen.asked if one.node == node.name and one.channel == "ssh"]
            dear = [text for text in typed if text.startswith(DEAR)]
            assert typed, node.name
            assert bool(dear) != (node.name in names), (node.name, dear)
        queries = [one.detail for one in seen.asked if one.channel == "axl"]
        assert [sql for sql in queries if "from processconfig" in sql]
        assert bool([sql for sql in queries if LARGE in sql]) != cluster
        assert bool([one for one in seen.asked if one.channel == "ris"]) != cluster
        told = [row.detail for row in seen.ledger.values() if row.reason in ("budget", "busy")]
        assert any("not asked, to spare" in text for text in told), told

    return check


def gently(bench: Bench, seen: Seen) -> None:
    """Nothing dear, one thing at a time; the phones all the same."""
    assert [one for one in seen.asked if one.channel == "ris" or one.operation.startswith(DEAR)] == []
    assert [one for one in seen.asked if LARGE in one.detail]
    assert {row.detail for row in seen.ledger.values() if row.reason == "budget"} == {
        "left out by --gentle: it is dear for a node that works"
    }
    assert seen.report is not None
    assert seen.report["scope"]["gentle"] == "asked for"


def replication_of(name: str, state: int) -> Within:
    """A node whose copy of the database does not keep up, as it tells itself."""

    @contextlib.contextmanager
    def broken(bench: Bench, _patch: pytest.MonkeyPatch) -> Iterator[None]:
        node = bench.world.node(name)
        before = dict(node.replication)
        node.replication["state"] = state
        try:
            yield
        finally:
            node.replication.clear()
            node.replication.update(before)

    return broken


def reboots(name: str, after: Any) -> Within:
    """A node that is restarted after a command, as seen by its uptime."""

    @contextlib.contextmanager
    def flipped(bench: Bench, _patch: pytest.MonkeyPatch) -> Iterator[None]:
        node = bench.world.node(name)
        before = node.booted_at, node.release
        node.faults["cli_reboot"] = after
        try:
            yield
            assert "cli_reboot" not in node.faults, "it did not happen"
        finally:
            node.booted_at, node.release = before

    return flipped


def void(concerns: Callable[[Any], bool], says: str) -> Callable[[Bench, Seen], None]:
    """What this node told is not believed, whatever it was; the rest is, as far as it does not hang on it."""

    def check(_bench: Bench, seen: Seen) -> None:
        mine = [row for row in seen.ledger.values() if concerns(row) and row.state != "not_asked"]
        assert {row.state for row in mine} == {"failed"}
        changed = [row for row in mine if row.reason == "changed_during_run"]
        assert len(changed) > len(mine) / 2
        assert any(says in row.detail for row in changed), {row.detail for row in changed}
        others = [row for row in seen.ledger.values() if not concerns(row) and row.source in ("ssh", "services")]
        assert "changed_during_run" not in {str(row.reason) for row in others if row.node}
        assert [row for row in others if row.state == "whole"]

    return check


def budget(line: str) -> Callable[[Bench, str], str]:
    return lambda _bench, text: f"{text}\n[cluster.lab.budget]\n{line}\n"


def spent(most: int) -> Callable[[Bench, Seen], None]:
    """Not more was sent than this; what was not asked says why, and what to do."""

    def check(_bench: Bench, seen: Seen) -> None:
        assert seen.report is not None
        cost = seen.report["cost"]
        assert (
            sum(count for name, count in cost.items() if name != "seconds") <= most + 40
        )  # and pages turned, and quit
        sent = [one for one in seen.asked if one.operation != "quit"]
        assert 0 < len(sent) <= most
        lost = [row for row in seen.ledger.values() if row.reason == "budget"]
        assert lost
        assert all("used up" in row.detail and "[cluster.NAME.budget]" in row.hint for row in lost)

    return check


def door(fault: Mapping[str, Any], *reasons: str, on: str = PHONES, **rest: Any) -> Case:
    """A fault in the answer to one question at the door: the phones."""
    spoilt = {
        name: {**(value if isinstance(value, Mapping) else {"value": value}), "on": on} for name, value in fault.items()
    }
    return Case(on={PUB: spoilt}, one_of=set(reasons), words=NO_SSH, **rest)


def wire(line: Line, *reasons: str, code: int = 3, **rest: Any) -> Case:
    """A line to the subscriber's HTTPS that misbehaves, whatever is spoken over it."""
    return Case(within=behind(line), one_of=set(reasons), nodes={SUB}, words=NO_SSH, code=code, **rest)


def sub(fault: Mapping[str, Any], *reasons: str, **rest: Any) -> Case:
    """A fault of one subscriber: it costs what is asked there."""
    return Case(on={SUB: fault}, one_of=set(reasons), **{"nodes": {SUB}, **rest})


def service_is(status: str, code_number: int, reason: str, *, activated: bool = True, **rest: Any) -> Case:
    """Cisco CallManager of the subscriber is something else than started."""

    @contextlib.contextmanager
    def other(bench: Bench, _patch: pytest.MonkeyPatch) -> Iterator[None]:
        services = bench.world.node(SUB).services
        before = services["Cisco CallManager"]
        services["Cisco CallManager"] = dataclasses.replace(
            before, status=status, reason_code=code_number, reason=reason, activated=activated, started_at=None
        )
        try:
            yield
        finally:
            services["Cisco CallManager"] = before

    return Case(within=other, words=NO_SSH, same_world=False, **rest)


def reached_nobody(_bench: Bench, seen: Seen) -> None:
    assert seen.asked == [], "a request was built from a description that is not ours"


def rendered(text: str, form: str, harmless: Callable[[str], Any]) -> Case:
    """A name that somebody typed, in a report of this form: its own reader reads it, and the password is not in it."""
    case = named(text)

    def check(bench: Bench, seen: Seen) -> None:
        assert case.also
        case.also(bench, seen)
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            assert cli.run(["report", str(bench.folder / "report.json"), "-f", form]) == 0
        assert not leaks(out.getvalue())
        harmless(out.getvalue())

    return dataclasses.replace(case, also=check)


def harmless_html(page: str) -> None:
    root = etree.HTML(page)
    assert not root.xpath("//script | //@*[starts-with(name(), 'on')] | //@href[starts-with(., 'javascript:')]")
    assert "alert(1)" in "".join(root.itertext())


def harmless_csv(page: str) -> None:
    rows = list(csv.reader(io.StringIO(page, newline="")))
    assert len({len(row) for row in rows}) == 1
    assert not [cell for row in rows for cell in row if cell[:1] in ("=", "@", "+", "\t", "\r")]


def harmless_markdown(page: str) -> None:
    assert "@everyone" not in page
    assert not re.search(r"(?<!\\)\]\((http:|b)", page)


def harmless_prometheus(page: str) -> None:
    assert [sample for family in text_string_to_metric_families(page) for sample in family.samples]


def harmless_nagios(page: str) -> None:
    first, *others = page.splitlines()
    assert first.count("|") == 1
    assert "|" not in "".join(others)


def told_of_waiver(_bench: Bench, seen: Seen) -> None:
    """It has expired, or it is for nothing: that is a finding of its own."""
    assert seen.report is not None
    assert [one["state"] for one in seen.report["waivers"]] in (["expired"], ["unused"])


STATUS = "show status"
BUSY_CPU = {"cli_load": {"cpu_idle": "03.10"}}
OWN = ("--checks", "own")
SECOND = "name = 'SEP000000000002'"
KEY = "not-shown-at-all"
IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
#: Endless; and the same with an end where there are two phones, as in the example of the check.
ENDLESS_THERE = (
    "(with recursive r(a) as (select 1 union all select a + 1 from r where a < 9 or (select count(*) from phone) > 2)"
    " select max(a) from r)"
)
ENDLESS = "(with recursive r(a) as (select 1 union all select a + 1 from r) select max(a) from r)"
POOLS = 'device_pool = [{ id = "1", name = "fine" }, { id = "2", name = "0012" }]\nwrong = ["0012"]'
#: What show status may print instead of the time that we know.
DATES = (
    "\nHost Name : cucm-sub1\nDate : Thu 29. Feb 2026, 25:61:00\nTime Zone : Nowhere (Mars/Olympus)\n",
    "\nHost Name : cucm-sub1\nDate : \u0667\u0668/\u0660\u0661/\u0662\u0660\u0662\u0666 \u0661\u0662:\u0660\u0660 PM\n",
)
HANG = {"short": 0.8, "limit": 20.0}

ROWS: dict[str, Row] = {
    # ------------------------------------------------------------------------------------------------- reachability
    "F01": Row(
        says="A node takes no connection: SYN is dropped.",
        cases=(Case(within=nobody_picks_up, one_of={"unreachable"}, nodes={SUB}, short=0.4),),
        proved=("clients/test_http.py::test_silence_is_tried_twice_and_then_unreachable",),
    ),
    "F02": Row(says="A port is closed.", cases=(
        Case(within=down(SUB), reasons={"unreachable"}, nodes={SUB}),
        sub({"ssh_refuse": True}, "unreachable", also=asked_nothing()),
    )),
    "F03": Row(says="A name is not in DNS.", cases=(Case(within=unknown_name, one_of={"dns"}, nodes={SUB}),)),
    "F04": Row(says="A name has two addresses and the first is dead.", cases=(
        Case(within=places.two_addresses, code=0, words=NO_SSH),
        Case(within=places.same_name_twice_dead, reasons={"unreachable"}, nodes={SUB}, words=NO_SSH)),
               proved=("clients/test_http.py::test_the_second_address_of_a_name_is_tried",)),
    "F05": Row(says="IPv6 in every spelling.", cases=(Case(within=behind(Line(), address="::1"), code=0),),
               proved=("clients/test_http.py::test_ipv6", "cli/test_door.py::test_an_address")),
    "F06": Row(says="The publisher is down, the subscribers are up.",
               cases=(Case(within=down(PUB), reasons={"unreachable"}, also=via(SUB), words=NO_SSH),)),
    "F07": Row(says="All nodes are down.",
               cases=(Case(within=down(PUB, SUB, OTHER, IMP), code=2, reasons={"unreachable"}),)),
    "F08": Row(says="The connection is reset in the middle of an answer.", cases=(
        door({"reset": 300}, "disconnected", "truncated"), sub({"reset": 300}, "disconnected", "truncated"),
        wire(Line(reset_after=300), "disconnected"), wire(Line(reset_after=4000), "disconnected", "truncated"),
        wire(Line(reset_after=4000, only=range(1)), code=0),
        Case(within=behind(Line(reset_after=5000), ssh_only=True), one_of={"disconnected"}, nodes={SUB}, words=ONE))),
    "F09": Row(says="The other side is done after the headers.", cases=(
        door({"truncate": True}, "truncated"), wire(Line(end_after=4000), "truncated", "disconnected"),
        wire(Line(end_after=300), "disconnected"))),
    "F10": Row(says="The body comes a byte at a time.", cases=(
        door({"slow_body": 0.3}, "timeout", **HANG), wire(Line(slice_bytes=40, slice_pause=0.1), "timeout", **HANG))),
    "F11": Row(says="The headers come a byte at a time, or the handshake never.", cases=(
        door({"slow_headers": 0.3}, "timeout", **HANG), sub({"tls_silent": True}, "timeout", "unreachable", **HANG))),
    "F12": Row(says="A slow line is slow and nothing else.", cases=(
        Case(within=far_away, code=0, limit=40),
        Case(within=slow_and_thin, code=0, words=("--timeout-factor", str(4 / QUICKER)), limit=60),
        # And it is the factor that makes the difference: with a fortieth of it not even the door opens.
        Case(within=slow_and_thin, code=2, words=("--timeout-factor", str(0.1 / QUICKER)),
             one_of={"timeout", "unreachable"}, limit=60))),
    "F13": Row(says="A firewall forgets an idle connection.", cases=(
        wire(Line(silent_after=6000, only=range(1)), "timeout", **HANG),
        Case(within=behind(Line(silent_after=5000), ssh_only=True), one_of={"timeout"}, nodes={SUB}, words=ONE,
             also=forgotten_session, **HANG)),
        proved=("clients/test_http.py::test_a_dead_connection_is_opened_anew_once",
                       "clients/test_http.py::test_a_connection_that_the_system_gave_up_is_opened_anew_once")),
    # ---------------------------------------------------------------------------------------------------------- TLS
    "F14": Row(says="Nobody has accepted the certificate.", cases=(
        Case(within=untrusted(SUB), reasons={"tls_unknown", "hostkey_unknown"}, nodes={SUB}, also=asked_nothing(SUB)),
        Case(within=untrusted(PUB, SUB, OTHER, IMP), code=2, reasons={"tls_unknown"},
             also=asked_nothing(PUB, SUB, OTHER, IMP)))),
    "F15": Row(says="A person is asked about it.", bench=(
        "test_fault_processes.py::test_f15_a_person_is_asked_about_a_certificate",),
        proved=("cli/test_terminal.py::test_trust_asks_about_each_key",)),
    "F16": Row(says="The certificate is another one.", cases=(
        Case(within=another_certificate_of(SUB), reasons={"tls_changed"}, nodes={SUB}),)),
    "F17": Row(says="An expired certificate that is pinned.", cases=(
        Case(within=shown(days=100, trusted=True), code=1, same_world=False, also=found("web-certificate-expired")),
        Case(within=shown(days=100), words=CA, like=(), reasons={"tls_expired"}, nodes={SUB},
             also=hints("they agree, so it is the certificate"))), proved=(
        "clients/test_http.py::test_a_pin_holds_for_an_expired_and_for_a_weak_certificate",
        "clients/test_http.py::test_a_ca_file_verifies_chain_and_name")),
    "F18": Row(says="The certificate has another name.", cases=(
        Case(within=shown(), words=CA, like=(), code=0),
        Case(within=shown(host="other"), words=CA, like=(), reasons={"tls_unknown"}, nodes={SUB},
             also=hints("does not name", "it names other.")),
        Case(within=shown(host="other", trusted=True), code=1, same_world=False, also=found("web-certificate-name"))),
               proved=("clients/test_http.py::test_a_ca_file_verifies_chain_and_name",)),
    "F19": Row(says="A CA certificate that newer Pythons refuse.", cases=(
        *(Case(within=places.odd_authority(strict=strict), words=CA, like=(), reasons={"tls_unknown"}, nodes={SUB},
               also=hints("rule of X.509")) for strict in (False, True)),), proved=(
        "clients/test_http.py::test_a_ca_file_verifies_chain_and_name",
        "clients/test_http.py::test_a_ca_file_that_cannot_be_used_is_named")),
    "F20": Row(says="A weak certificate.", cases=(
        Case(within=shown(bits=1024, trusted=True), code=1, same_world=False, also=found("web-certificate-weak")),
        Case(within=shown(bits=1024), words=CA, like=(), reasons={"tls_weak"}, nodes={SUB})), proved=(
        "clients/test_real_tls.py::test_each_certificate_with_a_pin_and_with_a_ca_file",
        "clients/test_real_tls.py::test_a_sha1_signature_is_weak")),
    "F21": Row(says="TLS 1.0 and nothing newer.", cases=(
        Case(within=restarted(tls_old=True), reasons={"tls_legacy"}, nodes={SUB}, also=hints("offers TLSv1 with")),
        Case(within=legacy, code=0, also=says_legacy)), proved=(
        "clients/test_real_tls.py::test_old_tls_is_named_and_works_where_it_is_allowed",)),
    "F22": Row(says="Our own clock is wrong. With --ca-file one GET without an account asks the node's.", cases=(
        Case(within=shown(begins_days_ago=-9), words=CA, like=(), reasons={"tls_unknown"}, nodes={SUB},
             also=hints("begins later", "they agree")),
        Case(within=ahead(30 * 86400, begins_days_ago=-9), words=CA, like=(), reasons={"tls_unknown"}, nodes={SUB},
             code=1, same_world=False, also=hints("this machine's clock is probably wrong")),
        Case(within=shown(begins_days_ago=-9, trusted=True), code=None, same_world=False)),  # type: ignore[arg-type]
        proved=("clients/test_real_tls.py::test_dates_that_do_not_fit_are_compared_with_the_nodes_clock",)),
    "F23": Row(says="Proxies and CA bundles of the environment.", cases=(
        Case(within=environment(HTTPS_PROXY="http://127.0.0.1:1", https_proxy="http://127.0.0.1:1",
                                REQUESTS_CA_BUNDLE="/nowhere", SSL_CERT_FILE="/nowhere"), code=0),),
        proved=("clients/test_http.py::test_nothing_of_the_environment_counts",)),
    "F24": Row(says="The node sends us elsewhere.", cases=(door({"redirect": "http://127.0.0.1:1/"}, "redirected"),)),
    # --------------------------------------------------------------------------------------------------------- HTTP
    "F25": Row(says="401: one try for each account and node.", cases=(
        Case(within=wrong_password("application"), code=2, reasons={"auth_failed"}, also=one_attempt(PUB)),
        Case(within=wrong_password("application", SUB), reasons={"auth_failed"}, nodes={SUB}, also=one_attempt(SUB)))),
    "F26": Row(says="403: a role is missing.", cases=tuple(
        Case(on={"all": {name: 403}}, reasons={"permission_denied"}, words=NO_SSH, code=code)
        for name, code in (("role_axl", 2), ("role_ris", 3), ("role_services", 3), ("role_perfmon", 3)))),
    "F27": Row(says="The OS password is wrong on one node.", cases=(
        Case(within=wrong_password("platform", SUB), reasons={"auth_failed"}, nodes={SUB}, also=one_login(SUB)),)),
    "F28": Row(says="503.", cases=(door({"status": 503, "retry_after": 1}, "throttled"),)),
    "F29": Row(says="RIS was asked too often.", cases=(
        Case(on={"all": {"ris_rate": True}}, reasons={"throttled"}, words=NO_SSH),
        Case(on={"all": {"ris_rate": True, "ris_rate_status": 200}}, reasons={"throttled"}, words=NO_SSH),
        Case(on={"all": {"ris_rate": {"times": 1}}}, code=0, words=NO_SSH))),
    "F30": Row(says="The answer would be too large.", cases=(
        Case(on={"all": {"axl_limit": 20_000}}, code=0, words=NO_SSH),
        Case(on={"all": {"axl_limit": 20_000, "axl_spelling": "Suggested"}}, code=0, words=NO_SSH))),
    "F31": Row(says="A list ignores how many were wanted.", cases=(
        door({"ignore_first": True}, code=0), door({"ignore_skip": True}, code=0))),
    "F32": Row(says="A web page instead of SOAP.", cases=(door({"html200": True}, "not_soap"),)),
    "F33": Row(says="AXL is not activated.", cases=(
        Case(on={PUB: {"axl_off": True}}, words=NO_SSH, code=0, also=via(SUB)),
        # Nobody says whether the subscriber's copy of the database is the publisher's: nothing in it is a pass.
        Case(on={PUB: {"axl_off": True}}, words=(*NO_SSH, "--without", "services"), reasons={"prerequisite_unknown"},
             also=nothing_passes_from("axl")),
        Case(on={PUB: {"axl_off": True}, SUB: {"perf_missing": "Replicate_State"}}, words=NO_SSH,
             same_world=False, reasons={"prerequisite_unknown"}, also=nothing_passes_from("axl")),
        Case(on={"all": {"axl_off": True}}, words=NO_SSH, reasons={"service_not_activated"}, code=2))),
    "F34": Row(says="SOAP faults.", cases=(
        door({"axl_fault": -1}, "malformed"), door({"axl_fault": 5007}, "malformed"),
        door({"axl_fault": -217}, "not_supported"), door({"axl_memory": True}, "throttled")),
        proved=("clients/test_axl.py::test_a_refused_version_is_replaced_once_by_one_that_the_node_names",)),
    "F35": Row(says="Another namespace.", cases=(
        door({"wrong_namespace": True}, "malformed", "unsupported_version"),)),
    "F36": Row(says="An element that nobody knows.", cases=(door({"extra_element": True}, "malformed"),)),
    "F37": Row(says="An element is missing, twice or nil.", cases=(
        door({"missing_element": "name"}, "malformed"), door({"double_element": "name"}, "malformed"),
        Case(on={"all": {"axl_nil": True}}, code=0, words=NO_SSH)),
        proved=("clients/test_axl.py::test_shapes_that_are_malformed",)),
    "F38": Row(says="Pages repeat, are short, or change meanwhile.", cases=(
        door({"short_page": True}, "inconsistent", "malformed"),
        Case(on={PUB: {"count_off": 1}}, one_of={"inconsistent"}, words=NO_SSH)),
        proved=("clients/test_axl.py::test_a_page_that_repeats_is_inconsistent",
                "clients/test_axl.py::test_rows_that_come_or_go_meanwhile_are_noticed")),
    "F39": Row(says="Nothing, where something has to be.", cases=(
        Case(on={PUB: {"empty_answer": {"value": True, "on": "typemodel"}}}, words=NO_SSH,
             one_of={"implausible_empty", "inconsistent", "malformed"}),
        Case(on={PUB: {"empty_answer": True}}, words=NO_SSH, code=2, same_world=False))),
    "F40": Row(says="Content-Length lies.", cases=(
        door({"long_length": True}, "truncated", "timeout", **HANG), door({"truncate": True}, "truncated"))),
    "F41": Row(says="400 MB.", cases=(door({"big": True}, "too_large", limit=40),)),
    "F42": Row(says="A compressed bomb.", cases=(door({"gzip_bomb": True}, "too_large", limit=40),)),
    "F43": Row(says="A password beyond Latin-1.", cases=(Case(code=0),),
               proved=("clients/test_http.py::test_a_pinned_node_answers_and_the_password_is_sent_as_utf8",)),
    # ---------------------------------------------------------------------------------------------------------- XML
    "F44": Row(says="DOCTYPE and entities.", cases=(door({"doctype": True}, "malformed"),)),
    "F45": Row(says="A billion laughs.", cases=(door({"lol": True}, "malformed"),)),
    "F46": Row(says="Nested very deep.", cases=(door({"deep": True}, "malformed"),)),
    "F47": Row(says="Bytes that are no text, and other declared ones.", cases=(
        door({"bad_utf8": True}, "malformed"), door({"latin1": True}, code=0))),
    "F48": Row(says="A hostile description of a service.", cases=(
        Case(within=places.hostile_descriptions, code=2, words=NO_SSH, ours=True, also=reached_nobody),), proved=(
        "clients/test_wsdl.py::test_they_are_ours_and_reach_nowhere",)),
    # --------------------------------------------------------------------------------------------------- AXL and RIS
    "F49": Row(says="RIS cuts its answer.", cases=(
        Case(within=ris_cut, words=NO_SSH, one_of={"truncated", "inconsistent", "malformed"}),), proved=(
        "clients/test_ris.py::test_an_answer_that_stops_at_a_known_cap_is_asked_again_in_halves",
        "clients/test_ris.py::test_a_cut_answer_is_truncated",
        "test_collect_simulator.py::test_many_phones_come_in_pages_and_batches")),
    # Where RIS says that a node does not respond, that is a finding (H1); its phones are not known all the same.
    "F50": Row(says="RIS does not speak for a node.", cases=(
        sub({"ris_silent": True}, "unreachable", words=NO_SSH, code=1), sub({"ris_no_change": True}, words=NO_SSH),
        sub({"ris_code": "InternalError"}, words=NO_SSH))),
    "F51": Row(says="Registrations of a node that is down.", cases=(
        Case(within=down(SUB), on={SUB: {"ris_silent": True}}, reasons={"unreachable"}, nodes={SUB}, code=1),
        Case(on={"all": {"ris_duplicates": True}}, words=NO_SSH, code=0))),
    "F52": Row(says="A service is stopped, starting or not activated.", cases=(
        service_is("Stopped", -1019, "Component is not running", code=1, also=found("call-service-stopped")),
        service_is("Starting", -1, "", reasons={"value_unknown"}),
        service_is("Unknown", -1, "", reasons={"value_unknown"}),
        service_is("Stopped", -1068, "Service Not Activated", activated=False, code=None)), proved=(
        "test_scenarios.py::test_one_fault_gives_its_rows_finding_and_no_other",
        "facts/test_services.py::test_a_stopped_service_has_neither_start_nor_uptime")),
    "F53": Row(says="Clocks differ.", cases=tuple(
        Case(within=clocks(seconds), code=1, same_world=False, also=found("clock-far-apart"))
        for seconds in (90.0, -4000.0)), proved=(
        "test_scenarios.py::test_one_fault_gives_its_rows_finding_and_no_other",
        "facts/platform/test_status.py::"
        "test_the_clocks_distance_is_an_interval_as_long_as_the_answer_took_and_a_second")),
    "F54": Row(says="A release that nobody knows.", cases=(
        Case(within=release("16.0.1.10000-1"), words=NO_SSH, code=None, same_world=False),  # type: ignore[arg-type]
        Case(within=release("no release"), words=NO_SSH, code=None, same_world=False)), proved=(
        "clients/test_axl.py::test_a_release_that_cannot_be_spoken_with",
        "test_judge.py::test_a_check_is_for_a_range_of_releases")),
    "F55": Row(says="Dates of every kind.", cases=tuple(
        sub({"cli_answer": {STATUS: text}}, "malformed", "value_unknown", "prerequisite_unknown", code=None,
            same_world=False, nodes=None, words=ONE) for text in DATES), proved=(
        "facts/platform/test_status.py::test_a_date_of_another_form_stays_as_printed",
        "facts/platform/test_status.py::test_an_hour_that_cannot_be_placed_is_not_guessed")),
    # ---------------------------------------------------------------------------------------------------------- SSH
    "F56": Row(says="Nobody has accepted the host key.", cases=(
        Case(within=untrusted(SUB), reasons={"hostkey_unknown"}, nodes={SUB}, also=logged_in_nowhere),)),
    "F57": Row(says="The host key is another one.", cases=(
        sub({"ssh_host_key": "other"}, "hostkey_changed", also=logged_in_nowhere),)),
    "F58": Row(says="The store of keys is broken.", cases=(
        Case(within=places.trust_store(lambda text: text + "\n[ssh.broken\n"), code=2, also=said("trust.toml:")),
        Case(within=places.trust_store(lambda text: text.replace("SHA256:", "MD5:")), code=2, also=said("fingerprint")),
        Case(within=places.trust_store(mode=0o666), code=2, also=said("chmod 600")),
        Case(within=places.trust_store(gone=True), code=2, reasons={"tls_unknown"}),
        Case(within=places.trust_store(mode=0o400), code=0, words=NO_SSH)), proved=(
        "test_trust.py::test_a_broken_file_is_named_with_its_line_and_is_not_empty",
        "test_trust.py::test_a_file_that_cannot_be_relied_on_is_refused")),
    "F59": Row(says="SHA-1 and nothing newer.", bench=("test_faults.py::test_a_real_openssh_server",), proved=(
        "clients/test_real_ssh.py::test_an_old_node_names_its_offer_and_the_extra",
        "clients/test_real_ssh.py::test_an_old_node_is_reached_with_the_extra",
        "clients/test_ssh.py::test_a_node_without_a_common_algorithm_names_the_extra")),
    "F60": Row(says="No banner, or lines without end before it.", cases=(
        sub({"ssh_silent": True}, "timeout", "disconnected", **HANG),
        sub({"ssh_prelines": "endless"}, "timeout", "disconnected", "malformed", "too_large", **HANG))),
    "F61": Row(says="The password is refused, expired, or not enough.", cases=(
        sub({"ssh_auth": "refused"}, "auth_failed", also=one_login(SUB)),
        sub({"ssh_auth": "expired"}, "password_expired"), sub({"ssh_auth": "expired_shell"}, "password_expired"),
        sub({"ssh_auth": "two_factor"}, "permission_denied", "auth_failed"),
        sub({"ssh_auth": "keyboard"}, code=0, nodes=set()))),
    "F62": Row(says="No session is free.", cases=(
        sub({"ssh_session_limit": 0}, "session_limit", "disconnected"),)),
    "F63": Row(says="A banner that looks like a prompt.", cases=(
        sub({"cli_banner": ["Welcome, admin: be careful", "admin:", "and \x1b[2Jmore"]}, code=0, nodes=set()),)),
    "F64": Row(says="No prompt, or an answer that never ends.", cases=(
        sub({"cli_never_prompt": True}, "timeout", **HANG), sub({"cli_hang": STATUS}, "timeout", **HANG))),
    "F65": Row(says="Prompts in the output, other prompts, wrapped lines.", cases=(
        sub({"cli_noise": True}, code=0, nodes=set()),
        sub({"cli_garbage": {STATUS: ["admin:show version active", "xx yy"]}}, "malformed"),
        sub({"cli_wrap": 60}, code=None))),  # type: ignore[arg-type]
    "F66": Row(says="Pagers.", cases=(
        sub({"cli_no_pagination": True, "cli_page_lines": 10}, code=0, nodes=set()),
        # A page that is lost once is noticed by a second reading and mended by a third; one that is lost time and again
        # leaves the fact in doubt.
        sub({"cli_no_pagination": True, "cli_page_lines": 10, "cli_pager_lost": [True, 0, 0]}, code=0, nodes=set()),
        sub({"cli_no_pagination": True, "cli_page_lines": 10, "cli_pager_lost": [True, False] * 40},
            "inconsistent", "malformed"),
        # What is lost in the same place each time cannot be noticed by what is left: a known limit.
        sub({"cli_no_pagination": True, "cli_pager_lost": True}, code=None, same_world=False))),  # type: ignore[arg-type]
    "F67": Row(says="A question is never answered.", cases=(
        sub({"cli_question": {STATUS: "Are you sure you want to continue (yes/no)? "}}, "unexpected_prompt",
            also=nothing_typed_after(STATUS + "\n")),)),
    "F68": Row(says="Output without end.", cases=(sub({"cli_endless": STATUS}, "timeout", "too_large", **HANG),),
               proved=("clients/test_ssh.py::test_output_that_is_too_large",)),
    "F69": Row(says="The session breaks in mid-output.", cases=(
        sub({"cli_cut": STATUS}, "disconnected"), sub({"cli_cut": {STATUS: "eof"}}, "disconnected"))),
    "F70": Row(says="An upgrade is under way.", cases=(
        sub({"cli_busy": True}, "busy"), sub({"cli_busy": "The system is busy, try later"}, "busy"))),
    "F71": Row(says="Somebody else holds the lock.", cases=(sub({"cli_locked": True}, "locked"),)),
    "F72": Row(says="A node reboots during the run.", cases=(
        Case(within=reboots(SUB, "show hardware"), reasons={"changed_during_run"}, nodes={SUB}, same_world=False,
             also=void(lambda row: row.node == SUB, "it was restarted")),
        Case(within=reboots(SUB, {"show hardware": "12.5.1.99999-1"}), reasons={"changed_during_run"}, nodes={SUB},
             same_world=False, also=void(lambda row: row.node == SUB, "and is 12.5.1.99999-1")),
        Case(within=reboots(PUB, {"show hardware": "12.5.1.99999-1"}), code=None,  # type: ignore[arg-type]
             reasons={"changed_during_run"}, same_world=False,
             also=void(lambda row: row.node == PUB or row.source in ("axl", "ris"), "and is 12.5.1.99999-1"))),
        proved=("test_visit.py::test_uptimes_that_go_on_and_uptimes_that_do_not",)),
    # -------------------------------------------------------------------------------------------------- credentials
    "F73": Row(says="A password file for others.", cases=(
        refused_early(places.password_file(0o644), "chmod 600"),
        refused_early(places.password_file(0o620), "chmod 600"),
        refused_early(places.password_file(link=True), "symbolic link"),
        *([refused_early(places.password_file(owner=4711), "another user")] if IS_ROOT else [])), proved=(
        "test_other_systems.py::test_f73_windows_a_password_file_comes_with_a_word_about_who_may_read_it",
        "test_secrets.py::test_a_file_for_others_is_refused",
        "cli/test_audit.py::test_a_password_file_that_others_may_read_is_refused")),
    "F74": Row(says="A locked keyring.", cases=(
        refused_early(places.locked_keyring, "keyring gave nothing", "lab.application"),), proved=(
        "test_other_systems.py::test_f74_macos_a_locked_keychain_is_a_notice_and_the_next_place_is_asked",
        "test_secrets.py::test_a_locked_keyring_is_a_notice_and_the_next_place_is_asked",)),
    "F75": Row(says="A password command that misbehaves.", cases=(
        refused_early(places.password_command("sleep", "30"), "within 0.5 s"),
        refused_early(places.password_command("sh", "-c", f"echo '{KEY}' >&2; exit 3"), "status 3"),
        refused_early(places.password_command("no-such-command-here"), "could not be started"),
        refused_early(places.password_command("true"), "empty password"),
        refused_early(places.password_command("sh", "-c", "head -c 1000000 /dev/zero | tr '\\\\0' x"), "longer than"),
        Case(within=places.password_command("sh", "-c", "cat app.pass; echo more; echo noise >&2"), code=0,
             words=NO_SSH)), proved=(
        "test_secrets.py::test_a_command_that_hangs_is_ended_with_all_its_children",
        "test_secrets.py::test_a_command_that_fails_is_an_error_and_the_next_place_is_not_tried",
        "test_secrets.py::test_a_flood_from_the_command_costs_no_memory",
        "test_secrets.py::test_the_command_gives_its_first_line_and_nothing_else")),
    "F76": Row(says="A password in a description.", cases=(
        Case(within=hostile_names, code=None, planted=True, same_world=False, words=NO_SSH),  # type: ignore[arg-type]
    ), proved=("test_secrets.py::test_every_spelling_is_masked",)),
    "F77": Row(says="A traceback that was asked for.", bench=(
        "test_faults.py::test_a_traceback_that_was_asked_for",), proved=(
        "cli/test_main.py::test_debug_shows_where_but_no_local_variable",
        "test_secrets.py::test_logs_are_masked_with_their_tracebacks")),
    "F78": Row(says="Command lines and environments of processes.", bench=(
        "test_fault_processes.py::test_f78_no_process_shows_a_password",), proved=(
        "test_secrets.py::test_the_command_does_not_see_our_variables",)),
    # ------------------------------------------------------------------------------------------------ hostile strings
    "F79": Row(says="Control characters on the terminal.", cases=(named("\x1b[2J\x1b]0;x\x07\x9b31m\x7f\r\x00 end"),),
               proved=(
        "reports/test_text.py::test_every_control_character_is_shown",)),
    "F80": Row(says="Text that runs backwards, hides or is wide.", cases=(
        named("\u202eabc\u2066\u200b\u200d\ufeff\u0430dmin \U0001f4de\u96fb\u8a71 a\u0301\u0302\u0303\u0304\u0305"),),
        proved=(
        "reports/test_text.py::test_hostile_names_neither_reach_the_terminal_nor_break_the_width",)),
    "F81": Row(says="HTML.", cases=(
        rendered("<script>alert(1)</script><a href='javascript:x'>\"'</style>", "html", harmless_html),), proved=(
        "reports/test_formats.py::test_html_shows_names_and_makes_nothing_of_them",
        "reports/test_browser.py::test_it_asks_nobody_and_keeps_its_own_policy")),
    "F82": Row(says="CSV.", cases=tuple(
        rendered(text, "csv", harmless_csv) for text in ("=1+cmd|' /C calc'!A0", '@SUM(1)","\r\n-2')), proved=(
        "reports/test_formats.py::test_csv_has_no_formula",
        "reports/test_formats.py::test_csv_reads_back_with_as_many_cells_as_its_header",
        "reports/test_formats.py::test_csv_leaves_numbers_and_names_alone")),
    "F83": Row(says="Markdown.", cases=(
        rendered("| `x` ![y](http://127.0.0.1/z) @everyone [a](b)", "markdown", harmless_markdown),), proved=(
        "reports/test_formats.py::test_markdown_shows_names_and_makes_nothing_of_them",
        "reports/test_formats.py::test_markdown_defuses_mentions_and_links")),
    "F84": Row(says="Prometheus and Nagios.", cases=(
        rendered('" } 1\nx{y="\\', "prometheus", harmless_prometheus),
        rendered("| a=1;2 'b'=3\n", "nagios", harmless_nagios)), proved=(
        "reports/test_formats.py::test_prometheus_reads_back_whatever_the_names",
        "reports/test_formats.py::test_nagios_has_one_bar_and_its_numbers_behind_it")),
    "F85": Row(says="Names as file names.", cases=tuple(
        Case(within=places.in_file(lambda text, name=name: text.replace("cluster.lab", f'cluster.{json.dumps(name)}')),
             node=name, code=0, words=NO_SSH, also=nothing_outside)
        for name in ("../../x", "CON", "a:b|c*?", "/etc/passwd", "n" * 300)),
        proved=(
        "test_other_systems.py::test_f85_windows_a_cluster_of_any_name_has_a_lock",
        "cli/test_files.py::test_any_name_makes_a_file_name",)),
    "F86": Row(says="JSON of odd values.", cases=(named("\ud800 \\u0000 9223372036854775808 NaN"),), proved=(
        "reports/test_json.py::test_hostile_data_stays_valid",
        "reports/test_json.py::test_large_numbers_stay_whole_and_numbers_as_text_stay_text")),
    "F87": Row(says="JUnit and SARIF.", cases=(
        rendered("\x01\x0b]]>&<\ufffe", "junit", lambda page: etree.fromstring(page.encode())),
        rendered("\x01\ud800\u2028", "sarif", json.loads)), proved=(
        "reports/test_formats.py::test_junit_is_xml_whatever_the_names",
        "reports/test_formats.py::test_nothing_that_a_terminal_obeys_or_hides_is_in_any")),
    "F88": Row(says="Numbers that are names.", cases=(
        *(named(name, shown_as=name) for name in ("0012", "1e5", "+4930123", "00e512345678")),), proved=(
        "reports/test_text.py::test_names_and_numbers_stay_as_they_are",)),
    "F89": Row(says="Data that looks like a format string.", cases=(
        Case(within=hostile_names, code=None, planted=True, same_world=False),),  # type: ignore[arg-type]
        proved=("test_judge.py::test_values_are_filled_in_plainly_and_only_once",)),
    # ------------------------------------------------------------------------------------------------- local machine
    "F90": Row(says="The disk is full.", cases=(
        *(Case(within=places.disk(kilobytes), code=2, also=no_report) for kilobytes in (1, 60)),), proved=(
        "test_resources.py::test_a_full_disk_leaves_no_half_file",
        "cli/test_files.py::test_a_full_disk_leaves_the_old_file",
        "cli/test_main.py::test_a_full_disk_is_an_error_in_one_sentence")),
    "F91": Row(says="The reader leaves.", bench=("test_fault_processes.py::test_f91_a_reader_who_leaves",),
               proved=("cli/test_main.py::test_a_reader_who_leaves_is_no_error",)),
    "F92": Row(says="A terminal of another alphabet.", bench=(
        "test_fault_processes.py::test_f92_a_terminal_of_another_alphabet",), proved=(
        "test_other_systems.py::test_f92_windows_a_console_of_another_alphabet_is_no_error",
        "cli/test_main.py::test_a_terminal_of_another_alphabet_is_no_error",)),
    "F93": Row(says="Ctrl-C.", cases=(
        Case(within=places.ctrl_c, code=130, reasons={"interrupted"}, words=NO_SSH, also=is_interrupted),), proved=(
        "cli/test_audit.py::test_ctrl_c_gives_a_report_that_says_so_within_two_seconds",
        "test_collect_simulator.py::test_a_run_that_is_stopped_while_a_node_hangs_ends_within_two_seconds")),
    "F94": Row(says="A second Ctrl-C, SIGTERM.", bench=(
        "test_fault_processes.py::test_f94_signals_end_it_and_leave_nothing",), proved=(
        "test_other_systems.py::test_f94_windows_ctrl_break_ends_it_at_once_and_leaves_nothing",
        "cli/test_audit.py::test_a_second_signal_ends_it_at_once_and_leaves_nothing",)),
    "F95": Row(says="kill -9.", cases=(Case(within=places.lock_left_behind, code=0, words=NO_SSH),), proved=(
        "test_resources.py::test_a_killed_run_does_not_hinder_the_next",
        "cli/test_files.py::test_the_lock_of_a_killed_run_is_free")),
    "F96": Row(says="Two runs at once.", cases=(
        refused_early(places.another_run, "being audited", "locked by pid"),), proved=(
        "test_other_systems.py::test_f96_windows_one_run_a_cluster_at_a_time",
        "cli/test_audit.py::test_the_second_run_on_a_cluster_is_told_about_the_first",
        "cli/test_files.py::test_one_run_a_cluster_at_a_time")),
    "F97": Row(says="The clock jumps backwards.", cases=(
        Case(within=clock_jumps, code=0, also=times_are_not_negative, words=NO_SSH),)),
    "F98": Row(says="No home to write to.", cases=(
        Case(within=places.environment(HOME="/proc", XDG_STATE_HOME="/proc", XDG_CONFIG_HOME="/proc"), code=0,
             words=NO_SSH),
        Case(within=places.environment(HOME=None, TMPDIR=None, USER=None, LOGNAME=None), code=0, words=NO_SSH)),
        proved=("test_resources.py::test_a_home_that_cannot_be_written",)),
    "F99": Row(says="A file system without locks.", cases=(
        Case(within=places.no_locks, code=0, words=NO_SSH, also=said("has no locks (No locks available): lab-")),),
        proved=(
        "cli/test_files.py::test_without_locks_a_file_stands_for_one",
        "cli/test_files.py::test_the_file_of_a_killed_run_is_put_away_and_that_of_a_living_one_is_not",
        "cli/test_files.py::test_a_file_of_which_nobody_here_can_tell_is_left_alone")),
    "F100": Row(says="Few file descriptors.", bench=(
        "test_fault_processes.py::test_f100_few_file_descriptors",
        "test_fault_processes.py::test_f100_far_too_few_file_descriptors")),
    "F101": Row(says="Little memory.", bench=("test_resources.py::test_ten_thousand_phones_in_little_memory",), proved=(
        "test_resources.py::test_far_too_little_memory_is_one_sentence",)),
    "F102": Row(says="Odd folders and locales.", cases=(Case(code=0),),  # the bench itself stands in such a folder
                proved=("test_other_systems.py::test_f102_windows_a_path_longer_than_260_works_or_is_one_sentence",)),
    # --------------------------------------------------------------------------------------------------- do no harm
    "F103": Row(says="The pace of questions.", bench=("test_faults.py::test_no_harm_is_done",), proved=(
        "clients/test_ris.py::test_no_minute_holds_more_than_the_allowance",
        "clients/test_axl.py::test_one_answer_at_a_time",
        "test_collect.py::test_ris_is_paced_by_the_clusters_own_limit")),
    "F104": Row(says="A node under load is spared.", cases=(
        Case(on={SUB: BUSY_CPU}, reasons={"budget"}, nodes={SUB}, also=spared(SUB)),
        Case(on={PUB: BUSY_CPU}, reasons={"budget"}, also=spared(PUB, cluster=True)),
        Case(on={PUB: BUSY_CPU}, code=0, words=("--no-gentle",), nodes=set()),
        sub({"cli_answer": {"show status": "The system is busy"}}, "busy", also=spared(SUB)),
        Case(within=replication_of(SUB, 4), code=1, reasons={"budget"}, nodes={SUB}, also=spared(SUB)),
        door({"axl_memory": True}, "throttled"),
        Case(words=("--gentle",), reasons={"budget"}, also=gently))),
    "F105": Row(says="The time, the requests or the rows of the run are used up.", cases=(
        Case(on={SUB: {"hang": True}}, reasons={"budget"}, words=("--timeout", "2"), limit=2.0),
        Case(within=in_file(budget("requests = 40")), reasons={"budget"}, also=spent(40)),
        Case(within=in_file(budget("requests = 1")), code=2, reasons={"budget"}, also=spent(1)),
        Case(within=in_file(budget("rows = 100")), reasons={"budget"}, also=spent(150))),
        proved=("test_collect.py::test_a_run_that_takes_too_long_says_budget",
                "test_config.py::test_what_a_run_may_cost")),
    "F106": Row(says="An upgrade spares the node.", cases=(
        sub({"cli_busy": True}, "busy", also=spared(SUB)),
        Case(on={PUB: {"cli_busy": True}}, reasons={"busy"}, also=spared(PUB, SUB, OTHER, IMP, cluster=True)))),
    "F107": Row(says="A run every minute by mistake.", cases=(
        refused_early(places.just_run('min-interval = "6h"'), "min-interval"),), proved=(
        "test_since.py::test_a_run_too_soon_after_the_last_is_refused_and_says_when",)),
    # --------------------------------------------------------------------------------------------------- configuration
    "F108": Row(says="Mistakes in the cluster file.", cases=(
        mistake(places.after("[cluster.lab]", "nod = 1"), "cucm-audit.toml:2:", "did you mean 'node'"),
        mistake(places.after("[cluster.lab]", "legacy-tls = 1"), "cucm-audit.toml:2:"),
        mistake(lambda text: text.replace("https-port = ", "https-port = -", 1), "cucm-audit.toml:3:"),
        mistake(lambda text: text + "[cluster.lab]\n", "not TOML"),
        mistake(lambda text: text + '[cluster.LAB]\nnode = "x"\n', "is there already"),
        mistake(lambda _text: "", "names no cluster"),
        mistake(lambda text: text.replace("password-file", "password", 1), "does not belong in this file"),
        Case(within=places.in_file(lambda text: "\ufeff" + text.replace("\n", "\r\n")), code=0, words=NO_SSH),
        Case(within=places.in_file(lambda text: text.replace("node =", "\tnode\t=", 1)), code=0, words=NO_SSH)),
        proved=(
        "test_config.py::test_a_wrong_file_is_refused_with_its_line",
        "test_config.py::test_a_byte_order_mark_and_windows_line_ends_change_nothing",
        "test_config.py::test_tabs_before_keys_are_fine")),
    "F109": Row(says="YAML.", not_here=NOT_YET + "an import of YAML"),
    "F110": Row(says="Findings that are accepted.", cases=(
        refused_early(places.waived(f"until = {NEXT_MONTH}", because=""), "because"),
        refused_early(places.waived(f"until = {NEXT_MONTH}", subject="*", check="*"), "in full"),
        Case(within=places.waived("until = 2020-01-01"), words=NO_SSH, code=0, also=told_of_waiver),
        Case(within=places.waived(f"until = {NEXT_MONTH}"), words=NO_SSH, code=0, also=told_of_waiver)), proved=(
        "test_waivers.py::test_a_mistake_is_refused_with_its_line_and_the_next_step",
        "test_waivers.py::test_until_is_the_last_day_and_an_expired_one_is_a_finding",
        "test_waivers.py::test_one_that_matches_nothing_is_a_finding_unless_its_check_could_not_look",
        "test_waivers.py::test_unknown_as_a_whole_is_never_waived",
        "test_waivers.py::test_the_cluster_file_names_them_and_a_mistake_is_found_before_anything_is_sent")),
    "F111": Row(says="A cluster file that others may write.", cases=(
        Case(within=places.mode_of("cucm-audit.toml", 0o666), code=0, words=NO_SSH,
             also=said("written by everybody")),),
        proved=(
        "test_config.py::test_a_file_that_everybody_may_write_is_read_with_a_warning",)),
    # --------------------------------------------------------------------------------------------------------- checks
    "F112": Row(says="A check without end.", cases=(
        own(places.own_check(f"{ENDLESS_THERE} > 0 and {SECOND}"), code=3, reasons={"internal_error"},
            also=only_own_fails),
        own(places.own_check(f"{ENDLESS} > 0"), code=2),
        own(places.own_check("length(replace(hex(zeroblob(60000000)), '0', 'aaaaaaaaaaaaaaaaaaaa')) > 1"), code=2)),
        proved=(
        "test_judge.py::test_a_hostile_check_ends_as_unknown",
        "test_snapshot.py::test_a_query_that_never_ends_or_grows_is_stopped")),
    "F113": Row(says="A check that answers nonsense, or too much.", cases=(
        own(places.own_check("case when (select count(*) from phone) > 2 then 7 else name = 'SEP000000000002' end"),
            code=3, reasons={"internal_error"}, also=only_own_fails),
        own(places.own_check("case when (select count(*) from phone) > 2 then 'yes' else name = 'SEP000000000002' end"),
            code=3, reasons={"internal_error"}, also=only_own_fails),
        own(places.own_check("name = 'SEP000000000001'"), code=2)), proved=(
        "test_judge.py::test_a_condition_that_is_no_condition_is_an_internal_error",
        "test_judge.py::test_findings_are_cut_at_a_limit_and_counted",
        "test_checks.py::test_a_mistake_is_named_with_its_place_and_the_next_step")),
    "F114": Row(says="A fact that is not known.",
                over_all="that a lack makes a check unknown is tried with every check and each fact it reads, below;"
                " and every run of the bench is looked at for a pass about something unseen", proved=(
        "test_every_check.py::test_it_passes_nothing_when_a_fact_that_it_reads_is_broken",
        "test_every_check.py::test_it_passes_nothing_when_a_fact_was_never_gathered")),
    "F115": Row(says="A check that wants to do more than read.", cases=tuple(
        own(places.own_check(wrong), code=2) for wrong in (
            "name in (select name from sqlite_master)", "load_extension('x') is null", "1; attach 'x' as y",
            "(select 1 from pragma_table_info('phone')) = 1", "randomblob(3) = name", "writefile('x', name)")), proved=(
        "test_snapshot.py::test_a_query_can_do_nothing_but_read_facts",)),
    "F116": Row(says="Two checks with one name.", cases=(
        own(places.own_check(SECOND), places.own_check(SECOND, number=1), code=2, names=("own-0.toml", "own-1.toml")),
        own(places.own_check(SECOND, name="adp-orphan"), code=2, names=("adp-orphan",))),
        proved=("test_checks.py::test_an_id_in_two_files_names_both",)),
    # ---------------------------------------------------------------------------------------------------------- fleets
    "F117": Row(says="A worker dies.", proved=(
        "test_fleet.py::test_a_task_whose_worker_died_goes_to_another_twice_at_most",
        "test_fleet.py::test_a_dask_worker_that_dies_costs_nothing_but_time",
    )),
    "F118": Row(says="No scheduler.", proved=(
        "test_fleet.py::test_a_scheduler_that_nobody_reaches_ends_the_run",
        "test_fleet.py::test_addresses_that_may_not",
    )),
    "F119": Row(says="Secrets between machines.", proved=(
        "test_fleet.py::test_what_travels_tells_names_only",
        "test_fleet.py::test_a_fleet_over_dask",
    )),
    "F120": Row(says="Shards of a report.", proved=(
        "test_fleet.py::test_shards_hold_every_cluster_once_and_are_put_together_again",
        "test_fleet.py::test_a_part_that_cannot_be_read_is_named",
        "test_fleet.py::test_of_two_runs_the_younger_counts_and_an_audited_one_before_any_that_is_not",
    )),
}  # fmt: skip
CASES = [
    pytest.param(case, id=f"{name}-{number}" if len(row.cases) > 1 else name)
    for name, row in ROWS.items()
    for number, case in enumerate(row.cases, 1)
]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("faults")) as made:
        yield made


@pytest.mark.parametrize("case", CASES)
def test_it_costs_what_it_must(case: Case, cluster: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    quick(monkeypatch)
    other = {"--timeout", "--timeout-factor", "--gentle", "--no-gentle"} & set(case.words)
    like = case.like if case.like is not None else () if other else case.words
    cluster.healthy(*like)
    with monkeypatch.context() as patch:
        cluster.mend()
        if case.short:
            short(patch, case.short)
        within = case.within(cluster, patch) if case.within else contextlib.nullcontext()
        try:
            with within:
                for name, faults in case.on.items():
                    (cluster.world.faults if name == "all" else cluster.world.node(name).faults).update(faults)
                seen = cluster.audit(*case.words, node=case.node)
        finally:
            patch.undo()
    try:
        options = {"same_world": case.same_world, "planted": case.planted, "debug": case.ours}
        assert_invariants(cluster, seen, *like, limit=case.limit, **options)
        if case.code is not None:
            assert seen.code == case.code, f"exit {seen.code}: {seen.reasons} {seen.err}"
        assert case.reasons <= seen.reasons
        assert not case.one_of or case.one_of & seen.reasons, seen.reasons
        if case.nodes is not None and case.code != 0:
            assert {node for node in seen.lacking() if node} <= case.nodes
        if case.also:
            case.also(cluster, seen)
    finally:
        cluster.mend()


class Unforeseen(Exception):
    """What nobody thought of."""


@pytest.mark.parametrize(
    "layer",
    [
        "cli.door.accounts",
        "collect._Run.all",
        "judge._Bench.outcomes",
        "reports.json.render",
        "clients.http.Session.post",
    ],
)
def test_a_traceback_that_was_asked_for(layer: str, cluster: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """F77: raised anywhere, with the password in its text and in the variables around it, and ``--debug``."""
    quick(monkeypatch)
    cluster.healthy(*NO_SSH)
    cluster.mend()

    def fails(*_args: Any, **_rest: Any) -> Any:
        around = PLATFORM[1]
        raise Unforeseen(f"with {APPLICATION[1]} and {around}")

    with monkeypatch.context() as patch:
        patch.setattr(f"cucm_audit.{layer}", fails)
        if layer == "reports.json.render":
            patch.setitem(REPORTS, "json", fails)
        seen = cluster.audit(*NO_SSH, "--debug")
    assert seen.code == 2
    assert_invariants(cluster, seen, *NO_SSH, limit=20, same_world=False, debug=True)
    if layer != "clients.http.Session.post":  # there it costs what that client would have told
        assert "Traceback" in seen.err
        assert "Unforeseen" in seen.err
    cluster.mend()


@needs_sshd
@pytest.mark.parametrize(
    ("settings", "known", "reason"),
    [
        (OLD, "", "ssh_legacy_algorithms"),
        (OLD, "right", "ssh_legacy_algorithms"),
        ((), "", "hostkey_unknown"),
        ((), "wrong", "hostkey_changed"),
        ((), "right", "auth_failed"),
    ],
)
def test_a_real_openssh_server(
    settings: tuple[str, ...], known: str, reason: str, cluster: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F56, F57, F59, F61 with an SSH server that is not ours in the place of a node's."""
    if settings and not NO_SHA1:
        reason = "auth_failed" if known else "hostkey_unknown"
    logins = known if reason == "auth_failed" else ""
    case = Case(within=places.openssh(*settings, known=known, logins=logins), reasons={reason}, nodes={SUB}, words=ONE)
    test_it_costs_what_it_must(case, cluster, monkeypatch)


# ------------------------------------------------------------------------------------------------------------ the table


#: What the program does not have yet.
NOT_THERE = {"F109"}
#: Faults between machines, not of a cluster: tests/test_fleet.py tries them, with what the invariants mean there.
OF_FLEETS = {"F117", "F118", "F119", "F120"}


def test_no_row_is_missing() -> None:
    assert list(ROWS) == [f"F{number:02}" for number in range(1, 121)]
    for name, row in ROWS.items():
        assert row.says.endswith("."), name
        assert bool(row.not_here) is (name in NOT_THERE), name


@pytest.mark.parametrize("name", sorted(ROWS.keys() - NOT_THERE - OF_FLEETS))
def test_every_invariant_is_asserted_on_every_row(name: str) -> None:
    """By a case of the bench, or by a test that ends as they do; one row is about all checks and all runs."""
    row = ROWS[name]
    assert row.cases or row.bench or row.over_all
    assert bool(row.over_all) is (name == "F114")
    for place in row.bench:
        file, _, test = place.partition("::")
        calls = calls_in(Path(__file__).parent / file, test)
        assert calls & {"assert_invariants", "test_it_costs_what_it_must"}, place


@pytest.mark.parametrize("name", sorted(OF_FLEETS))
def test_what_concerns_fleets_is_proved_with_fleets(name: str) -> None:
    assert ROWS[name].proved
    assert {place.partition("::")[0] for place in ROWS[name].proved} == {"test_fleet.py"}


@functools.cache
def calls_in(path: Path, function: str) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    (found,) = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function]
    return frozenset(
        node.func.id for node in ast.walk(found) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    )


@functools.cache
def names_in(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("place", sorted({place for row in ROWS.values() for place in (*row.bench, *row.proved)}))
def test_the_test_that_a_row_names_exists(place: str) -> None:
    file, _, name = place.partition("::")
    assert name in names_in(Path(__file__).parent / file)


def test_no_harm_is_done(cluster: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """One session a node, and no more questions than promised, on a healthy cluster."""
    quick(monkeypatch)
    seen = cluster.healthy()
    assert_invariants(cluster, seen, limit=40)
    assert set(seen.sessions.values()) == {1}
    commands = [one for one in seen.asked if one.channel == "ssh" and one.operation != "quit"]
    for node in cluster.world.nodes:
        assert len([one for one in commands if one.node == node.name]) <= 24
    assert len([one for one in seen.asked if one.channel == "ris"]) <= 10
    assert {row.source for row in seen.ledger.values()} >= {Source.AXL, Source.SSH}
    assert os.environ.get("HTTPS_PROXY") is None
