"""The platform CLI of an imitated node: which commands there are, and that nothing which changes a node is ever done.

Every command is recorded. One that would change the node is refused and recorded as a write: a test suite fails on it.
Formats: reference cli.md; texts that no capture confirms are marked "from memory" where they stand.
"""

from collections.abc import Callable
from dataclasses import replace

from cucm_audit.simulator import (
    cli_certificates,
    cli_file,
    cli_maintenance,
    cli_perf,
    cli_replication,
    cli_services,
    cli_show,
    cli_sql,
)
from cucm_audit.simulator.cli_answer import Answer, Call, failure, text, words
from cucm_audit.simulator.world import Asked

UNKNOWN = "No valid command entered"
UPGRADING = "Command not allowed during upgrade"  # from memory
LOCKED = "Another session holds the lock of the command line, try again later"  # nobody has the real text

#: Command -> what answers it. The longest that fits wins.
COMMANDS: dict[tuple[str, ...], Callable[[Call], Answer]] = {
    ("set", "cli", "pagination"): cli_show.set_cli_pagination,
    ("show", "cli", "pagination"): cli_show.cli_pagination,
    ("show", "version"): cli_show.version,
    ("show", "status"): cli_show.status,
    ("show", "network", "cluster"): cli_show.network_cluster,
    ("show", "hardware"): cli_show.hardware,
    ("show", "diskusage"): cli_show.disk_usage,
    ("show", "perf", "query", "class"): cli_perf.query_class,
    ("show", "cert", "list"): cli_certificates.list_certificates,
    ("show", "cert", "own"): cli_certificates.show_own,
    ("utils", "service", "list"): cli_services.service_list,
    ("utils", "ntp", "status"): cli_services.ntp_status,
    ("utils", "dbreplication", "runtimestate"): cli_replication.runtimestate,
    ("utils", "core", "active", "list"): cli_maintenance.core_list,
    ("utils", "core", "inactive", "list"): cli_maintenance.core_list,
    ("utils", "diagnose", "test"): cli_maintenance.diagnose_test,
    ("utils", "disaster_recovery", "history", "backup"): cli_maintenance.backup_history,
    ("utils", "disaster_recovery", "status", "backup"): cli_maintenance.backup_status,
    ("utils", "system", "upgrade", "status"): cli_maintenance.upgrade_status,
    ("utils", "os", "secure", "status"): cli_maintenance.os_secure_status,
    ("utils", "fips", "status"): cli_maintenance.fips_status,
    ("utils", "vmtools", "status"): cli_maintenance.vmtools_status,
    ("utils", "network", "connectivity"): cli_maintenance.network_connectivity,
    ("file", "view"): cli_file.view,
    ("file", "dump"): cli_file.dump,
    ("file", "tail"): cli_file.tail,
    ("file", "search"): cli_file.search,
    ("file", "list"): cli_file.list_files,
    ("run", "sql"): cli_sql.run_sql,
}

# First words, or first two, of what changes a node, unless COMMANDS knows the command. A typing error in a harmless
# command of these families counts as a write too: better one alarm too many.
_CHANGING = (
    ("set",),
    ("unset",),
    ("delete",),
    ("license",),
    ("run", "pe"),
    ("run", "loadxml"),
    ("file", "delete"),
    ("file", "get"),
    ("utils", "auditd"),
    ("utils", "core"),
    ("utils", "create"),
    ("utils", "csa"),
    ("utils", "dbreplication"),
    ("utils", "diagnose"),
    ("utils", "disaster_recovery"),
    ("utils", "EnhancedSecurityMode"),
    ("utils", "fips"),
    ("utils", "import"),
    ("utils", "ntp"),
    ("utils", "os"),
    ("utils", "remote_account"),
    ("utils", "reset_application_ui_administrator_name"),
    ("utils", "service"),
    ("utils", "snmp"),
    ("utils", "system"),
    ("utils", "ungraceful"),
    ("utils", "vmtools"),
)
_NOT_DURING_UPGRADE = (("set",), ("run", "sql"), ("utils", "dbreplication"))


def answer(call: Call) -> Answer:
    """Record the command and answer it."""
    typed = words(call.text)
    name = _name(typed)
    write = is_write(call.text)
    call.world.record(Asked(node=call.node.name, channel="ssh", operation=call.text, write=write))
    call.state.commands += 1
    special = _special(call, typed)
    if special is not None:
        return replace(special, write=write)
    if write:
        return Answer(lines=("This simulated node changes nothing: refused",), failed=True, write=True)
    if not name:
        return text(UNKNOWN)
    return COMMANDS[name](replace(call, rest=typed[len(name) :]))


def _name(typed: tuple[str, ...]) -> tuple[str, ...]:
    return max((name for name in COMMANDS if typed[: len(name)] == name), key=len, default=())


def is_write(command: str) -> bool:
    """Return whether ``command`` would change a node."""
    typed = words(command)
    name = _name(typed)
    if name == ("run", "sql"):
        return cli_sql.writes(cli_sql.statement(command))
    return not name and any(typed[: len(start)] == start for start in _CHANGING)


def _special(call: Call, typed: tuple[str, ...]) -> Answer | None:
    """Return the answer that a fault has for this command."""
    faults = call.faults
    locked, busy = faults.get("cli_locked"), faults.get("cli_busy")
    if locked:
        return failure(LOCKED if locked is True else str(locked))
    if isinstance(busy, str):
        return failure(busy)
    if busy and any(typed[: len(start)] == start for start in _NOT_DURING_UPGRADE):
        return failure(UPGRADING)
    question = faults.hit("cli_question", call.text)
    if question is not None:
        asks = "Are you sure you want to continue (yes/no) ? " if question is True else str(question)
        return Answer(question=asks)
    said = faults.hit("cli_answer", call.text)
    if said is not None:
        return text(*str(said).splitlines())
    wrong = faults.hit("cli_error", call.text)
    return None if wrong is None else failure(*([] if wrong is True else str(wrong).splitlines()))
