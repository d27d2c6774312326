"""SSH: a login with and without TCP_NODELAY, and what a command costs beside the loops that scripts use."""

import socket
import statistics
import time
from pathlib import Path
from typing import Any

from benchmarks import lab
from benchmarks.measure import Figures, interleaved, table

PROMPT = b"admin:"


def run(*, quick: bool) -> str:
    """Measure logins to the first prompt, and the same short command over and over."""
    rounds = 1 if quick else 7
    with lab.lab(20) as folder:
        logins = {
            "paramiko, TCP_NODELAY": lambda: _login(folder, nodelay=True),
            "paramiko as it comes": lambda: _login(folder, nodelay=False),
            "ours, pager switched off": lambda: _our_login(folder),
        }
        commands = {
            "read until the prompt": lambda: _commands(folder, _until_prompt),
            "recv_ready and sleep(0.1)": lambda: _commands(folder, _sleeping),
            "ours": lambda: _our_commands(folder),
        }
        # Nagle's delay comes in some logins and not in others: the least would hide it.
        seen = interleaved(logins, rounds, statistics.median)
        first = table("SSH login to the first prompt", seen, ["ms"])
        return first + "\n" + table("SSH command", interleaved(commands, 1 if quick else 3), ["ms a command"])


def _open(folder: Path, *, nodelay: bool) -> tuple[Any, Any]:
    """Log in with plain paramiko and return the transport and a shell that shows its prompt."""
    import paramiko

    door = lab.publisher(folder)
    sock = socket.create_connection((door["address"], door["ssh_port"]))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, int(nodelay))
    transport = paramiko.Transport(sock)
    transport.connect(username="osadmin", password=lab.password(folder, "os"))
    shell = transport.open_session()
    shell.get_pty()
    shell.invoke_shell()
    _until_prompt(shell)
    return transport, shell


def _login(folder: Path, *, nodelay: bool) -> Figures:
    begun = time.perf_counter()
    transport, _ = _open(folder, nodelay=nodelay)
    took = time.perf_counter() - begun
    transport.close()
    return {"ms": took * 1000}


def _our_login(folder: Path) -> Figures:
    from cucm_audit.clients.ssh import Ssh

    ssh = Ssh(*lab.ours(folder, "os"))
    begun = time.perf_counter()
    ssh.open()
    took = time.perf_counter() - begun
    ssh.close()
    return {"ms": took * 1000}


def _until_prompt(shell: Any) -> None:
    seen = b""
    while not seen.rstrip().endswith(PROMPT):
        seen += shell.recv(65536)


def _sleeping(shell: Any) -> None:
    seen = b""
    while not seen.rstrip().endswith(PROMPT):
        time.sleep(0.1)
        while shell.recv_ready():
            seen += shell.recv(65536)


def _commands(folder: Path, answer: Any) -> Figures:
    transport, shell = _open(folder, nodelay=True)
    took = []
    for _ in range(8):
        begun = time.perf_counter()
        shell.sendall(b"show version active\n")
        answer(shell)
        took.append(time.perf_counter() - begun)
    transport.close()
    return {"ms a command": statistics.median(took) * 1000}


def _our_commands(folder: Path) -> Figures:
    """One command a session, because an answer is remembered: the same text is never typed twice."""
    from cucm_audit.clients.commands import COMMANDS
    from cucm_audit.clients.ssh import Ssh

    command = next(command for command in COMMANDS if command.text == "show version active")
    took = []
    for _ in range(8):
        with Ssh(*lab.ours(folder, "os")) as ssh:
            begun = time.perf_counter()
            ssh.run(command)
            took.append(time.perf_counter() - begun)
    return {"ms a command": statistics.median(took) * 1000}
