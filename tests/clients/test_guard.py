"""Nothing that changes a cluster gets past the guard: Cisco's operations, odd bodies, SQL, commands, keys."""

import contextlib
import functools
import re
from pathlib import Path

import ciscoaxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cucm_audit.clients import WriteBlocked, guard, sql
from cucm_audit.clients.commands import COMMANDS
from cucm_audit.clients.guard import (
    AXL_PATH,
    AXL_VERSIONS,
    CONTROL_CENTER_PATH,
    PERFMON_PATH,
    RIS_PATH,
    check_command,
    check_key,
    check_request,
    check_sql,
)
from cucm_audit.clients.statements import COUNTING, SMALL_COUNTS, STATEMENTS

SCHEMAS = Path(ciscoaxl.__file__).parent / "schema"
AST = "http://schemas.cisco.com/ast/soap"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
READS = {"getCCMVersion", "executeSQLQuery", "getLdapSyncStatus", "getSmartLicenseStatus"}
KNOWN = STATEMENTS[0].sql
WRITERS = [
    "soapDoControlServices",
    "soapDoServiceDeployment",
    "soapDoControlServicesEx",
    "soapDoServiceDeploymentNoDbUpdate",
    "perfmonAddCounter",
    "perfmonRemoveCounter",
    "perfmonOpenSession",
    "perfmonCloseSession",
    "selectCtiItem",
]


@functools.cache
def operations(release: str = "12.5") -> tuple[str, ...]:
    text = (SCHEMAS / release / "AXLAPI.wsdl").read_text(encoding="utf-8")
    return tuple(sorted(set(re.findall(r'<operation name="(\w+)"', text))))


@functools.cache
def every_operation() -> tuple[str, ...]:
    """The operations of every release whose schema is at hand."""
    releases = [path.parent.name for path in SCHEMAS.glob("*/AXLAPI.wsdl")]
    return tuple(sorted({name for release in releases for name in operations(release)}))


def axl(operation: str, inner: str = "", version: str = "12.5", action: str | None = None) -> str:
    body = envelope(f'<a:{operation} xmlns:a="http://www.cisco.com/AXL/API/{version}">{inner}</a:{operation}>')
    action = f"CUCM:DB ver={version} {operation}" if action is None else action
    return check_request(method="POST", path=AXL_PATH, query="", soap_action=action, body=body)


def envelope(inner: str) -> bytes:
    return f'<s:Envelope xmlns:s="{ENVELOPE}"><s:Header/><s:Body>{inner}</s:Body></s:Envelope>'.encode()


def other(path: str, operation: str) -> str:
    body = envelope(f'<a:{operation} xmlns:a="{AST}"/>')
    return check_request(method="POST", path=path, query="", soap_action=operation, body=body)


def test_cisco_schema_has_the_operations_that_we_block() -> None:
    assert len(operations()) == 1068
    assert {"executeSQLUpdate", "doDeviceReset", "applyPhone", "wipePhone"} <= set(operations())


def passed(**more: str) -> list[str]:
    """The operations, of all that Cisco has, that the guard lets pass."""
    found = []
    for operation in every_operation():
        with contextlib.suppress(WriteBlocked):
            axl(operation, **more)
            found.append(operation)
    return found


def asked(version: str) -> list[str]:
    """The operations that are asked in a version, but for executeSQLQuery, which is nothing without its SQL."""
    if version == "1.0":
        return []
    return sorted(READS - {"executeSQLQuery"} - (set() if float(version) >= 12.5 else {"getSmartLicenseStatus"}))


@pytest.mark.parametrize("version", ["1.0", *AXL_VERSIONS])
def test_every_other_operation_of_cisco_is_blocked(version: str) -> None:
    assert len(every_operation()) >= 1068
    assert passed(version=version) == asked(version)
    # Hidden behind the SOAPAction of a read, or behind none.
    assert passed(version=version, action=f"CUCM:DB ver={version} executeSQLQuery") == []
    assert passed(version=version, action="") == (["getCCMVersion"] if version == "1.0" else [])


def test_the_second_net_alone_knows_every_writing_operation() -> None:
    writing = [name for name in every_operation() if not re.match(r"(get|list|executeSQLQuery$)", name)]
    assert len(writing) > 650
    assert [name for name in writing if not guard._WRITING.match(name)] == []
    assert not any(guard._WRITING.match(entry[2]) for entry in guard.OPERATIONS)


def test_the_table_alone_blocks_every_writing_operation(monkeypatch) -> None:
    monkeypatch.setattr(guard, "_WRITING", re.compile("(?!)"))
    assert passed() == asked("12.5")


def test_the_net_alone_blocks_what_a_mistake_puts_into_the_table(monkeypatch) -> None:
    mistake = ("/axl/", "http://www.cisco.com/AXL/API/12.5", "removePhone", "CUCM:DB ver=12.5 removePhone")
    monkeypatch.setattr(guard, "OPERATIONS", guard.OPERATIONS | {mistake})
    with pytest.raises(WriteBlocked):
        axl("removePhone")


