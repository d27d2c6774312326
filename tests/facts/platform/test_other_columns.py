"""A column more, a column less, a header renamed, a word that no source names: never a whole fact with another meaning.

Either the fact is not whole (then its checks are UNKNOWN), or the value is NULL (then the checks that read it are), or
the row is what it was because the column is none that anybody reads.
"""

import re

import pytest

from cucm_audit.clients.commands import COUNTS
from tests.facts.platform.asked import gather, recording

VERSION = "show version active"
STATUS = "show status"
MEMBERS = "show network cluster"
SERVICES = "utils service list"
REPLICATION = "utils dbreplication runtimestate"
NTP = "utils ntp status"
CORES = "utils core active list"
BACKUPS = "utils disaster_recovery history backup"
COMPONENTS = "utils disaster_recovery status backup"
COUNT = "run sql select count(*) as n from device"

#: table, command, recording, pattern, what stands there instead. The fact is not whole, or has fewer rows and says so.
NOT_WHOLE = [
    # another column
    ("replication", REPLICATION, ("14", "replication"), r"(Y/Y/Y)", r"\1     Y"),
    ("replication", REPLICATION, ("8.6", "replication"), r"(Connected)", r"\1 SSL up"),
    ("core_file", CORES, ("12.5", "core-list"), r"( core\.)", r" -rw-r\1"),
    ("ntp_source", NTP, ("10.5", "ntp-status"), r"( 377 )", r"\1 NTS "),
    ("backup_component", COMPONENTS, ("12.5", "backup-status"), r"  SUCCESS  ", "  SUCCESS  100%  "),
    ("backup_history", BACKUPS, ("10.5", "backup-history"), r"(\.tar +)", r"\1 4 GB  "),
    ("disk", STATUS, ("12.5", "show-status"), r"(Disk/\w+ +\S+)", r"\1 512K"),
    # a column less
    ("replication", REPLICATION, ("14", "replication"), r" \(g_\d+\)", ""),
    ("replication", REPLICATION, ("14", "replication"), r"[YN]/[YN]/[YN]", ""),
    ("core_file", CORES, ("12.5", "core-list"), r"\d{4}-\d\d-\d\d ", ""),
    ("ntp_source", NTP, ("10.5", "ntp-status"), r" 377 ", " "),
    ("backup_component", COMPONENTS, ("12.5", "backup-status"), r"  SUCCESS  ", "  "),
    ("backup_history", BACKUPS, ("10.5", "backup-history"), r"(\.tar) +\S+ +", r"\1 "),
    ("disk", STATUS, ("12.5", "show-status"), r" \(\d+%\)", ""),
    ("cluster_member", MEMBERS, ("15", "network-cluster"), r" DB\w+", ""),
    ("cli_service", SERVICES, ("12.5", "service-list"), r"\[STARTED\]", ""),
    # a header or a label with another name
    ("software_version", VERSION, ("12.5", "show-version-active"), r"Active Master Version", "Active Release"),
    (
        "installed_option",
        VERSION,
        ("12.5", "show-version-active"),
        r"Installed Software Options",
        "Add-Ons and Patches",
    ),
    ("node_clock", STATUS, ("12.5", "show-status"), r"Date  ", "Now   "),
    ("replication", REPLICATION, ("14", "replication"), r"Cluster Detailed View from", "Overview of"),
    ("replication_check", REPLICATION, ("14", "replication"), r"Cluster Replication State", "State of all"),
    ("backup_status", COMPONENTS, ("12.5", "backup-status"), r"Status: ", "Outcome: "),
    ("table_count", COUNT, ("12.5", "count"), r"^n\b", "rows"),
    # words that no source names
    ("cli_service", SERVICES, ("12.5", "service-list"), r"\[STARTED\]", "[DORMANT]"),
    ("ntp_status", NTP, ("10.5", "ntp-status"), r"synchroni[sz]ed to", "locked on"),
    ("core_file", CORES, ("12.5", "core-list"), r" KB ", " blocks "),
    ("installed_option", VERSION, ("12.5", "show-version-active"), r"(\S+\.cop)", r"\1 (superseded)"),
]


