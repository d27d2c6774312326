"""What may leave this program. Everything else raises :class:`WriteBlocked` before a socket exists.

Three doors: SOAP and HTTP requests, SQL inside them, and what is typed on a node's command line. Each is a frozen
table of whole things that are read; beside it a net of patterns that knows what writing looks like, so that a mistake
in the table alone opens nothing. Sources: reference axl-database.md section 1, serviceability.md sections 1 to 3 and
5.1.
"""

import re
from typing import TYPE_CHECKING, Any

from cucm_audit.clients import WriteBlocked
from cucm_audit.clients.commands import COMMANDS, PAGER_KEYS, QUIT
from cucm_audit.clients.journal import SSH_LOGIN, Journal
from cucm_audit.clients.sql import check_reading
from cucm_audit.clients.statements import COUNTING, SMALL_COUNTS, STATEMENTS

if TYPE_CHECKING:
    from lxml.etree import _Element

__all__ = [
    "AXL_PATH", "AXL_VERSIONS", "CONTROL_CENTER_PATH", "PERFMON_PATH", "RIS_PATH", "SSH_LOGIN", "Journal",
    "check_command", "check_key", "check_request", "check_sql",
]  # fmt: skip

AXL_PATH = "/axl/"
RIS_PATH = "/realtimeservice2/services/RISService70"
CONTROL_CENTER_PATH = "/controlcenterservice2/services/ControlCenterServices"
PERFMON_PATH = "/perfmonservice2/services/PerfmonService"

#: AXL request versions, newest first. "1.0" serves to ask an unknown cluster for its release and nothing else.
AXL_VERSIONS = ("15.0", "14.0", "12.5", "12.0", "11.5", "11.0", "10.5", "10.0", "9.1", "9.0", "8.5")
#: The versions that know smart licensing (schema of AXL 12.5).
LICENCE_VERSIONS = ("15.0", "14.0", "12.5")
AXL_NAMESPACE = "http://www.cisco.com/AXL/API/"
SERVICEABILITY_NAMESPACE = "http://schemas.cisco.com/ast/soap"
ENVELOPE_NAMESPACE = "http://schemas.xmlsoap.org/soap/envelope/"

#: (path, namespace, operation, SOAPAction without quotes). '' = the header is absent.
OPERATIONS: frozenset[tuple[str, str, str, str]] = frozenset(
    {
        (AXL_PATH, f"{AXL_NAMESPACE}1.0", "getCCMVersion", ""),
        *(
            (AXL_PATH, f"{AXL_NAMESPACE}{version}", operation, f"CUCM:DB ver={version} {operation}")
            for version in AXL_VERSIONS
            for operation in ("getCCMVersion", "executeSQLQuery", "getLdapSyncStatus")
        ),
        *(
            (AXL_PATH, f"{AXL_NAMESPACE}{version}", operation, f"CUCM:DB ver={version} {operation}")
            for version in LICENCE_VERSIONS
            for operation in ("getSmartLicenseStatus",)
        ),
        *(
            (path, SERVICEABILITY_NAMESPACE, operation, operation)
            for path, operation in (
                (RIS_PATH, "selectCmDeviceExt"),
                (RIS_PATH, "selectCmDevice"),
                (CONTROL_CENTER_PATH, "soapGetServiceStatus"),
                (CONTROL_CENTER_PATH, "getProductInformationList"),
                (PERFMON_PATH, "perfmonCollectCounterData"),
            )
        ),
    }
)

#: (path, query) that may be fetched with GET, whole. No user, no PIN (seq), no doLogout ever.
PAGES: dict[tuple[str, str], str] = {
    ("/emapp/EMAppServlet", "device=SEP000000000000"): "GET em page",
    ("/ccmcip/getservicesmenu.jsp", ""): "GET services page",
    ("/platformcom/api/v1/certmgr/config/snapshot/server", ""): "GET certificate snapshot",
    ("/platformcom/api/v1/certmgr/config/identity/certificate", "service=tomcat"): "GET certificate identity",
    ("/platformcom/api/v1/certmgr/config/trust/certificate", "service=tomcat"): "GET certificate trust",
}

