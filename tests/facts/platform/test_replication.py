import pytest

from cucm_audit.model import Reason
from tests.facts.platform.asked import column, one, recording

COMMAND = "utils dbreplication runtimestate"


def servers(text, **options):
    return one("replication", COMMAND, text, **options)


def check(text, **options):
    return one("replication_check", COMMAND, text, **options)


def changed(old, new, release="10.5"):
    text = recording(release, "replication")
    assert old in text
    return text.replace(old, new)


def test_the_table():
    told = servers(recording("10.5", "replication"))
    assert told.whole
    assert told.rows[1] == {
        "server": "lima-sub1",
        "address": "10.7.1.11",
        "ping_ms": 0.256,
        "db_rpc_mon": "Y/Y/Y",
        "queue": 579,
        "replication_group": "g_5",
        "state": 3,
        "details": "Out Of Sync",
    }
    off = told.rows[2]
    assert (off["ping_ms"], off["queue"], off["state"], off["details"]) == (None, None, None, "Off-Line")
    assert off["db_rpc_mon"] == "N/N/N"


def test_the_old_layout():
    told = servers(recording("8.6", "replication"))
    assert told.whole
    assert column(told, "state") == [2, 3]
    assert column(told, "db_rpc_mon") == ["", ""]
    assert column(told, "queue") == [0, 17]
    assert told.rows[0]["details"] == "PUB Setup Completed"
    assert "mismatch" in told.rows[1]["details"]


@pytest.mark.parametrize(
    ("release", "what", "at", "checked", "total", "errors", "server"),
    [
        ("10.5", "Replication status command", "2019-07-03 07:54:00", 681, 681, 0, "2019-07-03 09:11:03"),
        ("14", "BROADCAST SYNC ended", "2025-02-10 23:14:00", 753, 753, 0, "2025-02-10 23:19:50"),
        ("15", "Replication status command", "2025-03-01 05:31:00", 134, 754, 1, "2025-03-01 06:00:10"),
        ("8.6", "Replication status command", "2013-03-11 22:00:00", 541, 541, 0, "2013-03-12 08:05:01"),
    ],
)
def test_the_head(release, what, at, checked, total, errors, server):
    told = check(recording(release, "replication"))
    (row,) = told.rows
    assert told.whole
    assert row["what"].startswith(what)
    assert (row["local_at"], row["tables_checked"], row["tables_total"]) == (at, checked, total)
    assert (row["errors"], row["server_local_at"]) == (errors, server)


def test_completed_with_checked():
    told = check(changed("COMPLETED 681 tables checked out of 681", "COMPLETED. Checked 680 tables out of 681"))
    assert told.whole
    assert (told.rows[0]["tables_checked"], told.rows[0]["tables_total"]) == (680, 681)


@pytest.mark.parametrize(
    ("said", "errors"),
    [
        ("Errors or Mismatches Were Found!!!", 1),
        ("2 errors were found", 1),
        ("Mismatch in table device", 1),
        ("", None),
    ],
)
def test_errors(said, errors):
    told = check(changed("No Errors or Mismatches found.", said))
    assert told.rows[0]["errors"] == errors


def test_an_error_wins_over_no_errors():
    told = check(
        changed(
            "No Errors or Mismatches found.", "No Errors or Mismatches found.\n  Errors or Mismatches Were Found!!!"
        )
    )
    assert told.rows[0]["errors"] == 1


def test_an_error_wins_in_whatever_order():
    told = check(changed("No Errors or Mismatches found.", "1 error in device\n     No Errors or Mismatches found."))
    assert told.rows[0]["errors"] == 1


def test_a_log_file_named_after_errors_is_no_error():
    assert check(changed("ReplicationStatus.2019", "Errors.2019")).rows[0]["errors"] == 0


LAST = "lima-sub2           10.7.1.12         Failed    N/N/N     --       (-)            (-) Off-Line"


@pytest.mark.parametrize(
    "row",
    [
        "lima-sub2           10.7.1.12         Failed    N/N/N     --       (-)            Off-Line",
        "lima-sub2           10.7.1.12         Failed    ?????     --       (-)            (-) Off-Line",
        "lima-sub2           unresolved        Failed    N/N/N     --       (-)            (-) Off-Line",
        "lima-sub2 10.7.1.12 could not be asked: RPC error",
        "WARNING: lima-sub2 10.7.1.12 was shut down ungracefully",
    ],
)
def test_the_failed_node_never_vanishes(row):
    told = servers(changed(LAST, row))
    assert len(told.rows) == 2
    assert Reason.MALFORMED in told.reasons
    assert Reason.INCONSISTENT in told.reasons


