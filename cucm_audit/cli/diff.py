"""``cucm-audit diff A B``: two snapshots, compared. Nothing is sent."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cucm_audit.cli.console import Problem, refuse_own_sources, say, width, write_file
from cucm_audit.cli.options import file_path, option, output_options, talk_options

if TYPE_CHECKING:
    from cucm_audit.diff import Tolerance, Wanted
    from cucm_audit.snapshot import Snapshot


@click.command("diff")
@click.argument("one", type=file_path(exists=True, dir_okay=False), metavar="A")
@click.argument("other", type=file_path(exists=True, dir_okay=False), metavar="B")
@option("--table", "only", multiple=True, metavar="NAME", help="Only this table of facts (repeatable).")
@option("--volatile", is_flag=True, help="Also what changes by itself: times, counters, load.")
@option("--tolerance", "given", multiple=True, metavar="TABLE.COLUMN=N",
        help="A number may differ by N, or by a share (5%), of the older (repeatable).")  # fmt: skip
@option("--config", "config_file", type=file_path(dir_okay=False), metavar="FILE",
        help="The cluster file, for [cluster.NAME.tolerances].")  # fmt: skip
@output_options
@talk_options
def command(
    one: Path,
    other: Path,
    only: tuple[str, ...],
    volatile: bool,
    given: tuple[str, ...],
    config_file: Path | None,
    kind: str,
    output: Path | None,
    force: bool,
    quiet: bool,
    verbose: bool,
    colour: str,  # noqa: ARG001 - one set of options for all commands
) -> int:
    """Compare snapshot B with the older A, both of one cluster: new, gone, changed, no longer known.

    Exit: 0 the same, 1 something is different, 3 nothing is different but not everything could be compared.
    """
    from cucm_audit import kinship
    from cucm_audit.diff import diff
    from cucm_audit.reports import difference
    from cucm_audit.snapshot import Snapshot

    refuse_own_sources((output,), (one, other, config_file))
    older, newer = Snapshot.open(one), Snapshot.open(other)
    try:
        if says := kinship.strangers(kinship.of_snapshot(older, str(one)), kinship.of_snapshot(newer, str(other))):
            raise Problem(says)
        found = diff(older, newer, _wanted(older, only, volatile, given, config_file, quiet=quiet))
    finally:
        older.close()
        newer.close()
    text = difference.document(found) if kind == "json" else difference.text(found, width(), verbose=verbose)
    if output is None:
        say(text)
    else:
        write_file(output, text, force=force)
    return 1 if found.different else 3 if found.doubtful else 0


def _wanted(
    older: "Snapshot",
    only: tuple[str, ...],
    volatile: bool,
    given: tuple[str, ...],
    config_file: Path | None,
    *,
    quiet: bool,
) -> "Wanted":
    from cucm_audit.cli import door
    from cucm_audit.diff import Wanted, columns_of_facts

    known = columns_of_facts()
    names = {name.partition(".")[0] for name in known}
    for name in only:
        if name not in names:
            raise click.UsageError(f"there is no table of facts {name}; see checks/README.md")
    cluster = door.load(config_file, quiet=quiet).clusters.get(older.get_meta("cluster"))
    tolerances = dict(cluster.tolerances) if cluster is not None else {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign:
            raise click.UsageError(f"--tolerance {text}: write TABLE.COLUMN=N, as in disk.used_percent=5")
        tolerances[name] = value
    return Wanted(
        tables=frozenset(only),
        volatile=volatile,
        tolerances={name: _tolerance(name, value, known) for name, value in tolerances.items()},
    )


def _tolerance(name: str, value: str | float, known: frozenset[str]) -> "Tolerance":
    from difflib import get_close_matches

    from cucm_audit.diff import tolerance

    if name not in known:
        near = get_close_matches(name, sorted(known), n=1)
        raise Problem(f"tolerance {name}: no such column{f'; did you mean {near[0]}?' if near else ''}")
    try:
        return tolerance(value)
    except ValueError as error:
        raise Problem(f"tolerance {name}: {error}") from None
