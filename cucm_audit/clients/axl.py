"""AXL: the database over ``executeSQLQuery``, the release over ``getCCMVersion``, and two small questions.

One request at a time, large answers in pages, rows counted before and after. Limits and faults: reference
axl-database.md sections 1.1 to 1.6.
"""

import time
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING

from cucm_audit.clients import ClientError
from cucm_audit.clients.axl_answer import (
    Row,
    columns_of,
    out_of_memory,
    release_in,
    rows_in,
    sql_reason,
    suggested_rows,
)
from cucm_audit.clients.axl_version import DISCOVERY, accepted_by, version_for
from cucm_audit.clients.guard import AXL_PATH
from cucm_audit.clients.http import Answer, Session
from cucm_audit.clients.pace import Gate
from cucm_audit.clients.place import Place
from cucm_audit.clients.soap import FaultAnswer, build, fault_error, operation_of
from cucm_audit.clients.statements import COUNTING, SMALL_COUNTS, Statement
from cucm_audit.model import Node, Reason, Source

if TYPE_CHECKING:
    from lxml.etree import _Element

    from cucm_audit.clients.journal import Journal
    from cucm_audit.secrets import Account
    from cucm_audit.trust import TrustStore

#: Seconds to wait when AXL has no memory left, attempt by attempt (5 to 30 s, three times).
MEMORY_WAITS = (5.0, 15.0, 30.0)
#: So often are the small tables counted at most.
MOST_COUNTINGS = 4


class _TooLarge(ClientError):
    """AXL refuses an answer of more than 8 MB; ``suggested`` is the number of rows that it names, 0 without one."""

    def __init__(self, place: Place, doing: str, suggested: int, words: str) -> None:
        self.suggested = suggested
        hint = "The answer is larger than AXL gives (8 MB)."
        super().__init__(
            node=place.node, source=place.source, doing=doing, reason=Reason.TOO_LARGE, hint=hint, detail=words[:300]
        )


class _Refusal(ClientError):
    """AXL has understood the request and refused it, in a SOAP fault."""

    def __init__(self, error: ClientError) -> None:
        super().__init__(
            node=error.node, source=error.source, doing=error.doing, reason=error.reason, hint=error.hint,
            detail=error.detail,
        )  # fmt: skip


