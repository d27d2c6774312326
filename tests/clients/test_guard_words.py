"""The guard word by word: every entry of its tables, every border, and what it says when it refuses."""

import contextlib

import pytest

from cucm_audit.clients import WriteBlocked, guard, sql
from cucm_audit.clients.commands import COMMANDS, PAGER_KEYS, QUIT
from cucm_audit.clients.guard import AXL_PATH, check_command, check_key, check_request, check_sql
from cucm_audit.clients.journal import SSH_LOGIN
from tests.clients.test_guard import AST, ENVELOPE, KNOWN, ONE, axl, envelope, get

ACTION = "CUCM:DB ver=12.5 getCCMVersion"
AXL_READS = ("executeSQLQuery", "getCCMVersion", "getLdapSyncStatus")
VERSIONS = ("8.5", "9.0", "9.1", "10.0", "10.5", "11.0", "11.5", "12.0", "12.5", "14.0", "15.0")
SERVICES = {
    ("/realtimeservice2/services/RISService70", "selectCmDevice"),
    ("/realtimeservice2/services/RISService70", "selectCmDeviceExt"),
    ("/controlcenterservice2/services/ControlCenterServices", "soapGetServiceStatus"),
    ("/controlcenterservice2/services/ControlCenterServices", "getProductInformationList"),
    ("/perfmonservice2/services/PerfmonService", "perfmonCollectCounterData"),
}


def send(body: bytes, action: str = ACTION) -> str:
    return check_request(method="POST", path=AXL_PATH, query="", soap_action=action, body=body)


def test_the_table_of_operations_is_this_and_no_other() -> None:
    """Spelt out once more by hand: an entry that came in by mistake has to come in here as well."""
    axl_space = "http://www.cisco.com/AXL/API/"
    expected = {("/axl/", f"{axl_space}1.0", "getCCMVersion", "")}
    expected |= {("/axl/", axl_space + v, name, f"CUCM:DB ver={v} {name}") for v in VERSIONS for name in AXL_READS}
    smart = "getSmartLicenseStatus"
    expected |= {("/axl/", axl_space + v, smart, f"CUCM:DB ver={v} {smart}") for v in ("12.5", "14.0", "15.0")}
    expected |= {(path, "http://schemas.cisco.com/ast/soap", name, name) for path, name in SERVICES}
    assert expected == guard.OPERATIONS
    assert AST == guard.SERVICEABILITY_NAMESPACE
    assert ENVELOPE == guard.ENVELOPE_NAMESPACE
    assert set(guard.AXL_VERSIONS) == set(VERSIONS)


def test_the_table_of_pages_is_this_and_no_other() -> None:
    certmgr = "/platformcom/api/v1/certmgr/config/"
    assert {
        ("/emapp/EMAppServlet", "device=SEP000000000000"): "GET em page",
        ("/ccmcip/getservicesmenu.jsp", ""): "GET services page",
        (f"{certmgr}snapshot/server", ""): "GET certificate snapshot",
        (f"{certmgr}identity/certificate", "service=tomcat"): "GET certificate identity",
        (f"{certmgr}trust/certificate", "service=tomcat"): "GET certificate trust",
    } == guard.PAGES
    for (path, query), label in guard.PAGES.items():
        assert get(path, query) == label


def test_keys_and_words_are_these_and_no_others() -> None:
    assert PAGER_KEYS == (" ", "n", "q")
    assert (QUIT, SSH_LOGIN) == ("quit", "login")
    passing = []
    for key in [*map(chr, range(256)), "quit", "exit", "yes", "no", "login"]:
        with contextlib.suppress(WriteBlocked):
            check_key(key)
            passing.append(key)
    assert passing == [" ", "n", "q", "quit"]


#: What may be typed, how many seconds its answer may take, and what makes sure that it came whole over the pager.
TYPED = {
    "set cli pagination off": (15, "AGAIN"),
    "show version active": (30, "AGAIN"),
    "show version inactive": (30, "AGAIN"),
    "show status": (30, "AGAIN"),
    "show network cluster": (30, "AGAIN"),
    "file view install system-history.log": (120, "ITSELF"),
    "utils ntp status": (45, "AGAIN"),
    "utils service list": (120, "AGAIN"),
    "utils dbreplication runtimestate": (300, "ITSELF"),
    "utils core active list": (120, "AGAIN"),
    "show hardware": (30, "AGAIN"),
    "show cert list own": (30, "AGAIN"),
    "utils os secure status": (20, "AGAIN"),
    "utils fips status": (20, "AGAIN"),
    "utils vmtools status": (30, "AGAIN"),
    "utils disaster_recovery history backup": (60, "AGAIN"),
    "utils disaster_recovery status backup": (60, "AGAIN"),
    "utils diagnose test": (300, "NOTHING"),
    "run sql select count(*) as n from typemodel": (60, "AGAIN"),
    "run sql select count(*) as n from typeproduct": (60, "AGAIN"),
}


