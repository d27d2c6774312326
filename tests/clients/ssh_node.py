"""A node's SSH server on loopback, a real paramiko one, whose login and command line the test decides."""

import io
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from cucm_audit.model import Node, Role

USER, PASSWORD = "osadmin", "Passw0rd-of-the-node"
GREETING = (
    "Command Line Interface is starting up, please wait ...\r\n\r\n"
    "   Welcome to the Platform Command Line Interface\r\n\r\n"
    "VMware Installation:\r\n\t2 vCPU: Intel(R) Xeon(R) CPU E5-2650 v4 @ 2.20GHz\r\n\r\n"
)
Answer = str | bytes | Callable[["Shell"], object]


def ed25519_key():
    raw = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    return paramiko.Ed25519Key.from_private_key(io.StringIO(raw.decode()))


class Gone(Exception):
    """The client has left."""


@dataclass
class Shell:
    """The node's side of one session. ``typed`` collects every byte that the client sent, over all sessions."""

    channel: paramiko.Channel
    typed: bytearray
    stop: threading.Event
    node: "SshNode"
    pending: bytearray = field(default_factory=bytearray)

    def say(self, data: str | bytes, size: int = 0, pause: float = 0.0) -> None:
        raw = data.encode() if isinstance(data, str) else data
        for start in range(0, len(raw), size or len(raw) or 1):
            self.channel.sendall(raw[start : start + (size or len(raw))])
            time.sleep(pause)

    def key(self, timeout: float = 20.0) -> bytes:
        """Return the next byte that is typed."""
        end = time.monotonic() + timeout
        while not self.pending:
            self.channel.settimeout(0.1)
            try:
                data = self.channel.recv(4096)
            except TimeoutError:
                if self.stop.is_set() or time.monotonic() > end:
                    raise Gone from None
                continue
            if not data:
                raise Gone
            self.typed += data
            self.pending += data
        one = bytes(self.pending[:1])
        del self.pending[:1]
        return one

    def line(self) -> str:
        typed = b""
        while (one := self.key()) not in (b"\n", b"\r"):
            typed += one
        return typed.decode()

    def linger(self) -> None:
        """Say nothing more, but keep collecting what is typed until the client leaves."""
        while True:
            self.key()


def echoed(shell: Shell, line: str) -> None:
    shell.say(f"{line}\r\n")


@dataclass
class SshNode(paramiko.ServerInterface):
    """What the node does. ``auth`` lists its methods; ``rounds`` are the keyboard-interactive questions."""

    answers: dict[str, Answer] = field(default_factory=dict)
    auth: str = "password"
    accept: bool = True
    rounds: tuple[tuple[str, ...], ...] = (("Password: ",),)
    greeting: Answer = GREETING
    echo: Callable[[Shell, str], object] = echoed
    shells: int = 99  # how many sessions it grants
    keys: tuple[paramiko.PKey, ...] = ()
    connected: Callable[[socket.socket], object] | None = None  # instead of speaking SSH
    passwords: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    typed: bytearray = field(default_factory=bytearray)
    connections: int = 0
    port: int = 0

    def start(self) -> "SshNode":
        self.keys = self.keys or (paramiko.ECDSAKey.generate(),)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._stop, self._transports = threading.Event(), []
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def stop(self) -> None:
        self._stop.set()
        if self._listener.fileno() >= 0:
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the accept that waits in its thread
            self._listener.close()
        for transport in self._transports:
            transport.close()

    @property
    def node(self) -> Node:
        return Node(name="cucm-pub", address="127.0.0.1", role=Role.PUBLISHER, ssh_port=self.port)

    def _listen(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            if self.connected:
                self.connected(sock)
                return
            transport = paramiko.Transport(sock)
            self._transports.append(transport)
            for key in self.keys:
                transport.add_server_key(key)
            transport.start_server(server=self)
            channel = transport.accept(10)
            if channel is not None:
                self._run(Shell(channel, self.typed, self._stop, self))
            transport.close()
        except (OSError, EOFError, paramiko.SSHException, Gone):
            pass

    def _run(self, shell: Shell) -> None:
        if callable(self.greeting):
            self.greeting(shell)
        else:
            shell.say(self.greeting)
        while True:
            shell.say("admin:")
            line = shell.line()
            self.commands.append(line)
            self.echo(shell, line)
            if line == "quit":
                return
            answer = self.answers.get(line, "No valid command entered\r\n")
            if line == "set cli pagination off" and line not in self.answers:
                answer = "Automatic pagination is turned off\r\n"
            if callable(answer):
                answer(shell)
            else:
                shell.say(answer)

    # --- paramiko.ServerInterface

    def get_allowed_auths(self, username):
        return self.auth

    def check_auth_password(self, username, password):
        if "password" not in self.auth.split(","):
            return paramiko.AUTH_FAILED
        self.passwords.append(password)
        return paramiko.AUTH_SUCCESSFUL if self.accept and password == PASSWORD else paramiko.AUTH_FAILED

    def check_auth_interactive(self, username, submethods):
        self._round = 0
        return self._ask()

    def _ask(self):
        return paramiko.InteractiveQuery("", "", *((text, False) for text in self.rounds[self._round]))

    def check_auth_interactive_response(self, responses):
        self.told += responses
        self._round += 1
        if self._round < len(self.rounds):
            return self._ask()
        return paramiko.AUTH_SUCCESSFUL if self.accept and PASSWORD in self.told else paramiko.AUTH_FAILED

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_SUCCEEDED if self.shells > 0 else paramiko.OPEN_FAILED_RESOURCE_SHORTAGE

    def check_channel_pty_request(self, channel, term, width, height, *rest):
        self.terminal = (term, width, height)
        return True

    def check_channel_shell_request(self, channel):
        return True
