"""SOAP envelopes: reading what a client sent, writing answers and faults in the shapes of the real servers."""

from dataclasses import dataclass
from xml.sax.saxutils import escape as escape  # for those who write elements of their own

from lxml import etree

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
AST = "http://schemas.cisco.com/ast/soap"
HEAD = "<?xml version='1.0' encoding='UTF-8'?>"


class NotSoap(Exception):
    """The body is no SOAP 1.1 envelope with one operation in it."""


@dataclass(frozen=True, slots=True)
class Call:
    """An operation: its local name, its namespace and the element with the parameters."""

    name: str
    namespace: str
    element: etree._Element

    def text(self, *path: str) -> str | None:
        """Return the text of a descendant by local names; '' when it is empty, None when it is not there."""
        found = self.child(*path)
        return None if found is None else (found.text or "").strip()

    def child(self, *path: str) -> etree._Element | None:
        """Return a descendant by local names, or None."""
        element: etree._Element | None = self.element
        for name in path:
            element = next((child for child in element if local(child) == name), None) if element is not None else None
        return element


def local(element: etree._Element) -> str:
    """Return an element's name without its namespace; '' for comments."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def read(body: bytes) -> Call:
    """Return the operation in an envelope. Raises NotSoap."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise NotSoap(f"com.ctc.wstx.exc.WstxParsingException: {error}") from None
    bodies = [child for child in root if child.tag == f"{{{SOAP}}}Body"]
    if root.tag != f"{{{SOAP}}}Envelope" or len(bodies) != 1:
        raise NotSoap("Transport level information does not match with SOAP Message namespace URI")
    calls = [child for child in bodies[0] if isinstance(child.tag, str)]
    if len(calls) != 1:
        raise NotSoap("The endpoint reference (EPR) for the Operation not found")
    name = etree.QName(calls[0])
    return Call(name.localname, name.namespace or "", calls[0])


def envelope(inner: str) -> bytes:
    """Return an answer."""
    start = f'{HEAD}<soapenv:Envelope xmlns:soapenv="{SOAP}">'
    return f"{start}<soapenv:Body>{inner}</soapenv:Body></soapenv:Envelope>".encode()


def fault(text: str, code: str = "soapenv:Server", detail: str = "") -> bytes:
    """Return a fault; ``detail`` is XML."""
    words = f"<faultcode>{code}</faultcode><faultstring>{escape(text)}</faultstring><detail>{detail}</detail>"
    return envelope(f"<soapenv:Fault>{words}</soapenv:Fault>")


def tag(name: str, value: object) -> str:
    """Return an element with a text; None and '' give an empty one."""
    text = "" if value is None else str(value)
    return f"<{name}>{escape(text)}</{name}>" if text else f"<{name}/>"


def leaf(name: str, value: object) -> str:
    """Return an element of the serviceability services with a text."""
    return tag(f"ns1:{name}", value)


def box(name: str, *inner: str) -> str:
    """Return an element of the serviceability services with elements in it."""
    return f"<ns1:{name}>{''.join(inner)}</ns1:{name}>"


def response(operation: str, *inner: str) -> bytes:
    """Return an answer of the serviceability services: the ``...Response`` element with its namespace."""
    name = f"ns1:{operation}Response"
    return envelope(f'<{name} xmlns:ns1="{AST}">{"".join(inner)}</{name}>')
