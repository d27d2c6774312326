"""RIS: what is asked, at what pace, and that a cut or silent answer is never taken for "not registered"."""

import re
from xml.sax.saxutils import escape

import pytest
from lxml import etree

from cucm_audit.clients import ClientError
from cucm_audit.clients.guard import RIS_PATH, Journal
from cucm_audit.clients.pace import Pace
from cucm_audit.clients.ris import Ris
from cucm_audit.model import Reason
from cucm_audit.secrets import Account, Secret
from tests.clients.http_node import Answer, HttpNode, certificate

AST = "http://schemas.cisco.com/ast/soap"
NIL = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="1"'
MEMBERS = [
    "DirNumber",
    "DeviceClass",
    "Model",
    "Product",
    "BoxProduct",
    "Httpd",
    "RegistrationAttempts",
    "IsCtiControllable",
    "LoginUserId",
    "Status",
    "StatusReason",
    "PerfMonObject",
    "DChannel",
    "Description",
    "H323Trunk",
    "TimeStamp",
    "Protocol",
    "NumOfLines",
    "LinesStatus",
    "ActiveLoadID",
    "InactiveLoadID",
    "DownloadStatus",
    "DownloadFailureReason",
    "DownloadServer",
    "IPAddress",
]
VALUES = {
    "Status": "Registered",
    "StatusReason": "0",
    "Model": "621",
    "TimeStamp": "1718600000",
    "ActiveLoadID": "sip78xx.12-5-1SR3-74",
    "LinesStatus": "<ns1:item><ns1:DirectoryNumber>0012</ns1:DirectoryNumber>"
    "<ns1:Status>Registered</ns1:Status></ns1:item>",
    "IPAddress": "<ns1:item><ns1:IP>10.0.0.1</ns1:IP><ns1:IPAddrType>ipv4</ns1:IPAddrType><ns1:Attribute>Adminstrative"
    "</ns1:Attribute></ns1:item><ns1:item><ns1:IP>10.0.0.7</ns1:IP><ns1:IPAddrType>ipv4</ns1:IPAddrType>"
    "<ns1:Attribute>AdministrativeAndSignaling</ns1:Attribute></ns1:item>",
}


def device(name: str, **values: str | None) -> str:
    members = {member: VALUES.get(member, "") for member in MEMBERS} | values
    cells = "".join(
        f"<ns1:{key} {NIL}/>" if value == "NIL" else f"<ns1:{key}>{value}</ns1:{key}>"
        for key, value in members.items()
        if value is not None
    )
    return f"<ns1:item><ns1:Name>{escape(name)}</ns1:Name>{cells}</ns1:item>"


def node(name: str, devices: str, code: str = "Ok", no_change: str = "false") -> str:
    inner = f"<ns1:CmDevices>{devices}</ns1:CmDevices>" if devices else f"<ns1:CmDevices {NIL}/>"
    return (
        f"<ns1:item><ns1:ReturnCode>{code}</ns1:ReturnCode><ns1:Name>{name}</ns1:Name>"
        f"<ns1:NoChange>{no_change}</ns1:NoChange>{inner}</ns1:item>"
    )


def reply(total: int | str, nodes: str, element: str = "selectCmDeviceResponse") -> Answer:
    list_ = f"<ns1:CmNodes>{nodes}</ns1:CmNodes>" if nodes else f"<ns1:CmNodes {NIL}/>"
    return Answer(
        body=(
            '<?xml version="1.0"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
            f'<ns1:{element} xmlns:ns1="{AST}"><ns1:selectCmDeviceReturn><ns1:SelectCmDeviceResult>'
            f"<ns1:TotalDevicesFound>{total}</ns1:TotalDevicesFound>{list_}</ns1:SelectCmDeviceResult><ns1:StateInfo/>"
            f"</ns1:selectCmDeviceReturn></ns1:{element}></soapenv:Body></soapenv:Envelope>"
        ).encode()
    )


def throttle(status: int = 500, number: int = 15) -> Answer:
    text = (
        "AxisFault: Exceeded allowed rate for Reatime information. Current allowed rate for realtime information is"
        f" {number} requests per minute."
    )
    return soap_fault(text, status)