_WRITING = re.compile(
    r"^(add|update|remove|delete|insert|apply|reset|restart|start|stop|do|soapDo|lock|unlock|wipe|assign|unassign|set|create"
    r"|import|sync|executeSQLUpdate|executeSQLQueryInactive|perfmon(Add|Remove|Open|Close))",
    re.IGNORECASE,
)
_LARGEST_REQUEST = 4 * 1024 * 1024
_KNOWN_SQL = frozenset(
    sql for one in (*STATEMENTS, COUNTING) for sql in (one.sql, one.count) if sql is not None
) | frozenset(SMALL_COUNTS.values())
_PAGE = re.compile(r"select skip (?:0|[1-9][0-9]{0,8}) first [1-9][0-9]{0,6} (?=[^ ])")
_KNOWN_COMMANDS = frozenset(command.text for command in COMMANDS)


def check_request(*, method: str, path: str, query: str, soap_action: str, body: bytes) -> str:
    """Return the label of a request that may be sent.

    ``soap_action`` is the header without its quotes, '' when it is absent. Raises :class:`WriteBlocked` for anything
    that is not in the tables above.
    """
    if method == "GET":
        label = PAGES.get((path, query))
        if label is None or soap_action or body:
            raise WriteBlocked(f"GET {path} is not in the table of pages that are read")
        return label
    if method != "POST" or query:
        raise WriteBlocked(f"{method} {path} is not a request that this program sends")
    child = _only_child(body)
    namespace, operation = _split(child)
    if _WRITING.match(operation):
        raise WriteBlocked(f"{operation} changes something")
    if (path, namespace, operation, soap_action) not in OPERATIONS:
        raise WriteBlocked(f"{operation} (SOAPAction {soap_action or 'absent'}) at {path} is not in the table of reads")
    if operation != "executeSQLQuery":
        return operation
    sql = _sql_of(child)
    check_sql(sql)
    return f"executeSQLQuery {sql}"


def check_sql(sql: str) -> None:
    """Raise :class:`WriteBlocked` unless the whole text is a statement of ours, paged or not, and only reads."""
    check_reading(sql)
    page = _PAGE.match(sql)
    bare = f"select {sql[page.end() :]}" if page else sql
    if bare not in _KNOWN_SQL:
        raise WriteBlocked("SQL refused: it is none of this program's statements")


def check_command(text: str) -> None:
    """Raise :class:`WriteBlocked` unless ``text`` is, byte for byte, a command of ``commands.py``."""
    if not re.fullmatch(r"[ -~]{1,200}", text) or text not in _KNOWN_COMMANDS:
        raise WriteBlocked("this command is not in the catalogue")


def check_key(key: str) -> None:
    """Raise :class:`WriteBlocked` unless ``key`` is a pager's key or the word that ends a session."""
    if key not in (*PAGER_KEYS, QUIT):
        raise WriteBlocked("this key is never sent")


def _only_child(body: bytes) -> "_Element":
    """Return the one element in the SOAP body, reading the bytes as a server would, with nothing fancy allowed."""
    from lxml import etree

    if len(body) > _LARGEST_REQUEST:
        raise WriteBlocked("the request is too large")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False, remove_comments=False
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise WriteBlocked("the request is not XML") from None
    docinfo: Any = root.getroottree().docinfo
    # A server may read bytes in another way than we do. UTF-16 declares nothing, but has zeros.
    if b"\0" in body or str(docinfo.encoding).upper() != "UTF-8":
        raise WriteBlocked("the request is not UTF-8")
    if docinfo.doctype or root.getprevious() is not None or root.getnext() is not None:
        raise WriteBlocked("the request holds more than an envelope")
    if any(not isinstance(node.tag, str) for node in root.iter()):
        raise WriteBlocked("the request holds a comment, an instruction or an entity")
    if _split(root) != (ENVELOPE_NAMESPACE, "Envelope"):
        raise WriteBlocked("the request is not a SOAP envelope")
    parts = [(*_split(part), part) for part in root]
    bodies = [part for namespace, name, part in parts if (namespace, name) == (ENVELOPE_NAMESPACE, "Body")]
    heads = [part for namespace, name, part in parts if (namespace, name) == (ENVELOPE_NAMESPACE, "Header")]
    if len(bodies) != 1 or len(heads) + 1 != len(parts) or any(len(head) for head in heads) or len(bodies[0]) != 1:
        raise WriteBlocked("the request does not hold exactly one operation")
    return bodies[0][0]


def _sql_of(operation: "_Element") -> str:
    if len(operation) != 1 or _split(operation[0]) != ("", "sql") or len(operation[0]) or operation.attrib:
        raise WriteBlocked("executeSQLQuery holds something else than one statement")
    return operation[0].text or ""


def _split(element: "_Element") -> tuple[str, str]:
    namespace, brace, name = str(element.tag).rpartition("}")
    return (namespace[1:] if brace else "", name)
