"""AXL: discovery, versions, strict rows, pages, counts and faults, against a small database behind real TLS."""

import re
import threading
import time
import tracemalloc
from pathlib import Path
from xml.sax.saxutils import escape

import ciscoaxl
import pytest
from lxml import etree

from cucm_audit.clients import ClientError
from cucm_audit.clients.axl import Axl
from cucm_audit.clients.axl_answer import columns_of
from cucm_audit.clients.axl_version import accepted_by, normal_release, version_for
from cucm_audit.clients.guard import AXL_VERSIONS, LICENCE_VERSIONS, Journal
from cucm_audit.clients.soap import build
from cucm_audit.clients.statements import COUNTING, SMALL_COUNTS, STATEMENTS, Statement
from cucm_audit.model import Reason, Source
from cucm_audit.secrets import Account, Secret
from tests.clients.http_node import Answer, HttpNode, certificate

SCHEMAS = Path(ciscoaxl.__file__).parent / "schema"
SOAPENV = "http://schemas.xmlsoap.org/soap/envelope/"
PHONES = next(s for s in STATEMENTS if s.fact == "phone_subscription")
TOO_LARGE = Reason.TOO_LARGE
NO_COLUMN = "Column (emmaxlogintime) not found in any table in the query (or SLV is undefined)."
SMALL = next(s for s in STATEMENTS if s.fact == "app_user")


def envelope(inner: str) -> bytes:
    body = f"<soapenv:Header/><soapenv:Body>{inner}</soapenv:Body>"
    return f'<soapenv:Envelope xmlns:soapenv="{SOAPENV}">{body}</soapenv:Envelope>'.encode()


def version_answer(release: str, version: str = "10.0") -> Answer:
    inner = f"<return><componentVersion><version>{release}</version></componentVersion></return>"
    return Answer(
        body=envelope(
            f'<ns:getCCMVersionResponse xmlns:ns="http://www.cisco.com/AXL/API/{version}">{inner}</ns:getCCMVersionResponse>'
        )
    )


def rows_answer(rows: list[dict[str, str | None]], version: str = "12.5") -> Answer:
    parts = []
    for row in rows:
        cells = "".join(f"<{k}/>" if v is None else f"<{k}>{escape(v)}</{k}>" for k, v in row.items())
        parts.append(f"<row>{cells}</row>")
    return sql_answer(f"<return>{''.join(parts)}</return>", version)


def sql_answer(inner: str, version: str = "12.5") -> Answer:
    ns = f"http://www.cisco.com/AXL/API/{version}"
    return Answer(body=envelope(f'<ns:executeSQLQueryResponse xmlns:ns="{ns}">{inner}</ns:executeSQLQueryResponse>'))


def fault(text: str, code: str = "-1", status: int = 500) -> Answer:
    parts = f"<axlcode>{code}</axlcode><axlmessage>{text}</axlmessage><request>executeSQLQuery</request>"
    detail = f"<detail><axlError>{parts}</axlError></detail>"
    inner = (
        f"<soapenv:Fault><faultcode>soapenv:Server</faultcode><faultstring>{text}</faultstring>{detail}</soapenv:Fault>"
    )
    return Answer(status=status, body=envelope(inner))


def page_599(names: str) -> Answer:
    body = f"<html><head><title>Incorrect axl version. Supported axl versions are {names}</title></head></html>"
    return Answer(status=599, body=body.encode(), headers={"Content-Type": "text/html"})


