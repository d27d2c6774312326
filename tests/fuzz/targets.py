"""What is fuzzed: every reader of what others wrote. A target takes bytes and may raise nothing; seeds are good input.

The errors that a reader promises are caught here. What else comes out, and every broken promise about what was read,
is a find. tests/fuzz/test_fuzz.py tries each for a moment, ``python -m tests.fuzz`` (``make fuzz``) for longer.
"""

import contextlib
import datetime as dt
import sqlite3
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree

from cucm_audit import checks, config, redact, snapshot, trust_file, waivers
from cucm_audit.clients import ClientError, WriteBlocked, axl_answer, cli_text, guard, services, soap
from cucm_audit.clients.commands import COMMANDS
from cucm_audit.clients.http_answer import Answer
from cucm_audit.clients.place import Place
from cucm_audit.clients.ris_answer import read_devices
from cucm_audit.clients.screen import Screen
from cucm_audit.clients.soap import FaultAnswer, Malformed
from cucm_audit.clients.statements import STATEMENTS
from cucm_audit.facts import certificates
from cucm_audit.facts.platform import FACTS
from cucm_audit.facts.services import started
from cucm_audit.facts.values import Refused
from cucm_audit.judge import judge
from cucm_audit.model import Source
from cucm_audit.reports import json as report_file
from cucm_audit.reports.sanitize import escape_hidden, plain, visible
from cucm_audit.reports.text import render as as_text
from tests.facts.platform.asked import COMMANDS as RECORDED
from tests.facts.platform.asked import RECORDINGS, gather
from tests.reports.invented import full

ROOT = Path(__file__).parents[2]
PLACE = Place(node="cucm-pub", address="127.0.0.1", port=8443, source=Source.AXL.value)
SOAP, AXL = "http://schemas.xmlsoap.org/soap/envelope/", "http://www.cisco.com/AXL/API/12.5"
AST = "http://schemas.cisco.com/ast/soap"
TODAY = dt.date(2026, 11, 20)


@dataclass(frozen=True, kw_only=True)
class Target:
    """A reader: its name, what is tried, and good input to begin with. ``pieces`` are what trouble is made of."""

    name: str
    run: Callable[[bytes], None]
    seeds: Sequence[bytes]
    pieces: Sequence[bytes] = ()


# --------------------------------------------------------------------------------------------------- the platform's CLI


#: Facts of which a healthy node may have none.
_BACKUPS = {"backup_history", "backup_status", "backup_component"}
MAY_BE_NONE = {"inactive_version", "inactive_option", "installed_option", "core_file"} | _BACKUPS


def _cli(table: str, command: str) -> Callable[[bytes], None]:
    (fact,) = [fact for fact in FACTS if fact.table == table]

    def run(data: bytes) -> None:
        told = gather(table, {**dict.fromkeys(fact.asks, ""), command: data.decode("utf-8", "replace")})
        assert told.rows or not told.whole or table in MAY_BE_NONE, "nothing, and it is called whole"
        for row in told.rows:
            assert row.get("node", "bonn-pub") == "bonn-pub"
            for value in row.values():
                assert value is None or isinstance(value, str | int | float), value
                assert not isinstance(value, int) or abs(value) < 2**63, "no database holds that"

    return run


def _recorded(command: str) -> list[bytes]:
    names = [name for name, text in RECORDED.items() if command.startswith(text)]
    return [path.read_bytes() for name in names for path in sorted(RECORDINGS.glob(f"*/{name}.txt"))]


def screen(data: bytes) -> None:
    """However the bytes are cut into chunks, the screen is the same, and nothing is read twice."""
    whole, pieces = Screen(), Screen()
    whole.feed(data)
    step = 1 + data[0] % 7 + len(data) // 2000 if data else 1
    for start in range(0, len(data), step):
        pieces.feed(data[start : start + step])
    assert whole.received == pieces.received == len(data)
    # A CR after a line that was wiped with backspaces may leave an empty line or none: nobody reads those.
    assert [*filter(None, whole.lines)] == [*filter(None, pieces.lines)], "the chunks change the lines"
    assert whole.tail() == pieces.tail(), "the chunks change the open line"
    for line in whole.lines:
        assert "\n" not in line
        assert "\r" not in line
    cli_text.tail_of(whole.tail(), whole.last_line())
    cli_text.refusal(whole.lines)
    cli_text.is_first_answer(whole.lines)
    for last in (False, True):
        found = cli_text.after_echo(whole.lines, COMMANDS[0].text, last=last)
        assert found is None or len(found) < len(whole.lines)


