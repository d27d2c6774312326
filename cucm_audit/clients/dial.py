"""From an address to a socket: names, TCP, TLS handshake, and what certificate a server shows.

Nothing here sends a byte of HTTP, and nothing here decides whether a certificate is trusted.
"""

import datetime as dt
import errno
import hashlib
import re
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cucm_audit.clients import ClientError
from cucm_audit.model import Reason

if TYPE_CHECKING:
    from types import TracebackType

CONNECT_TIMEOUT = 5.0  # seconds for one TCP connect, and for one TLS handshake

_DIALLABLE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,252}[A-Za-z0-9.])?|[0-9A-Fa-f:.]{2,45}(%[A-Za-z0-9._-]{1,32})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A server's certificate. ``fingerprint`` is the SHA-256 of ``der`` as AB:CD:...; the dates are UTC."""

    fingerprint: str
    subject: str
    issuer: str
    not_before: dt.datetime
    not_after: dt.datetime
    der: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Whom we talk to and what about: the words that every error of a connection needs."""

    node: str
    address: str
    port: int
    source: str

    def error(self, reason: Reason, doing: str, hint: str = "", detail: str = "") -> ClientError:
        """Return a :class:`ClientError` about this place."""
        return ClientError(node=self.node, source=self.source, doing=doing, reason=reason, hint=hint, detail=detail)

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


class Deadline:
    """One wall-clock limit for everything that a request does; a context manager.

    When it passes, the socket under watch is shut down, which ends any read or write at once, however slowly the other
    side drips (a socket timeout alone starts anew with every byte).
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._over = False
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def left(self) -> float:
        """Return the seconds that are left, never less than a millisecond (0 would mean 'never' to a socket)."""
        return max(0.001, self._end - time.monotonic())

    @property
    def passed(self) -> bool:
        """True when the time is over."""
        return time.monotonic() >= self._end

    def watch(self, sock: socket.socket | None) -> None:
        """Put ``sock`` under the deadline, in place of the one before."""
        with self._lock:
            self._socket = sock
            if self._over:
                self._shut()

    def _cut(self) -> None:
        with self._lock:
            self._over = True
            self._shut()

    def _shut(self) -> None:
        if self._socket is None:
            return
        try:
            # The plain socket's shutdown: SSLSocket's own drops the TLS state under the reader's feet.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
        except OSError:
            pass  # it is closed already

    def __enter__(self) -> "Deadline":
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self._timer.cancel()
        self.watch(None)


def diallable(address: str) -> bool:
    """Return True when ``address`` looks like a host name or an IP address (IPv6 with or without a zone)."""
    return _DIALLABLE.fullmatch(address) is not None


def dial(place: Place, deadline: Deadline, *, connect_timeout: float = CONNECT_TIMEOUT) -> socket.socket:
    """Return a connected TCP socket. Every address of a name is tried; silence (SYN dropped) is tried twice.

    Raises :class:`ClientError`: dns, unreachable, timeout.
    """
    doing = f"connecting to {place}"
    addresses = _resolve(place, doing)
    words = ""
    for attempt in (1, 2):
        silent = False
        for family, address in addresses:
            if deadline.passed:
                raise place.error(Reason.TIMEOUT, doing, "The time for this request ran out before a connection stood.")
            try:
                return _connect(family, address, min(connect_timeout, deadline.left()))
            except TimeoutError:
                silent, words = True, "no answer"
            except OSError as error:
                silent = silent or error.errno == errno.ETIMEDOUT
                words = _os_words(error)
        if not silent or attempt == 2:
            break
    raise place.error(Reason.UNREACHABLE, doing, _unreachable_hint(words, place.port), words)


def handshake(sock: socket.socket, context: ssl.SSLContext, place: Place) -> ssl.SSLSocket:
    """Wrap a connected socket in TLS for :func:`peek_certificate`. Raises :class:`ClientError`: tls_*, timeout, disconnected."""
    trouble: ClientError | None = None
    try:
        return context.wrap_socket(sock, server_hostname=None)
    except (OSError, ValueError) as error:
        trouble = tls_error(place, error)
    sock.close()
    raise trouble


