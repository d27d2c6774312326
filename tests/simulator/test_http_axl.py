"""AXL of the simulated cluster, against the reference (axl-database.md section 1) and other people's clients."""

import os
import re
import socket

import ciscoaxl
import pytest
import requests
from zeep import Client, Settings
from zeep.exceptions import Fault
from zeep.transports import Transport

from cucm_audit.simulator import Cluster, build
from cucm_audit.simulator.axl_lists_more import MORE
from cucm_audit.simulator.axl_objects import EVERY_LIST
from cucm_audit.simulator.axl_version import accepted
from tests.simulator.soap_typist import Typist, envelope

SCHEMAS = os.path.join(os.path.dirname(ciscoaxl.__file__), "schema")
pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")


@pytest.fixture(scope="module")
def shared():
    with Cluster(build("12.5")) as cluster:
        yield cluster


@pytest.fixture
def typist(shared):
    shared.world.faults.clear()
    yield Typist(shared)
    shared.world.faults.clear()
    assert "errors" not in shared.world.counters


# ------------------------------------------------------------------------------------------------------------ versions


@pytest.mark.parametrize(
    ("release", "lowest", "refused", "words"),
    [
        ("11.5", "9.0", "12.0", "9.x, 10.0 and 11.x"),
        ("12.5", "10.0", "9.1", "10.0, 11.x and 12.x"),
        ("14", "11.0", "10.5", "11.x, 12.x and 14.0"),
        ("15", "12.0", "11.5", "12.x, 14.0 and 15.0"),
    ],
)
def test_versions_of_each_release(release, lowest, refused, words):
    with Cluster(build(release)) as cluster:
        typist = Typist(cluster)
        answer = typist.axl("getCCMVersion", version="1.0", action="none")
        assert answer.status_code == 200
        assert f'xmlns:ns="http://www.cisco.com/AXL/API/{lowest}"' in answer.text
        assert re.search(r"<version>\d+\.\d+\.\d+\.\d+\(\d+\)</version>", answer.text)
        wrong = typist.axl("getCCMVersion", version=refused)
        assert wrong.status_code == 599
        assert wrong.text.startswith("<html>")
        assert f"Supported axl versions are {words}" in wrong.text
        for version in accepted(cluster.world.release)[0]:
            assert typist.axl("getCCMVersion", version=version).status_code == 200


def test_soap_action_may_be_quoted_bare_short_or_absent(typist):
    for action in ("quoted", "bare", "operation", "none"):
        for path in ("/axl/", "/axl"):
            assert typist.axl("getCCMVersion", action=action, path=path).status_code == 200


def test_header_and_namespace_must_agree(typist):
    assert typist.axl("getCCMVersion", version="12.5", space="http://www.cisco.com/AXL/API/12.0").status_code == 599
    assert typist.axl("getCCMVersion", version="1.0").status_code == 599
    assert typist.axl("getCCMVersion", space="http://example.com/other").status_code == 599


def test_version_of_a_named_node(typist):
    typist.world.node("cucm-sub1").release = "12.5.1.16900-48"
    assert "12.5.1.16900(48)" in typist.axl("getCCMVersion", "<processNodeName>cucm-sub1</processNodeName>").text
    missing = typist.axl("getCCMVersion", "<processNodeName>nobody</processNodeName>")
    assert missing.status_code == 500
    assert "<axlcode>5007</axlcode>" in missing.text


# ---------------------------------------------------------------------------------------------------------- signing in


def test_wrong_password_is_401_with_html_and_is_counted(typist):
    answer = Typist(typist.cluster, account=("auditor", "guess")).axl("getCCMVersion")
    assert answer.status_code == 401
    assert "<html>" in answer.text
    assert "WWW-Authenticate" in answer.headers
    assert typist.world.counters["sign_in", "cucm-pub", "application", "auditor", False] == 1


def test_cookie_spares_the_password_and_an_unknown_one_is_404(typist):
    cookie = typist.axl("getCCMVersion").cookies["JSESSIONIDSSO"]
    assert typist.axl("getCCMVersion", auth=False).status_code == 200
    typist.session.cookies.clear()
    typist.session.cookies.set("JSESSIONIDSSO", cookie[::-1])
    assert typist.axl("getCCMVersion", auth=False).status_code == 404
    typist.session.cookies.clear()
    assert typist.axl("getCCMVersion", auth=False).status_code == 401


# ----------------------------------------------------------------------------------------------------------------- SQL