class Cluster:
    """Answers as AXL does; ``rows`` is the subscription table. Faults are put in front by the test."""

    def __init__(self, rows: int = 0, release: str = "12.5.1.14900(63)") -> None:
        self.release = release
        self.rows = [
            {"pkid": f"{n:08x}-0000", "fkdevice": f"d{n}", "fktelecasterservice": "s", "urlbuttonindex": str(n % 3),
             "serviceurl": "x", "secureserviceurl": "y"}
            for n in range(rows)
        ]  # fmt: skip
        self.sql: list[str] = []
        self.versions: list[str] = []
        self.before: list[Answer] = []  # answers to the next SQL requests, in place of the real ones
        self.accepts: tuple[str, ...] | None = None
        self.page_599 = ""
        self.ignore_paging = False
        self.repeat_first_page = False
        self.change = lambda: None  # called before each SQL answer
        self.counting: list[Answer] = []  # answers to the count of the small tables; none left: it is refused

    def __call__(self, asked) -> Answer:
        root = etree.fromstring(asked.body)
        operation = root[-1][0]
        version = etree.QName(operation).namespace.rpartition("/")[2]
        name = etree.QName(operation).localname
        self.versions.append(f"{version} {name} {asked.headers.get('soapaction', '')}")
        if self.accepts is not None and version not in self.accepts:
            return page_599(self.page_599)
        if name == "getCCMVersion":
            return version_answer(self.release, "10.0" if version == "1.0" else version)
        return self.query(operation.findtext("sql"), version)

    def query(self, sql: str, version: str) -> Answer:
        self.sql.append(sql)
        if sql == COUNTING.sql or sql in SMALL_COUNTS.values():
            return self.counting.pop(0) if self.counting else fault("A syntax error has occurred.", "-201")
        if self.before:
            return self.before.pop(0)
        self.change()
        if sql.startswith("select count(*) as n"):
            return rows_answer([{"n": str(len(self.rows))}], version)
        found = re.match(r"select skip (\d+) first (\d+) ", sql)
        start, count = (int(found.group(1)), int(found.group(2))) if found else (0, len(self.rows))
        if self.ignore_paging:
            start, count = 0, len(self.rows)
        if self.repeat_first_page:
            start = 0
        return rows_answer(self.rows[start : start + count], version)


@pytest.fixture(scope="module")
def pem(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("tls"), "pub1")


@pytest.fixture
def connect(pem):
    nodes = []

    def start(answer, **rest) -> Axl:
        node = HttpNode(answer, pem)
        nodes.append(node)
        rest.setdefault("sleep", lambda seconds: None)
        axl = Axl(node.node, Account(user="axl", password=Secret("geheim-geheim")), node.pins, Journal(), **rest)
        axl.server = node
        return axl

    yield start
    for node in nodes:
        node.close()


def fails(rows, reason) -> tuple[list, ClientError]:
    got = []
    with pytest.raises(ClientError) as caught:
        got.extend(rows)
    assert caught.value.reason is reason, caught.value
    return got, caught.value


# ------------------------------------------------------------------------------------------------------- our requests


@pytest.mark.parametrize("version", sorted(path.name for path in SCHEMAS.iterdir()))
def test_requests_are_valid_against_ciscos_schema(version):
    schema = etree.XMLSchema(etree.parse(str(SCHEMAS / version / "AXLSoap.xsd")))
    spoken = etree.parse(str(SCHEMAS / version / "AXLSoap.xsd")).getroot().get("targetNamespace").rpartition("/")[2]
    assert spoken in AXL_VERSIONS
    asks = [
        build("axl.wsdl", "getCCMVersion", version=spoken),
        build("axl.wsdl", "getCCMVersion", version=spoken, processNodeName="cucm-sub1"),
        build("axl.wsdl", "getLdapSyncStatus", version=spoken, name="Example AD"),
        *([build("axl.wsdl", "getSmartLicenseStatus", version=spoken)] if spoken in LICENCE_VERSIONS else []),
        *(build("axl.wsdl", "executeSQLQuery", version=spoken, sql=statement.sql) for statement in STATEMENTS),
    ]
    for ask in asks:
        schema.assertValid(etree.ElementTree(etree.fromstring(ask)[-1][0]))


def test_the_schema_would_refuse_a_qualified_child():
    """The test above can fail."""
    schema = etree.XMLSchema(etree.parse(str(SCHEMAS / "12.5" / "AXLSoap.xsd")))
    ns = "http://www.cisco.com/AXL/API/12.5"
    wrong = etree.fromstring(f'<a:executeSQLQuery xmlns:a="{ns}"><a:sql>x</a:sql></a:executeSQLQuery>')
    assert not schema.validate(etree.ElementTree(wrong))


# ---------------------------------------------------------------------------------------------------------- discovery


