"""The licence and the synchronisation with LDAP: what AXL answers without SQL, and what its words mean.

Words are compared by their letters only: the same state is written "Out of compliance", "OutOfCompliance" and in
capitals.
What no source names is NULL beside the raw word. Names of accounts are not kept.
Sources: Cisco document 212883 (2026-06-04), states of smart licensing in CUCM; the license page of the Unified CCX
administration guide, which shows the same agent's states; answers of live nodes in public clients of AXL.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cucm_audit.clients import ClientError
from cucm_audit.facts import Ask, Fact, Per, Row
from cucm_audit.facts.values import Refused, whole_number
from cucm_audit.model import Reason, Source

if TYPE_CHECKING:
    from cucm_audit.clients.axl_small import Licence

REGISTRATIONS = {
    "registered": "registered",
    "registeredspecificlicensereservation": "registered",
    "unregistered": "unregistered",
    "unidentified": "unregistered",
    "unidentifiedunregistered": "unregistered",
    "unregisteredorunidentified": "unregistered",
    "unregisteredregisteredexpired": "expired",
    "unregisteredregistrationexpired": "expired",
    "reservationinprogress": "in progress",
}
AUTHORISATIONS = {
    "authorized": "authorised",
    "incompliance": "authorised",
    "authorizedreserved": "authorised",
    "nolicenseinuse": "not in use",
    "nolicensesinuse": "not in use",
    "evaluation": "evaluation",
    "evaluationmode": "evaluation",
    "evaluationexpired": "evaluation expired",
    "outofcompliance": "out of compliance",
    "notauthorized": "out of compliance",
    "notauthorizedreserved": "out of compliance",
    "authorizationexpired": "expired",
}
#: Of an entitlement. Init: nothing of it is in use (seen with a count of 0).
ENTITLEMENTS = {**AUTHORISATIONS, "init": "not in use"}
#: Of the last synchronisation of an agreement, in public clients. No source names the words for one that failed: a text
#: that speaks of a failure or an error is taken at its word.
SYNCHRONISATIONS = {
    "syncisperformedsuccessfully": "done",
    "synciscurrentlyunderprocess": "running",
    "syncisinitiated": "running",
}
#: After these the next question would only be refused again.
_HOPELESS = {Reason.UNREACHABLE, Reason.TIMEOUT, Reason.DISCONNECTED, Reason.AUTH_FAILED, Reason.PERMISSION_DENIED}
_DAYS = re.compile("[0-9]{1,6}")
_AGREEMENTS = "select name from ldap_agreement order by name"


def letters(text: str) -> str:
    """Return the letters of a text in lower case.

    >>> letters("Registered - Specific License Reservation"), letters("OUT OF COMPLIANCE")
    ('registeredspecificlicensereservation', 'outofcompliance')
    """
    return "".join(letter for letter in text.lower() if letter.isalpha())


def gather_licence(ask: Ask) -> Iterator[Row]:
    """Yield the one row of the licence. ClientError from AXL."""
    found = _asked(ask)
    remaining = found.authorization.get("EvaluationPeriodRemaining", "")
    state, authorization = found.registration.get("Status", ""), found.authorization.get("Status", "")
    yield {
        "smart_licensing": found.smart_licensing,
        "registration": REGISTRATIONS.get(letters(state)),
        "raw_registration": state,
        "registration_expires": found.registration.get("RegistrationExpires", ""),
        "registration_failed": found.registration.get("RegistrationFailedReason", ""),
        "authorisation": AUTHORISATIONS.get(letters(authorization)),
        "raw_authorisation": authorization,
        "authorisation_expires": found.authorization.get("AuthorizationExpires", ""),
        "authorisation_failed": found.authorization.get("AuthorizationFailedReason", ""),
        "last_contact": found.authorization.get("LastCommunicationAttempt", ""),
        "last_contact_status": found.authorization.get("LastCommunicationStatus", ""),
        "evaluation_days": int(remaining) if _DAYS.fullmatch(remaining) else None,
    }


def gather_licence_entitlement(ask: Ask) -> Iterator[Row]:
    """Yield what the cluster uses, one row a kind of licence. ClientError from AXL."""
    for member in _asked(ask).entitlements:
        tag = member.get("Tag", "")
        try:
            count = whole_number("Count", member.get("Count"))
        except Refused as error:
            ask.partial(Reason.MALFORMED, f"{tag}: {error}")
            continue
        raw = member.get("Status", "")
        yield {
            "tag": tag,
            "kind": kind_of(tag),
            "count": count,
            "state": ENTITLEMENTS.get(letters(raw)),
            "raw_state": raw,
        }


def kind_of(tag: str) -> str:
    """Return what an entitlement is called, from its tag; the tag itself when it is of another form.

    >>> kind_of("regid.2016-07.com.cisco.UCM_Basic,12.0_ef827a2f-f4ae-4ebb-887f-052737063d3a")
    'UCM_Basic 12.0'
    """
    before, comma, behind = tag.partition(",")
    name, version = before.rpartition(".cisco.")[2], behind.partition("_")[0]
    return f"{name} {version}" if comma and name != before else tag


def _asked(ask: Ask) -> "Licence":
    from cucm_audit.clients.axl_small import licence

    assert ask.axl is not None
    return licence(ask.axl)


def gather_ldap_sync(ask: Ask) -> Iterator[Row]:
    """Yield how the last synchronisation of each agreement ended. ClientError when none of them could be asked."""
    from cucm_audit.clients.axl_small import ldap_sync

    assert ask.axl is not None
    for name in [str(name) for (name,) in ask.select(_AGREEMENTS, ())]:
        try:
            said = ldap_sync(ask.axl, name)
        except ClientError as error:
            if error.reason in _HOPELESS:
                raise
            ask.partial(error.reason, f"{name}: {error.detail or error.reason.value}", error.hint)
            continue
        yield {"agreement": name, "outcome": outcome(said), "raw_outcome": said[:200]}


def outcome(said: str) -> str | None:
    """Return done, running or failed; None for words that say none of them.

    >>> outcome("Sync is performed successfully"), outcome("Sync failed"), outcome("")
    ('done', 'failed', None)
    """
    words = letters(said)
    return SYNCHRONISATIONS.get(words) or ("failed" if "fail" in words or "error" in words else None)


FACTS: tuple[Fact, ...] = (
    Fact(
        table="licence",
        per=Per.CLUSTER,
        source=Source.AXL,
        gather=gather_licence,
        asks=("getSmartLicenseStatus",),
        never_empty=True,
        since="12.5",
    ),
    Fact(
        table="licence_entitlement",
        per=Per.CLUSTER,
        source=Source.AXL,
        gather=gather_licence_entitlement,
        asks=("getSmartLicenseStatus",),
        since="12.5",
    ),
    Fact(
        table="ldap_sync",
        per=Per.CLUSTER,
        source=Source.AXL,
        gather=gather_ldap_sync,
        asks=("getLdapSyncStatus",),
        needs=("ldap_agreement",),
    ),
)
