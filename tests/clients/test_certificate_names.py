"""Which hosts a certificate is for: from certificates as nodes show them, and from ones that nobody can read."""

import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cucm_audit.clients.tls import hosts_in, names_in

KEY = ec.generate_private_key(ec.SECP256R1())


def der(*extensions: x509.ExtensionType) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "oulu-pub")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key())
    made = made.serial_number(1).not_valid_before(dt.datetime(2026, 1, 1)).not_valid_after(dt.datetime(2031, 1, 1))
    for extension in extensions:
        made = made.add_extension(extension, critical=False)
    return made.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def alternative(*names: str) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([x509.DNSName(name) for name in names])


@pytest.mark.parametrize(
    ("shown", "hosts"),
    [
        (der(), ("oulu-pub",)),
        (
            der(alternative("oulu-pub.pohja.test", "oulu-sub.pohja.test")),
            ("oulu-pub.pohja.test", "oulu-sub.pohja.test"),
        ),
        (b"", ()),
        (b"no certificate", ()),
        # Alternative names of a kind that the library cannot read.
        (der(x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.17"), b"\x30\x05\xa5\x03\x30\x01\x00")), ()),
    ],
)
def test_the_hosts_of_a_certificate(shown, hosts):
    assert hosts_in(shown) == hosts
    assert names_in(shown) == (", ".join(hosts) if len(hosts) > 1 else "")
