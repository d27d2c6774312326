"""From an address to a socket: names, TCP, TLS handshake, and what certificate a server shows.

Nothing here sends a byte of HTTP, and nothing here decides whether a certificate is trusted.
"""

import contextlib
import errno
import re
import socket
from typing import Any

from cucm_audit.clients import ClientError
from cucm_audit.clients.deadline import Deadline
from cucm_audit.clients.place import Place
from cucm_audit.clients.tls import (
    Certificate,
    handshake,
    legacy_error,
    names_in,
    offered,
    open_context,
    read_certificate,
)
from cucm_audit.model import Reason

__all__ = ["CONNECT_TIMEOUT", "Certificate", "Deadline", "Place", "dial", "diallable", "peek_certificate"]

CONNECT_TIMEOUT = 5.0  # seconds for one TCP connect, and for one TLS handshake

_SILENCE = {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 30_000}  # seconds; ms

_DIALLABLE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,252}[A-Za-z0-9.])?|[0-9A-Fa-f:.]{2,45}(%[A-Za-z0-9._-]{1,32})?")


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
                return _connect(family, address, min(connect_timeout * place.patience, deadline.left()))
            except TimeoutError:
                silent, words = True, "no answer"
            except OSError as error:
                silent = silent or error.errno == errno.ETIMEDOUT
                words = _os_words(error)
        if not silent or attempt == 2:
            break
    raise place.error(Reason.UNREACHABLE, doing, _unreachable_hint(words, place.port), words)


def _resolve(place: Place, doing: str) -> list[tuple[int, Any]]:
    hint = f"Give the address of {place.node or 'the node'} in the cluster file, or use its IP address."
    if not diallable(place.address):
        raise place.error(Reason.DNS, doing, hint, "no usable address" if place.address else "no address is known")
    trouble: ClientError | None = None
    try:
        found = socket.getaddrinfo(place.address, place.port, type=socket.SOCK_STREAM)
        return [(family, address) for family, _, _, _, address in found]
    except (OSError, UnicodeError) as error:
        trouble = place.error(Reason.DNS, doing, hint, f"{place.address}: {getattr(error, 'strerror', None) or error}")
    raise trouble


def _connect(family: int, address: Any, timeout: float) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _notice_silence(sock)
        sock.connect(address)
    except BaseException:
        sock.close()
        raise
    return sock


def _notice_silence(sock: socket.socket) -> None:
    """Let the system end a connection whose other side acknowledges nothing any more: ETIMEDOUT after half a minute.

    A firewall that has forgotten a connection says so to nobody. A slow node acknowledges all the same.
    """
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _SILENCE.items():
        option = getattr(socket, name, None)  # each system has some of them
        if option is not None:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, option, value)


def _os_words(error: OSError) -> str:
    return "refused" if isinstance(error, ConnectionRefusedError) else (error.strerror or str(error))


def _unreachable_hint(words: str, port: int) -> str:
    if words == "refused":
        return f"Port {port} is closed: the service is down, or an access list refuses us."
    return f"Check that the node is up and that a firewall lets port {port} through."


def peek_certificate(address: str, port: int, timeout: float = 5, *, legacy: bool = False) -> Certificate:
    """Return the certificate that a server shows, without sending a byte of HTTP. For ``trust add``.

    ``legacy`` allows TLS before 1.2.
    Raises :class:`ClientError`: dns, unreachable, timeout, tls_legacy, disconnected, malformed.
    """
    place = Place(node=address, address=address, port=port, source="web")
    trouble: ClientError | None = None
    with Deadline(timeout * 2) as deadline:
        with dial(place, deadline, connect_timeout=timeout) as sock:
            sock.settimeout(timeout)
            try:
                with handshake(sock, open_context(legacy=legacy), place) as tls:
                    return read_certificate(place, tls.getpeercert(binary_form=True) or b"")
            except ClientError as error:
                trouble = error
        raise looked_into(trouble, place, deadline, legacy=legacy)


def looked_into(trouble: ClientError, place: Place, deadline: Deadline, *, legacy: bool) -> ClientError:
    """Return what a failed handshake means, after a second look at the node: a handshake, and nothing sent in it.

    What it would have taken, where old TLS may be the cause (some servers name it, some just hang up); which names its
    certificate holds, where ours is not among them.
    """
    old = not legacy and trouble.reason in (Reason.TLS_LEGACY, Reason.DISCONNECTED)
    name = trouble.reason is Reason.TLS_UNKNOWN and "mismatch" in trouble.detail.lower()
    if not (old or name) or deadline.passed:
        return trouble
    try:
        sock = dial(place, deadline)
        sock.settimeout(min(CONNECT_TIMEOUT, deadline.left()))
        if old:
            offer = offered(sock)
            return legacy_error(place, trouble.detail, offer) if offer else trouble
        with handshake(sock, open_context(legacy=legacy), place) as tls:
            names = names_in(tls.getpeercert(binary_form=True) or b"")
    except ClientError:
        return trouble
    return place.error(trouble.reason, trouble.doing, trouble.hint, f"{trouble.detail}; it names {names or 'nobody'}")
