import pytest

from cucm_audit.clients import ClientError
from cucm_audit.clients.commands import COUNTS
from cucm_audit.clients.statements import COUNTED_TABLES
from cucm_audit.model import Reason
from tests.facts.platform.asked import gather, recording


def read(*texts):
    return gather("table_count", dict(zip([command.text for command in COUNTS], texts, strict=True)))


def test_each_table_has_its_count():
    told = read(recording("8.6", "count"), recording("12.5", "count"))
    assert told.whole
    assert told.rows == [
        {"node": "bonn-pub", "rows": 387, "table_name": COUNTED_TABLES[0]},
        {"node": "bonn-pub", "rows": 512, "table_name": COUNTED_TABLES[1]},
    ]


@pytest.mark.parametrize(
    "text",
    [
        "n\n===\n",
        "n\n===\nabc\n",
        "n\n===\n5,1\n",
        "n\n===\n512\n513\n",
        "n\n===\n٥١٢\n",
        "n m\n= =\n5 6\n",
        "name\n====\n512\n",
        "n\n===\nNULL\n",
        "512\n",
        "",
        "n\n===\n5123\nand some more\n",
    ],
)
def test_anything_but_one_whole_number_is_no_count(text):
    told = read(recording("8.6", "count"), text)
    assert [row["rows"] for row in told.rows] == [387]
    assert told.reasons == [Reason.MALFORMED]


@pytest.mark.parametrize(
    "said",
    ["The specified table (typemodel) is not in the database.", "A syntax error has occurred."],
)
def test_informix_words_are_told(said):
    told = read(said + "\nExecuted command unsuccessfully\n", said)
    assert told.rows == []
    assert said in told.error.detail


def test_upgrade_under_way():
    told = read(*["Command is not allowed during upgrade\n"] * 2)
    assert told.error.reason is Reason.BUSY


def test_one_table_that_fails_does_not_take_the_other_with_it():
    error = ClientError(node="bonn-pub", source="ssh", doing="run sql", reason=Reason.TIMEOUT)
    told = read(error, recording("12.5", "count"))
    assert [row["table_name"] for row in told.rows] == [COUNTED_TABLES[1]]
    assert told.reasons == [Reason.TIMEOUT]
