"""The facts of the configuration database, asked over AXL with the statements of ``clients/statements.py``.

AXL gives text or nothing (NULL, '' and nil are the same there); ``axl_rows`` makes keys, 0 and 1, integers and UTC text
of it. A row that cannot be read is left out and makes its fact partial. Reference: axl-database.md sections 1 to 7.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from cucm_audit.clients import ClientError
from cucm_audit.clients.statements import COUNTING, SMALL_COUNTS, STATEMENTS, Statement
from cucm_audit.facts import Ask, Cost, Fact, Per, Row
from cucm_audit.facts.axl_rows import ROWS
from cucm_audit.facts.values import AxlRow, Line, Refused, named
from cucm_audit.model import Reason, Source

#: After these the door itself is out of reach: asking it for the next node's release would only cost time.
_DOOR_LOST = {Reason.UNREACHABLE, Reason.TIMEOUT, Reason.DISCONNECTED, Reason.AUTH_FAILED, Reason.PERMISSION_DENIED}

#: No cluster is without these: an empty answer is an ill answer.
NEVER_EMPTY = frozenset(
    {
        "node",
        "activated_service",
        "enterprise_param",
        "service_param",
        "cm_group_member",
        "device_pool",
        "device_type",
        "product_feature",
        "device_default",
        "phone_template",
        "app_user",
        "credential_policy",
        "certificate",
    }
)


#: Statements that search whole tables for what is missing.
SEARCHES = frozenset({"phone_without_line", "unused_number"})


def read(table: str, rows: Iterable[AxlRow], ask: Ask) -> Iterator[Row]:
    """Yield the rows of ``table``. A row that cannot be read is left out and makes the fact partial, with its key."""
    refused = 0
    first = ""
    try:
        for raw in rows:
            try:
                row = ROWS[table](Line(raw))
            except Refused as error:
                refused += 1
                first = first or f"{next(iter(raw.values()))}: {error}"
                continue
            if row is not None:
                yield row
    finally:
        if refused:
            ask.partial(Reason.MALFORMED, f"{refused} row(s) could not be read, the first is {first}")


def gather(statement: Statement, ask: Ask) -> Iterator[Row]:
    """Yield the rows of a statement's table. ClientError from AXL, also after some rows."""
    assert ask.axl is not None
    yield from read(statement.fact, ask.axl.rows(statement), ask)
    if ask.axl.uncounted and not statement.paged:
        ask.note(ask.axl.uncounted)


def _gather_of_nodes(statement: Statement, ask: Ask) -> Iterator[Row]:
    """Yield the rows of a table that every voice node has a share in; a node without a row makes it not whole."""
    silent = {node.name for node in ask.nodes if node.voice}
    for row in gather(statement, ask):
        silent.discard(str(row["node"]))
        yield row
    if silent:
        ask.partial(Reason.INCONSISTENT, f"the answer has no row of {', '.join(sorted(silent))}")


def gather_nodes(rows: Iterable[Row], addresses: Mapping[str, str], ask: Ask) -> Iterator[Row]:
    """Yield the rows of ``node`` (as :func:`read` gave them) with the address and the release of each.

    A release that AXL does not tell stays NULL: the CLI may know it, and a check that goes by it is UNKNOWN otherwise.
    """
    assert ask.axl is not None
    reachable = True
    for row in rows:
        release = None
        try:
            release = (ask.axl.release_of(row["name"]) or None) if reachable else None
        except ClientError as error:
            reachable = error.reason not in _DOOR_LOST
        yield {**row, "address": addresses.get(row["name"]), "release": release}


def _gather_node(statement: Statement, ask: Ask) -> Iterator[Row]:
    addresses = {node.name: node.address for node in ask.nodes if node.address}
    yield from gather_nodes(gather(statement, ask), addresses, ask)


def _gather_registration(statement: Statement, ask: Ask) -> Iterator[Row]:
    """Yield the last registration that the database noted of each phone, the node spelled as System > Server does.

    A node that is none of the cluster's keeps its spelling and makes the fact not whole.
    """
    strangers: set[str] = set()
    for row in gather(statement, ask):
        node = named(ask.nodes, row["node"])
        if node is None:
            strangers.add(row["node"])
        yield {**row, "node": node.name if node else row["node"]}
    if strangers:
        some = ", ".join(repr(name) for name in sorted(strangers)[:3])
        ask.partial(Reason.INCONSISTENT, f"phones were last seen at {some}, which is not in the list of nodes")


_GATHERERS = {"node": _gather_node, "activated_service": _gather_of_nodes, "registration": _gather_registration}


def _fact(statement: Statement) -> Fact:
    nodes = statement.fact == "node"
    count = (statement.count,) if statement.count else ()
    return Fact(
        table=statement.fact,
        per=Per.CLUSTER,
        source=Source.AXL,
        gather=partial(_GATHERERS.get(statement.fact, gather), statement),
        asks=(statement.sql, *count, *(("getCCMVersion",) if nodes else ())),
        never_empty=statement.fact in NEVER_EMPTY,
        since=statement.since,
        until=statement.until,
        shared=(COUNTING.sql,) if statement.fact in SMALL_COUNTS else (),
        instead=(SMALL_COUNTS[statement.fact],) if statement.fact in SMALL_COUNTS else (),
        cost=Cost.DEAR if statement.fact in SEARCHES else Cost.LARGE if statement.paged else Cost.CHEAP,
    )


#: One a statement: a table whose statement differs by release stands here once a variant.
FACTS: tuple[Fact, ...] = tuple(_fact(statement) for statement in STATEMENTS if statement.fact != "registration")
#: What the database noted of registrations. Nobody could verify how fresh it is: asked only instead of RIS, by the
#: user's own word (reference: performance.md section 11).
NOTED_REGISTRATION = next(_fact(statement) for statement in STATEMENTS if statement.fact == "registration")
