"""The list operations that public scripts send beside those of ``axl_lists.py``; the order of tags is the schema's.

The imitated cluster has none of many of these things (gateways, hunt lists): their tables are empty, and so is the
answer. Every one of them has its get operation, which says what the list says.
"""

from cucm_audit.simulator.axl_lists import Listing, tags_of


def _named(element: str, table: str, names: str = "name", where: str = "1=1", by: str = "name") -> Listing:
    """Return the listing of a table whose columns are what the tags say; ``names`` as "tag" or "tag=column"."""
    tags = tags_of(" ".join(name if "=" in name else f"{name}={name}" for name in names.split()))
    columns = ", ".join(dict.fromkeys(f"x.{tag.column}" for tag in tags))
    searched = {tag.name: f"x.{tag.column}" for tag in tags if tag.name in ("description", by)}
    return Listing(element, f"select x.pkid, {columns} from {table} x where {where}", tags, searched, by=by)


def _patterns(element: str, usage: str) -> Listing:
    """Return the listing of the patterns of one usage (typepatternusage, by its name)."""
    return Listing(
        element,
        f"""select x.pkid, x.dnorpattern, x.description, u.name as usage, r.name as part, r.pkid as part_id
 from numplan x join typepatternusage u on x.tkpatternusage = u.enum
 left join routepartition r on x.fkroutepartition = r.pkid where u.name = '{usage}'""",
        tags_of("pattern=dnorpattern description=description usage=usage routePartitionName=part:key"),
        {"pattern": "x.dnorpattern", "description": "x.description", "routePartitionName": "r.name"},
        order="x.dnorpattern",
        by="pattern",
    )


def _devices(element: str, tkclass: int, names: str, model: str = "") -> Listing:
    """Return the listing of the devices of one class (and model)."""
    only = f" and m.name = '{model}'" if model else ""
    return Listing(
        element,
        f"""select x.pkid, x.name, x.description, p.name as product, m.name as model, c.name as class,
  pr.name as protocol, 'User' as side, dp.name as pool, dp.pkid as pool_id, l.name as location, l.pkid as location_id
 from device x left join typemodel m on x.tkmodel = m.enum left join typeproduct p on x.tkproduct = p.enum
 left join typeclass c on x.tkclass = c.enum left join typedeviceprotocol pr on x.tkdeviceprotocol = pr.enum
 left join devicepool dp on x.fkdevicepool = dp.pkid left join location l on x.fklocation = l.pkid
 where x.tkclass = {tkclass}{only}""",
        tags_of(names),
        {"name": "x.name", "description": "x.description", "devicePoolName": "dp.name"},
    )


_OF_DEVICE = """name=name description=description product=product model=model class=class protocol=protocol
 protocolSide=side devicePoolName=pool:key locationName=location:key"""

CALL_MANAGER = Listing(
    "callManager",
    """select x.pkid, x.name, x.description, n.name as node, n.pkid as node_id
 from callmanager x left join processnode n on x.fkprocessnode = n.pkid where 1=1""",
    tags_of("name=name description=description processNodeName=node:key"),
    {"name": "x.name", "description": "x.description"},
)
DATE_TIME_GROUP = Listing(
    "dateTimeGroup",
    """select x.pkid, x.name, x.datetemplate, z.name as zone
 from datetimesetting x left join typetimezone z on x.tktimezone = z.enum where 1=1""",
    tags_of("name=name timeZone=zone dateformat=datetemplate"),
    {"name": "x.name", "timeZone": "z.name"},
)
CREDENTIAL_POLICY = _named(
    "credentialPolicy",
    "credentialpolicy",
    """name=displayname failedLogon=maxhacks resetFailedLogonAttempts=hackresettime lockoutDuration=lockoutduration
 credChangeDuration=minduration credExpiresAfter=maxdays minCredLength=minlength prevCredStoredNum=prevcredcount
 inactiveDaysAllowed=maxinactivedays expiryWarningDays=expirywarningdays""",
)
DEFAULT_PROFILE = Listing(
    "defaultDeviceProfile",
    """select x.pkid, x.name, x.description, m.name as model, pr.name as protocol, 'Device Profile' as class,
  'User' as side
 from device x join typemodel m on x.tkmodel = m.enum join typedeviceprotocol pr on x.tkdeviceprotocol = pr.enum
 where x.tkclass = 254 and x.tkdeviceprofile = 3""",
    tags_of(
        "name=name description=description product=model model=model class=class protocol=protocol protocolSide=side"
    ),
    {"name": "x.name"},
)
REGISTRATION = Listing(
    "registrationDynamic",
    """select x.pkid, d.name as device, d.pkid as device_id, x.lastknownipaddress, x.lastknownucm, x.lastseen
 from registrationdynamic x join device d on x.fkdevice = d.pkid where 1=1""",
    tags_of("device=device:key lastKnownIpAddress=lastknownipaddress lastKnownUcm=lastknownucm lastSeen=lastseen"),
    {"device": "d.name"},
    since=(11, 5),
    by="device",
)