def test_rows_come_in_order_lower_case_and_as_text(typist):
    answer = typist.sql(
        "select d.NAME, d.tkmodel as Model, d.allowhotelingflag from device d where d.name = 'SEP001BD4100001'"
    )
    assert (
        "<row><name>SEP001BD4100001</name><model>622</model><allowhotelingflag>t</allowhotelingflag></row>"
        in answer.text
    )


def test_null_and_empty_are_both_empty_elements(typist):
    assert (
        "<row><a/><b/></row>"
        in typist.sql("select ikdevice_defaultprofile as a, '' as b from device where name = 'SEP001BD4100001'").text
    )
    typist.world.faults["axl_nil"] = True
    assert (
        'xsi:nil="true"'
        in typist.sql("select ikdevice_defaultprofile as a from device where name = 'SEP001BD4100001'").text
    )


def test_nothing_found_is_an_empty_return(typist):
    assert "<return/>" in typist.sql("select name from device where name = 'nobody'").text


def test_expressions_without_a_name(typist):
    assert "<row><count>" in typist.sql("select count(*) from device").text
    assert "<row><expression>" in typist.sql("select 'SEP' || name from device where tkclass = 1").text


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("name[1,3] as x from device where name = 'SEP001BD4100008'", "SEP"),
        ("substring(name from 4 for 3) as x from device where name = 'SEP001BD4100008'", "001"),
        ("count(*) as x from device where name matches 'SEP001BD410000?'", "3"),
        ("decode(tkclass, 1, 'phone', 'else') as x from device where name = 'SEP001BD4100008'", "phone"),
        ("lpad(name, 18, '*') || '[1,2]' as x from device where name = 'SEP001BD4100008'", "***SEP001BD4100008[1,2]"),
        ("tkclass::int as x from device where name = 'SEP001BD4100008'", "1"),
        (
            "dbinfo('utc_to_datetime', 1700000000) as x from device where name = 'SEP001BD4100008'",
            "2023-11-14 22:13:20",
        ),
        (
            "count(*) as x from systables t join syscolumns c on c.tabid = t.tabid"
            " where t.tabname = 'device' and c.colname in ('name', 'tkclass')",
            "2",
        ),
    ],
)
def test_forms_that_informix_spells_its_own_way(typist, asked, told):
    assert f"<row><x>{told}</x></row>" in typist.sql(f"select {asked}").text


def test_a_body_in_pieces(typist):
    """As clients send it that do not count beforehand."""
    body = envelope("http://www.cisco.com/AXL/API/12.5", "getCCMVersion", "").encode()
    pieces = iter([body[:40], body[40:]])
    answer = typist.session.post(typist.url("/axl/"), data=pieces, auth=typist.account, timeout=5)
    assert answer.status_code == 200
    assert "14900(63)" in answer.text


@pytest.mark.parametrize("half", [b"5\r\nab", b"x\r\nab\r\n", b"2\r\nabcd\r\n0\r\n\r\n", b"fffffff\r\n"])
def test_half_a_body_in_pieces_is_no_request(typist, half):
    before = len(typist.world.asked)
    head = b"POST /axl/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection((typist.node.at, typist.node.http_port), 5) as door:
        door.sendall(head + half)
        door.shutdown(socket.SHUT_WR)
        assert door.recv(100) == b""
    assert len(typist.world.asked) == before


def test_pages(typist):
    whole = typist.rows("select pkid from device order by pkid")
    pages = []
    while more := typist.rows(f"select skip {len(pages)} first 10 pkid from device order by pkid"):
        pages += more
    assert pages == whole
    assert len(whole) > 60


def test_like_and_equality_regard_case(typist):
    assert typist.rows("select name from processnode where name like 'cucm-%'")
    assert not typist.rows("select name from processnode where name like 'CUCM-%'")
    assert not typist.rows("select name from processnode where name = 'CUCM-PUB'")


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("select nothere from device", "-217"),
        ("select name from nothere", "-206"),
        ("select name from sqlite_master", "-206"),
        ("select d.name from device d where", "-201"),
        ("select first 3 skip 3 name from device", "-201"),
        ("select name from device limit 3", "-201"),
        ("with x as (select 1) select * from x", "-201"),
        ("select name from device where name glob 'SEP*'", "-201"),
        ("select hex(name) from device", "-674"),
        ("select [name] from device", "-201"),
        ("select name from device; select name from device", "-201"),
        ("pragma table_info(device)", "-201"),
    ],
)
def test_what_informix_would_refuse(typist, statement, code):
    assert typist.code(statement) == (500, code)


