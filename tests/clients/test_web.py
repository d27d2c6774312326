"""The phones' pages: plain HTTP, no account, redirects reported and not followed."""

import time

import pytest

from cucm_audit.clients import ClientError
from cucm_audit.clients.guard import Journal
from cucm_audit.clients.web import Web
from cucm_audit.model import Reason
from tests.clients.http_node import Answer, HttpNode, Pins


@pytest.fixture
def serve():
    nodes = []

    def start(answer) -> HttpNode:
        nodes.append(HttpNode(lambda asked: answer, None))
        return nodes[-1]

    yield start
    for node in nodes:
        node.close()


@pytest.mark.parametrize("status", [200, 302, 401, 403, 404, 500, 503])
def test_any_status_is_an_answer(serve, status):
    node = serve(Answer(status=status, body=b"<CiscoIPPhoneText/>", headers={"Location": "https://127.0.0.1:1/"}))
    journal = Journal()
    answer = Web(node.node, Pins(), journal).get("em")
    assert answer.status == status
    assert answer.url == f"http://127.0.0.1:{node.port}/emapp/EMAppServlet?device=SEP000000000000"
    assert 0 <= answer.millis < 5000
    assert node.connections == 1
    assert journal.counts()["web"] == 1


def test_what_is_sent(serve):
    node = serve(Answer())
    web = Web(node.node, Pins(), Journal())
    web.get("em")
    web.get("services")
    assert [(asked.method, asked.target) for asked in node.asked] == [
        ("GET", "/emapp/EMAppServlet?device=SEP000000000000"),
        ("GET", "/ccmcip/getservicesmenu.jsp"),
    ]
    for asked in node.asked:
        assert "authorization" not in asked.headers
        assert "soapaction" not in asked.headers
        assert asked.body == b""


def test_another_page_does_not_exist(serve):
    node = serve(Answer())
    with pytest.raises(KeyError):
        Web(node.node, Pins(), Journal()).get("logout")
    assert node.connections == 0


def test_a_slow_page_ends_at_the_deadline(serve):
    node = serve(Answer(raw=lambda sock: time.sleep(5)))
    started = time.monotonic()
    with pytest.raises(ClientError) as caught:
        Web(node.node, Pins(), Journal(), deadline=0.4).get("em")
    assert caught.value.reason is Reason.TIMEOUT
    assert caught.value.source == "web"
    assert time.monotonic() - started < 1.4
