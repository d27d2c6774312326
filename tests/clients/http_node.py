"""A node on loopback for the tests of the HTTP clients: real sockets, real TLS, answers written by the test."""

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from cucm_audit.model import Node, Role


@dataclass
class Asked:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    raw: Callable[[ssl.SSLSocket], None] | None = None  # writes what it likes and closes
    close: bool = False


def certificate(folder: Path, name: str, *, days: int = 30, rsa_bits: int = 0, sans: tuple[str, ...] = ()) -> Path:
    """Write a self-signed certificate with its key; ``days`` negative = expired."""
    import ipaddress

    key = rsa.generate_private_key(65537, rsa_bits) if rsa_bits else ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=60))
        .not_valid_after(now + dt.timedelta(days=days))
    )
    if sans:
        names = [x509.IPAddress(ipaddress.ip_address(san)) for san in sans]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    path = folder / f"{name}.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    return path


def fingerprint(path: Path) -> str:
    loaded = x509.load_pem_x509_certificate(path.read_bytes())
    return loaded.fingerprint(hashes.SHA256()).hex(":").upper()


class Pins:
    """The stand-in for the trust store."""

    def __init__(self, *pins: tuple[str, int, str]) -> None:
        self.pins = {(address, port): pin for address, port, pin in pins}

    def tls(self, address: str, port: int) -> str | None:
        return self.pins.get((address, port))


class HttpNode:
    """Serves ``answer(asked)`` over TLS (or plain) on a loopback port until closed."""

    def __init__(
        self,
        answer: Callable[[Asked], Answer],
        pem: Path | None,
        *,
        address: str = "127.0.0.1",
        tune: Callable[[ssl.SSLContext], None] = lambda context: None,
    ) -> None:
        self.answer = answer
        self.pem = pem
        self.asked: list[Asked] = []
        self.connections = 0
        self.bytes_after_handshake = 0
        self.address = address
        self._context: ssl.SSLContext | None = None
        if pem is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tune(self._context)
            self._context.load_cert_chain(pem)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.socket(family, socket.SOCK_STREAM)
        self._listener.bind((address, 0))
        self._listener.listen(16)
        self.port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._closing = False
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def node(self) -> Node:
        return Node(name="pub1", address=self.address, role=Role.PUBLISHER, https_port=self.port, http_port=self.port)

    @property
    def pins(self) -> Pins:
        assert self.pem is not None
        return Pins((self.address, self.port, fingerprint(self.pem)))

    def close(self) -> None:
        self._closing = True
        self._listener.close()
        for sock in self._open:
            sock.close()

    def _accept(self) -> None:
        while not self._closing:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            if self._context is not None:
                sock = self._context.wrap_socket(sock, server_side=True)
            self._open.append(sock)
            reader = sock.makefile("rb")
            while self._one(sock, reader):
                pass
        except (OSError, ValueError):
            pass
        finally:
            sock.close()

    def _one(self, sock, reader) -> bool:
        line = reader.readline()
        if not line:
            return False
        self.bytes_after_handshake += len(line)
        method, target, _ = line.decode().split(" ", 2)
        headers = {}
        while (text := reader.readline().decode("latin-1").strip()) != "":
            name, _, value = text.partition(":")
            headers[name.strip().lower()] = value.strip()
        body = reader.read(int(headers.get("content-length", "0")))
        asked = Asked(method, target, headers, body)
        self.asked.append(asked)
        answer = self.answer(asked)
        if answer.raw is not None:
            answer.raw(sock)
            return False
        lines = {"Content-Type": "text/xml; charset=utf-8", "Content-Length": str(len(answer.body)), **answer.headers}
        head = f"HTTP/1.1 {answer.status} Words\r\n" + "".join(f"{key}: {value}\r\n" for key, value in lines.items())
        sock.sendall(head.encode("latin-1") + b"\r\n" + answer.body)
        return not answer.close
