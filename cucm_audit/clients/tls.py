"""TLS: the handshake, the certificate that a server shows, and what a failed handshake means.

Nothing here decides whether a certificate is trusted.
"""

import datetime as dt
import hashlib
import re
import socket
import ssl
from dataclasses import dataclass

from cucm_audit.clients import ClientError
from cucm_audit.clients.place import Place
from cucm_audit.model import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A server's certificate. ``fingerprint`` is the SHA-256 of ``der`` as AB:CD:...; the dates are UTC."""

    fingerprint: str
    subject: str
    issuer: str
    not_before: dt.datetime
    not_after: dt.datetime
    der: bytes


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


def handshake(sock: socket.socket, context: ssl.SSLContext, place: Place) -> ssl.SSLSocket:
    """Wrap a connected socket in TLS for :func:`peek_certificate`.

    Raises :class:`ClientError`: tls_*, timeout, disconnected.
    """
    trouble: ClientError | None = None
    try:
        return context.wrap_socket(sock, server_hostname=None)
    except (OSError, ValueError) as error:
        trouble = tls_error(place, error)
    sock.close()
    raise trouble


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
