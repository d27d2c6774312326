"""A copy of a snapshot without the people, numbers and places of its cluster, which is judged as the original is.

:data:`COLUMNS` decides, column by column, what may stay; a test sees to it that no text column of schema.sql is left
out. The copy is a new file, filled with made-up names only: nothing of the original was ever in it, not even in a page
that is free now.
Raw answers and what was asked are not copied. Two files that are redacted by themselves cannot be compared any more.
"""

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from cucm_audit.pseudonyms import Pseudonyms
from cucm_audit.snapshot import Snapshot, SnapshotError
from cucm_audit.tables import Column, columns, tables

Row = Mapping[str, Any]

#: Not copied at all: the raw text of answers.
DROPPED = frozenset({"raw"})
#: Table -> text column -> what it holds. ``keep`` stays: words of the product, releases, loads of Cisco's, times.
#: ``drop`` becomes empty. The others are the methods of Pseudonyms, or one of _BY_ROW, which look at the whole row.
COLUMNS = {
    "meta": "key:keep value:meta",
    "ledger": "fact:keep node:host source:keep state:keep reason:keep detail:drop hint:drop request:drop taken_at:keep",
    "setting": "name:keep value:setting",
    "api_user": "name:word",
    "bad_load": "model:keep fixed_in:keep problem:scrub reference:scrub source:scrub",
    "target": "release:keep",
    "release_support": "release:keep end_of_maintenance:keep end_of_support:keep as_of:keep source:scrub",
    "upgrade_path": "from_low:keep from_high:keep to_low:keep to_high:keep note:scrub as_of:keep source:scrub",
    "dropped_model": "model:keep from_release:keep known_from:keep known_to:keep as_of:keep source:scrub",
    "minimum_load": "model:keep target:keep load:keep as_of:keep source:scrub",
    "pack_rule": "low:keep high:keep as_of:keep source:scrub",
    "node": "name:host address:host role:keep release:keep host:host description:drop",
    "software_version": "node:host version:keep",
    "installed_option": "node:host name:keep stem:keep pack_for:keep pack_order:keep",
    "inactive_version": "node:host version:keep",
    "inactive_option": "node:host name:keep stem:keep pack_for:keep pack_order:keep",
    "system_event": "node:host local_at:keep user:word action:keep subject:scrub stem:keep result:keep",
    "node_clock": "node:host local_at:keep zone:keep utc_at:keep",
    "node_status": "node:host host_name:host version:keep os_version:keep",
    "disk": "node:host name:keep",
    "ntp_status": "node:host daemon:keep server:host",
    "ntp_source": "node:host remote:host tally:keep reach:keep",
    "cluster_member": "node:host address:host fqdn:host host:host role:keep product:keep db_role:keep state:scrub",
    "cli_service": "node:host service:keep status:keep reason:keep",
    "replication": "server:host address:host db_rpc_mon:keep replication_group:keep details:scrub",
    "replication_check": "local_at:keep what:scrub server_local_at:keep",
    "replication_dynamic": "node:host state:keep",
    "core_file": "node:host name:scrub process:keep local_at:keep",
    "hardware": "node:host platform:keep processor:keep",
    "vm_tools": "node:host raw_state:scrub",
    "own_certificate": "node:host name:certificate_file unit:keep signed_by:dn",
    "security_state": "node:host os_security:keep mode:keep",
    "fips_state": "node:host raw_state:scrub",
    "diagnostic": "node:host module:keep said:drop",
    "backup_history": "tar:scrub device:word local_at:keep result:scrub kind:keep details:drop",
    "backup_status": "tar:scrub status:scrub device:word",
    "backup_component": "feature:keep server:host component:keep status:scrub local_at:keep",
    "table_count": "node:host table_name:keep",
    "activated_service": "node:host service:keep",
    "service_status": "node:host service:keep status:keep reason:keep local_started_at:keep answered_at:keep",
    "web_certificate": "node:host subject:dn issuer:dn serial:serial not_before:keep not_after:keep key_type:keep"
    " signature:keep names:names",
    "certificate": "id:id store:keep server:host subject:dn issuer:dn serial:serial not_before:keep not_after:keep"
    " key_type:keep signature:keep names:names",
    "perf_counter": "node:host object:keep instance:scrub counter:keep",
    "web_page": "node:host page:keep url:url",
    "enterprise_param": "name:keep value:parameter",
    "service_param": "server:host service:keep name:keep value:parameter",
    "cm_group_member": "cm_group:word callmanager:callmanager node:host",
    "device_pool": "id:id name:word cm_group:word datetime_group:word",
    "device_type": "product:keep model:keep",
    "product_feature": "feature:keep",
    "device_default": "model:keep protocol:keep load:load inactive_load:load",
    "phone_template": "id:id name:word",
    "phone": "id:id name:device description:drop model:keep device_pool_id:id template_id:id logout_profile_id:id"
    " load_override:load owner_id:id",
    "device_profile": "id:id name:device description:drop kind:keep model:keep template_id:id",
    "profile_line": "profile_id:id profile:device number:word",
    "phone_service": "id:id name:word ascii_name:word url:url secure_url:url",
    "phone_without_line": "phone_id:id",
    "unused_number": "id:id number:word route_partition:word",
    "phone_seen": "id:id phone_id:id last_node:host seen_at:keep",
    "user_without_device": "id:id userid:word",
    "phone_subscription": "device_id:id service_id:id url:url secure_url:url",
    "phone_url": "phone_id:id authentication_url:url proxy_url:loose secure_services_url:url"
    " secure_authentication_url:url",
    "end_user": "id:id userid:word",
    "user_profile": "user_id:id profile_id:id",
    "em_login": "phone_id:id user_id:id profile_id:id login_at:keep last_user_id:id",
    "login_line": "phone_id:id profile_id:id number:word",
    "user_credential": "user_id:id policy_id:id changed_at:keep admin_locked_at:keep tries_locked_at:keep",
    "credential_policy": "id:id name:word",
    "ldap_system": "user_id_attribute:keep",
    "ldap_agreement": "name:word base:dn server:host",
    "ldap_host": "agreement:word host:host",
    "ldap_schedule": "agreement:word unit:keep raw_next:scrub",
    "ldap_sync": "agreement:word outcome:keep raw_outcome:scrub",
    "ldap_authentication": "base:dn",
    "licence": "smart_licensing:keep registration:keep raw_registration:scrub registration_expires:keep"
    " registration_failed:drop authorisation:keep raw_authorisation:scrub authorisation_expires:keep"
    " authorisation_failed:drop last_contact:keep last_contact_status:scrub",
    "licence_entitlement": "tag:keep kind:keep state:keep raw_state:scrub",
    "app_user": "name:word",
    "app_user_role": "app_user:word access_group:word role:word",
    "end_user_admin": "userid:word access_group:word role:word",
    "device_control": "app_user:word device_id:id",
    "end_user_proxy": "userid:word access_group:word",
    "remote_cluster": "cluster_id:word fqdn:host version:keep",
    "registration": "node:host phone:device status:keep protocol:keep active_load:load inactive_load:load"
    " download_status:scrub login_user:word address:host seen_at:keep",
    "ris_node": "node:host code:keep",
    "device_registration": "node:host device:device status:keep address:host seen_at:keep",
    "other_device": "id:id name:device class:keep",
}

