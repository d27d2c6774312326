"""Enterprise and service parameters of a healthy cluster (reference: axl-database.md section 2)."""

from cucm_audit.simulator.base_types import SERVICES
from cucm_audit.simulator.dictionary import numbers
from cucm_audit.simulator.rows import guid, put
from cucm_audit.simulator.world import World

EVERYBODY = "00000000-1111-0000-0000-000000000000"  # the pseudo node EnterpriseWideData
#: The 17 parameters of Cisco Extension Mobility. The raw value of multiDevHoteling is in no source: invented.
EM_PARAMETERS = {
    "maxDurationEnable": "F",
    "maxDuration": "8:00",
    "EmccMaxLoginDuration": "0:00",
    "maxConcurrentSessions": "5",
    "multiDevHoteling": "1",
    "alphaUserID": "T",
    "rememberUser": "F",
    "clearCallLogs": "F",
    "validateIPForLogout": "F",
    "trustedIPList": "",
    "allowProxy": "F",
    "EmccAllowProxy": "F",
    "emDevCacheSize": "10000",
    "headsetBasedEM": "F",
    "headsetBasedEMAutoLogoutTimer": "1",
    "autoLoginForHeadsetBasedEM": "F",
    "headsetBasedAutoLoginTimer": "15",
}
OTHER_PARAMETERS = {
    "Cisco Database Layer Monitor": {
        "MaintenanceTaskTrace": "F",
        "DisableUser": "F",
        "MaximumInactivePeriod": "0",
        "ReplicationMonitorTimeout": "300",
        "AxlChangeNotification": "F",
        "AxlChangeNotificationQueueSize": "20000",
        "DeviceNameValidationEnabled": "T",
    },
    # The names of these three services' parameters are invented.
    "Cisco Tftp": {"BuildAutoNegotiationTimeout": "1", "EnableCachingOfBinFilesAtStartup": "T"},
    "Cisco Trust Verification Service": {"TVSMaxPendingConnections": "20"},
    "Cisco CallManager Cisco IP Phone Services": {"EnableEnterpriseSearch": "F"},
    "Cisco CallManager": {"StationKeepaliveInterval": "30", "MaxPhones": "60000"},
}
PER_SERVER = ("Cisco Tftp", "Cisco CallManager")


def fill(world: World) -> None:
    """Write processconfig."""
    every = {"Enterprise Wide": enterprise(world), "Cisco Extension Mobility": mobility(world), **OTHER_PARAMETERS}
    voice = [guid("node", place) for place, node in enumerate(world.nodes) if node.product == "callmanager"]
    rows = []
    for service, values in every.items():
        for home in voice if service in PER_SERVER else [EVERYBODY]:
            for name, value in values.items():
                kind = 2 if value in ("T", "F") else 3 if value.isdigit() else 1
                pkid = guid("parameter", f"{home}{service}{name}")
                rows.append((pkid, home, name, value, kind, SERVICES[service], "f"))
    put(world, "processconfig", "pkid fkprocessnode paramname paramvalue tkparam tkservice resettoggle", rows)


def mobility(world: World) -> dict[str, str]:
    """Return Extension Mobility's parameters: those of headsets are newer, the synchronisation of ADPs is older."""
    if numbers(world.release) >= (11, 5):
        return EM_PARAMETERS
    old = {name: value for name, value in EM_PARAMETERS.items() if "eadset" not in name}
    return old | {"enableAutoDeviceProfileSynChronize": "F"}


def enterprise(world: World) -> dict[str, str]:
    """Return the enterprise parameters. Raw values of PhoneServiceDisplay and the partitioning policy are invented."""
    host = url_host(world)
    plain, secure = f"http://{host}:8080/ccmcip/", f"https://{host}:8443/ccmcip/"
    values = {
        "ClusterID": world.cluster_id,
        "ClusterName": "cucm.example.com",
        "OrganizationDomain": "example.com",
        "ClusterSecurityMode": "0",
        "URLServices": plain + "getservicesmenu.jsp",
        "SecureServicesURL": secure + "getservicesmenu.jsp",
        "URLAuthentication": plain + "authenticate.jsp",
        "SecureAuthenticationURL": secure + "authenticate.jsp",
        "URLDirectories": plain + "xmldirectory.jsp",
        "SecureDirectoryURL": secure + "xmldirectory.jsp",
        "URLInformation": plain + "GetTelecasterHelpText.jsp",
        "SecureInformationURL": secure + "GetTelecasterHelpText.jsp",
        "PhoneServiceDisplay": "2",
        "RollBackToPreGrayback": "F",
        "isLogicalPartitioningEnabled": "F",
        "logicalPartitioningDefaultPolicy": "1",
        "AutoRegistrationPhoneProtocol": "1",
        "AllowedRisQueriesPerMinute": str(world.ris_per_minute),
        "AllowedPerfmonQueriesPerMinute": "80",
        "restrictOnUserGroupOverlap": "F",
        "EnableIPV6": "F",
        "URLIdleTime": "0",
    }
    values |= dict.fromkeys(("URLMessages", "SecureMessagesURL", "URLIdle", "SecureIdleURL", "URLProxy"), "")
    if numbers(world.release) >= (12, 0):
        values["SecureUDSUsersAccessURL"] = f"https://{host}:8443/cucm-uds/users"
        values |= {"TLSCipherPreference": "1", "CertificateValidityCheck": "F"}
    return values


def url_host(world: World) -> str:
    """Return what URLs call the publisher: its address, or its host name where that is this machine's own loopback.

    A phone that is sent to 127.x asks itself: such a URL is wrong on any cluster.
    """
    publisher = world.publisher
    return publisher.host if publisher.address.startswith("127.") else publisher.address


def em_urls(world: World) -> tuple[str, str]:
    """Return the plain and the secure URL of the Extension Mobility service of a healthy cluster."""
    host, page = url_host(world), "emapp/EMAppServlet?device=#DEVICENAME#"
    return f"http://{host}:8080/{page}", f"https://{host}:8443/{page}"
