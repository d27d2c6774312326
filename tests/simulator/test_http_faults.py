"""Every switch of faults.py does what its line says, seen by a client that knows nothing of it."""

import hashlib
import socket
import ssl
import time
from pathlib import Path

import pytest
import requests

from cucm_audit.simulator import Cluster, build, faults
from tests.simulator.soap_typist import CONTROL, PERFMON, Typist, found

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
NAMES = "select name from device order by pkid"


@pytest.fixture(scope="module")
def shared():
    world = build("12.5", phones=12)
    world.ris_per_minute = 0
    with Cluster(world) as cluster:
        yield cluster


@pytest.fixture
def typist(shared):
    clean = (shared.world.faults, shared.world.publisher.faults, shared.world.counters)
    for thing in clean:
        thing.clear()
    yield Typist(shared)
    assert "errors" not in shared.world.counters
    for thing in clean:
        thing.clear()


def test_an_unknown_fault_is_an_error(shared):
    with pytest.raises(KeyError):
        faults.value(shared.world, shared.world.publisher, "hagn")


def test_every_fault_is_obeyed_somewhere():
    folder = Path(faults.__file__).parent
    text = "".join(path.read_text() for path in folder.glob("*.py") if path.stem != "faults")
    assert [name for name in faults.FAULTS if f'"{name}"' not in text] == []


def test_a_write_is_seen_whatever_becomes_of_the_request(typist):
    typist.world.asked.clear()
    typist.world.faults["status"] = 503
    assert typist.axl("updatePhone", "<name>x</name>").status_code == 503
    typist.world.faults.clear()
    assert typist.axl("removePhone", "<name>x</name>", auth=False).status_code == 401
    assert typist.session.put(typist.url("/nowhere"), data="x").status_code == 404
    assert [asked.operation for asked in typist.world.writes()] == ["updatePhone", "removePhone", "PUT /nowhere"]
    typist.world.asked.clear()
    typist.sql(NAMES)
    typist.ris(["a", "b"])
    typist.ast(PERFMON, "perfmonCollectCounterData", "<n:Host>cucm-pub</n:Host><n:Object>Memory</n:Object>")
    assert [(asked.channel, asked.operation, asked.detail) for asked in typist.world.asked] == [
        ("axl", "executeSQLQuery", NAMES),
        ("ris", "selectCmDeviceExt", "2 items"),
        ("perfmon", "perfmonCollectCounterData", "Host=cucm-pub Object=Memory"),
    ]
    assert typist.world.writes() == []


@pytest.mark.parametrize("code", [401, 403, 404, 503, 599])
def test_status(typist, code):
    typist.node.faults.update(status=code, retry_after=7)
    answer = typist.axl("getCCMVersion")
    assert answer.status_code == code
    assert answer.headers["Retry-After"] == "7"
    assert "<html>" in answer.text


def test_one_node_one_place_once(typist):
    typist.node.faults["status"] = {"value": 503, "on": "typemodel", "after": 1, "times": 2}
    assert Typist(typist.cluster, "cucm-sub1").sql("select name from typemodel").status_code == 200
    assert typist.sql(NAMES).status_code == 200
    assert [typist.sql("select name from typemodel").status_code for _ in range(4)] == [200, 503, 503, 200]