@pytest.mark.parametrize(
    ("release", "normal", "version"),
    [
        ("15.0.1.10000(30)", "15.0.1.10000-30", "15.0"),
        ("14.0.1.13900(155)", "14.0.1.13900-155", "14.0"),
        ("12.5.1.14900(63)", "12.5.1.14900-63", "12.5"),
        ("11.5.1.15900-18", "11.5.1.15900-18", "11.5"),
        ("10.5.2.10000(5)", "10.5.2.10000-5", "10.5"),
        ("9.1.2.10000(28)", "9.1.2.10000-28", "9.1"),
        ("8.6.2.20000(2)", "8.6.2.20000-2", "8.5"),
        ("16.0.1.10000(1)", "16.0.1.10000-1", "15.0"),
    ],
)
def test_discovery(connect, release, normal, version):
    cluster = Cluster(release=release)
    axl = connect(cluster)
    axl.discover()
    assert (axl.release, axl.version) == (normal, version)
    assert cluster.versions == ["1.0 getCCMVersion "]
    assert "soapaction" not in axl.server.asked[0].headers
    assert axl.requests == 1


def test_discovery_that_is_refused_is_asked_in_a_named_version(connect):
    cluster = Cluster(release="15.0.1.12900(234)")
    cluster.accepts, cluster.page_599 = ("12.0", "12.5", "14.0", "15.0"), "12.x, 14.0 and 15.0"
    axl = connect(cluster)
    axl.discover()
    assert axl.version == "15.0"
    assert [line.split()[0] for line in cluster.versions] == ["1.0", "15.0"]
    assert '"CUCM:DB ver=15.0 getCCMVersion"' in cluster.versions[1]


def test_a_refused_version_is_replaced_once_by_one_that_the_node_names(connect):
    cluster = Cluster(rows=3, release="14.0.1.13900(155)")
    cluster.accepts, cluster.page_599 = ("1.0", "12.0", "12.5"), "12.x"
    axl = connect(cluster)
    assert len(list(axl.rows(PHONES))) == 3
    assert axl.version == "12.5"
    assert [line.split()[0] for line in cluster.versions] == ["1.0", "14.0", "12.5", "12.5", "12.5"]


@pytest.mark.parametrize("names", ["12.x", "99.0", "", "nothing"])
def test_a_node_that_goes_on_refusing_is_not_asked_for_ever(connect, names):
    cluster = Cluster(release="14.0.1.13900(155)")
    cluster.accepts, cluster.page_599 = ("1.0",), names
    axl = connect(cluster)
    fails(axl.rows(SMALL), Reason.UNSUPPORTED_VERSION)
    fails(axl.rows(SMALL), Reason.UNSUPPORTED_VERSION)
    assert axl.requests <= 5


@pytest.mark.parametrize("release", ["", "unknown", "12.5", "7.1.5.10000-12"])
def test_a_release_that_cannot_be_spoken_with(connect, release):
    axl = connect(Cluster(release=release))
    with pytest.raises(ClientError) as caught:
        axl.discover()
    assert caught.value.reason in (Reason.MALFORMED, Reason.UNSUPPORTED_VERSION)


def test_release_of_another_node(connect):
    cluster = Cluster()
    axl = connect(cluster)
    assert axl.release_of("cucm-sub1") == "12.5.1.14900-63"
    assert b"<processNodeName>cucm-sub1</processNodeName>" in axl.server.asked[-1].body


def test_release_of_an_unknown_node(connect):
    answers = iter(
        [version_answer("12.5.1.14900(63)"), fault("Item not valid: The specified node was not found", "5007")]
    )
    axl = connect(lambda asked: next(answers))
    with pytest.raises(ClientError) as caught:
        axl.release_of("nobody")
    assert "5007" in caught.value.detail


def test_versions_and_pages():
    assert accepted_by("Supported axl versions are 11.x and 10.0") == ("11.5", "11.0", "10.0")
    assert accepted_by("Incorrect axl version 9.1. Supported axl versions are 14.0") == ("14.0",)
    assert version_for("14.0.1.1-1", ("12.5", "15.0")) == "12.5"
    assert version_for("7.1.5.1-1") is None
    assert normal_release(" 8.6.2.20000(2) ") == "8.6.2.20000-2"


# --------------------------------------------------------------------------------------------------------------- rows


