"""RIS, Control Center, PerfMon, certificates and the phones' pages of the simulated cluster (serviceability.md)."""

import datetime as dt
import email.utils
import re
from zoneinfo import ZoneInfo

import pytest

from cucm_audit.simulator import Cluster, build
from cucm_audit.simulator.world import SimRegistration
from tests.simulator.soap_typist import CONTROL, PERFMON, RIS, Typist, found

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
REPLICATION = "Number of Replicates Created and State of Replication"


@pytest.fixture
def typist():
    world = build("12.5", phones=40)
    world.ris_per_minute = 0
    with Cluster(world) as cluster:
        yield Typist(cluster)
        assert "errors" not in world.counters


def nodes_of(answer):
    """Return node -> (ReturnCode, NoChange, names of its devices)."""
    parts = re.findall(
        r"<ns1:item><ns1:ReturnCode>(\w+)</ns1:ReturnCode><ns1:Name>([\w-]+)</ns1:Name><ns1:NoChange>(\w+)</ns1:NoChange>(.*?)(?=<ns1:item><ns1:ReturnCode>|</ns1:CmNodes>)",
        answer.text,
    )
    return {
        name: (code, still, re.findall(r"<ns1:item><ns1:Name>(\w+)</ns1:Name><ns1:DirNumber", rest))
        for code, name, still, rest in parts
    }


# ----------------------------------------------------------------------------------------------------------------- RIS


def test_named_devices_on_all_voice_nodes(typist):
    answer = typist.ris(["SEP001BD4100001", "SEP001BD4100008", "SEP999999999999"])
    assert "<ns1:selectCmDeviceResponse" in answer.text
    assert "selectCmDeviceExtResponse" not in answer.text
    assert found(answer, "TotalDevicesFound") == ["2"]
    assert nodes_of(answer) == {
        "cucm-pub": ("NotFound", "false", []),
        "cucm-sub1": ("Ok", "false", ["SEP001BD4100001"]),
        "cucm-sub2": ("Ok", "false", ["SEP001BD4100008"]),
    }
    assert 'xsi:nil="1"' in answer.text
    assert found(answer, "Model") == ["622", "621"]
    assert "<ns1:IPAddress><ns1:item><ns1:IP>10.20.0.1</ns1:IP><ns1:IPAddrType>ipv4</ns1:IPAddrType>" in answer.text


def test_soap_action_does_not_matter(typist):
    for action in (
        None,
        "selectCmDevice",
        '"http://schemas.cisco.com/ast/soap/action/#RisPort#SelectCmDeviceExt"',
        "CUCM:DB ver=11.5",
    ):
        assert typist.ris(["SEP001BD4100001"], action=action).status_code == 200


def test_stale_rows_come_from_the_plain_operation_only(typist):
    true = next(row for row in typist.world.registrations if row.name == "SEP001BD4100001")
    typist.world.registrations.append(
        SimRegistration(node="cucm-pub", name=true.name, status="UnRegistered", at=true.at - 9000)
    )
    plain = typist.ris([true.name], operation="selectCmDevice")
    assert sorted(found(plain, "Status")[::1]).count("UnRegistered") == 1
    assert found(plain, "TotalDevicesFound") == ["2"]
    extended = typist.ris([true.name])
    assert nodes_of(extended)["cucm-pub"][0] == "NotFound"
    assert found(extended, "TotalDevicesFound") == ["1"]


@pytest.mark.parametrize("operation", ["selectCmDevice", "selectCmDeviceExt"])
def test_wildcards(typist, operation):
    every = str(len(typist.world.registrations))
    for name in ("", "*"):
        assert found(typist.ris([name], operation=operation), "TotalDevicesFound") == [every]
    assert int(found(typist.ris(["sep001bd410000*"], operation=operation), "TotalDevicesFound")[0]) == 3


def test_the_cap_is_silent(typist):
    typist.world.ris_cap = 10
    assert found(typist.ris([row.name for row in typist.world.registrations]), "TotalDevicesFound") == ["10"]
    assert found(typist.ris([row.name for row in typist.world.registrations], most=4), "TotalDevicesFound") == ["4"]


def test_filters_and_unknown_nodes(typist):
    names = [row.name for row in typist.world.registrations]
    assert set(found(typist.ris(names, model=404), "Model")) == {"404"}
    assert found(typist.ris(names, status="Rejected"), "TotalDevicesFound") == ["0"]
    assert list(nodes_of(typist.ris(names, node="cucm-sub1"))) == ["cucm-sub1"]
    assert found(typist.ris(names, node="nobody"), "ReturnCode") == ["InvalidNodeName"]


def test_state_is_a_change_cursor(typist):
    state = found(typist.ris(["SEP001BD4100001"]), "StateInfo")[0]
    assert "StateId" in state
    again = typist.ris(["SEP001BD4100001"], state=state)
    assert {part[1] for part in nodes_of(again).values()} == {"true"}
    assert found(again, "TotalDevicesFound") == ["0"]


