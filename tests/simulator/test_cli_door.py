"""The SSH door: who gets in, host keys, algorithms, and a port that does not behave."""

import itertools
import re
import shutil
import socket
import subprocess
import time

import paramiko
import pytest

from cucm_audit.simulator.cli_keys import host_keys, knows_sha1
from cucm_audit.simulator.ssh import SshServer
from cucm_audit.simulator.world import World
from tests.simulator.cli_typist import Typist, connected, logged_in, node, serving, world


def faulty(**faults: object) -> World:
    cluster = world()
    cluster.nodes[0].faults |= faults
    return cluster


def attempts(server: SshServer) -> list[tuple[str, bool]]:
    return [(attempt.method, attempt.accepted) for attempt in server.attempts]


def by_keyboard(transport: paramiko.Transport, user: str, *given: str) -> list[str]:
    """Log in with the keyboard-interactive method and return the questions."""
    questions, left = [], iter(given)

    def answer(title: str, instructions: str, prompts: list[tuple[str, bool]]) -> list[str]:
        questions.extend(prompt for prompt, _ in prompts)
        assert not any(echo for _, echo in prompts)
        return [next(left) for _ in prompts]

    transport.auth_interactive(user, answer)
    return questions


@pytest.mark.parametrize("mode", ["both", "password", "keyboard"])
def test_both_methods_or_one(mode: str):
    cluster = faulty(ssh_auth=mode)
    user, password = cluster.platform
    with serving(cluster) as server:
        if mode != "keyboard":
            connected(server).auth_password(user, password, fallback=False)
        if mode != "password":
            assert by_keyboard(connected(server), user, password) == ["Password: "]
        if mode == "keyboard":
            with pytest.raises(paramiko.BadAuthenticationType) as refused:
                connected(server).auth_password(user, password, fallback=False)
            assert refused.value.allowed_types == ["keyboard-interactive"]
        if mode == "password":
            with pytest.raises(paramiko.BadAuthenticationType) as refused:
                by_keyboard(connected(server), user, password)
            assert refused.value.allowed_types == ["password"]


def test_attempts_are_counted_and_the_right_password_is_wanted():
    cluster = world()
    user, password = cluster.platform
    with serving(cluster) as server:
        transport = connected(server)
        assert server.attempts == []
        with pytest.raises(paramiko.AuthenticationException):
            transport.auth_password(user, "wrong", fallback=False)
        with pytest.raises(paramiko.AuthenticationException):
            by_keyboard(transport, user, "wrong")
        with pytest.raises(paramiko.AuthenticationException):
            connected(server).auth_password("auditor", password, fallback=False)
        transport.auth_password(user, password, fallback=False)
        assert attempts(server) == [
            ("password", False),
            ("keyboard-interactive", False),
            ("password", False),
            ("password", True),
        ]


def test_a_node_may_have_its_own_account_and_refuse_all():
    cluster = world()
    cluster.nodes[0].accounts["platform"] = ("other", "Other-Pw-1")
    with serving(cluster) as server:
        with pytest.raises(paramiko.AuthenticationException):
            connected(server).auth_password(*cluster.platform, fallback=False)
        connected(server).auth_password("other", "Other-Pw-1", fallback=False)
        cluster.nodes[0].faults["ssh_auth"] = "refused"
        with pytest.raises(paramiko.AuthenticationException):
            connected(server).auth_password("other", "Other-Pw-1", fallback=False)


def test_an_expired_password_asks_for_a_new_one_and_typing_one_is_a_write():
    cluster = faulty(ssh_auth="expired")
    user, password = cluster.platform
    asked: list[str] = []
    with serving(cluster) as server:

        def answer(title: str, instructions: str, prompts: list[tuple[str, bool]]) -> list[str]:
            asked.extend(prompt for prompt, _ in prompts)
            return [password for _ in prompts]

        with pytest.raises(paramiko.AuthenticationException):
            connected(server).auth_interactive(user, answer)
    assert asked == ["Password: ", "New password: ", "Retype new password: "]
    assert [write.operation for write in cluster.writes()] == [
        "answer to: New password:",
        "answer to: Retype new password:",
    ]


def test_an_expired_password_at_the_shell():
    cluster = faulty(ssh_auth="expired_shell")
    with serving(cluster) as server:
        transport = connected(server)
        transport.auth_password(*cluster.platform)
        with Typist(transport) as typist:
            assert "expired" in typist.until("(current) UNIX password: ")
            assert typist.silent()
            assert cluster.writes() == []


def test_two_factor():
    cluster = faulty(ssh_auth="two_factor")
    user, password = cluster.platform
    with serving(cluster) as server:
        transport = connected(server)
        asked: list[str] = []

        def answer(title: str, instructions: str, prompts: list[tuple[str, bool]]) -> list[str]:
            asked.extend(prompt for prompt, _ in prompts)
            return [password for _ in prompts]

        with pytest.raises(paramiko.AuthenticationException):
            transport.auth_interactive(user, answer)
        assert asked == ["Password: ", "Verification code: "]


def test_banner_before_the_authentication():
    cluster = faulty(ssh_banner="Authorised use only\nadmin:\n")
    with serving(cluster) as server:
        transport = connected(server)
        transport.auth_password(*cluster.platform)
        assert transport.get_banner() == b"Authorised use only\nadmin:\n"


@pytest.mark.parametrize(
    ("release", "version"),
    [
        ("9.1.2.10000-28", "OpenSSH_5.3"),
        ("11.5.1.12900-21", "OpenSSH_5.3"),
        ("12.5.1.14900-63", "OpenSSH_7.4"),
        ("14.0.1.12900-161", "OpenSSH_7.4"),
        ("15.0.1.11900-23", "OpenSSH_8.8"),
    ],
)
def test_version_string_by_release(release: str, version: str):
    with serving(world(release)) as server:
        assert connected(server).remote_version == f"SSH-2.0-{version}"


