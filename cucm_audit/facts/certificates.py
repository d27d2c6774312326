"""What a certificate says: of the database (PEM) and of a node's own port (DER). The certificate itself is not kept.

Reference: axl-database.md section 9.
"""

from typing import TYPE_CHECKING

from cucm_audit.facts import Row
from cucm_audit.facts.values import Line, Refused

if TYPE_CHECKING:
    from cryptography import x509

_ISO = "%Y-%m-%d %H:%M:%S"


def row(line: Line) -> Row:
    """Return a row of ``certificate``. Refused when the PEM is none."""
    return {
        "id": line.id("pkid"),
        "store": line.name("storename"),
        "trust": line.maybe_flag("usestruststore"),
        "server": line.text("servername"),
        **pem(line.name("certificate")),
    }


def pem(text: str) -> dict[str, str | int | None]:
    """Return what a certificate in PEM says. Refused when it cannot be read."""
    from cryptography import x509

    try:
        return _told(x509.load_pem_x509_certificate(text.strip().encode("ascii")))
    except ValueError as error:  # also what is no ASCII
        raise Refused(f"the certificate cannot be read: {str(error)[:120]}") from None


def der(content: bytes) -> dict[str, str | int | None]:
    """Return what a certificate in DER says. Refused when it cannot be read."""
    from cryptography import x509

    try:
        return _told(x509.load_der_x509_certificate(content))
    except ValueError as error:
        raise Refused(f"the certificate cannot be read: {str(error)[:120]}") from None


def _told(certificate: "x509.Certificate") -> dict[str, str | int | None]:
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        key = certificate.public_key()
        kind, bits = type(key).__name__.lstrip("_"), getattr(key, "key_size", None)
    except UnsupportedAlgorithm:
        kind, bits = "unknown", None
    try:
        hashed = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        hashed = None
    return {
        "subject": certificate.subject.rfc4514_string(),
        "issuer": certificate.issuer.rfc4514_string(),
        "serial": f"{certificate.serial_number:x}",
        "not_before": certificate.not_valid_before_utc.strftime(_ISO),
        "not_after": certificate.not_valid_after_utc.strftime(_ISO),
        "key_type": kind.removesuffix("PublicKey").replace("EllipticCurve", "EC"),
        "key_bits": bits,
        "signature": hashed.name if hashed else "",
        "names": " ".join(_names(certificate)),
    }


def _names(certificate: "x509.Certificate") -> list[str]:
    """Return the names and addresses that it is good for: those of the extension, and the common name."""
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    found = [str(part.value) for part in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        extension = None
    found += [str(name.value) for name in extension or () if isinstance(name, x509.DNSName | x509.IPAddress)]
    return list(dict.fromkeys(name.replace(" ", "_") for name in found))
