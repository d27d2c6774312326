"""Five layers keep every write inside: each is tried alone, the others taken away, against a cluster that would see it.

What the guard says to each request is in clients/test_guard.py. Here the question is whether a write leaves the process
when all the layers but one are gone, and the simulator has the last word.
"""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import pytest

from cucm_audit.clients import ClientError, WriteBlocked, guard, terminal
from cucm_audit.clients.commands import VERSION_ACTIVE, Command
from cucm_audit.clients.dial import peek_certificate
from cucm_audit.clients.guard import AXL_PATH
from cucm_audit.clients.http import Session
from cucm_audit.clients.journal import Journal
from cucm_audit.clients.soap import build as envelope
from cucm_audit.clients.ssh import Ssh, peek_host_key
from cucm_audit.model import Node, Role, Source
from cucm_audit.secrets import Account, Secret
from cucm_audit.simulator import Cluster, build
from cucm_audit.trust import TrustStore
from tests.clients.test_guard import AST, READS, WRITERS, every_operation
from tests.clients.test_guard import envelope as soap

WRITES = tuple(name for name in every_operation() if not re.match(r"(get|list|executeSQLQuery$)", name))
#: Enough to cover every verb, for what takes a connection each time.
SAMPLE = tuple(sorted({re.match(r"[a-z]+", name)[0]: name for name in WRITES}.values())) + WRITES[::60]
WRITING_SQL = (
    "update device set description = 'x'",
    "delete from device",
    "insert into device (name) values ('x')",
    "execute procedure dbreplication()",
    "select name from device into temp t",
)
WRITING_COMMANDS = (
    "utils system restart",
    "utils service stop Cisco Tftp",
    "run sql update device set description = 'x'",
    "set network dns primary 10.0.0.1",
    "show version active\nutils system restart",
)


class Lab:
    """A cluster of its own, for writes may reach it when a test takes all the layers away."""

    def __init__(self, cluster: Cluster, folder: Any) -> None:
        self.world = cluster.world
        at = self.world.publisher
        self.node = Node(
            name=at.name, address=at.at, role=Role.PUBLISHER, https_port=at.https_port, ssh_port=at.ssh_port
        )
        self.trust = TrustStore(folder / "trust.toml")
        self.trust.add_tls(at.at, at.https_port, peek_certificate(at.at, at.https_port).fingerprint)
        for key in peek_host_key(at.at, at.ssh_port):
            self.trust.add_ssh(at.at, at.ssh_port, key.key_type, key.fingerprint)
        self.journal = Journal()
        self.session = Session(
            self.node, self.account(self.world.application), self.trust, self.journal, source=Source.AXL
        )

    def account(self, pair: tuple[str, str]) -> Account:
        return Account(user=pair[0], password=Secret(pair[1]))

    def post(self, operation: str, inner: str = "", path: str = AXL_PATH, namespace: str = "") -> None:
        """Send an operation, past the descriptions, as somebody who builds the request by hand would."""
        namespace = namespace or f"{guard.AXL_NAMESPACE}12.5"
        action = operation if namespace == AST else f"CUCM:DB ver=12.5 {operation}"
        body = soap(f'<a:{operation} xmlns:a="{namespace}">{inner}</a:{operation}>')
        self.session.post(path, body, action, doing="trying")

    @contextlib.contextmanager
    def ssh(self) -> Iterator[Ssh]:
        with Ssh(self.node, self.account(self.world.platform), self.trust, self.journal) as ssh:
            yield ssh


@pytest.fixture(scope="module")
def running() -> Iterator[Cluster]:
    with Cluster(build("12.5", phones=4), max_life=120) as cluster:
        yield cluster


@pytest.fixture
def lab(running: Cluster, tmp_path: Any) -> Lab:
    running.world.asked.clear()
    return Lab(running, tmp_path)


def nothing_came(lab: Lab) -> None:
    assert lab.world.asked == []
    assert lab.journal.operations == []


class Everything:
    """A table that holds whatever is looked up."""

    def __contains__(self, _entry: object) -> bool:
        return True


@pytest.fixture
def no_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "check_request", lambda **_request: "anything")


@pytest.fixture
def no_net(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "_WRITING", re.compile("(?!)"))


@pytest.fixture
def no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "OPERATIONS", Everything())


@pytest.fixture
def no_statements(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "_KNOWN_SQL", Everything())


@pytest.fixture
def no_validator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "check_reading", lambda _sql: None)


