import pytest

from cucm_audit.model import Reason
from tests.facts.platform.asked import column, one, recording

COMMAND = "show network cluster"
STATE = "authenticated using TCP since Wed Dec 18 09:01:20 2024"
SUB = f"10.9.3.31 cork-sub.eire.test cork-sub Subscriber callmanager DBSub {STATE}"


def read(text):
    return one("cluster_member", COMMAND, text)


def test_publisher_with_its_list_of_names():
    told = read(recording("10.5", "network-cluster"))
    assert told.whole
    assert column(told, "host") == ["lima-pub", "lima-sub1", "lima-sub2", "lima-imp"]
    assert column(told, "fqdn") == ["lima-pub.andes.test", "lima-sub1.andes.test", "", "lima-imp.andes.test"]
    assert column(told, "role") == ["Publisher", "Subscriber", "Subscriber", "Subscriber"]
    assert column(told, "product") == ["callmanager", "callmanager", "callmanager", "cups"]
    assert column(told, "db_role") == ["DBPub", "DBSub", "DBSub", "DBPub"]
    assert column(told, "authenticated") == [1, 1, 0, 1]
    assert told.rows[1]["state"] == "authenticated using TCP since Mon Jul  1 13:44:09 2019"


def test_order_does_not_matter():
    assert column(read(recording("15", "network-cluster")), "role") == ["Subscriber", "Publisher"]


@pytest.mark.parametrize(
    ("state", "authenticated"),
    [
        ("authenticated", 1),
        ("not authenticated", 0),
        ("not authenticated or updated on server", 0),
        ("unauthenticated", 0),
        ("authenticating", None),
        ("offline since Monday", None),
    ],
)
def test_states(state, authenticated):
    told = read(f"10.9.3.30 cork-pub.eire.test cork-pub Publisher callmanager DBPub {state}\n")
    assert column(told, "authenticated") == [authenticated]
    assert column(told, "state") == [state]


@pytest.mark.parametrize("after", ["10.9.3.31", "cork-sub", "DBSub", "using TCP since"])
def test_a_wrapped_row_is_one_row(after):
    pub = recording("15", "network-cluster").splitlines()[1]
    told = read(f"{pub}\n{SUB.replace(after + ' ', after + chr(10) + '   ')}\n{pub}\n")
    assert told.whole
    assert column(told, "address") == ["10.9.3.30", "10.9.3.31"]
    assert told.rows[1]["authenticated"] == 1
    assert told.rows[1]["host"] == "cork-sub"


def test_a_node_named_like_a_role():
    told = read("10.9.3.30 Publisher.eire.test Publisher Publisher callmanager DBPub authenticated\n")
    assert (told.rows[0]["host"], told.rows[0]["role"]) == ("Publisher", "Publisher")


@pytest.mark.parametrize(
    "odd",
    [
        "10.9.3.32 cork-sub2.eire.test cork-sub2 Subscriber callmanager",
        "10.9.3.32 cork-sub2.eire.test cork-sub2 Abonné callmanager DBSub authenticated",
        "cork-sub2.eire.test cork-sub2 Subscriber callmanager DBSub authenticated",
        "10.9.3.32 is not reachable",
        "WARNING: 10.9.3.32 was shut down ungracefully",
    ],
)
def test_a_node_never_vanishes(odd):
    told = read(recording("15", "network-cluster") + odd + "\n")
    assert len(told.rows) == 2
    assert told.reasons == [Reason.MALFORMED]


def test_a_row_without_a_state_is_doubted():
    told = read(SUB + "\n10.9.3.30 cork-pub.eire.test cork-pub Publisher callmanager DBPub\n")
    assert column(told, "authenticated") == [1, None]
    assert told.reasons == [Reason.MALFORMED]


@pytest.mark.parametrize("gap", ["", " "])
def test_two_rows_run_into_one_are_noticed(gap):
    told = read(recording("10.5", "network-cluster").replace("2019\n", f"2019{gap}", 1))
    assert len(told.rows) == 3
    assert told.reasons == [Reason.MALFORMED]


def test_ipv6():
    told = read("2001:db8::30 cork-pub Publisher callmanager DBPub authenticated\n")
    assert column(told, "address") == ["2001:db8::30"]


@pytest.mark.parametrize("text", ["", "Server Table (processnode) Entries\n-----\n10.9.3.30\n"])
def test_no_answer(text):
    assert read(text).error.reason is Reason.MALFORMED
