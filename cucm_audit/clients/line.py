"""The connection of one HTTP session: dials by our own rules, compares the certificate before HTTP is spoken."""

import functools
import hmac
import ssl
from typing import TYPE_CHECKING, Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from cucm_audit.clients import ClientError
from cucm_audit.clients.dial import CONNECT_TIMEOUT, Deadline, Place, dial, looked_into
from cucm_audit.clients.tls import (
    Certificate,
    fingerprint,
    open_context,
    read_certificate,
    tls_error,
    weak_error,
    weakness,
)
from cucm_audit.model import Reason

if TYPE_CHECKING:
    import socket

    from cucm_audit.trust import TrustStore


class Line:
    """What the connections of one session share: the place, whom to trust, and the deadline of the running request.

    ``ca_file`` switches from pins to a CA with host name verification. ``trust`` None means plain HTTP. ``legacy`` and
    ``any_time`` are those of ``tls.open_context``.
    """

    def __init__(
        self,
        place: Place,
        trust: "TrustStore | None",
        ca_file: str | None,
        *,
        legacy: bool = False,
        any_time: bool = False,
    ) -> None:
        self.place = place
        self.trust = trust
        self.ca_file = ca_file
        self.legacy = legacy
        self.any_time = any_time
        self.deadline: Deadline | None = None
        self.shown = b""

    def dial(self) -> "socket.socket":
        """Return a fresh TCP socket under the running deadline.

        A connection without a running request is a fault in us.
        """
        if self.deadline is None:
            raise RuntimeError("no request is under way")
        return dial(self.place, self.deadline)

    def watch(self, sock: "socket.socket | None") -> None:
        """Put ``sock`` under the running deadline."""
        if self.deadline is not None and sock is not None:
            self.deadline.watch(sock)

    def check(self, der: bytes) -> None:
        """Raise :class:`ClientError` tls_unknown or tls_changed unless ``der`` is the pinned certificate."""
        self.shown = der
        if self.ca_file is not None:  # the CA and the host name were verified in the handshake
            if self.legacy and (words := weakness(der)):
                raise weak_error(self.place, words)
            return
        assert self.trust is not None
        pin = self.trust.tls(self.place.address, self.place.port)
        shown = fingerprint(der)
        if pin is None:
            raise self._unknown(read_certificate(self.place, der))
        if not hmac.compare_digest(pin.upper().encode(), shown.encode()):
            raise self._changed(pin, read_certificate(self.place, der))

    def _unknown(self, shown: Certificate) -> ClientError:
        who = self.place.node or self.place.address
        hint = f"Compare the SHA-256 with the node's own (show cert own tomcat), then: cucm-audit trust add {who}"
        return self.place.error(Reason.TLS_UNKNOWN, f"checking the certificate of {self.place}", hint, _describe(shown))

    def _changed(self, pin: str, shown: Certificate) -> ClientError:
        who = self.place.node or self.place.address
        hint = (
            "Was the Tomcat certificate regenerated? Compare with show cert own tomcat on the node itself; if it is"
            f" right: cucm-audit trust remove {who}, then cucm-audit trust add {who}"
        )
        detail = f"pinned SHA-256 {pin}; now {_describe(shown)}"
        return self.place.error(Reason.TLS_CHANGED, f"checking the certificate of {self.place}", hint, detail)


def _describe(shown: Certificate) -> str:
    return (
        f"subject {shown.subject}; SHA-256 {shown.fingerprint};"
        f" valid {shown.not_before:%Y-%m-%d} to {shown.not_after:%Y-%m-%d}"
    )


class PlainConnection(HTTPConnection):
    """A connection without TLS, for the phones' web pages."""

    def __init__(self, *args: Any, line: Line, **rest: Any) -> None:
        super().__init__(*args, **rest)
        self.line = line

    def _new_conn(self) -> "socket.socket":
        return self.line.dial()

    def connect(self) -> None:
        """Dial, and put the socket under the deadline."""
        super().connect()
        self.line.watch(self.sock)

    def request(self, *args: Any, **rest: Any) -> None:
        """Send a request; a kept-alive socket comes under the new deadline first."""
        self.line.watch(self.sock)
        super().request(*args, **rest)


class SecureConnection(HTTPSConnection):
    """A TLS connection that is only handed out when its certificate is the right one."""

    def __init__(self, *args: Any, line: Line, **rest: Any) -> None:
        super().__init__(*args, **rest)
        self.line = line

    def _new_conn(self) -> "socket.socket":
        sock = self.line.dial()
        assert self.line.deadline is not None
        whole_handshake = CONNECT_TIMEOUT * self.line.place.patience
        sock.settimeout(min(whole_handshake, self.line.deadline.left()))
        return sock

    def connect(self) -> None:
        """Dial, shake hands, compare the certificate. Raises :class:`ClientError`."""
        trouble: ClientError | None = None
        try:
            super().connect()
            assert isinstance(self.sock, ssl.SSLSocket)
            self.line.check(self.sock.getpeercert(binary_form=True) or b"")
            self.is_verified = True
            self.line.watch(self.sock)
        except ClientError as error:
            trouble = error
        except (OSError, ValueError, HTTPError) as error:
            trouble = tls_error(self.line.place, error)
        if trouble is not None:
            self.close()
            assert self.line.deadline is not None
            raise looked_into(trouble, self.line.place, self.line.deadline, legacy=self.line.legacy)

    def request(self, *args: Any, **rest: Any) -> None:
        """Send a request; a kept-alive socket comes under the new deadline first."""
        self.line.watch(self.sock)
        super().request(*args, **rest)


def open_pool(line: Line, host: str, *, secure: bool) -> HTTPConnectionPool:
    """Return a pool of one connection to the line's place. ``host`` is what stands in the URL."""
    if not secure:
        plain = HTTPConnectionPool(host, line.place.port, maxsize=1, block=True)
        plain.ConnectionCls = functools.partial(PlainConnection, line=line)  # type: ignore[assignment]
        return plain
    trouble: ClientError | None = None
    try:
        context = open_context(line.ca_file, legacy=line.legacy, any_time=line.any_time)
    except OSError as error:  # ssl.SSLError is one
        hint = f"The CA file {line.ca_file} cannot be read, or holds no certificate in PEM form."
        trouble = line.place.error(Reason.TLS_UNKNOWN, "reading the CA file", hint, error.strerror or str(error))
    if trouble is not None:
        raise trouble
    pool = HTTPSConnectionPool(host, line.place.port, maxsize=1, block=True, ssl_context=context)
    pool.ConnectionCls = functools.partial(SecureConnection, line=line)  # type: ignore[assignment]
    return pool
