import pytest

from cucm_audit.model import Reason
from tests.facts.platform.asked import column, one, recording

HISTORY = "utils disaster_recovery history backup"
STATUS = "utils disaster_recovery status backup"
NO_AGENT = (
    "Unable to connect to Master Agent host: bonn-pub, Port: 4040. This may be due to Master or Local Agent being down."
)


def history(text):
    return one("backup_history", HISTORY, text)


def components(text):
    return one("backup_component", STATUS, text)


def test_runs_stand_in_their_order_with_their_results():
    told = history(recording("10.5", "backup-history"))
    assert told.whole
    assert column(told, "place") == [1, 2, 3]
    assert column(told, "tar") == ["2019-07-01-02-00-03.tar", "", "2019-07-03-02-00-02.tar"]
    assert column(told, "succeeded") == [1, 0, 1]
    assert column(told, "kind") == ["SCHEDULED", "SCHEDULED", "MANUAL"]
    assert told.rows[2]["device"] == "vault"
    assert told.rows[2]["local_at"] == "2019-07-03 02:09:51"


def test_the_row_of_release_15():
    (row,) = history(recording("15", "backup-history")).rows
    assert (row["kind"], row["local_at"]) == ("MANUAL", "2025-12-12 13:45:19")
    assert row["details"] == "15.0.1.12900-234 UCM                        ---"


def test_no_backup_is_a_whole_answer_and_a_silent_agent_is_none():
    told = history(recording("12.5", "backup-history"))
    assert (told.rows, told.whole) == ([], True)
    told = one("backup_status", STATUS, recording("15", "backup-status"))
    assert (told.rows, told.whole) == ([], True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (NO_AGENT, Reason.SERVICE_NOT_ACTIVATED),
        (f"{NO_AGENT}\nExecuted command unsuccessfully", Reason.SERVICE_NOT_ACTIVATED),
        ("Network request timed out", Reason.TIMEOUT),
        ("Master Agent may be processing an operation or it is down", Reason.BUSY),
    ],
)
@pytest.mark.parametrize(
    ("table", "command"), [("backup_history", HISTORY), ("backup_status", STATUS), ("backup_component", STATUS)]
)
def test_an_agent_that_does_not_answer_is_an_error(table, command, text, reason):
    told = one(table, command, text)
    assert told.error.reason is reason
    assert "DRF" in told.error.hint


@pytest.mark.parametrize(
    "odd",
    [
        "2025-12-12-13-44-12.tar   NETWORK  Fri Dec 12 2025  SUCCESS  MANUAL",
        "2025-12-12-13-44-12.tar   NETWORK  Fre Dez 12 13:45:19 CET 2025  SUCCESS  MANUAL",
        "drfCliMsg: something else",
        "drfCliMsg:  No history data is available",
    ],
)
def test_what_is_no_row_makes_the_history_partial(odd):
    told = history(recording("15", "backup-history") + odd + "\n")
    assert Reason.MALFORMED in told.reasons
    assert told.rows


def test_a_result_that_no_source_names_is_not_known():
    told = history(recording("15", "backup-history").replace("SUCCESS", "FINISHED"))
    assert column(told, "succeeded") == [None]
    assert column(told, "result") == ["FINISHED"]


def test_components_name_their_server():
    told = components(recording("12.5", "backup-status"))
    assert told.whole
    assert [(row["server"], row["component"]) for row in told.rows] == [
        ("bonn-pub", "PLATFORM"),
        ("bonn-pub", "CCMDB"),
        ("bonn-sub", "TFTP"),
    ]
    assert set(column(told, "succeeded")) == {1}


def test_the_head_of_the_status():
    (row,) = one("backup_status", STATUS, recording("12.5", "backup-status")).rows
    row.pop("place", None)
    assert row == {
        "tar": "2023-02-27-02-00-03.tar",
        "status": "SUCCESS :Backup Completed...",
        "succeeded": 1,
        "percent": 100,
        "device": "NETWORK",
    }


def test_a_head_without_components_is_not_whole():
    head = "\n".join(recording("12.5", "backup-status").splitlines()[:5])
    assert components(head).error.reason is Reason.MALFORMED
    assert one("backup_status", STATUS, head).whole


def test_a_component_that_runs_into_the_head_is_noticed():
    text = recording("12.5", "backup-status").replace("100\n", "100 ", 1)
    assert components(text).reasons == [Reason.MALFORMED]