def test_rows_of_a_small_statement(connect):
    answer = rows_answer([{"name": "CCMSysUser", "isstandard": "t"}, {"name": "ü&<x>", "isstandard": None}])
    cluster = Cluster()
    cluster.before = [answer]
    axl = connect(cluster)
    assert list(axl.rows(SMALL)) == [
        {"name": "CCMSysUser", "isstandard": "t"},
        {"name": "ü&<x>", "isstandard": None},
    ]
    assert axl.server.asked[-1].headers["soapaction"] == '"CUCM:DB ver=12.5 executeSQLQuery"'


def counts(**told: int) -> Answer:
    """An answer to the count of all small tables; those that are not named have no rows."""
    numbers = [(place, told.get(fact, 0)) for place, fact in enumerate(SMALL_COUNTS)]
    return rows_answer([{"part": str(place), "n": str(number)} for place, number in reversed(numbers)])


USERS = rows_answer([{"name": name, "isstandard": "t"} for name in ("a", "b")])
POLICIES = next(s for s in STATEMENTS if s.fact == "credential_policy")


def small(connect, counting: list[Answer], answer: Answer = USERS):
    """Read the application users where the small tables are counted so: the client, its cluster, rows, the error."""
    cluster = Cluster()
    cluster.before, cluster.counting = [answer], counting
    axl, rows = connect(cluster), []
    try:
        for row in axl.rows(SMALL):
            rows.append(row)  # noqa: PERF402 - what came before an error counts
    except ClientError as error:
        return axl, cluster, rows, error
    return axl, cluster, rows, None


def test_the_small_tables_are_counted_once_for_all(connect):
    axl, cluster, rows, error = small(connect, [counts(app_user=2)])
    assert (len(rows), error, axl.uncounted) == (2, None, "")
    cluster.before = [rows_answer([])]
    assert list(axl.rows(POLICIES)) == [], "its count is known already: none"
    assert cluster.sql.count(COUNTING.sql) == 1


@pytest.mark.parametrize(
    ("counted", "answer", "came", "reason"),
    [
        (3, USERS, 2, Reason.INCONSISTENT),
        (1, USERS, 2, Reason.INCONSISTENT),
        (2, sql_answer("<return/>"), 0, Reason.IMPLAUSIBLE_EMPTY),
    ],
)
def test_a_small_answer_that_is_not_as_long_as_its_count_is_not_whole(connect, counted, answer, came, reason):
    _, _, rows, error = small(connect, [counts(app_user=counted)] * 2, answer)
    assert (len(rows), error.reason) == (came, reason)
    assert f"count(*) said {counted}, {came} rows came" in error.detail


def test_a_row_that_was_added_between_is_counted_once_more(connect):
    _, cluster, rows, error = small(connect, [counts(app_user=1), counts(app_user=2)])
    assert (len(rows), error, cluster.sql.count(COUNTING.sql)) == (2, None, 2)


def test_counting_again_has_an_end(connect):
    axl, cluster, _, _ = small(connect, [counts(app_user=9)] * 9)
    for _ in range(6):
        cluster.before = [USERS]
        with pytest.raises(ClientError):
            list(axl.rows(SMALL))
    assert cluster.sql.count(COUNTING.sql) == 4


def test_a_count_that_is_refused_changes_nothing_and_is_told(connect):
    axl, cluster, rows, error = small(connect, [])
    assert (len(rows), error) == (2, None)
    assert "-201" in axl.uncounted
    assert cluster.sql[-2:] == [COUNTING.sql, SMALL_COUNTS["app_user"]]
    cluster.before = [USERS]
    assert len(list(axl.rows(SMALL))) == 2
    assert cluster.sql.count(COUNTING.sql) == 1, "together they are refused once"


UNREADABLE = [
    rows_answer([]),
    rows_answer([{"part": "0", "n": "2"}]),
    rows_answer([{"part": str(place), "n": "many"} for place in range(len(SMALL_COUNTS))]),
    rows_answer([{"part": "0", "n": "2"} for _ in SMALL_COUNTS]),
    rows_answer([{"part": None, "n": None} for _ in SMALL_COUNTS]),
    sql_answer("<return><row>"),
    fault("A syntax error has occurred.", "-201"),
]


