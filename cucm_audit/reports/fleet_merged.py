"""Several parts of a fleet as one: nothing twice, and by name what none of them has."""

import contextlib
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from cucm_audit.reports.fleet_document import (
    CheckLine,
    ClusterLine,
    FleetDocument,
    FleetDocumentError,
    in_order,
    worst_first,
)

#: The exit code of a cluster of which something is not known.
_UNKNOWN = 3
#: So many checks are named in a note.
_SOME = 5
#: More parts than a fleet is ever cut into.
_MOST_PARTS = 9999


def merged(parts: Sequence[tuple[str, FleetDocument]]) -> FleetDocument:
    """Return one document of several, ``(file, document)``: nothing twice, and by name what none of them has.

    Of a cluster that stands in several, an audited one counts before one that is not, one that came to its end before
    one that was stopped, then the younger. It is not clean when it could not be audited since, or when what was wrong
    or not known before was not judged again. The order of the files does not matter. FleetDocumentError when two
    clusters have one name.
    """
    _refuse_namesakes(parts)
    every = {name for _, part in parts for name in part.fleet}
    chosen: dict[str, tuple[str, ClusterLine, FleetDocument]] = {}
    notes = [f"{file}: {note}" for file, part in parts for note in part.notes]
    for file, part in sorted(parts, key=lambda one: one[0]):
        for line in part.clusters:
            had = chosen.get(line.name)
            if had is not None and had[1] != line and "missing" not in (had[1].state, line.state):
                kept = max((had[1], line), key=_weight)
                notes.append(f"{line.name} is in {had[0]} and in {file}: that of {kept.taken_at or 'no time'} counts")
            if had is None or _weight(line) > _weight(had[1]):
                chosen[line.name] = (file, line, part)
    notes += _unlike(parts)
    missing = sorted(every - set(chosen))
    lines = [_not_clean(line, part, parts, notes) for _, line, part in chosen.values()]
    lines += [ClusterLine(name=name, state="missing", says=_missing(parts)) for name in missing]
    return FleetDocument(
        version=max(part.version for _, part in parts),
        taken_at=min(part.taken_at for _, part in parts),
        shard="1/1",
        fleet=tuple(sorted(every | set(chosen))),
        interrupted=any(part.interrupted for _, part in parts),
        clusters=worst_first(lines),
        checks=in_order(_joined(chosen)),
        notes=tuple(dict.fromkeys(notes)),
    )


def _refuse_namesakes(parts: Sequence[tuple[str, FleetDocument]]) -> None:
    """Raise FleetDocumentError when one name stands for clusters of different IDs: one would hide the other."""
    seen: dict[str, tuple[str, str]] = {}
    for file, part in parts:
        for line in part.clusters:
            if not line.cluster_id:
                continue
            other, theirs = seen.setdefault(line.name, (file, line.cluster_id))
            if theirs != line.cluster_id:
                raise FleetDocumentError(
                    f"{line.name} is the cluster {theirs} in {other}, and {line.cluster_id} in {file}: one would hide"
                    " the other; give one of them another name, or leave one of the files out"
                )


def _not_clean(
    line: ClusterLine, mine: FleetDocument, parts: Sequence[tuple[str, FleetDocument]], notes: list[str]
) -> ClusterLine:
    """Return a line as it is, or not clean when another part has seen what this one leaves open."""
    if line.state != "audited":
        return line
    says: list[str] = []
    others = [(other, part) for _, part in parts for other in part.clusters if other.name == line.name]
    tried = [
        other.taken_at or part.taken_at for other, part in others if other.state == "not_audited" or other.interrupted
    ]
    if max(tried, default="") > line.taken_at:
        says.append(f"{line.name} was audited at {line.taken_at}, and could not be at {max(tried)}: it is not clean")
    judged = {check.check for check in mine.checks if line.name in check.verdicts}
    for part in {id(part): part for _, part in others if part is not mine}.values():
        open_ = [check.check for check in part.checks if check.verdicts.get(line.name) in ("fail", "unknown")]
        if left := sorted(set(open_) - judged):
            says.append(
                f"{line.name}: {len(left)} checks that were wrong or not known at {part.taken_at} are not judged in"
                f" what counts, so it is not clean: {', '.join(left[:_SOME])}{' ...' if len(left) > _SOME else ''}"
            )
    if not says:
        return line
    notes.extend(says)
    return msgspec.structs.replace(line, complete=False, exit_code=line.exit_code or _UNKNOWN)


def _weight(line: ClusterLine) -> tuple[bool, bool, bool, str, str]:
    return (line.state != "missing", line.state == "audited", not line.interrupted, line.taken_at, line.run)


def _unlike(parts: Sequence[tuple[str, FleetDocument]]) -> list[str]:
    whole = {part.fleet for _, part in parts}
    cuts = {part.shard.partition("/")[2] for _, part in parts}
    said = ["the parts do not name the same clusters: one that is in none of them cannot be missed (--config FILE can)"]
    cut = [f"the parts are of different cuts ({', '.join(sorted(part.shard for _, part in parts))})"]
    return (said if len(whole) > 1 else []) + (cut if len(cuts) > 1 else [])


def _missing(parts: Sequence[tuple[str, FleetDocument]]) -> str:
    have = {part.shard for _, part in parts}
    absent: list[str] = []
    with contextlib.suppress(ValueError):
        for of in {int(one.partition("/")[2]) for one in have if len(one) <= len(f"{_MOST_PARTS}/{_MOST_PARTS}")}:
            absent += [f"{number}/{of}" for number in range(1, of + 1) if f"{number}/{of}" not in have]
    shards = f": shard {', '.join(sorted(absent))} is not among the files" if absent else ""
    return f"no file has it{shards}"


def _joined(chosen: Mapping[str, tuple[str, ClusterLine, FleetDocument]]) -> Iterable[CheckLine]:
    """Put the columns of the clusters together, each from the part that counts for it."""
    made: dict[str, CheckLine] = {}
    for part in {id(part): part for _, _, part in chosen.values()}.values():
        ours = {name for name, (_, _, owner) in chosen.items() if owner is part}
        for line in part.checks:
            had = made.get(line.check) or msgspec.structs.replace(line, verdicts={}, findings={}, reasons={})
            made[line.check] = msgspec.structs.replace(
                had,
                verdicts=had.verdicts | {name: cell for name, cell in line.verdicts.items() if name in ours},
                findings=had.findings | {name: number for name, number in line.findings.items() if name in ours},
                reasons=had.reasons | {name: word for name, word in line.reasons.items() if name in ours},
            )
    return (line for line in made.values() if line.verdicts)
