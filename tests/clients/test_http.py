"""The hardened session against real servers on loopback: pins, deadlines, caps, redirects, refusals, no leaks."""

import errno
import gzip
import logging
import socket
import ssl
import threading
import time
import traceback
import tracemalloc

import pytest
import requests

from cucm_audit.clients import ClientError, WriteBlocked
from cucm_audit.clients.dial import Deadline, Place, dial
from cucm_audit.clients.guard import AXL_PATH, Journal
from cucm_audit.clients.http import Session, peek_certificate
from cucm_audit.clients.soap import build
from cucm_audit.model import Node, Reason, Source
from cucm_audit.secrets import Account, Secret
from tests.clients.http_node import Answer, HttpNode, Pins, certificate, fingerprint

ASK = build("axl.wsdl", "getCCMVersion", version="12.5")
ACTION = "CUCM:DB ver=12.5 getCCMVersion"
SOAP = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><a/></s:Body></s:Envelope>'
CANARY = "Kanarienvogel-4711"


@pytest.fixture(scope="module")
def pem(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("tls"), "pub1")


@pytest.fixture
def serve(pem):
    nodes = []

    def start(answer=lambda asked: Answer(body=SOAP), pem=pem, **rest):
        nodes.append(HttpNode(answer if callable(answer) else lambda asked: answer, pem, **rest))
        return nodes[-1]

    yield start
    for node in nodes:
        node.close()


def session(node, *, pins=None, journal=None, source=Source.AXL, user="axl", **rest):
    account = Account(user=user, password=Secret(CANARY))
    rest.setdefault("sleep", lambda seconds: None)
    return Session(node.node, account, pins or node.pins, journal or Journal(), source=source, **rest)


def ask(line, **rest):
    return line.post(AXL_PATH, ASK, ACTION, doing="asking", **rest)


def refused(line, reason, **rest) -> ClientError:
    with pytest.raises(ClientError) as caught:
        ask(line, **rest)
    assert caught.value.reason is reason, caught.value
    assert caught.value.hint
    return caught.value


# --------------------------------------------------------------------------------------------------------------- pins


def test_a_pinned_node_answers_and_the_password_is_sent_as_utf8(serve):
    node = serve()
    journal = Journal()
    line = Session(node.node, Account(user="axl", password=Secret("pä€wort")), node.pins, journal, source=Source.AXL)
    answer = ask(line)
    assert (answer.status, answer.body) == (200, SOAP)
    import base64

    sent = node.asked[0].headers
    assert base64.b64decode(sent["authorization"].split()[1]).decode("utf-8") == "axl:pä€wort"
    assert sent["soapaction"] == f'"{ACTION}"'
    assert journal.operations == [(Source.AXL, "pub1", "getCCMVersion")]
    assert journal.counts()["axl"] == 1


def test_an_unknown_certificate_stops_before_the_first_byte_of_http(serve):
    node = serve()
    error = refused(session(node, pins=Pins()), Reason.TLS_UNKNOWN)
    assert "cucm-audit trust add pub1" in error.hint
    assert fingerprint(node.pem) in error.detail
    assert "CN=pub1" in error.detail
    time.sleep(0.1)
    assert node.bytes_after_handshake == 0
    assert node.connections == 1


def test_a_changed_certificate_stops_before_the_first_byte_of_http_and_shows_both(serve):
    node = serve()
    old = "AA:" * 31 + "AA"
    error = refused(session(node, pins=Pins(("127.0.0.1", node.port, old))), Reason.TLS_CHANGED)
    assert old in error.detail
    assert fingerprint(node.pem) in error.detail
    time.sleep(0.1)
    assert node.bytes_after_handshake == 0


@pytest.mark.parametrize("shape", ["expired", "weak"])
def test_a_pin_holds_for_an_expired_and_for_a_weak_certificate(serve, tmp_path, shape):
    bad = certificate(tmp_path, shape, days=-3 if shape == "expired" else 30, rsa_bits=1024 if shape == "weak" else 0)
    node = serve(pem=bad, tune=lambda context: context.set_ciphers("DEFAULT@SECLEVEL=0"))
    assert ask(session(node)).status == 200