# --- 1: no vocabulary


def test_our_descriptions_alone_know_no_other_operation(no_guard: None) -> None:
    for operation in every_operation():
        if operation not in READS:
            with pytest.raises(ValueError, match="No such operation"):
                envelope("axl.wsdl", operation, version="12.5")
    for file in ("ris.wsdl", "controlcenter.wsdl", "perfmon.wsdl"):
        for operation in WRITERS:
            with pytest.raises(ValueError, match="No such operation"):
                envelope(file, operation)


# --- 2: the table


@pytest.mark.parametrize("operation", SAMPLE)
def test_the_table_alone_stops_it(lab: Lab, no_net: None, operation: str) -> None:
    with pytest.raises(WriteBlocked):
        lab.post(operation)
    nothing_came(lab)


@pytest.mark.parametrize("path", [guard.RIS_PATH, guard.CONTROL_CENTER_PATH, guard.PERFMON_PATH])
def test_the_table_alone_stops_the_other_services(lab: Lab, no_net: None, path: str) -> None:
    for operation in WRITERS:
        with pytest.raises(WriteBlocked):
            lab.post(operation, path=path, namespace=AST)
    nothing_came(lab)


# --- 3: the net of verbs


@pytest.mark.parametrize("operation", SAMPLE)
def test_the_net_alone_stops_it(lab: Lab, no_table: None, operation: str) -> None:
    with pytest.raises(WriteBlocked):
        lab.post(operation)
    nothing_came(lab)


def test_the_net_alone_stops_every_one_of_them(no_table: None) -> None:
    for operation in WRITES:
        body = soap(f'<a:{operation} xmlns:a="{guard.AXL_NAMESPACE}12.5"/>')
        with pytest.raises(WriteBlocked):
            guard.check_request(method="POST", path=AXL_PATH, query="", soap_action=operation, body=body)


# --- 4: SQL


@pytest.mark.parametrize("sql", WRITING_SQL)
def test_the_list_of_statements_alone_stops_it(lab: Lab, no_validator: None, sql: str) -> None:
    with pytest.raises(WriteBlocked):
        lab.post("executeSQLQuery", f"<sql>{sql}</sql>")
    nothing_came(lab)


@pytest.mark.parametrize("sql", WRITING_SQL)
def test_the_validator_alone_stops_it(lab: Lab, no_statements: None, sql: str) -> None:
    with pytest.raises(WriteBlocked):
        lab.post("executeSQLQuery", f"<sql>{sql}</sql>")
    nothing_came(lab)


# --- 5: the catalogue of commands


@pytest.mark.parametrize("text", WRITING_COMMANDS)
def test_the_catalogue_stops_it_wherever_it_is_tried(lab: Lab, text: str) -> None:
    command = Command(text=text, timeout=2)
    with lab.ssh() as ssh:
        before = list(lab.journal.operations)
        with pytest.raises(WriteBlocked):
            ssh.run(command)
        with pytest.raises(WriteBlocked):
            ssh._terminal.type(command)  # the last line before the wire asks again
        with pytest.raises(WriteBlocked):
            ssh._terminal.press("y")
        assert lab.journal.operations == before
        assert "Version" in ssh.run(VERSION_ACTIVE).text
    assert lab.world.writes() == []


def test_one_of_the_two_looks_at_a_command_is_enough(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cucm_audit.clients.ssh.check_command", lambda _text: None)
    with lab.ssh() as ssh, pytest.raises(WriteBlocked):
        ssh.run(Command(text=WRITING_COMMANDS[0], timeout=2))
    assert lab.world.writes() == []


# --- and with none of them it does arrive: the tests above can fail


def test_without_any_layer_the_cluster_sees_the_write(
    lab: Lab, no_guard: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with contextlib.suppress(ClientError):
        lab.post("executeSQLQuery", f"<sql>{WRITING_SQL[0]}</sql>")
    with contextlib.suppress(ClientError):
        lab.post("removePhone")
    monkeypatch.setattr("cucm_audit.clients.ssh.check_command", lambda _text: None)
    monkeypatch.setattr(terminal, "check_command", lambda _text: None)
    with lab.ssh() as ssh, contextlib.suppress(ClientError):
        ssh.run(Command(text=WRITING_COMMANDS[0], timeout=2))
    assert {one.operation for one in lab.world.writes()} == {"removePhone", "executeSQLQuery", WRITING_COMMANDS[0]}
