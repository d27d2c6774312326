"""Clients that start from the description at ``?wsdl``, as public ones do: zeep, strict, with what a node hands out."""

import re

import pytest
import requests
from zeep import Client, Settings
from zeep.exceptions import Fault
from zeep.transports import Transport

from cucm_audit.simulator import Cluster, build
from cucm_audit.simulator.asked import WRITERS

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")

NAMESPACE = "{http://schemas.cisco.com/ast/soap}"
RIS = "/realtimeservice2/services/RISService70"
CONTROL_CENTER = "/controlcenterservice2/services/ControlCenterServices"
PERFMON = "/perfmonservice2/services/PerfmonService"
CRITERIA = {
    "MaxReturnedDevices": 1000,
    "DeviceClass": "Phone",
    "Model": 255,
    "Status": "Any",
    "NodeName": "",
    "SelectBy": "Name",
    "SelectItems": {"item": [{"Item": "*"}]},
    "Protocol": "Any",
    "DownloadStatus": "Any",
}


@pytest.fixture(scope="module")
def cluster():
    with Cluster(build("14")) as running:
        yield running


@pytest.fixture(scope="module")
def service(cluster):
    """Return a service by its path and binding, made from the node's own description."""
    session = requests.Session()
    session.verify, session.trust_env, session.auth = False, False, cluster.world.application
    node = cluster.world.publisher

    def made(path, binding):
        place = f"https://{node.at}:{node.https_port}{path}"
        client = Client(f"{place}?wsdl", transport=Transport(session=session), settings=Settings(strict=True))
        return client.create_service(f"{NAMESPACE}{binding}", place)

    made.session, made.place = session, f"https://{node.at}:{node.https_port}"
    return made


def devices(answer):
    nodes = answer["SelectCmDeviceResult"]["CmNodes"]["item"]
    return [device for node in nodes if node["CmDevices"] for device in node["CmDevices"]["item"]]


def test_ris(service, cluster):
    ris = service(RIS, "RisBinding")
    every = devices(ris.selectCmDevice("", CRITERIA))
    assert {device.Name for device in every} == {
        row.name for row in cluster.world.registrations if row.device_class == "Phone"
    }
    assert every[0].IPAddress.item[0].IPAddrType == "ipv4"
    assert every[0].LinesStatus is None or every[0].LinesStatus.item[0].DirectoryNumber
    names = [device.Name for device in every[:3]]
    for items in ([{"Item": name} for name in names], [{"Item": ",".join(names)}], names):
        found = devices(
            ris.selectCmDeviceExt(StateInfo="", CmSelectionCriteria=CRITERIA | {"SelectItems": {"item": items}})
        )
        assert sorted(device.Name for device in found) == sorted(names)


def test_cti(service):
    criteria = {
        "MaxReturnedItems": 100,
        "CtiMgrClass": "Provider",
        "Status": "Any",
        "NodeName": "",
        "SelectAppBy": "AppId",
        "AppItems": {"item": [{"AppItem": "*"}]},
        "DevNames": {"item": []},
        "DirNumbers": {"item": []},
    }
    told = service(RIS, "RisBinding").selectCtiItem(StateInfo="", CtiSelectionCriteria=criteria)
    assert told.SelectCtiItemResult.TotalItemsFound == 0
    assert [node.ReturnCode for node in told.SelectCtiItemResult.CtiNodes.item] == ["NotFound"] * 3


def test_uds_tells_the_release_before_anybody_signs_in(service):
    page = requests.get(f"{service.place}/cucm-uds/version", verify=False, timeout=5)
    assert page.status_code == 200
    assert '<versionInformation uri="https://' in page.text
    assert 'version="14.0.1"' in page.text


def test_control_center(service, cluster):
    control = service(CONTROL_CENTER, "ControlCenterServicesBinding")
    status = control.soapGetServiceStatus("")
    assert status.ReturnCode._value_1 == "0"
    services = cluster.world.publisher.services
    assert {item.ServiceName for item in status.ServiceInfoList.item} == set(services)
    assert [item.ServiceStatus for item in control.soapGetServiceStatus(["Cisco Tomcat"]).ServiceInfoList.item]
    assert len(control.getProductInformationList("").Services.item) == len(services)
    assert len(control.soapGetStaticServiceList("").item) == len(services)


def test_perfmon(service):
    perfmon = service(PERFMON, "PerfmonBinding")
    (first, *_) = perfmon.perfmonCollectCounterData(Host="cucm-pub", Object="Memory")
    assert first.Name._value_1 == "\\\\cucm-pub\\Memory\\% Mem Used"
    instances = perfmon.perfmonListInstance(Host="cucm-pub", Object="Processor")
    assert [instance.Name._value_1 for instance in instances] == ["0", "1", "_Total"]
    objects = {known.Name._value_1: known for known in perfmon.perfmonListCounter(Host="cucm-pub")}
    assert objects["Processor"].MultiInstance
    assert not objects["Memory"].MultiInstance
    assert objects["Memory"].ArrayOfCounter.item[0].Name._value_1 == "% Mem Used"
    with pytest.raises(Fault):
        perfmon.perfmonCollectCounterData(Host="nobody", Object="Memory")


def test_perfmon_session(service):
    """As Cisco's own sample does it: open, add, collect, close."""
    perfmon = service(PERFMON, "PerfmonBinding")
    handle = perfmon.perfmonOpenSession()
    names = ["\\\\cucm-pub\\Processor(_Total)\\% CPU Time", "\\\\cucm-sub1\\Memory\\% Mem Used"]
    counters = {"Counter": [{"Name": name} for name in [*names, "\\\\cucm-pub\\Nothing\\at all"]]}
    perfmon.perfmonAddCounter(SessionHandle=handle, ArrayOfCounter=counters)
    told = {
        row.Name._value_1: (row.Value, row.CStatus) for row in perfmon.perfmonCollectSessionData(SessionHandle=handle)
    }
    assert [told[name] for name in names] == [(12, 1), (61, 1)]
    assert told["\\\\cucm-pub\\Nothing\\at all"][1] == 2
    perfmon.perfmonRemoveCounter(SessionHandle=handle, ArrayOfCounter={"Counter": [{"Name": names[0]}]})
    left = perfmon.perfmonCollectSessionData(SessionHandle=handle)
    assert [row.Name._value_1 for row in left] == [names[1], counters["Counter"][2]["Name"]]
    assert "CPU Time" in perfmon.perfmonQueryCounterDescription(Counter=names[0])
    perfmon.perfmonCloseSession(SessionHandle=handle)
    with pytest.raises(Fault, match="session handle"):
        perfmon.perfmonCollectSessionData(SessionHandle=handle)


@pytest.mark.parametrize("path", [RIS, CONTROL_CENTER, PERFMON])
def test_a_description_is_for_those_who_sign_in_and_offers_no_change(service, path):
    assert requests.get(f"{service.place}{path}?wsdl", verify=False, timeout=5).status_code == 401
    text = service.session.get(f"{service.place}{path}?wsdl").text
    operations = re.findall(r'<operation name="(\w+)"', text)
    assert operations
    assert not [name for name in operations if WRITERS.match(name)]
    assert f"https://localhost:8443{path}" in text
