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

_OLD_CIPHERS = "ALL:!aNULL:!eNULL:@SECLEVEL=0"
_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME of OpenSSL, which the module ssl does not name
_LEGACY_CONNECT = 0x4  # SSL_OP_LEGACY_SERVER_CONNECT; ssl names it from Python 3.12 on
_MOST_NAMES = 20
_WEAK_HASHES = ("md5", "sha1")
_PIN = "Or pin this certificate: leave the CA file out and run cucm-audit trust add."
#: OpenSSL's codes for certificates whose form is wrong: invalid CA (24, 79), path length, purpose, and strict X.509.
_FORM = frozenset({24, 25, 26, 32, 34, 79, *range(80, 95)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A server's certificate. ``fingerprint`` is the SHA-256 of ``der`` as AB:CD:...; the dates are UTC."""

    fingerprint: str
    subject: str
    issuer: str
    not_before: dt.datetime
    not_after: dt.datetime
    der: bytes


def open_context(ca_file: str | None = None, *, legacy: bool = False, any_time: bool = False) -> ssl.SSLContext:
    """Return a TLS context: with ``ca_file`` it verifies chain and host name, without it nothing (the caller pins).

    ``legacy`` takes TLS 1.0 and 1.1 too, and ciphers of their time. ``any_time`` overlooks a certificate's dates: for
    asking a node whose chain and name are right what time it is there, and for nothing else.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if legacy:
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED  # SSL 3.0 stays off by an option of its own
        context.set_ciphers(_OLD_CIPHERS)
        context.options |= _LEGACY_CONNECT
    if ca_file is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_verify_locations(cafile=ca_file)
    if any_time:
        context.verify_flags |= ssl.VerifyFlags(_NO_CHECK_TIME)
    return context


def offered(sock: socket.socket) -> str:
    """Return what a server takes when old TLS is allowed, "TLSv1 with AES128-SHA"; '' when today's would do.

    A handshake and nothing else, to say which; ``sock`` is closed. '' as well when it does not come about at all.
    """
    modern = {cipher["name"] for cipher in open_context().get_ciphers()}
    try:
        with sock, open_context(legacy=True).wrap_socket(sock, server_hostname=None) as tls:
            cipher, version = (tls.cipher() or ("",))[0], tls.version() or ""
    except (OSError, ValueError):
        return ""
    return "" if version in ("TLSv1.2", "TLSv1.3") and cipher in modern else f"{version} with {cipher}"


def names_in(der: bytes) -> str:
    """Return the names and addresses that a certificate holds, in one line; '' when it cannot be read or has none."""
    from cryptography import x509

    try:
        certificate = x509.load_der_x509_certificate(der)
        held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return ""
    names = [*held.get_values_for_type(x509.DNSName), *map(str, held.get_values_for_type(x509.IPAddress))]
    return ", ".join(names[:_MOST_NAMES]) + (" ..." if len(names) > _MOST_NAMES else "")


def hosts_in(der: bytes) -> tuple[str, ...]:
    """Return the host names that a certificate is for: all its alternative names, without any its common name.

    Nothing when it cannot be read.
    """
    from cryptography import x509

    try:
        certificate = x509.load_der_x509_certificate(der)
        held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return tuple(held.get_values_for_type(x509.DNSName))
    except x509.ExtensionNotFound:
        common = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        return tuple(str(name.value) for name in common)
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return ()


def weakness(der: bytes) -> str:
    """Return what is weak about a certificate's key or signature by today's measure, '' for nothing.

    OpenSSL looks for this itself, but not any more when old ciphers are allowed (its level of security is one for all).
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import dsa, rsa

    certificate = x509.load_der_x509_certificate(der)
    key, signed = certificate.public_key(), certificate.signature_hash_algorithm
    if isinstance(key, rsa.RSAPublicKey | dsa.DSAPublicKey) and key.key_size < 2048:
        return f"a key of {key.key_size} bits"
    return f"signed with {signed.name}" if signed is not None and signed.name in _WEAK_HASHES else ""


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
        return legacy_error(place, words)
    if re.search(r"WRONG_VERSION_NUMBER|HTTP_REQUEST|RECORD_LAYER", words):
        return place.error(
            Reason.MALFORMED, doing, f"Port {place.port} does not speak TLS. Is it the right port?", words
        )
    return place.error(Reason.DISCONNECTED, doing, "The connection was closed during the handshake; try again.", words)


def legacy_error(place: Place, words: str, offer: str = "") -> ClientError:
    """Return the error for a node that speaks old TLS only; ``offer`` is what it takes, where that is known."""
    detail = f"the node offers {offer} ({words})" if offer else words
    hint = (
        "The node speaks only old TLS or old ciphers. Set its minimum TLS version to 1.2; where it cannot,"
        " legacy-tls = true in [cluster.NAME] allows them for that cluster, and every report says so."
    )
    return place.error(Reason.TLS_LEGACY, f"the TLS handshake with {place}", hint, detail)


def weak_error(place: Place, words: str) -> ClientError:
    """Return the error for a certificate that an authority signed, but whose key or signature is too weak."""
    return place.error(
        Reason.TLS_WEAK, f"the TLS handshake with {place}", f"The certificate's key or signature is too weak. {_PIN}",
        words,
    )  # fmt: skip


def _verify_error(place: Place, doing: str, code: int | None, words: str) -> ClientError:
    if code == 10 or "expired" in words:
        return place.error(Reason.TLS_EXPIRED, doing, f"Renew the Tomcat certificate of this node. {_PIN}", words)
    if code == 9 or "not yet valid" in words:
        hint = f"The certificate begins later than this machine's clock says it is. {_PIN}"
        return place.error(Reason.TLS_UNKNOWN, doing, hint, words)
    if code in (66, 67, 68) or "too weak" in words or "too small" in words:
        return weak_error(place, words)
    if code in (62, 64) or "mismatch" in words.lower():
        hint = f"The certificate does not name {place.address}: use a name that it holds as the node's address. {_PIN}"
        return place.error(Reason.TLS_UNKNOWN, doing, hint, words)
    if code in _FORM or re.search(r"(?i)invalid CA cert|key identifier|key usage|basic constraints|extension", words):
        hint = f"The certificate, or one above it, breaks a rule of X.509 that this Python insists on. {_PIN}"
        return place.error(Reason.TLS_UNKNOWN, doing, hint, words)
    return place.error(
        Reason.TLS_UNKNOWN, doing, f"The CA file does not hold the issuer of this certificate. {_PIN}", words
    )
