"""From a row of the configuration database (text, as AXL gives it) to a row of the snapshot: one function a table.

Reference: axl-database.md sections 2 to 7.
"""

from collections.abc import Callable, Mapping

from cucm_audit.facts import Row, certificates
from cucm_audit.facts.axl_people import PEOPLE
from cucm_audit.facts.values import AxlRow, Line, Refused
from cucm_audit.model import Role

#: The pseudo server that cluster-wide parameters hang on (reference: axl-database.md section 2.1).
PSEUDO_NODE = "EnterpriseWideData"
_ROLES = {0: Role.PUBLISHER.value, 1: Role.SUBSCRIBER.value}  # processnode.tknodeusage
_VOICE = {1: 1, 2: 0}  # processnode.tkprocessnoderole: voice/video, IM and Presence
_PROFILE_KINDS = {1: "user", 2: "auto", 3: "default"}  # device.tkdeviceprofile


def _node(line: Line) -> Row | None:
    if line.flag("systemnode") or line.name("name") == PSEUDO_NODE:
        return None
    number = line.maybe_number("tkprocessnoderole")
    if "tkprocessnoderole" in line.row and number not in _VOICE:
        raise Refused(f"tkprocessnoderole is {number}, neither voice (1) nor IM and Presence (2)")
    usage = line.maybe_number("tknodeusage")
    return {
        "name": line.name("name"),
        "role": _ROLES.get(usage) if usage is not None else None,
        "voice": 1 if number is None else _VOICE[number],  # before 10.0 every server of this table runs voice
        "description": line.text("description"),
    }


def is_publisher(raw: AxlRow) -> bool:
    """Say whether a row of processnode, as AXL gives it, is the publisher's own."""
    try:
        row = _node(Line(raw))
    except Refused:
        return False
    return row is not None and row["role"] == Role.PUBLISHER.value


def _activated_service(line: Line) -> Row:
    return {"node": line.name("node"), "service": line.name("service"), "active": line.flag("isactive")}


def _enterprise_param(line: Line) -> Row:
    return {"name": line.name("paramname"), "value": line.text("paramvalue")}


def _service_param(line: Line) -> Row:
    everywhere = line.flag("systemnode") or line.name("node") == PSEUDO_NODE
    return {
        "server": "" if everywhere else line.name("node"),
        "service": line.name("service"),
        "name": line.name("paramname"),
        "value": line.text("paramvalue"),
    }


def _cm_group_member(line: Line) -> Row:
    return {
        "cm_group": line.name("cmgroup"),
        "callmanager": line.name("callmanager"),
        "node": line.name("node"),
        "priority": line.number("priority"),
    }


def _device_pool(line: Line) -> Row:
    return {
        "id": line.id("pkid"),
        "name": line.name("devicepool"),
        "cm_group": line.text("cmgroup"),
        "datetime_group": line.text("datetimegroup"),
    }


def _device_type(line: Line) -> Row:
    return {
        "product_number": line.number("product"),
        "product": line.name("productname"),
        "model_number": line.number("model"),
        "model": line.name("modelname"),
        "factory": line.maybe_flag("isinstalleddefault"),
    }


def _product_feature(line: Line) -> Row:
    return {
        "product_number": line.number("tkproduct"),
        "feature_number": line.number("tksupportsfeature"),
        "feature": line.text("moniker"),
        "protocol_number": line.number("tkdeviceprotocol"),
    }


def _device_default(line: Line) -> Row:
    return {
        "model_number": line.number("tkmodel"),
        "model": line.name("model"),
        "protocol_number": line.number("tkdeviceprotocol"),
        "protocol": line.name("protocol"),
        "load": line.text("loadinformation"),
        "inactive_load": line.text("inactiveloadinformation"),
    }


def _phone_template(line: Line) -> Row:
    return {
        "id": line.id("pkid"),
        "name": line.name("name"),
        "model_number": line.maybe_number("tkmodel"),
        "protocol_number": line.maybe_number("tkdeviceprotocol"),
        "buttons": line.maybe_number("numofbuttons"),
    }


