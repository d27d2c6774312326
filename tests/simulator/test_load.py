"""The simulated cluster notices what a good operator would: each limit is broken once, and nothing is said below it."""

import threading
import time

import pytest
import requests

from cucm_audit.simulator import Cluster, build, load
from cucm_audit.simulator.load import Load
from tests.simulator.soap_typist import Typist


@pytest.fixture
def record(monkeypatch):
    monkeypatch.setattr(load, "SECOND", 1.0)
    return Load()


def asked(record, channel="axl", times=1, size=0, per_minute=15):
    for _ in range(times):
        request = record.begins("pub", channel, per_minute)
        record.answers(request, size)
        record.ends(request)


def test_four_requests_of_axl_in_a_second_and_no_more(record):
    asked(record, times=4)
    assert record.broken == []
    asked(record)
    assert "5 requests of AXL within" in record.broken[0]


def test_two_thirds_of_the_limit_of_ris_in_a_minute(record):
    asked(record, "ris", times=10)
    assert record.broken == []
    asked(record, "ris")
    assert record.broken == ["11 RIS queries in a minute, 10 are two thirds of the limit"]


def test_two_requests_of_a_kind_at_once(record):
    for _ in range(2):
        record.begins("pub", "ris", 15)
        record.begins("sub", "ris", 15)
    assert record.broken == []
    record.begins("pub", "ris", 15)
    assert record.broken == ["pub: 3 requests of ris at once"]


@pytest.mark.parametrize("large_first", [True, False])
def test_nothing_of_axl_beside_a_large_answer(record, large_first):
    one, other = record.begins("pub", "axl", 15), None
    if large_first:
        record.answers(one, 3 * 2**20)
        other = record.begins("pub", "axl", 15)
    else:
        other = record.begins("pub", "axl", 15)
        assert record.broken == []
        record.answers(one, 3 * 2**20)
    assert record.broken == ["pub: another AXL request beside a large answer"]
    record.ends(one)
    record.ends(other)
    record.broken.clear()
    asked(record, size=3 * 2**20)
    assert record.broken == []


def test_one_session_a_node_and_eight_nodes(record):
    for number in range(8):
        record.session_begins(f"node{number}")
    assert record.broken == []
    record.session_begins("node0")
    record.session_begins("node8")
    assert record.broken == ["node0: 2 SSH sessions at once", "9 nodes over SSH at once"]


def test_commands_of_a_session(record):
    for number in range(1, 40):
        record.command("pub", number)
    assert record.broken == ["pub: more than 24 commands in a session"]


def test_a_password_again_after_a_refusal(record):
    record.login("pub", "a", accepted=False)
    record.login("pub", "b", accepted=True)
    record.login("sub", "a", accepted=False)
    assert record.broken == []
    record.login("pub", "a", accepted=True)
    assert record.broken == ["pub: a was sent again after a refusal"]


def test_a_running_cluster_counts():
    with Cluster(build("12.5", phones=2)) as cluster:
        record = cluster.world.load
        for password in ("no", cluster.world.application[1]):
            Typist(cluster, account=(cluster.world.application[0], password)).axl("getCCMVersion")
        assert [told for told in record.broken if "after a refusal" in told]
        cluster.world.publisher.faults["hang"] = True

        def impatient():
            with pytest.raises(requests.Timeout):
                Typist(cluster).post("/axl/", "<x/>", timeout=0.5)

        callers = [threading.Thread(target=impatient, daemon=True) for _ in range(3)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        assert [told for told in record.broken if "3 requests of axl at once" in told]
        end = time.monotonic() + 5
        while record._under_way and time.monotonic() < end:
            time.sleep(0.01)
        assert record._under_way == []  # who has left is not counted any more