def test_a_row_that_is_missing_is_noticed():
    told = servers(changed(LAST + "\n", ""))
    assert told.reasons == [Reason.INCONSISTENT]
    assert "3 servers" in told.troubles[0][2]


def test_a_wrapped_row_is_one_row():
    told = servers(changed("579      (g_5)", "579\n    (g_5)"))
    assert told.whole
    assert column(told, "queue") == [0, 579, None]


@pytest.mark.parametrize(
    ("ping", "value"), [("0.256", 0.256), ("81", 81.0), ("--", None), ("Failed", None), ("FAILED", None)]
)
def test_ping(ping, value):
    assert servers(changed("0.256", ping)).rows[1]["ping_ms"] == value


def test_without_the_number_of_servers_the_table_is_doubted():
    told = servers(changed("Cluster Detailed View from lima-pub (3 Servers):", ""))
    assert len(told.rows) == 3
    assert told.reasons == [Reason.MALFORMED]


SINGLE = "Runtime state cannot be performed on a cluster with a single active node; aborting operation\n"


def test_a_cluster_of_one_replicates_nothing():
    for told in (servers(SINGLE, nodes=1), check(SINGLE, nodes=1), servers(SINGLE, nodes=1, presence=2)):
        assert told.whole
        assert told.rows == []


@pytest.mark.parametrize("nodes", [0, 2, 5])
def test_a_single_active_node_of_many_is_no_answer(nodes):
    for told in (servers(SINGLE, nodes=nodes), check(SINGLE, nodes=nodes)):
        assert told.error.reason is Reason.INCONSISTENT


def test_a_database_that_does_not_run():
    told = servers("Cisco DB is not running\n")
    assert told.error is not None
    assert "Cisco DB" in told.error.detail


def test_asked_of_a_subscriber():
    text = changed("Replication status command started at: 2019-07-03-07-54", "Only available on the PUB")
    assert Reason.INCONSISTENT in check(text).reasons


def test_no_state_line_no_check():
    text = changed("Cluster Replication State: Replication status command started at: 2019-07-03-07-54\n", "")
    assert check(text).error.reason is Reason.MALFORMED
    assert servers(text).whole


@pytest.mark.parametrize("text", ["", "No valid command entered\n", "Please wait\n"])
def test_no_answer(text):
    assert servers(text).error.reason is Reason.MALFORMED
    assert check(text).error.reason is Reason.MALFORMED


def said(told):
    """What is told of an answer that is not whole, without its command, or why there is none."""
    assert all(words.startswith(f"{COMMAND}: ") for _, _, words, _ in told.troubles)
    return [words.removeprefix(f"{COMMAND}: ") for _, _, words, _ in told.troubles]


def test_what_is_amiss_is_said_in_numbers():
    assert said(servers(changed("Cluster Detailed View from lima-pub (3 Servers):", ""))) == [
        "the line with the number of servers is missing"
    ]
    assert check(changed("Cluster Detailed View from lima-pub (3 Servers):", "")).whole
    assert said(servers(changed(LAST + "\n", ""))) == ["3 servers are announced, 2 rows could be read"]
    more = servers(recording("10.5", "replication"), nodes=4)
    assert (said(more), len(more.rows)) == (["the table has 3 server(s), the cluster 4 voice nodes"], 3)
    assert more.kept == [(COMMAND, recording("10.5", "replication"))]
    for nodes in (0, 1, 3):
        assert servers(recording("10.5", "replication"), nodes=nodes).whole
    assert check(recording("10.5", "replication"), nodes=4).whole


def test_what_the_old_layout_says_of_an_ill_server_stands_in_its_details():
    ill = "Setup Completed (RPC Yes, Dropped, tables mismatch, loop No)"
    assert servers(recording("8.6", "replication")).rows[1]["details"] == ill


def test_why_there_is_no_answer():
    down = servers("Cisco DB is not running, see the log\n").error
    assert (down.reason, down.detail, down.hint) == (
        Reason.SERVICE_NOT_ACTIVATED,
        "Cisco DB is not running, see the log",
        "See A Cisco DB in utils service list.",
    )
    for nodes, number in ((0, "not known"), (2, "2")):
        told = servers(SINGLE, nodes=nodes)
        assert told.error.detail == f"it speaks of a single active node; voice nodes of this cluster: {number}"
        assert told.kept == [(COMMAND, SINGLE)]
    assert servers("Please wait\n").error.detail == "no replication table in the answer: 'Please wait'"
