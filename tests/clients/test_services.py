"""Control Center, PerfMon and the certificate interface: strict by name, never a default."""

import pytest
import responses
from lxml import etree

from cucm_audit.clients import ClientError
from cucm_audit.clients.certificates import Certificates
from cucm_audit.clients.guard import CONTROL_CENTER_PATH, PERFMON_PATH, Journal
from cucm_audit.clients.services import Services
from cucm_audit.model import Node, Reason
from cucm_audit.secrets import Account, Secret

AST = "http://schemas.cisco.com/ast/soap"
NODE = Node(name="sub1", address="10.9.8.7", role=None)
CONTROL = f"https://10.9.8.7:8443{CONTROL_CENTER_PATH}"
PERFMON = f"https://10.9.8.7:8443{PERFMON_PATH}"


def envelope(inner: str) -> bytes:
    return (
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
        f"{inner}</soapenv:Body></soapenv:Envelope>"
    ).encode()


def service(name="Cisco Tomcat", status="Started", code="-1", reason=" ", start="Mon Jun 17 06:02:11 2024", up="8000"):
    return (
        f"<a:item><a:ServiceName>{name}</a:ServiceName><a:ServiceStatus>{status}</a:ServiceStatus>"
        f"<a:ReasonCode>{code}</a:ReasonCode><a:ReasonCodeString>{reason}</a:ReasonCodeString>"
        f"<a:StartTime>{start}</a:StartTime><a:UpTime>{up}</a:UpTime></a:item>"
    )


def status(items: str, code: str = "0") -> bytes:
    return envelope(
        f'<a:soapGetServiceStatusResponse xmlns:a="{AST}"><a:soapGetServiceStatusReturn>'
        f"<a:ReturnCode>{code}</a:ReturnCode>"
        f"<a:ReasonCode>-1</a:ReasonCode><a:ReasonString>why</a:ReasonString><a:ServiceInfoList>{items}</a:ServiceInfoList>"
        "</a:soapGetServiceStatusReturn></a:soapGetServiceStatusResponse>"
    )


def counters(*rows: tuple[str, str, str]) -> bytes:
    items = "".join(
        f"<a:perfmonCollectCounterDataReturn><a:Name>{name}</a:Name><a:Value>{value}</a:Value><a:CStatus>{cstatus}</a:CStatus>"
        "</a:perfmonCollectCounterDataReturn>"
        for name, value, cstatus in rows
    )
    return envelope(
        f'<a:perfmonCollectCounterDataResponse xmlns:a="{AST}">{items}</a:perfmonCollectCounterDataResponse>'
    )


def fault(text: str) -> bytes:
    return envelope(
        f"<soapenv:Fault><faultcode>ns1:Server.RateControl</faultcode><faultstring>{text}</faultstring></soapenv:Fault>"
    )


class NoPins:
    def tls(self, address: str, port: int) -> str | None:
        return None


def services(waits: list[float] | None = None) -> Services:
    account = Account(user="axl", password=Secret("geheim-geheim"))
    return Services(NODE, account, NoPins(), Journal(), sleep=(waits if waits is not None else []).append)


def fails(call, reason) -> ClientError:
    with pytest.raises(ClientError) as caught:
        call()
    assert caught.value.reason is reason, caught.value
    assert caught.value.node == "sub1"
    return caught.value


@responses.activate
def test_every_service_is_asked_with_one_empty_element():
    body = status(service() + service("Cisco Tftp", "Stopped", "-1068", "Service Not Activated ", "", "-1"))
    call = responses.post(CONTROL, body=body, headers={"Date": "Mon, 17 Jun 2024 06:02:11 GMT"})
    client = services()
    answer = client.service_status()
    assert answer.services == (
        {
            "ServiceName": "Cisco Tomcat",
            "ServiceStatus": "Started",
            "ReasonCode": "-1",
            "ReasonCodeString": " ",
            "StartTime": "Mon Jun 17 06:02:11 2024",
            "UpTime": "8000",
        },
        {
            "ServiceName": "Cisco Tftp",
            "ServiceStatus": "Stopped",
            "ReasonCode": "-1068",
            "ReasonCodeString": "Service Not Activated ",
            "StartTime": "",
            "UpTime": "-1",
        },
    )
    assert answer.date.isoformat() == "2024-06-17T06:02:11+00:00"
    request = call.calls[0].request
    assert request.headers["SOAPAction"] == '"soapGetServiceStatus"'
    operation = etree.fromstring(request.body)[-1][0]
    assert [(part.tag, part.text) for part in operation] == [(f"{{{AST}}}ServiceStatus", None)]
    assert "Authorization" not in request.headers  # taken off again when it was sent
    assert client.requests == 1


