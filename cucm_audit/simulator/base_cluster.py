"""The rows of a healthy cluster that are not phones: servers, parameters, types, groups, roles, phone services.

Every value is chosen so that no rule of the documents finds anything (reference: rows.md).
"""

import hashlib
import sqlite3
import time
from collections.abc import Sequence
from typing import Any

from cucm_audit.simulator import base_types as types
from cucm_audit.simulator.database import add, add_dicts
from cucm_audit.simulator.dictionary import axl_form, numbers
from cucm_audit.simulator.world import World

EVERYBODY = "00000000-1111-0000-0000-000000000000"  # the pseudo node EnterpriseWideData
#: Call Manager groups: name, places of the servers in order, in which the publisher comes last.
CM_GROUPS = (("CMG-Sub1", (1, 2, 0)), ("CMG-Sub2", (2, 1, 0)), ("Default", (1, 0)))
DEVICE_POOLS = (("Berlin-DP", "CMG-Sub1"), ("Munich-DP", "CMG-Sub2"), ("Default", "Default"))
EM_SERVICE = "Extension Mobility"
#: Other phone services: name, url, enterprise subscription, button (0 Services, 1 Directories, 2 Messages).
OTHER_SERVICES = (
    ("Missed Calls", "Application:Cisco/MissedCalls", "t", 1), ("Received Calls", "Application:Cisco/ReceivedCalls", "t", 1),
    ("Placed Calls", "Application:Cisco/PlacedCalls", "t", 1), ("Corporate Directory", "Application:Cisco/CorporateDirectory", "t", 1),
    ("Voicemail", "Application:Cisco/Voicemail", "t", 2), ("Canteen Menu", "http://192.0.2.80/canteen/menu.xml", "f", 0),
)  # fmt: skip
STANDARD_USERS = {
    "CCMAdministrator": ("Standard CCM Super Users",),
    "CCMSysUser": (types.PROXY_ROLE, "Standard CTI Enabled"),
    "CCMQRTSysUser": ("Standard CTI Enabled",),
    "IPMASysUser": ("Standard CTI Enabled",),
    "WDSysUser": ("Standard CTI Enabled",),
}
#: The 17 parameters of Cisco Extension Mobility (axl-database.md 2.3). The raw value of multiDevHoteling is in no source: invented.
EM_PARAMETERS = {
    "maxDurationEnable": "F", "maxDuration": "8:00", "EmccMaxLoginDuration": "0:00", "maxConcurrentSessions": "5", "multiDevHoteling": "1",
    "alphaUserID": "T", "rememberUser": "F", "clearCallLogs": "F", "validateIPForLogout": "F", "trustedIPList": "", "allowProxy": "F",
    "EmccAllowProxy": "F", "emDevCacheSize": "10000", "headsetBasedEM": "F", "headsetBasedEMAutoLogoutTimer": "1",
    "autoLoginForHeadsetBasedEM": "F", "headsetBasedAutoLoginTimer": "15",
}  # fmt: skip
OTHER_PARAMETERS = {
    "Cisco Database Layer Monitor": {"MaintenanceTaskTrace": "F", "DisableUser": "F", "MaximumInactivePeriod": "0", "ReplicationMonitorTimeout": "300",
                                     "AxlChangeNotification": "F", "AxlChangeNotificationQueueSize": "20000", "DeviceNameValidationEnabled": "T"},
    "Cisco Tftp": {"BuildAutoNegotiationTimeout": "1", "EnableCachingOfBinFilesAtStartup": "T"},
    "Cisco Trust Verification Service": {"TVSMaxPendingConnections": "20"},
    "Cisco CallManager Cisco IP Phone Services": {"EnableEnterpriseSearch": "F"},
    "Cisco CallManager": {"StationKeepaliveInterval": "30", "MaxPhones": "60000"},
}  # fmt: skip


