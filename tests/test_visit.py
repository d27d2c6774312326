"""Whether a node was restarted while it was asked is told by its uptime, not by any clock."""

import datetime as dt

import pytest

from cucm_audit.clients.ssh import CliAnswer
from cucm_audit.visit import difference

NOW = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)


def answer(up, minutes=0.0, release="12.5.1.14900-63"):
    head = f"Host Name          : pub\nProduct Ver        : {release}\n\nUptime:"
    text = f"{head}\n 17:20:42 up {up},  1 user,  load average: 0.22, 0.38, 0.32"
    return CliAnswer(command="show status", text=text, started=NOW, ended=NOW, steady=1000 + minutes * 60)


@pytest.mark.parametrize(
    ("before", "minutes", "after", "restarted"),
    [
        ("141 days,  1:12", 0.1, "141 days,  1:12", False),
        ("141 days,  1:12", 0.1, "141 days,  1:13", False),
        ("141 days, 23:59", 3, "142 days,  0:02", False),
        ("58 min", 4, "1:02", False),
        ("2 min", 30, "32 min", False),
        ("2 min", 30, "31 min", False),  # both are cut to whole minutes
        ("141 days,  1:12", 30, "3 min", True),
        ("2 min", 30, "4 min", True),  # it had hardly come up, and came up again
        ("2 min", 0.5, "0 min", True),
        ("strange", 30, "3 min", False),  # nothing to compare with
        ("3 min", 30, "strange", False),
    ],
)
def test_uptimes_that_go_on_and_uptimes_that_do_not(before, minutes, after, restarted):
    assert ("it was restarted" in difference(answer(before), answer(after, minutes))) == restarted


def test_another_release():
    said = difference(answer("1:00"), answer("1:00", release="15.0.1.12900-234"))
    assert said == "its release was 12.5.1.14900-63 and is 15.0.1.12900-234"


def test_an_answer_that_cannot_be_read_tells_nothing():
    nothing = CliAnswer(command="show status", text="?", started=NOW, ended=NOW)
    assert difference(nothing, answer("1:00")) == difference(answer("1:00"), nothing) == ""
