"""``cucm-audit report FILE``: a saved JSON report or a snapshot, rendered again. Nothing is sent."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cucm_audit.cli import door
from cucm_audit.cli.accepted import accepted, files, mark, waivers_option
from cucm_audit.cli.audit import PLUGIN, plugin_state, rendered
from cucm_audit.cli.console import Problem, colour_wanted, refuse_own_sources, say, write_file
from cucm_audit.cli.exits import UNKNOWN
from cucm_audit.cli.options import Number, checks_option, file_path, report_options, talk_options
from cucm_audit.config import Config
from cucm_audit.model import Report

if TYPE_CHECKING:
    from cucm_audit.checks import Checks

MOST_BYTES = 512 * 1024 * 1024


@click.command("report")
@click.argument("file", type=file_path(exists=True, dir_okay=False))
@checks_option
@waivers_option
@click.option("--max-age", type=Number(min=0), metavar="HOURS",
              help="An older report is not known any more: exit code 3.")  # fmt: skip
@report_options
@talk_options
def command(
    file: Path,
    check_folders: tuple[Path, ...],
    waivers: Path | None,
    max_age: float | None,
    kind: str,
    output: Path | None,
    force: bool,
    quiet: bool,  # noqa: ARG001 - one set of options for all commands
    verbose: bool,
    colour: str,
) -> int:
    """Render a saved JSON report or a snapshot again, offline."""
    refuse_own_sources((output,), (file, waivers))
    report = load(file, check_folders, waivers)
    if max_age is not None:
        _refuse_old(report, max_age)
    text = rendered(report, kind, colour=output is None and colour_wanted(colour), verbose=verbose)
    if output is None:
        say(text)
    else:
        write_file(output, text, force=force)
    return plugin_state(report) if kind == PLUGIN else 0


def _refuse_old(report: Report, hours: float) -> None:
    """Refuse to show a report that is older than so many hours (or from the future) as if it were of now."""
    from datetime import UTC, datetime

    try:
        taken = datetime.fromisoformat(report.taken_at).replace(tzinfo=UTC)
    except ValueError:
        raise Problem("the report does not say when it was taken", code=UNKNOWN) from None
    age = (datetime.now(UTC) - taken).total_seconds() / 3600
    if age > hours or age < -1:
        when = f"{age:.1f} hours ago" if age > 0 else "in the future"
        raise Problem(
            f"the last report is of {report.taken_at} UTC, {when} (--max-age {hours:g}): does the audit still run?",
            code=UNKNOWN,
        )


def load(file: Path, check_folders: tuple[Path, ...] = (), waivers: Path | None = None) -> Report:
    """Return the report of a JSON document, or that of a snapshot judged now.

    A document keeps the waivers that it was written with, unless others are given.
    """
    if is_snapshot(file):
        return _judged(file, check_folders, waivers)
    report = saved(file)
    if waivers is None:
        return report
    return mark(report, accepted((waivers,), _checks(check_folders, door.load(None, quiet=True))))


def is_snapshot(file: Path) -> bool:
    """Say whether a file is a snapshot, rather than a report."""
    with file.open("rb") as stream:
        return stream.read(16) == b"SQLite format 3\0"


def saved(file: Path) -> Report:
    """Return the report of a JSON document. Raises Problem when it is none."""
    if file.stat().st_size > MOST_BYTES:
        raise Problem(f"{file} is larger than any report: {file.stat().st_size} bytes")
    from cucm_audit.reports.json import ReportError, read

    try:
        return read(file.read_bytes())
    except ReportError as error:
        raise Problem(f"{file}: {error}") from None


def _checks(check_folders: tuple[Path, ...], config: Config) -> "Checks":
    from cucm_audit.checks import load as load_checks
    from cucm_audit.proof import prove

    return prove(load_checks((*config.checks, *check_folders)))


def _judged(file: Path, check_folders: tuple[Path, ...], waivers: Path | None) -> Report:
    from datetime import UTC, datetime

    from cucm_audit import __version__
    from cucm_audit.judge import judge
    from cucm_audit.snapshot import Snapshot

    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    config = door.load(None, quiet=True)
    checks = _checks(check_folders, config)
    snapshot = Snapshot.open(file)
    try:
        entries = accepted(files(waivers, config, snapshot.get_meta("cluster")), checks)
        checks.lend(snapshot)
        return mark(judge(snapshot, checks, judged_at=now, version=__version__), entries)
    finally:
        snapshot.close()
