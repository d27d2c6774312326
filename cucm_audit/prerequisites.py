"""What a check needs before it may give a verdict: its release, the list of nodes, and every fact that it reads, whole.

The ledger of the snapshot says what came; what is lacking makes the check UNKNOWN, and what the user left out or the
release does not have makes it not applicable. Never a pass: that word is not said here.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from cucm_audit.checks import Check
from cucm_audit.model import Gathered, Outcome, Reason, Source, State, Verdict
from cucm_audit.queries import QueryRefused, Reads
from cucm_audit.snapshot import Snapshot
from cucm_audit.words import same_build, version_in

#: What a node itself says of its replication; 2 is good.
_REPLICATED = "select value from perf_counter where node = ? and counter = 'Replicate_State'"
_GOOD = 2


class Prerequisites:
    """The ledger of a snapshot, its nodes and their releases, read once; and the same of the snapshot from before."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self.ledger = {(row.fact, row.node): row for row in snapshot.gathered()}
        self._scopes: dict[str, set[str]] = {}
        for fact, node in self.ledger:
            self._scopes.setdefault(fact, set()).add(node)
        found = list(snapshot.select("select name, role from node where voice order by role <> 'publisher', name"))
        self.voice = [name for name, _ in found]
        self._all = [name for (name,) in snapshot.select("select name from node order by name")]
        self._publisher = next((name for name, role in found if role == "publisher"), "")
        self._releases = self._believed(dict(snapshot.select("select node, release from node_release")))
        entry = self.ledger.get(("node", ""))
        self.nodes_known = entry is not None and entry.state is State.WHOLE and bool(self.voice)
        self._copy = self._copy_asked()
        self._before = Prerequisites(snapshot.before) if snapshot.before is not None else None

    def _believed(self, releases: dict[str, str | None]) -> dict[str, str | None]:
        """Return releases without those that AXL and the command line of the node contradict each other about."""
        axl = dict(self._snapshot.select("select name, release from node"))
        doubts = {node for (fact, node), row in self.ledger.items() if row.reason is Reason.INCONSISTENT and node}
        return {
            node: None if node in doubts and same_build(axl.get(node), release) is False else release
            for node, release in releases.items()
        }

    def scopes(self, *, everybody: bool) -> list[str]:
        """Return the nodes that a check by node looks at: those that run voice, or IM and Presence as well."""
        return [*self.voice, *(name for name in self._all if name not in self.voice)] if everybody else self.voice

    def nodes(self) -> Iterator[dict[str, Any]]:
        """Give the nodes as the report prints them."""
        for name, address, role, voice in self._snapshot.select(
            "select name, address, role, voice from node order by voice desc, role, name"
        ):
            yield {
                "name": name,
                "address": address,
                "role": role,
                "voice": bool(voice),
                "release": self._releases.get(name),
            }

    def no_nodes(self, blank: Outcome) -> Outcome:
        """Return the outcome of a check for which it is not known which nodes there are."""
        entry = self.ledger.get(("node", ""))
        if entry is None:
            return replace(blank, reason=Reason.PREREQUISITE_UNKNOWN, detail="the list of nodes was never asked for")
        detail = entry.detail or ("no node runs voice" if entry.state is State.WHOLE else entry.state.value)
        reason = entry.reason or Reason.PREREQUISITE_UNKNOWN
        return replace(blank, reason=reason, detail=f"the list of nodes is not known: {detail}")

    def lack(self, check: Check, blank: Outcome) -> Outcome | None:
        """Say why a check cannot give a verdict on the scope of ``blank``, None when it can."""
        elsewhere = self._other_release(check, blank)
        if elsewhere is not None:
            return elsewhere
        try:
            reads = self._snapshot.reads(check.sql)
        except QueryRefused as error:
            return replace(blank, reason=Reason.INTERNAL_ERROR, detail=f"check {check.id}: {error}")
        if reads.compares and self._before is None:
            return replace(
                blank,
                verdict=Verdict.NOT_APPLICABLE,
                reason=Reason.NOT_ASKED,
                detail="no snapshot from before was given",
            )
        everybody = check.nodes == "all"
        lack = self._lacking(blank, reads, everybody=everybody)
        if lack is None and reads.compares and self._before is not None:
            lack = self._before._lacking_before(blank, reads, everybody=everybody)
            return lack or self._other_cluster(blank) or self._other_source(blank, reads)
        return lack

    def _other_source(self, blank: Outcome, reads: Reads) -> Outcome | None:
        """Say that a fact was asked of somebody else before: RIS and the database mean another thing by registered."""
        assert self._before is not None
        for fact in sorted(reads.every & reads.earlier.every):
            then, now = (
                {row.source for row in side.ledger.values() if row.fact == fact} for side in (self._before, self)
            )
            if then != now:
                words = [", ".join(sorted(source.value for source in sources)) for sources in (then, now)]
                detail = f"{fact} was asked of {words[0]} before and of {words[1]} now: they cannot be compared"
                return replace(blank, reason=Reason.INCONSISTENT, detail=detail)
        return None

    def _other_cluster(self, blank: Outcome) -> Outcome | None:
        """Say that the snapshot from before may be another cluster's, None when it is this one's."""
        doubt = self._snapshot.before_doubt
        return replace(blank, reason=Reason.PREREQUISITE_UNKNOWN, detail=doubt) if doubt else None

    def _other_release(self, check: Check, blank: Outcome) -> Outcome | None:
        """Say that a check is for other releases, or that the release is not known; None when it is for this one."""
        if check.releases and not self._releases and not self._snapshot.get_meta("release"):
            return self.no_nodes(blank)
        if check.releases:
            release = self._releases.get(blank.node or self._publisher) or (
                "" if blank.node else self._snapshot.get_meta("release")
            )
            inside = [version_in(release, low, high) for low, high in check.releases]
            if not release or None in inside:
                return replace(
                    blank,
                    reason=Reason.UNSUPPORTED_VERSION,
                    detail=f"the release is not known ({release or 'no answer'})",
                )
            if 1 not in inside:
                spans = ", ".join(
                    f"{low or 'any'} to before {high}" if high else f"{low} and later" for low, high in check.releases
                )
                return replace(blank, verdict=Verdict.NOT_APPLICABLE, detail=f"applies to {spans}; this is {release}")
        return None

    def _lacking(self, blank: Outcome, reads: Reads, *, everybody: bool = False) -> Outcome | None:
        """Say which fact that a check reads did not come back whole for its scope, None when all did.

        ``everybody``: a check of the cluster needs the answers of IM and Presence nodes as well.
        """
        return self._missing(blank, self._needed(reads, blank.node, everybody=everybody))

    def _needed(self, reads: Reads, node: str, *, everybody: bool = False) -> list[tuple[str, str]]:
        """Return the ledger's rows (fact, scope) that a check on ``node`` ('' = the cluster) needs."""
        presence = [name for name in self._all if name not in self.voice]
        of_some = ((fact, [self._publisher]) for fact in sorted(reads.publisher))
        of_others = ((fact, presence) for fact in sorted(reads.presence))
        needed = [
            (fact, scope)
            for fact in sorted(reads.facts)
            for scope in self._needed_scopes(fact, node, everybody=everybody)
        ]
        for fact, nodes in (*of_some, *of_others):
            needed += [(fact, scope) for scope in ([""] if "" in self._scopes.get(fact, ()) else nodes)]
        return needed

    def _lacking_before(self, blank: Outcome, reads: Reads, *, everybody: bool) -> Outcome | None:
        """Say the same of the snapshot from before, with its own ledger and its own nodes."""
        if self.nodes_known and blank.node and blank.node not in self.scopes(everybody=everybody):
            return replace(blank, verdict=Verdict.NOT_APPLICABLE, detail=f"{blank.node} was not in the cluster before")
        lack = self._lacking(blank, reads.earlier, everybody=everybody)
        return lack and replace(lack, detail=f"in the snapshot from before, {lack.detail}")

    def _needed_scopes(self, fact: str, node: str, *, everybody: bool = False) -> list[str]:
        """Return the ledger scopes of a fact that a check on ``node`` ('' = the cluster) needs."""
        if "" in self._scopes.get(fact, {""}):
            return [""]
        return [node] if node else self._all if everybody else self.voice

    def _missing(self, blank: Outcome, needed: list[tuple[str, str]]) -> Outcome | None:
        """Compare what a check needs with the ledger.

        What the user left out, or the release lacks, makes it not applicable; any other lack makes it UNKNOWN.
        """
        entries = [(fact, scope, self.ledger.get((fact, scope))) for fact, scope in dict.fromkeys(needed)]
        for state, verdict in (
            (State.NOT_ASKED, Verdict.NOT_APPLICABLE),
            (State.NOT_SUPPORTED, Verdict.NOT_APPLICABLE),
        ):
            for fact, scope, entry in entries:
                if entry is not None and entry.state is state:
                    detail = entry.detail or (
                        "left out of this run" if state is State.NOT_ASKED else "this release has no such thing"
                    )
                    return replace(
                        blank,
                        verdict=verdict,
                        reason=entry.reason or Reason(str(state)),
                        detail=f"{_named(fact, scope)}: {detail}",
                    )
        for fact, scope, entry in entries:
            if entry is None:
                return replace(
                    blank, reason=Reason.PREREQUISITE_UNKNOWN, detail=f"{_named(fact, scope)} was never gathered"
                )
            if entry.state is not State.WHOLE:
                detail = f"{_named(fact, scope)} is {entry.state.value}" + (f": {entry.detail}" if entry.detail else "")
                return replace(blank, reason=entry.reason or Reason.PREREQUISITE_UNKNOWN, detail=detail)
        if not self.nodes_known:
            return self.no_nodes(blank)
        return None

    def other_copy(self, check: Check) -> str:
        """Return the subscriber whose copy of the database stands for the publisher's in what a check reads.

        '' when the publisher itself was asked, when nothing of it comes from the database, and when that node says that
        its replication is whole. What it shows as wrong is wrong there; but that nothing is wrong it cannot say.
        Source: reference axl-database.md section 8: no document says whose copy AXL reads on a subscriber.
        """
        if not self._copy:
            return ""
        reads = self._snapshot.reads(check.sql)
        sources = {row.source for row in self._entries(reads, "")}
        return self._copy if Source.AXL in sources else ""

    def _copy_asked(self) -> str:
        via = self._snapshot.get_meta("via")
        if via == self._publisher or via not in self._all:  # an address that is no node's: the user's word counts
            return ""
        entry = self.ledger.get(("perf_counter", via))
        whole = entry is not None and entry.state is State.WHOLE
        said = self._snapshot.select(_REPLICATED, (via,)) if whole else ()
        return "" if [state for (state,) in said] == [_GOOD] else via

    def evidence(self, check: Check, node: str) -> tuple[Gathered, ...]:
        """Return the ledger rows of everything that a check read for a scope: when, where and with what request."""
        reads = self._snapshot.reads(check.sql)
        facts = self._entries(reads, node)
        if self._before is not None:
            before = self._before._entries(reads.earlier, node)
            facts += tuple(replace(entry, fact=f"before.{entry.fact}") for entry in before)
        return facts

    def _entries(self, reads: Reads, node: str) -> tuple[Gathered, ...]:
        """Return the ledger rows of what a check reads."""
        return tuple(self.ledger[key] for key in dict.fromkeys(self._needed(reads, node)) if key in self.ledger)


def _named(fact: str, scope: str) -> str:
    return f"{fact} of {scope}" if scope else fact
