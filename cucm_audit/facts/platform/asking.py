"""How a reader becomes a fact: run the command, read the answer, say what is not whole, give the rows their node."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from cucm_audit.clients import ClientError
from cucm_audit.clients.commands import Command
from cucm_audit.facts import Ask, Cost, Fact, Per
from cucm_audit.facts.platform.reading import Parsed, Row, Unreadable, shortened
from cucm_audit.model import Reason, Source

if TYPE_CHECKING:
    from cucm_audit.clients.ssh import CliAnswer

Parse = Callable[[str], Parsed]

_PAGER_HINT = "This release cannot switch its pager off. Run the audit again; see the node's load and the line to it."


def fact(
    table: str, per: Per, command: Command, parse: Parse, *, never_empty: bool = False, cost: Cost = Cost.CHEAP
) -> Fact:
    """Return the fact that fills ``table`` from one command's answer, whose rows carry the node's name."""
    gather = partial(node_rows, command=command, parse=parse, table=table)
    return Fact(
        table=table,
        per=per,
        source=Source.SSH,
        gather=gather,
        asks=(command.text,),
        never_empty=never_empty,
        cost=cost,
    )


def publisher_fact(table: str, command: Command, parse: Parse) -> Fact:
    """Return the fact that fills ``table`` from an answer of the publisher, whose rows carry no node."""
    gather = partial(rows_without_node, command=command, parse=parse, table=table)
    return Fact(table=table, per=Per.PUBLISHER, source=Source.SSH, gather=gather, asks=(command.text,))


def rows_without_node(ask: Ask, *, command: Command, parse: Parse, table: str) -> Iterator[Row]:
    """Yield the rows of ``table`` as they are. Raises ClientError when the answer is none."""
    answer, parsed = heard(ask, command, parse)
    yield from found(ask, command, answer.text, parsed, table)


def node_rows(ask: Ask, *, command: Command, parse: Parse, table: str) -> Iterator[Row]:
    """Yield the rows of ``table`` with their node. Raises ClientError when the answer is none."""
    answer, parsed = heard(ask, command, parse)
    for row in found(ask, command, answer.text, parsed, table):
        yield {"node": name_of(ask), **row}


def heard(ask: Ask, command: Command, parse: Parse) -> "tuple[CliAnswer, Parsed]":
    """Run the command and read its answer. An answer that cannot be read is kept, then raised as ClientError.

    One that came over the pager and may be short is read, and the fact is not whole.
    """
    assert ask.ssh is not None
    answer = ask.ssh.run(command)
    if answer.doubt:
        ask.keep(command.text, answer.text)
        ask.partial(Reason.INCONSISTENT, f"{command.text}: {answer.doubt}", _PAGER_HINT)
    try:
        return answer, parse(answer.text)
    except Unreadable as error:
        ask.keep(command.text, answer.text)
        raise refused(ask, command, error.reason, error.detail, error.hint) from None


def found(ask: Ask, command: Command, text: str, parsed: Parsed, table: str) -> tuple[Row, ...]:
    """Return the rows of ``table``, after saying why they are not the whole truth, if they are not.

    Raises ClientError when there is no row and the reader knows that there should be one.
    """
    rows = parsed.rows.get(table, ())
    troubles = [trouble for trouble in parsed.troubles if trouble.table in ("", table)]
    if parsed.not_understood or troubles:
        ask.keep(command.text, text)
    if troubles and not rows:
        raise refused(ask, command, troubles[0].reason, troubles[0].detail)
    for trouble in troubles:
        ask.partial(trouble.reason, f"{command.text}: {trouble.detail}")
    if parsed.not_understood:
        ask.partial(Reason.MALFORMED, f"{command.text}: not understood: {shortened(parsed.not_understood)}")
    return rows


def refused(ask: Ask, command: Command, reason: Reason, detail: str, hint: str = "") -> ClientError:
    """Return the error of a command that gave nothing."""
    return ClientError(
        node=name_of(ask), source=Source.SSH.value, doing=command.text, reason=reason, hint=hint, detail=detail
    )


def name_of(ask: Ask) -> str:
    """Return the name of the node that is asked."""
    return ask.node.name if ask.node else ""
