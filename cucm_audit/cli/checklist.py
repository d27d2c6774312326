"""``cucm-audit checklist``: before an upgrade go or no-go, after it what is different and what did not come back."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cucm_audit.cli.accepted import accepted, files, mark, waivers_option
from cucm_audit.cli.audit import (
    Wishes,
    asking_options,
    before_option,
    judged,
    load_checks,
    refuse_together,
    target_option,
)
from cucm_audit.cli.before import identity, look
from cucm_audit.cli.console import say, width, write_file
from cucm_audit.cli.exits import INTERRUPTED, NOTHING, nothing_audited
from cucm_audit.cli.options import (
    Once,
    checks_option,
    door_options,
    file_path,
    option,
    output_options,
    state_folder,
    talk_options,
    together,
)
from cucm_audit.config import Config

if TYPE_CHECKING:
    from cucm_audit.checklist import Checklist
    from cucm_audit.checks import Checks
    from cucm_audit.model import Report

_EXITS = {"go": 0, "no-go": 1, "not-known": 3}

_source_options = together(
    option("--without", type=click.Choice(["ris", "services", "ssh", "web"]), multiple=True,
           help="Leave a source out (repeatable): the verdict is then not known at best."),
    option("--from", "from_file", cls=Once, type=file_path(exists=True, dir_okay=False), metavar="FILE",
           help="Judge a saved snapshot; nothing is sent."),
    waivers_option,
    checks_option,
)  # fmt: skip


@click.group("checklist")
def command() -> None:
    """Go or no-go for an upgrade: before it, and after it. Exit: 0 go, 1 no-go, 3 not known, 2 and 130 as ever."""


@command.command("before-upgrade")
@door_options
@target_option
@option("--save", type=file_path(dir_okay=False), metavar="FILE", help="Keep the snapshot, to compare with afterwards.")
@_source_options
@asking_options
@output_options
@talk_options
def before_upgrade(**given: Any) -> int:
    """Say whether the cluster is ready for the release --target; save what has to be compared afterwards."""
    wishes = Wishes(**given, documents=("before-upgrade",))
    if not wishes.target:
        raise click.UsageError("which release do you go to? Say --target 15")
    return _run(wishes, "before-upgrade")


@command.command("after-upgrade")
@door_options
@before_option
@target_option
@_source_options
@asking_options
@output_options
@talk_options
def after_upgrade(**given: Any) -> int:
    """Say what is different from before, and what did not come back."""
    wishes = Wishes(**given, documents=("after-upgrade",))
    if wishes.before is None:
        raise click.UsageError("compared with what? Say --before FILE, saved with checklist before-upgrade --save FILE")
    return _run(replace(wishes, target=wishes.target or look(wishes.before)), "after-upgrade")


def _run(wishes: Wishes, document: str) -> int:
    from cucm_audit.checklist import checklist
    from cucm_audit.cli import door, runs

    wishes.refuse_losses()
    config = door.load(wishes.config_file, quiet=wishes.quiet)
    checks = load_checks(wishes, config.checks)
    report = _from_file(wishes, checks, config) if wishes.from_file else _live(wishes, checks, config)
    state, notice = state_folder(wishes.state_dir), runs.notice_of(quiet=wishes.quiet)
    kind, before = f"checklist {document}", identity(wishes.before) if wishes.before else ""
    entry = config.clusters.get(report.cluster)
    settling = runs.settling_of(report, state, kind, before, notice, entry.min_interval if entry else 0)
    made = checklist(
        report,
        checks,
        document,
        target=wishes.target,
        before=str(wishes.before or ""),
        saved=str(wishes.save or ""),
        settling=settling,
    )
    _deliver(made, wishes)
    if not wishes.from_file:
        runs.remember(report, state, kind, notice, before=before, findings=False)
    if report.interrupted:
        return INTERRUPTED
    return NOTHING if nothing_audited(report) else _EXITS[made.verdict]


def _from_file(wishes: Wishes, checks: "Checks", config: Config) -> "Report":
    from cucm_audit.snapshot import Snapshot

    refuse_together(wishes)
    snapshot = Snapshot.open(_path(wishes.from_file))
    try:
        waivers = accepted(files(wishes.waivers, config, snapshot.get_meta("cluster")), checks)
        return mark(judged(snapshot, checks, wishes), waivers)
    finally:
        snapshot.close()


def _live(wishes: Wishes, checks: "Checks", config: Config) -> "Report":
    from cucm_audit.cli import door
    from cucm_audit.cli.gather import gather, timeout_of

    cluster = door.resolve(wishes.node, config)
    waivers = accepted(files(wishes.waivers, config, cluster.name), checks)
    with gather(cluster, config, checks, wishes) as snapshot:
        return mark(judged(snapshot, checks, wishes, timeout_of(cluster, wishes)), waivers)


def _path(path: Path | None) -> Path:
    assert path is not None
    return path


def _deliver(made: "Checklist", wishes: Wishes) -> None:
    from cucm_audit.reports import checklist

    kind = checklist.document if wishes.kind == "json" else checklist.text
    text = kind(made, width(), verbose=wishes.verbose)
    if wishes.output is None:
        say(text)
    else:
        write_file(wishes.output, text, force=wishes.force)
