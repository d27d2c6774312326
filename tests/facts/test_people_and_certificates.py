"""PINs, the directory, who controls a device, and certificates: what the database and the port of a node say."""

import datetime as dt
import ipaddress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from cucm_audit.clients.sql import SECRET_COLUMNS
from cucm_audit.clients.statements import STATEMENTS, for_release
from cucm_audit.facts import Ask
from cucm_audit.facts.axl import gather
from cucm_audit.facts.certificates import der, pem
from cucm_audit.facts.values import Refused
from cucm_audit.model import Reason
from cucm_audit.simulator import database
from cucm_audit.simulator.world import World
from cucm_audit.snapshot import Snapshot
from cucm_audit.tables import columns


class Axl:
    uncounted = ""

    def __init__(self, rows):
        self.given = rows

    def rows(self, statement):
        yield from self.given


def gathered(table, *rows, release=(12, 5, 1)):
    ask = Ask(node=None, nodes=(), release="", select=lambda sql, values: iter(()), axl=Axl(rows))
    found = list(gather(for_release(table, release), ask))
    Snapshot.memory().write(table, found)
    assert all(set(row) == {column.name for column in columns(table)} for row in found)
    return found, ask.troubles


@pytest.mark.parametrize("release", ["9.1", "10.5", "11.5", "12.0", "12.5", "14.0", "15.0"])
def test_every_statement_fits_the_dictionary_of_each_release_that_it_is_for(release):
    world = World(release=f"{release}.1.10000-1", nodes=[])
    world.database = database.create(world.release)
    numbers = tuple(int(part) for part in release.split("."))
    tried = 0
    for fact in {statement.fact for statement in STATEMENTS}:
        statement = for_release(fact, numbers)
        for sql in (statement.sql, statement.count) if statement else ():
            if sql:
                database.select(world, sql)  # SqlError names the column that is not there
                tried += 1
    assert tried > 30
    world.database.close()


def test_no_statement_names_a_secret_not_even_to_ask_whether_it_is_empty():
    for statement in STATEMENTS:
        words = set(statement.sql.replace(",", " ").replace(".", " ").split())
        assert not words & (SECRET_COLUMNS - {"credential"}), statement.fact
        assert "password" not in statement.sql


PIN = {
    "pkid": "c",
    "fkenduser": "{U1}",
    "fkcredentialpolicy": "{P1}",
    "credmustchange": "f",
    "doesntexpire": "t",
    "timechanged": "1718604131",
    "timeadminlockout": "0",
    "dynamicpkid": "d",
    "hackcount": "3",
    "timehackedlockout": "1718604131",
}


def test_the_state_of_a_pin():
    (row,), troubles = gathered("user_credential", PIN)
    assert not troubles
    assert row == {
        "user_id": "u1",
        "policy_id": "p1",
        "must_change": 0,
        "never_expires": 1,
        "changed_at": "2024-06-17 06:02:11",
        "admin_locked_at": "",
        "tries_locked_at": "2024-06-17 06:02:11",
        "failed_tries": 3,
    }


def test_not_locked_and_not_known_are_two_things():
    untouched = PIN | {"dynamicpkid": None, "hackcount": None, "timehackedlockout": None}
    unknown = PIN | {"timeadminlockout": None, "timehackedlockout": None}
    rows, troubles = gathered("user_credential", untouched, unknown)
    assert not troubles
    assert [(row["admin_locked_at"], row["tries_locked_at"]) for row in rows] == [("", ""), (None, None)]


def test_directory_policies_controlled_devices_and_lines():
    agreement = {"name": "AD", "ldapsynchronizationbase": "dc=x", "connectedldaphost": None, "agreementstatus": "1",
                 "fullsyncstatus": None, "incsyncstatus": "7"}  # fmt: skip
    (row,), _ = gathered("ldap_agreement", agreement)
    assert row == {"name": "AD", "base": "dc=x", "server": "", "status_number": 1, "full_sync_number": None,
                   "incremental_sync_number": 7}  # fmt: skip
    host = {"name": "AD", "hostname": "ad1", "ldapportnumber": "389", "sslenabled": "f", "priority": None}
    (row,), _ = gathered("ldap_host", host)
    assert row == {"agreement": "AD", "host": "ad1", "port": 389, "tls": 0, "priority": None}
    (row,), _ = gathered("ldap_system", {"syncenabled": "t", "useridattributename": "mail"})
    assert row == {"sync_enabled": 1, "user_id_attribute": "mail"}
    (row,), _ = gathered("ldap_authentication", {"authenticatewithcorpdir": "f", "userbase": None})
    assert row == {"enabled": 0, "base": ""}
    (row,), _ = gathered(
        "credential_policy",
        {"pkid": "{P}", "displayname": "Default", "maxhacks": "3", "lockoutduration": "30", "maxdays": "0"},
    )
    assert row == {"id": "p", "name": "Default", "max_tries": 3, "lockout_minutes": 30, "max_days": 0}
    (row,), _ = gathered("device_control", {"pkid": "m", "appuser": "cti", "fkdevice": "{D}"})
    assert row == {"app_user": "cti", "device_id": "d"}
    line = {
        "pkid": "e",
        "linepkid": "l",
        "fkdevice": "{D}",
        "fkdevice_currentloginprofile": "{F}",
        "dnorpattern": "4711",
    }
    (row,), _ = gathered("login_line", line)
    assert row == {"phone_id": "d", "profile_id": "f", "number": "4711"}
    (row,), _ = gathered(
        "replication_dynamic",
        {"node": "pub", "statename": None, "tkreplicationstatus": "", "datetimestamp": "1700000000"},
    )
    assert row == {"node": "pub", "state_number": None, "state": "", "stamp": 1700000000}