MORE: dict[str, Listing] = {
    "CallManager": CALL_MANAGER,
    "DateTimeGroup": DATE_TIME_GROUP,
    "CredentialPolicy": CREDENTIAL_POLICY,
    "DefaultDeviceProfile": DEFAULT_PROFILE,
    "RegistrationDynamic": REGISTRATION,
    "PhoneNtp": _named("phoneNtp", "ntpserver", "ipAddress=name description", by="ipAddress"),
    "UserGroup": _named("userGroup", "dirgroup"),
    "PhoneButtonTemplate": _named("phoneButtonTemplate", "phonetemplate"),
    "CommonPhoneConfig": _named("commonPhoneConfig", "commonphoneconfig", "name description"),
    "LdapDirectory": _named("ldapDirectory", "directorypluginconfig", "name userSearchBase=ldapsynchronizationbase"),
    "RemoteCluster": _named(
        "remoteCluster", "remotecluster", "clusterId=clusterid fullyQualifiedName=fullyqualifiedname", by="clusterId"
    ),
    "SipTrunk": _devices("sipTrunk", 18, _OF_DEVICE, "SIP Trunk"),
    "CtiRoutePoint": _devices("ctiRoutePoint", 10, _OF_DEVICE),
    "H323Gateway": _devices("h323Gateway", 13, _OF_DEVICE),
    "ConferenceBridge": _devices(
        "conferenceBridge",
        4,
        "name=name description=description product=product devicePoolName=pool:key locationName=location:key",
    ),
    "Mtp": _devices("mtp", 5, "mtpType=product name=name description=description devicePoolName=pool:key"),
    "RouteList": _devices("routeList", 7, "name=name description=description"),
    "RoutePattern": _patterns("routePattern", "Route"),
    "TransPattern": _patterns("transPattern", "Translation"),
    "HuntPilot": _patterns("huntPilot", "Hunt Pilot"),
    "Gateway": _named("gateway", "mgcp", "domainName=domainname description", by="domainName"),
    "Css": _named("css", "callingsearchspace", "description name"),
    "Region": _named("region", "region"),
    "RouteGroup": _named("routeGroup", "routegroup"),
    "LineGroup": _named("lineGroup", "linegroup"),
    "MediaResourceGroup": _named("mediaResourceGroup", "mediaresourcegroup", "name description"),
    "MediaResourceList": _named("mediaResourceList", "mediaresourcelist"),
    "Srst": _named("srst", "srst"),
    "SipProfile": _named("sipProfile", "sipprofile", "name description"),
    "PhoneSecurityProfile": _named("phoneSecurityProfile", "securityprofile", "name description"),
    "SoftKeyTemplate": _named("softKeyTemplate", "softkeytemplate", "name description"),
    "TimeSchedule": _named("timeSchedule", "timeschedule", "name description"),
    "GeoLocation": _named("geoLocation", "geolocation", "name description"),
}
