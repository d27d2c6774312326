"""SOAP as CUCM speaks it: requests built by zeep from our own descriptions, answers read by a hardened lxml.

zeep never sends anything here and never reads an answer: its lenient parsing loses rows silently, its strict parsing
costs seconds (reference: serviceability.md section 8, performance.md section 4).
"""

import functools
import io
import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from cucm_audit.clients import ClientError, WriteBlocked
from cucm_audit.clients.guard import ENVELOPE_NAMESPACE
from cucm_audit.clients.place import Place
from cucm_audit.model import Reason
from cucm_audit.resources import folder

if TYPE_CHECKING:
    from lxml.etree import _Element

    from cucm_audit.clients.http import Answer

XSI_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"

#: What every lxml parser of this program is told.
HARDENED: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "recover": False,
}

_BUILDING = threading.Lock()  # zeep promises nothing about threads, and building takes a millisecond
_RATE = re.compile(r"exceeded allowed rate for", re.IGNORECASE)
_RATE_NUMBER = re.compile(r"(\d+) requests per minute", re.IGNORECASE)
_FORBIDDEN = re.compile(
    r"not authori[sz]ed|unauthori[sz]ed|access (is )?denied|permission|insufficient (rights|privilege)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A SOAP fault. ``code`` is AXL's axlcode or the faultcode, ``text`` everything that it says."""

    code: str
    text: str

    @property
    def throttled(self) -> bool:
        """True for the rate limit of the serviceability services."""
        return _RATE.search(self.text) is not None

    @property
    def per_minute(self) -> int | None:
        """The number of requests a minute that a rate limit names."""
        found = _RATE_NUMBER.search(self.text)
        return int(found.group(1)) if found else None


class FaultAnswer(Exception):
    """The node answered with a SOAP fault."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault.text)


class Malformed(Exception):
    """An answer is not what it has to be; the text says where."""


def build(file: str, operation: str, *, version: str = "", **values: Any) -> bytes:
    """Return the envelope of one request. ``file`` is a description of the wsdl folder, ``version`` the AXL version."""
    from lxml import etree

    with _BUILDING:
        client = _client(file, version)
        message = client.create_message(client.service, operation, **values)
    data: bytes = etree.tostring(message, xml_declaration=True, encoding="utf-8")
    return data


@functools.lru_cache(maxsize=32)
def _client(file: str, version: str) -> Any:
    """Load one description.

    Kept, because reading it costs more than a request; it holds no connection and no secret.
    """
    from zeep import Client, Settings
    from zeep.transports import Transport

    class Offline(Transport):
        """Zeep's own way out, closed: it builds messages, the session sends them."""

        def _refuse(self, *_args: Any, **_rest: Any) -> NoReturn:
            raise WriteBlocked("zeep does not send anything here")

        load = get = post = post_xml = _load_remote_data = _refuse

    text = (folder("wsdl") / file).read_text(encoding="utf-8").replace("VERSION", version)
    settings = Settings(strict=True, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    return Client(io.BytesIO(text.encode()), transport=Offline(), settings=settings)  # type: ignore[no-untyped-call]


def has_doctype(root: "_Element") -> bool:
    """Return True when a document declares a type: no answer of CUCM does, and every attack with entities has to."""
    docinfo: Any = root.getroottree().docinfo
    return bool(docinfo.doctype)


def local(element: "_Element") -> str:
    """Return an element's name without its namespace; '' for a comment."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def text_of(element: "_Element | None") -> str:
    """Return an element's text, '' for nil, empty and absent: serviceability means the same by all three."""
    if element is None or not (text := element.text) or is_nil(element):
        return ""
    return text


def is_nil(element: "_Element") -> bool:
    """Return True for xsi:nil in both styles, "true" and "1"."""
    # Most elements have no attribute at all, which is seen sooner than that they lack this one.
    return bool(element.keys()) and element.get(XSI_NIL, "").strip() in ("true", "1")


def child(element: "_Element", name: str) -> "_Element | None":
    """Return the one child of that local name, None without one. Raises :class:`Malformed` when it is there twice."""
    found = children(element, name)
    if len(found) > 1:
        raise Malformed(f"{name} is there {len(found)} times in {local(element)}")
    return found[0] if found else None


def required(element: "_Element", name: str) -> "_Element":
    """Return the one child of that local name. Raises :class:`Malformed` without it."""
    found = child(element, name)
    if found is None:
        raise Malformed(f"{name} is missing in {local(element)}")
    return found


def children(element: "_Element", name: str) -> "list[_Element]":
    """Return the children of that local name."""
    return [part for part in element if local(part) == name]


def operation_of(answer: "Answer", place: Place, doing: str) -> "_Element":
    """Return the one element in the body of a small answer.

    Raises :class:`FaultAnswer`, and :class:`ClientError` for everything that is no SOAP (by HTTP status first).
    """
    from lxml import etree

    refuse_status(answer, place, doing)
    trouble: ClientError | None = None
    try:
        root = etree.fromstring(answer.body, etree.XMLParser(**HARDENED))
        return _operation(root, answer)
    except (etree.XMLSyntaxError, ValueError) as error:
        trouble = syntax_error(answer, place, doing, str(error))
    except Malformed as error:
        trouble = malformed(place, doing, str(error))
    raise trouble


def _operation(root: "_Element", answer: "Answer") -> "_Element":
    if has_doctype(root):
        raise Malformed("it has a DOCTYPE")
    if root.tag != f"{{{ENVELOPE_NAMESPACE}}}Envelope":
        raise Malformed("it is no SOAP envelope")
    if strange := [part for part in root if local(part) not in ("", "Header", "Body")]:
        raise Malformed(f"{local(strange[0])[:60]} beside the body")
    parts = [part for part in required(root, "Body") if local(part)]
    if len(parts) != 1:
        raise Malformed(f"its body holds {len(parts)} elements")
    if local(parts[0]) == "Fault":
        raise FaultAnswer(read_fault(parts[0]))
    if answer.status != 200:
        raise Malformed(f"HTTP {answer.status} with an answer that is no fault")
    return parts[0]


def read_fault(element: "_Element") -> Fault:
    """Return what a SOAP fault says: its own words and those of AXL's error in its detail."""
    code, words = "", []
    for part in element.iter():
        name, text = local(part), (part.text or "").strip()
        if name == "axlcode" or (name in ("faultcode", "Value") and not code):
            code = text
        elif text and text not in words and name != "request":
            words.append(text)
    return Fault(code=code, text="; ".join(words)[:2000])


def refuse_status(answer: "Answer", place: Place, doing: str) -> None:
    """Raise :class:`ClientError` for an answer that is no SOAP at all, by its status and then by its look."""
    if answer.is_soap:
        return
    status = answer.status
    if status == 403:
        hint = "The account is known but lacks the role for this service."
        raise place.error(Reason.PERMISSION_DENIED, doing, hint, "HTTP 403")
    if status == 404:
        hint = "The service is not there: activate it in Cisco Unified Serviceability > Tools > Service Activation."
        raise place.error(Reason.SERVICE_NOT_ACTIVATED, doing, hint, "HTTP 404")
    if status == 503:
        raise place.error(
            Reason.THROTTLED, doing, "The node is too busy (HTTP 503): try at a quieter time.", "HTTP 503"
        )
    hint = "This is a web page or something else, not SOAP: is this a CUCM node, with the service activated?"
    if status == 200 and not answer.body.strip():
        hint = "The answer is empty, which some services do when the account lacks a role."
    raise place.error(Reason.NOT_SOAP, doing, hint, f"HTTP {status}, {answer.content_type[:80] or 'no content type'}")


def syntax_error(answer: "Answer", place: Place, doing: str, words: str) -> ClientError:
    """Return what broken XML means: cut off when its end is missing, else malformed."""
    if not answer.body.rstrip().endswith(b">") or b"Envelope>" not in answer.body[-200:]:
        return place.error(Reason.TRUNCATED, doing, "The answer ends too early; try again.", words[:200])
    return malformed(place, doing, words)


def malformed(place: Place, doing: str, words: str) -> ClientError:
    """Return the error for an answer that cannot be trusted."""
    hint = "The answer is not what this service gives: please report it, with the release of the cluster."
    return place.error(Reason.MALFORMED, doing, hint, words[:300])


def fault_error(fault: Fault, place: Place, doing: str) -> ClientError:
    """Return what a fault means that no caller knows better."""
    detail = f"{fault.code}: {fault.text}"[:500] if fault.code else fault.text[:500]
    if fault.throttled:
        hint = "Other programs use up the cluster's allowance of requests a minute, too: try later or at a slower pace."
        return place.error(Reason.THROTTLED, doing, hint, detail)
    if _FORBIDDEN.search(fault.text):
        return place.error(Reason.PERMISSION_DENIED, doing, "The account lacks the role for this service.", detail)
    return place.error(Reason.MALFORMED, doing, "The node answered with a fault; its words are in the detail.", detail)
