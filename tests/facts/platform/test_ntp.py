import re

import pytest

from cucm_audit.model import Reason
from tests.facts.platform.asked import column, one, recording

COMMAND = "utils ntp status"


def both(text):
    return one("ntp_status", COMMAND, text), one("ntp_source", COMMAND, text)


def test_ntpd():
    status, sources = both(recording("10.5", "ntp-status"))
    assert status.whole
    assert sources.whole
    assert status.rows == [
        {
            "node": "bonn-pub",
            "daemon": "ntpd",
            "running": 1,
            "synchronised": 1,
            "server": "10.7.0.1",
            "stratum": 3,
            "within_ms": 32,
            "poll_seconds": 1024,
        }
    ]
    assert [(row["remote"], row["tally"], row["stratum"], row["reach"], row["offset_ms"]) for row in sources.rows] == [
        ("10.7.0.1", "*", 2, "377", 0.391),
        ("10.7.0.2", "+", 2, "377", -1.4),
        ("10.7.0.3", "", 16, "0", 0.0),
    ]


def test_unsynchronised_is_not_read_as_synchronised():
    status, sources = both(recording("12.5", "ntp-status"))
    assert status.whole
    assert sources.whole
    assert (status.rows[0]["running"], status.rows[0]["synchronised"], status.rows[0]["server"]) == (1, 0, None)


def test_chronyd():
    status, sources = both(recording("15", "ntp-status"))
    assert status.whole
    assert sources.whole
    assert (status.rows[0]["daemon"], status.rows[0]["synchronised"], status.rows[0]["stratum"]) == ("chronyd", 1, 3)
    assert [(row["tally"], row["remote"], row["offset_ms"]) for row in sources.rows] == [
        ("^*", "10.9.0.1", -0.153),
        ("^?", "time2.eire.test", 0.0),
    ]


def test_chronyd_says_by_a_star_which_source_it_follows():
    text = recording("15", "ntp-status").replace("synchronized to NTP server (10.9.0.1) at stratum 3\n", "")
    status = both(text)[0].rows[0]
    assert (status["synchronised"], status["server"], status["stratum"]) == (1, "10.9.0.1", None)
    assert both(text.replace("^*", "^?"))[0].rows[0]["synchronised"] == 0


def test_a_starred_peer_of_ntpd_alone_does_not_say_synchronised():
    text = re.sub(r"synchroni[sz]ed to .*\n", "", recording("10.5", "ntp-status"))
    assert both(text)[0].rows[0]["synchronised"] is None


@pytest.mark.parametrize(
    ("line", "synchronised"),
    [
        ("synchronised to NTP server (10.7.0.1) at stratum 3", 1),
        ("  Synchronized to NTP server (10.7.0.1) at stratum 3", 1),
        ("synchronised to local net at stratum 4", None),
        ("unsynchronized", 0),
        ("unsynchronised time server re-starting", 0),
        ("time server re-starting", 0),
    ],
)
def test_the_line_about_synchronisation(line, synchronised):
    status, _ = both(
        recording("10.5", "ntp-status").replace("synchronised to NTP server (10.7.0.1) at stratum 3", line)
    )
    assert status.rows[0]["synchronised"] == synchronised


def test_contradicting_lines_leave_it_unknown():
    status, _ = both(recording("10.5", "ntp-status") + "unsynchronised\n")
    assert status.rows[0]["synchronised"] is None
    assert status.reasons == [Reason.MALFORMED]


@pytest.mark.parametrize(
    ("line", "daemon"),
    [
        ("ntpd is not running", "ntpd"),
        ("ntpd is stopped", "ntpd"),
        ("ntpd dead but pid file exists", "ntpd"),
        ("chronyd is not running...", "chronyd"),
        ("chronyd (pid 7) is not running", "chronyd"),
    ],
)
def test_a_daemon_that_is_down(line, daemon):
    status, sources = both(line + "\n")
    assert (status.rows[0]["daemon"], status.rows[0]["running"]) == (daemon, 0)
    assert status.rows[0]["synchronised"] is None
    assert sources.whole
    assert sources.rows == []


def test_a_running_daemon_without_a_table_leaves_the_sources_unknown():
    status, sources = both("ntpd (pid 8609) is running...\n")
    assert status.rows[0]["running"] == 1
    assert sources.error.reason is Reason.MALFORMED


def test_an_odd_row_is_not_dropped():
    text = recording("10.5", "ntp-status").replace(
        "+10.7.0.2        192.0.2.4        2", "+10.7.0.2        192.0.2.4        ?"
    )
    _, sources = both(text)
    assert len(sources.rows) == 2
    assert sources.reasons == [Reason.MALFORMED]


@pytest.mark.parametrize(
    ("row", "tally", "remote"),
    [
        ("x10.7.0.2 .GPS. 1 u 5 64 377 0.1 0.2 0.3", "x", "10.7.0.2"),
        ("  x10.7.0.2 .GPS. 1 u 5 64 377 0.1 0.2 0.3", "x", "10.7.0.2"),
        (" xray.lab .GPS. 1 u 5 64 377 0.1 0.2 0.3", "", "xray.lab"),
        ("xray.lab .GPS. 1 u 5 64 377 0.1 0.2 0.3", "x", "ray.lab"),
        ("    *10.7.0.2 .GPS. 1 u 5 64 377 0.1 -0.2 0.3", "*", "10.7.0.2"),
        ("#2001:db8::7 .GPS. 1 u 5 64 377 0.1 0.2 0.3", "#", "2001:db8::7"),
    ],
)
def test_marks_before_a_source(row, tally, remote):
    _, sources = both("ntpd (pid 1) is running...\n" + row + "\n")
    assert column(sources, "tally") == [tally]
    assert column(sources, "remote") == [remote]


@pytest.mark.parametrize("text", ["", "nothing of the kind\n", "No valid command entered\n"])
def test_no_answer(text):
    for told in both(text):
        assert told.error.reason is Reason.MALFORMED
