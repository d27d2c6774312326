"""A certificate authority for tests, and what it signs: good, weak, expired, misnamed."""

import datetime as dt
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID


def day(days: float) -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(days=days)


class Authority:
    """A certificate authority of our own; ``ca`` False: one that is none by its own word (F19)."""

    def __init__(self, folder: Path, *, ca: bool = True) -> None:
        self.folder, self.key = folder, rsa.generate_private_key(65537, 2048)
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Lab CA")])
        made = self._builder(self.name, self.key.public_key(), -60, 60).add_extension(
            x509.BasicConstraints(ca=ca, path_length=None), critical=True
        )
        self.file = folder / f"ca-{x509.random_serial_number():x}.pem"
        self.file.write_bytes(made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def _builder(self, subject: x509.Name, key: rsa.RSAPublicKey, begins: float, ends: float):
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(day(begins))
            .not_valid_after(day(ends))
        )

    def sign(self, *, bits: int = 2048, begins: float = -30, ends: float = 30, address: str = "127.0.0.1") -> Path:
        key = rsa.generate_private_key(65537, bits)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cucm-pub")])
        names = [x509.DNSName("cucm-pub.example.com"), x509.IPAddress(ipaddress.ip_address(address))]
        made = self._builder(subject, key.public_key(), begins, ends).add_extension(
            x509.SubjectAlternativeName(names), critical=False
        )
        plain = serialization.NoEncryption()
        path = self.folder / f"node-{bits}-{begins}-{ends}-{address}.pem"
        path.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
            + made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )
        return path
