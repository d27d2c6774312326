"""Every SQL statement that may be sent to a cluster, by name. Data only; ``guard`` lets nothing else through.

The statements are static: no value is ever put into one. Paging adds ``skip <n> first <m>`` behind the first ``select``
and nothing else. They are plain ANSI joins, because nobody could try them on a live Informix here
(reference: axl-database.md sections 2 to 10; table and column names are tested against Cisco's data dictionary).

A fact may have several variants: a release that lacks a column gets the statement without it.

An answer that is empty, or short, is as well-formed as one that is whole. Large tables are counted before and after
they are read; the small ones, which are read in one piece, all together by one statement (:data:`COUNTING`), and the
list of nodes, on which every verdict hangs, by one of its own.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One SELECT. ``fact`` is the table of the snapshot that its rows land in.

    ``since`` (inclusive) and ``until`` (exclusive) are releases. ``paged`` statements are fetched in pages, ordered by
    ``key``, a unique column (or columns) that stands in their ``order by``. ``count`` is the statement that says how
    many rows there must be; where there are pages it is asked before and after, and the sums have to agree.
    """

    fact: str
    sql: str
    since: str = "8.5"
    until: str | None = None
    paged: bool = False
    key: tuple[str, ...] = ()
    count: str | None = None


PHONES = "from device d where d.tkclass = 1 and d.tkdeviceprofile = 0"
PROFILES = "from device d where d.tkclass = 254"
OWN_URLS = (
    "from telecaster t join device d on t.fkdevice = d.pkid where d.tkclass = 1 and (t.authenticationurl <> ''"
    " or t.proxyurl <> '' or t.secureservicesurl <> '' or t.secureauthenticationurl <> '')"
)
LOGIN_LINES = (
    "from extensionmobilitydynamic emd"
    " join devicenumplanmap dnpm on dnpm.fkdevice = emd.fkdevice_currentloginprofile"
    " join numplan np on dnpm.fknumplan = np.pkid where emd.fkenduser is not null"
)
#: tkcredential 4 is the PIN. Whether one is set is never asked: naming the column would be enough to be refused.
PINS = (
    "from credential c left outer join credentialdynamic cd on cd.fkcredential = c.pkid where c.tkcredential = 4"
    " and exists (select 1 from enduserdevicemap m where m.fkenduser = c.fkenduser and m.tkuserassociation = 5)"
)
CERTIFICATES = (
    "from certificate c join certificateservicecertificatemap m on m.fkcertificate = c.pkid"
    " join typecertificateservice tcs on m.tkcertificateservice = tcs.enum"
)
CONTROLLED = (
    "from applicationuserdevicemap m join applicationuser au on m.fkapplicationuser = au.pkid where"
    " m.tkuserassociation = 1"
)
OTHERS = "from device d join typeclass tc on d.tkclass = tc.enum where d.tkclass in (2, 4, 5, 10, 12, 18, 19)"
WITHOUT_LINE = (
    "from device d where d.tkclass = 1 and d.tkdeviceprofile = 0"
    " and not exists (select 1 from devicenumplanmap m where m.fkdevice = d.pkid)"
)
WITHOUT_DEVICE = (
    "from numplan np left outer join routepartition rp on np.fkroutepartition = rp.pkid where np.tkpatternusage = 2"
    " and not exists (select 1 from devicenumplanmap m where m.fknumplan = np.pkid)"
)
SEEN = "from registrationdynamic rd join device d on rd.fkdevice = d.pkid where d.tkclass = 1 and d.tkdeviceprofile = 0"
WITHOUT_ANYTHING = (
    "from enduser eu where eu.tkuserprofile = 1"
    " and not exists (select 1 from enduserdevicemap m where m.fkenduser = eu.pkid)"
    " and not exists (select 1 from device d where d.fkenduser = eu.pkid)"
)

