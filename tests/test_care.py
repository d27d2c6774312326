"""What a node says about its health, and who is spared for it."""

import threading

import pytest

from cucm_audit.care import Care, Complaint, complaint, of_error
from cucm_audit.facts import Cost, facts
from cucm_audit.model import Reason, Source

OVER = threading.Event()


@pytest.mark.parametrize(
    ("table", "row", "spare"),
    [
        ("node_status", {"cpu_idle_percent": 9.9}, Cost.LARGE),
        ("node_status", {"cpu_idle_percent": 10.0}, None),
        ("node_status", {"cpu_idle_percent": None}, None),
        ("disk", {"cpu_idle_percent": 0.0}, None),
        ("perf_counter", {"counter": "Replicate_State", "value": 4}, Cost.DEAR),
        ("perf_counter", {"counter": "Replicate_State", "value": 2}, None),
        ("perf_counter", {"counter": "Replicate_State", "value": None}, None),
        ("perf_counter", {"counter": "Number of Replicates Created", "value": 4}, None),
    ],
)
def test_what_a_row_says(table, row, spare):
    said = complaint(table, row)
    assert (said.spare if said else None) == spare


def test_what_a_refusal_says():
    assert of_error(Reason.BUSY, "upgrade").reason is Reason.BUSY
    assert of_error(Reason.THROTTLED, "no memory").spare is Cost.LARGE
    assert of_error(Reason.TIMEOUT, "") is None


def test_only_what_is_dear_enough_is_spared_and_only_there():
    care = Care()
    assert care.complain("sub", Complaint(says="it limps", spare=Cost.DEAR))
    assert not care.complain("sub", Complaint(says="it limps", spare=Cost.DEAR))
    assert care.spared("sub", Cost.CHEAP, OVER) is None
    assert care.spared("sub", Cost.LARGE, OVER) is None
    assert care.spared("sub", Cost.DEAR, OVER) == ("not asked, to spare sub: it limps", Reason.BUDGET)
    assert care.spared("pub", Cost.DEAR, OVER) is None
    assert care.complain("sub", Complaint(says="worse"))
    assert care.spared("sub", Cost.LARGE, OVER) == ("not asked, to spare sub: worse", Reason.BUDGET)
    care.complain("", Complaint(says="upgrade", reason=Reason.BUSY))
    assert care.spared("pub", Cost.LARGE, OVER) == ("not asked, to spare the cluster: upgrade", Reason.BUSY)


def test_nobody_is_spared_who_must_not_be():
    care = Care(on=False)
    assert not care.complain("sub", Complaint(says="it limps"))
    assert care.spared("sub", Cost.DEAR, OVER) is None


def test_what_is_not_cheap_waits_for_the_word_of_the_node_and_of_the_publisher():
    care, answers = Care(patience=20), []
    care.expect([("pub", "node_status"), ("sub", "perf_counter"), ("sub", "phone"), ("other", "node_status")], ["pub"])
    asking = threading.Thread(target=lambda: answers.append(care.spared("sub", Cost.LARGE, OVER)), daemon=True)
    asking.start()
    care.told("sub", "perf_counter")
    asking.join(0.3)
    assert asking.is_alive()
    care.complain("", Complaint(says="upgrade", reason=Reason.BUSY))
    care.told("pub", "node_status")
    asking.join(5)
    assert answers == [("not asked, to spare the cluster: upgrade", Reason.BUSY)]


def test_a_node_that_says_nothing_is_waited_for_a_while_only():
    care = Care(patience=0.1)
    care.expect([("pub", "node_status")])
    assert care.spared("pub", Cost.DEAR, OVER) is None


def test_ris_is_dear_and_what_tells_of_health_is_cheap():
    costs = {fact.table: fact.cost for fact in facts()}
    assert {fact.cost for fact in facts() if fact.source is Source.RIS} == {Cost.DEAR}
    assert costs["node_status"] is costs["perf_counter"] is costs["node"] is costs["replication"] is Cost.CHEAP
    assert costs["phone"] is costs["end_user"] is Cost.LARGE