def test_a_ca_file_verifies_chain_and_name(serve, tmp_path):
    right = certificate(tmp_path, "right", sans=("127.0.0.1",))
    node = serve(pem=right)
    assert ask(session(node, pins=Pins(), ca_file=str(right))).status == 200
    wrong_name = certificate(tmp_path, "wrong", sans=("127.0.0.9",))
    assert "127.0.0.1" in refused(session(serve(pem=wrong_name), ca_file=str(wrong_name)), Reason.TLS_UNKNOWN).hint
    refused(session(serve(pem=right), ca_file=str(wrong_name)), Reason.TLS_UNKNOWN)
    expired = certificate(tmp_path, "old", days=-1, sans=("127.0.0.1",))
    node = serve(pem=expired)
    error = refused(session(node, ca_file=str(expired)), Reason.TLS_EXPIRED)
    assert [(one.method, "authorization" in one.headers) for one in node.asked] == [("GET", False)]
    assert "could not be asked" in error.hint  # the stand-in sends no Date header


@pytest.mark.parametrize("text", [None, "", "no certificate"])
def test_a_ca_file_that_cannot_be_used_is_named(serve, tmp_path, text):
    path = tmp_path / "ca.pem"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ClientError) as caught:
        session(serve(), ca_file=str(path))
    assert str(path) in caught.value.hint


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_old_tls_is_named(serve):
    def old(context):
        context.set_ciphers("DEFAULT@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1

    node = serve(tune=old)
    refused(session(node), Reason.TLS_LEGACY)
    with pytest.raises(ClientError) as caught:
        peek_certificate("127.0.0.1", node.port)
    assert caught.value.reason is Reason.TLS_LEGACY


def test_a_port_without_tls_is_named(serve):
    def speak_http(listener):
        sock, _ = listener.accept()
        with sock:
            sock.recv(4096)
            sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=speak_http, args=(listener,), daemon=True).start()
        node = Node(name="pub1", address="127.0.0.1", role=None, https_port=listener.getsockname()[1])
        line = Session(node, None, Pins(), Journal(), source=Source.AXL)
        assert "TLS" in refused(line, Reason.MALFORMED).hint


def test_peek_shows_the_certificate_and_sends_nothing(serve):
    node = serve()
    shown = peek_certificate("127.0.0.1", node.port)
    assert shown.fingerprint == fingerprint(node.pem)
    assert shown.subject == "CN=pub1"
    assert shown.not_after > shown.not_before
    assert node.bytes_after_handshake == 0


def test_ipv6(serve):
    node = serve(address="::1")
    assert ask(session(node)).status == 200
    assert node.asked[0].headers["host"] == f"[::1]:{node.port}"


# ----------------------------------------------------------------------------------------------------------- reaching


def test_a_closed_port_is_unreachable_at_once():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    node = Node(name="sub1", address="127.0.0.1", role=None, https_port=port)
    line = Session(node, None, Pins(), Journal(), source=Source.AXL)
    assert "closed" in refused(line, Reason.UNREACHABLE).hint


@pytest.mark.parametrize("address", ["", "a b", "user@host", "127.0.0.1/x", "node.invalid", "-x", "ü" * 70 + ".de"])
def test_an_address_that_cannot_be_dialled_is_dns(address, monkeypatch):
    def fail(*args, **rest):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    line = Session(Node(name="sub1", address=address, role=None), None, Pins(), Journal(), source=Source.AXL)
    refused(line, Reason.DNS)


def test_the_second_address_of_a_name_is_tried(serve, monkeypatch):
    node = serve()
    real = socket.getaddrinfo
    dead = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.99", 1))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: dead + real("127.0.0.1", node.port, type=1))
    there = Node(name="pub1", address="cucm.example", role=None, https_port=node.port)
    line = Session(there, None, Pins(("cucm.example", node.port, fingerprint(node.pem))), Journal(), source=Source.AXL)
    assert ask(line).status == 200


def test_silence_is_tried_twice_and_then_unreachable(monkeypatch):
    tries = []

    def silent(self, address):
        tries.append(address)
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket.socket, "connect", silent)
    line = Session(Node(name="sub1", address="127.0.0.1", role=None), None, Pins(), Journal(), source=Source.AXL)
    refused(line, Reason.UNREACHABLE)
    assert len(tries) == 2