def test_sign_on_page_and_redirect(typist):
    typist.world.faults["html200"] = True
    assert "j_security_check" in typist.axl("getCCMVersion").text
    typist.world.faults.clear()
    typist.world.faults["redirect"] = "https://127.0.0.1:1/axl/"
    answer = typist.session.post(typist.url("/axl/"), allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (307, "https://127.0.0.1:1/axl/")


def test_hang(typist):
    typist.world.faults["hang"] = True
    with pytest.raises(requests.ReadTimeout):
        typist.axl("getCCMVersion", timeout=0.3)


@pytest.mark.parametrize("name", ["slow_body", "slow_headers"])
def test_slow(typist, name):
    typist.world.faults[name] = 0.2
    with pytest.raises((requests.ReadTimeout, requests.ConnectionError)):
        typist.axl("getCCMVersion", timeout=0.1)


@pytest.mark.parametrize(("name", "value"), [("reset", True), ("reset", 40), ("truncate", True), ("long_length", True)])
def test_broken_off(typist, name, value):
    typist.world.faults[name] = value
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        typist.axl("getCCMVersion")


def test_bomb_and_flood(typist):
    typist.world.faults["gzip_bomb"] = 8
    answer = typist.session.post(typist.url("/axl/"), auth=typist.account, stream=True)
    assert int(answer.headers["Content-Length"]) < 100_000
    assert len(answer.content) > 8 * 2**20
    typist.world.faults.clear()
    typist.world.faults["big"] = 3
    flood = typist.session.post(typist.url("/axl/"), auth=typist.account, stream=True)
    blocks = []
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        blocks.extend(flood.iter_content(65536))
    assert sum(map(len, blocks)) >= 3 * 2**20


@pytest.mark.parametrize(
    ("name", "value", "there", "gone"),
    [
        ("doctype", True, '<!DOCTYPE x [<!ENTITY e SYSTEM "file:', None),
        ("lol", True, "&l9;", None),
        ("deep", 50, "<d>" * 50, None),
        ("latin1", True, "ISO-8859-1", "UTF-8"),
        ("wrong_namespace", True, "http://www.cisco.com/AXL/API/99.0", "API/12.5"),
        ("extra_element", True, "<return><surprise>1</surprise>", None),
        ("missing_element", "version", "<componentVersion></componentVersion>", "<version>"),
        ("double_element", "version", "</version><version>", None),
    ],
)
def test_spoilt_xml(typist, name, value, there, gone):
    typist.world.faults[name] = value
    text = typist.axl("getCCMVersion").text
    assert there in text
    assert gone is None or gone not in text


def test_bad_utf8(typist):
    typist.world.faults["bad_utf8"] = True
    with pytest.raises(UnicodeDecodeError):
        typist.axl("getCCMVersion").content.decode()


def test_paging_faults(typist):
    first = typist.rows("select skip 0 first 5 name from device order by pkid")
    second = typist.rows("select skip 5 first 5 name from device order by pkid")
    count = int(typist.rows("select count(*) as n from device")[0]["n"])
    for name, page in (
        ("ignore_skip", first),
        ("repeat_page", first),
        ("short_page", second[:-1]),
        ("empty_answer", []),
    ):
        typist.world.faults.clear()
        typist.world.faults[name] = True
        assert typist.rows("select skip 5 first 5 name from device order by pkid") == page, name
    typist.world.faults.clear()
    typist.world.faults["ignore_first"] = True
    assert len(typist.rows("select skip 5 first 5 name from device order by pkid")) == count - 5
    typist.world.faults.clear()
    typist.world.faults["count_off"] = -2
    assert typist.rows("select count(*) as n from device") == [{"n": str(count - 2)}]


def test_axl_fault(typist):
    typist.world.faults["axl_fault"] = -1
    assert typist.code(NAMES) == (500, "-1")


@pytest.mark.parametrize("name", ["role_ris", "role_services", "role_perfmon"])
def test_roles(typist, name):
    typist.world.faults[name] = 403
    answers = {
        "role_ris": typist.ris(["X"]),
        "role_services": typist.ast(CONTROL, "soapGetServiceStatus", "<n:ServiceStatus/>"),
        "role_perfmon": typist.ast(
            PERFMON, "perfmonCollectCounterData", "<n:Host>cucm-pub</n:Host><n:Object>Memory</n:Object>"
        ),
    }
    assert {key: answer.status_code for key, answer in answers.items()} == {
        key: 403 if key == name else 200 for key in answers
    }


def test_ris_faults(typist):
    name = typist.world.registrations[0].name
    for fault, words in (
        ("ris_rate", "Exceeded allowed rate"),
        ("ris_old_form", "<ns1:IpAddress>10.20.0.1</ns1:IpAddress>"),
    ):
        typist.world.faults.clear()
        typist.world.faults[fault] = True
        assert words in typist.ris([name]).text
    typist.world.faults.clear()
    typist.node.faults["ris_code"] = "InternalError"
    assert found(typist.ris([name]), "ReturnCode")[0] == "InternalError"
    typist.node.faults.clear()
    typist.world.node("cucm-sub1").faults["ris_no_change"] = True
    assert "true" in found(typist.ris([name]), "NoChange")
    typist.world.node("cucm-sub1").faults.clear()


def test_service_and_counter_faults(typist):
    typist.world.faults["services_fault"] = True
    assert "<soapenv:Fault>" in typist.ast(CONTROL, "soapGetServiceStatus", "<n:ServiceStatus/>").text
    typist.world.faults.clear()
    typist.world.faults.update(perf_missing="% Mem Used", perf_status=3)
    answer = typist.ast(PERFMON, "perfmonCollectCounterData", "<n:Host>cucm-pub</n:Host><n:Object>Memory</n:Object>")
    assert "% Mem Used" not in answer.text
    assert set(found(answer, "CStatus")) == {"3"}


def test_silent_handshake(typist):
    typist.world.faults["tls_silent"] = True
    context = ssl._create_unverified_context()
    with (
        socket.create_connection((typist.node.at, typist.node.https_port), timeout=0.3) as raw,
        pytest.raises(TimeoutError),
    ):
        context.wrap_socket(raw)


def refused(node, port):
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((node.at, port), timeout=2).close()


def test_nodes_that_are_off_or_go_off():
    world = build("12.5", phones=8)
    world.node("cucm-sub1").faults["down"] = True
    world.node("cucm-sub2").faults["refuse"] = True
    with Cluster(world) as cluster:
        down, no_web = world.node("cucm-sub1"), world.node("cucm-sub2")
        for node, port in (
            (down, down.https_port),
            (down, down.http_port),
            (down, down.ssh_port),
            (no_web, no_web.https_port),
            (no_web, no_web.http_port),
        ):
            refused(node, port)
        socket.create_connection((no_web.at, no_web.ssh_port), timeout=2).close()
        port = world.publisher.https_port
        typist = Typist(cluster)
        assert typist.axl("getCCMVersion").status_code == 200
        cluster.down("cucm-pub")
        refused(world.publisher, port)
        cluster.up("cucm-pub")
        assert world.publisher.https_port == port
        assert Typist(cluster).axl("getCCMVersion").status_code == 200


def test_old_tls():
    world = build("12.5", phones=8)
    world.publisher.faults["tls_old"] = True
    with Cluster(world) as cluster, pytest.raises(requests.exceptions.SSLError, match=r"(?i)version|protocol"):
        Typist(cluster).axl("getCCMVersion")


def test_certificates_differ_and_can_be_renewed(typist):
    def shown(node):
        pem = ssl.get_server_certificate((node.at, node.https_port))
        digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest().upper()
        return ":".join(digest[place : place + 2] for place in range(0, 64, 2))

    prints = {node.name: shown(node) for node in typist.world.nodes}
    assert prints == {name: typist.cluster.certificate_fingerprint(name) for name in prints}
    assert len(set(prints.values())) == 4
    new = typist.cluster.renew_certificate("cucm-sub2")
    assert shown(typist.world.node("cucm-sub2")) == new != prints["cucm-sub2"]


def test_keep_alive_and_no_waiting(typist):
    typist.axl("getCCMVersion")
    started = time.monotonic()
    for _ in range(100):
        assert typist.axl("getCCMVersion").headers.get("Connection") is None
    assert time.monotonic() - started < 3  # Nagle alone would take four seconds