#: Parameters whose values checks go by, and which are numbers, T and F, or words of a list.
_PLAIN_PARAMETERS = frozenset(
    {"AllowedRisQueriesPerMinute", "AllowedPerfmonQueriesPerMinute", "ClusterSecurityMode", "PhoneServiceDisplay"}
    | {"RollBackToPreGrayback", "isLogicalPartitioningEnabled", "logicalPartitioningDefaultPolicy", "allowProxy"}
    | {"alphaUserID", "emDevCacheSize", "maxConcurrentSessions", "maxDuration", "maxDurationEnable", "multiDevHoteling"}
    | {"EmccAllowProxy", "EmccMaxLoginDuration"}
)
#: What the run was told that may stay: which user asks is made up, the rest are numbers and words of a list.
_PLAIN_SETTINGS = frozenset({"", "not-allowed", "auto-logout", "allowed", "address", "full", "host"})
#: Facts about the run that hold no name; what is in neither list is dropped.
_PLAIN_META = frozenset({"tool_version", "release", "axl_version", "taken_at", "interrupted", "cost"})
_NAMED_META = frozenset({"cluster_id", "via"})


def redact(snapshot: Snapshot, path: Path) -> int:
    """Write a redacted copy of a snapshot to ``path`` (mode 0600) and return its number of rows.

    SnapshotError when ``path`` is there already or cannot be written; nothing half-written stays behind.
    """
    if path.exists() or path.is_symlink():
        raise SnapshotError(f"{path} exists already; choose another name")
    try:
        folder = tempfile.mkdtemp(prefix=".cucm-audit-", dir=path.absolute().parent)  # mode 0700
    except OSError as error:
        raise SnapshotError(f"{path} cannot be written: {error.strerror}") from None
    made = Path(folder) / "redacted.db"
    try:
        rows = _fill(snapshot, made)
        os.link(made, path)  # unlike a rename, it never replaces what somebody put there in the meantime
    except FileExistsError:
        raise SnapshotError(f"{path} exists already; choose another name") from None
    except OSError as error:
        raise SnapshotError(f"{path} cannot be written: {error.strerror}") from None
    finally:
        for left in Path(folder).iterdir():
            left.unlink()
        with contextlib.suppress(OSError):
            Path(folder).rmdir()
    return rows


