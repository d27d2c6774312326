"""The ``show`` commands: version, status, network cluster, hardware, disk usage (reference: cli.md 3, 4, 5, 9)."""

import datetime as dt

from cucm_audit.simulator.cli_answer import Answer, Call, booted_at, ctime, failure, is_publisher, local, text
from cucm_audit.simulator.database import node_query

# Release below which the OS version applies, newest last. 12.5 is a captured value, the others are from memory.
_OS_VERSIONS = ((9, "4.0.0.0-44"), (10, "5.0.0.0-2"), (12, "6.0.0.0-2"), (15, "7.0.0.0-4"), (99, "8.0.0.0-1"))
_DISKS = {
    "active": (19805412, 6240536, 13345948),
    "inactive": (19805412, 6601928, 12984556),
    "logging": (69234984, 45315340, 20379628),
}


def version(call: Call) -> Answer:
    """``show version active`` and ``show version inactive``: the release and the installed options (COP files)."""
    which = call.rest[0] if call.rest else ""
    if which not in ("active", "inactive"):
        return failure("Enter valid values for the command")
    node = call.node
    release, options = (
        (node.release, node.options) if which == "active" else (node.inactive_release, node.inactive_options)
    )
    if not release:
        return text("No inactive version")  # from memory: no capture of a node without an inactive partition exists
    word = which.capitalize()
    indent = "  " if call.faults.get("cli_options_indented") else ""
    return text(
        f"{word} Master Version: {release}",
        f"{word} Version Installed Software Options:",
        *(options or [f"{indent}No Installed Software Options Found."]),
    )


def os_version(call: Call) -> str:
    """Return the version of the platform below the product."""
    return next(version for below, version in _OS_VERSIONS if call.release[0] < below)


