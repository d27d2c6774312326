"""Whether the node that was left is the one that was found: the same boot, the same release.

``show status`` at the beginning and at the end of a visit tells both. Clocks are not compared (they may be set in
between): a node that went on running has been up for as much longer as we were there, by our own steady clock.
Uptime is printed in whole minutes (reference: cli.md section 4).
"""

from typing import TYPE_CHECKING, Any

from cucm_audit.clients import ClientError
from cucm_audit.clients.commands import STATUS
from cucm_audit.facts.platform import status
from cucm_audit.facts.platform.reading import Unreadable

if TYPE_CHECKING:
    from cucm_audit.clients.ssh import CliAnswer, Ssh

#: Minutes by which an uptime may be off: both are cut to whole ones, and the answer takes its time.
SLACK = 2.0
HINT = "Run the audit again when the node has settled"


def ended(ssh: "Ssh") -> str:
    """Ask an open session's node once more how long it has been up, and say what changed since the first answer.

    '' when nothing did, or nothing can be compared: a node that does not answer was not seen to change.
    """
    try:
        first = ssh.answered(STATUS)
        return difference(first, ssh.again(STATUS)) if first else ""
    except ClientError:
        return ""


def difference(first: "CliAnswer", last: "CliAnswer") -> str:
    """Say in words what is another between two answers of ``show status``, '' when nothing is or it cannot be told."""
    before, after = _read(first.text), _read(last.text)
    if before.get("version") and after.get("version") and before["version"] != after["version"]:
        return f"its release was {before['version']} and is {after['version']}"
    up, later = before.get("uptime_minutes"), after.get("uptime_minutes")
    if up is None or later is None:
        return ""
    due = up + (last.steady - first.steady) / 60
    if later < up or later < due - SLACK:
        return f"it had been up for {up} minutes, and after {due - up:.0f} more for {later}: it was restarted"
    return ""


def _read(text: str) -> dict[str, Any]:
    try:
        rows = status.parse(text).rows.get("node_status", ())
    except Unreadable:
        return {}
    return dict(rows[0]) if rows else {}