# ------------------------------------------------------------------------------------------------------- SOAP answers


def _envelope(inner: str) -> bytes:
    head = "<?xml version='1.0' encoding='UTF-8'?>"
    return f'{head}<s:Envelope xmlns:s="{SOAP}"><s:Body>{inner}</s:Body></s:Envelope>'.encode()


def _answer(body: bytes) -> Answer:
    return Answer(status=200, content_type="text/xml", body=body, date=None, millis=1)


def _plainly(data: bytes) -> Any:
    """Read XML with the standard library, in the few encodings that it knows; with ours in the others."""
    try:
        return ElementTree.fromstring(data)
    except ValueError:
        return etree.fromstring(data)


def _local(element: Any) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def axl(data: bytes) -> None:
    """The rows of a SQL query: each has both columns, and all rows that a plain reading counts come."""
    rows: list[Any] = []
    try:
        rows.extend(axl_answer.rows_in(_answer(data), "12.5", ("name", "model"), PLACE, "fuzzing"))
    except (ClientError, FaultAnswer):
        return
    finally:
        assert all(set(row) == {"name", "model"} for row in rows)
    there = sum(_local(element) == "row" for element in _plainly(data).iter())
    assert len(rows) == there, f"{len(rows)} of {there} rows"


def release(data: bytes) -> None:
    with contextlib.suppress(ClientError, FaultAnswer):
        found = axl_answer.release_in(_answer(data), PLACE, "fuzzing")
        assert found[0].isdigit()


def _small(data: bytes, read: Callable[[Any], Any]) -> Any:
    with contextlib.suppress(ClientError, FaultAnswer, Malformed):
        return read(soap.operation_of(_answer(data), PLACE, "fuzzing"))
    return None


def ris(data: bytes) -> None:
    """The devices of every node: as many as a plain reading counts."""
    found = _small(data, lambda element: read_devices(element, ("SEP001122334455",)))
    if found is not None:
        lists = [one for one in _plainly(data).iter() if _local(one) == "CmDevices"]
        there = sum(_local(child) == "item" for one in lists for child in one)
        read = sum(len(node.devices) for node in found.nodes)
        assert read >= found.total_found
        assert read == there or any("nil" in name for one in lists for name in one.attrib), f"{read} of {there} devices"


def service_status(data: bytes) -> None:
    found = _small(data, services._service_rows)
    assert found is None or all(row["ServiceName"] and row["ServiceStatus"] for row in found)
    for row in found or ():
        started(row["StartTime"])


def product(data: bytes) -> None:
    _small(data, services._product)


def perfmon(data: bytes) -> None:
    found = _small(data, lambda element: services._counters(element, "Memory"))
    assert found is None or all(counter.object.casefold() == "memory" for counter in found)


def certificate(data: bytes) -> None:
    for read, given in ((certificates.der, data), (certificates.pem, data.decode("utf-8", "replace"))):
        with contextlib.suppress(Refused):
            told = read(given)  # type: ignore[operator]
            assert told["not_after"]


# ------------------------------------------------------------------------------------------------------------ the guard


def request(data: bytes) -> None:
    """What the guard lets pass is, to another reader of XML, one operation of the table with a statement of ours."""
    for action in _ACTIONS:
        try:
            label = guard.check_request(method="POST", path=guard.AXL_PATH, query="", soap_action=action, body=data)
        except WriteBlocked:
            continue
        root = ElementTree.fromstring(data)
        (body,) = [part for part in root if part.tag == f"{{{SOAP}}}Body"]
        (operation,) = list(body)
        name = operation.tag.rpartition("}")[2]
        assert operation.tag == f"{{{AXL}}}{name}"
        assert label.partition(" ")[0] == name
        assert name in ("getCCMVersion", "executeSQLQuery", "getLdapSyncStatus", "getSmartLicenseStatus")
        if name == "executeSQLQuery":
            (sql,) = list(operation)
            assert label == f"{name} {sql.text}"
            assert _bare(str(sql.text)) in _KNOWN


