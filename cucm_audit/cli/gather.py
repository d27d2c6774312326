"""A live run for the command line: accounts, lock, Ctrl-C, progress, the snapshot file, and the dry run."""

import contextlib
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from cucm_audit.cli import door
from cucm_audit.cli.audit import Wishes, scope, selection
from cucm_audit.cli.console import Problem, complain, move, resolved, show_cursor
from cucm_audit.cli.lock import locked
from cucm_audit.cli.options import state_folder
from cucm_audit.cli.progress import progress
from cucm_audit.cli.runs import begin, notice_of
from cucm_audit.config import Cluster, Config
from cucm_audit.model import Source
from cucm_audit.shortage import too_little_room

if TYPE_CHECKING:
    from cucm_audit.checks import Checks
    from cucm_audit.clients.journal import Journal
    from cucm_audit.plan import Options
    from cucm_audit.snapshot import Snapshot

#: The setting that says who asks.
AUDIT_USER = "audit-user"
#: Facts that leave a trace on a node, or whose query is heavy on a large cluster: asked only for a check by name.
BY_NAME = frozenset({"diagnostic", "phone_without_line", "unused_number", "phone_seen", "user_without_device"})
#: A share above it is never reached: the check would pass whatever it sees.
_WHOLE = 100
#: Seconds after Ctrl-C in which the run has to end, its report written.
PATIENCE = 2.0


@contextlib.contextmanager
def gather(
    cluster: Cluster,
    config: Config,
    checks: "Checks",
    wishes: Wishes,
    *,
    tell_cost: bool = True,
    stop: threading.Event | None = None,
    folder: Path | None = None,
) -> "Iterator[Snapshot]":
    """Ask the cluster and yield the finished snapshot, which is kept only with ``--save``.

    What it cost is told on standard error, however it ends; without ``tell_cost`` only when it ended badly. ``stop``
    ends it when somebody else hears Ctrl-C; the snapshot grows in ``folder``, on the file system where it is kept.
    """
    from cucm_audit.clients.journal import Journal

    journal = Journal()
    cost = _Cost(journal, quiet=wishes.quiet)
    try:
        with _asked(cluster, config, checks, wishes, journal, cost, stop, folder) as snapshot:
            yield snapshot
    except BaseException:
        cost.tell()
        raise
    if tell_cost:
        cost.tell()


class _Cost:
    """What was sent so far, told once."""

    def __init__(self, journal: "Journal", *, quiet: bool) -> None:
        self._journal, self._quiet = journal, quiet
        self._begun: float | None = None

    def begins(self) -> None:
        """Count from here: the call was in order, and there is something to tell, even when nothing will be sent."""
        self._begun = time.monotonic()

    def tell(self) -> None:
        """Say it on standard error."""
        from cucm_audit.reports.cost import parts

        if self._begun is not None and not self._quiet:
            complain(" ".join(parts({**self._journal.counts(), "seconds": time.monotonic() - self._begun})))
        self._begun = None


@contextlib.contextmanager
def _asked(
    cluster: Cluster,
    config: Config,
    checks: "Checks",
    wishes: Wishes,
    journal: "Journal",
    cost: _Cost,
    stop: threading.Event | None,
    folder: Path | None,
) -> "Iterator[Snapshot]":
    from cucm_audit.collect import collect
    from cucm_audit.connect import Accounts
    from cucm_audit.trust import TrustStore

    if says := too_little_room():
        raise Problem(says)
    state = state_folder(wishes.state_dir)
    options = run_options(cluster, checks, wishes)
    if stop is not None:
        options = replace(options, stop=stop)
    trust = TrustStore(state / "trust.toml")
    application, platform = door.accounts(
        cluster,
        config,
        user=wishes.user,
        os_user=wishes.os_user,
        no_input=wishes.no_input,
        without_ssh=Source.SSH in options.without,
    )
    accounts = Accounts(application=application, platform=platform)
    options = _knowing(options, application.user if application else "")
    notice = notice_of(quiet=wishes.quiet)
    cost.begins()
    with (
        locked(state, cluster.name, notice),
        _place(wishes.save, folder) as path,
        stoppable(options.stop, path, cost.tell),
    ):
        begin(state, cluster, notice)
        with progress(quiet=wishes.quiet) as told, _said_plainly():
            snapshot = collect(
                cluster, path=path, trust=trust, accounts=accounts, options=options, progress=told, journal=journal
            )
        interrupted = snapshot.get_meta("interrupted") == "1"
        try:
            yield snapshot
        finally:
            snapshot.close()
        if wishes.save is not None:
            _keep(path, wishes.save, force=wishes.force)
        if options.stop.is_set() and not interrupted:  # all was asked; Ctrl-C came while it was judged
            raise KeyboardInterrupt


