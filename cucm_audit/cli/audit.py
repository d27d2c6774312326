"""``cucm-audit audit``, and the bare call: collect, judge, report."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cucm_audit import __version__
from cucm_audit.cli.accepted import accepted, files, mark, waivers_option
from cucm_audit.cli.baseline import baseline, baseline_option, beside
from cucm_audit.cli.console import colour_wanted, complain, refuse_existing, refuse_own_sources, say, width, write_file
from cucm_audit.cli.exits import exit_code, nothing_audited
from cucm_audit.cli.options import (
    Number,
    Once,
    checks_option,
    door_options,
    file_path,
    option,
    report_options,
    state_folder,
    talk_options,
    together,
)
from cucm_audit.model import SEVERITIES, Reason, Report, Severity, Source

if TYPE_CHECKING:
    from cucm_audit.checks import Checks
    from cucm_audit.config import Cluster, Config
    from cucm_audit.judge import Selection

#: The format of monitoring plugins, whose exit codes are their own: 0 ok, 1 warning, 2 critical, 3 unknown.
PLUGIN = "nagios"
#: Seconds in which a run is judged whose time was used up by asking.
LAST_WORDS = 1.5
#: Sources that can be left out. AXL is the one through which the nodes are found.
LEAVE_OUT = [str(source) for source in Source if source is not Source.AXL]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The options of an audit, as they were given."""

    node: str | None = None
    user: str | None = None
    os_user: str | None = None
    config_file: Path | None = None
    state_dir: Path | None = None
    ca_file: Path | None = None
    no_input: bool = False
    limit: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    severity: str | None = None
    fail_on: str = "warning"
    without: tuple[str, ...] = ()
    allow_unknown: tuple[str, ...] = ()
    save: Path | None = None
    before: Path | None = None
    target: str = ""
    waivers: Path | None = None
    baseline: Path | None = None
    from_file: Path | None = None
    check_folders: tuple[Path, ...] = ()
    tables: frozenset[str] | None = None
    timeout: float | None = None
    timeout_factor: float | None = None
    gentle: bool | None = None
    registration: str | None = None
    pace: float = 2 / 3
    axl_a_second: float | None = None
    dry_run: bool = False
    show_config: bool = False
    kind: str = "table"
    output: Path | None = None
    force: bool = False
    quiet: bool = False
    verbose: bool = False
    colour: str = "auto"

    @property
    def reads(self) -> tuple[Path | None, ...]:
        """Return the files that the command reads, and that have to stay.

        A baseline may make room for its successor, which is JSON too.
        """
        older = None if self.kind == "json" else self.baseline
        return self.from_file, self.before, older, self.waivers, self.config_file, self.ca_file

    def refuse_losses(self) -> None:
        """Raise Problem when what is to be written would take the place of a file that is there, or that is read."""
        refuse_own_sources((self.save, self.output), self.reads)
        refuse_existing(self.output, force=self.force)
        refuse_existing(self.save, force=self.force)