_ACTIONS = [f"CUCM:DB ver=12.5 {name}" for name in ("getCCMVersion", "executeSQLQuery")]
_KNOWN = {sql for statement in STATEMENTS for sql in (statement.sql, statement.count) if sql}


def _bare(sql: str) -> str:
    words = sql.split(" ")
    return " ".join([words[0], *words[5:]]) if words[1:2] == ["skip"] else sql


def sql_text(data: bytes) -> None:
    """What passes reads one of our statements; what the validator alone lets pass is one line of plain words."""
    text = data.decode("latin-1")
    with contextlib.suppress(WriteBlocked):
        guard.check_sql(text)
        assert _bare(text) in _KNOWN
    with contextlib.suppress(WriteBlocked):
        guard.check_reading(text)
        assert text.isascii()
        assert text[:7].lower() == "select "
        assert not {"\n", "\r", ";", "\x00"} & set(text)


def command(data: bytes) -> None:
    text = data.decode("latin-1")
    with contextlib.suppress(WriteBlocked):
        guard.check_command(text)
        assert text in {one.text for one in COMMANDS}
    with contextlib.suppress(WriteBlocked):
        guard.check_key(text)
        assert text in (" ", "n", "q", "quit")


# ------------------------------------------------------------------------------------------------------- files of ours


@contextlib.contextmanager
def _file(data: bytes, name: str = "file.toml") -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        path.chmod(0o600)
        yield path


def cluster_file(data: bytes) -> None:
    with _file(data) as path, contextlib.suppress(config.ConfigError):
        config.read(path)


def check_file(data: bytes) -> None:
    with _file(data) as path, contextlib.suppress(checks.CheckError):
        reader = checks._Reader()
        reader.document(path, "fuzz")
        reader.finish()


def knowledge(data: bytes) -> None:
    with _file(data) as path, contextlib.suppress(checks.CheckError):
        reader = checks._Reader()
        reader.knowledge(path)
        reader.finish()


def trust(data: bytes) -> None:
    """What was read can be written and reads the same."""
    with _file(data) as path, contextlib.suppress(trust_file.TrustError):
        found = trust_file.read_store(path)
        trust_file.write_store(path, found)
        assert trust_file.read_store(path) == found


def waiver_file(data: bytes) -> None:
    with _file(data) as path, contextlib.suppress(waivers.WaiverError):
        for waiver in waivers.read(path, {"adp-orphan": ("old-name",)}, TODAY):
            waiver.matches("SEP001122334455")


def report(data: bytes) -> None:
    """What is read can be rendered, as text and as the document that it was."""
    with contextlib.suppress(report_file.ReportError):
        read = report_file.read(data)
        as_text(read, _style())
        again = report_file.read(report_file.render(read))
        assert report_file.render(again) == report_file.render(read)


@cache
def _style() -> Any:
    from cucm_audit.reports import Style

    return Style(width=100, colour=False, verbose=True)


def saved_snapshot(data: bytes) -> None:
    """A damaged file is refused with a sentence, judged, or redacted: never an error of another kind."""
    with _file(data, "file.db") as path, contextlib.suppress(snapshot.SnapshotError):
        opened = snapshot.Snapshot.open(path)
        try:
            judge(opened, _checks(), judged_at="2026-11-20 09:00:00", version="0")
            redact.redact(opened, path.parent / "out.db")
        finally:
            opened.close()


@cache
def _checks() -> checks.Checks:
    return checks.load()


@cache
def _snapshot() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "s.db")
        made = snapshot.Snapshot.create(path)
        made.meta("taken_at", "2026-11-20 09:00:00")
        made.write("node", [{"name": "cucm-pub", "address": "10.1.1.1", "voice": 1, "description": ""}])
        made.finish("2026-11-20 09:00:00")
        made.close()
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("vacuum")
        return path.read_bytes()


def shown(data: bytes) -> None:
    """What is printed is printable, one line, and says of each character what it is."""
    text = (
        data.decode("utf-16", "surrogatepass")
        if data[:1] == b"s" and len(data) % 2 == 0
        else data.decode(errors="replace")
    )
    said = visible(text)
    assert said.isprintable() or any(not character.isprintable() for character in text)
    assert not set(said) & {chr(code) for code in (*range(32), *range(0x7F, 0xA0))}
    assert len(said) >= len(text)
    escape_hidden(plain(text)).encode()


