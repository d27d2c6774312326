"""A real OpenSSH server, today's and one that offers only what old nodes do, against our client."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest

from cucm_audit.clients import ClientError
from cucm_audit.clients.journal import Journal
from cucm_audit.clients.ssh import Ssh, peek_host_key
from cucm_audit.clients.ssh_offer import read_offer
from cucm_audit.model import Node, Reason
from cucm_audit.secrets import Account, Secret
from cucm_audit.trust import TrustStore
from tests.real_servers import OLD, Sshd, needs_sshd, sshd

pytestmark = needs_sshd
#: paramiko 5 has no SHA-1 any more; with the extra legacy-ssh the same tests run on paramiko 4.
NO_SHA1 = int(paramiko.__version__.split(".")[0]) >= 5
LOGIN_LINES = ("Failed ", "Invalid user", "Accepted ", "userauth")


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with sshd(tmp_path_factory.mktemp("today")) as server:
        yield server


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with sshd(tmp_path_factory.mktemp("old"), OLD) as server:
        yield server


def refused(server: Sshd, folder: Path, known: str = "") -> ClientError:
    """Open a session, ``known`` being the fingerprint that is trusted; nobody is ever let in here."""
    store = TrustStore(folder / "trust.toml")
    if known:
        store.add_ssh("127.0.0.1", server.port, "ssh-rsa", known)
    node = Node(name="cucm-pub", address="127.0.0.1", role=None, ssh_port=server.port)
    account = Account(user="osadmin", password=Secret("Kanarienvogel"))
    client = Ssh(node, account, store, Journal(), connect_timeout=5)
    with contextlib.closing(client), pytest.raises(ClientError) as caught:
        client.open()
    assert "Kanarienvogel" not in str(caught.value) + caught.value.hint
    return caught.value


def offer_of(server: Sshd) -> dict[str, tuple[str, ...]]:
    """What the server says, read here from the socket itself."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as sock:
        sock.sendall(b"SSH-2.0-test\r\n")
        received = b""
        while not (found := read_offer(received)):
            received += sock.recv(4096)
        return found


def test_an_unknown_host_key_stops_before_any_login(today: Sshd, tmp_path: Path) -> None:
    error = refused(today, tmp_path)
    assert error.reason is Reason.HOSTKEY_UNKNOWN
    assert today.fingerprint in error.hint
    assert today.told(*LOGIN_LINES) == []


def test_a_changed_host_key_stops_before_any_login(today: Sshd, tmp_path: Path) -> None:
    with sshd(tmp_path, key="another") as another:
        error = refused(another, tmp_path, known=today.fingerprint)
        assert error.reason is Reason.HOSTKEY_CHANGED
        assert today.fingerprint in error.detail
        assert another.fingerprint in error.detail
        assert another.told(*LOGIN_LINES) == []


def test_a_known_host_key_leads_to_one_login(tmp_path: Path) -> None:
    with sshd(tmp_path) as server:
        assert refused(server, tmp_path, known=server.fingerprint).reason is Reason.AUTH_FAILED
        assert len(server.told("Failed password")) == 1


def test_the_offer_is_read_as_it_is(old: Sshd) -> None:
    wanted = {line.split()[0]: tuple(line.split()[1].split(",")) for line in OLD}
    offer = offer_of(old)
    assert offer["host keys"] == wanted["HostKeyAlgorithms"]
    assert offer["ciphers to it"] == offer["ciphers from it"] == wanted["Ciphers"]
    assert offer["MACs to it"] == wanted["MACs"]
    assert offer["key exchange"][:2] == wanted["KexAlgorithms"]


@pytest.mark.skipif(not NO_SHA1, reason="with paramiko 4 an old node can be reached: see the next test")
@pytest.mark.parametrize("known", [False, True])
def test_an_old_node_names_its_offer_and_the_extra(old: Sshd, tmp_path: Path, known: bool) -> None:
    """F59. Whether its key is trusted or not, nothing is compared and nothing is sent."""
    error = refused(old, tmp_path, known=old.fingerprint if known else "")
    assert error.reason is Reason.SSH_LEGACY_ALGORITHMS
    assert "cucm-audit[legacy-ssh]" in error.hint
    for word in ("host keys ssh-rsa", "diffie-hellman-group1-sha1", "aes128-cbc", "hmac-sha1"):
        assert word in error.detail
    assert old.told(*LOGIN_LINES) == []
    with pytest.raises(ClientError) as caught:
        peek_host_key("127.0.0.1", old.port)
    assert caught.value.reason is Reason.SSH_LEGACY_ALGORITHMS


@pytest.mark.skipif(NO_SHA1, reason="with the extra legacy-ssh (paramiko 4) only")
def test_an_old_node_is_reached_with_the_extra(old: Sshd, tmp_path: Path) -> None:
    """As far as the password, of which this server knows none."""
    assert [key.fingerprint for key in peek_host_key("127.0.0.1", old.port)] == [old.fingerprint]
    assert refused(old, tmp_path).reason is Reason.HOSTKEY_UNKNOWN
    assert old.told(*LOGIN_LINES) == []
    assert refused(old, tmp_path, known=old.fingerprint).reason is Reason.AUTH_FAILED
    assert len(old.told("Failed password")) == 1


@pytest.mark.parametrize(
    ("setting", "what"),
    [
        ("HostKeyAlgorithms ssh-rsa", "host keys ssh-rsa"),
        ("KexAlgorithms diffie-hellman-group1-sha1", "key exchange diffie-hellman-group1-sha1"),
        ("Ciphers aes128-cbc", ""),  # old, but both paramikos still speak it
        ("MACs hmac-sha1", ""),
    ],
)
def test_one_old_thing_is_enough_and_is_named(tmp_path: Path, setting: str, what: str) -> None:
    with sshd(tmp_path, (setting,)) as server:
        error = refused(server, tmp_path)
        lost = NO_SHA1 and what
        assert error.reason is (Reason.SSH_LEGACY_ALGORITHMS if lost else Reason.HOSTKEY_UNKNOWN)
        assert not lost or what in error.detail
        assert server.told(*LOGIN_LINES) == []