@pytest.mark.parametrize("answer", UNREADABLE)
def test_where_they_cannot_be_counted_together_each_is_counted_by_itself(connect, answer):
    axl, cluster, rows, error = small(connect, [answer, rows_answer([{"n": "2"}])])
    assert (len(rows), error, axl.uncounted) == (2, None, "")
    cluster.before, cluster.counting = [rows_answer([])], [rows_answer([{"n": "1"}])] * 2
    _, error = fails(axl.rows(POLICIES), Reason.IMPLAUSIBLE_EMPTY)
    assert "count(*) said 1, 0 rows came" in error.detail
    assert cluster.sql.count(COUNTING.sql) == 1


@pytest.mark.parametrize("answer", [rows_answer([]), rows_answer([{"n": "many"}]), sql_answer("<return><row>")])
def test_a_count_that_cannot_be_read_leaves_its_table_unknown(connect, answer):
    axl, cluster, rows, error = small(connect, [UNREADABLE[0], answer])
    assert len(rows) == 2, "what came is kept"
    assert error.reason in (Reason.MALFORMED, Reason.TRUNCATED)
    cluster.before, cluster.counting = [rows_answer([])], [rows_answer([{"n": "0"}])]
    assert list(axl.rows(POLICIES)) == [], "another table has its own"


@pytest.mark.parametrize(
    ("inner", "rows"),
    [
        ("<return/>", []),
        ("<return></return>", []),
        ("<return> <!-- none --> </return>", []),
        (
            "<return>\n<!-- a --><row><name>a</name><isstandard/></row>\n<!-- b --></return>",
            [{"name": "a", "isstandard": None}],
        ),
        ("<return><row><NAME>a</NAME><IsStandard/></row></return>", [{"name": "a", "isstandard": None}]),
        (
            '<return><row><name>a</name><isstandard xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:nil="true"/>'
            "</row></return>",
            [{"name": "a", "isstandard": None}],
        ),
        (
            "<return><row><isstandard>f</isstandard><name> a </name></row></return>",
            [{"name": " a ", "isstandard": "f"}],
        ),
    ],
)
def test_shapes_that_are_right(connect, inner, rows):
    cluster = Cluster()
    cluster.before = [sql_answer(inner)]
    assert list(connect(cluster).rows(SMALL)) == rows


@pytest.mark.parametrize(
    "inner",
    [
        "",
        "<result/>",
        "<return/><return/>",
        "<return><row><name>a</name></row></return>",
        "<return><row/></return>",
        "<return><row><name>a</name><name>b</name><isstandard>t</isstandard></row></return>",
        "<return><row><name>a</name><isstandard>t</isstandard><more>x</more></row></return>",
        "<return><row><name><b>a</b></name><isstandard>t</isstandard></row></return>",
        "<return><line><name>a</name><isstandard>t</isstandard></line></return>",
        "<return><row><name><row/></name><isstandard>t</isstandard></row></return>",
        "<row><name>a</name><isstandard>t</isstandard></row>",
        "<return/><row><name>a</name><isstandard>t</isstandard></row>",
        "<list><row><name>a</name><isstandard>t</isstandard></row></list>",
        "<return><rows><row><name>a</name><isstandard>t</isstandard></row></rows></return>",
    ],
)
def test_shapes_that_are_malformed(connect, inner):
    cluster = Cluster()
    cluster.before = [sql_answer(inner)]
    rows, _ = fails(connect(cluster).rows(SMALL), Reason.MALFORMED)
    assert rows == []


@pytest.mark.parametrize("place", [1, 2])
def test_something_between_or_after_the_rows_is_malformed(connect, place):
    row = "<row><name>a</name><isstandard>t</isstandard></row>"
    parts = [row, row]
    parts.insert(place, "<other/>")
    cluster = Cluster()
    cluster.before = [sql_answer(f"<return>{''.join(parts)}</return>")]
    rows, _ = fails(connect(cluster).rows(SMALL), Reason.MALFORMED)
    assert len(rows) <= 2


def test_two_lists_of_rows_are_malformed(connect):
    row = "<row><name>a</name><isstandard>t</isstandard></row>"
    cluster = Cluster()
    cluster.before = [sql_answer(f"<return>{row}</return><return>{row}</return>")]
    fails(connect(cluster).rows(SMALL), Reason.MALFORMED)