def test_rate_fault(typist):
    typist.world.ris_per_minute = 3
    answers = [typist.ris(["SEP001BD4100001"]) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 500]
    assert "AxisFault: Exceeded allowed rate for Reatime information" in answers[3].text
    assert "Current allowed rate for realtime information is 3 requests per minute." in answers[3].text
    typist.world.faults["ris_rate_status"] = 200
    assert typist.ris(["SEP001BD4100001"]).status_code == 200
    assert Typist(typist.cluster, "cucm-sub1").ris(["SEP001BD4100001"]).text.count("TotalDevicesFound") == 2


def test_silent_nodes_are_said(typist):
    typist.world.node("cucm-sub1").faults["ris_silent"] = True
    typist.world.node("cucm-sub2").services["Cisco RIS Data Collector"].status = "Stopped"
    nodes = nodes_of(typist.ris(["SEP001BD4100001", "SEP001BD4100008"]))
    assert nodes["cucm-sub1"] == ("NodeNotResponding", "false", [])
    assert nodes["cucm-sub2"] == ("NodeNotResponding", "false", [])


def test_requests_that_do_not_fit_the_schema(typist):
    body = typist.ris(["X"]).request.body.decode()
    swapped = body.replace(
        "<n:NodeName></n:NodeName><n:SelectBy>Name</n:SelectBy>",
        "<n:SelectBy>Name</n:SelectBy><n:NodeName></n:NodeName>",
    )
    assert typist.post(RIS, swapped).status_code == 500
    assert typist.post(RIS, body.replace("<n:Protocol>Any</n:Protocol>", "")).status_code == 500
    assert (
        typist.post(
            RIS, body.replace("http://schemas.cisco.com/ast/soap", "http://schemas.cisco.com/ast/soap/")
        ).status_code
        == 500
    )
    assert typist.post(RIS, "<html>").status_code == 500


# ------------------------------------------------------------------------------------------------------ Control Center


def test_services_of_the_node_that_is_asked(typist):
    answer = typist.ast(CONTROL, "soapGetServiceStatus", "<n:ServiceStatus/>")
    names, states = found(answer, "ServiceName"), found(answer, "ServiceStatus")
    assert len(names) == len(states) == len(typist.node.services)
    assert dict(zip(names, states, strict=True))["Cisco CTIManager"] == "Stopped"
    assert (
        "<ns1:ReasonCode>-1068</ns1:ReasonCode><ns1:ReasonCodeString>Service Not Activated</ns1:ReasonCodeString>"
        "<ns1:StartTime/><ns1:UpTime>-1</ns1:UpTime>" in answer.text
    )
    other = Typist(typist.cluster, "cucm-sub1").ast(
        CONTROL, "soapGetServiceStatus", "<n:ServiceStatus>Cisco CTIManager</n:ServiceStatus>"
    )
    assert found(other, "ServiceStatus") == ["Started"]


def test_start_time_and_uptime_agree_in_the_nodes_own_zone(typist):
    typist.node.zone = "America/Mexico_City"
    answer = typist.ast(CONTROL, "soapGetServiceStatus", "<n:ServiceStatus>Cisco Tomcat</n:ServiceStatus>")
    local = dt.datetime.strptime(found(answer, "StartTime")[0], "%a %b %d %H:%M:%S %Y").replace(
        tzinfo=ZoneInfo(typist.node.zone)
    )
    sent = email.utils.parsedate_to_datetime(answer.headers["Date"])
    assert abs((sent - local).total_seconds() - int(found(answer, "UpTime")[0])) <= 2


def test_date_header_is_the_nodes_clock(typist):
    typist.node.clock_offset = -3600.0
    sent = email.utils.parsedate_to_datetime(typist.axl("getCCMVersion").headers["Date"])
    assert 3590 < (dt.datetime.now(dt.UTC) - sent).total_seconds() < 3610


def test_unknown_service_and_product_list(typist):
    answer = typist.ast(CONTROL, "soapGetServiceStatus", "<n:ServiceStatus>No Such</n:ServiceStatus>")
    assert "<ns1:ReasonCode>-1010</ns1:ReasonCode>" in answer.text
    products = typist.ast(CONTROL, "getProductInformationList", "<n:ServiceInfo/>")
    assert found(products, "ActiveServerVersion") == ["12.5.1.14900(63)"]
    assert "true" in found(products, "Deployable")
    assert typist.ast(CONTROL, "soapGetStaticServiceList", "<n:ServiceInformationResponse/>").status_code == 200


@pytest.mark.parametrize("operation", ["soapDoControlServices", "soapDoServiceDeployment", "soapDoControlServicesEx"])
def test_starting_and_stopping_is_refused_and_remembered(typist, operation):
    assert typist.ast(CONTROL, operation, "<n:x/>").status_code == 403
    assert [asked.operation for asked in typist.world.writes()] == [operation]