def test_the_catalogue_of_commands_is_this_and_no_other() -> None:
    """Spelt out once more by hand, as the operations are: a command that came in by mistake has to come in here too."""
    assert {command.text: (command.timeout, command.paged.name) for command in COMMANDS} == TYPED
    assert len(COMMANDS) == len(TYPED)
    for text in TYPED:
        check_command(text)


def test_a_page_takes_neither_an_action_nor_a_body() -> None:
    for rest in ({"soap_action": "getCCMVersion"}, {"body": b"x"}):
        with pytest.raises(WriteBlocked, match="not in the table of pages"):
            get("/ccmcip/getservicesmenu.jsp", "", **rest)


def test_a_request_may_have_four_mebibytes() -> None:
    whole = envelope(ONE)
    room = 4 * 1024 * 1024 - len(whole)
    assert send(whole.replace(b"<s:Body>", b"<s:Body>" + b" " * room)) == "getCCMVersion"
    with pytest.raises(WriteBlocked, match="too large"):
        send(whole.replace(b"<s:Body>", b"<s:Body>" + b" " * (room + 1)))


INNER = "<a:getCCMVersion xmlns:a='http://www.cisco.com/AXL/API/12.5'>{}</a:getCCMVersion>"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (envelope(ONE)[:-10], "not XML"),
        (envelope(INNER.format("<x>" * 300 + "</x>" * 300)), "not XML"),
        (b"\xff" + envelope(ONE), "not XML"),
        (b"<?xml version='1.0' encoding='UTF-7'?>" + envelope(ONE), "not UTF-8"),
        (b"<?xml version='1.0' encoding='ISO-8859-1'?>" + envelope(ONE), "not UTF-8"),
        (envelope(ONE).decode().encode("utf-16"), "not UTF-8"),
        (b"<?xml version='1.0' encoding='x-y'?><a/>", "not XML"),
        (envelope(ONE) + b"<!-- x -->", "more than an envelope"),
        (b"<?x y?>" + envelope(ONE), "more than an envelope"),
        (envelope(ONE) + b"<?x y?>", "more than an envelope"),
        (b"<!DOCTYPE x>" + envelope(ONE), "more than an envelope"),
        (envelope(INNER.format("<!-- x -->")), "a comment, an instruction or an entity"),
        (envelope(INNER.format("<?x y?>")), "a comment, an instruction or an entity"),
        (envelope(ONE).replace(b"s:Envelope", b"s:Envelop"), "not a SOAP envelope"),
        (envelope(ONE).replace(b"s:Envelope xmlns:s=", b"Envelope xmlns:s="), "not XML"),
        (envelope(ONE).replace(b"s:Header", b"Header"), "exactly one operation"),
        (envelope(ONE).replace(b"s:Body", b"Body"), "exactly one operation"),
        (envelope(ONE).replace(b"<s:Header/>", b"<s:Header/><s:Header><x/></s:Header>"), "exactly one operation"),
        (envelope(ONE).replace(b"<s:Header/>", b"<s:Header/><s:Fault/>"), "exactly one operation"),
        (envelope(ONE).replace(b"</s:Body>", b"</s:Body><s:Body/>"), "exactly one operation"),
        (envelope(ONE) .replace(b"</s:Body>", b"</s:Body>" + b"<s:Body>" + ONE.encode() + b"</s:Body>"), "exactly one"),
    ],
)  # fmt: skip
def test_what_is_no_plain_envelope_is_refused_for_its_own_reason(body: bytes, says: str) -> None:
    with pytest.raises(WriteBlocked, match=says):
        send(body)


def test_a_request_may_say_that_it_is_utf_8() -> None:
    for name in ("utf-8", "UTF-8"):
        assert send(f"<?xml version='1.0' encoding='{name}'?>".encode() + envelope(ONE)) == "getCCMVersion"


def test_a_header_may_be_missing_or_empty_and_come_twice() -> None:
    assert send(envelope(ONE)) == "getCCMVersion"
    assert send(envelope(ONE).replace(b"<s:Header/>", b"")) == "getCCMVersion"
    assert send(envelope(ONE).replace(b"<s:Header/>", b"<s:Header/><s:Header/>")) == "getCCMVersion"