GOOD = rows_answer([{"name": "a", "isstandard": "t"}, {"name": "b", "isstandard": "t"}]).body


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(body=GOOD[:-40]), Reason.TRUNCATED),
        (Answer(body=GOOD[: len(GOOD) // 2]), Reason.TRUNCATED),
        (Answer(body=GOOD.replace(b"</row>", b"</rwo>", 1)), Reason.MALFORMED),
        (Answer(body=GOOD.replace(b">a<", b">\x01<")), Reason.MALFORMED),
        (Answer(body=GOOD.replace(b">a<", b">\xff<")), Reason.MALFORMED),
        (Answer(body=GOOD.replace(b"API/12.5", b"API/14.0")), Reason.UNSUPPORTED_VERSION),
        (Answer(body=GOOD.replace(b"http://www.cisco.com/AXL/API/12.5", b"urn:x")), Reason.MALFORMED),
        (Answer(body=GOOD.replace(SOAPENV.encode(), b"urn:soap")), Reason.MALFORMED),
        (Answer(body=GOOD.replace(b"executeSQLQueryResponse", b"getPhoneResponse")), Reason.MALFORMED),
        (Answer(body=GOOD.replace(b"</soapenv:Body>", b"</soapenv:Body><soapenv:Body/>")), Reason.MALFORMED),
        (Answer(body=GOOD.replace(b"</soapenv:Body>", b"<x/></soapenv:Body>")), Reason.MALFORMED),
        (Answer(body=b"<!DOCTYPE x>" + GOOD), Reason.MALFORMED),
        (Answer(body=b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + GOOD.replace(b">a<", b">&e;<")),
        Reason.MALFORMED), (Answer(status=500, body=GOOD), Reason.MALFORMED),
        (Answer(status=201, body=GOOD), Reason.MALFORMED),
        (Answer(body=b"<html><body>Sign on</body></html>", headers={"Content-Type": "text/html"}), Reason.NOT_SOAP),
        (Answer(body=b"<!DOCTYPE html><html><body>Sign on"), Reason.NOT_SOAP),
        (Answer(body=b""), Reason.NOT_SOAP),
        (Answer(status=500, body=b"oops"), Reason.NOT_SOAP),
        (Answer(status=403, body=b"<html/>"), Reason.PERMISSION_DENIED),
        (Answer(status=404, body=b"<html/>"), Reason.SERVICE_NOT_ACTIVATED),
        (Answer(body=GOOD.replace(b">a<", b">" + b"<a>" * 100000 + b"<")), Reason.MALFORMED),
    ],
)  # fmt: skip
def test_answers_that_cannot_be_believed(connect, answer, reason):
    cluster = Cluster()
    cluster.before = [answer]
    _, error = fails(connect(cluster).rows(SMALL), reason)
    assert "/etc/passwd" not in error.detail
    assert "root:" not in error.detail


def test_billion_laughs_is_refused_quickly(connect):
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE x [<!ENTITY e0 "ha">{entities}]>'.encode() + GOOD.replace(b">a<", b">&e11;<")
    cluster = Cluster()
    cluster.before = [Answer(body=bomb)]
    axl = connect(cluster)
    axl.discover()
    started = time.monotonic()
    fails(axl.rows(SMALL), Reason.MALFORMED)
    assert time.monotonic() - started < 0.5


def test_latin_1_is_read_as_declared(connect):
    body = b'<?xml version="1.0" encoding="ISO-8859-1"?>' + GOOD.replace(b">a<", b">\xfc<")
    cluster = Cluster()
    cluster.before = [Answer(body=body)]
    assert next(iter(connect(cluster).rows(SMALL)))["name"] == "ü"


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda statement: statement.fact + statement.since)
def test_columns_are_read_from_the_statement(statement):
    columns = columns_of(statement.sql)
    assert len(columns) == len(set(columns)) == statement.sql.split(" from ")[0].count(",") + 1
    assert set(statement.key) <= set(columns)
    assert all(re.fullmatch("[a-z_0-9]+", column) for column in columns)