def key_of(server: SshServer) -> paramiko.PKey:
    transport = connected(server)
    key = transport.get_remote_server_key()
    transport.close()
    return key


def test_a_host_key_is_the_nodes_own_and_stays():
    cluster = world()
    with serving(cluster) as server:
        first = key_of(server)
        assert server.fingerprints() == {"ssh-ed25519": first.fingerprint}
    with serving(cluster) as server:
        assert key_of(server) == first
        cluster.nodes[0].faults["ssh_host_key"] = "reinstalled"
        other = key_of(server)
        assert other != first
        assert key_of(server) == other
        del cluster.nodes[0].faults["ssh_host_key"]
        assert key_of(server) == first
    with serving(cluster, "cucm-sub1") as server:
        assert key_of(server) != first


def test_kinds_of_host_keys_by_release():
    assert [key.get_name() for key in host_keys(node(release="11.5.1.12900-21", faults={}))] == ["ssh-rsa"]
    newer = host_keys(node(faults={}))
    assert [key.get_name() for key in newer] == ["ssh-rsa", "ecdsa-sha2-nistp256", "ssh-ed25519"]


def test_sha1_only():
    with serving(faulty(ssh_algorithms="legacy", ssh_host_key_types=("rsa",))) as server:
        if knows_sha1():
            transport = connected(server)
            assert transport.host_key_type == "ssh-rsa"
            transport.auth_password(*server.world.platform)
            return
        with pytest.raises(paramiko.ssh_exception.IncompatiblePeer, match=r"no acceptable (kex|host key)"):
            connected(server)
        assert server.attempts == []


def test_few_algorithms():
    wanted = {"kex": ["ecdh-sha2-nistp256"], "ciphers": ["aes256-gcm@openssh.com"]}
    with serving(faulty(ssh_algorithms=wanted)) as server:
        assert connected(server).remote_cipher == "aes256-gcm@openssh.com"
        transport = paramiko.Transport(
            (server.address, server.port), disabled_algorithms={"kex": ["ecdh-sha2-nistp256"]}
        )
        with pytest.raises(paramiko.ssh_exception.IncompatiblePeer):
            transport.start_client(timeout=5)


def test_a_closed_port_opens_again():
    cluster = world()
    with serving(cluster) as server:
        connected(server).close()
        cluster.nodes[0].faults["ssh_refuse"] = True
        time.sleep(0.2)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((server.address, server.port), 2)
        cluster.nodes[0].faults["ssh_refuse"] = False
        time.sleep(0.2)
        connected(server).close()


def test_a_port_that_is_closed_from_the_start():
    with serving(faulty(ssh_refuse=True)) as server:
        assert server.port > 0
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((server.address, server.port), 2)


def test_dropped_at_once():
    with serving(faulty(ssh_drop=True)) as server, pytest.raises((paramiko.SSHException, OSError, EOFError)):
        connected(server)


def test_dropped_after_the_login():
    cluster = faulty(ssh_drop="login")
    with serving(cluster) as server:
        transport = connected(server)
        transport.auth_password(*cluster.platform)
        with pytest.raises((paramiko.SSHException, OSError, EOFError, AssertionError)):
            Typist(transport).until()
        assert attempts(server) == [("password", True)]


def test_silence():
    with serving(faulty(ssh_silent=True)) as server:
        connection = socket.create_connection((server.address, server.port), 2)
        connection.settimeout(0.4)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.close()


def test_lines_before_the_version_and_lines_without_end():
    cluster = faulty(ssh_prelines=3)
    with serving(cluster) as server:
        connected(server).close()
        cluster.nodes[0].faults["ssh_prelines"] = "endless"
        connection = socket.create_connection((server.address, server.port), 2)
        read = b""
        while len(read) < 20_000:
            read += connection.recv(4096)
        assert b"SSH-" not in read
        connection.close()


def test_session_limit():
    cluster = faulty(ssh_session_limit=2)
    with serving(cluster) as server:
        kept = [logged_in(server) for _ in range(2)]
        transport = connected(server)
        transport.auth_password(*cluster.platform)
        assert Typist(transport).ended() == b""
        kept[0].transport.close()
        for _ in itertools.repeat(None, 50):  # the place is free as soon as the server has noticed
            time.sleep(0.02)
            if server._sessions < 2:
                break
        logged_in(server).transport.close()
        kept[1].transport.close()


def test_nothing_but_sessions():
    cluster = world()
    with serving(cluster) as server:
        transport = connected(server)
        transport.auth_password(*cluster.platform)
        with pytest.raises(paramiko.ChannelException):
            transport.open_channel("direct-tcpip", ("127.0.0.1", 1), ("127.0.0.1", 2), timeout=5)
        with pytest.raises(paramiko.SSHException):
            paramiko.SFTPClient.from_transport(transport)
        transport.close()


@pytest.mark.skipif(shutil.which("ssh") is None, reason="OpenSSH's client is not installed")
def test_openssh_sees_sha1_only():
    with serving(faulty(ssh_algorithms="legacy", ssh_host_key_types=("rsa",))) as server:
        command = [
            "ssh",
            "-F",
            "none",
            "-oBatchMode=yes",
            "-oStrictHostKeyChecking=no",
            "-oUserKnownHostsFile=/dev/null",
        ]
        told = subprocess.run(
            [*command, "-p", str(server.port), server.address], capture_output=True, text=True, timeout=20, check=False
        )
        assert re.search(r"no matching (key exchange method|host key type) found", told.stderr), told.stderr
        assert "sha1" in told.stderr
        assert server.attempts == []
