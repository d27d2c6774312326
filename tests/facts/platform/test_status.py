import datetime as dt

import pytest

from cucm_audit.model import Reason
from tests.facts.platform.asked import column, gather, one, recording

COMMAND = "show status"


def changed(old, new, release="12.5"):
    text = recording(release, "show-status")
    assert old in text
    return text.replace(old, new)


@pytest.mark.parametrize(
    ("release", "local", "utc", "minutes"),
    [
        ("8.6", "2013-03-12 08:04:09", "2013-03-12 07:04:09", 35),
        ("10.5", "2019-07-03 09:11:04", "2019-07-03 14:11:04", 24 * 60 + 185),
        ("11.5", "2019-08-08 17:02:30", "2019-08-08 14:02:30", 647),
        ("12.5", "2023-09-29 17:20:40", "2023-09-29 15:20:40", 141 * 24 * 60 + 72),
        ("14", "2025-02-10 23:19:58", "2025-02-10 17:49:58", 4 * 24 * 60 + 12),
        ("15", "2025-03-01 06:00:00", "2025-03-01 06:00:00", 72 * 24 * 60 + 21 * 60 + 1),
    ],
)
def test_releases(release, local, utc, minutes):
    text = recording(release, "show-status")
    clock, status, disk = (one(table, COMMAND, text) for table in ("node_clock", "node_status", "disk"))
    assert clock.whole
    assert status.whole
    assert disk.whole
    assert (clock.rows[0]["local_at"], clock.rows[0]["utc_at"]) == (local, utc)
    assert status.rows[0]["uptime_minutes"] == minutes
    assert column(disk, "name") == ["active", "inactive", "logging"]


def test_all_columns_of_a_node():
    (row,) = one("node_status", COMMAND, recording("12.5", "show-status")).rows
    assert row == {
        "node": "bonn-pub",
        "host_name": "bonn-pub",
        "version": "12.5.1.14900-63",
        "os_version": "7.0.0.0-4",
        "uptime_minutes": 203112,
        "cpu_idle_percent": 91.24,
        "load_1": 2.22,
        "memory_total_kb": 6007996,
        "memory_free_kb": 201148,
        "memory_used_kb": 3120572,
    }


def test_used_and_free_are_not_confused():
    row = one("disk", COMMAND, recording("12.5", "show-status")).rows[2]
    assert (row["total_kb"], row["free_kb"], row["used_kb"], row["used_percent"]) == (61234984, 28315340, 30379628, 52)


def test_the_clocks_distance_is_an_interval_as_long_as_the_answer_took_and_a_second():
    (row,) = gather("node_clock", {COMMAND: recording("12.5", "show-status")}, seconds=4).rows
    # Asked at 15:20:39.5, answered at 15:20:43.5, the node printed 15:20:40.
    assert row["offset_low"] == -3.5
    assert row["offset_high"] == 1.5


@pytest.mark.parametrize(
    ("date", "zone"),
    [
        ("Sun Oct 29, 2023 02:30:00", "Europe/Berlin"),  # comes twice
        ("Sun Mar 26, 2023 02:30:00", "Europe/Berlin"),  # never comes
        ("Fri Sep 29, 2023 17:20:40", "Mars/Olympus"),
        ("Fri Sep 29, 2023 17:20:40", "America"),  # a folder of zones
        ("Mon Jan 01, 0001 00:00:00", "Asia/Tokyo"),
    ],
)
def test_an_hour_that_cannot_be_placed_is_not_guessed(date, zone):
    text = changed("Fri Sep 29, 2023 17:20:40", date).replace("Europe/Berlin", zone)
    told = one("node_clock", COMMAND, text)
    (row,) = told.rows
    assert told.whole
    assert row["zone"] == zone
    assert (row["utc_at"], row["offset_low"], row["offset_high"]) == (None, None, None)


@pytest.mark.parametrize(
    "date",
    [
        "Fri Sep 29, 2023 05:20:40 PM",
        "Fre Sep 29, 2023 17:20:40",
        "ven. sept. 29, 2023 17:20:40",
        "Fri Okt 29, 2023 17:20:40",
        "Fri Sep 31, 2023 17:20:40",
        "Fri Sep 29, 2023 23:59:60",
        "Fri Sep ٢٩, 2023 17:20:40",
        "2023-09-29 17:20:40",
    ],
)
def test_a_date_of_another_form_stays_as_printed(date):
    told = one("node_clock", COMMAND, changed("Fri Sep 29, 2023 17:20:40", date))
    (row,) = told.rows
    assert row["local_at"] == date
    assert row["utc_at"] is None
    assert row["offset_low"] is None
    assert told.reasons == [Reason.MALFORMED]


def test_a_zone_without_brackets_is_no_iana_name():
    told = one("node_clock", COMMAND, changed("Central European Summer Time (Europe/Berlin)", "CEST"))
    assert told.rows[0]["zone"] is None
    assert told.rows[0]["utc_at"] is None


def test_no_date_no_clock():
    told = one("node_clock", COMMAND, changed("Date ", "Day "))
    assert told.error.reason is Reason.MALFORMED
    assert one("disk", COMMAND, changed("Date ", "Day ")).whole


@pytest.mark.parametrize(
    ("up", "minutes"),
    [
        ("09:00:00 up 1 day, 12 min,  2 users,  load average: 0.00, 0.01, 0.05", 1452),
        ("09:00:00 up 0 min,  0 users,  load average: 0.00, 0.01, 0.05", 0),
        ("09:00:00 up  1:05,  load average: 0.00, 0.01, 0.05", 65),
        ("09:00:00 up 1000 days, 23:59,  1 user,  load average: 10.50, 0.01, 0.05", 1441439),
    ],
)
def test_forms_of_uptime(up, minutes):
    text = changed("17:20:42 up 141 days,  1:12,  1 user,  load average: 2.22, 0.98, 0.82", up)
    told = one("node_status", COMMAND, text)
    assert told.whole
    assert told.rows[0]["uptime_minutes"] == minutes


@pytest.mark.parametrize(
    ("old", "new", "table", "column_name"),
    [
        ("up 141 days,  1:12,", "up since Monday,", "node_status", "uptime_minutes"),
        ("7.0.0.0-4", "", "node_status", "os_version"),
        ("6007996K", "5.7G", "node_status", "memory_total_kb"),
        ("91.24%", "n/a", "node_status", "cpu_idle_percent"),
    ],
)
def test_a_value_that_cannot_be_read_is_unknown_and_said_so(old, new, table, column_name):
    told = one(table, COMMAND, changed(old, new))
    assert told.rows[0][column_name] is None
    assert Reason.MALFORMED in told.reasons


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Disk/logging ", "Disk/"),
        ("Disk/logging        61234984K       28315340K       30379628K (52%)\n", ""),
        ("28315340K", "27G"),
        ("Total            Free            Used", "Total            Used            Free"),
        ("(52%)", ""),
    ],
)
def test_disks_are_never_silently_short(old, new):
    assert not one("disk", COMMAND, changed(old, new)).whole


@pytest.mark.parametrize("text", ["", "Executed command unsuccessfully\n", "admin:"])
def test_no_answer(text):
    for table in ("node_clock", "node_status", "disk"):
        assert one(table, COMMAND, text).error.reason is Reason.MALFORMED


def test_interval_of_a_node_that_is_ahead():
    text = changed("17:20:40", "17:22:10")
    (row,) = one("node_clock", COMMAND, text).rows
    assert row["offset_low"] > 85
    assert dt.timedelta(seconds=row["offset_high"] - row["offset_low"]) == dt.timedelta(seconds=3)
