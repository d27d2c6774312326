"""Two small questions to AXL: what smart licensing says, and how the last synchronisation with LDAP ended.

Both only read: getSmartLicenseStatus (12.5 and later) and getLdapSyncStatus. The words of an answer are handed up as
they are. The schema has a ``return`` before LicenseDetails; nodes of 12.5 and 14 have been seen to leave it out.
The schema's remark on getLdapSyncStatus, that it cancels a synchronisation, belongs to doLdapSync: public clients ask
it in a loop while a synchronisation runs, until it has ended well.
Sources: Cisco's AXL schema 12.5; public clients of AXL.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cucm_audit.clients.guard import AXL_NAMESPACE
from cucm_audit.clients.soap import Malformed, child, children, local, malformed, required, text_of

if TYPE_CHECKING:
    from lxml.etree import _Element

    from cucm_audit.clients.axl import Axl


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """What getSmartLicenseStatus says. The mappings are element name -> text, '' for an empty one."""

    smart_licensing: str
    registration: dict[str, str]
    authorization: dict[str, str]
    entitlements: tuple[dict[str, str], ...]


def licence(axl: "Axl") -> Licence:
    """Ask for the state of smart licensing. Raises ClientError; malformed when a part of the answer is missing."""
    operation, doing = "getSmartLicenseStatus", "asking for the state of the licence"
    element, place = axl.small(operation, doing)
    trouble: Malformed
    try:
        _check(element, axl.version, operation)
        return _licence(required(element, "LicenseDetails"))
    except Malformed as error:
        trouble = error
    raise malformed(place, doing, str(trouble))


def ldap_sync(axl: "Axl", agreement: str) -> str:
    """Ask how the last synchronisation of an LDAP agreement ended, and return the words. Raises ClientError."""
    operation, doing = "getLdapSyncStatus", f"asking for the synchronisation of {agreement}"
    element, place = axl.small(operation, doing, name=agreement)
    trouble: Malformed
    try:
        _check(element, axl.version, operation)
        said = required(element, "return")
        if len(said):
            raise Malformed(f"{local(said[0])[:60]} in the words of the answer")
        return text_of(said).strip()
    except Malformed as error:
        trouble = error
    raise malformed(place, doing, str(trouble))


def _check(element: "_Element", version: str, operation: str) -> None:
    if element.tag != f"{{{AXL_NAMESPACE}{version}}}{operation}Response":
        raise Malformed(f"the answer is {str(element.tag)[:120]}")


def _licence(details: "_Element") -> Licence:
    status = required(details, "LicenseStatus")
    strange = [local(part) for part in status if local(part) not in ("Entitlement", "")]
    if strange:
        raise Malformed(f"{strange[0][:60]} in LicenseStatus")
    return Licence(
        smart_licensing=text_of(child(details, "SmartLicensing")).strip(),
        registration=_members(required(details, "Registration")),
        authorization=_members(required(details, "Authorization")),
        entitlements=tuple(_members(part) for part in children(status, "Entitlement")),
    )


def _members(element: "_Element") -> dict[str, str]:
    members: dict[str, str] = {}
    for part in element:
        name = local(part)
        if name in members or len(part):
            raise Malformed(f"{name[:60]} in {local(element)} is there twice or not plain")
        if name:
            members[name] = text_of(part).strip()
    return members
