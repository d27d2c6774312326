"""``cucm-audit snapshot``: evidence files."""

from pathlib import Path
from typing import Any

import click

from cucm_audit.cli.audit import Wishes, asking_options, load_checks
from cucm_audit.cli.console import Problem, say, width
from cucm_audit.cli.options import checks_option, debug_option, door_options, file_path, option, talk_options


@click.group("snapshot")
def command() -> None:
    """Save what a cluster tells, to be judged later with audit --from; show what is in a file; redact it."""


@command.command("save")
@click.argument("file", type=file_path(dir_okay=False))
@door_options
@option("--limit", multiple=True, metavar="NODE", help="Ask only this node for its own facts (repeatable).")
@option("--without", type=click.Choice(["ris", "services", "ssh", "web"]), multiple=True, help="Leave a source out.")
@checks_option
@asking_options
@option("--force", is_flag=True, help="Replace the file if it exists.")
@talk_options
def save(file: Path, **given: Any) -> int:
    """Collect a cluster into FILE and judge nothing. The file is sensitive; its mode is 0600."""
    from cucm_audit.cli import door
    from cucm_audit.cli.gather import gather
    from cucm_audit.model import State

    wishes = Wishes(**given, save=file)
    wishes.refuse_losses()
    config = door.load(wishes.config_file, quiet=wishes.quiet)
    cluster = door.resolve(wishes.node, config)
    with gather(cluster, config, load_checks(wishes, config.checks), wishes) as snapshot:
        states = [row.state for row in snapshot.gathered()]
        interrupted = snapshot.get_meta("interrupted") == "1"
    whole, lost = states.count(State.WHOLE), states.count(State.FAILED) + states.count(State.PARTIAL)
    say(f"{file}: {whole} facts whole, {lost} not; judge it with: cucm-audit audit --from {file}")
    if interrupted:
        return 130
    return 2 if not whole else 3 if lost else 0


@command.command("show")
@click.argument("file", type=file_path(exists=True, dir_okay=False))
@debug_option
def show(file: Path) -> None:
    """Show whose snapshot FILE is, when it was taken, and how each fact came back."""
    from cucm_audit.reports.text import columns
    from cucm_audit.snapshot import Snapshot

    snapshot = Snapshot.open(file)
    try:
        names = ("cluster", "cluster_id", "release", "via", "taken_at", "finished_at", "tool_version", "interrupted")
        about = [[name.replace("_", " "), snapshot.get_meta(name)] for name in names]
        gathered = snapshot.gathered()
    finally:
        snapshot.close()
    if not gathered:
        raise Problem(f"{file} holds no facts")
    rows = [[g.fact, g.node or "(cluster)", g.source, g.state, str(g.rows), g.reason or ""] for g in gathered]
    say(columns(("What", "Value"), about, width()))
    say("\n" + columns(("Fact", "Node", "Source", "State", "Rows", "Reason"), rows, width()))


@command.command("redact")
@click.argument("file", type=file_path(exists=True, dir_okay=False), metavar="IN.db")
@click.argument("copy", type=file_path(dir_okay=False), metavar="OUT.db")
@debug_option
def redact(file: Path, copy: Path) -> None:
    """Copy IN.db to OUT.db with made-up users, numbers, addresses, devices and hosts, to be judged like the original.

    Names are made up at random and nothing leads back to them. What Cisco calls by name, releases, loads and times
    stay; descriptions, raw answers and what was asked do not. Look at the copy before you give it away.
    """
    from cucm_audit.redact import redact as write
    from cucm_audit.snapshot import Snapshot

    snapshot = Snapshot.open(file)
    try:
        rows = write(snapshot, copy)
    finally:
        snapshot.close()
    say(f"{copy}: {rows} rows with made-up names; judge it with: cucm-audit audit --from {copy}")
