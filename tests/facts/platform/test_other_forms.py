"""Lines that healthy nodes print now and then, in other releases or on other machines: invented texts of real forms."""

import pytest

from cucm_audit.clients import ClientError
from cucm_audit.model import Reason
from tests.facts.platform.asked import column, gather, one, recording

MEMBERS = "show network cluster"
REPLICATION = "utils dbreplication runtimestate"
STATUS = "show status"
HISTORY = "file view install system-history.log"
SYNCED = """
DDB and Replication Services: ALL RUNNING

DB CLI Status: No other dbreplication CLI is running...

Cluster Replication State: BROADCAST SYNC Completed on 1 servers at: 2014-05-11-07-42
     Last Sync Result: SYNC COMPLETED 548 tables sync'ed out of 548
     Sync Errors: NO ERRORS

DB Version: ccm9_1_2_11900_12
Number of replicated tables: 548
Repltimeout set to: 300s

Cluster Detailed View from turku-pub (2 Servers):

                         PING        REPLICATION REPL. DBver& REPL. REPLICATION SETUP
SERVER-NAME IP ADDRESS   (msec) RPC? STATUS      QUEUE TABLES LOOP? (RTMT) & details
----------- ------------ ------ ---- ----------- ----- ------ ----- -----------------
turku-pub   10.44.0.11   0.041  Yes  Connected   0     match  Yes   (2) PUB Setup Completed
turku-sub   10.44.0.12   0.190  Yes  Connected   0     match  Yes   (2) Setup Completed
"""


def synced(text=SYNCED, status=None):
    status = recording("8.6", "show-status") if status is None else status
    return gather("replication_check", {REPLICATION: text, STATUS: status})


def test_a_sync_of_release_9_without_errors_is_no_error():
    told = synced()
    assert told.whole
    assert [told.rows[0][name] for name in ("errors", "tables_checked", "tables_total")] == [0, 548, 548]
    assert one("replication", REPLICATION, SYNCED).whole


def test_a_repair_that_went_through_is_a_check_of_all_tables():
    """Releases to 9.x, after a repair: the same head, with other verbs."""
    start = SYNCED.index("Cluster Replication State")
    repaired = (
        "Cluster Replication State: Replication repair command started at: 2014-05-11-12-33\n"
        "     Replication repair command COMPLETED 548 tables processed out of 548\n"
        "     No Errors or Mismatches found.\n"
    )
    text = SYNCED[:start] + repaired + SYNCED[SYNCED.index("DB Version") - 1 :]
    told = synced(text)
    assert told.whole
    assert [told.rows[0][name] for name in ("errors", "tables_checked", "local_at")] == [0, 548, "2014-05-11 12:33:00"]
    assert one("replication", REPLICATION, text).whole


@pytest.mark.parametrize("said", ["Sync Errors: 3 tables", "Sync Errors: NO ERRORS\n     Sync Errors: table device"])
def test_a_sync_with_errors_is_one(said):
    assert synced(SYNCED.replace("Sync Errors: NO ERRORS", said)).rows[0]["errors"] == 1


def test_where_the_publishers_time_is_not_printed_show_status_has_it():
    assert synced().rows[0]["server_local_at"] == "2013-03-12 08:04:09"


@pytest.mark.parametrize("status", ["", "Date : 12/03/2013 7:58 PM\n"])
def test_no_time_at_all_is_not_guessed(status):
    assert synced(status=status).rows[0]["server_local_at"] is None


def test_a_clock_that_cannot_be_asked_costs_nothing_else():
    error = ClientError(node="x", source="ssh", doing=STATUS, reason=Reason.TIMEOUT)
    told = synced(status=error)
    assert told.whole
    assert (told.rows[0]["server_local_at"], told.rows[0]["errors"]) == (None, 0)


OLD_MEMBERS = """
 10.44.0.11 turku-pub.pohja.test turku-pub Publisher authenticated
 10.44.0.12 turku-sub.pohja.test turku-sub Subscriber authenticated using TCP since Sat May 10 01:48:39 2014
 10.44.0.13 turku-tftp Subscriber not authenticated - INITIATOR since Sun May 11 12:33:47 2014
"""


def test_members_without_product_and_database_role():
    told = one("cluster_member", MEMBERS, OLD_MEMBERS)
    assert told.whole
    assert column(told, "host") == ["turku-pub", "turku-sub", "turku-tftp"]
    assert column(told, "authenticated") == [1, 1, 0]
    assert column(told, "product") == column(told, "db_role") == ["", "", ""]
    assert told.rows[2]["state"] == "not authenticated - INITIATOR since Sun May 11 12:33:47 2014"


@pytest.mark.parametrize("state", ["waiting", "callmanager authenticated", "DBSub", ""])
def test_a_short_row_has_to_speak_of_authentication(state):
    told = one("cluster_member", MEMBERS, f"{OLD_MEMBERS} 10.44.0.14 turku-x Subscriber {state}\n")
    assert told.reasons == [Reason.MALFORMED]


@pytest.mark.parametrize("wrapped", ["Subscriber\nauthenticated", "TCP\n  since", "turku-sub\nSubscriber"])
def test_a_wrapped_short_row_is_one_row(wrapped):
    told = one("cluster_member", MEMBERS, OLD_MEMBERS.replace(wrapped.replace("\n", " ").replace("  ", " "), wrapped))
    assert told.whole
    assert column(told, "authenticated") == [1, 1, 0]