def guid(kind: str, number: int | str) -> str:
    """Return the pkid of a thing: always the same for the same thing."""
    digest = hashlib.md5(f"{kind}/{number}".encode(), usedforsecurity=False).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"


def fill(db: sqlite3.Connection, world: World) -> None:
    """Write everything of this file."""
    for part in (_types, _products, _nodes, _services, _parameters, _groups, _roles, _phone_services, _rest):
        part(db, world)


def _types(db: sqlite3.Connection, world: World) -> None:
    for table, rows in types.SMALL_TYPES.items():
        add(db, world.release, table, ("enum", "name", "moniker"), rows)
    services = [
        (number, name, "SERVICE_" + name.upper().replace(" ", "_")[:42], name) for number, name, _ in types.SERVICES
    ]
    add(db, world.release, "typeservice", ("enum", "name", "moniker", "nameforcontrol"), services)
    add(db, world.release, "typesupportsfeature", ("enum", "name", "moniker"), types.FEATURES)
    stores = [(number, name, name.upper(), trust) for number, name, trust in types.CERTIFICATE_STORES]
    add(db, world.release, "typecertificateservice", ("enum", "name", "moniker", "usestruststore"), stores)
    add(db, world.release, "typeresource", ("enum", "name", "moniker"), [(96, "AXL Database API", "RESOURCE_AXL")])


def _products(db: sqlite3.Connection, world: World) -> None:
    release, models, products, features, defaults, templates = world.release, [], [], [], [], []
    for model in types.MODELS:
        factory = "f" if numbers(release) < model.pack_until else "t"
        models.append(
            (model.number, model.name, f"MODEL_{model.number}", 1, 0 if model.protocol == types.SCCP else 1, "t")
        )
        products.append((model.product, model.name, f"PRODUCT_{model.product}", model.number, "SEP", factory, "t"))
        wanted = [types.EM_FEATURE, types.TEMPLATE_FEATURE, types.SOFTKEY_FEATURE] + [types.EMCC_FEATURE] * model.emcc
        features += [(model.product, model.number, feature, model.protocol) for feature in wanted]
        template = f"Standard {model.name.removeprefix('Cisco ')} {types.PROTOCOLS[model.protocol]}"
        templates.append(
            (guid("template", model.number), template, model.buttons, model.number, model.protocol, "f", "f")
        )
        load = types.load_of(model.family, numbers(release))
        defaults.append(
            (
                guid("default", model.number),
                model.number,
                model.protocol,
                load,
                "",
                guid("pool", "Default"),
                guid("template", model.number),
                "f",
            )
        )
    for place, (number, name) in enumerate(types.OTHER_MODELS):
        models.append((number, name, f"MODEL_{number}", 1, 0, "t"))
        products.append((700 + place, name, f"PRODUCT_{700 + place}", number, "SEP", "t", "t"))
        defaults.append((guid("default", number), number, types.SCCP, "", "", guid("pool", "Default"), None, "f"))
    models.append((131, "SIP Trunk", "MODEL_SIP_TRUNK", 18, 0, "f"))
    add(db, release, "typemodel", ("enum", "name", "moniker", "tkclass", "tksubclass", "showindevicedefaults"), models)
    add(
        db,
        release,
        "typeproduct",
        ("enum", "name", "moniker", "tkmodel", "devicenamestring", "isinstalleddefault", "showindropdown"),
        products,
    )
    rows = [(place, *feature) for place, feature in enumerate(features, 1)]
    add(
        db,
        release,
        "productsupportsfeature",
        ("enum", "tkproduct", "tkmodel", "tksupportsfeature", "tkdeviceprotocol"),
        rows,
    )
    columns = (
        "pkid",
        "tkmodel",
        "tkdeviceprotocol",
        "loadinformation",
        "inactiveloadinformation",
        "fkdevicepool",
        "fkphonetemplate",
        "preferactcodeoverautoreg",
    )
    add(db, release, "defaults", columns, defaults)
    columns = ("pkid", "name", "numofbuttons", "tkmodel", "tkdeviceprotocol", "usermodifiable", "privatetemplate")
    add(db, release, "phonetemplate", columns, templates)


