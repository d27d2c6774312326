"""``cucm-audit fleet``: every cluster of the cluster file, one picture of them; ``fleet merge``: of several parts."""

import contextlib
import os
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from cucm_audit import __version__
from cucm_audit.cli import door
from cucm_audit.cli.accepted import waivers_option
from cucm_audit.cli.audit import LEAVE_OUT, Wishes, asking_options, load_checks
from cucm_audit.cli.console import (
    Problem,
    complain,
    on_terminal,
    refuse_existing,
    refuse_own_sources,
    resolved,
    say,
    write_file,
)
from cucm_audit.cli.fleet_merge import merge
from cucm_audit.cli.fleet_said import code, deliver, writing_options
from cucm_audit.cli.lock import slug
from cucm_audit.cli.options import checks_option, file_path, option, talk_options, together
from cucm_audit.model import SEVERITIES, Reason

if TYPE_CHECKING:
    from cucm_audit.cli.fleet_work import Done, Task
    from cucm_audit.config import Config
    from cucm_audit.fleet import Lost, Shard, Where
    from cucm_audit.reports.fleet_document import ClusterLine, FleetDocument, Matrix

DEFAULT = "threads:8"

_what_options = together(
    option("--config", "config_file", type=file_path(dir_okay=False), metavar="FILE", help="The cluster file."),
    option("--cluster", "names", multiple=True, metavar="NAME", help="Only this cluster (repeatable)."),
    option("--shard", "part", metavar="N/M", default="1/1", show_default="all",
           help="Only the N-th of M parts, for M machines; put together with fleet merge."),
    option("--executor", "runner", metavar="WHERE", default=DEFAULT, show_default=True,
           help="threads:N at once, or dask=tls://HOST:8786."),
    option("--state-dir", type=file_path(file_okay=False), metavar="DIR",
           help="Where trust.toml, locks and the history are."),
    option("--ca-file", type=file_path(dir_okay=False), metavar="FILE", help="Certificate authorities to trust (PEM)."),
    option("--document", "documents", multiple=True, metavar="ID", help="Only this document's checks (repeatable)."),
    option("--check", "wanted", multiple=True, metavar="ID", help="Only this check or row (repeatable)."),
    option("--severity", type=click.Choice([str(one) for one in SEVERITIES]), help="Only checks at least this severe."),
    option("--without", type=click.Choice(LEAVE_OUT), multiple=True, help="Leave a source out (repeatable)."),
    checks_option,
)  # fmt: skip
_judging_options = together(
    option("--fail-on", type=click.Choice(["critical", "warning", "new-critical", "new-warning"]), default="warning",
           show_default=True, help="Findings at least this severe (new-: only what is new) give exit code 1."),
    option("--allow-unknown", type=click.Choice([str(reason) for reason in Reason]), multiple=True, metavar="REASON",
           help="Not knowing for this reason does not give exit code 3 (repeatable; stands in the reports)."),
)  # fmt: skip


@click.group("fleet", invoke_without_command=True)
@_what_options
@_judging_options
@waivers_option
@asking_options
@option("--reports", type=file_path(file_okay=False), metavar="DIR", help="Keep each cluster's JSON report here.")
@option("--snapshots", type=file_path(file_okay=False), metavar="DIR", help="Keep each snapshot here; sensitive.")
@option("--dry-run", is_flag=True, help="Print what would be sent to each cluster; send nothing.")
@writing_options
@talk_options
@click.pass_context
def command(ctx: click.Context, /, **given: Any) -> int | None:
    """Audit every cluster of the cluster file, several at once, and draw one picture of them.

    --timeout and the budgets are those of each cluster. Nobody is asked for a password. A cluster that cannot be
    audited is named first: nothing is known of it.
    """
    if ctx.invoked_subcommand is None:
        return _fleet(**given)
    if strange := [name for name in ctx.params if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE]:
        word = next(param.opts[-1] for param in ctx.command.params if param.name == strange[0])
        raise click.UsageError(f"{word} stands before {ctx.invoked_subcommand}, and would do nothing: say it after it")
    return None