def _phone(line: Line) -> Row:
    return {
        "id": line.id("pkid"),
        "name": line.name("name"),
        "description": line.text("description"),
        "model_number": line.number("tkmodel"),
        "model": line.name("model"),
        "product_number": line.number("tkproduct"),
        "protocol_number": line.number("tkdeviceprotocol"),
        "device_pool_id": line.key("fkdevicepool"),
        "template_id": line.key("fkphonetemplate"),
        "em_enabled": line.flag("allowhotelingflag"),
        "protected": line.flag("isprotected"),
        "logout_profile_id": line.key("ikdevice_defaultprofile"),
        "load_override": line.text("specialloadinformation"),
        "owner_id": line.key("fkenduser"),
        "services_display_number": line.maybe_number("tkphoneservicedisplay"),
    }


def _device_profile(line: Line) -> Row:
    kind = line.number("tkdeviceprofile")
    return {
        "id": line.id("pkid"),
        "name": line.name("name"),
        "description": line.text("description"),
        "kind": _PROFILE_KINDS.get(kind),
        "kind_number": kind,
        "model_number": line.number("tkmodel"),
        "model": line.name("model"),
        "protocol_number": line.number("tkdeviceprotocol"),
        "template_id": line.key("fkphonetemplate"),
    }


def _profile_line(line: Line) -> Row:
    return {"profile_id": line.id("profileid"), "profile": line.name("profile"), "number": line.text("dnorpattern")}


def _phone_service(line: Line) -> Row:
    urls = line.text("urltemplate"), line.text("secureurltemplate")
    return {
        "id": line.id("pkid"),
        "name": line.name("name"),
        "ascii_name": line.text("nameascii"),
        "url": urls[0],
        "secure_url": urls[1],
        "button_number": line.maybe_number("tkphoneservice"),
        "category_number": line.maybe_number("tkphoneservicecategory"),
        "enabled": line.flag("enabled"),
        "enterprise": line.flag("enterprisesubscription"),
        "priority": line.maybe_number("priority"),
        "em": int(any(_is_em(url) for url in urls)),
    }


def _is_em(url: str) -> bool:
    """Tell an Extension Mobility service by its URL, however misspelt; names are anybody's choice."""
    # Built-in services have "Application:Cisco/..." where others have a URL.
    return "emapp" in url.lower() and not url.lower().startswith("application:")


def _phone_subscription(line: Line) -> Row:
    return {
        "device_id": line.id("fkdevice"),
        "service_id": line.key("fktelecasterservice"),
        "button": line.maybe_number("urlbuttonindex"),
        "url": line.text("serviceurl"),
        "secure_url": line.text("secureserviceurl"),
    }


def _phone_url(line: Line) -> Row:
    return {
        "phone_id": line.id("fkdevice"),
        "authentication_url": line.text("authenticationurl"),
        "proxy_url": line.text("proxyurl"),
        "secure_services_url": line.text("secureservicesurl"),
        "secure_authentication_url": line.text("secureauthenticationurl"),
    }


def _other_device(line: Line) -> Row:
    return {
        "id": line.id("pkid"),
        "name": line.name("name"),
        "class_number": line.number("tkclass"),
        "class": line.text("classname"),
    }


def _phone_without_line(line: Line) -> Row:
    return {"phone_id": line.id("pkid")}


def _unused_number(line: Line) -> Row:
    return {
        "id": line.id("pkid"),
        "number": line.name("dnorpattern"),
        "route_partition": line.text("partitionname"),
    }


def _phone_seen(line: Line) -> Row:
    return {
        "id": line.id("pkid"),
        "phone_id": line.id("fkdevice"),
        "last_node": line.text("lastknownucm"),
        "seen_at": line.time("lastseen"),
    }


#: XRisStatus of AXL 14 and later -> the words of RIS, which the checks know.
_NOTED = {
    "unknown": "Unknown",
    "registered": "Registered",
    "unregistered": "UnRegistered",
    "rejected": "Rejected",
    "partial registered": "PartiallyRegistered",
}


