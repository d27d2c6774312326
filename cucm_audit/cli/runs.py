"""What a run has to do with the ones before it: how soon it may begin, what is new since, and what is remembered of it.

The history is a comfort. That it is lost, broken or cannot be written is told and hinders no run.
"""

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from cucm_audit.cli.console import Problem, complain, write_file
from cucm_audit.cli.lock import slug
from cucm_audit.config import Cluster
from cucm_audit.history import History, HistoryError, read, remembered, too_early, written
from cucm_audit.model import Report
from cucm_audit.settling import Settling, settling
from cucm_audit.since import compare

Notice = Callable[[str], None]


def path_of(state: Path, cluster: str) -> Path:
    """Return the file with the history of a cluster."""
    return state / "history" / f"{slug(cluster)}.json"


def load(state: Path, cluster: str, notice: Notice) -> History | None:
    """Return the history of a cluster; None when it can neither be read nor may be replaced."""
    path = path_of(state, cluster)
    try:
        return read(path)
    except HistoryError as error:
        if not error.broken:
            notice(f"{error}; it is left as it is, and nothing is compared")
            return None
        aside = path.with_suffix(".broken")
        notice(f"{error}; it is put aside as {aside.name}, and a new one is begun")
        try:
            os.replace(path, aside)
        except OSError:
            return None
        return History()


def _save(state: Path, cluster: str, history: History, notice: Notice) -> bool:
    path = path_of(state, cluster)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_file(path, written(history), force=True)
    except (OSError, Problem) as error:
        notice(f"this run is not remembered: {error}")
        return False
    return True


def silent(_text: str) -> None:
    """Say nothing: the notice of a run that is to be quiet."""


def begin(state: Path, cluster: Cluster, notice: Notice) -> None:
    """Note that a run begins; under the lock of the cluster. Raises :class:`Problem` when ``min-interval`` forbids it.

    Where the history cannot say when the last one began, the run goes on: it hinders nothing.
    """
    history = load(state, cluster.name, notice)
    if history is None:
        return
    now = dt.datetime.now(dt.UTC)
    after = too_early(history, cluster.min_interval, now)
    if after is not None:
        raise Problem(
            f"{cluster.name}: the last run began at {history.began} UTC; min-interval in the cluster file lets the "
            f"next begin at {after:%F %T} UTC (for one before that, take it out of the file)"
        )
    noted = _save(
        state, cluster.name, msgspec.structs.replace(history, cluster=cluster.name, began=f"{now:%F %T}"), notice
    )
    if cluster.min_interval and not noted:
        notice("min-interval cannot be kept: when this run began is not remembered")


def since_last(report: Report, state: Path, kind: str, notice: Notice) -> Report:
    """Return the report with its findings compared with those of the last run of its kind, if there was one."""
    history = load(state, report.cluster, notice)
    if history is None:
        return report
    past = history.past(kind, report.cluster_id)
    if past is None and kind in history.last:
        theirs = history.last[kind].cluster_id
        notice(
            f"the last run was of another cluster (ClusterID {theirs}, now {report.cluster_id}): nothing is compared"
        )
    return report if past is None else compare(report, past)


def settling_of(
    report: Report, state: Path, kind: str, before: str, notice: Notice, min_interval: int
) -> Settling | None:
    """Return whether phones still come back, by the runs of this kind with the same snapshot from before."""
    if not before:
        return None
    history = load(state, report.cluster, notice)
    return settling(report, history.runs if history is not None else (), kind, before, min_interval)


def remember(
    report: Report, state: Path, kind: str, notice: Notice, *, before: str = "", findings: bool = True
) -> None:
    """Add a run to the history, once its report is delivered."""
    history = load(state, report.cluster, silent)
    if history is not None:
        _save(state, report.cluster, remembered(history, report, kind, before, findings=findings), notice)


def notice_of(*, quiet: bool) -> Notice:
    """Return where notices go."""
    return silent if quiet else lambda text: complain(f"note: {text}")
