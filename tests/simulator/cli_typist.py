"""Somebody at a keyboard, over plain paramiko: the simulator's CLI is proved without a line of our own client."""

import datetime as dt
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import paramiko

from cucm_audit.simulator.ssh import SshServer
from cucm_audit.simulator.world import SimEvent, SimNode, SimService, World

PROMPT = "\radmin:"
MORE = "<q> to quit\x1b[0m\x1b[K"
OPTIONS = " : \x1b[0m\x1b[K"


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)


def node(name: str = "cucm-pub", release: str = "12.5.1.14900-63", **changes: Any) -> SimNode:
    facts: dict[str, Any] = {
        "host": name,
        "domain": "example.com",
        "address": "192.0.2.11",
        "listen": "127.0.0.1",
        "role": "publisher",
        "product": "callmanager",
        "booted_at": utc(2026, 3, 1, 4, 0, 0),
        "faults": {"ssh_host_key_types": ("ed25519",), "cli_slow_start": 0},
        "events": [
            SimEvent(at=utc(2026, 1, 10, 8, 0, 0), action="Install", subject=release, result="Start"),
            SimEvent(at=utc(2026, 1, 10, 9, 0, 0), action="Install", subject=release, result="Success"),
            SimEvent(at=utc(2026, 1, 10, 9, 0, 1), action="Boot", subject=release, result="Start"),
        ],
        "services": {
            "Cisco CallManager": SimService(name="Cisco CallManager", feature=True, activated=True),
            "Cisco Tftp": SimService(name="Cisco Tftp", feature=True, activated=False, status="Stopped"),
        },
        **changes,
    }
    return SimNode(name=name, release=release, **facts)


def world(release: str = "12.5.1.14900-63") -> World:
    nodes = [
        node(release=release),
        node("cucm-sub1", release, role="subscriber", address="192.0.2.12"),
        node("cucm-imp1", release, role="subscriber", address="192.0.2.14", product="cups"),
    ]
    return World(release=release, nodes=nodes)


class Typist:
    """One session. ``said`` is everything that was read."""

    def __init__(self, transport: paramiko.Transport, *, width: int = 200, height: int = 24, pty: bool = True) -> None:
        self.transport = transport
        self.channel = transport.open_session(timeout=5)
        if pty:
            self.channel.get_pty("vt100", width, height)
        self.channel.invoke_shell()
        self.said = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.transport.close()

    def type(self, keys: str) -> None:
        self.channel.sendall(keys.encode())

    def until(self, end: str = PROMPT, seconds: float = 5.0) -> str:
        """Read until ``end`` is the end of what was read; AssertionError with what came instead."""
        read = b""
        stop = time.monotonic() + seconds
        while not read.decode("utf-8", "replace").endswith(end):
            self.channel.settimeout(max(stop - time.monotonic(), 0.01))
            try:
                data = self.channel.recv(65536)
            except TimeoutError:
                raise AssertionError(f"no {end!r} in {seconds} s, but {read!r}") from None
            if not data:
                raise AssertionError(f"the session ended after {read!r}")
            read += data
        text = read.decode("utf-8", "replace")
        self.said += text
        return text

    def silent(self, seconds: float = 0.3) -> bool:
        self.channel.settimeout(seconds)
        try:
            return not self.channel.recv(1)
        except TimeoutError:
            return True

    def ended(self, seconds: float = 5.0) -> bytes:
        """Read to the end of the session."""
        self.channel.settimeout(seconds)
        read = b""
        while data := self.channel.recv(65536):
            read += data
        return read

    def run(self, command: str, end: str = PROMPT, seconds: float = 5.0) -> list[str]:
        """Type a command and return the lines of its answer, without echo and prompt. The pager has to be off."""
        self.type(f"{command}\r")
        said = self.until(end, seconds)
        echo, _, rest = said.partition("\r\n")
        assert re.sub(r"\s", "", echo) == re.sub(r"\s", "", command)
        return rest.removesuffix(end).removesuffix("\r\n").split("\r\n")


@contextmanager
def serving(of: World, name: str = "cucm-pub") -> Iterator[SshServer]:
    server = SshServer(of, of.node(name))
    server.start()
    try:
        yield server
    finally:
        server.stop()


def connected(server: SshServer) -> paramiko.Transport:
    connection = socket.create_connection((server.address, server.port), 5)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    transport = paramiko.Transport(connection)
    transport.start_client(timeout=5)
    return transport


def logged_in(server: SshServer, **terminal: Any) -> Typist:
    """Log in and wait for the first prompt."""
    transport = connected(server)
    transport.auth_password(*server.node.accounts.get("platform", server.world.platform), fallback=False)
    typist = Typist(transport, **terminal)
    typist.until()
    return typist


@contextmanager
def typing(of: World, name: str = "cucm-pub", *, pager: bool = False, **terminal: Any) -> Iterator[Typist]:
    """A session on one node of a world, the pager off unless it is wanted."""
    with serving(of, name) as server, logged_in(server, **terminal) as typist:
        if not pager:
            assert typist.run("set cli pagination off") == ["Automatic pagination is turned off"]
        yield typist
