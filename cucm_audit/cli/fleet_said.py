"""How a fleet is written, and which exit code it has: for the audit of one and for a merge of its parts."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cucm_audit.cli.console import colour_wanted, say, write_file
from cucm_audit.cli.exits import CLEAN, FOUND, INTERRUPTED, NOTHING, UNKNOWN
from cucm_audit.cli.options import file_path, option, together

if TYPE_CHECKING:
    from cucm_audit.reports.fleet_document import FleetDocument

writing_options = together(
    option("-f", "--format", "kind", type=click.Choice(["table", "json", "html", "csv"]), default="table",
           show_default=True, help="How the picture of all is written."),
    option("-o", "--output", type=file_path(dir_okay=False), metavar="FILE", help="Where to (standard output)."),
    option("--force", is_flag=True, help="Replace files that exist."),
)  # fmt: skip


def deliver(made: "FleetDocument", kind: str, output: Path | None, *, force: bool, colour: str, verbose: bool) -> None:
    """Print the picture of a fleet, or write it to a file."""
    from cucm_audit.cli.console import width
    from cucm_audit.reports import Style
    from cucm_audit.reports.fleet import FLEET

    painted = output is None and colour_wanted(colour)
    said = FLEET[kind](made, Style(width=width(), colour=painted, verbose=verbose))
    if output is None:
        say(said)
    else:
        write_file(output, said, force=force)


def code(made: "FleetDocument") -> int:
    """Return the exit code of a fleet: as for one cluster, a cluster of which nothing is known being unknown."""
    codes = {line.exit_code for line in made.clusters if line.state == "audited"}
    if made.interrupted:
        return INTERRUPTED
    if not codes:
        return NOTHING
    if FOUND in codes:
        return FOUND
    whole = all(line.state == "audited" for line in made.clusters)
    return CLEAN if whole and codes == {CLEAN} else UNKNOWN