def _fill(snapshot: Snapshot, path: Path) -> int:
    pseudonyms = Pseudonyms()
    present = {str(name) for (name,) in snapshot.select("select name from sqlite_master where type = 'table'")}
    copied = sorted(present & tables() - DROPPED)  # an older program's file may lack one
    for table in copied:
        _learn(snapshot, table, pseudonyms)
    copy = Snapshot.create(path)
    try:
        rows = sum(copy.write(table, _rows(snapshot, table, pseudonyms)) for table in copied)
        copy.finish(snapshot.get_meta("finished_at"))
    finally:
        copy.close()
    return rows


@cache
def kinds(table: str) -> Mapping[str, str]:
    """Return what the text columns of a table hold."""
    pairs = (word.partition(":") for word in COLUMNS.get(table, "").split())
    return {name: kind for name, _, kind in pairs}


#: What no original is learnt from: it stays, or goes, or is looked at in another way.
_NOT_LEARNT = frozenset({"keep", "drop", "scrub", "meta", "id", "setting", "parameter", "certificate_file", "load"})


def _learn(snapshot: Snapshot, table: str, pseudonyms: Pseudonyms) -> None:
    """Tell the made-up names every original, before the first of them is made up."""
    named = [name for name, kind in kinds(table).items() if kind not in _NOT_LEARNT]
    for name in named:
        for (value,) in snapshot.select(f"select distinct {name} from {table}"):  # noqa: S608
            if isinstance(value, str) and not _stays(value):
                pseudonyms.avoid(value)


def _stays(value: str) -> bool:
    return len(value) < 3


def _rows(snapshot: Snapshot, table: str, pseudonyms: Pseudonyms) -> Iterator[dict[str, Any]]:
    described = columns(table)
    names = ", ".join(column.name for column in described)
    for values in snapshot.select(f"select {names} from {table}"):  # noqa: S608
        row = dict(zip((column.name for column in described), values, strict=True))
        if table != "meta" or row["key"] not in ("schema_version", "finished_at"):  # the new file's own
            yield {column.name: _value(table, column, row, pseudonyms) for column in described}


def _value(table: str, column: Column, row: Row, pseudonyms: Pseudonyms) -> Any:
    value = row[column.name]
    if column.kind in ("integer", "real"):
        return value if isinstance(value, int | float) else None if column.nullable else 0
    if value is None or (column.kind == "" and isinstance(value, int | float)):
        return value
    kind = kinds(table).get(column.name, "drop")
    text = value if isinstance(value, str) else ""
    if kind == "keep" or text == "":
        return text
    if kind == "drop":
        return ""
    by_row = _BY_ROW.get(kind)
    return by_row(text, row, pseudonyms) if by_row else getattr(pseudonyms, kind)(text)


def _meta(text: str, row: Row, pseudonyms: Pseudonyms) -> str:
    if row["key"] in _PLAIN_META:
        return text
    if row["key"] == "scope":
        scope = json.loads(text)
        limit = [pseudonyms.host(str(name)) for name in scope.get("limit", ())]
        door = pseudonyms.host(str(scope.get("door", "")))
        return json.dumps({"door": door, "limit": limit, "without": scope.get("without", [])})
    if row["key"] == "cluster":
        return "redacted"
    return pseudonyms.host(text) if row["key"] in _NAMED_META else ""


def _setting(text: str, _row: Row, pseudonyms: Pseudonyms) -> str:
    return text if text in _PLAIN_SETTINGS else pseudonyms.word(text)


def _parameter(text: str, row: Row, pseudonyms: Pseudonyms) -> str:
    small = text in ("T", "F") or (text.isdecimal() and len(text) < 3)
    return text if small or row["name"] in _PLAIN_PARAMETERS else pseudonyms.loose(text)


def _callmanager(text: str, _row: Row, pseudonyms: Pseudonyms) -> str:
    return "CM_" + pseudonyms.host(text[3:]) if text.startswith("CM_") else pseudonyms.host(text)


def _certificate_file(text: str, row: Row, pseudonyms: Pseudonyms) -> str:
    return text if text == f"{row['unit']}/{row['unit']}.pem" else pseudonyms.word(text)


_BY_ROW: Mapping[str, Callable[[str, Row, Pseudonyms], str]] = {
    "meta": _meta,
    "setting": _setting,
    "parameter": _parameter,
    "callmanager": _callmanager,
    "certificate_file": _certificate_file,
}
