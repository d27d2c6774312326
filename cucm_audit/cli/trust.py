"""``cucm-audit trust``: certificates and SSH host keys that a person accepts, with their SHA-256 fingerprints."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cucm_audit.cli import door
from cucm_audit.cli.console import Problem, can_ask, complain, say, width
from cucm_audit.cli.options import Number, debug_option, file_path, option, state_folder, talk_options
from cucm_audit.config import Cluster, Config
from cucm_audit.reports.sanitize import visible

if TYPE_CHECKING:
    from cucm_audit.cli.trusting import Trusting
    from cucm_audit.trust import TrustEntry, TrustStore

_state_option = option("--state-dir", type=file_path(file_okay=False), metavar="DIR", help="Where trust.toml is.")
_config_option = option(
    "--config", "config_file", type=file_path(dir_okay=False), metavar="FILE", help="The cluster file."
)


@click.group("trust")
def command() -> None:
    """Accept certificates and SSH host keys. Nothing is ever sent to a node that is not trusted."""


@command.command("add")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Accept what the nodes show now, without asking (for scripts).")
@click.option("--fingerprint", "fingerprints", multiple=True, metavar="FP",
              help="Accept these SHA-256 fingerprints, refuse any other (repeatable).")  # fmt: skip
@option("--user", metavar="NAME", help="Application user; the password is asked for.")
@option("--os-user", metavar="NAME", help="OS administrator; the password is asked for.")
@option("--no-input", is_flag=True, help="Never ask; fail instead.")
@option("--timeout", type=Number(min=1), default=120, show_default=True, metavar="SECONDS",
        help="For the door's list of nodes; what a person takes to compare does not count.")  # fmt: skip
@_config_option
@_state_option
@talk_options
def add(
    name: str,
    yes: bool,
    fingerprints: tuple[str, ...],
    user: str | None,
    os_user: str | None,
    no_input: bool,
    timeout: float,
    config_file: Path | None,
    state_dir: Path | None,
    quiet: bool,
    verbose: bool,  # noqa: ARG001 - one set of options for all commands
    colour: str,  # noqa: ARG001
) -> int:
    """Trust TLS and SSH of all nodes of the cluster behind NAME that can be discovered.

    First the door's certificate, then a login there that finds the other nodes, then all of them.
    """
    if not yes and not fingerprints and (no_input or not can_ask()):
        raise Problem(f"nobody is here to ask: cucm-audit trust add {name} --yes accepts what the nodes show now, "
                      "or --fingerprint FP for each fingerprint that you have compared")  # fmt: skip
    config = door.load(config_file, quiet=quiet)
    cluster, named = _meant(name, config, user)
    done = trusting(cluster, config, state_folder(state_dir), yes=yes, fingerprints=fingerprints, named=named,
                         user=user, os_user=os_user, no_input=no_input, timeout=timeout)  # fmt: skip
    for trouble in done.troubles:
        complain(f"not trusted: {visible(trouble)}")
    say(f"{len(done.accepted)} accepted, {done.known} known already, {len(done.troubles)} not accepted")
    return 3 if done.troubles else 0


def _meant(name: str, config: Config, user: str | None) -> tuple[Cluster, str]:
    """Return the cluster, and the node of it when NAME is one that only discovery knows."""
    try:
        cluster = door.resolve(name, config)
    except click.UsageError:
        if len(config.clusters) != 1:
            raise
        return next(iter(config.clusters.values())), name
    typed = cluster.name not in config.clusters
    if typed and user is None and len(config.clusters) == 1:
        return next(iter(config.clusters.values())), name
    return cluster, ""


def trusting(
    cluster: Cluster,
    config: Config,
    state: Path,
    *,
    yes: bool,
    fingerprints: tuple[str, ...] = (),
    named: str = "",
    user: str | None = None,
    os_user: str | None = None,
    no_input: bool = False,
    quiet: bool = False,
    timeout: float = 120.0,
) -> "Trusting":
    """Run one ``trust add`` and return what became of it."""
    from cucm_audit.cli.trusting import Trusting
    from cucm_audit.connect import Accounts, Clients
    from cucm_audit.trust import TrustStore

    store = TrustStore(state / "trust.toml")
    application, platform = door.accounts(
        cluster, config, user=user, os_user=os_user, no_input=no_input, without_ssh=False
    )
    run = Trusting(
        cluster=cluster,
        store=store,
        ask=(lambda _place, _shown: True) if yes else _ask,
        only=fingerprints,
        say=lambda text: None if quiet else say(visible(text)),
        named=named,
        timeout=timeout,
    )
    clients = Clients(
        store, Accounts(application=application, platform=platform), timeout_factor=cluster.timeout_factor
    )
    try:
        run.everything(clients)
    finally:
        clients.close()
    return run


def _ask(place: str, shown: str) -> bool:
    say(f"{visible(place)} shows\n  {visible(shown)}")
    return click.confirm("Have you compared it, and do you trust it?", default=False, err=True)


@command.command("list")
@_state_option
@debug_option
def list_(state_dir: Path | None) -> None:
    """List what is trusted."""
    from cucm_audit.reports.text import columns
    from cucm_audit.trust import TrustStore

    entries = TrustStore(state_folder(state_dir) / "trust.toml").entries()
    rows = [
        [e.cluster, f"{e.address}:{e.port}", e.key_type or "certificate", e.not_after, e.fingerprint] for e in entries
    ]
    say(
        columns(("Cluster", "Address", "Kind", "Until", "SHA-256"), rows, max(width(), 400))
        if rows
        else "nothing is trusted"
    )


@command.command("remove")
@click.argument("name")
@_config_option
@_state_option
@debug_option
def remove(name: str, config_file: Path | None, state_dir: Path | None) -> None:
    """Forget what is trusted of NAME: a cluster, a node of the cluster file, an address or address:port."""
    from cucm_audit.trust import TrustStore

    store = TrustStore(state_folder(state_dir) / "trust.toml")
    chosen = _entries(store, name, door.load(config_file, quiet=True))
    gone = sum(store.remove(address, port) for address, port in {(e.address, e.port) for e in chosen})
    store.save()
    say(f"{gone} forgotten")


@command.command("check")
@click.argument("name", required=False)
@_config_option
@_state_option
@debug_option
def check(name: str | None, config_file: Path | None, state_dir: Path | None) -> int:
    """Compare what is trusted with what the nodes show now. Exit 1: something changed, 3: one did not answer."""
    from cucm_audit.cli.trusting import Shown, look
    from cucm_audit.model import Node
    from cucm_audit.trust import TrustStore, key_family

    store = TrustStore(state_folder(state_dir) / "trust.toml")
    entries = _entries(store, name, door.load(config_file, quiet=True)) if name else store.entries()
    if not entries:
        raise Problem("nothing is trusted: cucm-audit trust add NAME")
    codes = {0}
    for entry in entries:
        node = Node(name=entry.address, address=entry.address, role=None, https_port=entry.port, ssh_port=entry.port,
                    legacy_tls=True)  # fmt: skip  # a fingerprint is compared and nothing is sent
        shown = look(node, entry.kind)
        keys = [one for one in shown if isinstance(one, Shown)]
        kind = entry.key_type or "tls"
        same = [
            k for k in keys if (k.kind == kind or key_family(k.kind) == kind) and k.fingerprint == entry.fingerprint
        ]
        told = "same" if same else "CHANGED" if keys else f"no answer: {shown[0]}"
        codes.add(0 if same else 1 if keys else 3)
        say(visible(f"{entry.address}:{entry.port} {entry.key_type or 'certificate'}: {told}"))
    return 1 if 1 in codes else max(codes)


def _entries(store: "TrustStore", name: str, config: Config) -> "list[TrustEntry]":
    """Return the entries that NAME means. Raises Problem when there is none."""
    wanted = name.strip("[]").casefold()
    places = {wanted}
    for cluster in config.clusters.values():
        places |= {e.address.casefold() for node, e in cluster.nodes.items() if node.casefold() == wanted and e.address}
    chosen = [
        entry
        for entry in store.entries()
        if entry.cluster.casefold() == wanted
        or entry.address.casefold() in places
        or name.casefold() in (f"{entry.address}:{entry.port}".casefold(), f"[{entry.address}]:{entry.port}".casefold())
    ]
    if not chosen:
        raise Problem(f"nothing is trusted of {name}; cucm-audit trust list shows what is")
    return chosen
