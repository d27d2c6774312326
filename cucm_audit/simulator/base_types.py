"""What every cluster of a release is born with: type tables, products, loads, button templates, roles and groups.

Numbers that a source gives stand as they are (reference: axl-database.md sections 4 to 7). Where no source knows a
number or a word, it is invented here and says so: nothing that reads the simulator may rely on it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Model:
    """A phone model in one protocol. ``number`` is typemodel.enum; ``family`` begins its load's name."""

    number: int
    name: str
    product: int
    protocol: int
    family: str
    buttons: int
    emcc: bool
    pack_until: tuple[int, ...] = ()  # releases before this one know it only by a device pack


SCCP, SIP, ANY = 0, 11, 99
PROTOCOLS = {SCCP: "SCCP", SIP: "SIP", ANY: "Protocol Not Specified"}

#: Model numbers: axl-database.md 6.1. Product 508 is the 7821's; the other product numbers are invented.
MODELS = (
    Model(622, "Cisco 7841", 509, SIP, "sip78xx", 4, True, (10, 0)),
    Model(621, "Cisco 7821", 508, SIP, "sip78xx", 2, True, (10, 0)),
    Model(683, "Cisco 8841", 568, SIP, "sip88xx", 10, True, (10, 5)),
    Model(684, "Cisco 8851", 569, SIP, "sip88xx", 10, True, (10, 5)),
    Model(404, "Cisco 7962", 349, SCCP, "SCCP42", 6, False),
    Model(434, "Cisco 7942", 374, SCCP, "SCCP42", 2, False),
    Model(623, "Cisco 7861", 510, SIP, "sip78xx", 16, True, (10, 0)),
)

#: Models that a cluster knows and nobody here uses: number, name. Their products are invented.
OTHER_MODELS = (
    (7, "Cisco 7960"), (8, "Cisco 7940"), (115, "Cisco 7941"), (307, "Cisco 7911"), (435, "Cisco 7945"), (436, "Cisco 7965"),
    (437, "Cisco 7975"), (495, "Cisco 6921"), (496, "Cisco 6941"), (503, "Cisco Unified Client Services Framework"),
    (562, "Cisco Dual Mode for iPhone"), (575, "Cisco Dual Mode for Android"), (30016, "Cisco IP Communicator"), (30018, "Cisco 7961"),
    (72, "CTI Port"), (685, "Cisco 8861"),
)  # fmt: skip

#: The default load of each family by release (the newest entry not above it). Load ids are of the grammar of section 7.
LOADS = {
    "sip78xx": (
        ((9, 1), "sip78xx.10-3-1-12"),
        ((11, 5), "sip78xx.11-7-1-17"),
        ((12, 5), "sip78xx.12-5-1-16"),
        ((14, 0), "sip78xx.14-3-1-0001-60"),
    ),
    "sip88xx": (
        ((9, 1), "sip88xx.10-3-1-12"),
        ((11, 5), "sip88xx.11-7-1-17"),
        ((12, 5), "sip88xx.12-5-1-16"),
        ((14, 0), "sip88xx.14-3-1-0001-60"),
    ),
    "SCCP42": (((9, 1), "SCCP42.9-4-2SR3-1S"),),
}

#: The device pack of each release (major.minor.maintenance of the node) and one of an older release that survived upgrades.
PACKS = {
    (9, 1): ("cmterm-devicepack9.1.2.12039-1.cop", "cmterm-devicepack8.6.2.24119-1.cop"),
    (10, 5): ("cmterm-devicepack10.5.2.13038-1.cop", "cmterm-devicepack9.1.2.13070-1.cop"),
    (11, 5): ("cmterm-devicepack11.5.1.14070-1.cop", "cmterm-devicepack9.1.2.15130-1.cop"),
    (12, 0): ("cmterm-devicepack12.0.1.21020-1.cop", "cmterm-devicepack10.5.2.16065-1.cop"),
    (12, 5): ("cmterm-devicepack12.5.1.14080-1.cop", "cmterm-devicepack10.5.2.16065-1.cop"),
    (14, 0): ("cmterm-devicepack14.0.1.13070-1.cop", "cmterm-devicepack12.5.1.14080-1.cop"),
    (15, 0): ("cmterm-devicepack15.0.1.12031-2.cop", "cmterm-devicepack12.5.1.16073-1.cop"),
}

