"""``--waivers``: which files count, read before a cluster is asked for nothing, and laid over the report."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cucm_audit.cli.console import complain
from cucm_audit.cli.options import file_path, option
from cucm_audit.model import Report

if TYPE_CHECKING:
    from cucm_audit.checks import Checks
    from cucm_audit.config import Config
    from cucm_audit.waivers import Waiver

waivers_option = option("--waivers", type=file_path(exists=True, dir_okay=False), metavar="FILE",
                        help="Findings that are accepted, instead of those of the cluster file.")  # fmt: skip


def files(given: Path | None, config: "Config", cluster: str) -> tuple[Path, ...]:
    """Return the files of waivers that count for a cluster: the option's, else those of the cluster file."""
    if given is not None:
        return (given,)
    entry = config.clusters.get(cluster)
    return config.waivers + (entry.waivers if entry is not None else ())


def accepted(paths: Sequence[Path], checks: "Checks") -> "tuple[Waiver, ...]":
    """Read the waivers. Raises WaiverError with file, line and the next step.

    A file that everybody may write is a warning, also in a quiet run: anybody could accept anything in it.
    """
    if not paths:
        return ()
    from cucm_audit.config import writable_by_others
    from cucm_audit.waivers import read

    for path in paths:
        for warning in writable_by_others(path) if path.is_file() else ():
            complain(f"warning: {warning}")

    known = {check.id: check.aliases for check in checks.checks.values()}
    return tuple(waiver for path in dict.fromkeys(paths) for waiver in read(path, known, _today()))


def mark(report: Report, waivers: "Sequence[Waiver]") -> Report:
    """Lay waivers over a report, as of today."""
    if not waivers:
        return report
    from cucm_audit.waivers import apply

    return apply(report, waivers, _today())


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()