def _fleet(
    *,
    names: tuple[str, ...],
    part: str,
    runner: str,
    reports: Path | None,
    snapshots: Path | None,
    kind: str,
    output: Path | None,
    force: bool,
    dry_run: bool,
    **given: Any,
) -> int:
    from cucm_audit.fleet import FleetError, shard, where

    wishes = Wishes(**given, no_input=True)
    config = door.load(wishes.config_file, quiet=wishes.quiet)
    if config.path is None or not config.clusters:
        raise click.UsageError("there is no cluster in a cluster file: a fleet is what stands there (--config FILE)")
    try:
        cut, place = shard(part), where(runner)
    except FleetError as error:
        raise click.UsageError(str(error)) from None
    fleet = _chosen(config, names)
    _one_door_each(config, fleet)
    load_checks(wishes, config.checks)  # a mistake in them is said once, before anybody is asked
    if snapshots is not None and place.address:
        raise click.UsageError("--snapshots: what dask workers collect stays with them; use --reports, or threads:N")
    ours = cut.names(fleet)
    wishes = replace(wishes, config_file=config.path.resolve(), quiet=True)
    if dry_run:
        return _dry_run(config, ours, wishes, cut)
    refuse_own_sources((output,), wishes.reads)
    refuse_existing(output, force=force)
    keeper = _Keeper(reports, snapshots, force=force)
    keeper.ready(ours, output)
    tasks = [_task(name, wishes, keeper) for name in ours]
    with _stopping(snapshots) as (stop, folder):
        made = _audit(tasks, place, stop, folder, fleet, cut, keeper, quiet=given["quiet"])
        deliver(made, kind, output, force=force, colour=given["colour"], verbose=given["verbose"])
    if keeper.troubles:
        raise Problem(f"{len(keeper.troubles)} reports of clusters were not kept: {keeper.troubles[0]}")
    return code(made)


def _one_door_each(config: "Config", names: Iterable[str]) -> None:
    """Refuse a node that is the door of two clusters: it would be asked twice at once, at twice the pace."""
    doors: dict[tuple[str, int], str] = {}
    for name in names:
        cluster = config.clusters[name]
        other = doors.setdefault((cluster.node.casefold(), cluster.https_port), name)
        if other != name:
            door = f"{cluster.node}:{cluster.https_port}"
            raise click.UsageError(f"{config.path}: {other} and {name} have one door, {door}: they are one cluster")


def _chosen(config: "Config", names: tuple[str, ...]) -> list[str]:
    if strange := [name for name in names if name not in config.clusters]:
        raise click.UsageError(f"no cluster is called {strange[0]}; {config.path} has: {', '.join(config.clusters)}")
    return sorted(set(names) or config.clusters)


def _task(name: str, wishes: Wishes, keeper: "_Keeper") -> "Task":
    from cucm_audit.cli.fleet_work import Task

    own = replace(wishes, node=name, save=keeper.snapshot(name), force=keeper.force)
    return Task(cluster=name, run=uuid.uuid4().hex, wishes=own)


def _dry_run(config: "Config", ours: list[str], wishes: Wishes, cut: "Shard") -> int:
    from cucm_audit.cli.gather import dry_run

    checks = load_checks(wishes, config.checks)
    for name in ours:
        say(dry_run(config.clusters[name], checks, wishes))
    if not ours:
        say(f"No cluster is in shard {cut}: nothing would be sent.")
    return 0


class _Keeper:
    """Where each cluster's report and snapshot are kept, under names that any file system takes."""

    def __init__(self, reports: Path | None, snapshots: Path | None, *, force: bool) -> None:
        self.reports, self.snapshots, self.force = reports, snapshots, force
        self.troubles: list[str] = []

    def ready(self, names: Iterable[str], output: Path | None) -> None:
        """Make the folders. Raises Problem, before anybody is asked, when a file that would be written is there.

        Also when it could not be written, or ``output`` would take its place.
        """
        for folder in {self.reports, self.snapshots} - {None}:
            assert folder is not None
            try:
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            except OSError as error:
                raise Problem(f"{folder} cannot be made: {error.strerror}") from None
            if not os.access(folder, os.W_OK | os.X_OK):
                raise Problem(f"{folder} cannot be written: choose another folder, or mend its rights")
        place = output and resolved(output)
        for name in names:
            refuse_existing(self.report(name), force=self.force)
            refuse_existing(self.snapshot(name), force=self.force)
            if place is not None and place in {
                resolved(path) for path in (self.report(name), self.snapshot(name)) if path
            }:
                raise Problem(f"{output} is where that of {name} is kept: give the picture of all another name")

    def report(self, name: str) -> Path | None:
        return self.reports / f"{slug(name)}.json" if self.reports else None

    def snapshot(self, name: str) -> Path | None:
        return (self.snapshots / f"{slug(name)}.db").absolute() if self.snapshots else None

    def keep(self, name: str, text: str) -> str:
        """Write a report and return its file name; '' when none is kept.

        One that cannot be written is one of the ``troubles``, and costs no other cluster its place in the picture.
        """
        path = self.report(name)
        if path is None:
            return ""
        try:
            write_file(path, text, force=self.force)
        except Problem as error:
            self.troubles.append(str(error))
            return ""
        return path.name