# ------------------------------------------------------------------------------------------------------------- faults


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (fault(NO_COLUMN, "-217"), Reason.NOT_SUPPORTED),
        (fault(NO_COLUMN, "-217", 200), Reason.NOT_SUPPORTED),
        (fault(NO_COLUMN, "-1"), Reason.NOT_SUPPORTED),
        (fault("The specified table (remotecluster) is not in the database.", "-206"), Reason.NOT_SUPPORTED),
        (fault("The specified table (remotecluster) is not in the database.", "-1"), Reason.NOT_SUPPORTED),
        (fault("A syntax error has occurred.", "-201"), Reason.INTERNAL_ERROR),
        (fault("User is not authorized to perform this operation"), Reason.PERMISSION_DENIED),
        (fault("Something else", "4711"), Reason.MALFORMED),
        (fault("Query request too large. Total rows matched: 9 rows. Suggestive Row Fetch: less than 5"), TOO_LARGE),
    ],
)  # fmt: skip
def test_faults(connect, answer, reason):
    cluster = Cluster()
    cluster.before = [answer]
    _, error = fails(connect(cluster).rows(SMALL), reason)
    assert error.detail
    assert error.__context__ is None


@pytest.mark.parametrize("word", ["Suggestive", "Suggested"])
def test_an_answer_that_is_too_large_makes_pages_smaller_from_there_on(connect, word):
    cluster = Cluster(rows=1000)
    large = fault(f"Query request too large. Total rows matched: 1000 rows. {word} Row Fetch: less than 500 rows")
    cluster.before = [rows_answer([{"n": "1000"}]), large]
    axl = connect(cluster)
    assert len({row["pkid"] for row in axl.rows(PHONES)}) == 1000
    pages = [re.match(r"select skip (\d+) first (\d+)", sql).groups() for sql in cluster.sql if "skip" in sql]
    assert pages == [("0", "5000"), ("0", "300"), ("300", "300"), ("600", "300"), ("900", "300")]
    cluster.sql.clear()
    list(axl.rows(PHONES))
    assert "first 300 " in cluster.sql[1]


def test_an_answer_that_stays_too_large_ends(connect):
    cluster = Cluster(rows=10)
    axl = connect(cluster)
    axl.discover()
    cluster.before = [rows_answer([{"n": "10"}])] + [fault("Query request too large.")] * 50
    fails(axl.rows(PHONES), Reason.TOO_LARGE)
    assert len(cluster.sql) < 20


def test_out_of_memory_is_waited_for_and_not_for_ever(connect):
    full = fault("Maximum AXL Memory Allocation Consumed. Please retry once requests in progress have completed")
    waits: list[float] = []
    cluster = Cluster(rows=2)
    cluster.before = [full, full]
    axl = connect(cluster, sleep=waits.append)
    assert len(list(axl.rows(PHONES))) == 2
    assert waits == [5.0, 15.0]
    cluster.before = [full] * 9
    fails(axl.rows(PHONES), Reason.THROTTLED)
    assert len(cluster.before) == 5  # four tries
    assert waits[2:] == [5.0, 15.0, 30.0]


# -------------------------------------------------------------------------------------------------------------- pages


@pytest.mark.parametrize(("rows", "requests"), [(0, 1), (1, 1), (99, 1), (100, 1), (101, 2), (300, 3), (301, 4)])
def test_pages_hold_everything_once(connect, rows, requests):
    cluster = Cluster(rows=rows)
    axl = connect(cluster, page=100)
    got = list(axl.rows(PHONES))
    assert got == cluster.rows
    assert len(cluster.sql) == requests + 2
    assert cluster.sql[0] == cluster.sql[-1] == PHONES.count


def test_a_page_that_repeats_is_inconsistent(connect):
    cluster = Cluster(rows=250)
    cluster.repeat_first_page = True
    axl = connect(cluster, page=100)
    rows, error = fails(axl.rows(PHONES), Reason.INCONSISTENT)
    assert rows == cluster.rows[:100]
    assert "twice" in error.detail
    assert len(cluster.sql) == 3


def test_a_node_that_ignores_paging_is_read_once(connect):
    cluster = Cluster(rows=250)
    cluster.ignore_paging = True
    axl = connect(cluster, page=100)
    assert list(axl.rows(PHONES)) == cluster.rows
    assert len(cluster.sql) == 3


def test_a_page_that_is_short_is_inconsistent_after_its_rows(connect):
    cluster = Cluster(rows=250)
    axl = connect(cluster, page=100)
    axl.discover()
    cluster.before = [rows_answer([{"n": "250"}]), rows_answer(cluster.rows[:100]), rows_answer(cluster.rows[100:150])]
    rows, error = fails(axl.rows(PHONES), Reason.INCONSISTENT)
    assert len(rows) == 150
    assert "250" in error.detail


