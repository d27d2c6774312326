"""Rows of the database about people: PINs (their state, never the PIN), the directory, and who controls which device.

Reference: axl-database.md sections 4.4, 5 and 10.
"""

from collections.abc import Callable, Mapping

from cucm_audit.facts import Row
from cucm_audit.facts.values import Line


def _login_line(line: Line) -> Row:
    return {
        "phone_id": line.id("fkdevice"),
        "profile_id": line.id("fkdevice_currentloginprofile"),
        "number": line.text("dnorpattern"),
    }


def _user_credential(line: Line) -> Row:
    return {
        "user_id": line.id("fkenduser"),
        "policy_id": line.key("fkcredentialpolicy"),
        "must_change": line.maybe_flag("credmustchange"),
        "never_expires": line.maybe_flag("doesntexpire"),
        "changed_at": line.time("timechanged"),
        "admin_locked_at": _locked_at(line, "timeadminlockout"),
        # Without a row of credentialdynamic nothing happened to this PIN yet.
        "tries_locked_at": _locked_at(line, "timehackedlockout") if line.key("dynamicpkid") else "",
        "failed_tries": line.maybe_number("hackcount"),
    }


def _locked_at(line: Line, column: str) -> str | None:
    """Return since when it is locked: '' for 0, which is "not locked"; None when the value is not there at all."""
    return None if line.maybe_number(column) is None else line.time(column) or ""


def _credential_policy(line: Line) -> Row:
    return {
        "id": line.id("pkid"),
        "name": line.text("displayname"),
        "max_tries": line.maybe_number("maxhacks"),
        "lockout_minutes": line.maybe_number("lockoutduration"),
        "max_days": line.maybe_number("maxdays"),
    }


def _ldap_system(line: Line) -> Row:
    return {"sync_enabled": line.flag("syncenabled"), "user_id_attribute": line.text("useridattributename")}


def _ldap_agreement(line: Line) -> Row:
    return {
        "name": line.name("name"),
        "base": line.text("ldapsynchronizationbase"),
        "server": line.text("connectedldaphost"),
        "status_number": line.maybe_number("agreementstatus"),
        "full_sync_number": line.maybe_number("fullsyncstatus"),
        "incremental_sync_number": line.maybe_number("incsyncstatus"),
    }


def _ldap_host(line: Line) -> Row:
    return {
        "agreement": line.name("name"),
        "host": line.text("hostname"),
        "port": line.maybe_number("ldapportnumber"),
        "tls": line.maybe_flag("sslenabled"),
        "priority": line.maybe_number("priority"),
    }


def _ldap_schedule(line: Line) -> Row:
    return {
        "agreement": line.name("name"),
        "repeats": line.maybe_flag("repeatable"),
        "every": line.maybe_number("intervalvalue"),
        "unit": line.text("unitname"),
        "raw_next": line.text("nextexectime"),
    }


def _ldap_authentication(line: Line) -> Row:
    return {"enabled": line.flag("authenticatewithcorpdir"), "base": line.text("userbase")}


def _end_user_admin(line: Line) -> Row:
    return {"userid": line.name("userid"), "access_group": line.text("accessgroup"), "role": line.text("rolename")}


def _device_control(line: Line) -> Row:
    return {"app_user": line.name("appuser"), "device_id": line.id("fkdevice")}


#: The function that reads a row of each table's statement.
PEOPLE: Mapping[str, Callable[[Line], Row | None]] = {
    "login_line": _login_line,
    "user_credential": _user_credential,
    "credential_policy": _credential_policy,
    "ldap_system": _ldap_system,
    "ldap_agreement": _ldap_agreement,
    "ldap_host": _ldap_host,
    "ldap_schedule": _ldap_schedule,
    "ldap_authentication": _ldap_authentication,
    "end_user_admin": _end_user_admin,
    "device_control": _device_control,
}