def test_stopped_tomcat_serves_nothing(typist):
    typist.node.services["Cisco Tomcat"].status = "Stopped"
    with pytest.raises(OSError, match=r"(?i)reset|aborted|EOF|closed"):
        typist.axl("getCCMVersion")


# ------------------------------------------------------------------------------------------------------------- PerfMon


def test_counters_of_any_node(typist):
    typist.world.node("cucm-sub2").replication["state"] = 3
    for path in (PERFMON, PERFMON + "/"):
        answer = typist.ast(
            path, "perfmonCollectCounterData", f"<n:Host>cucm-sub2</n:Host><n:Object>{REPLICATION}</n:Object>"
        )
        assert rf"\\cucm-sub2\{REPLICATION}(ReplicateCount)\Replicate_State" in answer.text
        assert found(answer, "Value") == ["753", "3"]
    for name in ("Cisco Extension Mobility", "Memory", "Partition", "Processor", "Cisco CallManager"):
        assert (
            typist.ast(
                PERFMON, "perfmonCollectCounterData", f"<n:Host>cucm-pub</n:Host><n:Object>{name}</n:Object>"
            ).status_code
            == 200
        )
    assert (
        typist.ast(
            PERFMON, "perfmonCollectCounterData", "<n:Host>nobody</n:Host><n:Object>Memory</n:Object>"
        ).status_code
        == 500
    )


def test_perfmon_rate_fault(typist):
    typist.world.faults["perf_rate"] = True
    answer = typist.ast(PERFMON, "perfmonCollectCounterData", "<n:Host>cucm-pub</n:Host><n:Object>Memory</n:Object>")
    assert answer.status_code == 500
    assert "perfmon information is 80 requests per minute.PerfmonService" in answer.text


# ----------------------------------------------------------------------------------------- certificates, phones' pages


def test_certificate_service_wants_the_platform_account():
    path = "/platformcom/api/v1/certmgr/config/identity/certificate?service=tomcat"
    with Cluster(build("14", phones=8)) as cluster:
        typist = Typist(cluster)
        get = lambda account, url=path: typist.session.get(typist.url(url), auth=account)  # noqa: E731
        assert get(cluster.world.application).status_code == 401
        answer = get(cluster.world.platform)
        assert answer.json()["certificates"][0]["certificate"] == typist.node.certificate.pem
        assert (
            len(get(cluster.world.platform, "/platformcom/api/v1/certmgr/config/snapshot/server").json()["servers"])
            == 4
        )
        assert (
            typist.session.post(
                typist.url("/platformcom/api/v1/certmgr/config/csr"), auth=cluster.world.platform
            ).status_code
            == 403
        )
        assert len(cluster.world.writes()) == 1
    with Cluster(build("12.5", phones=8)) as cluster:
        typist = Typist(cluster)
        assert typist.session.get(typist.url(path), auth=cluster.world.platform).status_code == 404


@pytest.mark.parametrize("tls", [True, False])
def test_em_page(typist, tls):
    page = typist.url("/emapp/EMAppServlet", tls=tls)
    assert (
        "<Text>Login is unavailable(11)</Text>" in typist.session.get(page, params={"device": "SEP000000000000"}).text
    )
    assert "<CiscoIPPhoneInput>" in typist.session.get(page, params={"device": "SEP001BD4100001"}).text
    assert "(207)" in typist.session.get(page).text
    assert typist.session.get(page.replace("EMApp", "emapp")).status_code == 404
    assert typist.world.writes() == []
    typist.node.services["Cisco Extension Mobility"].status = "Stopped"
    assert "(208)" in typist.session.get(page, params={"device": "SEP001BD4100001"}).text
    typist.node.services["Cisco Extension Mobility Application"].status = "Stopped"
    assert typist.session.get(page).status_code == 503


def test_services_page(typist):
    page = typist.url("/ccmcip/getservicesmenu.jsp", tls=False)
    assert "<Name>Extension Mobility</Name>" in typist.session.get(page).text
    typist.node.services["Cisco CallManager Cisco IP Phone Services"].status = "Stopped"
    assert typist.session.get(page).status_code == 503


@pytest.mark.parametrize(
    "query",
    [
        {"device": "SEP001BD4100001", "userid": "a", "seq": "1"},
        {"device": "SEP001BD4100001", "doLogout": "true"},
        {"SEQ": "1"},
    ],
)
def test_logging_in_and_out_is_remembered(typist, query):
    typist.session.get(typist.url("/emapp/EMAppServlet"), params=query)
    assert len(typist.world.writes()) == 1
    typist.session.post(typist.url("/emservice/EMServiceServlet"), data={"xml": "<request/>"})
    assert len(typist.world.writes()) == 2


def test_plain_http_has_no_soap(typist):
    assert typist.session.post(typist.url("/axl/", tls=False), auth=typist.account).status_code == 404