@responses.activate
def test_no_date_is_no_date():
    responses.post(CONTROL, body=status(service()))
    assert services().service_status().date is None


@pytest.mark.parametrize(
    "body",
    [
        status(service(), code="1"),
        status(service(), code=""),
        status(service()).replace(b"ReturnCode", b"Code"),
        status(service()).replace(b"ServiceInfoList", b"List"),
        status(service(name="")),
        status(service(status="")),
        status(service()).replace(b"a:ServiceStatus>", b"a:Status>"),
        status(service() + "<a:other/>"),
        status(service()).replace(b"soapGetServiceStatusReturn", b"x"),
        status(service()).replace(b"soapGetServiceStatusResponse", b"y"),
        status(service()).replace(AST.encode(), b"urn:x"),
        b"<!DOCTYPE x>" + status(service()),
        status(service("A") + service("A")).replace(
            b"<a:ServiceName>A", b"<a:ServiceName>B</a:ServiceName><a:ServiceName>A", 1
        ),
    ],
)
@responses.activate
def test_what_is_not_whole_is_malformed(body):
    responses.post(CONTROL, body=body)
    fails(services().service_status, Reason.MALFORMED)


@responses.activate
def test_unknown_members_and_another_order_do_no_harm():
    item = (
        "<a:item><a:UpTimeString>x</a:UpTimeString><a:ServiceStatus>Starting</a:ServiceStatus>"
        "<a:ServiceName>A</a:ServiceName></a:item>"
    )
    responses.post(CONTROL, body=status(item))
    (row,) = services().service_status().services
    assert (row["ServiceName"], row["ServiceStatus"], row["UpTime"]) == ("A", "Starting", "")


@pytest.mark.parametrize(
    ("code", "body", "reason"),
    [
        (401, b"", Reason.AUTH_FAILED),
        (403, b"", Reason.PERMISSION_DENIED),
        (404, b"", Reason.SERVICE_NOT_ACTIVATED),
        (503, b"", Reason.THROTTLED),
        (200, b"", Reason.NOT_SOAP),
        (200, b"<html><body/></html>", Reason.NOT_SOAP),
        (302, b"", Reason.REDIRECTED),
        (500, fault("boom"), Reason.MALFORMED),
        (200, status(service())[:-30], Reason.TRUNCATED),
    ],
)
@responses.activate
def test_statuses(code, body, reason):
    responses.post(CONTROL, body=body, status=code)
    fails(services().service_status, reason)


@responses.activate
def test_the_rate_limit_is_waited_for_and_not_for_ever():
    words = (
        "Exceeded allowed rate for Perfmon information. Current allowed rate for perfmon information is 80 requests per"
        " minute.PerfmonService"
    )
    waits: list[float] = []
    responses.post(PERFMON, body=fault(words), status=500)
    responses.post(PERFMON, body=counters((r"\\sub1\Memory\% Mem Used", "63", "1")))
    assert services(waits).perf("sub1", "Memory")[0].value == 63
    assert waits == [10.0]
    responses.reset()
    responses.post(PERFMON, body=fault(words), status=500)
    client = services()
    assert "80 requests" in fails(lambda: client.perf("sub1", "Memory"), Reason.THROTTLED).detail
    assert client.requests == 4