class Axl:
    """AXL on one node.

    ``deadline`` is in seconds, for each request; ``page`` is the largest number of rows asked at once; ``gate`` is the
    pace of this node, shared by its clients.

    ``version`` is the AXL version in use, ``release`` the node's release ("12.5.1.14900-63"); both are '' until
    :meth:`discover` ran. ``requests`` counts what was sent. Every method raises :class:`ClientError`.

    ``uncounted`` says why small answers are believed without a count, '' = they are counted.
    """

    def __init__(
        self,
        node: Node,
        account: "Account",
        trust: "TrustStore",
        journal: "Journal",
        *,
        ca_file: str | None = None,
        deadline: float = 120.0,
        page: int = 5000,
        gate: Gate | None = None,
        patience: float = 1.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.version = ""
        self.release = ""
        self.requests = 0
        self._page = page
        self._sleep = sleep
        self._stepped = False
        self.uncounted = ""
        self._counts: dict[str, int] | None = None  # of the small tables; {} = they have to be counted one by one
        self._countings = 0
        self._heard: dict[tuple[str, ...], _Element] = {}  # small answers, by what was asked
        self._session = Session(
            node,
            account,
            trust,
            journal,
            source=Source.AXL,
            ca_file=ca_file,
            deadline=deadline,
            gate=gate or Gate(),
            patience=patience,
            sleep=sleep,
        )
        self._place = self._session.place

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host names in the certificate that the node showed."""
        return self._session.hosts

    def discover(self) -> None:
        """Ask an unknown node for its release, and choose the AXL version to speak with it.

        The question is put in version 1.0 without SOAPAction, which every release answers; a node that refuses it (HTTP
        599) names what it accepts, and is asked once more in that.
        """
        doing = "asking for the release"
        accepted: tuple[str, ...] = ()
        answer = self._send("getCCMVersion", DISCOVERY, doing)
        if answer.status == 599:
            accepted = self._accepted(answer, doing)
            self.version = accepted[0]
            answer = self._send("getCCMVersion", self.version, doing)
            if answer.status == 599:
                raise self._no_version(answer, doing)
        self.release = self._release_in(answer, doing)
        version = version_for(self.release, accepted) if accepted else version_for(self.release)
        if version is None and not accepted:
            raise self._unsupported(doing, f"release {self.release} is older than any AXL version that is spoken here")
        self.version = version or self.version

    def release_of(self, node_name: str) -> str:
        """Return the release of another node of the cluster, as "12.5.1.14900-63".

        ``node_name`` as in System > Server.
        """
        doing = f"asking for the release of {node_name}"
        return self._release_in(self._ask("getCCMVersion", doing, processNodeName=node_name), doing)

    def small(self, operation: str, doing: str, **values: str) -> "tuple[_Element, Place]":
        """Return the one element in the body of a small answer, as it came, and whose it is. It is asked for once.

        ``axl_small`` reads them.
        """
        key = (operation, *values.values())
        if key not in self._heard:
            self._heard[key] = self._element(self._ask(operation, doing, **values), doing)
        return self._heard[key], self._place

    def _element(self, answer: Answer, doing: str) -> "_Element":
        trouble: FaultAnswer
        try:
            return operation_of(answer, self._place, doing)
        except FaultAnswer as error:
            trouble = error
        raise self._fault(trouble, doing)

    def rows(self, statement: Statement) -> Iterator[Row]:
        """Yield the rows of a statement; each has every column, None for NULL and for the empty string.

        Raises also after some rows were yielded: inconsistent when the rows do not agree with ``count(*)`` before and
        after, when a page comes twice, or a key; implausible_empty when none came and some are counted; too_large,
        malformed, truncated, timeout when a page did not come whole.
        """
        doing = f"reading {statement.fact}"
        if not statement.paged:
            seen = 0
            for row in self._one(statement.sql, columns_of(statement.sql), doing):
                seen += 1
                yield row
            self._hold(statement, seen, doing)
            return
        before = self._count(statement, doing)
        seen = yield from self._pages(statement, before, doing)
        after = self._count(statement, doing)
        if not before == seen == after:
            words = f"count(*) said {before} before and {after} after, {seen} rows came"
            raise self._inconsistent(doing, words)

    def _hold(self, statement: Statement, seen: int, doing: str) -> None:
        """Hold the rows of a small table against their count.

        A count that AXL refuses with a SOAP fault changes nothing: small answers were believed before there was one,
        no live database has tried these statements, and a cluster that does not understand one is not ill for that. It
        is told (``uncounted``). A count that got lost, or cannot be read, is another thing: then nobody knows.
        Where the numbers differ they are counted once more, for somebody may have added a row in between.
        """
        if statement.count is None and statement.fact not in SMALL_COUNTS:
            return
        if not seen and statement.count is not None:
            return  # no node at all: that is implausible, whatever is counted, and ``facts`` knows it
        expected = self._expected(statement, doing)
        if expected not in (None, seen):
            expected = self._expected(statement, doing, again=True)
        if expected in (None, seen):
            return
        words = f"count(*) said {expected}, {seen} rows came"
        if seen:
            raise self._inconsistent(doing, words)
        hint = "AXL gave an empty answer where there are rows: run the audit again, and look at the node's database."
        raise self._place.error(Reason.IMPLAUSIBLE_EMPTY, doing, hint, words)

    def _expected(self, statement: Statement, doing: str, *, again: bool = False) -> int | None:
        """Return how many rows a small table has, None where AXL refuses to count them."""
        if statement.count is None and (counts := self._small_counts(doing, again=again)):
            return counts[statement.fact]
        try:
            return self._number(statement.count or SMALL_COUNTS[statement.fact], doing)
        except _Refusal as error:
            self.uncounted = f"AXL would not count the rows of small tables ({error.detail or error.reason.value})"
            return None

    def _small_counts(self, doing: str, *, again: bool) -> dict[str, int]:
        """Return the counts of all small tables, asked for together, and a few times more where rows do not agree.

        {} when that did not succeed, for whatever reason: one table that is ill must not take the others along, so each
        is counted by itself then.
        """
        if self._counts is None or (again and self._counts and self._countings < MOST_COUNTINGS):
            self._countings += 1
            try:
                self._counts = self._counting(doing)
            except ClientError:
                self._counts = {}
        return self._counts

    def _counting(self, doing: str) -> dict[str, int]:
        doing = f"{doing}: counting the small tables"
        rows = list(self._one(COUNTING.sql, columns_of(COUNTING.sql), doing))
        told = {str(row["part"]).strip(): str(row["n"]).strip() for row in rows}
        wanted = [str(place) for place in range(len(SMALL_COUNTS))]
        if len(rows) != len(wanted) or sorted(told) != sorted(wanted) or not all(map(str.isdecimal, told.values())):
            raise self._place.error(Reason.MALFORMED, doing, "There is not one count a table.", repr(rows)[:200])
        return {fact: int(told[str(place)]) for place, fact in enumerate(SMALL_COUNTS)}

    def _pages(self, statement: Statement, expected: int, doing: str) -> Generator[Row, None, int]:
        """Yield page after page, at most one page more than ``expected`` rows; return the number of rows."""
        keys: set[tuple[str | None, ...]] = set()
        columns = columns_of(statement.sql)
        while True:
            start, page = len(keys), self._page
            sql = f"select skip {start} first {page} {statement.sql[len('select ') :]}"
            try:
                for row in self._one(sql, columns, doing):
                    key = tuple(row[name] for name in statement.key)
                    if key in keys:
                        raise self._inconsistent(doing, f"a row came twice: {key!r}"[:200])
                    keys.add(key)
                    yield row
            except _TooLarge as fault:
                self._page = self._smaller(page, fault)
                continue
            # A full page may be followed by another; a short or an overlong one (the node ignores "first") is the last.
            if len(keys) - start != page or len(keys) >= expected:
                return len(keys)

    def _smaller(self, page: int, fault: "_TooLarge") -> int:
        """Return the size of the next pages after "Query request too large": 0.6 of what AXL suggests, or half."""
        smaller = min(int(fault.suggested * 0.6) or page // 2, page // 2)
        if smaller < 1:
            raise fault  # a single row is larger than AXL's limit
        return smaller

    def _count(self, statement: Statement, doing: str) -> int:
        if statement.count is None:
            raise self._place.error(Reason.INTERNAL_ERROR, doing, detail="a paged statement has no count")
        return self._number(statement.count, doing)

    def _number(self, sql: str, doing: str) -> int:
        columns = columns_of(sql)
        rows = list(self._one(sql, columns, f"{doing}: counting"))
        number = rows[0][columns[0]] if len(rows) == 1 else None
        if number is None or not number.strip().isdecimal():
            raise self._place.error(Reason.MALFORMED, doing, "count(*) did not give one number.", repr(rows)[:200])
        return int(number)

    def _one(self, sql: str, columns: tuple[str, ...], doing: str) -> Iterator[Row]:
        """Yield the rows of one request.

        While AXL is out of memory it waits and asks again (such a fault holds no row).
        """
        for wait in (*MEMORY_WAITS, None):
            answer = self._ask("executeSQLQuery", doing, sql=sql)
            fault = None
            try:
                yield from rows_in(answer, self.version, columns, self._place, doing)
                return
            except FaultAnswer as error:
                fault = error.fault
            suggested = suggested_rows(fault)
            if suggested is not None:
                raise _TooLarge(self._place, doing, suggested, fault.text)
            if not out_of_memory(fault):
                raise _Refusal(self._fault(FaultAnswer(fault), doing))
            if wait is not None:
                self._sleep(wait)
        hint = "AXL has no memory left: other programs fetch large answers at the same time. Try at a quieter time."
        raise self._place.error(Reason.THROTTLED, doing, hint, fault.text[:300] if fault else "")

    def _ask(self, operation: str, doing: str, **values: str) -> Answer:
        """Send in the version in use; when the node refuses that version (HTTP 599), once in one that it names."""
        if not self.version:
            self.discover()
        answer = self._send(operation, self.version, doing, **values)
        if answer.status != 599:
            return answer
        if self._stepped:
            raise self._no_version(answer, doing)
        self._stepped = True
        accepted = self._accepted(answer, doing)
        self.version = version_for(self.release, accepted) or accepted[0]
        answer = self._send(operation, self.version, doing, **values)
        if answer.status == 599:
            raise self._no_version(answer, doing)
        return answer

    def _send(self, operation: str, version: str, doing: str, **values: str) -> Answer:
        body = build("axl.wsdl", operation, version=version, **values)
        action = "" if version == DISCOVERY else f"CUCM:DB ver={version} {operation}"
        self.requests += 1
        return self._session.post(AXL_PATH, body, action, doing=doing)

    def _release_in(self, answer: Answer, doing: str) -> str:
        trouble: FaultAnswer
        try:
            return release_in(answer, self._place, doing)
        except FaultAnswer as error:
            trouble = error
        raise self._fault(trouble, doing)

    def _accepted(self, answer: Answer, doing: str) -> tuple[str, ...]:
        accepted = accepted_by(answer.body.decode("utf-8", "replace"))
        if not accepted:
            raise self._no_version(answer, doing)
        return accepted

    def _no_version(self, answer: Answer, doing: str) -> ClientError:
        words = " ".join(answer.body[:2000].decode("utf-8", "replace").split())
        return self._unsupported(doing, f"HTTP 599: {words[:300]}")

    def _unsupported(self, doing: str, detail: str) -> ClientError:
        hint = "The node speaks none of the AXL versions that this program knows (8.5 to 15.0)."
        return self._place.error(Reason.UNSUPPORTED_VERSION, doing, hint, detail)

    def _inconsistent(self, doing: str, detail: str) -> ClientError:
        hint = "The database changed while it was read, or AXL did not page as asked: run the audit again."
        return self._place.error(Reason.INCONSISTENT, doing, hint, detail)

    def _fault(self, trouble: FaultAnswer, doing: str) -> ClientError:
        known = sql_reason(trouble.fault)
        if known is None:
            return fault_error(trouble.fault, self._place, doing)
        return self._place.error(known[0], doing, known[1], f"{trouble.fault.code}: {trouble.fault.text}"[:500])