def _ast(name: str, inner: str) -> bytes:
    return _envelope(f'<{name}Response xmlns="{AST}">{inner}</{name}Response>')


_DEVICE = (
    "<item><Name>SEP001122334455</Name><Status>Registered</Status><StatusReason>0</StatusReason><TimeStamp>1</TimeStamp>"
    "<ActiveLoadID>sip78xx.12-5</ActiveLoadID><IPAddress><item><IP>10.1.1.9</IP><IPAddrType>ipv4</IPAddrType>"
    "<Attribute>Signaling</Attribute></item></IPAddress><LinesStatus/></item>"
)
_RIS = (
    "<selectCmDeviceReturn><SelectCmDeviceResult><TotalDevicesFound>1</TotalDevicesFound><CmNodes><item>"
    "<ReturnCode>Ok</ReturnCode><Name>cucm-pub</Name><NoChange>false</NoChange>"
    f"<CmDevices>{_DEVICE}</CmDevices></item></CmNodes></SelectCmDeviceResult><StateInfo/></selectCmDeviceReturn>"
)
_SERVICES = (
    "<soapGetServiceStatusReturn><ReturnCode>0</ReturnCode><ReasonCode>-1</ReasonCode><ReasonString/><ServiceInfoList>"
    "<item><ServiceName>Cisco Tftp</ServiceName><ServiceStatus>Started</ServiceStatus><ReasonCode>-1</ReasonCode>"
    "<ReasonCodeString> </ReasonCodeString><StartTime>Fri Sep 29 15:20:39 2023</StartTime><UpTime>5</UpTime></item>"
    "</ServiceInfoList></soapGetServiceStatusReturn>"
)
_PERF = (
    "<perfmonCollectCounterDataReturn><Name>\\\\cucm-pub\\Memory\\% Mem Used</Name><Value>70</Value>"
    "<CStatus>1</CStatus></perfmonCollectCounterDataReturn>"
)
_PRODUCT = (
    "<getProductInformationListReturn><ActiveServerVersion>12.5.1</ActiveServerVersion><PrimaryNode>p</PrimaryNode>"
    "<Services><item><ServiceName>a</ServiceName><ServiceType>Service</ServiceType><Deployable>true</Deployable>"
    "</item></Services></getProductInformationListReturn>"
)
_ROWS = "<row><name>SEP1</name><model/></row><row><name>SEP2</name><model>7</model></row>"
_SELECTED = '<a:executeSQLQueryResponse xmlns:a="{}"><return>{}</return></a:executeSQLQueryResponse>'
_FAULT = "<s:Fault><faultcode>s:Client</faultcode><faultstring>Query request too large</faultstring></s:Fault>"
_VERSION = "<return><componentVersion><version>12.5.1.14900(63)</version></componentVersion></return>"
_ASK = '<s:Envelope xmlns:s="{}"><s:Header/><s:Body><a:{} xmlns:a="{}">{}</a:{}></s:Body></s:Envelope>'
_LONE = "s\ud800x".encode("utf-16-le", "surrogatepass")
_XML = (
    b"<!DOCTYPE x>",
    b"<!-- x -->",
    b"<?x y?>",
    b"<row/>",
    b"</s:Body>",
    b"<s:Body>",
    b'xsi:nil="true"',
    b"&#0;",
    b"&x;",
)
_TOML = (
    b"[",
    b"]",
    b'"',
    b"'''",
    b'"""',
    b"=",
    b"9" * 5000,
    b"1e999",
    b"\\u0000",
    b"{",
    b"}",
    b".",
    b"#",
    b"[[",
    b"nan",
)
_SHELL = (
    b"\x1b[2J",
    b"\x1b]0;x\x07",
    b"\r",
    b"\r\n",
    b"\b",
    b"\x00",
    b"admin:",
    b" (y/n)? ",
    b"\xff",
    b"\x1b[",
    b"\xe2\x80",
)


def _asked(operation: str, inner: str = "") -> bytes:
    return _ASK.format(SOAP, operation, AXL, inner, operation).encode()


