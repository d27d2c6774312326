"""Reading RIS answers: ours beside zeep with a schema that names every member of a device. Processor time."""

import gc
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from benchmarks import lab
from benchmarks.measure import Figures, cpu, interleaved, table

_AST = "http://schemas.cisco.com/ast/soap"
_TYPED = """<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
 xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:tns="{ast}" targetNamespace="{ast}">
<wsdl:types><xsd:schema targetNamespace="{ast}" elementFormDefault="qualified">
<xsd:element name="ask"/>
<xsd:complexType name="Device"><xsd:sequence>{members}</xsd:sequence></xsd:complexType>
<xsd:complexType name="Devices"><xsd:sequence><xsd:element name="item" type="tns:Device" minOccurs="0" maxOccurs="unbounded"/></xsd:sequence></xsd:complexType>
<xsd:complexType name="Node"><xsd:sequence><xsd:element name="ReturnCode" type="xsd:string"/><xsd:element name="Name" type="xsd:string"/>
<xsd:element name="NoChange" type="xsd:boolean"/><xsd:element name="CmDevices" type="tns:Devices" nillable="true"/></xsd:sequence></xsd:complexType>
<xsd:complexType name="Nodes"><xsd:sequence><xsd:element name="item" type="tns:Node" minOccurs="0" maxOccurs="unbounded"/></xsd:sequence></xsd:complexType>
<xsd:complexType name="Result"><xsd:sequence><xsd:element name="TotalDevicesFound" type="xsd:int"/><xsd:element name="CmNodes" type="tns:Nodes"/></xsd:sequence></xsd:complexType>
<xsd:complexType name="Return"><xsd:sequence><xsd:element name="SelectCmDeviceResult" type="tns:Result"/><xsd:element name="StateInfo" type="xsd:string"/></xsd:sequence></xsd:complexType>
<xsd:element name="selectCmDeviceResponse"><xsd:complexType><xsd:sequence><xsd:element name="selectCmDeviceReturn" type="tns:Return"/></xsd:sequence></xsd:complexType></xsd:element>
</xsd:schema></wsdl:types>
<wsdl:message name="In"><wsdl:part name="p" element="tns:ask"/></wsdl:message>
<wsdl:message name="Out"><wsdl:part name="p" element="tns:selectCmDeviceResponse"/></wsdl:message>
<wsdl:portType name="P"><wsdl:operation name="ask"><wsdl:input message="tns:In"/><wsdl:output message="tns:Out"/></wsdl:operation></wsdl:portType>
<wsdl:binding name="B" type="tns:P"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/><wsdl:operation name="ask">
<soap:operation soapAction="ask"/><wsdl:input><soap:body use="literal"/></wsdl:input><wsdl:output><soap:body use="literal"/></wsdl:output></wsdl:operation></wsdl:binding>
<wsdl:service name="S"><wsdl:port name="P" binding="tns:B"><soap:address location="http://127.0.0.1/"/></wsdl:port></wsdl:service>
</wsdl:definitions>"""  # noqa: E501 - a schema, made for this benchmark from the names in the answer itself


def run(*, quick: bool) -> str:
    """Take one answer from the simulated cluster and read it again and again."""
    phones = 50 if quick else 1000
    with lab.lab(phones) as folder:
        body, names = _answer(folder, phones)
    cases = {"ours: lxml, strict": lambda: _ours(body, names), "zeep, typed objects": _zeep(body, names)}
    seen = interleaved(cases, 1 if quick else 5)
    return table(f"RIS: an answer of {len(names)} devices, {len(body) / 1024:.0f} kB", seen, ["cpu ms"])


def _answer(folder: Path, phones: int) -> tuple[bytes, tuple[str, ...]]:
    """Ask once, with our own client, about phones of the cluster, and keep the bytes."""
    from cucm_audit.clients.axl import Axl
    from cucm_audit.clients.guard import RIS_PATH
    from cucm_audit.clients.pace import Gate
    from cucm_audit.clients.ris import Ris, _criteria
    from cucm_audit.clients.soap import build
    from cucm_audit.clients.statements import for_release

    statement = for_release("phone", (12, 5))
    assert statement is not None
    ris = Ris(*lab.ours(folder, "app"), per_minute=15, chunk=1000)
    names = tuple(str(row["name"]) for row in Axl(*lab.ours(folder, "app"), gate=Gate(1e6)).rows(statement))[:phones]
    request = build("ris.wsdl", "selectCmDeviceExt", **_criteria(names, 1000))
    return ris._session.post(RIS_PATH, request, "selectCmDeviceExt", doing="measuring", resend=False).body, names


def _ours(body: bytes, names: tuple[str, ...]) -> Figures:
    from lxml import etree

    from cucm_audit.clients.ris_answer import read_devices
    from cucm_audit.clients.soap import HARDENED

    gc.collect()
    begun = cpu()
    root = etree.fromstring(body, etree.XMLParser(**HARDENED))
    read = read_devices(root[-1][0], names)
    took = cpu() - begun
    assert sum(len(node.devices) for node in read.nodes) == len(names)
    return {"cpu ms": took * 1000}


def _zeep(body: bytes, names: tuple[str, ...]) -> Any:
    """Return a case that has its schema loaded already: only the reading of the answer is compared."""
    import io

    import zeep
    from lxml import etree

    device = next(list_[0] for list_ in etree.fromstring(body).iter(f"{{{_AST}}}CmDevices") if len(list_))
    simple = '<xsd:element name="{}" type="xsd:{}" minOccurs="0" nillable="true"/>'
    members = "".join(simple.format(etree.QName(m).localname, "anyType" if len(m) else "string") for m in device)
    client = zeep.Client(
        io.BytesIO(_TYPED.format(ast=_AST, members=members).encode()), settings=zeep.Settings(strict=False)
    )
    reply = SimpleNamespace(status_code=200, content=body, headers={"Content-Type": "text/xml"}, encoding="utf-8")
    binding, operation = client.service._binding, client.service._binding.get("ask")

    def case() -> Figures:
        gc.collect()
        begun = cpu()
        result = binding.process_reply(client, operation, reply)
        took = cpu() - begun
        nodes = result.SelectCmDeviceResult.CmNodes.item
        assert sum(len(node.CmDevices.item) for node in nodes if node.CmDevices) == len(names)
        return {"cpu ms": took * 1000}

    return case