@pytest.mark.parametrize("path", [RIS_PATH, CONTROL_CENTER_PATH, PERFMON_PATH, AXL_PATH])
@pytest.mark.parametrize("operation", WRITERS)
def test_writers_of_the_serviceability_services_are_blocked(path: str, operation: str) -> None:
    with pytest.raises(WriteBlocked):
        other(path, operation)


@pytest.mark.parametrize("version", AXL_VERSIONS)
def test_reads_pass_and_are_labelled(version: str) -> None:
    assert axl("getCCMVersion", version=version) == "getCCMVersion"
    assert axl("executeSQLQuery", f"<sql>{KNOWN}</sql>", version=version) == f"executeSQLQuery {KNOWN}"


def test_discovery_passes_only_without_soapaction_and_only_as_the_version_question() -> None:
    assert axl("getCCMVersion", version="1.0", action="") == "getCCMVersion"
    for call in (
        lambda: axl("getCCMVersion", version="1.0", action="CUCM:DB ver=1.0 getCCMVersion"),
        lambda: axl("executeSQLQuery", f"<sql>{KNOWN}</sql>", version="1.0", action=""),
        lambda: axl("getCCMVersion", version="16.0"),
        lambda: axl("getCCMVersion", version="12.5", action="CUCM:DB ver=14.0 getCCMVersion"),
    ):
        with pytest.raises(WriteBlocked):
            call()


def test_serviceability_reads_pass_at_their_own_path_only() -> None:
    assert other(RIS_PATH, "selectCmDeviceExt") == "selectCmDeviceExt"
    assert other(CONTROL_CENTER_PATH, "soapGetServiceStatus") == "soapGetServiceStatus"
    assert other(PERFMON_PATH, "perfmonCollectCounterData") == "perfmonCollectCounterData"
    with pytest.raises(WriteBlocked):
        other(PERFMON_PATH, "selectCmDeviceExt")


ONE = '<a:getCCMVersion xmlns:a="http://www.cisco.com/AXL/API/12.5"/>'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml",
        b"<a/>",
        envelope(""),
        envelope(ONE + ONE),
        envelope(ONE + "<!-- removePhone -->"),
        envelope("<?x y?>" + ONE),
        envelope(ONE).replace(b"<s:Header/>", b"<s:Header><x/></s:Header>"),
        envelope(ONE).replace(b"<s:Header/>", b"<s:Body/>"),
        envelope(ONE).replace(b"<s:Header/>", b"<x/>"),
        b"<!DOCTYPE x>" + envelope(ONE),
        b"<!DOCTYPE x [<!ENTITY e 'x'>]>" + envelope(ONE.replace("/>", ">&e;</a:getCCMVersion>")),
        b"<!-- x -->" + envelope(ONE),
        envelope(ONE).replace(ENVELOPE.encode(), b"http://www.w3.org/2003/05/soap-envelope"),
        envelope(ONE.replace("/AXL/API/12.5", "/AXL/API/12.5/")),
    ],
)
def test_only_one_plain_operation_in_one_envelope(body: bytes) -> None:
    with pytest.raises(WriteBlocked):
        check_request(method="POST", path=AXL_PATH, query="", soap_action="CUCM:DB ver=12.5 getCCMVersion", body=body)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "post", "GET"])
def test_other_methods_are_blocked(method: str) -> None:
    with pytest.raises(WriteBlocked):
        check_request(
            method=method, path=AXL_PATH, query="", soap_action="CUCM:DB ver=12.5 getCCMVersion", body=envelope(ONE)
        )


@pytest.mark.parametrize(("path", "query"), [("/axl", ""), ("/axl/", "x=1"), ("/axl/x", ""), ("/AXL/", "")])
def test_other_addresses_are_blocked(path: str, query: str) -> None:
    with pytest.raises(WriteBlocked):
        check_request(
            method="POST", path=path, query=query, soap_action="CUCM:DB ver=12.5 getCCMVersion", body=envelope(ONE)
        )


def get(path: str, query: str, **rest: object) -> str:
    return check_request(**{"method": "GET", "path": path, "query": query, "soap_action": "", "body": b"", **rest})


def test_pages_that_are_read() -> None:
    assert get("/emapp/EMAppServlet", "device=SEP000000000000") == "GET em page"
    assert get("/ccmcip/getservicesmenu.jsp", "") == "GET services page"
    assert get("/platformcom/api/v1/certmgr/config/identity/certificate", "service=tomcat")


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/emapp/EMAppServlet", "device=SEP001122334455"),
        ("/emapp/EMAppServlet", "device=SEP000000000000&doLogout=true"),
        ("/emapp/EMAppServlet", "device=SEP000000000000&userid=a&seq=1"),
        ("/emapp/EMAppServlet", ""),
        ("/emservice/EMServiceServlet", ""),
        ("/ccmcip/getservicesmenu.jsp", "name=SEP000000000000"),
        ("/ccmcip/authenticate.jsp", ""),
        ("/changecredential/ChangeCredentialServlet", "device=SEP000000000000"),
        ("/platformcom/api/v1/certmgr/config/csr", ""),
    ],
)
def test_pages_that_are_not(path: str, query: str) -> None:
    with pytest.raises(WriteBlocked):
        get(path, query)


