"""Do to a cluster what a scenario says. What is misspelt is an error: a scenario that breaks nothing proves nothing."""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cucm_audit.simulator import certificates
from cucm_audit.simulator.base_types import PACKS
from cucm_audit.simulator.cli_faults import KEYS
from cucm_audit.simulator.dictionary import numbers, tables
from cucm_audit.simulator.faults import FAULTS
from cucm_audit.simulator.nodes import boot_events, days_ago, pack_events, pack_time
from cucm_audit.simulator.upgrade import not_rebooted, upgraded
from cucm_audit.simulator.world import SimNode, SimService, World


def apply(plan: Sequence[Mapping[str, Any]], world: World) -> None:
    """Apply the parts of a plan one after the other. ValueError when something in it does not fit the cluster."""
    for part in plan:
        for statement in part.get("sql", []):
            _sql(statement, world)
        for change in part.get("node", []):
            for node in _chosen(change, world):
                _node(change, node, world)
        for change in part.get("registration", []):
            _registration(change, world)
        world.settings.update(part.get("settings", {}))
        for key, value in part.get("world", {}).items():
            if key == "faults":
                _known(key, value, world)
                world.faults.update(value)
            elif key in ("licence", "ldap_sync"):
                getattr(world, key).update(value)
            else:
                _set(world, key, value)


def _sql(statement: Mapping[str, Any], world: World) -> None:
    release = numbers(world.release)
    if release < numbers(statement.get("since", "0")) or (
        "until" in statement and release >= numbers(statement["until"])
    ):
        return
    sql = statement["do"]
    for word, node in zip(("publisher", "sub1", "sub2"), world.nodes, strict=False):
        sql = sql.replace("{" + word + "}", node.address)
    for node in world.nodes:  # scenarios name servers by their hosts, System > Server perhaps otherwise
        sql = sql.replace(f"'{node.host}'", f"'{node.name}'")
    touched = world.database.execute(sql).rowcount
    if touched < 1:
        raise ValueError(f"a scenario's statement changed nothing: {sql}")


def _chosen(change: Mapping[str, Any], world: World) -> list[SimNode]:
    if "name" in change:
        found = [node for node in world.nodes if node.host == change["name"]]
        return found or ([] if change.get("optional") else [world.node(change["name"])])
    wanted = change.get("role", "all")
    voice = [node for node in world.nodes if node.product == "callmanager"]
    choices = {"all": world.nodes, "voice": voice, "publisher": [world.publisher], "subscriber": voice[1:]}
    return choices[wanted]


def pack_of(world: World) -> str:
    """Return the device pack of the cluster's release."""
    return PACKS[max(key for key in PACKS if key <= numbers(world.release)[:2])][0]


def _node(change: Mapping[str, Any], node: SimNode, world: World) -> None:
    pack, place = pack_of(world), world.nodes.index(node)
    for key, value in change.items():
        if key in ("name", "role", "optional"):
            continue
        if key == "without_options":
            node.options = [name for name in node.options if name not in _packs(value, pack)]
        elif key == "options":
            node.options += _packs(value, pack)
        elif key == "without_events":
            node.events = [event for event in node.events if event.subject not in _packs(value, pack)]
        elif key == "pack_days_ago":
            _pack_again(node, pack, days_ago(value, 13) + dt.timedelta(minutes=15 * place))
        elif key == "booted_days_ago":
            _boot(node, days_ago(value, 17) + dt.timedelta(minutes=15 * place))
        elif key == "builds_back":
            head, _, build = node.release.rpartition("-")
            node.release = f"{head}-{int(build) - value}"
        elif key == "crashed_days_ago":
            _boot(node, days_ago(value, 17), clean=False)
        elif key == "upgraded_from":
            upgraded(node, place, world.old_release or value)
        elif key == "not_rebooted_since_switch":
            not_rebooted(node)
        elif key == "booted_minutes":
            _boot(node, pack_time(0) + dt.timedelta(minutes=value))
        elif key == "service":
            for name, values in value.items():
                _service(node.services[name], values)
        elif key == "without_services":
            for name in value:
                del node.services[name]
        elif key == "certificate":
            node.certificate = certificates.make(node, **value)
        elif key == "replication_checked_days_ago":
            node.replication["checked_at"] = days_ago(value, 3)
        elif key in ("ntp", "replication", "missing_rows", "perf", "faults"):
            _known(key, value, world)
            getattr(node, key).update(value)
        elif key == "accounts":
            node.accounts |= {kind: (account[0], account[1]) for kind, account in value.items()}
        elif key == "clock_offset":
            _clock(node, float(value))
        else:
            _set(node, key, value)


