"""``cucm-audit fleet merge``: the parts of a fleet, or reports of single clusters, put together. Nothing is sent."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cucm_audit import __version__
from cucm_audit.cli import door
from cucm_audit.cli.console import Problem, refuse_existing, refuse_own_sources
from cucm_audit.cli.fleet_said import code, deliver, writing_options
from cucm_audit.cli.options import debug_option, file_path, option

if TYPE_CHECKING:
    from cucm_audit.reports.fleet_document import FleetDocument

MOST_BYTES = 512 * 1024 * 1024


@click.command("merge")
@click.argument("files", type=file_path(exists=True, dir_okay=False), nargs=-1, required=True, metavar="FILE...")
@option("--config", "config_file", type=file_path(dir_okay=False), metavar="FILE",
        help="The cluster file: its clusters are missed when no FILE has them.")  # fmt: skip
@writing_options
@option("-v", "--verbose", is_flag=True, help="All names.")
@debug_option
def merge(files: tuple[Path, ...], config_file: Path | None, kind: str, output: Path | None, force: bool,
          verbose: bool) -> int:  # fmt: skip
    """Put the JSON of several parts together, or the JSON reports of single clusters. Nothing is sent.

    A cluster that no FILE has is named as missing, and is not fine.
    """
    from cucm_audit.reports.fleet_document import FleetDocument
    from cucm_audit.reports.fleet_merged import merged

    refuse_own_sources((output,), files)
    refuse_existing(output, force=force)
    parts = [(str(file), _part(file)) for file in files]
    if config_file is not None:
        expected = tuple(sorted(door.load(config_file, quiet=True).clusters))
        taken_at, cut = min(part.taken_at for _, part in parts), parts[0][1].shard
        nobody = FleetDocument(
            version=__version__, taken_at=taken_at, shard=cut, fleet=expected, clusters=(), checks=()
        )
        parts = [*((name, _of_fleet(part, expected)) for name, part in parts), (str(config_file), nobody)]
    made = merged(parts)
    deliver(made, kind, output, force=force, colour="never", verbose=verbose)
    return code(made)


def _of_fleet(part: "FleetDocument", expected: tuple[str, ...]) -> "FleetDocument":
    """Let a report of a single cluster be one of the file's fleet."""
    import msgspec

    single = len(part.fleet) == 1 and part.fleet[0] in expected
    return msgspec.structs.replace(part, fleet=expected) if single else part


def _part(file: Path) -> "FleetDocument":
    """Read a part of a fleet, or one cluster's report as a fleet of one. Raises Problem, naming the file."""
    from cucm_audit.reports.fleet_document import FleetDocumentError, is_fleet, read

    if file.stat().st_size > MOST_BYTES:
        raise Problem(f"{file} is larger than any report: {file.stat().st_size} bytes")
    text = file.read_bytes()
    if not is_fleet(text):
        return _single(file)
    try:
        return read(text)
    except FleetDocumentError as error:
        raise Problem(f"{file}: {error}") from None


def _single(file: Path) -> "FleetDocument":
    from cucm_audit.cli.audit import Wishes, code_of
    from cucm_audit.cli.report import saved
    from cucm_audit.reports.fleet_document import FleetDocument, Matrix, line_of

    report, matrix = saved(file), Matrix()
    allowed = report.scope.get("allow_unknown", ())
    wishes = Wishes(allow_unknown=tuple(allowed) if isinstance(allowed, list | tuple) else ())
    line = line_of(report, name=report.cluster, run="", exit_code=code_of(report, wishes), file=file.name)
    if line.state == "audited":
        matrix.take(report.cluster, report.outcomes)
    return FleetDocument(
        version=report.version,
        taken_at=report.taken_at,
        shard="1/1",
        fleet=(report.cluster,),
        clusters=(line,),
        checks=matrix.lines(),
    )
