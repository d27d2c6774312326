"""``utils dbreplication runtimestate`` in its three layouts (reference: cli.md section 6).

``SimNode.replication`` holds the row: state, queue, ping, y, details, group. The publisher's may also hold the head:
checked_at (datetime UTC), tables, tables_done, mismatches (bool), sync (True: the broadcast form), timeout, process.
"""

import datetime as dt
from typing import Any

from cucm_audit.simulator.cli_answer import Answer, Call, ctime, is_publisher, local, siblings, text
from cucm_audit.simulator.world import SimNode

_DETAILS = {
    "0": "Not Setup",
    "1": "Initializing",
    "2": "Setup Completed",
    "3": "Out Of Sync",
    "4": "Setup Failed",
    "-": "Off-Line",
}
_SINGLE = "Runtime state cannot be performed on a cluster with a single active node; aborting operation"


def runtimestate(call: Call) -> Answer:
    """Print the state of the replication as the publisher sees it."""
    nodes = siblings(call.world, call.node)
    if len(nodes) == 1:
        return text(_SINGLE)
    zone_time = ctime(local(call.node, call.node.now()))
    if not is_publisher(call.world, call.node):
        state = ["Cluster Replication State: Only available on the PUB"]  # from memory
    else:
        state = _state(call)
    facts = call.node.replication
    return text(
        f"Server Time: {zone_time}",
        "",
        *state,
        "",
        f"DB Version: ccm{call.node.release.replace('.', '_').replace('-', '_')}",
        f"Repltimeout set to: {facts.get('timeout', 300)}s",
        f"PROCESS option set to: {facts.get('process', 1)}",
        "",
        f"Cluster Detailed View from {call.node.host} ({len(nodes)} Servers):",
        "",
        *(_old_table(nodes) if call.release < (10,) else _table(call, nodes)),
        "",
    )


def _state(call: Call) -> list[str]:
    facts = call.node.replication
    checked = local(call.node, facts.get("checked_at") or call.node.now() - dt.timedelta(days=1))
    total = facts.get("tables", 681 if call.release < (15,) else 754)
    done = facts.get("tables_done", total)
    stamp = f"{checked:%Y-%m-%d-%H-%M}"
    if facts.get("sync"):
        return [
            f"Cluster Replication State: BROADCAST SYNC ended at: {stamp}",
            f"     Sync Result: SYNC COMPLETED on {done} tables out of {total}",
            "     Sync Status: All Tables are in sync",
            "     Use CLI to see detail: 'file view activelog"
            f" cm/trace/dbl/{checked:%Y%m%d_%H%M%S}_dbl_repl_output_Broadcast.log'",
        ]
    return [
        f"Cluster Replication State: Replication status command started at: {stamp}",
        f"     Replication status command {_progress(call, done, total)}",
        *(["     Last Completed Table: devicenumplanmapremdestmap"] if done == total else []),
        "     Errors or Mismatches Were Found!!!" if facts.get("mismatches") else "     No Errors or Mismatches found.",
        "     Use 'file view activelog"
        f" cm/trace/dbl/sdi/ReplicationStatus.{checked:%Y_%m_%d_%H_%M_%S}.out' to see the details",
    ]


def _progress(call: Call, done: int, total: int) -> str:
    word = "COMPLETED" if done == total else "in PROGRESS"
    return (
        f"{word}. Checked {done} tables out of {total}"
        if call.release >= (15,)
        else f"{word} {done} tables checked out of {total}"
    )


def _facts(node: SimNode, index: int) -> dict[str, Any]:
    facts: dict[str, Any] = {"state": 2, "queue": 0, "ping": "0.020" if index == 0 else "0.256", "y": "Y/Y/Y"}
    facts |= {key: value for key, value in node.replication.items() if value not in (None, "")}
    if isinstance(facts["ping"], float):
        facts["ping"] = f"{facts['ping']:.3f}"
    facts.setdefault("group", f"g_{index + 2}")
    facts.setdefault("details", _DETAILS.get(str(facts["state"]), ""))
    return facts


def _table(call: Call, nodes: list[SimNode]) -> list[str]:
    name, rest = (20 if call.release < (15,) else 25), (18, 10, 10, 9, 15)
    widths = (name, *rest)
    rows = [
        ("", "", "PING", "DB/RPC/", "REPL.", "Replication", "REPLICATION SETUP"),
        ("SERVER-NAME", "IP ADDRESS", "(msec)", "DbMon?", "QUEUE", "Group ID", "(RTMT) & Details"),
        ("-----------", "----------", "------", "-------", "-----", "-----------", "------------------"),
    ]
    for index, node in enumerate(nodes):
        facts = _facts(node, index)
        group = f"({facts['group']})"
        state = f"({facts['state']}) {facts['details']}"
        rows.append((node.host, node.address, str(facts["ping"]), str(facts["y"]), str(facts["queue"]), group, state))
    return ["".join(_cell(cell, width) for cell, width in zip(row, (*widths, 0), strict=True)) for row in rows]


def _cell(text_: str, width: int) -> str:
    # A name longer than its column pushes the others: two cells never touch.
    return text_ if not width else f"{text_:<{width}}" if len(text_) < width else f"{text_} "


def _old_table(nodes: list[SimNode]) -> list[str]:
    # The layout of 8.x and 9.x is from memory: no capture of it was found.
    rows = [
        "                                            DDB     REPL.   REPL.         REPL.  REPLICATION SETUP",
        "SERVER-NAME     IP ADDRESS      (msec) RPC? STATUS    QUEUE   TABLES LOOP? (RTMT) & details",
        "-----------     ------------    ------ ---- --------- ------- ------ ----- -----------------",
    ]
    for index, node in enumerate(nodes):
        facts = _facts(node, index)
        up = str(facts["y"]).startswith("Y")
        details = f"({facts['state']}) {'PUB ' if index == 0 else ''}{facts['details']}"
        rows.append(
            f"{node.host:<15} {node.address:<15} {facts['ping']:<6} {'Yes' if up else 'No':<4}"
            f" {'Connected' if up else 'Dropped':<9} {facts['queue']!s:<7} {'match':<6}"
            f" {'Yes' if up else 'No':<5} {details}"
        )
    return rows
