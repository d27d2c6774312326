import pytest

from cucm_audit.model import Reason
from tests.facts.platform.asked import column, one, recording

COMMAND = "file view install system-history.log"


def read(text):
    return one("system_event", COMMAND, text)


def line(said, stamp="08/02/2019 10:08:56"):
    return f"{stamp} | root: {said}\n"


BOOT = line("Boot 12.5.1.14900-63 Start")


def test_the_log_in_its_own_order():
    told = read(recording("12.5", "system-history"))
    assert told.whole
    assert column(told, "line") == list(range(1, 14))
    assert column(told, "action")[:4] == ["Install", "Install", "Boot", "Cisco Option Install"]
    assert told.rows[11] == {
        "node": "bonn-pub",
        "line": 12,
        "local_at": "2023-05-12 09:12:10",
        "user": "osadmin",
        "action": "Cisco Option Install",
        "subject": "cmterm-devicepack12.5.1.14080-1.cop.sgn",
        "stem": "cmterm-devicepack12.5.1.14080-1",
        "result": "Success",
    }
    assert told.rows[7]["subject"] == "11.5.1.14900-11 to 12.5.1.14900-63"


def test_old_logs_have_boots_without_a_version():
    told = read(recording("8.6", "system-history"))
    assert told.whole
    assert [(row["action"], row["subject"], row["result"]) for row in told.rows[-3:]] == [
        ("Restart", "", "Start"),
        ("Boot", "", "Start"),
        ("Boot", "", "Start"),
    ]


@pytest.mark.parametrize(
    ("said", "action", "subject", "result"),
    [
        ("Upgrade During Install 9.1.2.10000-28 Cancel", "Upgrade During Install", "9.1.2.10000-28", "Cancel"),
        ("Windows Upgrade 5.0.4.1000-1 Failure", "Windows Upgrade", "5.0.4.1000-1", "Failure"),
        ("System Restart 9.1.2.10000-28 Start", "Restart", "9.1.2.10000-28", "Start"),
        ("Shutdown 9.1.2.10000-28 Start", "Shutdown", "9.1.2.10000-28", "Start"),
        ("Upgrade 9.1.2.10000-28 Failed", "Upgrade", "9.1.2.10000-28", "Failure"),
        ("Cisco Option Install a-b.cop Cancelled", "Cisco Option Install", "a-b.cop", "Cancel"),
        ("DRS Backup 2019-08-02-02-00-03 Canceled", "DRS Backup", "2019-08-02-02-00-03", "Cancel"),
        ("DRS Restore 2019-08-03-02-00-03 Success", "DRS Restore", "2019-08-03-02-00-03", "Success"),
        ("Boot 9.1.2.10000-28 Start = came back without a shutdown", "Boot", "9.1.2.10000-28", "Start"),
        ("Certificate Regenerate tomcat Success", "Certificate Regenerate tomcat", "", "Success"),
        ("Bootloader changed", "Bootloader changed", "", ""),
    ],
)
def test_actions(said, action, subject, result):
    told = read(line(said))
    (row,) = told.rows
    assert told.whole
    assert (row["action"], row["subject"], row["result"]) == (action, subject, result)


def test_a_line_with_a_time_and_nothing_known_is_kept():
    told = read(BOOT + "08/02/2019 10:08:56 | whatever this is\n" + BOOT)
    assert told.whole
    assert column(told, "action") == ["Boot", "other", "Boot"]
    assert told.rows[1]["subject"] == "whatever this is"


def test_a_known_action_without_a_user_is_not_hidden():
    assert column(read("08/02/2019 10:08:56 | Boot 12.5.1.14900-63 Start\n"), "action") == ["Boot"]


@pytest.mark.parametrize(
    "odd",
    [
        "08/02/2019 10:08:56 PM | root: Boot 12.5.1.14900-63 Start",
        "13/02/2019 10:08:56 | root: Boot 12.5.1.14900-63 Start",
        "08/02/2019 24:08:56 | root: Boot 12.5.1.14900-63 Start",
        "٠٨/02/2019 10:08:56 | root: Boot 12.5.1.14900-63 Start",
        "2019-08-02 10:08:56 | root: Boot 12.5.1.14900-63 Start",
        "root: Boot 12.5.1.14900-63 Start",
        "log could not be read further",
    ],
)
def test_a_line_of_no_known_shape_makes_the_log_partial(odd):
    told = read(BOOT + odd + "\n" + BOOT)
    assert len(told.rows) == 2
    assert told.reasons == [Reason.MALFORMED]
    assert told.kept[0][0] == COMMAND