def _registration(line: Line) -> Row | None:
    """Return what the database has of a registration; loads, logins and reasons it has not: NULL, not known.

    A phone without node, time and any status but Unknown never registered: it has no row, as in RIS. Without a status
    (NULL, or one that typerisstatus does not name) nobody says whether a phone that was seen is rejected: refused.
    """
    word, node, seen_at = line.text("status").casefold(), line.text("lastknownucm"), line.time("lastseen")
    if not node and seen_at is None and word in ("", "unknown"):
        return None
    if word not in _NOTED:
        raise Refused(f"status is {line.text('status')!r}")
    return {
        "node": node,
        "phone": line.name("name"),
        "status": _NOTED[word],
        "address": line.text("lastknownipaddress"),
        "seen_at": seen_at,
    }


def _user_without_device(line: Line) -> Row:
    return {"id": line.id("pkid"), "userid": line.name("userid"), "status": line.maybe_number("status")}


def _end_user(line: Line) -> Row:
    return {
        "id": line.id("pkid"),
        "userid": line.name("userid"),
        "status": line.maybe_number("status"),
        "local": line.maybe_flag("islocaluser"),
        "emcc": line.maybe_flag("enableemcc"),
        "em_max_minutes": line.maybe_number("emmaxlogintime"),
    }


def _user_profile(line: Line) -> Row:
    return {
        "user_id": line.id("fkenduser"),
        "profile_id": line.id("fkdevice"),
        "is_default": line.maybe_flag("defaultprofile"),
    }


def _em_login(line: Line) -> Row:
    return {
        "phone_id": line.id("fkdevice"),
        "user_id": line.key("fkenduser"),
        "profile_id": line.key("fkdevice_currentloginprofile"),
        "login_at": line.time("logintime"),
        "duration_seconds": line.maybe_number("loginduration"),
        "mismatched": line.maybe_flag("mismatchedlogin"),
        "last_user_id": line.key("fkenduser_lastlogin"),
    }


def _app_user(line: Line) -> Row:
    return {"name": line.name("name"), "standard": line.maybe_flag("isstandard")}


def _app_user_role(line: Line) -> Row:
    return {"app_user": line.name("appuser"), "access_group": line.text("accessgroup"), "role": line.text("rolename")}


def _end_user_proxy(line: Line) -> Row:
    return {"userid": line.name("userid"), "access_group": line.name("accessgroup")}


def _remote_cluster(line: Line) -> Row:
    return {
        "cluster_id": line.name("clusterid"),
        "fqdn": line.text("fullyqualifiedname"),
        "version": line.text("version"),
    }


def _replication_dynamic(line: Line) -> Row:
    return {
        "node": line.name("node"),
        "state_number": line.maybe_number("tkreplicationstatus"),
        "state": line.text("statename"),
        "stamp": line.maybe_number("datetimestamp"),
    }


#: The function that reads a row of each table's statement. None means: no row of this table (the pseudo server).
ROWS: Mapping[str, Callable[[Line], Row | None]] = {
    "node": _node,
    "activated_service": _activated_service,
    "enterprise_param": _enterprise_param,
    "service_param": _service_param,
    "cm_group_member": _cm_group_member,
    "device_pool": _device_pool,
    "device_type": _device_type,
    "product_feature": _product_feature,
    "device_default": _device_default,
    "phone_template": _phone_template,
    "phone": _phone,
    "device_profile": _device_profile,
    "profile_line": _profile_line,
    "phone_service": _phone_service,
    "phone_subscription": _phone_subscription,
    "other_device": _other_device,
    "phone_without_line": _phone_without_line,
    "unused_number": _unused_number,
    "phone_seen": _phone_seen,
    "registration": _registration,
    "user_without_device": _user_without_device,
    "end_user": _end_user,
    "user_profile": _user_profile,
    "em_login": _em_login,
    "app_user": _app_user,
    "app_user_role": _app_user_role,
    "end_user_proxy": _end_user_proxy,
    "remote_cluster": _remote_cluster,
    "phone_url": _phone_url,
    "replication_dynamic": _replication_dynamic,
    "certificate": certificates.row,
    **PEOPLE,
}