STATEMENTS: tuple[Statement, ...] = (
    # ------------------------------------------------------------------------------------------------------------ nodes
    Statement(
        fact="node",
        since="10.0",
        sql=(
            "select pkid, name, description, systemnode, nodeid, tknodeusage, tkprocessnoderole from processnode"
            " order by nodeid"
        ),
        count="select count(*) as n from processnode",
    ),
    Statement(
        fact="node",
        until="10.0",
        sql="select pkid, name, description, systemnode, nodeid, tknodeusage from processnode order by nodeid",
        count="select count(*) as n from processnode",
    ),
    Statement(
        fact="activated_service",
        sql=(
            "select pn.name as node, ts.name as service, pns.isactive from processnodeservice pns"
            " join processnode pn on pns.fkprocessnode = pn.pkid"
            " join typeservice ts on pns.tkservice = ts.enum"
            " where pn.systemnode = 'f' order by pn.name, ts.name"
        ),
    ),
    # ------------------------------------------------------------------------------------------------------- parameters
    Statement(
        fact="enterprise_param",
        sql=(
            "select pc.paramname, pc.paramvalue from processconfig pc"
            " join typeservice ts on pc.tkservice = ts.enum"
            " where ts.name = 'Enterprise Wide' order by pc.paramname"
        ),
    ),
    Statement(
        fact="service_param",
        sql=(
            "select pn.name as node, pn.systemnode, ts.name as service, pc.paramname, pc.paramvalue from"
            " processconfig pc"
            " join processnode pn on pc.fkprocessnode = pn.pkid"
            " join typeservice ts on pc.tkservice = ts.enum"
            " where ts.name in ('Cisco Extension Mobility', 'Cisco Database Layer Monitor', 'Cisco Tftp',"
            " 'Cisco Trust Verification Service', 'Cisco CallManager Cisco IP Phone Services')"
            " order by ts.name, pn.name, pc.paramname"
        ),
    ),
    # --------------------------------------------------------------------------------------------- groups, types, loads
    Statement(
        fact="cm_group_member",
        sql=(
            "select cmg.name as cmgroup, cm.name as callmanager, m.priority, pn.name as node from"
            " callmanagergroupmember m"
            " join callmanagergroup cmg on m.fkcallmanagergroup = cmg.pkid"
            " join callmanager cm on m.fkcallmanager = cm.pkid"
            " join processnode pn on cm.fkprocessnode = pn.pkid"
            " order by cmg.name, m.priority"
        ),
    ),
    Statement(
        fact="device_pool",
        sql=(
            "select dp.pkid, dp.name as devicepool, cmg.name as cmgroup, dts.name as datetimegroup from devicepool dp"
            " left outer join callmanagergroup cmg on dp.fkcallmanagergroup = cmg.pkid"
            " left outer join datetimesetting dts on dp.fkdatetimesetting = dts.pkid"
            " order by dp.name"
        ),
    ),
    Statement(
        fact="device_type",
        sql=(
            "select tp.enum as product, tp.name as productname, tp.isinstalleddefault, tm.enum as model, tm.name as"
            " modelname"
            " from typeproduct tp join typemodel tm on tp.tkmodel = tm.enum where tm.tkclass = 1 order by tp.enum"
        ),
    ),
    Statement(
        fact="product_feature",
        sql=(
            "select psf.tkproduct, psf.tksupportsfeature, tsf.moniker, psf.tkdeviceprotocol from"
            " productsupportsfeature psf"
            " join typesupportsfeature tsf on psf.tksupportsfeature = tsf.enum"
            " where tsf.moniker = 'SUPPORTS_FEATURE_EMCC' or tsf.enum in (9, 13)"
            " order by psf.tkproduct, psf.tksupportsfeature, psf.tkdeviceprotocol"
        ),
    ),
    Statement(
        fact="device_default",
        sql=(
            "select df.tkmodel, tm.name as model, df.tkdeviceprotocol, tdp.name as protocol, df.loadinformation,"
            " df.inactiveloadinformation from defaults df"
            " join typemodel tm on df.tkmodel = tm.enum"
            " join typedeviceprotocol tdp on df.tkdeviceprotocol = tdp.enum"
            " where tm.tkclass = 1 order by df.tkmodel, df.tkdeviceprotocol"
        ),
    ),
    Statement(
        fact="phone_template",
        sql=(
            "select pt.pkid, pt.name, pt.tkmodel, pt.tkdeviceprotocol, pt.numofbuttons from phonetemplate pt order"
            " by pt.name"
        ),
    ),
    # --------------------------------------------------------------------------------------- phones, profiles, services
    Statement(
        fact="phone",
        sql=(
            "select d.pkid, d.name, d.description, d.tkmodel, tm.name as model, d.tkproduct, d.tkdeviceprotocol,"
            " d.fkdevicepool,"
            " d.fkphonetemplate, d.allowhotelingflag, d.isprotected, d.ikdevice_defaultprofile,"
            " d.specialloadinformation,"
            " d.fkenduser, d.tkphoneservicedisplay"
            " from device d join typemodel tm on d.tkmodel = tm.enum"
            " where d.tkclass = 1 and d.tkdeviceprofile = 0 order by d.pkid"
        ),
        paged=True,
        key=("pkid",),
        count=f"select count(*) as n {PHONES}",
    ),
    Statement(
        fact="device_profile",
        sql=(
            "select d.pkid, d.name, d.description, d.tkdeviceprofile, d.tkmodel, tm.name as model, d.tkdeviceprotocol,"
            " d.fkphonetemplate from device d join typemodel tm on d.tkmodel = tm.enum"
            " where d.tkclass = 254 order by d.pkid"
        ),
        paged=True,
        key=("pkid",),
        count=f"select count(*) as n {PROFILES}",
    ),
    Statement(
        fact="profile_line",
        sql=(
            "select dnpm.pkid, a.pkid as profileid, a.name as profile, np.dnorpattern from devicenumplanmap dnpm"
            " join device a on dnpm.fkdevice = a.pkid"
            " join numplan np on dnpm.fknumplan = np.pkid"
            " where a.tkclass = 254 and (a.tkdeviceprofile = 2 or a.name like 'ADP%') order by dnpm.pkid"
        ),
        paged=True,
        key=("pkid",),
        count=(
            "select count(*) as n from devicenumplanmap dnpm join device a on dnpm.fkdevice = a.pkid"
            " join numplan np on dnpm.fknumplan = np.pkid"
            " where a.tkclass = 254 and (a.tkdeviceprofile = 2 or a.name like 'ADP%')"
        ),
    ),
    Statement(
        fact="phone_service",
        sql=(
            "select pkid, name, nameascii, urltemplate, secureurltemplate, tkphoneservice, tkphoneservicecategory,"
            " enabled,"
            " enterprisesubscription, priority from telecasterservice order by name"
        ),
    ),
    Statement(
        fact="phone_subscription",
        sql=(
            "select tss.pkid, tss.fkdevice, tss.fktelecasterservice, tss.urlbuttonindex, tss.serviceurl,"
            " tss.secureserviceurl"
            " from telecastersubscribedservice tss order by tss.pkid"
        ),
        paged=True,
        key=("pkid",),
        count="select count(*) as n from telecastersubscribedservice",
    ),
    Statement(
        fact="phone_url",
        sql=(
            "select t.fkdevice, t.authenticationurl, t.proxyurl, t.secureservicesurl, t.secureauthenticationurl"
            f" {OWN_URLS} order by t.fkdevice"
        ),
        paged=True,
        key=("fkdevice",),
        count=f"select count(*) as n {OWN_URLS}",
    ),
    Statement(
        fact="other_device",
        sql=f"select d.pkid, d.name, d.tkclass, tc.name as classname {OTHERS} order by d.pkid",
        paged=True,
        key=("pkid",),
        count=f"select count(*) as n {OTHERS}",
    ),
    Statement(
        fact="phone_without_line",
        sql=f"select d.pkid {WITHOUT_LINE} order by d.pkid",
        paged=True,
        key=("pkid",),
        count=f"select count(*) as n {WITHOUT_LINE}",
    ),
    Statement(
        fact="unused_number",
        sql=f"select np.pkid, np.dnorpattern, rp.name as partitionname {WITHOUT_DEVICE} order by np.pkid",
        paged=True,
        key=("pkid",),
        count=f"select count(*) as n {WITHOUT_DEVICE}",
    ),
    Statement(
        fact="phone_seen",
        since="11.0",
        sql=f"select rd.pkid, rd.fkdevice, rd.lastknownucm, rd.lastseen {SEEN} order by rd.pkid",
        paged=True,
        key=("pkid",),
        count=f"select count(*) as n {SEEN}",
    ),
    # Asked instead of RIS, and only when the user says so: `asked_as` in facts/__init__.py.
    Statement(
        fact="registration",
        since="12.5",
        sql=(
            "select rd.pkid, d.name, rd.lastknownucm, rd.lastknownipaddress, rd.lastseen, trs.name as status from"
            " registrationdynamic rd join device d on rd.fkdevice = d.pkid"
            " left outer join typerisstatus trs on rd.tkrisstatus = trs.enum"
            " where d.tkclass = 1 and d.tkdeviceprofile = 0 order by rd.pkid"
        ),
        paged=True,
        key=("pkid",),
        count=f"select count(*) as n {SEEN}",
    ),
    Statement(
        fact="user_without_device",
        sql=f"select eu.pkid, eu.userid, eu.status {WITHOUT_ANYTHING} order by eu.pkid",
        paged=True,
        key=("pkid",),
        count=f"select count(*) as n {WITHOUT_ANYTHING}",
    ),
    # --------------------------------------------------------------------------------------------------- people, logins
    Statement(
        fact="end_user",
        until="9.0",
        sql=(
            "select eu.pkid, eu.userid, eu.status, eu.enableemcc from enduser eu where eu.tkuserprofile = 1 order by"
            " eu.pkid"
        ),
        paged=True,
        key=("pkid",),
        count="select count(*) as n from enduser eu where eu.tkuserprofile = 1",
    ),
    Statement(
        fact="end_user",
        since="9.0",
        until="12.5",
        sql=(
            "select eu.pkid, eu.userid, eu.status, eu.islocaluser, eu.enableemcc from enduser eu"
            " where eu.tkuserprofile = 1 order by eu.pkid"
        ),
        paged=True,
        key=("pkid",),
        count="select count(*) as n from enduser eu where eu.tkuserprofile = 1",
    ),
    Statement(
        fact="end_user",
        since="12.5",
        sql=(
            "select eu.pkid, eu.userid, eu.status, eu.islocaluser, eu.enableemcc, eu.emmaxlogintime from enduser eu"
            " where eu.tkuserprofile = 1 order by eu.pkid"
        ),
        paged=True,
        key=("pkid",),
        count="select count(*) as n from enduser eu where eu.tkuserprofile = 1",
    ),
    Statement(
        fact="user_profile",
        sql=(
            "select m.pkid, m.fkenduser, m.fkdevice, m.defaultprofile from enduserdevicemap m"
            " where m.tkuserassociation = 5 order by m.pkid"
        ),
        paged=True,
        key=("pkid",),
        count="select count(*) as n from enduserdevicemap m where m.tkuserassociation = 5",
    ),
    Statement(
        fact="em_login",
        sql=(
            "select emd.pkid, emd.fkdevice, emd.fkenduser, emd.fkdevice_currentloginprofile, emd.logintime,"
            " emd.loginduration,"
            " emd.mismatchedlogin, emd.fkenduser_lastlogin from extensionmobilitydynamic emd order by emd.pkid"
        ),
        paged=True,
        key=("pkid",),
        count="select count(*) as n from extensionmobilitydynamic",
    ),
    Statement(
        fact="login_line",
        sql=(
            "select emd.pkid, dnpm.pkid as linepkid, emd.fkdevice, emd.fkdevice_currentloginprofile, np.dnorpattern"
            f" {LOGIN_LINES} order by emd.pkid, dnpm.pkid"
        ),
        paged=True,
        key=("pkid", "linepkid"),
        count=f"select count(*) as n {LOGIN_LINES}",
    ),
    Statement(
        fact="user_credential",
        sql=(
            "select c.pkid, c.fkenduser, c.fkcredentialpolicy, c.credmustchange, c.doesntexpire, c.timechanged,"
            " c.timeadminlockout, cd.pkid as dynamicpkid, cd.hackcount, cd.timehackedlockout"
            f" {PINS} order by c.pkid"
        ),
        paged=True,
        key=("pkid",),
        count=f"select count(*) as n {PINS}",
    ),
    Statement(
        fact="credential_policy",
        sql=(
            "select cp.pkid, cp.displayname, cp.maxhacks, cp.lockoutduration, cp.maxdays from credentialpolicy cp"
            " order by cp.pkid"
        ),
    ),
    Statement(
        fact="ldap_system",
        sql="select s.syncenabled, s.useridattributename from ldapsystemconfig s",
    ),
    Statement(
        fact="ldap_agreement",
        sql=(
            "select c.name, c.ldapsynchronizationbase, c.connectedldaphost, c.agreementstatus, c.fullsyncstatus,"
            " c.incsyncstatus"
            " from directorypluginconfig c order by c.name"
        ),
    ),
    Statement(
        fact="ldap_host",
        sql=(
            "select c.name, h.hostname, h.ldapportnumber, h.sslenabled, h.priority from directorypluginhost h"
            " join directorypluginconfig c on h.fkdirectorypluginconfig = c.pkid order by c.name, h.priority,"
            " h.hostname"
        ),
    ),
    Statement(
        fact="ldap_schedule",
        sql=(
            "select c.name, s.repeatable, s.intervalvalue, tsu.name as unitname, s.nextexectime"
            " from directorypluginschedule s join directorypluginconfig c on s.fkdirectorypluginconfig = c.pkid"
            " left outer join typescheduleunit tsu on s.tkscheduleunit = tsu.enum order by c.name, s.nextexectime"
        ),
    ),
    Statement(
        fact="ldap_authentication",
        sql="select a.authenticatewithcorpdir, a.userbase from ldapauthentication a",
    ),
    Statement(
        fact="app_user",
        sql="select au.name, au.isstandard from applicationuser au order by au.name",
    ),
    Statement(
        fact="app_user_role",
        sql=(
            "select au.name as appuser, dg.name as accessgroup, fr.name as rolename from applicationuser au"
            " left outer join applicationuserdirgroupmap m on m.fkapplicationuser = au.pkid"
            " left outer join dirgroup dg on m.fkdirgroup = dg.pkid"
            " left outer join functionroledirgroupmap rm on rm.fkdirgroup = dg.pkid"
            " left outer join functionrole fr on rm.fkfunctionrole = fr.pkid"
            " order by au.name, dg.name, fr.name"
        ),
    ),
    Statement(
        fact="end_user_proxy",
        sql=(
            "select eu.userid, dg.name as accessgroup from enduser eu"
            " join enduserdirgroupmap m on m.fkenduser = eu.pkid"
            " join dirgroup dg on m.fkdirgroup = dg.pkid"
            " join functionroledirgroupmap rm on rm.fkdirgroup = dg.pkid"
            " join functionrole fr on rm.fkfunctionrole = fr.pkid"
            " where fr.name = 'Standard EM Authentication Proxy Rights' order by eu.userid"
        ),
    ),
    Statement(
        fact="end_user_admin",
        sql=(
            "select eu.userid, dg.name as accessgroup, fr.name as rolename from enduser eu"
            " join enduserdirgroupmap m on m.fkenduser = eu.pkid"
            " join dirgroup dg on m.fkdirgroup = dg.pkid"
            " left outer join functionroledirgroupmap rm on rm.fkdirgroup = dg.pkid"
            " left outer join functionrole fr on rm.fkfunctionrole = fr.pkid"
            " where dg.name = 'Standard CCM Super Users'"
            " or fr.name in ('Standard CCM Super Users', 'Standard AXL API Access')"
            " order by eu.userid, dg.name, fr.name"
        ),
    ),
    Statement(
        fact="device_control",
        sql=f"select m.pkid, au.name as appuser, m.fkdevice {CONTROLLED} order by m.pkid",
        paged=True,
        key=("pkid",),
        count=f"select count(*) as n {CONTROLLED}",
    ),
    # ---------------------------------------------------------------------------------------- certificates, replication
    Statement(
        fact="certificate",
        sql=(
            "select c.pkid, m.pkid as mappkid, c.servername, tcs.name as storename, tcs.usestruststore, c.certificate"
            f" {CERTIFICATES} order by c.pkid, m.pkid"
        ),
        paged=True,
        key=("pkid", "mappkid"),
        count=f"select count(*) as n {CERTIFICATES}",
    ),
    Statement(
        fact="replication_dynamic",
        since="10.0",
        sql=(
            "select pn.name as node, trs.name as statename, rd.tkreplicationstatus, rd.datetimestamp from"
            " replicationdynamic rd"
            " join processnode pn on rd.fkprocessnode = pn.pkid"
            " left outer join typereplicationstatus trs on rd.tkreplicationstatus = trs.enum"
            " where pn.systemnode = 'f' order by pn.name"
        ),
    ),
    Statement(
        fact="remote_cluster",
        sql="select clusterid, fullyqualifiedname, version from remotecluster order by clusterid",
    ),
)