@pytest.mark.parametrize(
    "said", ["Cisco Option Install a-b.cop Completed", "Boot 12.5.1.14900-63 Started", "Install 12.5.1"]
)
def test_a_known_action_with_an_unknown_end_is_kept_and_doubted(said):
    told = read(BOOT + line(said))
    assert len(told.rows) == 2
    assert told.reasons == [Reason.MALFORMED]


def test_two_events_run_into_one_line_are_noticed():
    told = read(line("Switch Version 11.5.1.14900-11 to 12.5.1.14900-63 Start").rstrip() + BOOT + BOOT)
    assert len(told.rows) == 2
    assert told.reasons == [Reason.MALFORMED]


def test_a_wrapped_line_is_one_event():
    told = read(
        BOOT + "08/02/2019 10:08:56 | root: Cisco Option Install cmterm-devicepack12.5.1.14080-1.cop\n Success\n" + BOOT
    )
    assert told.whole
    assert [(row["line"], row["action"], row["result"]) for row in told.rows] == [
        (1, "Boot", "Start"),
        (2, "Cisco Option Install", "Success"),
        (3, "Boot", "Start"),
    ]


def test_pager_lines_and_headers_are_no_events():
    pager = "options: q=quit, n=next, p=prev, b=begin, e=end (lines 1 - 20 of 57) : \n"
    told = read(
        recording("8.6", "system-history").replace("08/14/2012 14:17", pager + "08/14/2012 14:17")
        + "end of the file reached\n"
    )
    assert told.whole
    assert len(told.rows) == 10


@pytest.mark.parametrize(
    "text", ["", "=====\nProduct Name -    Cisco Unified Communications Manager\n=====\n", "No such file"]
)
def test_a_log_without_events_is_no_log(text):
    assert read(text).error.reason is Reason.MALFORMED


def test_a_foreign_line_between_an_event_and_its_rest_is_told_and_the_event_is_whole():
    told = read(line("Cisco Option Install a-b.cop") + "what is this\nSuccess\n" + BOOT)
    assert [(row["subject"], row["result"]) for row in told.rows] == [
        ("a-b.cop", "Success"),
        ("12.5.1.14900-63", "Start"),
    ]
    assert not told.whole
    assert not read("Success\n" + BOOT).whole, "the rest of nothing"


def test_an_event_without_its_user_is_the_event():
    (row,) = read(BOOT.replace("root: ", "")).rows
    assert (row["user"], row["action"], row["subject"], row["result"]) == ("", "Boot", "12.5.1.14900-63", "Start")


@pytest.mark.parametrize("said", ["Restart", "Shutdown", "Boot", "Product Version", "Kernel Image"])
def test_what_happens_in_a_moment_needs_no_result(said):
    told = read(line(f"{said} 12.5.1.14900-63"))
    assert told.whole
    assert (told.rows[0]["action"], told.rows[0]["result"]) == (said, "")


@pytest.mark.parametrize(
    ("said", "whole"),
    [
        ("Upgrade 12.5.1.14900-63", False),
        ("DRS Backup of both Success", True),
        ("DRS Restore of both Success", True),
        ("Switch Version 11.5 to 12.5 Success", True),
        ("Boot 12.5 twice Start", False),
    ],
)
def test_a_line_that_does_not_end_as_its_kind_does_is_told(said, whole):
    assert read(line(said)).whole is whole


def test_the_whole_row_of_what_is_no_option_and_of_what_nobody_knows():
    row = {"node": "bonn-pub", "line": 1, "local_at": "2019-08-02 10:08:56", "user": "root"}
    assert read(BOOT).rows == [{**row, "action": "Boot", "subject": "12.5.1.14900-63", "stem": "", "result": "Start"}]
    unknown = {**row, "user": "", "action": "other", "subject": "what is this", "stem": "", "result": ""}
    assert read(line("what is this").replace("root: ", "")).rows == [unknown]
    bare = read(line("Cisco Option Install Success")).rows[0]
    assert (bare["subject"], bare["stem"], bare["result"]) == ("", "", "Success")
