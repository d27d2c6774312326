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


@pytest.mark.parametrize("path", [RIS, CONTROL_CENTER, PERFMON])
def test_a_description_is_for_those_who_sign_in_and_offers_no_change(service, path):
    assert requests.get(f"{service.place}{path}?wsdl", verify=False, timeout=5).status_code == 401
    text = service.session.get(f"{service.place}{path}?wsdl").text
    operations = re.findall(r'<operation name="(\w+)"', text)
    assert operations
    assert not [name for name in operations if WRITERS.match(name)]
    assert f"https://localhost:8443{path}" in text