#: typeservice: 0, 3 and 11 are known, the other numbers are invented (join by name). Third: feature service.
SERVICES = (
    (0, "Cisco CallManager", True), (3, "Cisco IP Voice Media Streaming App", True), (11, "Enterprise Wide", False),
    (6, "Cisco Tftp", True), (5, "Cisco CTIManager", True), (34, "Cisco Extension Mobility", True),
    (53, "Cisco Extension Mobility Application", False), (25, "Cisco Database Layer Monitor", False),
    (76, "Cisco Trust Verification Service", False), (54, "Cisco CallManager Cisco IP Phone Services", False),
    (31, "Cisco Tomcat", False), (35, "Cisco AXL Web Service", True), (33, "Cisco RIS Data Collector", False),
    (36, "Cisco DirSync", True), (37, "Cisco Bulk Provisioning Service", True), (38, "Cisco Certificate Authority Proxy Function", True),
    (39, "Cisco Serviceability Reporter", True), (40, "Cisco DRF Local", False), (41, "Cisco DRF Master", False),
    (42, "A Cisco DB", False), (43, "A Cisco DB Replicator", False), (44, "Cluster Manager", False),
    (45, "Cisco Certificate Expiry Monitor", False), (46, "Cisco CDR Agent", False), (47, "Cisco WebDialer Web Service", True),
    (48, "System SSH", False), (49, "Cisco Intercluster Lookup Service", False),
)  # fmt: skip

#: enum, name, moniker of the small type tables. Words of typedeviceprofile, typeuserassociation and typereplicationstatus
#: are in no source (axl-database.md 12.2): invented, as are all monikers but SUPPORTS_FEATURE_EMCC.
SMALL_TYPES: dict[str, tuple[tuple[int, str, str], ...]] = {
    "typedeviceprofile": (
        (0, "No Device Profile", "DEVICE_PROFILE_NONE"), (1, "User Device Profile", "DEVICE_PROFILE_USER"),
        (2, "Autogenerated Device Profile", "DEVICE_PROFILE_AUTOGEN"), (3, "Default Device Profile", "DEVICE_PROFILE_DEFAULT"),
    ),
    "typeuserassociation": (
        (1, "CTI Control In", "USER_ASSOCIATION_CTI_CONTROL_IN"), (3, "Digest In", "USER_ASSOCIATION_DIGEST_IN"),
        (5, "Profile Available", "USER_ASSOCIATION_PROFILE_AVAILABLE"), (7, "CTI Controlled Device Profile", "USER_ASSOCIATION_CTI_PROFILE"),
    ),
    "typedeviceprotocol": ((SCCP, "SCCP", "DEVICE_PROTOCOL_SCCP"), (SIP, "SIP", "DEVICE_PROTOCOL_SIP"), (ANY, PROTOCOLS[ANY], "DEVICE_PROTOCOL_ANY")),
    "typenodeusage": ((0, "Publisher", "NODE_USAGE_PUBLISHER"), (1, "Subscriber", "NODE_USAGE_SUBSCRIBER")),
    "typeprocessnoderole": ((1, "CUCM Voice/Video", "PROCESS_NODE_ROLE_CUCM"), (2, "CUCM IM and Presence", "PROCESS_NODE_ROLE_IMP")),
    "typephoneservicedisplay": (  # 3 is known to be Default; the other numbers are invented
        (0, "Internal", "PHONE_SERVICE_DISPLAY_INTERNAL"), (1, "External URL", "PHONE_SERVICE_DISPLAY_EXTERNAL"),
        (2, "Both", "PHONE_SERVICE_DISPLAY_BOTH"), (3, "Default", "PHONE_SERVICE_DISPLAY_DEFAULT"),
    ),
    "typephoneservice": ((0, "Standard IP Phone Service", "PHONE_SERVICE_STANDARD"), (1, "Directories", "PHONE_SERVICE_DIRECTORIES"), (2, "Messages", "PHONE_SERVICE_MESSAGES")),
    "typephoneservicecategory": ((0, "XML Service", "PHONE_SERVICE_CATEGORY_XML"), (1, "Java MIDlet", "PHONE_SERVICE_CATEGORY_MIDLET")),
    "typereplicationstatus": ((0, "Not Setup", "REPLICATION_NOT_SETUP"), (2, "Setup Completed", "REPLICATION_SETUP_COMPLETED"), (3, "Out Of Sync", "REPLICATION_OUT_OF_SYNC")),
    "typecredential": ((3, "Password", "CREDENTIAL_PASSWORD"), (4, "PIN", "CREDENTIAL_PIN")),
    "typeparam": ((1, "String", "PARAM_STRING"), (2, "Boolean", "PARAM_BOOLEAN"), (3, "Integer", "PARAM_INTEGER"), (4, "Enum", "PARAM_ENUM")),
    "typeclass": (
        (1, "Phone", "CLASS_PHONE"), (4, "Conference Bridge", "CLASS_CONFERENCE_BRIDGE"), (5, "Media Termination Point", "CLASS_MTP"),
        (10, "CTI Route Point", "CLASS_CTI_ROUTE_POINT"), (12, "Music On Hold", "CLASS_MOH"), (18, "Trunk", "CLASS_TRUNK"),
        (20, "Remote Destination Profile", "CLASS_RDP"), (248, "EMCC Base Phone Template", "CLASS_EMCC_TEMPLATE"),
        (252, "Device Profile Template", "CLASS_PROFILE_TEMPLATE"), (253, "Phone Template", "CLASS_PHONE_TEMPLATE"), (254, "Device Profile", "CLASS_DEVICE_PROFILE"),
    ),
}  # fmt: skip