def uptime(call: Call, now: dt.datetime) -> str:
    """Return the line of Linux' ``uptime``: days, then hours and minutes, or minutes alone in the first hour."""
    up = max(now - booted_at(call.node), dt.timedelta())
    hours, minutes = divmod(up.seconds // 60, 60)
    days = f"{up.days} day{'s' if up.days != 1 else ''}, " if up.days else ""
    clock = f"{hours:2}:{minutes:02}, " if hours else f"{minutes} min, "
    return f" {local(call.node, now):%H:%M:%S} up {days}{clock} 1 user,  load average: 0.22, 0.38, 0.32"


def status(call: Call) -> Answer:
    """``show status``: name, clock, zone, uptime, load and disks."""
    node = call.node
    now = node.now()
    head = [
        f"Host Name          : {node.host}",
        f"Date               : {local(node, now):%a %b %d, %Y %H:%M:%S}",
        f"Time Zone          : {node.zone_label} ({node.zone})",
        "Locale             : en_US.UTF-8",
        f"Product Ver        : {node.release}",
        f"Unified OS Version : {os_version(call)}",
    ]
    if call.faults.get("cli_license_mac"):
        head.append("License MAC        : 0a1b2c3d4e5f")
    return text(
        *head,
        "",
        "Uptime:",
        uptime(call, now),
        "",
        f"CPU Idle:   {call.faults.get('cli_load', {}).get('cpu_idle', '85.86')}%  System:   07.58%    User:   05.56%",
        "  IOWAIT:   00.51%     IRQ:   00.00%    Soft:   00.51%",
        "",
        "Memory Total:        7990056K",
        "        Free:         130848K",
        "        Used:        3963172K",
        "      Cached:        3232656K",
        "      Shared:         484376K",
        "     Buffers:        3896036K",
        "",
        "                        Total            Free            Used",
        *_disks(call),
        "",
    )


def _disks(call: Call) -> list[str]:
    rows = []
    for name, (total, free, used) in {**_DISKS, **call.faults.get("cli_disk", {})}.items():
        share = round(100 * (total - free) / total)
        rows.append(f"{'Disk/' + name:<15}{total:>13}K{free:>15}K{used:>15}K ({share}%)")
    return rows


def network_cluster(call: Call) -> Answer:
    """``show network cluster``: every node as this one sees it; the server table on the publisher only."""
    lines = [_member(call, index) for index in range(len(call.world.nodes))]
    if call.node.role == "publisher":
        lines += ["", "Server Table (processnode) Entries", "----------------------------------"]
        lines += _server_table(call)
    return text(*lines, "")


def _server_table(call: Call) -> list[str]:
    """Return the names of System > Server as the publisher's database has them."""
    if call.world.database is None:
        return [node.name for node in call.world.nodes]
    _, rows = node_query(call.world, call.node, "select name from processnode where systemnode = 'f' order by nodeid")
    return [str(row[0]) for row in rows]


def _member(call: Call, index: int) -> str:
    node = call.world.nodes[index]
    role = "Publisher" if node.role == "publisher" else "Subscriber"
    database = "DBPub" if is_publisher(call.world, node) else "DBSub"
    fqdn = f"{node.host}.{node.domain}" if node.domain else node.host
    since = max(booted_at(node), booted_at(call.node)) + dt.timedelta(seconds=140 + index)
    if node is call.node:
        state = "authenticated"
    elif node.authenticated and call.node.authenticated:
        state = f"authenticated using TCP since {ctime(local(call.node, since), zone=False)}"
    else:
        state = "not authenticated or updated on server"  # from memory
    return f"{node.address} {fqdn} {node.host} {role} {node.product} {database} {state}"


def hardware(call: Call) -> Answer:
    """``show hardware``: a virtual machine."""
    facts = call.faults.get("cli_hardware", {})
    return text(
        "HW Platform       : VMware Virtual Machine",
        f"Processors        : {facts.get('Processors', 2)}",
        "Type              : Intel(R) Xeon(R) CPU E5-2650 v4 @ 2.20GHz",
        "CPU Speed         : 2200",
        f"Memory            : {facts.get('Memory', 8192)} MBytes",
        "Object ID         : 1.3.6.1.4.1.9.1.1348",
        f"OS Version        : UCOS {os_version(call)}.i386",
        "Serial Number     : VMware-42 16 0a 0b 0c 0d 0e 0f-10 11 12 13 14 15 16 17",
        "",
        "RAID Version      :",
        "No RAID controller information is available",
        "",
        "BIOS Information  :",
        "PhoenixTechnologiesLTD 6.00 12/12/2018",
        "",
        "RAID Details      :",
        "No RAID information is available",
        "-----------------------------------------------------------------------",
        "Physical device information",
        "-----------------------------------------------------------------------",
        "Number of Disks   : 1",
        "Hard Disk #1",
        "Size (in GB)      : 110",
        "",
        "Partition Details :",
        "",
        "Disk /dev/sda: 14359 cylinders, 255 heads, 63 sectors/track",
        "Units = sectors of 512 bytes, counting from 0",
        "",
        "   Device Boot    Start       End   #sectors  Id  System",
        "/dev/sda1   *      2048  41945087   41943040  83  Linux",
        "/dev/sda2      41945088  83888127   41943040  83  Linux",
    )


def disk_usage(call: Call) -> Answer:
    """``show diskusage PARTITION``: asks first, because it keeps the disk busy."""
    partition = call.rest[0] if call.rest else ""
    if partition not in ("activelog", "common", "inactivelog", "install", "tftp", "tmp"):
        return failure("Enter valid values for the command")
    total, free, used = {**_DISKS, **call.faults.get("cli_disk", {})}["logging"]
    table = (
        "Filesystem           1K-blocks      Used Available Use% Mounted on",
        f"/dev/sda6            {total:>9} {used:>9} {free:>9}  {round(100 * (total - free) / total)}% /common",
        "18432\t/common/log/taos-log-a/cm/trace",
        "2048\t/common/log/install",
    )
    return Answer(
        lines=("This command can raise IOWAIT while it runs.",),
        question="Continue (y/n)?",
        then=lambda: Answer(lines=table),
    )


def cli_pagination(call: Call) -> Answer:
    """``show cli pagination``: of this session."""
    return text(f"Automatic Pagination : {'On' if call.state.pagination else 'Off'}.")


def set_cli_pagination(call: Call) -> Answer:
    """``set cli pagination on|off``: of this session, no change of the node."""
    if call.faults.get("cli_no_pagination"):
        return text("No valid command entered")
    wanted = call.rest[0] if call.rest else ""
    if wanted not in ("on", "off"):
        return failure("Enter valid values for the command")
    call.state.pagination = wanted == "on"
    return text(f"Automatic pagination is turned {wanted}")
