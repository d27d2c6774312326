"""Servers that are not ours: where OpenSSH's and OpenSSL's programs are, and an OpenSSH server on loopback."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
#: REAL_SERVERS=must (as .ci/run has it) makes their absence an error, not a reason to skip.
_MUST = os.environ.get("REAL_SERVERS") == "must"
needs_sshd = pytest.mark.skipif(not SSHD and not _MUST, reason="there is no OpenSSH server (sshd) on this machine")
needs_openssl = pytest.mark.skipif(
    not shutil.which("openssl") and not _MUST, reason="there is no program openssl on this machine"
)

#: What CUCM 11.5 and older offer, as far as an OpenSSH server of today still can.
OLD = (
    "HostKeyAlgorithms ssh-rsa",
    "KexAlgorithms diffie-hellman-group14-sha1,diffie-hellman-group1-sha1",
    "Ciphers aes128-cbc,aes256-cbc,3des-cbc",
    "MACs hmac-sha1",
)


@dataclass(frozen=True, kw_only=True)
class Sshd:
    """A running OpenSSH server on 127.0.0.1. ``fingerprint`` is its RSA host key's, "SHA256:..."."""

    port: int
    fingerprint: str
    log: Path

    def told(self, *words: str) -> list[str]:
        """Return the lines of its log that hold one of these words."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return [line for line in lines if any(word in line for word in words)]


def host_key(folder: Path, name: str) -> tuple[Path, str]:
    """Make an RSA host key; return its file and fingerprint."""
    path = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", path], check=True, timeout=30)
    shown = subprocess.run(["ssh-keygen", "-lf", path], check=True, timeout=30, capture_output=True, text=True)
    return path, shown.stdout.split()[1]


@contextlib.contextmanager
def sshd(folder: Path, settings: Sequence[str] = (), *, port: int = 0, key: str = "key") -> Iterator[Sshd]:
    """Run an OpenSSH server. Nobody can log in: it knows no password of ours."""
    assert SSHD, "REAL_SERVERS=must, and there is no sshd"
    file, fingerprint = host_key(folder, key)
    port = port or free_port()
    config, log = folder / f"{key}.conf", folder / f"{key}.log"
    lines = [f"ListenAddress 127.0.0.1:{port}", f'HostKey "{file}"', "PidFile none", "UsePAM no", "StrictModes no",
             "LogLevel VERBOSE", "LoginGraceTime 20", *settings]  # fmt: skip
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # an sshd of root insists on it
    words = [SSHD, "-D", "-f", str(config), "-E", str(log)]
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        _wait(process, port, log)
        yield Sshd(port=port, fingerprint=fingerprint, log=log)
    finally:
        process.terminate()
        process.wait(timeout=10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its children, one a connection


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    end = time.monotonic() + 10
    while True:
        assert process.poll() is None, log.read_text(encoding="utf-8") if log.exists() else "sshd ended at once"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        assert time.monotonic() < end, "sshd does not listen"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
