"""What is asked of a cluster, and which table of the snapshot it lands in. One explicit tuple: :func:`facts`.

A fact is a generator: it asks its client, turns the answer into rows and yields them one by one, so that memory does
not grow with the cluster. It raises :class:`~cucm_audit.clients.ClientError` when it got nothing, and calls
``ask.partial`` when what it got is not the whole truth (a page failed, a node did not answer, a line was not
understood). ``collect`` fills the ledger from that, whatever happens.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Any

from cucm_audit.model import Node, Reason, Source

if TYPE_CHECKING:
    from cucm_audit.clients.axl import Axl
    from cucm_audit.clients.ris import Ris
    from cucm_audit.clients.services import Services
    from cucm_audit.clients.ssh import Ssh
    from cucm_audit.clients.web import Web

Row = Mapping[str, Any]
#: Where the registrations of phones come from when the user says so; else RIS.
DATABASE = "database"


class Per(StrEnum):
    """For whom a fact is asked, and so how many ledger rows it has."""

    CLUSTER = "cluster"  # once; ledger node ''
    VOICE_NODE = "voice_node"  # once a node that runs voice
    NODE = "node"  # once a node, IM and Presence too
    PUBLISHER = "publisher"  # once, but the publisher has to answer it; ledger node ''


class Cost(IntEnum):
    """What a fact costs the node that is asked (reference: performance.md sections 3 and 4, cli.md section 10)."""

    CHEAP = 0  # one small answer
    LARGE = 1  # grows with the phones and people: AXL builds the answer in the memory of the publisher
    DEAR = 2  # takes from what others need (RIS), or sets a node to work: its database, all its services, its disk


@dataclass(slots=True, kw_only=True)
class Ask:
    """What one run of one fact works with. Only the client of the fact's source is set.

    ``release`` is the release of the node (of the cluster for cluster facts), '' when not known.
    ``select`` reads what earlier facts of this run wrote: ``select("select name from phone", ())`` gives tuples.
    """

    node: Node | None
    nodes: tuple[Node, ...]
    release: str
    select: Callable[[str, tuple[Any, ...]], Iterator[tuple[Any, ...]]]
    axl: "Axl | None" = None
    ris: "Ris | None" = None
    services: "Services | None" = None
    ssh: "Ssh | None" = None
    web: "Web | None" = None
    troubles: list[tuple[str, Reason, str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    keep_raw: list[tuple[str, str]] = field(default_factory=list)

    def partial(self, reason: Reason, detail: str = "", hint: str = "", node: str = "") -> None:
        """Say that the fact is not whole. ``node`` is the node concerned, for facts that arrive per answering node."""
        self.troubles.append((node, reason, detail, hint))

    def note(self, text: str) -> None:
        """Say something of a fact that is whole all the same; it stands in the ledger."""
        self.notes.append(text)

    def keep(self, request: str, text: str) -> None:
        """Keep the raw text of an answer in the snapshot."""
        self.keep_raw.append((request, text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One table of the snapshot and how to fill it.

    ``never_empty``: zero rows are implausible (there is always a node, a type row), so they count as partial.
    ``since``/``until``: releases that have it at all (inclusive, exclusive).
    ``needs``: tables that have to be written before this fact is asked (the names of phones, for RIS).
    ``asks``: what is sent, in words, for --dry-run; one entry an operation. ``shared``: what is sent once for several
    facts together, ``instead``: what is sent where that did not succeed.
    ``nodes_answer``: the rows' ``node`` column says which node answered, and the ledger gets a row for each voice node.
    ``cost``: cheap facts are asked first, and alone where a node is ill.
    ``no_login``: nothing of the account is sent, so that a refused one does not matter.
    """

    table: str
    per: Per
    source: Source
    gather: Callable[[Ask], Iterable[Row]]
    asks: tuple[str, ...]
    never_empty: bool = False
    since: str = "8.5"
    until: str | None = None
    needs: tuple[str, ...] = ()
    nodes_answer: bool = False
    cost: Cost = Cost.CHEAP
    shared: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()
    no_login: bool = False


def facts() -> tuple[Fact, ...]:
    """Return every fact, in the order in which the facts of one source are asked."""
    from cucm_audit.facts import axl, axl_small, platform, ris, services, web

    return (*axl.FACTS, *axl_small.FACTS, *ris.FACTS, *services.FACTS, *web.FACTS, *platform.FACTS)


def asked_as(registration: str) -> tuple[Fact, ...]:
    """Return every fact, the registrations of phones asked of RIS (``ris``) or of the ``database``."""
    if registration != DATABASE:
        return facts()
    from cucm_audit.facts.axl import NOTED_REGISTRATION

    return tuple(NOTED_REGISTRATION if fact.table == "registration" else fact for fact in facts())