@responses.activate
def test_counters():
    call = responses.post(
        PERFMON,
        body=counters(
            (r"\\sub1\Partition(Common)\% Used", "41", "0"),
            (r"\\sub1\Partition(a(b)\c)\% Used", "-7", "1"),
            (r"\\sub1\Partition\Login/Logout", "0", "2"),
        ),
    )
    got = services().perf("sub1", "Partition")
    assert [(c.object, c.instance, c.counter, c.value, c.status) for c in got] == [
        ("Partition", "Common", "% Used", 41, 0),
        ("Partition", r"a(b)\c", "% Used", -7, 1),
        ("Partition", "", "Login/Logout", 0, 2),
    ]
    operation = etree.fromstring(call.calls[0].request.body)[-1][0]
    assert [(etree.QName(part).localname, part.text) for part in operation] == [
        ("Host", "sub1"),
        ("Object", "Partition"),
    ]


@responses.activate
def test_an_object_without_counters_is_empty():
    responses.post(PERFMON, body=counters())
    assert services().perf("sub1", "Memory") == ()


@pytest.mark.parametrize(
    "row",
    [
        (r"\\sub1\Processor\% CPU", "1", "1"),
        (r"sub1\Memory\% Mem Used", "1", "1"),
        (r"\\sub1\Memory", "1", "1"),
        (r"\\sub1\Memory\x", "many", "1"),
        (r"\\sub1\Memory\x", "", "1"),
        (r"\\sub1\Memory\x", "1", ""),
        ("", "1", "1"),
    ],
)
@responses.activate
def test_counters_that_cannot_be_read_are_malformed(row):
    responses.post(PERFMON, body=counters(row))
    fails(lambda: services().perf("sub1", "Memory"), Reason.MALFORMED)


@responses.activate
def test_product_information():
    item = (
        "<a:item><a:ServiceName>Cisco Tftp</a:ServiceName><a:ServiceType>Service</a:ServiceType>"
        "<a:Deployable>true</a:Deployable>"
        "<a:GroupName>CM Services</a:GroupName><a:ProductID>CallManager</a:ProductID></a:item>"
    )
    body = envelope(
        f'<a:getProductInformationListResponse xmlns:a="{AST}"><a:getProductInformationListReturn>'
        "<a:ActiveServerVersion>12.5.1.14900-63</a:ActiveServerVersion><a:PrimaryNode>pub1</a:PrimaryNode><a:SecondaryNode/>"
        f"<a:Products/><a:Services>{item}</a:Services></a:getProductInformationListReturn></a:getProductInformationListResponse>"
    )
    responses.post(CONTROL, body=body)
    got = services().product_information()
    assert (got.active_version, got.primary_node, got.secondary_node) == ("12.5.1.14900-63", "pub1", "")
    assert got.services[0]["Deployable"] == "true"
    responses.reset()
    responses.post(CONTROL, body=body.replace(b"a:Deployable", b"a:D"))
    fails(services().product_information, Reason.MALFORMED)


# ------------------------------------------------------------------------------------------------------- certificates

CERTMGR = "https://10.9.8.7:8443/platformcom/api/v1/certmgr/config/"


def certificates() -> Certificates:
    return Certificates(NODE, Account(user="os", password=Secret("geheim-geheim")), NoPins(), Journal())


@responses.activate
def test_certificates_are_read_with_get():
    call = responses.get(CERTMGR + "identity/certificate?service=tomcat", json={"certificates": []})
    assert certificates().get("identity") == {"certificates": []}
    assert call.calls[0].request.method == "GET"


@pytest.mark.parametrize(
    ("code", "body", "reason"),
    [
        (404, "", Reason.SERVICE_NOT_ACTIVATED),
        (403, "", Reason.PERMISSION_DENIED),
        (401, "", Reason.AUTH_FAILED),
        (302, "", Reason.REDIRECTED),
        (200, "<html/>", Reason.MALFORMED),
        (500, "", Reason.MALFORMED),
    ],
)
@responses.activate
def test_certificates_that_cannot_be_read(code, body, reason):
    responses.get(CERTMGR + "snapshot/server", body=body, status=code)
    fails(lambda: certificates().get("snapshot"), reason)
