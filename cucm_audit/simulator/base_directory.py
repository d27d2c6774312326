"""The LDAP directory of a healthy cluster, and a phone with URLs of its own (axl-database.md sections 3.3 and 10).

What the status numbers of an agreement mean is in no source: the 1 here is invented. Nobody reads the passwords.
"""

from cucm_audit.simulator.base_phones import phones
from cucm_audit.simulator.rows import guid, put
from cucm_audit.simulator.world import World

BASE = "ou=people,dc=example,dc=com"
#: How the next time of a schedule is written is in no source: invented.
NEXT = "2026-11-24 23:00"
SECRET = "not-a-real-hash"


def fill(world: World) -> None:
    """Write one agreement with two servers, the authentication against the same directory, and a phone's own URL."""
    put(world, "ldapsystemconfig", "pkid syncenabled tkldapserver useridattributename", [
        (guid("ldap", 1), "t", 1, "sAMAccountName"),
    ])  # fmt: skip
    agreement = guid("agreement", 1)
    columns = "pkid name ldapsynchronizationbase connectedldaphost ldapdn ldappassword agreementstatus fullsyncstatus"
    put(world, "directorypluginconfig", f"{columns} incsyncstatus syncnow", [
        (agreement, "Example AD", BASE, "192.0.2.201", "cn=reader,dc=example,dc=com", SECRET, 1, 1, 1, 0),
    ])  # fmt: skip
    put(world, "directorypluginhost", "pkid fkdirectorypluginconfig hostname ldapportnumber sslenabled priority", [
        (guid("ldaphost", place), agreement, f"192.0.2.{201 + place}", 636, "t", place) for place in range(2)
    ])  # fmt: skip
    columns = "pkid fkdirectorypluginconfig active repeatable intervalvalue tkscheduleunit nextexectime"
    put(world, "directorypluginschedule", columns, [
        (guid("ldapschedule", 1), agreement, "t", "t", 7, 1, NEXT),
    ])  # fmt: skip
    put(world, "ldapauthentication", "pkid authenticatewithcorpdir userbase ldapdn ldappassword", [
        (guid("ldapauth", 1), "t", "dc=example,dc=com", "cn=reader,dc=example,dc=com", SECRET),
    ])  # fmt: skip
    _own_urls(world)


def _own_urls(world: World) -> None:
    """Give the first phone the row that phones with any URL of their own have: here with none of them set."""
    first = next(phones(1))
    columns = "pkid fkdevice authenticationurl proxyurl secureservicesurl secureauthenticationurl"
    put(world, "telecaster", columns, [(guid("telecaster", 1), first.pkid, "", "", "", "")])
