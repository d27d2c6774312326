"""Smart licensing and the state of an LDAP synchronisation: two answers that are no rows.

The members of the licence are those of Cisco's schema, 12.5 and later; their words are those that Cisco document 212883
and answers of live nodes have. A live node leaves the ``return`` of the licence out; the schema wants it, so that is a
fault here (licence_without_return). Accounts and dates are invented.
"""

from collections.abc import Callable

from cucm_audit.simulator import soap
from cucm_audit.simulator.axl_xml import run
from cucm_audit.simulator.dictionary import numbers
from cucm_audit.simulator.exchange import Exchange, Reply
from cucm_audit.simulator.soap import escape, tag

SYNCHRONISED = "Sync is performed successfully"
#: What a healthy cluster uses: tag, count.
ENTITLEMENTS = (
    ("regid.2017-02.com.cisco.UCM_CUWL,12.0_cc59375a-1cd8-4b36-8366-6f4d2abba965", 0),
    ("regid.2016-07.com.cisco.UCM_Enhanced,12.0_66d0d1cf-4863-4761-91d0-d01d3eb1949a", 41),
    ("regid.2016-07.com.cisco.UCM_Basic,12.0_ef827a2f-f4ae-4ebb-887f-052737063d3a", 19),
)


def answer(exchange: Exchange, call: soap.Call, version: str, fault: Callable[[int, str, str], Reply]) -> Reply | None:
    """Return the answer of one of the two operations, None for any other; ``fault`` makes AXL's own."""
    if call.name == "getLdapSyncStatus":
        name = call.text("name") or ""
        if not run(exchange, "select pkid from directorypluginconfig where name = ?", (name,)):
            return fault(5007, f"Item not valid: The specified {name} was not found", call.name)
        said = exchange.world.ldap_sync.get(name, SYNCHRONISED)
        return _reply(version, call.name, tag("return", said))
    if call.name == "getSmartLicenseStatus" and numbers(version) >= (12, 5):
        return _reply(version, call.name, _licence(exchange))
    return None


def _reply(version: str, operation: str, inner: str) -> Reply:
    name = f"ns:{operation}Response"
    space = f'xmlns:ns="http://www.cisco.com/AXL/API/{version}"'
    return Reply(200, soap.envelope(f"<{name} {space}>{inner}</{name}>"))


def _licence(exchange: Exchange) -> str:
    said = exchange.world.licence
    registration = {
        "Status": said.get("registration", "Registered"),
        "SmartAccount": "Example GmbH",
        "VirtualAccount": "Voice",
        "LastRenewalAttempt": "Mon Jun 01 20:31:12 CEST 2026",
        "NextRenewalAttempt": "Sat Nov 28 19:31:12 CET 2026",
        "LastRenewalStatus": "SUCCEEDED",
        "RegistrationFailedReason": "Successful.",
        "RegistrationExpires": "Tue Jun 01 20:28:03 CEST 2027",
        "ProductUDI": "UDI: PID:UCM,SN:0efb8,UUID:00000000000000000000000000000001",
        "ExportControlFunctionality": "ALLOWED",
    }
    authorization = {
        "Status": said.get("authorization", "Authorized"),
        "LastCommunicationAttempt": "Sun Nov 01 09:00:19 CET 2026",
        "NextCommunicationAttempt": "Tue Dec 01 09:00:19 CET 2026",
        "LastCommunicationStatus": said.get("contact", "SUCCEEDED"),
        "AuthorizationFailedReason": "Successful.",
        "AuthorizationExpires": "Sat Jan 30 09:00:25 CET 2027",
        "EvaluationPeriodRemaining": said.get("evaluation_days", 89),
    }
    parts = [
        tag("SmartLicensing", "ENABLED"),
        _box("Registration", registration),
        _box("Authorization", authorization),
        f"<LicenseStatus>{''.join(_entitlement(exchange, *one) for one in ENTITLEMENTS)}</LicenseStatus>",
    ]
    before = "" if exchange.fault("licence_without_return") else tag("return", "Success")
    return f"{before}<LicenseDetails>{''.join(parts)}</LicenseDetails>"


def _entitlement(exchange: Exchange, name: str, count: int) -> str:
    states = exchange.world.licence.get("entitlements", {})
    kind = name.partition(",")[0].rpartition(".")[2]
    state = states.get(kind, "InCompliance" if count else "Init")
    return _box("Entitlement", {"Tag": name, "Count": count, "Status": state})


def _box(name: str, members: dict[str, object]) -> str:
    inner = "".join(f"<{member}>{escape(str(value))}</{member}>" for member, value in members.items())
    return f"<{name}>{inner}</{name}>"