@pytest.mark.parametrize(("table", "command", "where", "pattern", "other"), NOT_WHOLE)
def test_another_table_makes_the_fact_partial(table, command, where, pattern, other):
    plain = recording(*where)
    text, changes = re.subn(pattern, other, plain, flags=re.M)
    assert changes, "the recording has no such thing"
    if table == "replication_check":
        answers = {command: text, STATUS: recording("12.5", "show-status")}
    elif table == "table_count":
        answers = {count.text: text for count in COUNTS}
    else:
        answers = {command: text}
    assert not gather(table, answers).whole


#: table, command, recording, pattern, other, column: the row stays, and the value of the column is not known.
UNKNOWN_VALUE = [
    ("backup_history", BACKUPS, ("10.5", "backup-history"), r"SUCCESS", "PARTIAL", "succeeded"),
    ("backup_component", COMPONENTS, ("12.5", "backup-status"), r"  SUCCESS  ", "  HALF  ", "succeeded"),
    ("backup_status", COMPONENTS, ("12.5", "backup-status"), r"Status: SUCCESS", "Status: RESTING", "succeeded"),
    ("cluster_member", MEMBERS, ("15", "network-cluster"), r"authenticated", "acquainted", "authenticated"),
    ("replication", REPLICATION, ("14", "replication"), r"\(2\)", "(-)", "state"),
    ("security_state", "utils os secure status", ("12.5", "os-secure-status"), r"enforcing", "lenient", "enforcing"),
    ("own_certificate", "show cert list own", ("15", "cert-list-own"), r"Self-signed", "Home-made", "signed_by"),
]


@pytest.mark.parametrize(("table", "command", "where", "pattern", "other", "column"), UNKNOWN_VALUE)
def test_a_word_that_no_source_names_is_not_known(table, command, where, pattern, other, column):
    plain = recording(*where)
    text, changes = re.subn(pattern, other, plain)
    assert changes
    before, told = gather(table, {command: plain}), gather(table, {command: text})
    known = [row[column] for row in before.rows if row[column] is not None]
    assert sum(row[column] is not None for row in told.rows) < len(known)
    assert len(told.rows) == len(before.rows)


WIDTHS = [
    ("replication", REPLICATION, ("14", "replication")),
    ("cluster_member", MEMBERS, ("15", "network-cluster")),
    ("backup_history", BACKUPS, ("15", "backup-history")),
    ("backup_component", COMPONENTS, ("12.5", "backup-status")),
    ("system_event", "file view install system-history.log", ("12.5", "system-history")),
    ("ntp_source", NTP, ("10.5", "ntp-status")),
    ("cli_service", SERVICES, ("12.5", "service-list")),
    ("own_certificate", "show cert list own", ("15", "cert-list-own")),
    ("disk", STATUS, ("12.5", "show-status")),
    ("core_file", CORES, ("12.5", "core-list")),
    ("installed_option", VERSION, ("12.5", "show-version-active")),
]


@pytest.mark.parametrize("columns", [40, 60, 72, 80, 100])
@pytest.mark.parametrize(("table", "command", "where"), WIDTHS)
def test_a_narrow_terminal_costs_no_row_in_silence(table, command, where, columns):
    """Lines that are cut at a column, in mid-word: read right, or not whole."""
    plain = recording(*where)
    pieces = [[line[at : at + columns] for at in range(0, len(line), columns)] or [""] for line in plain.split("\n")]
    cut = "\n".join(piece for line in pieces for piece in line)
    before, told = gather(table, {command: plain}), gather(table, {command: cut})
    assert told.rows == before.rows or not told.whole


@pytest.mark.parametrize(("table", "command", "where"), WIDTHS)
@pytest.mark.parametrize(
    "form",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\n".join(line + "   " for line in text.split("\n")),
        lambda text: re.sub(r" {4,}", "\t", text),
        lambda text: text.replace("\n", "\n\n"),
        lambda text: "\n\n" + text + "\n\n",
    ],
    ids=["crlf", "trailing-blanks", "tabs", "blank-lines", "framed"],
)
def test_layout_does_not_matter(table, command, where, form):
    plain = recording(*where)
    before, told = gather(table, {command: plain}), gather(table, {command: form(plain)})
    assert squeezed(told.rows) == squeezed(before.rows)
    assert told.whole


def squeezed(rows):
    """Free text is kept as printed; how many blanks stand in it is layout."""
    return [
        {key: " ".join(cell.split()) if isinstance(cell, str) else cell for key, cell in row.items()} for row in rows
    ]