def _nodes(db: sqlite3.Connection, world: World) -> None:
    rows: list[Sequence[Any]] = [(EVERYBODY, "EnterpriseWideData", "", "t", "t", "1", 1, 1, "")]
    versions, replication, managers = [], [], []
    for place, node in enumerate(world.nodes):
        voice = node.product == "callmanager"
        pkid = guid("node", place)
        rows.append(
            (
                pkid,
                node.name,
                f"{node.role} {node.host}",
                "t",
                "f",
                str(place + 2),
                min(place, 1),
                1 if voice else 2,
                "",
            )
        )
        versions += [
            (guid("version", f"{place}{part}"), pkid, part, part, axl_form(node.release))
            for part in ("cm-ver", "master")
        ]
        replication.append((guid("replication", place), pkid, int(time.time()), 2, 1))
        if voice:
            managers.append((guid("callmanager", place), "CM_" + node.name, pkid, node.host, 2000, 5060, 5061, "f"))
    columns = (
        "pkid",
        "name",
        "description",
        "isactive",
        "systemnode",
        "nodeid",
        "tknodeusage",
        "tkprocessnoderole",
        "ipv6name",
    )
    add(db, world.release, "processnode", columns, rows)
    add(
        db,
        world.release,
        "componentversion",
        ("pkid", "fkprocessnode", "installationcomponent", "softwarecomponent", "version"),
        versions,
    )
    columns = ("pkid", "fkprocessnode", "datetimestamp", "tkreplicationstatus", "replicationsetuptime")
    add(db, world.release, "replicationdynamic", columns, replication)
    columns = (
        "pkid",
        "name",
        "fkprocessnode",
        "description",
        "ethernetphoneport",
        "sipport",
        "sipsecuredport",
        "resettoggle",
    )
    add(db, world.release, "callmanager", columns, managers)


def _services(db: sqlite3.Connection, world: World) -> None:
    known = {name: number for number, name, _ in types.SERVICES}
    rows = []
    for place, node in enumerate(world.nodes):
        for service in node.services.values():
            if service.name in known:
                pkid = guid("activated", f"{place}{service.name}")
                rows.append(
                    (pkid, guid("node", place), known[service.name], "t" if service.activated else "f", "t", 0, 250, 1)
                )
    columns = ("pkid", "fkprocessnode", "tkservice", "isactive", "enable", "tracelevel", "numfiles", "maxfilesize")
    add(db, world.release, "processnodeservice", columns, rows)


def enterprise_parameters(world: World) -> dict[str, str]:
    """Return the enterprise parameters of a healthy cluster. The raw value of PhoneServiceDisplay is in no source: invented."""
    host = url_host(world)
    plain, secure = f"http://{host}:8080/ccmcip/", f"https://{host}:8443/ccmcip/"
    values = {
        "ClusterID": world.cluster_id, "ClusterName": "cucm.example.com", "OrganizationDomain": "example.com", "ClusterSecurityMode": "0",
        "URLServices": plain + "getservicesmenu.jsp", "SecureServicesURL": secure + "getservicesmenu.jsp",
        "URLAuthentication": plain + "authenticate.jsp", "SecureAuthenticationURL": secure + "authenticate.jsp",
        "URLDirectories": plain + "xmldirectory.jsp", "SecureDirectoryURL": secure + "xmldirectory.jsp",
        "URLInformation": plain + "GetTelecasterHelpText.jsp", "SecureInformationURL": secure + "GetTelecasterHelpText.jsp",
        "URLMessages": "", "SecureMessagesURL": "", "URLIdle": "", "URLIdleTime": "0", "SecureIdleURL": "", "URLProxy": "",
        "PhoneServiceDisplay": "2", "RollBackToPreGrayback": "F", "isLogicalPartitioningEnabled": "F", "logicalPartitioningDefaultPolicy": "1",
        "AutoRegistrationPhoneProtocol": "1", "AllowedRisQueriesPerMinute": str(world.ris_per_minute), "AllowedPerfmonQueriesPerMinute": "80",
        "restrictOnUserGroupOverlap": "F", "EnableIPV6": "F",
    }  # fmt: skip
    if numbers(world.release) >= (12, 0):
        values |= {
            "SecureUDSUsersAccessURL": f"https://{host}:8443/cucm-uds/users",
            "TLSCipherPreference": "1",
            "CertificateValidityCheck": "F",
        }
    return values