def certificate(key, hashed, *, names=True, common="pub.example.com"):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)] if common else [])
    begins = dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(0xABCDEF)
        .not_valid_before(begins)
        .not_valid_after(begins + dt.timedelta(days=1))
    )
    if names:
        alternative = [
            x509.DNSName("pub"),
            x509.IPAddress(ipaddress.ip_address("192.0.2.11")),
            x509.RFC822Name("a@b.c"),
        ]
        builder = builder.add_extension(x509.SubjectAlternativeName(alternative), critical=False)
    return builder.sign(key, hashed)


def as_pem(made):
    return made.public_bytes(serialization.Encoding.PEM).decode()


RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def test_what_a_certificate_says_is_kept_and_the_certificate_is_not():
    made = certificate(RSA, hashes.SHA256())
    raw = {"pkid": "{C}", "mappkid": "m", "servername": None, "storename": "tomcat-trust", "usestruststore": "t",
           "certificate": as_pem(made) + "\n"}  # fmt: skip
    (row,), troubles = gathered("certificate", raw)
    assert not troubles
    assert row == {
        "id": "c",
        "store": "tomcat-trust",
        "trust": 1,
        "server": "",
        "subject": "CN=pub.example.com",
        "issuer": "CN=pub.example.com",
        "serial": "abcdef",
        "not_before": "2024-01-02 03:04:05",
        "not_after": "2024-01-03 03:04:05",
        "key_type": "RSA",
        "key_bits": 2048,
        "signature": "sha256",
        "names": "pub.example.com pub 192.0.2.11",
    }
    assert pem(as_pem(made)) == der(made.public_bytes(serialization.Encoding.DER))


@pytest.mark.parametrize(
    ("key", "hashed", "told"),
    [
        (ec.generate_private_key(ec.SECP384R1()), hashes.SHA384(), ("EC", 384, "sha384")),
        (ed25519.Ed25519PrivateKey.generate(), None, ("Ed25519", None, "")),
    ],
)
def test_other_keys_than_rsa(key, hashed, told):
    found = pem(as_pem(certificate(key, hashed, names=False)))
    assert (found["key_type"], found["key_bits"], found["signature"]) == told
    assert found["names"] == "pub.example.com"


def test_a_certificate_without_a_name_is_good_for_nobody():
    assert pem(as_pem(certificate(RSA, hashes.SHA256(), names=False, common="")))["names"] == ""


@pytest.mark.parametrize("text", ["x", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "ü", None])
def test_a_certificate_that_cannot_be_read_makes_the_fact_partial(text):
    good = {"pkid": "{C}", "mappkid": "m", "servername": "a", "storename": "tomcat", "usestruststore": "f",
            "certificate": as_pem(certificate(RSA, hashes.SHA256()))}  # fmt: skip
    rows, troubles = gathered("certificate", good | {"pkid": "{D}", "certificate": text}, good)
    assert [row["id"] for row in rows] == ["c"]
    assert troubles[0][1] is Reason.MALFORMED


def test_der_that_is_none_is_refused():
    with pytest.raises(Refused):
        der(b"")


def test_what_is_left_over_and_the_devices_that_are_no_phones():
    (row,), _ = gathered("phone_without_line", {"pkid": "{P}"})
    assert row == {"phone_id": "p"}
    (row,), _ = gathered("unused_number", {"pkid": "{N}", "dnorpattern": "0012", "partitionname": None})
    assert row == {"id": "n", "number": "0012", "route_partition": ""}
    (row,), _ = gathered("other_device", {"pkid": "{D}", "name": "SBC", "tkclass": "18", "classname": "Trunk"})
    assert row == {"id": "d", "name": "SBC", "class_number": 18, "class": "Trunk"}
    rows, troubles = gathered("unused_number", {"pkid": "{N}", "dnorpattern": None, "partitionname": None})
    assert not rows
    assert troubles