#: Asked of releases that have it only, and a statement that names it would be refused by the others. No check judges
#: what is in it.
_NOT_COUNTED = frozenset({"replication_dynamic"})


def _counted() -> dict[str, str]:
    """Return fact -> what its rows are selected from, for the small tables that have no count of their own."""
    small = {one.fact: one.sql for one in STATEMENTS if not one.paged and not one.count}
    return {
        fact: sql[sql.index(" from ") :].partition(" order by ")[0]
        for fact, sql in small.items()
        if fact not in _NOT_COUNTED
    }


#: Fact -> how the rows of one small table are counted. Asked only where counting them all together did not succeed.
SMALL_COUNTS = {fact: f"select count(*) as n{rest}" for fact, rest in _counted().items()}
#: How many rows each small table must have: one statement, a row a table, told by its place in SMALL_COUNTS (a number:
#: words of several lengths in one column of a union are a matter of taste between databases).
COUNTING = Statement(
    fact="",
    sql=" union all ".join(
        f"select {place} as part, count(*) as n{rest}" for place, rest in enumerate(_counted().values())
    ),
)

#: Tables whose rows are counted on each node's own copy, over the CLI (axl-database.md section 8): short answers, one
#: number.
COUNTED_TABLES = ("typemodel", "typeproduct")


def for_release(fact: str, release: tuple[int, ...]) -> Statement | None:
    """Return the variant of a fact for a release given as numbers (12, 5, 1, ...), None if it has none."""
    for statement in STATEMENTS:
        if statement.fact != fact:
            continue
        low, high = _numbers(statement.since), _numbers(statement.until) if statement.until else None
        if release[: len(low)] >= low and (high is None or release[: len(high)] < high):
            return statement
    return None


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in release.split("."))
