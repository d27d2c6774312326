"""utils dbreplication runtimestate, on the publisher: the replication of every server (reference: cli.md section 6)."""

import re
from collections.abc import Iterator
from functools import partial

from cucm_audit.clients import ClientError
from cucm_audit.clients.commands import REPLICATION, STATUS
from cucm_audit.facts import Ask, Fact, Per
from cucm_audit.facts.platform import dates, status
from cucm_audit.facts.platform.asking import found, heard, refused
from cucm_audit.facts.platform.reading import ADDRESS, Parsed, Reading, Row, Unreadable, lines, no_answer, unwrapped
from cucm_audit.facts.platform.replication_head import read_head
from cucm_audit.model import Reason, Source

_NOTHING = r"-{1,6}|N/A"
_START = rf"(\S++) ++({ADDRESS}) ++([0-9]{{1,9}}(?:\.[0-9]{{1,6}})?|Failed|\*|{_NOTHING}) +"
_END = r"\(([0-9]{1,3}|-{1,3})\)(?: +(.*)|)"
_QUEUE = rf"([0-9]{{1,15}}|{_NOTHING})"
_ROW = re.compile(rf"{_START}([YN?-]/[YN?-]/[YN?-]) +{_QUEUE} +\((g_[0-9]{{1,6}}|-{{1,3}})\) +{_END}", re.A | re.I)
_OLD_ROW = re.compile(
    rf"{_START}(Yes|No|{_NOTHING}) +(\S+) +{_QUEUE} +(\S+(?: \S+)?) +(Yes|No|{_NOTHING}) +{_END}", re.A | re.I
)
_VIEW = re.compile(r"Cluster Detailed View from .{0,200}?\( *([0-9]{1,5}) Servers?\)\s*:?", re.I | re.A)
_COLUMNS = re.compile(r"SERVER-NAME +IP ADDRESS +\(msec\).*|[^0-9()]{0,317}+(?<=\bREPLICATION SETUP)", re.I)
_SINGLE = re.compile(r"Runtime state cannot be performed on a cluster with a single active node\b", re.I)
_DATABASE_DOWN = re.compile(r"Cisco DB is not running\b", re.I)
_LONGEST = 1000
#: What the old layout says of a healthy server; anything else is put behind the details, there is no column for it.
_OLD_GOOD = ("yes", "connected", "match", "yes")


def parse(text: str) -> Parsed:
    """Read table and head. Raises Unreadable when there is neither, or the database does not run.

    No rows and no trouble means: the node says that it is the only active one. :func:`rows` judges whether that can be.
    The number of servers above the table has to be the number of rows, or a server has vanished.
    """
    reading = Reading()
    announced: int | None = None
    head: list[str] = []
    single = False
    for line, row in unwrapped(text, _row):
        if row is not None:
            reading.add("replication", row["server"], row, line)
        elif matched := _VIEW.fullmatch(line):
            announced = int(matched[1])
        elif _DATABASE_DOWN.match(line):
            hint = "See A Cisco DB in utils service list."
            raise Unreadable(line[:200], reason=Reason.SERVICE_NOT_ACTIVATED, hint=hint)
        elif _SINGLE.match(line):
            single = True
        elif not _COLUMNS.fullmatch(line[:_LONGEST]):
            head.append(line)
    read_head(reading, head)
    _check(reading, text, announced, single)
    return reading.parsed()


def _row(line: str) -> Row | None:
    if "(" not in line or len(line) > _LONGEST:
        return None
    if matched := _ROW.fullmatch(line):
        server, address, ping, flags, queue, group, state, details = matched.groups()
        return _filled(server, address, ping, flags.upper(), queue, group, state, details or "")
    if matched := _OLD_ROW.fullmatch(line):
        server, address, ping, rpc, status, queue, tables, loop, state, details = matched.groups()
        words = (rpc, status, tables, loop)
        if tuple(word.lower() for word in words) != _OLD_GOOD:
            details = f"{details or ''} (RPC {rpc}, {status}, tables {tables}, loop {loop})".strip()
        return _filled(server, address, ping, "", queue, "", state, details or "")
    return None


def _filled(server: str, address: str, ping: str, flags: str, queue: str, group: str, state: str, details: str) -> Row:
    return {
        "server": server,
        "address": address,
        "ping_ms": float(ping) if ping[0].isdigit() else None,
        "db_rpc_mon": flags,
        "queue": int(queue) if queue.isdigit() else None,
        "replication_group": group,
        "state": int(state) if state.isdigit() else None,
        "details": details,
    }


def _check(reading: Reading, text: str, announced: int | None, single: bool) -> None:
    rows, head = reading.tables.get("replication", {}), reading.tables.get("replication_check", {})
    if single and not rows and announced is None:
        return
    if not rows and not head and announced is None:
        raise no_answer(text, "replication table")
    if not head:
        reading.trouble('no "Cluster Replication State" in the answer', table="replication_check")
    if announced is None:
        reading.trouble("the line with the number of servers is missing", table="replication")
    elif announced != len(rows):
        detail = f"{announced} servers are announced, {len(rows)} rows could be read"
        reading.trouble(detail, table="replication", reason=Reason.INCONSISTENT)


def rows(ask: Ask, *, table: str) -> Iterator[Row]:
    """Yield the rows of ``replication`` or ``replication_check``.

    One voice node replicates nothing: no rows, and that is the whole truth (IM and Presence has a database of its own).
    When there are more, "a single active node" is no such answer: raises ClientError, because the others are not seen;
    and a table with fewer servers is not whole, though its own count agrees with it.
    """
    answer, parsed = heard(ask, REPLICATION, parse)
    servers = sum(node.voice for node in ask.nodes)
    if servers != 1 and any(_SINGLE.match(line) for line in lines(answer.text)):
        ask.keep(REPLICATION.text, answer.text)
        detail = f"it speaks of a single active node; voice nodes of this cluster: {servers or 'not known'}"
        raise refused(ask, REPLICATION, Reason.INCONSISTENT, detail)
    seen = {row["address"] for row in parsed.rows.get("replication", ())}
    if table == "replication" and servers > 1 and len(seen) < servers:
        ask.keep(REPLICATION.text, answer.text)
        detail = f"the table has {len(seen)} server(s), the cluster {servers} voice nodes"
        ask.partial(Reason.INCONSISTENT, f"{REPLICATION.text}: {detail}")
    for row in found(ask, REPLICATION, answer.text, parsed, table):
        unknown = row.get("server_local_at", "") is None
        yield {**row, "server_local_at": _clock(ask)} if unknown else row


def _clock(ask: Ask) -> str | None:
    """Return the publisher's own time by show status: releases to 9.x do not print it above the last check."""
    assert ask.ssh is not None
    try:
        parsed = status.parse(ask.ssh.run(STATUS).text)
    except (ClientError, Unreadable):
        return None
    printed = next((str(row["local_at"]) for row in parsed.rows.get("node_clock", ())), "")
    return printed if dates.is_iso(printed) else None


def _fact(table: str, *asks: str) -> Fact:
    return Fact(
        table=table,
        per=Per.PUBLISHER,
        source=Source.SSH,
        gather=partial(rows, table=table),
        asks=(REPLICATION.text, *asks),
    )


FACTS: tuple[Fact, ...] = (_fact("replication"), _fact("replication_check", STATUS.text))
