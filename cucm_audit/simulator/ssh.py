"""A node's SSH server on loopback: the real protocol, the imitated CLI behind it.

    server = SshServer(world, node)
    port = server.start()
    ...
    server.stop()

What can go wrong at this door and behind it: ``cli_faults.py``. Everything typed is in ``world.asked``.
"""

import base64
import contextlib
import hashlib
import itertools
import queue
import socket
import struct
import threading
import time

import paramiko

from cucm_audit.simulator.cli_faults import Faults
from cucm_audit.simulator.cli_keys import host_keys, knows_sha1, offer_sha1_only, set_algorithms, version_string
from cucm_audit.simulator.cli_login import Attempt, Login
from cucm_audit.simulator.cli_session import Session
from cucm_audit.simulator.cli_terminal import Terminal
from cucm_audit.simulator.world import SimNode, World

_POLL = 0.02  # seconds
_SESSIONS = 10  # the platform's default for "set session maxlimit"


class SshServer:
    """The SSH door of one node, on ``port``, or the port that the node has already, or any free one.

    ``attempts`` are the attempts to log in, ``connections`` counts what reached the port, ``terminals`` are sessions
    that were opened, the oldest first, with every byte they received.
    """

    def __init__(self, world: World, node: SimNode, port: int = 0, address: str | None = None) -> None:
        self.world, self.node = world, node
        self.address = address or node.at
        self.port = port or node.ssh_port
        self.attempts: list[Attempt] = []
        self.connections = 0
        self.terminals: list[Terminal] = []
        self._faults = Faults(node.faults)
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._open: set[paramiko.Transport | socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._sessions = 0
        self._listener: socket.socket | None = None

    # ----------------------------------------------------------------------------------------------- starting, stopping
    def start(self) -> int:
        """Listen and return the port. OSError when the port is taken or the address is not this machine's."""
        self._stopping.clear()
        host_keys(self.node)  # made now: not while a client waits
        self._listener = self._bind()
        self.port = self._listener.getsockname()[1]
        self._listen()
        self._run(self._accept)
        return self.port

    def stop(self) -> None:
        """Close the port and every connection; returns when all threads are done."""
        self._stopping.set()
        with self._lock:
            still_open = list(self._open)
        for connection in still_open:
            connection.close()
        for thread in self._threads:
            thread.join(timeout=5)
        self._threads.clear()
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def fingerprints(self) -> dict[str, str]:
        """Return key type -> ``SHA256:...`` as OpenSSH writes it, of the host keys as they are now."""
        return {key.get_name(): _fingerprint(key) for key in host_keys(self.node)}

    def _run(self, work: "threading._CallableTarget", *args: object) -> None:  # type: ignore[name-defined]
        thread = threading.Thread(target=work, args=args, name=f"ssh {self.node.name}", daemon=True)
        self._threads = [old for old in self._threads if old.is_alive()] + [thread]
        thread.start()

    # ----------------------------------------------------------------------------------------------------- the listener
    def _bind(self) -> socket.socket:
        listener = socket.socket(socket.AF_INET6 if ":" in self.address else socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self.address, self.port))
        except OSError:
            listener.close()
            raise
        listener.settimeout(_POLL)
        return listener

    def _listen(self) -> bool:
        """Listen, unless the port is to be closed: a bound socket that does not listen refuses, and keeps its port."""
        assert self._listener is not None
        if self._faults.get("ssh_refuse"):
            return False
        self._listener.listen(64)
        return True

    def _accept(self) -> None:
        listening = not self._faults.get("ssh_refuse")
        while not self._stopping.is_set():
            if listening and self._faults.get("ssh_refuse"):
                self._listener.close()  # type: ignore[union-attr]
                self._listener = self._bind()
                listening = False
            elif not listening:
                listening = self._listen()
            if not listening:
                self._stopping.wait(_POLL)
                continue
            try:
                connection, _ = self._listener.accept()  # type: ignore[union-attr]
            except TimeoutError:
                continue
            except OSError:
                return
            self._run(self._serve, connection)

    # ----------------------------------------------------------------------------------------------------- a connection
    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            self.connections += 1
            self._open.add(connection)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._first_bytes(connection):
                self._speak(connection)
        except (OSError, EOFError, paramiko.SSHException):
            return  # the client left, or no agreement was possible: its own affair
        finally:
            connection.close()
            with self._lock:
                self._open.discard(connection)

    def _first_bytes(self, connection: socket.socket) -> bool:
        """Do what a fault wants before the protocol begins. Return whether it begins."""
        faults = self._faults
        if faults.get("ssh_refuse") or faults.get("ssh_drop") in (True, "connect"):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset
            return False
        if faults.get("ssh_silent"):
            self._listen_only(connection)
            return False
        prelines = faults.get("ssh_prelines", 0)
        numbers = itertools.count() if prelines == "endless" else range(int(prelines))
        for number in numbers:
            if self._stopping.is_set():
                return False
            connection.sendall(f"notice {number:06}: unauthorised use is prohibited\r\n".encode())
            time.sleep(0 if number < 100 else 0.001)
        if faults.get("ssh_algorithms") == "legacy" and not knows_sha1():
            offer_sha1_only(connection, version_string(self.node))
            return False
        return True

    def _listen_only(self, connection: socket.socket) -> None:
        connection.settimeout(_POLL)
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                if not connection.recv(4096):
                    return

    def _speak(self, connection: socket.socket) -> None:
        transport = paramiko.Transport(connection)
        with self._lock:
            self._open.add(transport)
        try:
            transport.local_version = version_string(self.node)
            for key in host_keys(self.node):
                transport.add_server_key(key)
            set_algorithms(transport, self._faults.get("ssh_algorithms"))
            login = Login(self.world, self.node, self.attempts)
            transport.start_server(server=login)
            self._channels(transport, login)
        finally:
            transport.close()
            with self._lock:
                self._open.discard(transport)

    def _channels(self, transport: paramiko.Transport, login: Login) -> None:
        """Give every channel that asks for a shell a session, until the client leaves."""
        while transport.is_active() and not self._stopping.is_set():
            with contextlib.suppress(queue.Empty):
                channel = login.shells.get(timeout=_POLL)
                if self._faults.get("ssh_drop") == "login":
                    return
                time.sleep(0.002)  # the request's own reply goes first
                self._run(self._session, transport, channel, login)

    def _session(self, transport: paramiko.Transport, channel: paramiko.Channel, login: Login) -> None:
        with self._lock:
            self._sessions += 1
            self.world.load.session_begins(self.node.name)
            full = self._sessions > int(self._faults.get("ssh_session_limit", _SESSIONS))
        try:
            if not full:
                self._talk(transport, channel, login)
        finally:
            with self._lock:
                self._sessions -= 1
                self.world.load.session_ends(self.node.name)
            with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
                channel.send_exit_status(0)
                channel.close()

    def _talk(self, transport: paramiko.Transport, channel: paramiko.Channel, login: Login) -> None:
        def size() -> tuple[int, int]:
            window = login.windows[channel.chanid]
            return window.columns, window.rows

        terminal = Terminal(channel, self._faults, size, self._stopping.is_set, echo=login.windows[channel.chanid].pty)
        self.terminals.append(terminal)
        Session(self.world, self.node, terminal, cut=transport.close, end=channel.close).run()


def _fingerprint(key: paramiko.PKey) -> str:
    return "SHA256:" + base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")
