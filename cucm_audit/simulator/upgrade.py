"""A server whose release was upgraded: what its log tells, what is on its other partition.

The switch of versions came before the device pack of the new release, so that the pack's own restarts stand as they
are (nodes.py).
"""

import datetime as dt

from cucm_audit.simulator.dictionary import build_of
from cucm_audit.simulator.nodes import days_ago
from cucm_audit.simulator.world import SimEvent, SimNode

SWITCHED_DAYS_AGO = 80


def upgraded(node: SimNode, place: int, old: str) -> None:
    """Let a server have run the release ``old`` (12.5, or a whole build) before; ``place`` 0 is switched first."""
    old, new = build_of(old), node.release
    node.inactive_release = old
    at = days_ago(SWITCHED_DAYS_AGO, 9) + dt.timedelta(minutes=30 * place, seconds=node.clock_offset)
    for event in node.events:
        if event.at < at and event.subject == new:
            event.subject = old
    node.events += [
        SimEvent(at=at - dt.timedelta(hours=4), action="Upgrade", subject=new, result="Start"),
        SimEvent(at=at - dt.timedelta(hours=2), action="Upgrade", subject=new, result="Success"),
        SimEvent(at=at, action="Switch Version", subject=f"{old} to {new}", result="Start"),
        SimEvent(at=at + dt.timedelta(minutes=2), action="Restart", subject=new, result="Start"),
        SimEvent(at=at + dt.timedelta(minutes=5), action="Boot", subject=new, result="Start"),
    ]
    node.events.sort(key=lambda event: event.at)
    booted = max(event.at for event in node.events if event.action == "Boot")
    moved = booted - (node.booted_at or booted)
    node.booted_at = booted
    for service in node.services.values():
        if service.started_at is not None and service.started_at < booted:
            service.started_at += moved


def not_rebooted(node: SimNode) -> None:
    """Take back the restart after the switch: the log has the switch, and no boot since."""
    switched = max(event.at for event in node.events if event.action == "Switch Version")
    node.events = [e for e in node.events if not (e.action in ("Boot", "Restart") and e.at > switched)]
    node.booted_at = max(event.at for event in node.events if event.action == "Boot")
