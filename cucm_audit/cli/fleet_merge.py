"""``cucm-audit fleet merge``: the parts of a fleet, or reports of single clusters, put together. Nothing is sent."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

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
    from cucm_audit.reports.fleet_document import FleetDocumentError
    from cucm_audit.reports.fleet_merged import merged

    refuse_own_sources((output,), (*files, config_file))
    refuse_existing(output, force=force)
    parts = [(str(file), _part(file)) for file in files]
    if config_file is not None:
        parts = _expecting(parts, config_file)
    try:
        made = merged(parts)
    except FleetDocumentError as error:
        raise Problem(str(error)) from None
    deliver(made, kind, output, force=force, colour="never", verbose=verbose)
    return code(made)


def _expecting(parts: "list[tuple[str, FleetDocument]]", config_file: Path) -> "list[tuple[str, FleetDocument]]":
    """Let all parts be of one fleet: the cluster file's, and what else they name, which is told."""
    import msgspec

    expected = set(door.load(config_file, quiet=True).clusters)
    if not expected:
        raise click.UsageError(f"there is no cluster in {config_file}")
    whole = tuple(sorted(expected.union(*(part.fleet for _, part in parts))))
    strange = [name for name in whole if name not in expected]
    notes = (f"not in the cluster file, by another name there or gone: {', '.join(strange)}",) if strange else ()
    of_it = [(name, msgspec.structs.replace(part, fleet=whole)) for name, part in parts]
    nobody = msgspec.structs.replace(of_it[0][1], interrupted=False, clusters=(), checks=(), notes=notes)
    return [*of_it, (str(config_file), nobody)]


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
    from cucm_audit.model import Reason
    from cucm_audit.reports.fleet_document import FleetDocument, Matrix, line_of

    report, matrix = saved(file), Matrix()
    said = report.scope.get("allow_unknown", ())
    allowed = [str(reason) for reason in Reason if isinstance(said, list | tuple) and str(reason) in said]
    wishes = Wishes(allow_unknown=tuple(allowed))
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
