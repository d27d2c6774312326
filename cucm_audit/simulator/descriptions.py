"""The service descriptions that the serviceability services hand out at ``?wsdl``, for clients that start from them.

Built here from names and types alone, and only of what is simulated: an operation that changes anything is not
offered, though one that is sent all the same is recorded and refused. AXL hands out none: its clients bring their own.
Names, bindings and the literal ``localhost`` of the address: reference serviceability.md, sections 1.1, 2 and 3.
"""

from dataclasses import dataclass

from cucm_audit.simulator.perfmon import ANSWERS
from cucm_audit.simulator.perfmon_session import OPERATIONS
from cucm_audit.simulator.soap import AST, HEAD

WSDL = "http://schemas.xmlsoap.org/wsdl/"
SOAP_BINDING = "http://schemas.xmlsoap.org/wsdl/soap/"
XSD = "http://www.w3.org/2001/XMLSchema"
_BASIC = frozenset({"string", "unsignedInt", "integer", "long", "boolean"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A service. ``members`` name:type? (nil allowed) or name:type* (any number), type string where none stands.

    ``texts`` are types that are a string and nothing else (zeep hands them out under ``_value_1``).
    """

    name: str
    port: str
    binding: str
    port_type: str
    operations: tuple[tuple[str, str], ...]  # operation, element of its answer
    elements: dict[str, str]
    types: dict[str, str]
    texts: tuple[str, ...] = ()


RIS = Described(
    name="RISService70",
    port="RisPort70",
    binding="RisBinding",
    port_type="RisPortType",
    operations=(
        ("selectCmDevice", "selectCmDeviceResponse"),
        ("selectCmDeviceExt", "selectCmDeviceResponse"),
        ("selectCtiItem", "selectCtiItemResponse"),
    ),
    elements={
        "selectCmDevice": "StateInfo CmSelectionCriteria:CmSelectionCriteria",
        "selectCmDeviceExt": "StateInfo CmSelectionCriteria:CmSelectionCriteria",
        "selectCmDeviceResponse": "selectCmDeviceReturn:selectCmDeviceReturn",
        "selectCtiItem": "StateInfo CtiSelectionCriteria:CtiSelectionCriteria",
        "selectCtiItemResponse": "selectCtiItemReturn:selectCtiItemReturn",
    },
    types={
        "SelectItem": "Item?",
        "ArrayOfSelectItem": "item:SelectItem*",
        "CmSelectionCriteria": "MaxReturnedDevices:unsignedInt? DeviceClass? Model:unsignedInt? Status? NodeName?"
        " SelectBy? SelectItems:ArrayOfSelectItem? Protocol? DownloadStatus?",
        "selectCmDeviceReturn": "SelectCmDeviceResult:SelectCmDeviceResult StateInfo",
        "SelectCmDeviceResult": "TotalDevicesFound:unsignedInt? CmNodes:ArrayOfCmNode?",
        "ArrayOfCmNode": "item:CmNode*",
        "CmNode": "ReturnCode? Name? NoChange:boolean CmDevices:ArrayOfCmDevice?",
        "ArrayOfCmDevice": "item:CmDevice*",
        "CmDevice": "Name? DirNumber? DeviceClass? Model:unsignedInt? Product:unsignedInt? BoxProduct:unsignedInt?"
        " Httpd? RegistrationAttempts:unsignedInt? IsCtiControllable:boolean LoginUserId? Status?"
        " StatusReason:unsignedInt? PerfMonObject:unsignedInt? DChannel:unsignedInt? Description?"
        " H323Trunk:H323Trunk? TimeStamp:unsignedInt? Protocol? NumOfLines:unsignedInt?"
        " LinesStatus:ArrayOfCmDevSingleLineStatus? ActiveLoadID? InactiveLoadID? DownloadStatus?"
        " DownloadFailureReason? DownloadServer? IPAddress:ArrayOfIPAddressArrayType",
        "H323Trunk": "ConfigName? TechPrefix? Zone? RemoteCmServer1? RemoteCmServer2? RemoteCmServer3? AltGkList?"
        " ActiveGk? CallSignalAddr? RasAddr?",
        "ArrayOfCmDevSingleLineStatus": "item:CmDevSingleLineStatus*",
        "CmDevSingleLineStatus": "DirectoryNumber? Status?",
        "ArrayOfIPAddressArrayType": "item:IPAddressArrayType*",
        "IPAddressArrayType": "IP IPAddrType Attribute?",
        "CtiSelectionCriteria": "MaxReturnedItems:unsignedInt? CtiMgrClass? Status? NodeName? SelectAppBy?"
        " AppItems:ArrayOfSelectAppItem? DevNames:ArrayOfSelectDevName? DirNumbers:ArrayOfSelectDirNumber?",
        "ArrayOfSelectAppItem": "item:SelectAppItem*",
        "SelectAppItem": "AppItem?",
        "ArrayOfSelectDevName": "item:SelectDevName*",
        "SelectDevName": "DevName?",
        "ArrayOfSelectDirNumber": "item:SelectDirNumber*",
        "SelectDirNumber": "DirNumber?",
        "selectCtiItemReturn": "SelectCtiItemResult:SelectCtiItemResult StateInfo",
        "SelectCtiItemResult": "TotalItemsFound:unsignedInt? CtiNodes:ArrayOfCtiNode?",
        "ArrayOfCtiNode": "item:CtiNode*",
        "CtiNode": "ReturnCode? Name? NoChange:boolean CtiItems:ArrayOfCtiItem?",
        "ArrayOfCtiItem": "item:CtiItem*",
        "CtiItem": "AppId? UserId? AppIpAddr? AppIpv6Addr? AppStatus?",
    },
)
CONTROL_CENTER = Described(
    name="ControlCenterServices",
    port="ControlCenterServicesPort",
    binding="ControlCenterServicesBinding",
    port_type="ControlCenterServicesPortType",
    operations=tuple(
        (name, f"{name}Response")
        for name in ("soapGetStaticServiceList", "soapGetServiceStatus", "getProductInformationList")
    ),
    elements={
        "soapGetStaticServiceList": "ServiceInformationResponse",
        "soapGetStaticServiceListResponse": "soapGetStaticServiceListReturn:StaticServiceList",
        "soapGetServiceStatus": "ServiceStatus*",
        "soapGetServiceStatusResponse": "soapGetServiceStatusReturn:ServiceInformationResponse",
        "getProductInformationList": "ServiceInfo",
        "getProductInformationListResponse": "getProductInformationListReturn:GetProductInformationListResponse",
    },
    types={
        "ServiceInformationResponse": "ReturnCode:ReturnCode? ReasonCode:integer? ReasonString?"
        " ServiceInfoList:ArrayOfServiceInformation?",
        "ArrayOfServiceInformation": "item:ServiceInformation*",
        "ServiceInformation": "ServiceName? ServiceStatus? ReasonCode:integer? ReasonCodeString? StartTime?"
        " UpTime:integer?",
        "StaticServiceList": "Services:ArrayOfServiceSpecification?",
        "ArrayOfServiceSpecification": "item:ServiceSpecification*",
        "ServiceSpecification": "ServiceName? ServiceType? Deployable:boolean GroupName?"
        " DependentServices:DependentServices?",
        "DependentServices": "Service*",
        "GetProductInformationListResponse": "ActiveServerVersion? PrimaryNode? SecondaryNode?"
        " Products:ArrayOfInstalledProduct? Services:ArrayOfProductServiceSpecification?",
        "ArrayOfInstalledProduct": "item:InstalledProduct*",
        "InstalledProduct": "ProductName? ProductVersion? ProductDescription? ProductID? ShortName?",
        "ArrayOfProductServiceSpecification": "item:ProductServiceSpecification*",
        "ProductServiceSpecification": "ServiceName? ServiceType? Deployable:boolean GroupName? ProductID?"
        " DependentServices:DependentServices?",
    },
    texts=("ReturnCode",),
)
PERFMON = Described(
    name="PerfmonService",
    port="PerfmonPort",
    binding="PerfmonBinding",
    port_type="PerfmonPortType",
    operations=tuple((name, f"{name}Response") for name in (*ANSWERS, *OPERATIONS)),
    elements={
        "perfmonOpenSession": "",
        "perfmonOpenSessionResponse": "perfmonOpenSessionReturn:SessionHandleType",
        "perfmonAddCounter": "SessionHandle:SessionHandleType ArrayOfCounter:RequestArrayOfCounterType",
        "perfmonAddCounterResponse": "",
        "perfmonRemoveCounter": "SessionHandle:SessionHandleType ArrayOfCounter:RequestArrayOfCounterType",
        "perfmonRemoveCounterResponse": "",
        "perfmonCollectSessionData": "SessionHandle:SessionHandleType",
        "perfmonCollectSessionDataResponse": "perfmonCollectSessionDataReturn:CounterInfoType*",
        "perfmonCloseSession": "SessionHandle:SessionHandleType",
        "perfmonCloseSessionResponse": "",
        "perfmonQueryCounterDescription": "Counter:CounterNameType",
        "perfmonQueryCounterDescriptionResponse": "perfmonQueryCounterDescriptionReturn?",
        "perfmonListCounter": "Host",
        "perfmonListCounterResponse": "perfmonListCounterReturn:ObjectInfoType*",
        "perfmonListInstance": "Host Object:ObjectNameType",
        "perfmonListInstanceResponse": "perfmonListInstanceReturn:InstanceType*",
        "perfmonCollectCounterData": "Host Object:ObjectNameType",
        "perfmonCollectCounterDataResponse": "perfmonCollectCounterDataReturn:CounterInfoType*",
    },
    types={
        "RequestArrayOfCounterType": "Counter:CounterType*",
        "CounterInfoType": "Name:CounterNameType? Value:long CStatus:unsignedInt",
        "InstanceType": "Name:InstanceNameType?",
        "ObjectInfoType": "Name:ObjectNameType? MultiInstance:boolean ArrayOfCounter:ArrayOfCounterType?",
        "ArrayOfCounterType": "item:CounterType*",
        "CounterType": "Name:CounterNameType?",
    },
    texts=("ObjectNameType", "InstanceNameType", "CounterNameType", "SessionHandleType"),
)


def wsdl(service: Described, path: str) -> bytes:
    """Return a service's description; ``path`` is where it answers."""
    spaces = f'xmlns="{WSDL}" xmlns:soap="{SOAP_BINDING}" xmlns:xsd="{XSD}" xmlns:tns="{AST}" targetNamespace="{AST}"'
    messages = sorted({message for pair in service.operations for message in pair})
    schema = f'<xsd:schema elementFormDefault="qualified" targetNamespace="{AST}">{_schema(service)}</xsd:schema>'
    parts = [
        f"<types>{schema}</types>",
        *(f'<message name="{name}"><part name="body" element="tns:{name}"/></message>' for name in messages),
        f'<portType name="{service.port_type}">{_operations(service, bound=False)}</portType>',
        f'<binding name="{service.binding}" type="tns:{service.port_type}">'
        f'<soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>'
        f"{_operations(service, bound=True)}</binding>",
        f'<service name="{service.name}"><port name="{service.port}" binding="tns:{service.binding}">'
        f'<soap:address location="https://localhost:8443{path}"/></port></service>',
    ]
    return f"{HEAD}<definitions {spaces}>{''.join(parts)}</definitions>".encode()


def _schema(service: Described) -> str:
    elements = "".join(
        f'<xsd:element name="{name}"><xsd:complexType>{_sequence(members)}</xsd:complexType></xsd:element>'
        for name, members in service.elements.items()
    )
    types = "".join(
        f'<xsd:complexType name="{name}">{_sequence(members)}</xsd:complexType>'
        for name, members in service.types.items()
    )
    text = '<xsd:simpleContent><xsd:extension base="xsd:string"/></xsd:simpleContent>'
    texts = "".join(f'<xsd:complexType name="{name}">{text}</xsd:complexType>' for name in service.texts)
    return elements + types + texts


def _sequence(members: str) -> str:
    return f"<xsd:sequence>{''.join(map(_member, members.split()))}</xsd:sequence>"


def _member(text: str) -> str:
    name, _, kind = text.rstrip("?*").partition(":")
    kind = f"{'xsd' if not kind or kind in _BASIC else 'tns'}:{kind or 'string'}"
    more = {"?": ' nillable="true"', "*": ' minOccurs="0" maxOccurs="unbounded"'}.get(text[-1], "")
    return f'<xsd:element name="{name}" type="{kind}"{more}/>'


def _operations(service: Described, *, bound: bool) -> str:
    literal = '<soap:body use="literal"/>'
    parts = []
    for name, said in service.operations:
        action = f'<soap:operation soapAction="{name}"/>' if bound else ""
        asks = f"<input>{literal}</input>" if bound else f'<input message="tns:{name}"/>'
        tells = f"<output>{literal}</output>" if bound else f'<output message="tns:{said}"/>'
        parts.append(f'<operation name="{name}">{action}{asks}{tells}</operation>')
    return "".join(parts)