@pytest.mark.parametrize(
    ("inner", "says"),
    [
        ("", "something else than one statement"),
        (f"<sql>{KNOWN}</sql><sql>{KNOWN}</sql>", "something else than one statement"),
        (f"<sql>{KNOWN}</sql><x/>", "something else than one statement"),
        (f"<SQL>{KNOWN}</SQL>", "something else than one statement"),
        (f"<a:sql>{KNOWN}</a:sql>", "something else than one statement"),
        (f"<sql>{KNOWN}<x/></sql>", "something else than one statement"),
        ("<sql/>", "SQL refused"),
        ("<sql>update device set name = 'x'</sql>", "does not start with select"),
        ("<sql>select name from device</sql>", "none of this program's statements"),
    ],
)
def test_one_statement_of_ours_and_nothing_beside_it(inner: str, says: str) -> None:
    with pytest.raises(WriteBlocked, match=says):
        axl("executeSQLQuery", inner)


def test_a_statement_takes_no_attribute() -> None:
    body = envelope(f'<a:executeSQLQuery xmlns:a="http://www.cisco.com/AXL/API/12.5" update="1"><sql>{KNOWN}</sql>'
                    "</a:executeSQLQuery>")  # fmt: skip
    with pytest.raises(WriteBlocked, match="something else than one statement"):
        send(body, "CUCM:DB ver=12.5 executeSQLQuery")


def test_both_opinions_about_a_statement_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "_KNOWN_SQL", frozenset({"update device set name = 'x'", "select a from b"}))
    check_sql("select a from b")
    check_sql("select skip 0 first 1 a from b")
    check_sql("select skip 123456789 first 1234567 a from b")
    for page in (
        "skip 1234567890 first 5",
        "skip 5 first 12345678",
        "skip 05 first 5",
        "skip 5 first 0",
        "skip 5 first 05",
    ):
        with pytest.raises(WriteBlocked, match="none of this program's"):
            check_sql(f"select {page} a from b")
    with pytest.raises(WriteBlocked, match="does not start with select"):
        check_sql("update device set name = 'x'")


def test_both_opinions_about_a_command_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    longest = "x" * 200
    known = {command.text for command in COMMANDS} | {"show a\nshow b", longest, longest + "x", ""}
    monkeypatch.setattr(guard, "_KNOWN_COMMANDS", frozenset(known))
    check_command(longest)
    check_command("show status")
    for text in ("show a\nshow b", longest + "x", "", "show statu", "show status\n"):
        with pytest.raises(WriteBlocked, match="not in the catalogue"):
            check_command(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not plain ASCII on one line"),
        ("select a\nfrom b", "not plain ASCII on one line"),
        ("select " + "a" * 3994, "not plain ASCII on one line"),
        ("select \u0430 from b", "not plain ASCII on one line"),
        ("update b", "it does not start with select"),
        ("selecta from b", "it does not start with select"),
        ("select 'a from b", "a quote is open"),
        ("select * from b", "it asks for every column"),
        ("select count(*), * from b", "it asks for every column"),
        ("select a from b into c", "it holds the word into"),
        ("select A from B INTO c", "it holds the word into"),
        ("select xpasswordx from b", "it reads the secret column xpasswordx"),
        ("select pin from b", "it reads the secret column pin"),
        ("select credential from b", "it reads the secret column credential"),
        ("select a from b, credential", "it reads the secret column credential"),
        *(
            (f"select a {mark} b", f"it holds {mark}")
            for mark in (";", "--", "{", "}", "/*", "*/", '"', "\\", "`", "$")
        ),
    ],
)
def test_why_a_statement_is_refused(text: str, says: str) -> None:
    with pytest.raises(WriteBlocked) as caught:
        sql.check_reading(text)
    assert str(caught.value) == f"SQL refused: {says}"


def test_what_a_statement_may_hold() -> None:
    for text in (
        "select " + "a" * 3993,
        "SELECT a FROM b",
        "select 'update drop' as n from b",
        "select 'a''b' from c",
        "select 'x', '*', 'into' from b",
        "select c.a from credential c join credential d on c.a = d.a",
        "select count(*) as n from b",
        "select a'' from b where a = 'pin' and b in ('x','password')",
        "select a from b where c in'x'to",
    ):
        sql.check_reading(text)


def test_the_forbidden_words_are_these() -> None:
    assert len(sql.FORBIDDEN_WORDS) == 39
    assert {
        "alter",
        "update",
        "unlock",
        "export",
        "grant",
        "import",
        "system",
        "temp",
        "trigger",
    } <= sql.FORBIDDEN_WORDS
    assert len(sql.SECRET_COLUMNS) == 13
    assert {"authenticationstring", "credentials", "passwordreverse", "zzunlockpassword"} <= sql.SECRET_COLUMNS
