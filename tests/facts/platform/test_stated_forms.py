"""Forms that the command line's reference states and no recording shows: each is read, and read rightly."""

import pytest

from cucm_audit.model import Reason
from tests.facts.platform.asked import column, one

REPLICATION = "utils dbreplication runtimestate"
TABLE = """Server Time: Tue Apr  7 09:11:03 CEST 2026

Cluster Replication State: BROADCAST SYNC ended at: 2026-04-01-23-14
     Sync Result: SYNC COMPLETED on 753 tables out of 753
     Sync Status: All Tables are in sync
     Use CLI to see detail: 'file view activelog cm/trace/dbl/20260401_231106_dbl_repl_output_Broadcast.log'

DB Version: ccm14_0_1_13900_155

Repltimeout set to: 300s
PROCESS option set to: 1

Cluster Detailed View from oulu-pub (2 Servers):

                                      PING      DB/RPC/   REPL.    Replication    REPLICATION SETUP
SERVER-NAME         IP ADDRESS        (msec)    DbMon?    QUEUE    Group ID       (RTMT) & Details
-----------         ----------        ------    -------   -----    -----------    ------------------
oulu-pub            10.77.0.20        0.020     Y/Y/Y     0        (g_2)          (2) Setup Completed
"""


@pytest.mark.parametrize(
    ("row", "state", "details", "queue", "ping"),
    [
        ("10.77.0.30  0.256   Y/Y/Y  391694  (g_5)  (3) DB Active-Failed", 3, "DB Active-Failed", 391694, 0.256),
        ("10.77.0.30  Failed  N/N/N  --      (g_5)  (-) Off-Line", None, "Off-Line", None, None),
        ("10.77.0.30  --      -/-/-  ---     (-)    (-) Off-Line", None, "Off-Line", None, None),
        ("10.77.0.30  0.3     Y/Y/Y  N/A     (g_5)  (2) Syncing...", 2, "Syncing...", None, 0.3),
        ("10.77.0.30  0.3     Y/Y/Y  0       (g_5)  (0) Not Setup", 0, "Not Setup", 0, 0.3),
        ("10.77.0.30  0.3     Y/Y/Y  0       (g_5)  (4) Setup Failed", 4, "Setup Failed", 0, 0.3),
        ("10.77.0.30  0.3     Y/Y/Y  0       (g_5)  (-) Setup Completed", None, "Setup Completed", 0, 0.3),
        ("fd00:7::30  0.3     Y/Y/Y  0       (g_5)  (2) Setup Completed", 2, "Setup Completed", 0, 0.3),
    ],
)
def test_states_of_replication(row, state, details, queue, ping):
    told = one("replication", REPLICATION, f"{TABLE}oulu-sub  {row}\n")
    assert told.whole
    second = told.rows[1]
    assert [second[name] for name in ("state", "details", "queue", "ping_ms")] == [state, details, queue, ping]


PEERS = """ntpd (pid 2843) is running...

     remote           refid      st t when poll reach   delay   offset  jitter
==============================================================================
{}
{}
   polling server every 8 s

Current time in UTC is : Tue Apr  7 07:11:03 UTC 2026
Current time in Europe/Helsinki is : Tue Apr  7 10:11:03 EEST 2026
"""
STARTING = " 10.77.0.1       .GNSS.           1 u   44   64    3   11.724   -0.021   0.064"
OWN_CLOCK = (
    "*10.77.0.1       .GNSS.           1 u  3m   64  377    1.724   -0.021   0.064\n"
    " LOCAL(0)        .LOCL.          10 l    -   64    0    0.000    0.000   0.000"
)


@pytest.mark.parametrize(
    ("rows", "says", "synchronised", "tallies"),
    [
        (STARTING, "unsynchronised", 0, [""]),
        (OWN_CLOCK, "unsynchronised", 0, ["*", ""]),
        (
            OWN_CLOCK,
            "synchronized to NTP server (10.77.0.1) at stratum 2\n   time correct to within 9 ms",
            1,
            ["*", ""],
        ),
    ],
)
def test_a_daemon_that_has_just_begun_and_one_that_knows_its_own_clock(rows, says, synchronised, tallies):
    text = PEERS.format(rows, says)
    told = one("ntp_status", "utils ntp status", text)
    assert told.whole
    assert [told.rows[0][name] for name in ("running", "synchronised", "poll_seconds")] == [1, synchronised, 8]
    assert column(one("ntp_source", "utils ntp status", text), "tally") == tallies


def test_synchronised_and_starting_again_in_one_answer_is_not_known():
    says = "synchronised to NTP server (10.77.0.1) at stratum 2\n   time server re-starting"
    told = one("ntp_status", "utils ntp status", PEERS.format(STARTING, says))
    assert told.reasons == [Reason.MALFORMED]
    assert column(told, "synchronised") == [None]


def test_events_that_a_guide_has_annotated():
    log = (
        "04/07/2026 10:22:48 | root: Shutdown 14.0.1.13900-155 Start\n"
        "04/07/2026 10:24:35 | root: Boot 14.0.1.13900-155 Start = OK, prior Shutdown\n"
    )
    told = one("system_event", "file view install system-history.log", log)
    assert told.whole
    assert column(told, "action") == ["Shutdown", "Boot"]
    assert column(told, "result") == ["Start", "Start"]


@pytest.mark.parametrize(
    ("state", "authenticated"),
    [
        ("authenticated using TLS since Mon Apr  6 13:44:20 2026", 1),
        ("not authenticated or updated on server", 0),
        ("unauthenticated", 0),
        ("waiting for the first node", None),
    ],
)
def test_states_of_a_member(state, authenticated):
    row = f"10.77.0.41 oulu-imp.pohja.test oulu-imp Subscriber cups DBPub {state}\n"
    told = one("cluster_member", "show network cluster", row)
    assert told.whole
    assert column(told, "authenticated") == [authenticated]