def _clock(node: SimNode, seconds: float) -> None:
    """Set the clock wrong, and with it everything that was written by it."""
    shift = dt.timedelta(seconds=seconds - node.clock_offset)
    node.clock_offset = seconds
    for event in node.events:
        event.at += shift
    if node.booted_at is not None:
        node.booted_at += shift
    for service in node.services.values():
        if service.started_at is not None:
            service.started_at += shift


def _packs(names: Iterable[str], pack: str) -> list[str]:
    return [pack if name == "pack" else name for name in names]


def _known(key: str, value: Mapping[str, Any], world: World) -> None:
    """Refuse tables and faults that do not exist."""
    known = {"missing_rows": set(tables(world.release)), "faults": set(FAULTS) | KEYS}.get(key, set(value))
    if unknown := set(value) - known:
        raise ValueError(f"{key} of a scenario names what does not exist: {', '.join(sorted(unknown))}")


def _pack_again(node: SimNode, pack: str, at: dt.datetime) -> None:
    """Install the pack at another time: its old lines go, nothing that should follow happens."""
    node.events = [event for event in node.events if event.subject != pack]
    node.events += pack_events(pack, at + dt.timedelta(seconds=node.clock_offset))
    node.events.sort(key=lambda event: event.at)
    if pack not in node.options:
        node.options.append(pack)


def _boot(node: SimNode, at: dt.datetime, *, clean: bool = True) -> None:
    """Restart the node at ``at`` instead of after the pack of the healthy cluster; if not ``clean``, as well."""
    at += dt.timedelta(seconds=node.clock_offset)
    boots = [event for event in node.events if event.action == "Boot"]
    for old in boots[1:] if clean else []:
        node.events = [
            event
            for event in node.events
            if not (event.action in ("Boot", "Restart") and abs((event.at - old.at).total_seconds()) <= 180)
        ]
    node.events += boot_events(node.release, at)[0 if clean else 1 :]
    node.events.sort(key=lambda event: event.at)
    node.booted_at = at
    for service in node.services.values():
        if service.status == "Started":
            service.started_at = at + dt.timedelta(minutes=4)


def _service(service: SimService, values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        if key == "started_minutes_after_pack":
            service.started_at = pack_time(0) + dt.timedelta(minutes=value)
        else:
            _set(service, key, value)
    if service.status != "Started":
        service.started_at = None


def _registration(change: Mapping[str, Any], world: World) -> None:
    unknown = set(change) - {"name", "models", "on", "every", "most", "set", "copy_to"}
    if unknown:
        raise ValueError(f"a scenario's registration has unknown keys: {', '.join(sorted(unknown))}")
    rows = [
        row
        for row in world.registrations
        if row.name == change.get("name", row.name)
        and row.model in change.get("models", [row.model])
        and row.node == (_called(change["on"], world) if "on" in change else row.node)
    ]
    rows = rows[:: change.get("every", 1)][: change.get("most", len(rows))]
    if not rows:
        raise ValueError(f"a scenario chooses no registration: {dict(change)}")
    for row in rows:
        if "copy_to" in change:
            world.registrations.append(dataclasses.replace(row, node=_called(change["copy_to"], world)))
        changed = world.registrations[-1] if "copy_to" in change else row
        for key, value in change.get("set", {}).items():
            _set(changed, key, row.at + value if key == "at" else _called(value, world) if key == "node" else value)


def _called(host: str, world: World) -> str:
    """Return what System > Server calls a host."""
    return world.node(host).name


def _set(thing: Any, key: str, value: Any) -> None:
    if key not in {field.name for field in dataclasses.fields(thing)}:
        raise ValueError(f"a scenario sets {key!r}, which {type(thing).__name__} does not have")
    setattr(thing, key, value)