def test_tables_are_those_of_the_release():
    with Cluster(build("9.1")) as old, Cluster(build("11.5")) as middle:
        role = "select tkprocessnoderole from processnode"
        assert Typist(old).axl("executeSQLQuery", f"<sql>{role}</sql>", version="9.1").status_code == 500
        assert Typist(middle).axl("executeSQLQuery", f"<sql>{role}</sql>", version="11.5").status_code == 200
        assert (
            "<axlcode>-217</axlcode>"
            in Typist(middle)
            .axl("executeSQLQuery", "<sql>select emmaxlogintime from enduser</sql>", version="11.5")
            .text
        )


# -------------------------------------------------------------------------------------------------------------- writes


@pytest.mark.parametrize(
    "operation",
    [
        "addPhone",
        "updateUser",
        "removeDeviceProfile",
        "applyPhone",
        "resetPhone",
        "restartPhone",
        "doDeviceLogout",
        "executeSQLUpdate",
        "wipePhone",
    ],
)
def test_operations_that_write_are_refused_and_remembered(operation):
    with Cluster(build("12.5", phones=8)) as cluster:
        assert Typist(cluster).axl(operation, "<name>x</name>").status_code == 401
        assert [asked.operation for asked in cluster.world.writes()] == [operation]


@pytest.mark.parametrize(
    "statement",
    [
        "update device set name = 'x'",
        "DELETE from device",
        "select * from device into temp x",
        "select name from device; drop table device",
        "select name from device for update",
    ],
)
def test_sql_that_writes_is_refused_and_remembered(statement):
    with Cluster(build("12.5", phones=8)) as cluster:
        before = cluster.world.database.execute("select count(*) from device").fetchone()
        assert Typist(cluster).sql(statement).status_code == 500
        assert [asked.detail for asked in cluster.world.writes()] == [statement]
        assert cluster.world.database.execute("select count(*) from device").fetchone() == before


# -------------------------------------------------------------------------------------------------------------- limits


def test_eight_megabytes_in_both_spellings(typist):
    assert (
        typist.sql("select a.name, b.name as other from device a, device b, processnode c, processnode d").status_code
        == 500
    )
    typist.world.faults["axl_limit"] = 2000
    fault = re.search(
        r"Query request too large\. Total rows matched: (\d+) rows\. Suggestive Row Fetch: less than (\d+) rows",
        typist.sql("select name from device").text,
    )
    assert 0 < int(fault[2]) < int(fault[1])
    assert typist.sql(f"select first {fault[2]} name from device").status_code == 200
    typist.world.faults["axl_spelling"] = "Suggested"
    assert "Suggested row fetch: less than" in typist.sql("select name from device").text


def test_memory_fault(typist):
    typist.world.faults["axl_memory"] = {"times": 1}
    assert "Maximum AXL Memory Allocation Consumed" in typist.sql("select name from device").text
    assert typist.sql("select name from device").status_code == 200


def test_service_that_is_not_there(typist):
    typist.world.faults["axl_off"] = True
    assert typist.axl("getCCMVersion").status_code == 404
    typist.world.faults.clear()
    typist.world.faults["role_axl"] = 403
    assert typist.axl("getCCMVersion").status_code == 403


def test_the_wsdl_is_not_served(typist):
    assert typist.session.get(typist.url("/axl/?wsdl"), auth=typist.account).status_code == 404


# ---------------------------------------------------------------------------------------------- other people's clients


def zeep_of(cluster, version):
    session = requests.Session()
    session.verify, session.trust_env, session.auth = False, False, cluster.world.application
    client = Client(
        f"{SCHEMAS}/{version}/AXLAPI.wsdl", transport=Transport(session=session), settings=Settings(strict=True)
    )
    node = cluster.world.publisher
    return client, client.create_service(
        "{http://www.cisco.com/AXLAPIService/}AXLAPIBinding", f"https://{node.at}:{node.https_port}/axl/"
    )