@pytest.mark.parametrize("moment", [2, 3, 4])
def test_rows_that_come_or_go_meanwhile_are_noticed(connect, moment):
    for change in ("add", "remove"):
        cluster = Cluster(rows=150)

        def alter(cluster=cluster, change=change):
            if len(cluster.sql) == moment:
                if change == "add":
                    cluster.rows.append({**cluster.rows[-1], "pkid": "ffffffff-0000"})
                else:
                    cluster.rows.pop()

        cluster.change = alter
        axl = connect(cluster, page=100)
        rows, _ = fails(axl.rows(PHONES), Reason.INCONSISTENT)
        assert len(rows) >= 149


@pytest.mark.parametrize("count", ["", "x", "-1", None])
def test_a_count_that_is_no_number_is_malformed(connect, count):
    cluster = Cluster(rows=2)
    cluster.before = [rows_answer([{"n": count}])]
    rows, _ = fails(connect(cluster).rows(PHONES), Reason.MALFORMED)
    assert rows == []


def test_a_broken_second_page_leaves_the_first_and_an_error(connect):
    cluster = Cluster(rows=150)
    axl = connect(cluster, page=100)
    axl.discover()
    cluster.before = [rows_answer([{"n": "150"}]), rows_answer(cluster.rows[:100]), Answer(status=404)]
    rows, _ = fails(axl.rows(PHONES), Reason.SERVICE_NOT_ACTIVATED)
    assert len(rows) == 100


def test_a_statement_that_is_not_ours_never_leaves(connect):
    axl = connect(Cluster())
    axl.discover()
    from cucm_audit.clients import WriteBlocked

    for sql in ("delete from device", "select name from device"):
        with pytest.raises(WriteBlocked):
            list(axl.rows(Statement(fact="x", sql=sql)))
    assert len(axl.server.asked) == 1


def test_eighty_thousand_rows_in_flat_memory(connect):
    """Pages are made on the way, so that the server's rows are not counted: what grows would be ours."""
    total, size = 80_000, 5000

    def answer(asked):
        sql = etree.fromstring(asked.body)[-1][0].findtext("sql")
        if sql is None:
            return version_answer("12.5.1.14900(63)")
        if sql.startswith("select count"):
            return rows_answer([{"n": str(total)}])
        start = int(sql.split()[2])
        return rows_answer(
            [
                {"pkid": f"{n:08x}-1111-2222-3333-444455556666", "fkdevice": "d" * 36, "fktelecasterservice": "s" * 36,
                 "urlbuttonindex": "0", "serviceurl": "", "secureserviceurl": ""}
                for n in range(start, min(total, start + size))
            ]
        )  # fmt: skip

    axl = connect(answer)
    tracemalloc.start()
    seen, early, late = 0, 0, 0
    for _ in axl.rows(PHONES):
        seen += 1
        if seen in (20_000, 79_000):
            early, late = early or tracemalloc.get_traced_memory()[0], tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert seen == total
    assert late - early < 16 * 1024 * 1024  # the keys of 59,000 rows, nothing else


def test_one_answer_at_a_time(connect):
    """AXL allows 16 MB in flight for all: two readers of one client wait for each other."""
    cluster = Cluster(rows=50)
    under_way: list[int] = [0, 0]
    lock = threading.Lock()

    def answer(asked):
        with lock:
            under_way[0] += 1
            under_way[1] = max(under_way)
        time.sleep(0.01)
        with lock:
            got = cluster(asked)
            under_way[0] -= 1
        return got

    axl = connect(answer, page=10)
    axl.discover()
    sums = []
    readers = [threading.Thread(target=lambda: sums.append(len(list(axl.rows(PHONES))))) for _ in range(3)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert sums == [50, 50, 50]
    assert under_way[1] == 1


def test_what_was_sent_is_in_the_journal(connect):
    axl = connect(Cluster(rows=1))
    list(axl.rows(PHONES))
    journal = axl._session._journal
    assert journal.counts()["axl"] == axl.requests == 4
    assert {source for source, _, _ in journal.operations} == {Source.AXL}
    assert journal.operations[1][2] == f"executeSQLQuery {PHONES.count}"