@contextlib.contextmanager
def _stopping(snapshots: Path | None) -> Iterator[tuple[threading.Event, Path]]:
    """Yield what Ctrl-C sets, and the folder in which unfinished snapshots grow and go away, however the run ends."""
    from cucm_audit.cli.gather import stoppable

    stop = threading.Event()
    with tempfile.TemporaryDirectory(prefix=".cucm-audit-", dir=snapshots, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with stoppable(stop, folder / "any"):
            yield stop, folder


def _audit(
    tasks: "list[Task]",
    place: "Where",
    stop: threading.Event,
    folder: Path,
    fleet: list[str],
    cut: "Shard",
    keeper: _Keeper,
    *,
    quiet: bool,
) -> "FleetDocument":
    from datetime import UTC, datetime

    from cucm_audit.cli.fleet_work import audit_one
    from cucm_audit.fleet import MOST_TRIES, FleetError, Lost, executor, over
    from cucm_audit.reports.fleet_document import FleetDocument, Matrix, worst_first

    taken_at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    lines: list[ClusterLine] = []
    matrix = Matrix()
    work: Callable[[Task], Done] = audit_one if place.address else partial(audit_one, stop=stop, folder=folder)
    try:
        with executor(place) as pool:
            for done in over(tasks, work, pool, stop, 0 if place.address else MOST_TRIES):
                line = _lost(done) if isinstance(done, Lost) else _line(done, matrix, keeper)
                lines.append(line)
                _tell(line, len(lines), len(tasks), quiet=quiet)
    except FleetError as error:
        raise Problem(str(error)) from None
    return FleetDocument(
        version=__version__,
        taken_at=taken_at,
        shard=str(cut),
        fleet=tuple(fleet),
        interrupted=stop.is_set(),
        clusters=worst_first(lines),
        checks=matrix.lines(),
    )


def _line(done: "Done", matrix: "Matrix", keeper: _Keeper) -> "ClusterLine":
    from cucm_audit.reports.fleet_document import ClusterLine, line_of
    from cucm_audit.reports.json import ReportError, read

    name, run = done.task.cluster, done.task.run
    if not done.report:
        return ClusterLine(name=name, state="not_audited", says=done.says, run=run, exit_code=done.code)
    try:
        report = read(done.report)
    except ReportError as error:  # of a worker that runs another version
        says = f"its report cannot be read, is the worker's cucm-audit another one? {error}"
        return ClusterLine(name=name, state="not_audited", says=says, run=run)
    line = line_of(report, name=name, run=run, exit_code=done.code, file=keeper.keep(name, done.report))
    if line.state == "audited":
        matrix.take(name, report.outcomes)
    return line


def _lost(lost: "Lost[Task]") -> "ClusterLine":
    from cucm_audit.reports.fleet_document import ClusterLine

    return ClusterLine(
        name=lost.task.cluster,
        state="not_audited",
        says=lost.says,
        run=lost.task.run,
        interrupted=lost.interrupted,
    )


def _tell(line: "ClusterLine", number: int, of: int, *, quiet: bool) -> None:
    """Say on a terminal which cluster is done."""
    if not quiet and on_terminal():
        found = ", ".join(f"{line.findings.get(str(one), 0)} {one}" for one in SEVERITIES[:2])
        complain(f"[{number}/{of}] {line.name}: {found if line.state == 'audited' else line.says}")


command.add_command(merge)