@pytest.mark.parametrize(("release", "version"), [("9.1", "9.1"), ("11.5", "11.5"), ("15", "12.5")])
def test_answers_fit_ciscos_schema(release, version):
    """zeep is strict: a wrong order or an unknown element is an error."""
    with Cluster(build(release)) as cluster:
        client, axl = zeep_of(cluster, version)
        for name, listing in EVERY_LIST.items():
            if not hasattr(client.service, f"list{name}"):
                assert version != "12.5"
                assert name in ("DeviceDefaults", "RegistrationDynamic")
                continue
            tags = {tag.name: "" for tag in listing.tags if not (tag.name == "processNodeRole" and version == "9.1")}
            criteria = {next(iter(listing.criteria)): "%"}
            rows = axl[f"list{name}"](searchCriteria=criteria, returnedTags=tags)["return"]
            rows = rows[listing.element] if rows else []  # it has no gateway, no hunt list and so on
            assert rows or name in MORE
            page = axl[f"list{name}"](searchCriteria=criteria, returnedTags=tags, skip=1, first=1)["return"]
            page = page[listing.element] if page else []  # a cluster has one partition and one location
            assert [row.uuid for row in page] == [row.uuid for row in rows[1:2]]
            if rows and name in MORE:
                asked = axl[f"get{name}"](uuid=rows[0].uuid)["return"][listing.element]
                assert asked.uuid == rows[0].uuid
        assert axl.getLdapSyncStatus(name="Example AD")["return"] == "Sync is performed successfully"
        if hasattr(client.service, "getSmartLicenseStatus"):
            licence = axl.getSmartLicenseStatus()["LicenseDetails"]
            assert (licence.Registration.Status, licence.Authorization.Status) == ("Registered", "Authorized")
            assert [one.Status for one in licence.LicenseStatus.Entitlement] == ["Init", "InCompliance", "InCompliance"]
        phone = axl.getPhone(name="SEP001BD4100008")["return"].phone
        assert phone.enableExtensionMobility == "true"
        assert phone.lines.line[0].dirn.pattern == "400001"
        assert phone.services.service[0].url.endswith("/emapp/EMAppServlet?device=#DEVICENAME#")
        assert bool(phone.defaultProfileName._value_1) == (release == "9.1")
        user = axl.getAppUser(userid="emapi")["return"].appUser
        assert user.associatedGroups.userGroup[0].userRoles.userRole == ["Standard EM Authentication Proxy Rights"]
        group = axl.getCallManagerGroup(name="CMG-Sub1")["return"].callManagerGroup
        assert [member.callManagerName._value_1 for member in group.members.member] == [
            "CM_cucm-sub1",
            "CM_cucm-sub2",
            "CM_cucm-pub",
        ]
        name = axl.listDeviceProfile(searchCriteria={"name": "UDP-%"}, returnedTags={"name": ""})["return"]
        name = name.deviceProfile[0].name
        someone = axl.getUser(userid=name.removeprefix("UDP-"))["return"].user
        assert someone.phoneProfiles.profileName[0]._value_1 == name
        profile = axl.getDeviceProfile(name=name)["return"].deviceProfile
        assert (profile["class"], profile.lines.line[0].index) == ("Device Profile", 1)
        assert axl.getProcessNode(name="cucm-sub1")["return"].processNode.nodeUsage == "Subscriber"
        assert axl.getLine(pattern="400001", routePartitionName="Internal-PT")["return"].line.pattern == "400001"
        parameter = axl.getServiceParameter(
            processNodeName="EnterpriseWideData", name="maxDuration", service="Cisco Extension Mobility"
        )["return"]
        assert parameter.serviceParameter.value == "8:00"
        assert axl.executeSQLQuery(sql="select name from device where name = 'nobody'")["return"] is None
        with pytest.raises(Fault, match="was not found"):
            axl.getPhone(name="SEP999999999999")
        assert cluster.world.counters.get("errors") is None


def test_wildcards_and_unknown_lists(typist):
    _, axl = zeep_of(typist.cluster, "12.5")
    names = axl.listPhone(searchCriteria={"name": "SEP001BD410000%"}, returnedTags={"name": ""})["return"].phone
    assert {phone.name for phone in names} == {"SEP001BD4100001", "SEP001BD4100008", "SEP001BD410000F"}
    with pytest.raises(Fault, match="not simulated"):
        axl.listMeetMe(searchCriteria={"pattern": "%"}, returnedTags={"pattern": ""})


def test_ciscoaxl(typist, monkeypatch):
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # it does not survive them
        monkeypatch.delenv(name, raising=False)
    node = typist.node
    client = ciscoaxl.axl(*typist.account, node.at, "12.5", cucm_port=node.https_port)
    phones = client.get_phones()
    assert len(phones) == 60
    assert client.get_phone(name="SEP001BD4100008").name == "SEP001BD4100008"
    rows = client.sql_query("select name from processnode where systemnode = 'f' order by nodeid")
    assert [next(iter(row.values())) if isinstance(row, dict) else row[0].text for row in rows["row"]][:2] == [
        "cucm-pub",
        "cucm-sub1",
    ]