def _parameters(db: sqlite3.Connection, world: World) -> None:
    numbers_of = {name: number for number, name, _ in types.SERVICES}
    every: dict[str, dict[str, str]] = {
        "Enterprise Wide": enterprise_parameters(world),
        "Cisco Extension Mobility": dict(EM_PARAMETERS),
        **OTHER_PARAMETERS,
    }
    if numbers(world.release) < (11, 5):  # the headset parameters are newer, the synchronisation of ADPs is older
        every["Cisco Extension Mobility"] = {k: v for k, v in EM_PARAMETERS.items() if "eadset" not in k} | {
            "enableAutoDeviceProfileSynChronize": "F"
        }
    rows = []
    for service, values in every.items():
        homes = [guid("node", place) for place, node in enumerate(world.nodes) if node.product == "callmanager"]
        for home in homes if service in ("Cisco Tftp", "Cisco CallManager") else [EVERYBODY]:
            for name, value in values.items():
                kind = 2 if value in ("T", "F") else 3 if value.isdigit() else 1
                rows.append(
                    (guid("parameter", f"{home}{service}{name}"), home, name, value, kind, numbers_of[service], "f")
                )
    add(
        db,
        world.release,
        "processconfig",
        ("pkid", "fkprocessnode", "paramname", "paramvalue", "tkparam", "tkservice", "resettoggle"),
        rows,
    )


def _groups(db: sqlite3.Connection, world: World) -> None:
    add(
        db,
        world.release,
        "callmanagergroup",
        ("pkid", "name", "tftpdefault"),
        [(guid("group", name), name, "t" if name == "Default" else "f") for name, _ in CM_GROUPS],
    )
    members = [
        (guid("member", f"{name}{priority}"), guid("group", name), guid("callmanager", place), priority)
        for name, places in CM_GROUPS for priority, place in enumerate(places)
    ]  # fmt: skip
    add(
        db,
        world.release,
        "callmanagergroupmember",
        ("pkid", "fkcallmanagergroup", "fkcallmanager", "priority"),
        members,
    )
    add_dicts(
        db,
        world.release,
        "datetimesetting",
        [{"pkid": guid("datetime", "CMLocal"), "name": "CMLocal", "datetemplate": "D/M/Y", "tktimezone": 22}],
    )
    pools = [
        (guid("pool", name), name, guid("group", group), guid("datetime", "CMLocal"), guid("location", "Hub_None"))
        for name, group in DEVICE_POOLS
    ]
    add(
        db,
        world.release,
        "devicepool",
        ("pkid", "name", "fkcallmanagergroup", "fkdatetimesetting", "fklocation"),
        pools,
    )


