"""Services and counters of a node."""

import datetime as dt
from types import SimpleNamespace

import pytest

from cucm_audit.clients import ClientError
from cucm_audit.facts import Ask
from cucm_audit.facts.services import (
    MEMORY,
    MOBILITY,
    REPLICATION,
    gather_perf_counter,
    gather_service_status,
    gather_web_certificate,
    started,
)
from cucm_audit.facts.web import gather_web_page
from cucm_audit.model import Node, Reason

NODE = Node(name="cucm-sub1", address="127.0.10.2", role=None)


def ask_of(services=None, *, em=True, web=None):
    return Ask(
        node=NODE,
        nodes=(NODE,),
        release="",
        select=lambda sql, values: iter([(1,)] if em and values[0] == NODE.name else []),
        services=services,
        web=web,
    )


def service(**values):
    return {
        "ServiceName": "Cisco Tftp",
        "ServiceStatus": "Started",
        "ReasonCode": "-1",
        "ReasonCodeString": " ",
        "StartTime": "Mon Jun 17 06:02:11 2024",
        "UpTime": "86400",
    } | values


def status(*services, date=dt.datetime(2024, 6, 18, 4, 2, 11, tzinfo=dt.UTC)):
    answer = SimpleNamespace(services=services, date=date)
    ask = ask_of(SimpleNamespace(service_status=lambda: answer))
    return list(gather_service_status(ask)), ask.troubles


def test_a_running_service_has_a_start_in_the_nodes_own_zone_and_the_nodes_clock_beside_it():
    (row,), troubles = status(service())
    assert not troubles
    assert row == {
        "node": "cucm-sub1",
        "service": "Cisco Tftp",
        "status": "Started",
        "reason_code": -1,
        "reason": "",
        "local_started_at": "2024-06-17 06:02:11",
        "up_seconds": 86400,
        "answered_at": "2024-06-18 04:02:11",
    }


def test_a_stopped_service_has_neither_start_nor_uptime():
    stopped = service(
        ServiceStatus="Stopped", ReasonCode="-1068", ReasonCodeString="Service Not Activated", StartTime="", UpTime="-1"
    )
    (row,), _ = status(stopped, date=None)
    assert (row["local_started_at"], row["up_seconds"], row["answered_at"]) == (None, None, None)
    assert (row["reason_code"], row["reason"]) == (-1068, "Service Not Activated")


@pytest.mark.parametrize("wrong", [{"ServiceStatus": ""}, {"ServiceName": ""}, {"UpTime": "long"}, {"ReasonCode": "?"}])
def test_a_service_that_cannot_be_read_makes_the_fact_partial(wrong):
    rows, troubles = status(service(**wrong), service(ServiceName="Cisco Tomcat"))
    assert [row["service"] for row in rows] == ["Cisco Tomcat"]
    assert troubles[0][1] is Reason.MALFORMED


@pytest.mark.parametrize(
    "text",
    ["", "Mon Jun 31 06:02:11 2024", "Mon Juni 17 06:02:11 2024", "2024-06-17 06:02:11", "Mon Jun 17 06:02 2024"],
)
def test_a_start_that_is_not_readable_is_not_known(text):
    assert started(text) is None


def counter(name, value=2, status=1):
    return SimpleNamespace(
        host="cucm-sub1", object=REPLICATION, instance="ReplicateCount", counter=name, value=value, status=status
    )


def counters(answers, **rest):
    asked = []

    def perf(host, name):
        asked.append((host, name))
        if isinstance(answers[name], Exception):
            raise answers[name]
        return answers[name]

    ask = ask_of(SimpleNamespace(perf=perf), **rest)
    return list(gather_perf_counter(ask)), ask.troubles, asked


def test_a_counter_that_is_not_usable_has_no_value():
    rows, _, asked = counters(
        {REPLICATION: [counter("a"), counter("b", status=0), counter("c", status=4)], MEMORY: [], MOBILITY: []}
    )
    assert [(row["counter"], row["value"]) for row in rows] == [("a", 2), ("b", 2), ("c", None)]
    assert asked == [("cucm-sub1", REPLICATION), ("cucm-sub1", MEMORY), ("cucm-sub1", MOBILITY)]


def test_extension_mobility_is_counted_only_where_it_is_activated():
    _, _, asked = counters({REPLICATION: [counter("a")], MEMORY: []}, em=False)
    assert asked == [("cucm-sub1", REPLICATION), ("cucm-sub1", MEMORY)]


def test_one_object_that_fails_makes_it_partial_and_all_make_it_fail():
    def error(reason):
        return ClientError(node="cucm-sub1", source="services", doing="asking", reason=reason)

    rows, troubles, _ = counters({REPLICATION: [counter("a")], MEMORY: [], MOBILITY: error(Reason.TIMEOUT)})
    assert len(rows) == 1
    assert [trouble[1] for trouble in troubles] == [Reason.IMPLAUSIBLE_EMPTY, Reason.TIMEOUT]
    with pytest.raises(ClientError):
        counters(dict.fromkeys((REPLICATION, MEMORY, MOBILITY), error(Reason.TIMEOUT)))


def test_a_refused_password_is_not_tried_for_the_next_object():
    asked = []

    def perf(host, name):
        asked.append(name)
        raise ClientError(node=host, source="services", doing="asking", reason=Reason.AUTH_FAILED)

    with pytest.raises(ClientError):
        list(gather_perf_counter(ask_of(SimpleNamespace(perf=perf))))
    assert asked == [REPLICATION]


def test_the_extension_mobility_page_is_asked_only_where_the_service_is_activated():
    def get(page):
        return SimpleNamespace(url=f"http://127.0.10.2:8080/{page}", status=200, millis=12)

    web = SimpleNamespace(get=get)
    assert [row["page"] for row in gather_web_page(ask_of(web=web))] == ["em", "services"]
    assert [row["page"] for row in gather_web_page(ask_of(web=web, em=False))] == ["services"]


def test_a_certificate_that_cannot_be_read_makes_the_fact_partial():
    ask = ask_of(SimpleNamespace(certificate=lambda: SimpleNamespace(der=b"\x30\x03abc")))
    assert list(gather_web_certificate(ask)) == []
    assert ask.troubles[0][1] is Reason.MALFORMED
