"""Real TLS servers (OpenSSL's, through Python), old, weak, expired or misnamed, met with a pin and with a CA file."""

import datetime as dt
import email.utils
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives import serialization

from cucm_audit.clients import ClientError, tls
from cucm_audit.clients.dial import peek_certificate
from cucm_audit.clients.http import Session
from cucm_audit.clients.journal import Journal
from cucm_audit.model import Reason, Source
from cucm_audit.secrets import Account, Secret
from tests.authority import Authority, day
from tests.clients.http_node import Answer, HttpNode, Pins
from tests.real_servers import needs_openssl

SOAP = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>'
ASK = (
    b'<soap-env:Envelope xmlns:soap-env="http://schemas.xmlsoap.org/soap/envelope/"><soap-env:Body>'
    b'<ns0:getCCMVersion xmlns:ns0="http://www.cisco.com/AXL/API/12.5"/></soap-env:Body></soap-env:Envelope>'
)
Tune = Callable[[ssl.SSLContext], None]
Serve = Callable[..., HttpNode]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def serve() -> Iterator[Serve]:
    running: list[HttpNode] = []

    def start(pem: Path, tune: Tune = lambda _: None, date: dt.datetime | None = None) -> HttpNode:
        headers = {"Date": email.utils.format_datetime(date, usegmt=True)} if date else {}
        running.append(HttpNode(lambda _asked: Answer(body=SOAP, headers=headers), pem, tune=tune))
        return running[-1]

    yield start
    for node in running:
        node.close()


def ask(node: HttpNode, *, pin: bool = True, ca_file: Path | None = None, legacy: bool = False) -> Reason | None:
    """Ask once; return None when it went well, else why not."""
    error = trouble(node, pin=pin, ca_file=ca_file, legacy=legacy)
    return error.reason if error else None


def trouble(
    node: HttpNode, *, pin: bool = False, ca_file: Path | None = None, legacy: bool = False
) -> ClientError | None:
    where = replace(node.node, legacy_tls=legacy)
    account = Account(user="axl", password=Secret("Kanarienvogel"))
    pins = node.pins if pin else Pins()
    session = Session(
        where, account, pins, Journal(), source=Source.AXL, ca_file=str(ca_file) if ca_file else None, deadline=10
    )
    try:
        assert session.post("/axl/", ASK, "CUCM:DB ver=12.5 getCCMVersion", doing="asking").status == 200
        return None
    except ClientError as caught:
        error = caught
    finally:
        session.close()
    assert error.hint
    assert "Kanarienvogel" not in str(error) + error.hint
    assert not any("authorization" in one.headers for one in node.asked), "a password went to a node without trust"
    return error


# ------------------------------------------------------------------------------------------------------- old protocols


def tls10(context: ssl.SSLContext) -> None:
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1


def tls11(context: ssl.SSLContext) -> None:
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1


def rsa_cbc(context: ssl.SSLContext) -> None:
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AES128-SHA:AES256-SHA:@SECLEVEL=0")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize(
    ("tune", "offer"),
    [(tls10, "TLSv1 with "), (tls11, "TLSv1.1 with "), (rsa_cbc, "TLSv1.2 with AES")],
    ids=["tls10", "tls11", "rsa-cbc"],
)
def test_old_tls_is_named_and_works_where_it_is_allowed(
    serve: Serve, authority: Authority, tune: Tune, offer: str
) -> None:
    """F21: what the node offers is told; the switch of the cluster file makes it work, with a pin and with a CA."""
    node = serve(authority.sign(), tune)
    for how in ({"pin": True}, {"ca_file": authority.file}):
        error = trouble(node, **how)
        assert error is not None
        assert error.reason is Reason.TLS_LEGACY
        assert f"offers {offer}" in error.detail
        assert "legacy-tls = true" in error.hint
        assert node.asked == []
        assert ask(node, legacy=True, **how) is None
        node.asked.clear()
    with pytest.raises(ClientError) as caught:
        peek_certificate("127.0.0.1", node.port)
    assert caught.value.reason is Reason.TLS_LEGACY
    assert offer in caught.value.detail
    assert peek_certificate("127.0.0.1", node.port, legacy=True).subject == "CN=cucm-pub"
    assert ask(node, pin=False, legacy=True) is Reason.TLS_UNKNOWN, "old TLS is no reason to trust anybody"
    assert ask(node, pin=False, legacy=True, ca_file=Authority(authority.folder).file) is Reason.TLS_UNKNOWN


def test_a_node_with_modern_tls_is_not_called_old(serve: Serve, authority: Authority) -> None:
    """The second look finds nothing to name where the first connection only broke."""
    node = serve(authority.sign())
    wrap, calls = node._context.wrap_socket, []

    def first_hangs_up(sock, **rest):
        calls.append(sock)
        if len(calls) == 1:
            raise OSError("this one is not served")
        return wrap(sock, **rest)

    node._context = SimpleNamespace(wrap_socket=first_hangs_up)
    with pytest.raises(ClientError) as caught:
        peek_certificate("127.0.0.1", node.port)
    assert caught.value.reason is Reason.DISCONNECTED
    assert len(calls) == 2


# --------------------------------------------------------------------------------------------------------- certificates