def soap_fault(text: str, status: int = 500) -> Answer:
    body = (
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><soapenv:Fault>'
        f"<faultcode>ns1:Server.RateControl</faultcode><faultstring>{text}</faultstring><detail/></soapenv:Fault>"
        "</soapenv:Body></soapenv:Envelope>"
    )
    return Answer(status=status, body=body.encode())


def names_in(asked) -> list[str]:
    return [item.text for item in etree.fromstring(asked.body).iter(f"{{{AST}}}Item")]


class Clock:
    """Time that passes only by waiting."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture(scope="module")
def pem(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("tls"), "pub1")


@pytest.fixture
def connect(pem):
    nodes = []

    def start(answer, **rest) -> Ris:
        server = HttpNode(answer if callable(answer) else lambda asked: answer, pem)
        nodes.append(server)
        clock = Clock()
        options = {"per_minute": 15, "chunk": 1000, "clock": clock, "sleep": clock.sleep, **rest}
        account = Account(user="axl", password=Secret("geheim-geheim"))
        ris = Ris(server.node, account, server.pins, Journal(), **options)
        ris.server, ris.clock = server, clock
        return ris

    yield start
    for server in nodes:
        server.close()


def everything(asked, cap: int = 10_000) -> Answer:
    names = names_in(asked)[:cap]
    return reply(len(names), node("sub1", "".join(device(name) for name in names)))


def fails(ris, reason, names=("SEP000000000001",)) -> ClientError:
    with pytest.raises(ClientError) as caught:
        list(ris.devices(names))
    assert caught.value.reason is reason, caught.value
    return caught.value


# ------------------------------------------------------------------------------------------------------------ request


def test_the_request_has_every_member_in_the_order_of_the_schema(connect):
    ris = connect(everything)
    list(ris.devices(["sep00112233AABB", "SEP00112233aabb", "CIPC<1>&"]))
    asked = ris.server.asked[0]
    assert asked.target == RIS_PATH
    assert asked.headers["soapaction"] == '"selectCmDeviceExt"'
    operation = etree.fromstring(asked.body)[-1][0]
    assert operation.tag == f"{{{AST}}}selectCmDeviceExt"
    assert [(etree.QName(part).localname, part.text) for part in operation] == [
        ("StateInfo", None),
        ("CmSelectionCriteria", None),
    ]
    assert [(etree.QName(part).localname, part.text) for part in operation[1]] == [
        ("MaxReturnedDevices", "1000"),
        ("DeviceClass", "Any"),
        ("Model", "255"),
        ("Status", "Any"),
        ("NodeName", None),
        ("SelectBy", "Name"),
        ("SelectItems", None),
        ("Protocol", "Any"),
        ("DownloadStatus", "Any"),
    ]
    assert all(etree.QName(part).namespace == AST for part in operation.iter())
    assert names_in(asked) == ["SEP00112233AABB", "CIPC<1>&"]
    assert [etree.QName(part).localname for part in operation[1][6]] == ["item", "item"]


def test_names_go_in_chunks_and_none_twice(connect):
    ris = connect(everything, chunk=200)
    names = [f"SEP{n:012X}" for n in range(450)]
    answers = list(ris.devices(names + names[:10]))
    assert [len(answer.asked) for answer in answers] == [200, 200, 50]
    assert [name for asked in ris.server.asked for name in names_in(asked)] == names
    assert ris.requests == 3


@pytest.mark.parametrize("name", ["", "SEP*", "SEP%", "?", "A,B", "SEP\n"])
def test_wildcards_are_not_names(connect, name):
    ris = connect(everything)
    fails(ris, Reason.MALFORMED, [name])
    assert ris.requests == 0


def test_no_names_no_request(connect):
    ris = connect(everything)
    assert list(ris.devices([])) == []
    assert ris.requests == 0


# ------------------------------------------------------------------------------------------------------------ answers


def test_a_device_with_everything(connect):
    ris = connect(
        reply(
            1,
            node("sub1", device("SEP000000000001", LoginUserId="NIL", DownloadStatus=None))
            + node("sub2", "", "NotFound"),
        )
    )
    (answer,) = ris.devices(["SEP000000000001"])
    assert answer.total_found == 1
    assert [(n.name, n.return_code, n.no_change, len(n.devices)) for n in answer.nodes] == [
        ("sub1", "Ok", False, 1),
        ("sub2", "NotFound", False, 0),
    ]
    got = answer.nodes[0].devices[0]
    assert got["Name"] == "SEP000000000001"
    assert got["IPAddress"] == "10.0.0.7"
    assert got["LoginUserId"] == ""
    assert got["DownloadStatus"] == ""
    assert got["ActiveLoadID"] == "sip78xx.12-5-1SR3-74"
    assert all(isinstance(value, str) for value in got.values())


@pytest.mark.parametrize(
    ("cell", "address"),
    [
        ("", ""),
        ("NIL", ""),
        ("<ns1:item><ns1:IP>10.0.0.1</ns1:IP><ns1:Attribute>Unknown</ns1:Attribute></ns1:item>", "10.0.0.1"),
        ("<ns1:item><ns1:IP>10.0.0.1</ns1:IP></ns1:item>", "10.0.0.1"),
        ("10.0.0.5", "10.0.0.5"),
        (None, ""),
    ],
)
def test_addresses(connect, cell, address):
    ris = connect(reply(1, node("sub1", device("A", IPAddress=cell))))
    assert next(ris.devices(["A"])).nodes[0].devices[0]["IPAddress"] == address


def test_the_order_of_members_does_not_matter(connect):
    swapped = (
        device("A")
        .replace("<ns1:Status>Registered</ns1:Status>", "")
        .replace("</ns1:Name>", "</ns1:Name><ns1:Extra>x</ns1:Extra><ns1:Status>Rejected</ns1:Status>")
    )
    ris = connect(reply(1, node("sub1", swapped)))
    assert next(ris.devices(["A"])).nodes[0].devices[0]["Status"] == "Rejected"


def test_nothing_found_in_both_styles(connect):
    for nodes in ("", node("sub1", "", "NotFound")):
        ris = connect(reply(0, nodes))
        (answer,) = ris.devices(["A"])
        assert answer.total_found == 0
        assert answer.asked == ("A",)
        assert all(n.devices == () for n in answer.nodes)


def test_a_silent_node_and_no_change_are_handed_up(connect):
    ris = connect(
        reply(1, node("sub1", device("A")) + node("sub2", "", "NodeNotResponding") + node("sub3", "", "Ok", "true"))
    )
    (answer,) = ris.devices(["A", "B"])
    assert [(n.return_code, n.no_change) for n in answer.nodes] == [
        ("Ok", False),
        ("NodeNotResponding", False),
        ("Ok", True),
    ]


@pytest.mark.parametrize("inner", [b"selectCmDeviceReturn", b"selectCmDeviceExtReturn"])
def test_an_answer_that_is_named_after_its_operation(connect, inner):
    answer = reply(1, node("sub1", device("A")), element="selectCmDeviceExtResponse")
    ris = connect(Answer(body=answer.body.replace(b"selectCmDeviceReturn", inner)))
    (told,) = ris.devices(["A"])
    assert [device["Name"] for device in told.nodes[0].devices] == ["A"]


@pytest.mark.parametrize(
    "answer",
    [
        reply(2, node("sub1", device("A"))),
        reply(1, ""),
        reply(1, node("sub1", "")),
        reply("", ""),
        reply("-1", ""),
        reply(1, node("sub1", device("A")), element="selectCtiItemResponse"),
        reply(1, node("sub1", device("A")), element="selectCmDevice"),
        Answer(body=reply(1, node("sub1", device("A"))).body.replace(b"selectCmDeviceReturn", b"return")),
        Answer(
            body=reply(0, "").body.replace(
                b"</ns1:selectCmDeviceResponse>", b"<ns1:selectCmDeviceReturn/></ns1:selectCmDeviceResponse>"
            )
        ),
        reply(1, node("sub1", device("A", Status=""))),
        reply(1, node("sub1", device("A", Status=None))),
        reply(1, node("sub1", device("A", StatusReason=None))),
        reply(1, node("sub1", device("A", ActiveLoadID=None))),
        reply(1, node("sub1", device(""))),
        reply(1, node("", device("A"))),
        reply(1, node("sub1", device("A"), code="")),
        reply(1, node("sub1", device("A") + "<ns1:device/>")),
        reply(0, "<ns1:node/>"),
        Answer(body=reply(0, "").body.replace(b"TotalDevicesFound", b"Total")),
        Answer(body=reply(1, node("sub1", device("A"))).body.replace(b"CmDevices", b"Devices")),
        Answer(body=reply(0, "").body.replace(AST.encode(), b"urn:x")),
        Answer(body=b"<!DOCTYPE x>" + reply(0, "").body),
    ],
)
def test_what_is_not_whole_is_malformed(connect, answer):
    fails(connect(answer), Reason.MALFORMED)


def again(found: str, name: str) -> str:
    """A device that has a member twice."""
    return re.sub(rf"<ns1:{name}>.*?</ns1:{name}>", lambda member: member[0] * 2, found, count=1)


@pytest.mark.parametrize(
    "devices",
    [
        again(device("A"), "Status"),
        again(device("A"), "Product"),  # which no fact reads
        again(device("A"), "IPAddress"),
        again(device("A"), "IP"),
        device("A") + again(device("B"), "Status"),
        device("A", Description="") + again(device("B"), "TimeStamp") + device("C"),
        device("A") + device("B", Status="NIL"),
        device("A") + device("B", Status="<ns1:item>Registered</ns1:item>"),
        device("A") + device("B", Status="Registered<ns1:item/>"),
        device("A").replace("<ns1:Status>", f"<ns1:Status {NIL}>"),
        device("A") + device("B", TimeStamp=None),
        device("A").replace("</ns1:Name>", "</ns1:Name><x:Status xmlns:x='urn:x'>Rejected</x:Status>"),
    ],
)
def test_a_member_that_is_missing_or_there_twice_is_malformed_wherever_the_device_stands(connect, devices):
    fails(connect(reply(devices.count("<ns1:Name>"), node("sub1", devices))), Reason.MALFORMED)


def test_devices_of_one_answer_may_have_their_members_at_different_places(connect):
    plain = device("A", Status="UnRegistered")
    swapped = device("B").replace("<ns1:Status>Registered</ns1:Status>", "")
    swapped = swapped.replace("</ns1:Name>", "</ns1:Name><!-- x --><ns1:Status>Rejected</ns1:Status>")
    lists = again(device("C", Status="Registered"), "LinesStatus")
    shorter = device("D", Model=None)
    ris = connect(reply(5, node("sub1", plain + swapped + lists + shorter + device("E", Status="Unknown"))))
    (answer,) = ris.devices(list("ABCDE"))
    assert [(one["Name"], one["Status"], one["Model"], one["IPAddress"]) for one in answer.nodes[0].devices] == [
        ("A", "UnRegistered", "621", "10.0.0.7"),
        ("B", "Rejected", "621", "10.0.0.7"),
        ("C", "Registered", "621", "10.0.0.7"),
        ("D", "Registered", "", "10.0.0.7"),
        ("E", "Unknown", "621", "10.0.0.7"),
    ]


def test_a_cut_answer_is_truncated(connect):
    body = reply(1, node("sub1", device("A"))).body
    for length in (len(body) - 5, len(body) // 2, 200):
        fails(connect(Answer(body=body[:length])), Reason.TRUNCATED)


def test_a_web_page_and_missing_rights(connect):
    fails(connect(Answer(body=b"<html/>")), Reason.NOT_SOAP)
    fails(connect(Answer(body=b"")), Reason.NOT_SOAP)
    fails(connect(Answer(status=403)), Reason.PERMISSION_DENIED)
    fails(connect(Answer(status=401)), Reason.AUTH_FAILED)


# -------------------------------------------------------------------------------------------------- silent truncation


def test_an_answer_that_stops_at_a_known_cap_is_asked_again_in_halves(connect):
    ris = connect(lambda asked: everything(asked, cap=200))
    names = [f"SEP{n:012X}" for n in range(700)]
    answers = list(ris.devices(names))
    got = {one["Name"] for answer in answers for n in answer.nodes for one in n.devices}
    assert got == set(names)
    assert sum(len(answer.asked) for answer in answers) == 700


def test_an_answer_with_every_name_is_not_asked_again(connect):
    for count in (200, 1000):
        ris = connect(everything)
        list(ris.devices([f"SEP{n:012X}" for n in range(count)]))
        assert ris.requests == 1


def test_the_older_operation_is_used_when_the_newer_one_is_unknown(connect):
    def answer(asked):
        if b"selectCmDeviceExt" in asked.body:
            return soap_fault("The endpoint reference (EPR) for the Operation not found is selectCmDeviceExt")
        return everything(asked)

    ris = connect(answer)
    (got,) = ris.devices(["A", "B"])
    assert got.total_found == 2
    assert ris.server.asked[1].headers["soapaction"] == '"selectCmDevice"'
    list(ris.devices(["C"]))
    assert ris.requests == 3


def test_the_older_operation_is_halved_at_its_limit_because_a_phone_may_come_twice(connect):
    def answer(asked):
        if b"selectCmDeviceExt" in asked.body:
            return soap_fault("No such operation")
        rows = [device(name) for name in names_in(asked) for _ in (1, 2)][:4]
        return reply(len(rows), node("sub1", "".join(rows)))

    ris = connect(answer, chunk=4)
    got = {one["Name"] for a in ris.devices(["A", "B", "C", "D"]) for n in a.nodes for one in n.devices}
    assert got == {"A", "B", "C", "D"}


# ------------------------------------------------------------------------------------------------------- pace, faults


def busiest_minute(times: list[float]) -> int:
    return max(sum(1 for other in times if start <= other < start + 60) for start in times)


@pytest.mark.parametrize(
    ("per_minute", "pace", "most"), [(15, 2 / 3, 10), (15, 1.0, 15), (18, 2 / 3, 12), (1, 2 / 3, 1), (3, 1.0, 3)]
)
def test_no_minute_holds_more_than_the_allowance(per_minute, pace, most):
    clock = Clock()
    gate, times = Pace(per_minute, pace, clock=clock), []
    for _ in range(60):
        clock.sleep(gate.wait())
        gate.sent()
        times.append(clock.now)
        clock.now += 0.2
    assert busiest_minute(times) <= most
    assert times[most - 1] - times[0] < 20  # the first burst does not wait
    if most > 1:
        gaps = [late - early for early, late in zip(times[most:], times[most + 1 :], strict=False)]
        assert min(gaps) > 60 / most - 0.5  # evenly spaced after it


def test_small_clusters_do_not_wait_and_large_ones_do(connect):
    told: list[float] = []
    ris = connect(everything, chunk=10, waiting=told.append)
    list(ris.devices([f"SEP{n:012X}" for n in range(100)]))
    assert ris.clock.waits == told == []
    list(ris.devices([f"SEP{n:012X}" for n in range(30)]))
    assert told == ris.clock.waits
    assert told[0] > 59
    assert len(told) == 3


@pytest.mark.parametrize("status", [200, 500, 503])
def test_a_throttle_is_known_by_its_text_and_waited_for(connect, status):
    answers = iter([throttle(status, 6), *[None] * 100])
    ris = connect(lambda asked: next(answers) or everything(asked), chunk=1)
    got = list(ris.devices([f"SEP{n:012X}" for n in range(6)]))
    assert len(got) == 6
    assert ris.clock.waits[0] >= 60
    assert ris._pace.allowance == 4  # two thirds of 6


@pytest.mark.parametrize("answer", [throttle(), throttle(200), Answer(status=503, body=b"busy")])
def test_a_throttle_is_not_waited_for_for_ever(connect, answer):
    ris = connect(answer)
    assert fails(ris, Reason.THROTTLED).hint
    assert ris.requests == 3
    assert len(ris.clock.waits) == 2  # none after the last try


def test_a_higher_limit_in_a_fault_is_not_believed():
    pace = Pace(15, 2 / 3)
    pace.lower(600)
    assert pace.allowance == 10
    pace.lower(0)
    assert pace.allowance == 1


def test_a_broken_connection_is_asked_again_within_the_pace(connect):
    count = iter(range(10))
    ris = connect(lambda asked: Answer(raw=lambda sock: None) if next(count) == 0 else everything(asked))
    assert len(list(ris.devices(["A"]))) == 1
    assert ris.requests == 2
    assert len(ris._pace._sent) == 2


def test_another_fault_keeps_the_words_of_the_node(connect):
    error = fails(connect(soap_fault("Something strange")), Reason.MALFORMED)
    assert "Something strange" in error.detail
    assert error.__context__ is None


def test_requests_are_in_the_journal(connect):
    ris = connect(everything)
    list(ris.devices(["A"]))
    assert ris._session._journal.counts()["ris"] == 1
    assert re.match(r"selectCmDeviceExt$", ris._session._journal.operations[0][2])
