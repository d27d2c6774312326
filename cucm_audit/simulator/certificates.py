"""Self-signed web certificates, one a node (RSA 2048, subject CN host name, with the names and the address)."""

import datetime as dt
import functools
import ipaddress
import ssl
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from cucm_audit.simulator.world import SimNode


@dataclass(frozen=True, slots=True)
class WebCertificate:
    """A certificate with its key. ``fingerprint`` is the SHA-256 of the DER form, AB:CD:..."""

    pem: str
    key_pem: str
    fingerprint: str
    subject: str
    issuer: str
    serial: str
    not_before: dt.datetime
    not_after: dt.datetime


def make(
    node: SimNode, generation: int = 0, days: int = 1825, begins_days_ago: int = 300, host: str = ""
) -> WebCertificate:
    """Return a new certificate for a node. Another ``generation`` has another key: somebody has regenerated it.

    With ``host`` it names that host and no address: it was made for another server.
    """
    key = _key(f"{node.host}/{generation}")
    full = f"{host or node.host}.{node.domain}"
    name = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, full), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example")]
    )
    names: list[x509.GeneralName] = [x509.DNSName(full), x509.DNSName(host or node.host)]
    if not host:
        names.append(x509.IPAddress(ipaddress.ip_address(node.address)))
    if node.listen and not host:
        names.append(x509.IPAddress(ipaddress.ip_address(node.listen)))
    begins = dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(days=begins_days_ago)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    return WebCertificate(
        pem=certificate.public_bytes(serialization.Encoding.PEM).decode(),
        key_pem=key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode(),
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
        subject=name.rfc4514_string(),
        issuer=name.rfc4514_string(),
        serial=f"{certificate.serial_number:x}",
        not_before=begins,
        not_after=certificate.not_valid_after_utc,
    )


def context(certificate: WebCertificate, old: bool = False) -> ssl.SSLContext:
    """Return the server's side of TLS; ``old`` speaks TLS 1.0 and nothing newer."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if old:
        tls.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # that it is deprecated is the point
            tls.minimum_version = tls.maximum_version = ssl.TLSVersion.TLSv1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "node.pem"
        path.touch(mode=0o600)
        path.write_text(certificate.key_pem + certificate.pem)
        tls.load_cert_chain(path)
    return tls


@functools.lru_cache(maxsize=64)
def _key(_of: str) -> rsa.RSAPrivateKey:
    """Keys are slow to make and nobody's secret: one a node's name and generation for the whole process."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