def open_context(ca_file: str | None = None) -> ssl.SSLContext:
    """Return a TLS context: with ``ca_file`` it verifies chain and host name, without it nothing (the caller pins)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_verify_locations(cafile=ca_file)
    return context


def peek_certificate(address: str, port: int, timeout: float = 5) -> Certificate:
    """Return the certificate that a server shows, without sending a byte of HTTP. For ``trust add``.

    Raises :class:`ClientError`: dns, unreachable, timeout, tls_legacy, disconnected, malformed.
    """
    place = Place(node=address, address=address, port=port, source="web")
    with Deadline(timeout * 2) as deadline, dial(place, deadline, connect_timeout=timeout) as sock:
        sock.settimeout(timeout)
        with handshake(sock, open_context(), place) as tls:
            return read_certificate(place, tls.getpeercert(binary_form=True) or b"")


def read_certificate(place: Place, der: bytes) -> Certificate:
    """Return what a DER certificate says. Raises :class:`ClientError` malformed."""
    from cryptography import x509

    try:
        certificate = x509.load_der_x509_certificate(der)
        subject, issuer = certificate.subject.rfc4514_string(), certificate.issuer.rfc4514_string()
        not_before, not_after = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    except ValueError as error:
        raise place.error(Reason.MALFORMED, f"reading the certificate of {place}", detail=str(error)[:200]) from None
    return Certificate(
        fingerprint=fingerprint(der),
        subject=subject,
        issuer=issuer,
        not_before=not_before,
        not_after=not_after,
        der=der,
    )


def fingerprint(der: bytes) -> str:
    """Return the SHA-256 of a certificate as AB:CD:..."""
    return hashlib.sha256(der).digest().hex(":").upper()


def tls_error(place: Place, error: Exception) -> ClientError:
    """Return what a failed handshake means, in words that a person can act on."""
    doing = f"the TLS handshake with {place}"
    words = str(error)
    if isinstance(error, TimeoutError) or "timed out" in words:
        return place.error(Reason.TIMEOUT, doing, "The port is open but nothing speaks TLS there in time.", "no answer")
    code = getattr(error, "verify_code", None)
    if code is not None or "CERTIFICATE_VERIFY_FAILED" in words:
        return _verify_error(place, doing, code, getattr(error, "verify_message", "") or words)
    if re.search(
        r"UNSUPPORTED_PROTOCOL|ALERT_PROTOCOL_VERSION|HANDSHAKE_FAILURE|NO_CIPHERS|DH_KEY_TOO_SMALL|UNSAFE_LEGACY",
        words,
    ):
        hint = "The node speaks only old TLS or old ciphers (before TLS 1.2). Set its minimum TLS version higher."
        return place.error(Reason.TLS_LEGACY, doing, hint, words)
    if re.search(r"WRONG_VERSION_NUMBER|HTTP_REQUEST|RECORD_LAYER", words):
        return place.error(
            Reason.MALFORMED, doing, f"Port {place.port} does not speak TLS. Is it the right port?", words
        )
    return place.error(Reason.DISCONNECTED, doing, "The connection was closed during the handshake; try again.", words)


def _verify_error(place: Place, doing: str, code: int | None, words: str) -> ClientError:
    pin = "Or pin this certificate: leave the CA file out and run cucm-audit trust add."
    if code == 10 or "expired" in words:
        return place.error(Reason.TLS_EXPIRED, doing, f"Renew the Tomcat certificate of this node. {pin}", words)
    if code in (66, 67, 68) or "too weak" in words or "too small" in words:
        return place.error(Reason.TLS_WEAK, doing, f"The certificate's key or signature is too weak. {pin}", words)
    if code in (62, 64) or "mismatch" in words.lower():
        hint = f"The certificate does not name {place.address}: use the name that it holds as the node's address. {pin}"
        return place.error(Reason.TLS_UNKNOWN, doing, hint, words)
    return place.error(
        Reason.TLS_UNKNOWN, doing, f"The CA file does not hold the issuer of this certificate. {pin}", words
    )


def _resolve(place: Place, doing: str) -> list[tuple[int, tuple[str | int, ...]]]:
    hint = f"Give the address of {place.node or 'the node'} in the cluster file ([cluster.<name>.nodes]), or an IP address."
    if not diallable(place.address):
        raise place.error(Reason.DNS, doing, hint, "no usable address" if place.address else "no address is known")
    trouble: ClientError | None = None
    try:
        found = socket.getaddrinfo(place.address, place.port, type=socket.SOCK_STREAM)
        return [(family, address) for family, _, _, _, address in found]
    except (OSError, UnicodeError) as error:
        trouble = place.error(Reason.DNS, doing, hint, f"{place.address}: {getattr(error, 'strerror', None) or error}")
    raise trouble


def _connect(family: int, address: tuple[str | int, ...], timeout: float) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect(address)
    except BaseException:
        sock.close()
        raise
    return sock


def _os_words(error: OSError) -> str:
    return "refused" if isinstance(error, ConnectionRefusedError) else (error.strerror or str(error))


def _unreachable_hint(words: str, port: int) -> str:
    if words == "refused":
        return f"Port {port} is closed: the service is down, or an access list refuses us."
    return f"Check that the node is up and that a firewall lets port {port} through."
