"""What belongs together on a page: the findings of one check, the gaps with one cause, the doubts with one reason."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from cucm_audit.model import Gathered, Outcome, Report, State


def listed(value: object) -> str:
    """Return a value in words: the items of a list, or itself."""
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(str(item) for item in value)
    return "yes" if value is True else str(value)


def scope(report: Report) -> list[tuple[str, str]]:
    """Return what the user left out or allowed, by name, in words: every report repeats it."""
    return [(name.replace("_", "-"), listed(value)) for name, value in sorted(report.scope.items()) if value]


def node_in_words(node: Mapping[str, object]) -> str:
    """Return a node with what it is, where that is more than a subscriber."""
    if not node.get("voice", True):
        return f"{node.get('name')} (IM and Presence)"
    return f"{node.get('name')} (publisher)" if node.get("role") == "publisher" else str(node.get("name"))


def place(outcome: Outcome) -> str:
    """Return where a check stands: its id, the rows and the documents."""
    rows = f"{', '.join(outcome.rows)} of {', '.join(outcome.documents)}" if outcome.rows else ""
    return "[" + ", ".join(part for part in (outcome.check or "", rows) if part) + "]"


def by_check(outcomes: Iterable[Outcome]) -> list[list[Outcome]]:
    """Group the outcomes of one check over its nodes. Rows without a check stand each for itself."""
    groups: dict[tuple[object, ...], list[Outcome]] = {}
    for outcome in outcomes:
        alone = outcome.rows if outcome.check is None else ()
        groups.setdefault((outcome.check, outcome.severity, alone), []).append(outcome)
    return list(groups.values())


def by_reason(
    outcomes: Iterable[Outcome], explained: Collection[tuple[str, str]] = ()
) -> list[tuple[str, list[Outcome]]]:
    """Group doubts by their reason in words. ``explained``: node and reason of what the page has told already."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        reason = str(outcome.reason or "unknown")
        if (outcome.node, reason) in explained:
            why = f"{reason}, see above"
        else:
            why = f"{reason}: {outcome.detail}" if outcome.detail else reason
        groups.setdefault(why, []).append(outcome)
    return list(groups.items())


def alike_doubts(
    groups: Sequence[list[Outcome]], explained: Collection[tuple[str, str]]
) -> dict[str, list[list[Outcome]]]:
    """Return checks that have nothing to say but what the page has told already, by that: nodes and their reasons.

    A cause that only one check has stays with its check.
    """
    made: dict[str, list[list[Outcome]]] = {}
    for group in groups:
        pairs = [(outcome.node, str(outcome.reason)) for outcome in group]
        if all(pair in explained for pair in pairs) and not any(o.findings or o.could_not_tell for o in group):
            why = ", ".join(f"{node or 'the cluster'}: {reason}" for node, reason in sorted(set(pairs)))
            made.setdefault(why, []).append(group)
    return {why: bundle for why, bundle in made.items() if len(bundle) > 1}


def alike(gaps: Iterable[Gathered]) -> list[list[Gathered]]:
    """Group the gaps of one node that have one cause: a dead node is one line, not one a fact."""
    groups: dict[tuple[object, ...], list[Gathered]] = {}
    for gap in gaps:
        groups.setdefault((gap.node, gap.source, gap.reason, gap.detail, gap.hint), []).append(gap)
    return list(groups.values())


def who(group: Sequence[Gathered]) -> list[str]:
    """Return the node of a group of gaps."""
    return [group[0].node or "(cluster)"]


def missing(group: Sequence[Gathered]) -> list[str]:
    """Return what a group of gaps lacks: the facts, what happened, and what a person can do."""
    facts = sorted({gap.fact + (" (in part)" if gap.state is State.PARTIAL else "") for gap in group})
    hint = [f"-> {group[0].hint}"] if group[0].hint else []
    return [", ".join(facts), *([group[0].detail] if group[0].detail else []), *hint]