# ---------------------------------------------------------------------------------------------------------- deadlines


def drip(head: bytes, piece: bytes):
    def write(sock):
        sock.sendall(head)
        for _ in range(200):
            sock.sendall(piece)
            time.sleep(0.05)

    return write


@pytest.mark.parametrize(
    "raw",
    [
        drip(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 5000\r\n\r\n", b"x"),
        drip(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n", b"x"),
        drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
        drip(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
        lambda sock: time.sleep(8),
    ],
    ids=["body", "unbounded body", "chunks", "headers", "continue", "silence"],
)
def test_a_slow_node_ends_at_the_deadline(serve, raw):
    node = serve(Answer(raw=raw))
    started = time.monotonic()
    refused(session(node, deadline=0.6), Reason.TIMEOUT)
    assert 0.5 < time.monotonic() - started < 1.6


def test_a_deadline_counts_on_a_kept_alive_connection_too(serve):
    answers = iter([Answer(body=SOAP), Answer(raw=drip(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", b"x"))])
    node = serve(lambda asked: next(answers))
    line = session(node, deadline=0.6)
    ask(line)
    started = time.monotonic()
    refused(line, Reason.TIMEOUT)
    assert time.monotonic() - started < 1.6
    assert node.connections == 1


def test_a_server_that_never_shakes_hands_ends_at_the_deadline():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        node = Node(name="pub1", address="127.0.0.1", role=None, https_port=listener.getsockname()[1])
        started = time.monotonic()
        line = Session(node, None, Pins(), Journal(), source=Source.AXL, deadline=0.5)
        refused(line, Reason.TIMEOUT)
        assert time.monotonic() - started < 1.6


def test_no_timer_thread_stays_behind(serve):
    line = session(serve())
    before = threading.active_count()
    for _ in range(5):
        ask(line)
    time.sleep(0.1)
    assert threading.active_count() <= before + 1  # the server's own


# --------------------------------------------------------------------------------------------------------------- caps


def endless(sock):
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n")
    piece = b"x" * 65536
    for _ in range(3000):
        sock.sendall(piece)


def test_an_endless_answer_is_cut_at_the_cap(serve):
    node = serve(Answer(raw=endless))
    assert "16 MiB" in refused(session(node, source=Source.SERVICES), Reason.TOO_LARGE).detail


def test_a_compressed_bomb_is_cut_at_the_decoded_cap(serve):
    bomb = gzip.compress(b"\0" * (200 * 1024 * 1024), 1)
    node = serve(Answer(body=bomb, headers={"Content-Encoding": "gzip"}))
    tracemalloc.start()
    refused(session(node, source=Source.SERVICES), Reason.TOO_LARGE)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60 * 1024 * 1024


def test_gzip_is_read_and_broken_gzip_is_malformed(serve):
    node = serve(Answer(body=gzip.compress(SOAP), headers={"Content-Encoding": "gzip"}))
    assert ask(session(node)).body == SOAP
    node = serve(Answer(body=b"no gzip", headers={"Content-Encoding": "gzip"}))
    refused(session(node), Reason.MALFORMED)


def test_a_body_that_is_shorter_than_announced_is_truncated(serve):
    node = serve(Answer(raw=lambda sock: sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + SOAP)))
    refused(session(node), Reason.TRUNCATED)


def test_chunks_that_break_off_are_not_taken_for_whole(serve):
    cut = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
    node = serve(Answer(raw=lambda sock: sock.sendall(cut)))
    with pytest.raises(ClientError) as caught:
        ask(session(node))
    assert caught.value.reason in (Reason.TRUNCATED, Reason.DISCONNECTED)


def test_what_is_not_http_is_no_answer(serve):
    node = serve(Answer(raw=lambda sock: sock.sendall(b"SSH-2.0-OpenSSH\r\n")))
    with pytest.raises(ClientError) as caught:
        ask(session(node))
    assert caught.value.reason in (Reason.MALFORMED, Reason.DISCONNECTED)


# ----------------------------------------------------------------------------------------------------------- statuses


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(serve, status):
    trap = serve()
    node = serve(Answer(status=status, headers={"Location": f"https://127.0.0.1:{trap.port}/axl/"}))
    refused(session(node), Reason.REDIRECTED)
    assert trap.connections == 0


def test_401_is_sent_once_and_never_again(serve):
    node = serve(Answer(status=401, body=b"<html>no</html>", headers={"Content-Type": "text/html"}))
    journal = Journal()
    line = session(node, journal=journal)
    refused(line, Reason.AUTH_FAILED)
    refused(line, Reason.AUTH_FAILED)
    # another client of the same run, with the same account
    refused(session(node, journal=journal, source=Source.RIS), Reason.AUTH_FAILED)
    assert len(node.asked) == 1
    assert journal.counts()["axl"] == 1


def test_a_refusal_of_one_service_does_not_stop_an_account_that_was_let_in(serve):
    answers = iter([Answer(body=SOAP), Answer(status=401), Answer(body=SOAP)])
    node = serve(lambda asked: next(answers))
    journal = Journal()
    axl = session(node, journal=journal)
    ask(axl)
    refused(session(node, journal=journal, source=Source.RIS), Reason.AUTH_FAILED)
    assert ask(axl).status == 200


def test_a_refused_account_does_not_stop_another_account(serve):
    answers = iter([Answer(status=401), Answer(body=SOAP)])
    node = serve(lambda asked: next(answers))
    journal = Journal()
    refused(session(node, journal=journal), Reason.AUTH_FAILED)
    assert ask(session(node, journal=journal, user="other")).status == 200


def test_503_is_asked_three_times_with_waits(serve):
    waits: list[float] = []
    node = serve(Answer(status=503, body=b"busy"))
    refused(session(node, sleep=waits.append), Reason.THROTTLED)
    assert len(node.asked) == 3
    assert len(waits) == 2
    assert sum(waits) < 30
    waits.clear()
    node = serve(Answer(status=503, headers={"Retry-After": "20"}))
    refused(session(node, sleep=waits.append), Reason.THROTTLED)
    assert all(20 <= wait <= 21 for wait in waits)
    node = serve(Answer(status=503, headers={"Retry-After": "86400"}))
    refused(session(node, sleep=waits.append), Reason.THROTTLED)
    assert max(waits) <= 31
    answers = iter([Answer(status=503), Answer(body=SOAP)])
    node = serve(lambda asked: next(answers))
    assert ask(session(node)).status == 200


def test_503_is_left_to_the_caller_who_paces_himself(serve):
    node = serve(Answer(status=503, body=b"busy"))
    assert ask(session(node), resend=False).status == 503
    assert len(node.asked) == 1


def test_a_dead_connection_is_opened_anew_once(serve):
    count = iter(range(10))

    def answer(asked):
        if next(count) == 1:
            return Answer(raw=lambda sock: None)  # closes without a word
        return Answer(body=SOAP)

    node = serve(answer)
    line = session(node)
    assert ask(line).status == 200
    assert ask(line).status == 200
    assert node.connections == 2
    node = serve(Answer(raw=lambda sock: None))
    refused(session(node), Reason.DISCONNECTED)
    assert len(node.asked) == 2


def test_a_connection_that_the_system_gave_up_is_opened_anew_once(serve, monkeypatch):
    """F13: a firewall forgot it, nobody acknowledges any more, and the kernel says ETIMEDOUT."""
    node = serve()
    line = session(node)
    ask(line)
    read, broken = ssl.SSLSocket.recv_into, []

    def gone(self, *args, **rest):
        if self.server_side or broken:
            return read(self, *args, **rest)
        broken.append(self)
        raise TimeoutError(errno.ETIMEDOUT, "Connection timed out")

    monkeypatch.setattr(ssl.SSLSocket, "recv_into", gone)
    assert ask(line).status == 200
    assert node.connections == 2
    broken.clear()
    with monkeypatch.context() as patch:
        patch.setattr(ssl.SSLSocket, "recv_into", lambda self, *a, **r: broken.clear() or gone(self, *a, **r))
        refused(line, Reason.DISCONNECTED)
    assert node.connections == 3


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="Linux only")
def test_silence_is_noticed_by_the_system(serve):
    place = Place(node="n", address="127.0.0.1", port=serve().port, source="axl")
    with Deadline(5) as deadline, dial(place, deadline) as sock:
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 15


def test_an_expired_cookie_is_thrown_away(serve):
    def answer(asked):
        if len(node.asked) == 1:
            return Answer(body=SOAP, headers={"Set-Cookie": "JSESSIONIDSSO=abc; Path=/"})
        return Answer(status=404 if "cookie" in asked.headers else 200, body=SOAP)

    node = serve(answer)
    line = session(node)
    ask(line)
    assert ask(line).status == 200
    assert [("cookie" in asked.headers, "authorization" in asked.headers) for asked in node.asked] == [
        (False, True),
        (True, True),
        (False, True),
    ]


def test_date_and_duration(serve):
    node = serve(Answer(body=SOAP, headers={"Date": "Mon, 17 Jun 2024 06:02:11 GMT"}))
    answer = ask(session(node))
    assert answer.date.isoformat() == "2024-06-17T06:02:11+00:00"
    assert 0 <= answer.millis < 5000
    node = serve(Answer(body=SOAP, headers={"Date": "yesterday"}))
    assert ask(session(node)).date is None


# ------------------------------------------------------------------------------------------------- guard, environment


def test_the_guard_stands_before_the_socket(serve):
    node = serve()
    journal = Journal()
    line = session(node, journal=journal)
    body = ASK.replace(b"getCCMVersion", b"removePhone")
    with pytest.raises(WriteBlocked):
        line.post(AXL_PATH, body, ACTION, doing="x")
    with pytest.raises(WriteBlocked):
        line.get("/ccmadmin/", doing="x")
    with pytest.raises(WriteBlocked):  # even with the requests session itself
        line._session.request("DELETE", line._base + "/axl/")
    with pytest.raises(requests.exceptions.InvalidSchema):  # no adapter for any other place
        line._session.get("https://127.0.0.1:1/axl/")
    assert node.connections == 0
    assert journal.operations == []


def test_without_the_guard_the_write_would_have_reached_the_node(serve, monkeypatch):
    """The test above proves nothing if the request would not have arrived anyway."""
    monkeypatch.setattr("cucm_audit.clients.guard.check_request", lambda **rest: "x")
    node = serve()
    session(node).post(AXL_PATH, ASK.replace(b"getCCMVersion", b"removePhone"), ACTION, doing="x")
    assert b"removePhone" in node.asked[0].body


def test_nothing_of_the_environment_counts(serve, monkeypatch, tmp_path):
    trap = serve(pem=None)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{trap.port}")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent")
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login evil password evil\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    node = serve()
    assert ask(session(node)).status == 200
    line = Session(node.node, None, node.pins, Journal(), source=Source.AXL)
    ask(line)
    assert "authorization" not in node.asked[1].headers
    assert trap.connections == 0


def test_a_password_never_goes_without_tls(serve):
    with pytest.raises(ValueError, match="TLS"):
        session(serve(pem=None), scheme="http", pins=Pins())


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=401, body=b"x"),
        Answer(status=302, headers={"Location": "https://127.0.0.1/"}),
        Answer(raw=lambda sock: None),
        Answer(raw=lambda sock: sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")),
        Answer(raw=lambda sock: sock.sendall(b"garbage\r\n\r\n")),
        Answer(body=b"no gzip at all", headers={"Content-Encoding": "gzip"}),
    ],
)
def test_no_error_and_no_log_holds_the_password(serve, answer, caplog):
    caplog.set_level(logging.DEBUG)
    line = session(serve(answer))
    with pytest.raises(ClientError) as caught:
        ask(line)
    error = caught.value
    seen = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format()) + caplog.text
    import base64

    for secret in (CANARY, base64.b64encode(f"axl:{CANARY}".encode()).decode()):
        assert secret not in seen
        assert secret not in repr(vars(error))
    assert error.__cause__ is None
    assert error.__context__ is None
    assert line._adapter.authorization is None
    assert "Authorization" not in line._session.headers
    assert line._session.auth is None