def test_a_page_carries_no_body() -> None:
    with pytest.raises(WriteBlocked):
        get("/ccmcip/getservicesmenu.jsp", "", body=b"x")


# ---------------------------------------------------------------------------------------------------------------- SQL


def test_the_counts_of_the_small_tables_are_let_through_and_nothing_near_them():
    small = {statement.fact for statement in STATEMENTS if not statement.paged and not statement.count}
    assert small - set(SMALL_COUNTS) == {"replication_dynamic"}
    assert COUNTING.sql.count(" union all ") == len(SMALL_COUNTS) - 1
    check_sql(COUNTING.sql)
    for place, one in enumerate(SMALL_COUNTS.values()):
        check_sql(one)
        part = one.replace("select ", f"select {place} as part, ", 1)
        assert part in COUNTING.sql
        with pytest.raises(WriteBlocked):
            check_sql(part)


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda statement: statement.fact + statement.since)
def test_every_statement_of_ours_passes_bare_paged_and_counted(statement) -> None:
    check_sql(statement.sql)
    check_sql(statement.sql.replace("select ", "select skip 15000 first 5000 ", 1))
    if statement.count:
        check_sql(statement.count)


@pytest.mark.parametrize(
    "text",
    [
        KNOWN + ";",
        KNOWN + " ",
        KNOWN.upper(),
        KNOWN.replace("select ", "select  "),
        "select name from device",
        KNOWN.replace("select ", "select skip -1 first 5 ", 1),
        KNOWN.replace("select ", "select skip 1 first 5; ", 1),
        KNOWN.replace("select ", "select skip 1 first 5 skip 2 first 3 ", 1),
        KNOWN.replace("select ", "select first 5 ", 1),
        KNOWN + " into temp t",
        KNOWN + " for update",
        KNOWN + " union select pkid, passwordreverse, name, name, name, name, name from enduser",
        KNOWN + " -- x",
        "update device set name = 'x'",
        "execute procedure x()",
        "",
    ],
)
def test_anything_else_does_not(text: str) -> None:
    with pytest.raises(WriteBlocked):
        check_sql(text)


@given(st.integers(0, len(KNOWN)), st.text(min_size=1, max_size=12))
def test_no_insertion_anywhere_passes(place: int, text: str) -> None:
    changed = KNOWN[:place] + text + KNOWN[place:]
    if not re.match(r"select skip \d+ first \d+ ", changed):
        with pytest.raises(WriteBlocked):
            check_sql(changed)


@pytest.mark.parametrize("word", sorted(sql.FORBIDDEN_WORDS | sql.SECRET_COLUMNS | {"ldappassword", "xpasswordx"}))
def test_the_validator_alone_refuses(word: str) -> None:
    for text in (
        f"select {word} from device",
        f"select a from b where {word.upper()} = 1",
        f"select a.{word} from b a",
        f"select a.b from credential a where a.{word} is null",
    ):
        with pytest.raises(WriteBlocked):
            sql.check_reading(text)


@pytest.mark.parametrize(
    "text",
    ["select a; from b", "select a -- b", "select {x} a", "select /* a */ b", 'select "a" from b', "select 'a from b",
     "select a\nfrom b", "select \u0430 from b", "seleсt a from b", " select a from b", "insert into a values (1)",
     "select " + "a" * 5000, "select * from credential", "select c.* from credential c", "select count(*), * from b",
     "select credential from credential", "select a from b, credential"],
)  # fmt: skip
def test_the_validator_alone_refuses_shapes(text: str) -> None:
    with pytest.raises(WriteBlocked):
        sql.check_reading(text)


def test_the_validator_lets_a_reading_statement_pass() -> None:
    sql.check_reading("select d.name from device d where d.name like 'SEP%' order by d.name")
    sql.check_reading("select count(*) as n from b join credential c on c.fkenduser = b.pkid")


# -------------------------------------------------------------------------------------------------------- command line


def test_commands_are_compared_whole() -> None:
    for command in COMMANDS:
        check_command(command.text)
        for text in (
            command.text + " ",
            command.text + "\n",
            " " + command.text,
            command.text.upper(),
            command.text[:-1],
        ):
            with pytest.raises(WriteBlocked):
                check_command(text)


@pytest.mark.parametrize(
    "text",
    ["utils system restart", "run sql update device set name = 'x'", "", "set network dns primary 10.0.0.1",
     "utils dbreplication repair all", "run sql select count(*) as n from typemodel; x"],
)  # fmt: skip
def test_other_commands_are_blocked(text: str) -> None:
    with pytest.raises(WriteBlocked):
        check_command(text)


def test_keys() -> None:
    for key in (" ", "n", "q", "quit"):
        check_key(key)
    for key in ("y", "yes", "", "\n", "Q", "nn"):
        with pytest.raises(WriteBlocked):
            check_key(key)