def targets() -> dict[str, Target]:
    """Return every target by its name."""
    found = [
        Target(
            name=f"cli:{fact.table}:{text}", run=_cli(fact.table, text), seeds=_recorded(text) or [b""], pieces=_SHELL
        )
        for fact in FACTS
        for text in fact.asks[:2]
    ]
    history = [*_recorded("file view install system-history.log")[:1], b"admin:set cli pagination off\r\nadmin:"]
    found += [
        Target(name="screen", run=screen, seeds=history, pieces=_SHELL),
        Target(name="axl", run=axl, pieces=_XML, seeds=[
            _envelope(_SELECTED.format(AXL, _ROWS)),
            _envelope(_FAULT)]),
        Target(name="release", run=release, pieces=_XML, seeds=[
            _envelope(f'<a:getCCMVersionResponse xmlns:a="{AXL}">{_VERSION}</a:getCCMVersionResponse>')]),
        Target(name="ris", run=ris, seeds=[_ast("selectCmDevice", _RIS)], pieces=_XML),
        Target(name="services", run=service_status, seeds=[_ast("soapGetServiceStatus", _SERVICES)], pieces=_XML),
        Target(name="product", run=product, seeds=[_ast("getProductInformationList", _PRODUCT)], pieces=_XML),
        Target(name="perfmon", run=perfmon, seeds=[_ast("perfmonCollectCounterData", _PERF)], pieces=_XML),
        Target(name="certificate", run=certificate, seeds=_certificates()),
        Target(name="request", run=request, pieces=_XML, seeds=[
            _asked("getCCMVersion"), _asked("removePhone"),
            _asked("executeSQLQuery", f"<sql>{STATEMENTS[0].sql}</sql>")]),
        Target(name="sql", run=sql_text, pieces=(b";", b"--", b"'", b" update ", b"into", b"*", b"/*"),
               seeds=[str(STATEMENTS[0].sql).encode(), b"select skip 5 first 5 a from b"]),
        Target(name="command", run=command, seeds=[one.text.encode() for one in COMMANDS], pieces=_SHELL),
        Target(name="cluster-file", run=cluster_file, pieces=_TOML,
               seeds=[(ROOT / "examples" / "cucm-audit.toml").read_bytes()]),
        Target(name="check-file", run=check_file, pieces=_TOML,
               seeds=[path.read_bytes() for path in sorted((ROOT / "examples" / "own-checks").glob("*.toml"))]),
        Target(name="knowledge", run=knowledge, pieces=_TOML,
               seeds=[path.read_bytes() for path in sorted((ROOT / "examples" / "own-bad-loads").rglob("*.toml"))]),
        Target(name="trust-file", run=trust, seeds=[_trust()], pieces=_TOML),
        Target(name="waivers", run=waiver_file, pieces=_TOML,
               seeds=[(ROOT / "examples" / "waivers.toml").read_bytes()]),
        Target(name="report", run=report, seeds=[report_file.render(full()).encode()],
               pieces=(b"null", b"1e999", b'"\\ud800"', b"[]", b"{}", b"9" * 400, b"-1", b'""')),
        Target(name="snapshot", run=saved_snapshot, seeds=[_snapshot()]),
        Target(name="shown", run=shown, pieces=_SHELL, seeds=["Zoë \u202e\u0301 電話".encode(), _LONE]),
    ]  # fmt: skip
    return {target.name: target for target in found}


def _trust() -> bytes:
    return f"""# Accepted certificates and host keys
version = 1

[tls."10.1.1.1:8443"]
fingerprint = "{":".join(["AB"] * 32)}"
subject = "CN=cucm-pub"
not_after = "2028-01-01"

[ssh."[2001:db8::1]:22"]
cluster = "lab"
[ssh."[2001:db8::1]:22".keys]
ssh-rsa = "SHA256:{"A" * 43}"
""".encode()


@cache
def _certificates() -> tuple[bytes, ...]:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding

    from tests.facts.test_people_and_certificates import certificate as signed

    made = signed(ec.generate_private_key(ec.SECP256R1()), SHA256())
    return made.public_bytes(Encoding.DER), made.public_bytes(Encoding.PEM)