#: tksupportsfeature: 9, 13 and 18 are known numbers; EMCC's number is invented, its moniker is known.
EM_FEATURE, TEMPLATE_FEATURE, SOFTKEY_FEATURE, EMCC_FEATURE = 9, 13, 18, 103
FEATURES = (
    (EM_FEATURE, "Extension Mobility", "SUPPORTS_FEATURE_EXTENSION_MOBILITY"),
    (TEMPLATE_FEATURE, "Phone Template", "SUPPORTS_FEATURE_PHONE_TEMPLATE"),
    (SOFTKEY_FEATURE, "Softkey Template", "SUPPORTS_FEATURE_SOFTKEY_TEMPLATE"),
    (EMCC_FEATURE, "Extension Mobility Cross Cluster", "SUPPORTS_FEATURE_EMCC"),
)

#: typecertificateservice: 4 and 6 are known, the others are invented.
CERTIFICATE_STORES = (
    (1, "CallManager", "f"),
    (3, "tomcat", "f"),
    (4, "CallManager-trust", "t"),
    (6, "tomcat-trust", "t"),
    (9, "TVS", "f"),
)

PROXY_ROLE = "Standard EM Authentication Proxy Rights"
#: Access control groups and their roles.
GROUPS: dict[str, tuple[str, ...]] = {
    "Standard CCM Super Users": (
        "Standard AXL API Access",
        "Standard CCM Admin Users",
        "Standard CCMADMIN Administration",
        PROXY_ROLE,
        "Standard CCM Server Monitoring",
    ),
    "Standard EM Authentication Proxy Rights": (PROXY_ROLE,),
    "Standard CCM End Users": ("Standard CCM End Users",),
    "Standard CTI Enabled": ("Standard CTI Enabled",),
    "Standard CCM Server Monitoring": ("Standard CCM Server Monitoring",),
    "Standard CCM Read Only": ("Standard CCM Admin Users", "Standard CCMADMIN Read Only"),
}
READ_ONLY_ROLES = ("Standard AXL API Users", "Standard AXL Read Only API Access", "Standard CCM Server Monitoring")
OLD_READING_ROLES = (
    "Standard AXL API Access",
    "Standard CCM Server Monitoring",
)  # before 11.5 there is no read-only role


def load_of(family: str, release: tuple[int, ...]) -> str:
    """Return the default load of a family on a release given as numbers."""
    fitting = [load for since, load in LOADS[family] if since <= release]
    return fitting[-1] if fitting else LOADS[family][0][1]
