"""The snapshot from before: opened, seen to be of the same cluster and older, and put beside the one of now."""

from pathlib import Path
from typing import TYPE_CHECKING

from cucm_audit.cli.console import Problem

if TYPE_CHECKING:
    from cucm_audit.snapshot import Snapshot


def look(path: Path) -> str:
    """Return the target that the snapshot from before was taken for ('' = none). SnapshotError when it is none."""
    from cucm_audit.snapshot import Snapshot

    snapshot = Snapshot.open(path)
    try:
        return next((str(release) for (release,) in snapshot.select("select release from target")), "")
    finally:
        snapshot.close()


def identity(path: Path) -> str:
    """Return what tells a snapshot from every other, wherever its file is: whose it is, and when it was taken."""
    from cucm_audit.snapshot import Snapshot

    snapshot = Snapshot.open(path)
    try:
        return f"{snapshot.get_meta('cluster_id')} {snapshot.get_meta('taken_at')}"
    finally:
        snapshot.close()


def beside(snapshot: "Snapshot", path: Path) -> None:
    """Put the snapshot of a file beside another one, for checks that compare.

    Raises Problem when it is of another cluster (another ClusterID, or no node has the same name) or younger,
    SnapshotError when it is none. Where that cannot be told, what compares with it is unknown.
    """
    from cucm_audit import kinship
    from cucm_audit.snapshot import Snapshot

    before = Snapshot.open(path)
    then, here = kinship.of_snapshot(before, str(path)), kinship.of_snapshot(snapshot)
    if says := kinship.strangers(then, here):
        raise Problem(says)
    names, older = _nodes(snapshot), _nodes(before)
    if names and older and not names & older:
        raise Problem(
            f"{path} is a snapshot of another cluster: it has {', '.join(sorted(older))}, now there is "
            f"{', '.join(sorted(names))}"
        )
    taken, now = before.get_meta("taken_at"), snapshot.get_meta("taken_at")
    if taken > now:
        raise Problem(f"{path} was taken at {taken}, after the one that it is to be compared with ({now})")
    snapshot.compare_with(before, kinship.doubt(then, here))


def _nodes(snapshot: "Snapshot") -> set[str]:
    return {str(name) for (name,) in snapshot.select("select name from node")}
