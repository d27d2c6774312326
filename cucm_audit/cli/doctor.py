"""``cucm-audit doctor``: before the first run, what each source lacks and which checks that costs."""

import json
import time
from typing import TYPE_CHECKING, Any

import click

from cucm_audit.cli.console import complain, on_terminal, say, width
from cucm_audit.cli.options import Number, checks_option, door_options, option, state_folder, talk_options
from cucm_audit.reports.sanitize import visible

if TYPE_CHECKING:
    from cucm_audit.checks import Checks
    from cucm_audit.clients.journal import Journal
    from cucm_audit.doctor import Examined, Probe

_FORMS = click.Choice(["table", "json"])


@click.command("doctor")
@door_options
@option("--without", type=click.Choice(["ssh"]), multiple=True, help="Leave the command line of the nodes out.")
@option("--timeout", type=Number(min=1), default=120, show_default=True, metavar="SECONDS",
        help="For the whole examination; what was not heard of by then is a lack.")  # fmt: skip
@checks_option
@click.option("-f", "--format", "kind", type=_FORMS, default="table", show_default=True, help="How it is written.")
@talk_options
def command(**given: Any) -> int:
    """See, before the first run, whether every source of every node can be used, and what it costs if not.

    For each node and source, in order: reached, trusted, login, allowed (role or privilege level), answers. Sends one
    or two questions a source and node, and logs in once an account and node. Exit: 0 all is well, 3 something lacks, 2
    nothing answered.
    """
    from cucm_audit.checks import load
    from cucm_audit.cli import door
    from cucm_audit.clients.journal import Journal
    from cucm_audit.reports.cost import parts

    config = door.load(given["config_file"], quiet=given["quiet"])
    cluster = door.resolve(given["node"], config)
    checks = load([*given["check_folders"], *config.checks])
    if on_terminal() and not given["quiet"]:
        complain(f"{cluster.name}: every source of every node is asked a question or two ...")
    journal, begun = Journal(), time.monotonic()
    try:
        examined = _examine(cluster, config, given, journal)
    finally:
        if journal.counts() and not given["quiet"]:
            complain(" ".join(parts({**journal.counts(), "seconds": time.monotonic() - begun})))
    costs = {number: _costs(probe, examined, checks) for number, probe in enumerate(examined.probes) if not probe.fine}
    say(_document(examined, costs) if given["kind"] == "json" else _text(examined, costs))
    return 2 if not examined.reached else 3 if examined.lacks else 0


def _examine(cluster: Any, config: Any, given: dict[str, Any], journal: "Journal") -> "Examined":
    from cucm_audit.cli import door
    from cucm_audit.cli.lock import locked
    from cucm_audit.connect import Accounts, Clients
    from cucm_audit.doctor import examine
    from cucm_audit.trust import TrustStore

    without_ssh = "ssh" in given["without"]
    state = state_folder(given["state_dir"])
    application, platform = door.accounts(
        cluster, config, user=given["user"], os_user=given["os_user"], no_input=given["no_input"],
        without_ssh=without_ssh)  # fmt: skip
    ca_file = str(given["ca_file"]) if given["ca_file"] else None
    clients = Clients(
        TrustStore(state / "trust.toml"),
        Accounts(application=application, platform=platform),
        ca_file=ca_file,
        timeout_factor=cluster.timeout_factor,
    )
    with locked(state, cluster.name):
        try:
            user = application.user if application else ""
            return examine(cluster, clients, journal, user=user, with_ssh=not without_ssh,
                           seconds=given["timeout"])  # fmt: skip
        finally:
            clients.close()


def _costs(probe: "Probe", examined: "Examined", checks: "Checks") -> list[str]:
    """Return the checks that read a fact that this lack takes away."""
    from cucm_audit.doctor import lost
    from cucm_audit.facts import facts
    from cucm_audit.snapshot import Snapshot

    gone, empty = lost(probe, examined, facts()), Snapshot.memory()
    try:
        reads = {name: empty.reads(check.sql) for name, check in checks.checks.items()}
    finally:
        empty.close()
    return [name for name, read in reads.items() if read.every & gone]


def _text(examined: "Examined", costs: dict[int, list[str]]) -> str:
    from cucm_audit.doctor import Step
    from cucm_audit.reports.text import columns

    header = ("Node", "Source", *(step.value for step in Step))
    rows = [[visible(p.node), p.what, *p.steps().values()] for p in examined.probes]
    told = [columns(header, rows, max(width(), 100))]
    for number, probe in enumerate(examined.probes):
        if probe.fine:
            told += [f"{visible(probe.node)}, {probe.what}: {visible(probe.note)}"] if probe.note else []
            continue
        state = "not tried" if not probe.tried else f"not ok at '{probe.stopped}'"
        reason = f" ({probe.reason.value})" if probe.reason else ""
        told.append(f"\n{visible(probe.node)}, {probe.what}: {state}{reason}: {visible(probe.detail)}")
        told += [f"  What to do: {visible(probe.hint)}"] if probe.hint else []
        told.append(f"  It costs {_counted(costs[number])}")
    lacks = len(examined.lacks)
    head = "Nothing answered" if not examined.reached else f"{lacks} lack" if lacks else "All is well"
    asked = len(examined.probes)
    told.append(f"\n{head}: {asked} questions, {asked - lacks} answered as they should")
    return "\n".join(told)


def _counted(names: list[str]) -> str:
    if not names:
        return "no check by itself"
    return f"{len(names)} check{'s' if len(names) > 1 else ''}: {', '.join(names)}"


def _document(examined: "Examined", costs: dict[int, list[str]]) -> str:
    probes = [
        {
            "node": probe.node,
            "source": probe.source.value,
            "what": probe.what,
            "state": "ok" if probe.fine else "not_ok" if probe.tried else "not_tried",
            "steps": probe.steps(),
            "reason": probe.reason.value if probe.reason else None,
            "detail": probe.detail,
            "hint": probe.hint,
            "note": probe.note,
            "checks_lost": costs.get(number, []),
        }
        for number, probe in enumerate(examined.probes)
    ]
    return json.dumps(
        {"release": examined.release, "door": examined.door, "reached": examined.reached, "probes": probes}, indent=2
    )
