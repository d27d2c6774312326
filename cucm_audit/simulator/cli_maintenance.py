"""The other ``utils`` commands that only look: cores, diagnosis, backups, upgrade, security (reference: cli.md 9)."""

import datetime as dt
from typing import Any

from cucm_audit.simulator.cli_answer import Answer, Call, ctime, failure, is_publisher, local, text

_PASSED = {"disk_space": "Passed (available: 1753 MB, used: 12413 MB)"}
_SKIPPED = ("disk_files", "tomcat_heapdump", "sdl_fragmentation", "sdi_fragmentation")
_MODULES = (
    "disk_space",
    "disk_files",
    "service_manager",
    "tomcat",
    "tomcat_deadlocks",
    "tomcat_keystore",
    "tomcat_connectors",
    "tomcat_threads",
    "tomcat_memory",
    "tomcat_sessions",
    "tomcat_heapdump",
    "validate_network",
    "raid",
    "system_info",
    "ntp_reachability",
    "ntp_clock_drift",
    "ntp_stratum",
    "sdl_fragmentation",
    "sdi_fragmentation",
)


def core_list(call: Call) -> Answer:
    """``utils core active|inactive list``: the size of a core can be missing."""
    cores = call.faults.get("cli_cores", []) if "active" in call.text.split() else []
    if not cores:
        return text("No core files found")
    rows = [
        f"{f'{size} KB' if size is not None else '':<13}{local(call.node, _moment(call, at)):   %Y-%m-%d %H:%M:%S}"
        f"   {name}"
        for size, at, name in cores
    ]
    return text("", "     Size         Date            Core File Name", "=" * 65, *rows)


def _moment(call: Call, at: Any) -> dt.datetime:
    """Return a time; a number is so many days ago, by the node's clock."""
    return at if isinstance(at, dt.datetime) else call.node.now() - dt.timedelta(days=at)


def diagnose_test(call: Call) -> Answer:
    """``utils diagnose test``: each module passed, skipped, or what is wrong."""
    wrong = call.faults.get("cli_diagnose", {})
    rows = []
    for module in _MODULES:
        said = wrong.get(module)
        if said is None and module in _SKIPPED:
            rows.append(f"skip - {module:<20}: This module must be run directly and off hours")
        else:
            rows.append(f"test - {module:<20}: {said or _PASSED.get(module, 'Passed')}")
    return text(
        "Log file: platform/log/diag1.log",
        "",
        "Starting diagnostic test(s)",
        "===========================",
        *rows,
        "",
        "Diagnostics Completed",
        "",
        " The final output will be in Log file: platform/log/diag1.log",
        "",
        " Please use 'file view activelog platform/log/diag1.log' command to see the output",
    )


def _backups(call: Call) -> list[dict[str, Any]] | None:
    """Return the backups, or None where the Master Agent cannot be reached: it lives on the publisher."""
    if not is_publisher(call.world, call.node):
        return None
    usual = [{"at": call.node.now() - dt.timedelta(days=days)} for days in (2, 1)]
    empty = {"ok": True, "type": "SCHEDULED", "device": "NETWORK", "failed": "", "without": [], "bad": []}
    backups = [{**empty, **backup} for backup in call.faults.get("cli_backups", usual)]
    return [{**backup, "at": _moment(call, backup["at"])} for backup in backups]


def _no_agent(call: Call) -> Answer:
    host = call.world.publisher.host
    return failure(
        f"Unable to connect to Master Agent host: {host}, Port: 4040. This may be due to"
        " Master or Local Agent being down."
    )


def _tar(call: Call, backup: dict[str, Any]) -> str:
    return f"{local(call.node, backup['at']):%Y-%m-%d-%H-%M-%S}.tar"


