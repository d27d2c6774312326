"""The list operations: which rows, which tags (in the order of Cisco's schema), which search criteria."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tag:
    """An element of an answer. ``kind``: text, flag (true/false), key (with the uuid of what it names), load."""

    name: str
    column: str
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Listing:
    """A list operation. ``sql`` ends in a where clause; ``x`` is the table of the object itself.

    ``by`` is the criterion that its get operation asks with.
    """

    element: str
    sql: str
    tags: tuple[Tag, ...]
    criteria: dict[str, str]
    order: str = "x.pkid"
    since: tuple[int, ...] = ()
    by: str = "name"


def tags_of(text: str) -> tuple[Tag, ...]:
    """Return the tags that are written as "name=column:kind ..."."""
    found = []
    for word in text.split():
        name, _, rest = word.partition("=")
        column, _, kind = rest.partition(":")
        found.append(Tag(name, column, kind or "text"))
    return tuple(found)


PHONE = Listing(
    "phone",
    """select x.pkid, x.name, x.description, p.name as product, m.name as model, 'Phone' as class, pr.name as protocol,
  'User' as side, '' as blank, dp.name as pool, dp.pkid as pool_id, cp.name as common, cp.pkid as common_id,
  l.name as location, l.pkid as location_id, nullif(x.specialloadinformation, '') as special,
  coalesce(nullif(x.specialloadinformation, ''), df.loadinformation) as load, t.numofbuttons as buttons,
  t.name as template, t.pkid as template_id, u.userid as login, lp.name as logout, lp.pkid as logout_id,
  x.allowhotelingflag as em, cur.name as current, cur.pkid as current_id, e.logintime, e.loginduration,
  o.userid as owner, o.pkid as owner_id, x.isactive, x.isprotected, 'Default' as display, tc.authenticationurl,
  tc.proxyurl, tc.secureservicesurl, tc.secureauthenticationurl
 from device x join typemodel m on x.tkmodel = m.enum join typeproduct p on x.tkproduct = p.enum
 join typedeviceprotocol pr on x.tkdeviceprotocol = pr.enum
 left join devicepool dp on x.fkdevicepool = dp.pkid left join commonphoneconfig cp on x.fkcommonphoneconfig = cp.pkid
 left join location l on x.fklocation = l.pkid
 left join defaults df on df.tkmodel = x.tkmodel and df.tkdeviceprotocol = x.tkdeviceprotocol
 left join phonetemplate t on x.fkphonetemplate = t.pkid left join device lp on x.ikdevice_defaultprofile = lp.pkid
 left join extensionmobilitydynamic e on e.fkdevice = x.pkid left join enduser u on e.fkenduser = u.pkid
 left join device cur on e.fkdevice_currentloginprofile = cur.pkid left join enduser o on x.fkenduser = o.pkid
 left join telecaster tc on tc.fkdevice = x.pkid where x.tkclass = 1 and x.tkdeviceprofile = 0""",
    tags_of(
        """name=name description=description product=product model=model class=class protocol=protocol protocolSide=side
 devicePoolName=pool:key commonPhoneConfigName=common:key locationName=location:key loadInformation=load:load
 numberOfButtons=buttons phoneTemplateName=template:key authenticationUrl=authenticationurl directoryUrl=blank
 idleUrl=blank informationUrl=blank messagesUrl=blank proxyServerUrl=proxyurl servicesUrl=blank loginUserId=login
 defaultProfileName=logout:key enableExtensionMobility=em:flag currentProfileName=current:key loginTime=logintime
 loginDuration=loginduration ownerUserName=owner:key isActive=isactive:flag phoneServiceDisplay=display
 isProtected=isprotected:flag secureInformationUrl=blank secureDirectoryUrl=blank secureMessageUrl=blank
 secureServicesUrl=secureservicesurl secureAuthenticationUrl=secureauthenticationurl secureIdleUrl=blank"""
    ),
    {"name": "x.name", "description": "x.description", "protocol": "pr.name", "devicePoolName": "dp.name"},
)
DEVICE_PROFILE = Listing(
    "deviceProfile",
    """select x.pkid, x.name, x.description, m.name as model, pr.name as protocol, 'Device Profile' as class,
  'User' as side, t.name as template, t.pkid as template_id
 from device x join typemodel m on x.tkmodel = m.enum join typedeviceprotocol pr on x.tkdeviceprotocol = pr.enum
 left join phonetemplate t on x.fkphonetemplate = t.pkid where x.tkclass = 254 and x.tkdeviceprofile = 1""",
    tags_of(
        """name=name description=description product=model model=model class=class protocol=protocol protocolSide=side
 phoneTemplateName=template:key"""
    ),
    {"name": "x.name", "description": "x.description"},
)
PROCESS_NODE = Listing(
    "processNode",
    """select x.pkid, x.name, x.description, '' as mac, x.ipv6name, {role} as role,
  case x.tknodeusage when 0 then 'Publisher' else 'Subscriber' end as usage from processnode x where 1=1""",
    tags_of("name=name description=description mac=mac ipv6Name=ipv6name nodeUsage=usage processNodeRole=role"),
    {"name": "x.name", "description": "x.description", "processNodeRole": "{role}"},
    order="x.nodeid",
)
USER = Listing(
    "user",
    """select x.pkid, x.firstname, x.middlename, x.lastname, x.userid, x.mailid, x.department, x.status, x.enableemcc,
  x.islocaluser from enduser x where x.tkuserprofile = 1""",
    tags_of(
        """firstName=firstname middleName=middlename lastName=lastname userid=userid mailid=mailid department=department
 status=status enableEmcc=enableemcc:flag homeCluster=islocaluser:flag"""
    ),
    {"firstName": "x.firstname", "lastName": "x.lastname", "userid": "x.userid", "department": "x.department"},
)
APP_USER = Listing(
    "appUser",
    "select x.pkid, x.name, x.isstandard from applicationuser x where 1=1",
    tags_of("userid=name isStandard=isstandard:flag"),
    {"userid": "x.name"},
)
DEVICE_POOL = Listing(
    "devicePool",
    """select x.pkid, x.name, d.name as dts, d.pkid as dts_id, g.name as cmg, g.pkid as cmg_id, l.name as loc,
  l.pkid as loc_id, r.name as region, r.pkid as region_id
 from devicepool x left join region r on x.fkregion = r.pkid left join datetimesetting d on x.fkdatetimesetting = d.pkid
 left join callmanagergroup g on x.fkcallmanagergroup = g.pkid left join location l on x.fklocation = l.pkid
 where 1=1""",
    tags_of(
        """name=name dateTimeSettingName=dts:key callManagerGroupName=cmg:key regionName=region:key
 locationName=loc:key"""
    ),
    {"name": "x.name", "callManagerGroupName": "g.name"},
)
CM_GROUP = Listing(
    "callManagerGroup",
    "select x.pkid, x.name, x.tftpdefault from callmanagergroup x where 1=1",
    tags_of("name=name tftpDefault=tftpdefault:flag"),
    {"name": "x.name"},
)
PHONE_SERVICES = Listing(
    "ipPhoneServices",
    """select x.pkid, x.name, x.nameascii, x.description, x.urltemplate, x.secureurltemplate, c.name as category,
  s.name as kind, x.vendor, x.version, x.enabled, x.enterprisesubscription
 from telecasterservice x join typephoneservicecategory c on x.tkphoneservicecategory = c.enum
 join typephoneservice s on x.tkphoneservice = s.enum where 1=1""",
    tags_of(
        """serviceName=name asciiServiceName=nameascii serviceDescription=description serviceUrl=urltemplate
 secureServiceUrl=secureurltemplate serviceCategory=category serviceType=kind serviceVendor=vendor
 serviceVersion=version enabled=enabled:flag enterpriseSubscription=enterprisesubscription:flag"""
    ),
    {"serviceName": "x.name", "serviceDescription": "x.description"},
)
SERVICE_PARAMETER = Listing(
    "serviceParameter",
    """select x.pkid, n.name as node, n.pkid as node_id, x.paramname, s.name as service, x.paramvalue, p.name as kind
 from processconfig x join processnode n on x.fkprocessnode = n.pkid join typeservice s on x.tkservice = s.enum
 join typeparam p on x.tkparam = p.enum where 1=1""",
    tags_of("processNodeName=node:key name=paramname service=service value=paramvalue valueType=kind"),
    {"processNodeName": "n.name", "service": "s.name"},
    since=(9, 1),
)
NODE_SERVICE = Listing(
    "processNodeService",
    """select x.pkid, n.name as node, n.pkid as node_id, s.name as service, x.tracelevel, x.enable, x.numfiles,
  x.maxfilesize, x.isactive
 from processnodeservice x join processnode n on x.fkprocessnode = n.pkid join typeservice s on x.tkservice = s.enum
 where 1=1""",
    tags_of(
        """processNodeName=node:key service=service traceLevel=tracelevel enable=enable:flag numFiles=numfiles
 maxFileSize=maxfilesize isActive=isactive:flag"""
    ),
    {"processNodeName": "n.name"},
)
DEVICE_DEFAULTS = Listing(
    "deviceDefaults",
    """select x.pkid, m.name as model, p.name as protocol, x.loadinformation, x.inactiveloadinformation, d.name as pool,
  d.pkid as pool_id, t.name as template, t.pkid as template_id, null as special
 from defaults x join typemodel m on x.tkmodel = m.enum join typedeviceprotocol p on x.tkdeviceprotocol = p.enum
 left join devicepool d on x.fkdevicepool = d.pkid left join phonetemplate t on x.fkphonetemplate = t.pkid
 where 1=1""",
    tags_of(
        """Model=model Protocol=protocol LoadInformation=loadinformation:load
 InactiveLoadInformation=inactiveloadinformation:load DevicePoolName=pool:key PhoneButtonTemplate=template:key"""
    ),
    {"Model": "m.name", "Protocol": "p.name"},
    since=(12, 5),
)

LINE = Listing(
    "line",
    """select x.pkid, x.dnorpattern, x.description, 'Device' as usage, r.name as part, r.pkid as part_id
 from numplan x left join routepartition r on x.fkroutepartition = r.pkid where x.tkpatternusage = 2""",
    tags_of("pattern=dnorpattern description=description usage=usage routePartitionName=part:key"),
    {"pattern": "x.dnorpattern", "description": "x.description", "routePartitionName": "r.name"},
    order="x.dnorpattern",
)
PARTITION = Listing(
    "routePartition",
    "select x.pkid, x.name, x.description from routepartition x where 1=1",
    tags_of("name=name description=description"),
    {"name": "x.name", "description": "x.description"},
)
LOCATION = Listing(
    "location", "select x.pkid, x.name from location x where 1=1", tags_of("name=name"), {"name": "x.name"}
)

LISTS: dict[str, Listing] = {
    "Phone": PHONE,
    "DeviceProfile": DEVICE_PROFILE,
    "ProcessNode": PROCESS_NODE,
    "User": USER,
    "AppUser": APP_USER,
    "DevicePool": DEVICE_POOL,
    "CallManagerGroup": CM_GROUP,
    "IpPhoneServices": PHONE_SERVICES,
    "ServiceParameter": SERVICE_PARAMETER,
    "ProcessNodeService": NODE_SERVICE,
    "DeviceDefaults": DEVICE_DEFAULTS,
    "Line": LINE,
    "RoutePartition": PARTITION,
    "Location": LOCATION,
}