def _roles(db: sqlite3.Connection, world: World) -> None:
    mine = types.READ_ONLY_ROLES if numbers(world.release) >= (11, 5) else types.OLD_READING_ROLES
    groups = {**types.GROUPS, "Audit Read Only": mine}
    roles = sorted({role for names in groups.values() for role in names})
    standard = {name: "t" if name.startswith("Standard") else "f" for name in [*groups, *roles]}
    add(
        db,
        world.release,
        "dirgroup",
        ("pkid", "name", "isstandard", "minimumuserrank"),
        [(guid("dirgroup", name), name, standard[name], 1) for name in groups],
    )
    add(
        db,
        world.release,
        "functionrole",
        ("pkid", "name", "isstandard"),
        [(guid("role", name), name, standard[name]) for name in roles],
    )
    holding = [
        (guid("holding", group + role), guid("dirgroup", group), guid("role", role))
        for group, names in groups.items()
        for role in names
    ]
    add(db, world.release, "functionroledirgroupmap", ("pkid", "fkdirgroup", "fkfunctionrole"), holding)
    users = {
        **STANDARD_USERS,
        world.application[0]: ("Audit Read Only",),
        "emapi": (types.PROXY_ROLE,),
        "ctiapp": ("Standard CTI Enabled",),
    }
    rows = [
        (guid("appuser", name), name, "t" if name in STANDARD_USERS else "f", 1, "not-a-real-hash") for name in users
    ]
    add(db, world.release, "applicationuser", ("pkid", "name", "isstandard", "userrank", "passwordreverse"), rows)
    member = [
        (guid("appmember", user + group), guid("appuser", user), guid("dirgroup", group))
        for user, names in users.items()
        for group in names
    ]
    add(db, world.release, "applicationuserdirgroupmap", ("pkid", "fkapplicationuser", "fkdirgroup"), member)


def url_host(world: World) -> str:
    """Return what URLs call the publisher: its address, or its name where the address is this machine's own loopback.

    A phone that is sent to 127.x asks itself: such a URL is wrong on any cluster.
    """
    publisher = world.publisher
    return publisher.name if publisher.address.startswith("127.") else publisher.address


def em_urls(world: World) -> tuple[str, str]:
    """Return the plain and the secure URL of the Extension Mobility service of a healthy cluster."""
    host, page = url_host(world), "emapp/EMAppServlet?device=#DEVICENAME#"
    return f"http://{host}:8080/{page}", f"https://{host}:8443/{page}"


def _phone_services(db: sqlite3.Connection, world: World) -> None:
    plain, secure = em_urls(world)
    rows = [(guid("service", EM_SERVICE), EM_SERVICE, EM_SERVICE, plain, secure, 0, 0, "t", "f", 50)]
    rows += [
        (guid("service", name), name, name, url, "", button, 0, "t", everybody, 50)
        for name, url, everybody, button in OTHER_SERVICES
    ]
    columns = (
        "pkid",
        "name",
        "nameascii",
        "urltemplate",
        "secureurltemplate",
        "tkphoneservice",
        "tkphoneservicecategory",
        "enabled",
        "enterprisesubscription",
        "priority",
    )
    add(db, world.release, "telecasterservice", columns, rows)


def _rest(db: sqlite3.Connection, world: World) -> None:
    release = world.release
    add(db, release, "location", ("pkid", "name"), [(guid("location", "Hub_None"), "Hub_None")])
    profile = {
        "pkid": guid("commonphone", 1),
        "name": "Standard Common Phone Profile",
        "description": "",
        "tkphoneservicedisplay": 3,
        "isstandard": "t",
    }
    add_dicts(db, release, "commonphoneconfig", [profile])
    policy = {
        "pkid": guid("policy", 1),
        "displayname": "Default Credential Policy",
        "maxhacks": 3,
        "lockoutduration": 30,
        "maxdays": 0,
        "minlength": 5,
        "isstandard": "t",
    }
    add_dicts(db, release, "credentialpolicy", [policy])
    add(
        db,
        release,
        "ntpserver",
        ("pkid", "name", "description"),
        [(guid("ntp", 1), "192.0.2.123", "phones' NTP reference")],
    )
    # The key names of featureconfig are in no source: these are invented.
    add(
        db,
        release,
        "featureconfig",
        ("pkid", "keyname", "value", "tkfeatureconfig"),
        [(guid("feature", 1), "EmccMaxDevices", "0", 1)],
    )
    add(db, release, "routepartition", ("pkid", "name"), [(guid("partition", "Internal"), "Internal-PT")])