@pytest.mark.parametrize(
    "line",
    [
        "Dynamic Cluster Configuration is enabled for 22 Hours 5 Minutes.",
        "Dynamic Cluster Configuration is disabled",
        "Successful",
    ],
)
def test_what_stands_below_the_members_is_known(line):
    assert one("cluster_member", MEMBERS, f"{recording('10.5', 'network-cluster')}{line}\n").whole


def test_an_installation_that_imports_and_names_what_it_brought():
    said = [
        "Install 15.0.1.12900-234 Start",
        "Boot 15.0.1.12900-234 Start",
        "Import during Install 14.0.1.13900-155-to-15.0.1.12900-234 Success",
        "Product Version 15.0.1.12900-234",
        "Kernel Image 4.18.0-513.el8.x86_64",
        "Restart 15.0.1.12900-234 Start",
    ]
    told = one("system_event", HISTORY, "".join(f"03/02/2026 09:00:0{at} | root: {x}\n" for at, x in enumerate(said)))
    assert told.whole
    assert column(told, "action") == [
        "Install",
        "Boot",
        "Import during Install",
        "Product Version",
        "Kernel Image",
        "Restart",
    ]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("drfCliMsg: Error occurred:Master Agent may be processing an operation or it is down.", Reason.BUSY),
        ("drfCliMsg: Network request timed out", Reason.TIMEOUT),
        ("Error occurred: Unable to connect to Local Agent host: x", Reason.SERVICE_NOT_ACTIVATED),
    ],
)
def test_the_agents_errors_behind_their_programs_name(said, reason):
    for table, command in (("backup_history", "history"), ("backup_status", "status")):
        assert one(table, f"utils disaster_recovery {command} backup", said).error.reason is reason


@pytest.mark.parametrize("zone", ["GMT-03:00", "GMT+5:30", "-03", "CEST", "+0545"])
def test_zones_of_a_backup_that_have_no_name(zone):
    text = f"2024-05-01-02-00-03.tar   NETWORK        Wed May 01 02:09:51 {zone} 2024  SUCCESS  SCHEDULED\n"
    told = one("backup_history", "utils disaster_recovery history backup", text)
    assert told.whole
    assert told.rows[0]["local_at"] == "2024-05-01 02:09:51"


def test_the_disks_of_a_physical_machine_have_types_too():
    text = recording("12.5", "hardware").replace(
        "No RAID information is available",
        "Logical drive     : 1\nType              : RAID1\nMemory            : 256 MB",
    )
    told = one("hardware", "show hardware", text)
    assert told.whole
    assert (told.rows[0]["memory_mb"], told.rows[0]["processor"][:5]) == (8192, "Intel")


SELF_TESTS = """The system is operating in FIPS mode. Self test status:

- S T A R T ---------------------
Executing FIPS selftests
runlevel is N 3
Start time: Mon May 12 15:59:24 CEST 2014
NSS self tests passed.
Kernel Crypto tests passed.
OpenSSL self tests passed...
"""


def test_the_self_tests_of_fips_mode():
    told = one("fips_state", "utils fips status", SELF_TESTS)
    assert told.whole
    assert column(told, "fips") == [1]
    failed = one("fips_state", "utils fips status", SELF_TESTS.replace("Crypto tests passed", "Crypto tests failed"))
    assert failed.reasons == [Reason.MALFORMED]


@pytest.mark.parametrize("line", ["Unable to talk to NTP daemon. Is it running?", "ntpq: read: Connection refused"])
def test_tools_that_miss_the_daemon_say_nothing_about_the_clock(line):
    down = one("ntp_status", "utils ntp status", f"ntpd is stopped\n{line}\n")
    assert down.whole
    assert [down.rows[0][name] for name in ("running", "synchronised")] == [0, None]


def test_services_in_another_case():
    told = one("cli_service", "utils service list", "Cisco Tftp[ Started ]\nCisco Tomcat [STOPPED] Service Activated\n")
    assert column(told, "status") == ["STARTED", "STOPPED"]
    assert told.rows[1]["reason"] == "Service Activated"


@pytest.mark.parametrize("state", ["NOT STARTED", "PAUSED", ""])
def test_a_state_of_a_service_that_no_source_names(state):
    told = one("cli_service", "utils service list", f"Cisco Tftp[{state}]\nCisco Tomcat[STARTED]\n")
    assert told.reasons == [Reason.MALFORMED]


@pytest.mark.parametrize(("said", "signer"), [("", None), ("Trust Certificate", None), (" Self-signed by x", "")])
def test_a_certificate_whose_signer_is_not_told(said, signer):
    text = f"{recording('10.5', 'cert-list-own')}authz/authz.pem:{said and ' '}{said}\n"
    told = one("own_certificate", "show cert list own", text)
    assert told.whole
    assert {row["unit"]: row["signed_by"] for row in told.rows}["authz"] == signer


@pytest.mark.parametrize(
    "pager",
    [
        "Press <enter> for 1 line, <space> for one page, or <q> to quit",
        "options: q=quit, n=next, p=prev, b=begin, e=end (lines 1 - 20 of 57) :",
        "end of the file reached",
    ],
)
def test_a_row_that_ran_into_a_pagers_line_is_not_lost_with_it(pager):
    row = " 292616 KB   2022-02-20 00:02:37   core.62556.6.ccm.1645336926"
    text = recording("10.5", "core-list")
    assert row in text
    assert one("core_file", "utils core active list", text.replace(row, f"{pager}\n{row}")).whole
    assert not one("core_file", "utils core active list", text.replace(row, pager + row)).whole
