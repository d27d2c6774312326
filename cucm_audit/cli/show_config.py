"""``--show-config``: each value, and where it comes from."""

from typing import Any

import click
from click.core import ParameterSource

from cucm_audit.cli import door
from cucm_audit.cli.audit import Wishes
from cucm_audit.cli.console import say, width
from cucm_audit.cli.options import state_folder

_WORDS = {
    ParameterSource.COMMANDLINE: "option",
    ParameterSource.ENVIRONMENT: "environment",
    ParameterSource.DEFAULT: "default",
}


def show(ctx: click.Context, wishes: Wishes) -> int:
    """Print the options and the cluster that they lead to. No password is read. Returns the exit code."""
    from cucm_audit.reports.text import columns

    rows: list[list[Any]] = []
    for param in ctx.command.params:
        if param.name is None or param.name in ("show_config", "debug", "help"):
            continue
        source = ctx.get_parameter_source(param.name)
        told = _WORDS.get(source, "default") if source is not None else "default"
        where = f"{told} {param.envvar}" if told == "environment" else told
        rows.append([param.opts[-1], _value(ctx.params[param.name]), where])
    rows.append(
        ["state folder", str(state_folder(wishes.state_dir)), "default" if wishes.state_dir is None else "given"]
    )
    config = door.load(wishes.config_file)
    rows.append(["cluster file", str(config.path or "none"), "given" if wishes.config_file else "found"])
    if config.clusters or wishes.node:
        rows += _cluster(wishes, config)
    say(columns(("Name", "Value", "From"), rows, width()))
    return 0


def _cluster(wishes: Wishes, config: Any) -> list[list[Any]]:
    cluster = door.resolve(wishes.node, config)
    where = str(config.path) if cluster.name in config.clusters else "typed"
    told: dict[str, Any] = {
        "cluster": cluster.name,
        "node": cluster.node,
        "https-port": cluster.https_port,
        "http-port": cluster.http_port,
        "ssh-port": cluster.ssh_port,
        "legacy-tls": "true" if cluster.legacy_tls else "false",
        "api-users": ", ".join(cluster.api_users),
        "waivers": ", ".join(str(path) for path in (*config.waivers, *cluster.waivers)),
        "min-interval": f"{cluster.min_interval} s" if cluster.min_interval else "",
        "gentle": "where a node says that it is ill" if cluster.gentle is None else cluster.gentle,
        "registration": cluster.registration,
        "timeout-factor": cluster.timeout_factor,
    }
    told |= {f"budget {name}": getattr(cluster.budget, name) for name in ("requests", "rows", "seconds")}
    for kind, entry in (("application", cluster.application), ("platform", cluster.platform)):
        told[f"{kind} user"] = entry.user if entry else ""
        told[f"{kind} password"] = _place(entry) if entry else ""
    told |= {f"setting {name}": value for name, value in cluster.settings.items()}
    for name, node in cluster.nodes.items():
        told[f"node {name}"] = f"{node.address or '(by name)'} {node.https_port} {node.http_port} {node.ssh_port}"
    return [[name, _value(value), where] for name, value in told.items()]


def _place(entry: Any) -> str:
    """Say where a password comes from: never the password."""
    if entry.password_command:
        return f"command {entry.password_command[0]}"
    return f"file {entry.password_file}" if entry.password_file else "keyring, credentials folder or prompt"


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return "" if value is None else str(value)