def test_each_certificate_with_a_pin_and_with_a_ca_file(serve: Serve, authority: Authority) -> None:
    """F17, F18, F20: a pin holds for all of them; an authority for none, each for its own reason."""
    weak: Tune = lambda context: context.set_ciphers("ALL:@SECLEVEL=0")  # noqa: E731
    for pem, reason in (
        (authority.sign(), None),
        (authority.sign(ends=-2), Reason.TLS_EXPIRED),
        (authority.sign(begins=2), Reason.TLS_UNKNOWN),
        (authority.sign(address="127.0.0.9"), Reason.TLS_UNKNOWN),
        (authority.sign(bits=1024), Reason.TLS_WEAK),
    ):
        node = serve(pem, weak)
        for legacy in (False, True):
            assert ask(node, pin=True, legacy=legacy) is None, pem
            node.asked.clear()
            assert ask(node, ca_file=authority.file, legacy=legacy) is reason, pem
            assert reason is None or "trust add" in getattr(trouble(node, ca_file=authority.file), "hint", "")
            node.asked.clear()


def test_a_certificate_of_another_name_says_which_it_holds(serve: Serve, authority: Authority) -> None:
    node = serve(authority.sign(address="127.0.0.9"))
    error = trouble(node, ca_file=authority.file)
    assert error is not None
    assert "it names cucm-pub.example.com, 127.0.0.9" in error.detail
    assert "127.0.0.1" in error.hint
    assert node.asked == []


@needs_openssl
def test_a_sha1_signature_is_weak(serve: Serve, authority: Authority, tmp_path: Path) -> None:
    """F20, as CUCM 8.5 came: RSA-1024, SHA-1. The libraries refuse to make one, so OpenSSL's own tool does."""
    ca_key = tmp_path / "ca.key"
    ca_key.write_bytes(
        authority.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    for bits in (1024, 2048):
        (tmp_path / "ext").write_text("subjectAltName=IP:127.0.0.1\n")
        words = f"req -new -newkey rsa:{bits} -nodes -subj /CN=cucm-pub -keyout node.key -out node.csr"
        openssl(tmp_path, *words.split())
        words = f"x509 -req -sha1 -days 30 -in node.csr -CA {authority.file} -CAkey ca.key -CAcreateserial"
        openssl(tmp_path, *words.split(), "-extfile", "ext", "-out", "node.crt")
        pem = tmp_path / f"node-{bits}.pem"
        pem.write_text((tmp_path / "node.key").read_text() + (tmp_path / "node.crt").read_text())
        node = serve(pem, lambda context: context.set_ciphers("ALL:@SECLEVEL=0"))
        assert ask(node, pin=True) is None
        for legacy in (False, True):
            node.asked.clear()
            assert ask(node, ca_file=authority.file, legacy=legacy) is Reason.TLS_WEAK


def openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True, timeout=30)


@pytest.mark.parametrize("strict", [False, True], ids=["as it is", "strict"])
def test_a_ca_that_newer_pythons_refuse_is_a_matter_of_form(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, strict: bool
) -> None:
    """F19: newer Pythons and some systems switch OpenSSL's strict rules on; a pin is the way out everywhere."""
    odd = Authority(tmp_path, ca=False)
    node = serve(odd.sign())
    plain = tls.open_context

    def stricter(*args, **rest):
        context = plain(*args, **rest)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    if strict:
        monkeypatch.setattr("cucm_audit.clients.line.open_context", stricter)
    error = trouble(node, ca_file=odd.file)
    assert error is not None
    assert error.reason is Reason.TLS_UNKNOWN
    assert "rule of X.509" in error.hint, error.detail
    assert "pin this certificate" in error.hint
    assert node.asked == []
    assert ask(node, pin=True) is None


def test_strict_rules_about_key_identifiers_are_a_matter_of_form(
    serve: Serve, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = tls.open_context

    def stricter(*args, **rest):
        context = plain(*args, **rest)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    monkeypatch.setattr("cucm_audit.clients.line.open_context", stricter)
    node = serve(authority.sign())
    error = trouble(node, ca_file=authority.file)
    assert error is not None
    assert (error.reason, "rule of X.509" in error.hint) == (Reason.TLS_UNKNOWN, True), error.detail
    assert ask(node, pin=True) is None


# ------------------------------------------------------------------------------------------------------ clocks (F22)


@pytest.mark.parametrize(
    ("begins", "ends", "there", "says"),
    [
        (-60, -10, -20, "this machine's clock is probably wrong"),  # expired by our clock only
        (10, 60, 20, "this machine's clock is probably wrong"),  # not yet valid by our clock only
        (-60, -10, 0, "they agree, so it is the certificate"),
        (10, 60, 0, "they agree, so it is the certificate"),
        (-60, -10, 30, "they disagree, and the certificate is valid by neither"),
        (-60, -10, None, "could not be asked"),
    ],
)
def test_dates_that_do_not_fit_are_compared_with_the_nodes_clock(
    serve: Serve, authority: Authority, begins: int, ends: int, there: int | None, says: str
) -> None:
    node = serve(authority.sign(begins=begins, ends=ends), date=None if there is None else day(there))
    error = trouble(node, ca_file=authority.file)
    assert error is not None
    assert says in error.hint
    assert f"{dt.datetime.now(dt.UTC):%Y-%m-%d}" in error.hint
    assert there is None or f"{day(there):%Y-%m-%d}" in error.hint
    assert [one.method for one in node.asked] == ["GET"]
    assert ask(node, pin=True) is None, "a pin does not depend on any clock"


def test_nobody_is_asked_for_the_time_whose_name_or_authority_is_wrong(serve: Serve, authority: Authority) -> None:
    for pem in (authority.sign(ends=-2, address="127.0.0.9"), Authority(authority.folder).sign(ends=-2)):
        node = serve(pem, date=day(0))
        error = trouble(node, ca_file=authority.file)
        assert error is not None
        assert node.asked == []
