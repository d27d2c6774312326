"""Are two snapshots, or a snapshot and a saved report, of one cluster? The names of nodes do not say so.

A laboratory is often built as a copy of the real thing, with the same host names. Two things in the database tell
clusters apart: the enterprise parameter ClusterID, which an administrator chooses, and the key (pkid) of the
publisher's row in processnode, which the database has drawn. Two ClusterIDs that differ are two clusters, and nothing
is compared. Equal ones prove little where nobody ever chose one; a publisher's key that differs then makes a doubt and
no refusal, because no source says whether every way of an upgrade keeps it. What is in doubt is told, and never fine.
Source: reference axl-database.md sections 2.2 and 7.
"""

from dataclasses import dataclass

from cucm_audit.model import Report
from cucm_audit.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Kin:
    """What tells a cluster from others; '' = not known. ``what`` is how a person calls it."""

    what: str
    cluster_id: str
    publisher_id: str = ""


def of_snapshot(snapshot: Snapshot, what: str = "the cluster now") -> Kin:
    """Return what a snapshot knows of its cluster."""
    return Kin(what=what, cluster_id=snapshot.get_meta("cluster_id"), publisher_id=snapshot.get_meta("publisher_id"))


def of_report(report: Report, what: str = "the cluster now") -> Kin:
    """Return what a report knows of its cluster."""
    return Kin(what=what, cluster_id=report.cluster_id)


def strangers(then: Kin, now: Kin) -> str:
    """Return why two are certainly of two clusters, naming both; '' when nothing says so."""
    if not then.cluster_id or not now.cluster_id or then.cluster_id == now.cluster_id:
        return ""
    return (
        f"{then.what} is of another cluster: its ClusterID is {then.cluster_id}, that of {now.what} is {now.cluster_id}"
        " (if somebody has changed it in between, there is nothing to compare with: save a new snapshot)"
    )


def doubt(then: Kin, now: Kin) -> str:
    """Return why it cannot be told whether two are of one cluster, '' when they are."""
    says = f"that {then.what} is of the same cluster is not known"
    keys = then.publisher_id and now.publisher_id
    if keys and then.publisher_id != now.publisher_id:
        same = f"both have the ClusterID {now.cluster_id}, but " if then.cluster_id and now.cluster_id else ""
        return f"{says}: {same}their publishers are two rows of processnode ({then.publisher_id}, {now.publisher_id})"
    lacking = [one.what for one in (then, now) if not one.cluster_id]
    if lacking and not keys:
        return f"{says}: {' and '.join(lacking)} did not tell the ClusterID"
    return ""