@contextlib.contextmanager
def _said_plainly() -> Iterator[None]:
    from cucm_audit.plan import NoSuchNode

    try:
        yield
    except NoSuchNode as error:
        raise Problem(str(error)) from None


def _knowing(options: "Options", user: str) -> "Options":
    """Tell the checks which application user asks, where one of them wants to know and nobody has told it."""
    if options.settings.get(AUDIT_USER) != "":
        return options
    return replace(options, settings={**options.settings, AUDIT_USER: user})


def run_options(cluster: Cluster, checks: "Checks", wishes: Wishes) -> "Options":
    """Return how the run is limited: only the facts that the wanted checks read are asked."""
    from cucm_audit.plan import Options

    return Options(
        tables=_tables(checks, wishes),
        without=frozenset(Source(word) for word in wishes.without),
        limit=wishes.limit,
        pace=wishes.pace,
        axl_a_second=wishes.axl_a_second,
        timeout=timeout_of(cluster, wishes),
        timeout_factor=cluster.timeout_factor if wishes.timeout_factor is None else wishes.timeout_factor,
        most_requests=cluster.budget.requests,
        most_rows=cluster.budget.rows,
        registration=wishes.registration or cluster.registration,
        gentle=cluster.gentle if wishes.gentle is None else wishes.gentle,
        ca_file=str(wishes.ca_file) if wishes.ca_file else None,
        settings=_settings(cluster, checks),
        api_users=cluster.api_users,
        bad_loads=checks.bad_loads,
        knowledge={table: rows for table, rows in checks.knowledge.items() if table != "bad_load"},
        target=wishes.target,
        scope=scope(wishes),
    )


def timeout_of(cluster: Cluster, wishes: Wishes) -> float:
    """Return how many seconds the whole run may take."""
    return cluster.budget.seconds if wishes.timeout is None else wishes.timeout


def _tables(checks: "Checks", wishes: Wishes) -> frozenset[str] | None:
    """Return the facts that the wanted checks read; None (all) when everything is wanted or a snapshot is kept."""
    if wishes.tables is not None:
        return wishes.tables
    if wishes.save or not (wishes.documents or wishes.wanted or wishes.severity):
        return None
    from cucm_audit.facts import Per, facts
    from cucm_audit.snapshot import Snapshot

    only, empty = selection(wishes), Snapshot.memory()
    wanted = [check for name, check in checks.checks.items() if only.has_check(check, checks.rows_of(name))]
    reads = [empty.reads(check.sql) for check in wanted]
    empty.close()
    tables = frozenset(table for read in reads for table in read.every)
    sessions = {fact.table for fact in facts() if fact.source is Source.SSH and fact.per in (Per.NODE, Per.VOICE_NODE)}
    if tables & sessions and any("is_host(" in check.sql for check in wanted):
        tables |= {"cluster_member"}  # what the machines call themselves; no reason to open sessions for it alone
    return tables if wishes.wanted else tables - BY_NAME


