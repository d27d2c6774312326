"""Whom ``--node`` means, and with which accounts we log in there."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from cucm_audit.cli.console import Problem, can_ask, complain, no_core_dump
from cucm_audit.config import AccountEntry, Cluster, Config, find, read

if TYPE_CHECKING:
    from cucm_audit.secrets import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """The cluster that is meant and the file that it came from (None: an address that was typed)."""

    cluster: Cluster
    config: Config


def load(config_file: Path | None, *, quiet: bool = False) -> Config:
    """Read the cluster file that counts; an empty configuration when there is none."""
    path = config_file or find()
    if path is None:
        return Config()
    config = read(path)
    if not quiet:
        for warning in config.warnings:
            complain(f"warning: {warning}")
    return config


def resolve(name: str | None, config: Config) -> Cluster:
    """Return the cluster behind the door: cluster name, node name of the file, address; in this order.

    With one cluster in the file, a name like "pub" is that cluster's door. Raises click.UsageError, with the names.
    """
    clusters = config.clusters
    if name is None:
        if len(clusters) == 1:
            return next(iter(clusters.values()))
        raise click.UsageError(f"which cluster? Say --node NAME; {_names(config)}")
    for cluster in clusters.values():
        if cluster.name.casefold() == name.casefold():
            return cluster
    named = [cluster for cluster in clusters.values() if _has_node(cluster, name)]
    if len(named) > 1:
        raise click.UsageError(f"{name} is a node of several clusters ({', '.join(c.name for c in named)}): name one")
    if named:
        return _through(named[0], name)
    if len(clusters) == 1 and re.fullmatch(r"[\w-]*pub[\w-]*", name, re.IGNORECASE):
        return next(iter(clusters.values()))
    if clusters and not _is_address(name):
        raise click.UsageError(f"no cluster and no node is called {name}; {_names(config)}")
    return _typed(name)


def _names(config: Config) -> str:
    if not config.clusters:
        return "there is no cluster file: give the publisher's address, or write cucm-audit.toml"
    return f"{config.path} has: {', '.join(config.clusters)}"


def _has_node(cluster: Cluster, name: str) -> bool:
    places = {cluster.node, *cluster.nodes, *(entry.address for entry in cluster.nodes.values())} - {""}
    return name.casefold() in {place.casefold() for place in places}


def _through(cluster: Cluster, name: str) -> Cluster:
    """Return the cluster with another of its nodes as the door."""
    for node, entry in cluster.nodes.items():
        if name.casefold() in {node.casefold(), entry.address.casefold()}:
            return msgspec.structs.replace(
                cluster,
                node=entry.address or node,
                https_port=entry.https_port,
                http_port=entry.http_port,
                ssh_port=entry.ssh_port,
            )
    return cluster


def _is_address(name: str) -> bool:
    """Say whether a name can only be an address or a full host name, not a slip in the name of a cluster."""
    return "." in name or ":" in name


def _typed(name: str) -> Cluster:
    """Return a cluster for a typed address: ``10.1.1.1``, ``pub.example.com:8443``, ``[2001:db8::1]:8443``."""
    found = re.fullmatch(r"\[([0-9A-Fa-f:.%\w]+)\](?::(\d{1,5}))?|([\w.-]+)(?::(\d{1,5}))?", name)
    if found:
        address, port = found[1] or found[3], int(found[2] or found[4] or 8443)
    else:
        address, port = name, 8443
        try:
            ipaddress.ip_address(name.partition("%")[0])
        except ValueError:
            raise click.UsageError(f"{name!r} is no address and no host name") from None
    if not 0 < port < 65536:
        raise click.UsageError(f"{name!r}: a port is a number up to 65535")
    return Cluster(name=address, node=address, https_port=port)


def accounts(
    cluster: Cluster, config: Config, *, user: str | None, os_user: str | None, no_input: bool, without_ssh: bool
) -> "tuple[Account, Account | None]":
    """Return the application account, and the OS account when there is one. Asks on a terminal only.

    Raises SecretError when a password cannot be had, :class:`Problem` when nobody says who logs in.
    """
    no_core_dump()
    ask = None if no_input or not can_ask() else _ask
    application = _entry(cluster.application, user)
    if application is None and ask is not None:
        application = AccountEntry(user=click.prompt("Application user (AXL, serviceability)", err=True))
    if application is None:
        file = config.path or "cucm-audit.toml (no cluster file was found)"
        table = f"[cluster.{cluster.name}.application]"
        raise Problem(f"{cluster.name}: nobody is named who logs in: say --user NAME, or write {table} in {file}")
    platform = None if without_ssh else _entry(cluster.platform, os_user)
    first = _account(cluster, config, "application", application, ask)
    return first, None if platform is None else _account(cluster, config, "platform", platform, ask)


def _entry(entry: AccountEntry | None, user: str | None) -> AccountEntry | None:
    """Return whose password is wanted. Another user than the file's has another password: it is asked for."""
    if user is None or (entry is not None and entry.user == user):
        return entry
    return AccountEntry(user=user)


def _account(
    cluster: Cluster, config: Config, kind: str, entry: AccountEntry, ask: Callable[[str], str] | None
) -> "Account":
    from cucm_audit import secrets

    return secrets.resolve(
        cluster.name,
        kind,
        entry.user,
        folder=config.path.parent if config.path else Path.cwd(),
        file=str(entry.password_file or ""),
        command=entry.password_command,
        prompt=ask,
        notice=complain,
    )


def _ask(question: str) -> str:
    return str(click.prompt(question.rstrip(": "), hide_input=True, err=True))