def backup_history(call: Call) -> Answer:
    """``utils disaster_recovery history backup``: newest row last."""
    backups = _backups(call)
    if backups is None:
        return _no_agent(call)
    if not backups:
        return text("drfCliMsg:  No history data is available")
    product = "CUP" if call.node.product == "cups" else "UCM"
    rows = []
    for backup in backups:
        name = _tar(call, backup) if backup["ok"] else "TAR file not created"
        done = ctime(local(call.node, backup["at"] + dt.timedelta(seconds=93)))
        result = "SUCCESS" if backup["ok"] else "ERROR"
        rows.append(
            f"{name:<25} {backup['device']:<14} {done}  {result:<8} {backup['type']:<13} {call.node.release}"
            f" {product:<26} {backup['failed'] or '---'}"
        )
    return text(
        "", "Tar Filename              Backup Device  Completed On                  Result   Backup Type", *rows, ""
    )


def backup_status(call: Call) -> Answer:
    """``utils disaster_recovery status backup``: of the last one."""
    backups = _backups(call)
    if backups is None:
        return _no_agent(call)
    if not backups:
        return text("drfCliMsg: No backup status available")
    last = backups[-1]
    word = "SUCCESS" if last["ok"] else "ERROR"
    done = ctime(local(call.node, last["at"] + dt.timedelta(seconds=93)))
    rows = [
        f"{feature}  {host}  {component}  {'ERROR' if component in last['bad'] else word}  {done}  "
        f"activelog/platform/drf/log/{last['at']:%Y-%m-%d-%H-%M-%S}_b_{host}_{component.lower()}.log"
        for feature, host, component in _components(call)
        if host not in last["without"]
    ]
    return text(
        f"Status: {word} :Backup {'Completed' if last['ok'] else 'failed'}...",
        f"Tar Filename: {_tar(call, last)}",
        f"Storage Location: {last['device']}",
        "Operation: backup",
        "Percentage Complete: 100",
        *rows,
    )


def _components(call: Call) -> list[tuple[str, str, str]]:
    """Return feature, host and component of everything that a whole backup holds."""
    found = []
    for node in call.world.nodes:
        feature, database = ("CUP", "CUPDB") if node.product == "cups" else ("UCM", "CCMDB")
        found.append((feature, node.host, "PLATFORM"))
        if node.role == "publisher" or node.product == "cups":
            found.append((feature, node.host, database))
        if node.product != "cups":
            found.append((feature, node.host, "TFTP"))
    return found


def upgrade_status(call: Call) -> Answer:
    """``utils system upgrade status``: texts other than the failed case are from memory."""
    facts = call.faults.get("cli_upgrade")
    if not facts:
        return text("There is no upgrade data available.")
    return text(
        facts.get("message", "The upgrade has ended."),
        f"Upgrade status: {facts['status']}",
        f"Upgrade file: {facts.get('file', 'UCSInstall_UCOS_15.0.1.14900-45.sha512.iso')}",
        f"Upgrade log: {facts.get('log', 'install_log_2026-07-31.20.52.39.log')}",
    )


def os_secure_status(call: Call) -> Answer:
    """``utils os secure status``."""
    return text(
        "OS Security status:             enabled",
        f"Current mode:                   {call.faults.get('cli_os_mode', 'enforcing')}",
    )


def fips_status(call: Call) -> Answer:
    """``utils fips status``: both texts are from memory."""
    if call.faults.get("cli_fips"):
        return text(
            "The system is operating in FIPS mode. Self test status:", "- S T A R T ---------------------", "PASSED"
        )
    return text("The system is operating in NON-FIPS mode.")


def vmtools_status(call: Call) -> Answer:
    """``utils vmtools status``: the sentence about old tools is known, the other is from memory."""
    if call.faults.get("cli_vmtools_old"):
        return text("", 'VMware Tools are out-of-date. Please run "utils vmtools upgrade"')
    return text("VMware Tools are up-to-date.")


def network_connectivity(call: Call) -> Answer:
    """``utils network connectivity [NODE]``: asks first; it can take minutes."""
    return Answer(
        lines=("This command can take up to 3 minutes to complete.",),
        question="Continue (y/n)?",
        then=lambda: Answer(
            lines=(
                "Running test, please wait ...",
                ".",
                f"Network connectivity test with {call.world.publisher.host} completed successfully.",
            )
        ),
    )