def _settings(cluster: Cluster, checks: "Checks") -> dict[str, Any]:
    """Return the thresholds: the file's over the checks' own. One that no check reads is refused."""
    import difflib

    for name, value in cluster.settings.items():
        if name not in checks.settings:
            near = difflib.get_close_matches(name, list(checks.settings), n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise Problem(f"[cluster.{cluster.name}.settings]: no check reads {name!r}{hint}")
        if _kind(value) is not _kind(checks.settings[name]):
            meant = type(checks.settings[name]).__name__
            raise Problem(f"[cluster.{cluster.name}.settings]: {name}: expected {meant}, got {type(value).__name__}")
        if not isinstance(value, str) and value < 0:  # a limit below nothing is one that is never reached, or always
            raise Problem(f"[cluster.{cluster.name}.settings]: {name}: expected 0 or more, got {value}")
        if not isinstance(value, str) and name.endswith("-percent") and value > _WHOLE:
            raise Problem(f"[cluster.{cluster.name}.settings]: {name}: expected {_WHOLE} or less, got {value}")
    return {**checks.settings, **cluster.settings}


def _kind(value: object) -> type:
    """Return what a setting is, numbers being of one kind; true and false are none."""
    return float if isinstance(value, int | float) and not isinstance(value, bool) else type(value)


def dry_run(cluster: Cluster, checks: "Checks", wishes: Wishes) -> str:
    """Return every operation and command that a run would send, by node. Sends nothing, asks for no password."""
    from cucm_audit.facts import asked_as
    from cucm_audit.plan import plan
    from cucm_audit.reports.sanitize import visible

    options = run_options(cluster, checks, wishes)
    planned = plan(cluster, asked_as(options.registration), "", options=options)
    lines = [f"Would be sent to cluster {cluster.name} through {cluster.node}:{cluster.https_port}; nothing was sent."]
    lines.append(
        "The release is not known yet: where releases differ, every variant is listed and one of them is sent."
    )
    for node in dict.fromkeys(one.node for one in planned):
        lines.append(f"\n{visible(node)}")
        for one in planned:
            if one.node == node:
                when = f"   (only if {one.only_if})" if one.only_if else ""
                lines.append(f"  {one.source:<8}  {visible(one.operation)}{when}")
    return "\n".join(lines) + "\n"


@contextlib.contextmanager
def _place(save: Path | None, folder: Path | None) -> Iterator[Path]:
    """Yield where the snapshot grows: in ``folder``, which goes away, or beside its last place. Its owner reads it."""
    parent = folder if folder is not None or save is None else resolved(save).parent
    try:
        place = tempfile.TemporaryDirectory(prefix=".cucm-audit-", dir=parent, ignore_cleanup_errors=True)
    except OSError as error:
        raise Problem(f"{parent or tempfile.gettempdir()} cannot be written: {error.strerror}") from None
    with place as name:
        yield Path(name) / "snapshot.db"


def _keep(path: Path, save: Path, *, force: bool) -> None:
    try:
        move(path, resolved(save), force=force)
    except FileExistsError:
        raise Problem(f"{save} came into being meanwhile: give another name, or --force to replace it") from None
    except OSError as error:
        raise Problem(f"{save} cannot be written: {error.strerror}") from None


@contextlib.contextmanager
def stoppable(
    stop: threading.Event, path: Path | None = None, last_words: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Let Ctrl-C end the run with what it has, and a second one (or SIGTERM, SIGHUP) at once.

    If the run is not over after ``PATIENCE`` seconds it is left: 130 in time is a promise to the person at the keys.
    ``last_words`` are said before that.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    timers: list[threading.Timer] = []

    def leave(code: int) -> None:
        last_words()
        if path is not None:
            _sweep(path.parent)
        show_cursor()
        os._exit(code)

    def interrupted(number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGINT or stop.is_set():
            leave(128 + number)
        stop.set()
        complain("stopping ...")
        timers.append(threading.Timer(PATIENCE - 0.2, leave, [130]))
        timers[0].daemon = True
        timers[0].start()

    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]
    before = {number: signal.signal(number, interrupted) for number in numbers}
    try:
        yield
    finally:
        for timer in timers:
            timer.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)


def _sweep(folder: Path) -> None:
    """Remove the temporary folder of an unfinished snapshot."""
    import shutil

    for _ in range(3):  # who still writes there may be in the way once
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