class _Pace(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4 only
    """``full`` or a share of the cluster's own limit."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the share, above 0 and at most 1."""
        try:
            share = 1.0 if value == "full" else float(value)
        except ValueError:
            share = 0.0
        if not 0 < share <= 1:
            self.fail(f"{value!r}: 'full', or a share above 0 and at most 1", param, ctx)
        return share


def _severities() -> click.Choice[str]:
    return click.Choice([str(severity) for severity in SEVERITIES])


#: What is asked and judged.
scope_options = together(
    option("--limit", multiple=True, metavar="NODE", help="Ask only this node for its own facts (repeatable)."),
    option("--document", "documents", multiple=True, metavar="ID", help="Only this document's checks (repeatable)."),
    option("--check", "wanted", multiple=True, metavar="ID", help="Only this check or row (repeatable)."),
    option("--severity", type=_severities(), help="Only checks at least this severe."),
    option("--without", type=click.Choice(LEAVE_OUT), multiple=True, help="Leave a source out (repeatable)."),
    checks_option,
)


class _Release(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4 only
    """A release as far as it is known: 15, 15.0.1.12900, 15.0.1.12900-234."""

    name = "release"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the release as it was written."""
        from cucm_audit.words import numbers

        if value and numbers(str(value)) is None:
            self.fail(f"{value!r} is no release: write it as 15, 14.0.1 or 15.0.1.12900-234", param, ctx)
        return str(value)


before_option = option("--before", cls=Once, type=file_path(exists=True, dir_okay=False), metavar="FILE",
                       help="A snapshot from before: checks that compare with it apply then.")  # fmt: skip
target_option = option("--target", type=_Release(), default="", metavar="RELEASE",
                       help="The release that an upgrade goes to: 15, 15.0.1.12900.")  # fmt: skip
upgrade_options = together(before_option, target_option)

#: How the cluster is asked.
asking_options = together(
    option("--timeout", type=Number(min=1), default=None, show_default="3600", metavar="SECONDS",
           help="For the whole run; what was not asked by then is unknown."),
    option("--timeout-factor", type=Number(min=0, min_open=True, max=100), default=None, show_default="1",
           metavar="FACTOR", help="Stretches every other time limit: 4 for a slow line."),
    option("--gentle/--no-gentle", "gentle", default=None, show_default="where a node says that it is ill",
           help="Slowly, one thing at a time, without what is dear; that is unknown then."),
    option("--registration", type=click.Choice(["ris", "database"]), default=None, show_default="ris",
           help="Whom to ask where phones are registered; nobody has verified how fresh the database is."),
    option("--pace", type=_Pace(), default="0.667", show_default="two thirds", metavar="SHARE",
           help="Share of the cluster's own limit of RIS queries a minute; 'full' for all of it."),
)  # fmt: skip


@click.command("audit")
@door_options
@scope_options
@option("--fail-on", type=click.Choice(["critical", "warning", "new-critical", "new-warning"]), default="warning",
        show_default=True, help="Findings at least this severe (new-: only what is new) give exit code 1.")  # fmt: skip
@option("--allow-unknown", type=click.Choice([str(reason) for reason in Reason]), multiple=True, metavar="REASON",
        help="Not knowing for this reason does not give exit code 3 (repeatable; stands in the report).")  # fmt: skip
@option("--save", type=file_path(dir_okay=False), metavar="FILE", help="Keep the snapshot; it is sensitive.")
@option("--from", "from_file", cls=Once, type=file_path(exists=True, dir_okay=False), metavar="FILE",
        help="Judge a saved snapshot; nothing is sent.")  # fmt: skip
@upgrade_options
@waivers_option
@baseline_option
@asking_options
@option("--dry-run", is_flag=True, help="Print every operation and command that would be sent; send nothing.")
@option("--show-config", is_flag=True, help="Print each value and where it comes from; send nothing.")
@report_options
@talk_options
@click.pass_context
def command(ctx: click.Context, /, **given: Any) -> int:
    """Collect what the cluster says, judge it, and report: read-only."""
    wishes = Wishes(**given)
    _warn_strange_variables(quiet=wishes.quiet)
    if wishes.show_config:
        from cucm_audit.cli.show_config import show

        return show(ctx, wishes)
    wishes.refuse_losses()
    if wishes.before is not None:
        from cucm_audit.cli.before import look

        look(wishes.before)  # before a cluster is asked for nothing
    return _from_file(wishes) if wishes.from_file else _live(wishes)


def _warn_strange_variables(*, quiet: bool) -> None:
    import os

    from cucm_audit.cli.options import strange_variables

    if not quiet and any(name.startswith("CUCM_AUDIT_") for name in os.environ):
        for name in strange_variables(dict(os.environ)):
            complain(f"warning: no option reads {name}")


def _from_file(wishes: Wishes) -> int:
    from cucm_audit.cli.door import load
    from cucm_audit.snapshot import Snapshot

    refuse_together(wishes)
    assert wishes.from_file is not None
    config = load(wishes.config_file, quiet=True)
    checks = load_checks(wishes, config.checks)
    snapshot = Snapshot.open(wishes.from_file)
    waivers = accepted(files(wishes.waivers, config, snapshot.get_meta("cluster")), checks)
    older = baseline(wishes, checks)
    report = mark(judged(snapshot, checks, wishes), waivers)
    return deliver(beside(report, older, wishes.baseline), wishes)


def refuse_together(wishes: Wishes) -> None:
    """Refuse options that a saved snapshot would silently ignore."""
    live = {"--node": wishes.node, "--limit": wishes.limit, "--without": wishes.without, "--save": wishes.save,
            "--dry-run": wishes.dry_run, "--registration": wishes.registration,
            "--user": wishes.user, "--os-user": wishes.os_user}  # fmt: skip
    if used := [name for name, value in live.items() if value]:
        raise click.UsageError(f"--from judges a file: {', '.join(used)} cannot be used with it")


def _live(wishes: Wishes) -> int:
    from cucm_audit.cli import door
    from cucm_audit.cli.gather import dry_run

    config = door.load(wishes.config_file, quiet=wishes.quiet)
    cluster = door.resolve(wishes.node, config)
    checks = load_checks(wishes, config.checks)
    if wishes.dry_run:
        say(dry_run(cluster, checks, wishes))
        return 0
    older = baseline(wishes, checks)
    in_report = wishes.kind == "table" and wishes.output is None  # what it cost stands there
    report, remember = asked(cluster, config, checks, wishes, tell_cost=not in_report)
    code = deliver(beside(report, older, wishes.baseline), wishes)
    remember()  # not before its reader could have it
    return code


def asked(
    cluster: "Cluster", config: "Config", checks: "Checks", wishes: Wishes, *, tell_cost: bool = True, **how: Any
) -> tuple[Report, Callable[[], None]]:
    """Ask a cluster and judge it; return the report, compared with the last run, and what remembers this one.

    ``how`` is passed to ``gather``: a ``stop`` that others set, a ``folder`` for what is not kept.
    """
    from cucm_audit.cli import runs
    from cucm_audit.cli.gather import gather, timeout_of
    from cucm_audit.history import kind_of

    waivers = accepted(files(wishes.waivers, config, cluster.name), checks)
    with gather(cluster, config, checks, wishes, tell_cost=tell_cost, **how) as snapshot:
        report = mark(judged(snapshot, checks, wishes, timeout_of(cluster, wishes)), waivers)
    state, notice = state_folder(wishes.state_dir), runs.notice_of(quiet=wishes.quiet)
    kind = kind_of("audit", report.scope)
    report = runs.since_last(report, state, kind, notice)
    return report, lambda: runs.remember(report, state, kind, notice)


def code_of(report: Report, wishes: Wishes) -> int:
    """Return the exit code that a report has under the user's options."""
    allowed = {Reason(word) for word in wishes.allow_unknown}
    severity = Severity(wishes.fail_on.removeprefix("new-"))
    return exit_code(report, fail_on=severity, allowed=allowed, only_new=wishes.fail_on.startswith("new-"))


def load_checks(wishes: Wishes, folders: tuple[Path, ...]) -> "Checks":
    """Read the checks, try those that are not ours, and refuse names that none of them has."""
    from cucm_audit.checks import load
    from cucm_audit.cli.checks import refuse_unknown
    from cucm_audit.proof import prove

    checks = prove(load((*folders, *wishes.check_folders)))
    refuse_unknown(checks, wishes.documents, wishes.wanted)
    return checks


def selection(wishes: Wishes) -> "Selection":
    """Return which part of the checks is judged."""
    from cucm_audit.judge import Selection

    severe = SEVERITIES[: SEVERITIES.index(Severity(wishes.severity)) + 1] if wishes.severity else ()
    return Selection(
        documents=frozenset(wishes.documents), checks=frozenset(wishes.wanted), severities=frozenset(severe)
    )


def scope(wishes: Wishes) -> dict[str, Any]:
    """Return what the user left out, for the head of every report."""
    asked: Mapping[str, Any] = {
        "limit": wishes.limit,
        "without": wishes.without,
        "document": wishes.documents,
        "check": wishes.wanted,
        "severity": wishes.severity,
        "allow_unknown": wishes.allow_unknown,
        "target": wishes.target,
        "before": str(wishes.before or ""),
    }
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asked.items() if value}


def judged(snapshot: Any, checks: "Checks", wishes: Wishes, budget: float | None = None) -> Report:
    """Judge a snapshot now, as the options say.

    ``budget`` are the seconds of a live run as a whole: what asking has left of them is for judging, and a little more.
    """
    from datetime import UTC, datetime

    from cucm_audit.judge import JUDGING, judge

    spent = float(snapshot.get_json("cost").get("seconds", 0))
    seconds = JUDGING if budget is None else min(JUDGING, max(LAST_WORDS, budget - spent))

    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    checks.lend(snapshot, wishes.target)
    if wishes.before is not None:
        from cucm_audit.cli.before import beside

        beside(snapshot, wishes.before)
    report = judge(snapshot, checks, judged_at=now, version=__version__, only=selection(wishes), seconds=seconds)
    return replace(report, scope={**report.scope, **scope(wishes)})


def rendered(report: Report, kind: str, *, colour: bool = False, verbose: bool = False) -> str:
    """Return the report in a format."""
    from cucm_audit.reports import REPORTS, Style

    return REPORTS[kind](report, Style(width=width(), colour=colour, verbose=verbose))


def plugin_state(report: Report) -> int:
    """Return the state of a monitoring plugin, which is its exit code."""
    from cucm_audit.reports.nagios import state

    return state(report)


def deliver(report: Report, wishes: Wishes) -> int:
    """Print or write the report and return the exit code."""
    colour = wishes.output is None and colour_wanted(wishes.colour)
    text = rendered(report, wishes.kind, colour=colour, verbose=wishes.verbose)
    if wishes.output is None:
        say(text)
    else:
        write_file(wishes.output, text, force=wishes.force)
    if wishes.kind == PLUGIN:
        return plugin_state(report)
    if nothing_audited(report) and not report.interrupted:
        complain("cucm-audit: nothing at all could be audited")
    return code_of(report, wishes)
