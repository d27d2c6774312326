"""Rows of the configuration database, read strictly. The clients' own behaviour is tested in tests/clients."""

import pytest

from cucm_audit.clients import ClientError
from cucm_audit.clients.statements import STATEMENTS, for_release
from cucm_audit.facts import Ask
from cucm_audit.facts.axl import FACTS, NOTED_REGISTRATION, gather, gather_nodes
from cucm_audit.facts.axl_rows import ROWS
from cucm_audit.model import Reason
from cucm_audit.snapshot import Snapshot
from cucm_audit.tables import columns


class Axl:
    """Gives the rows that it was made with, then raises, if told to."""

    uncounted = ""

    def __init__(self, rows=(), error=None, releases=None):
        self.given, self.error, self.releases = rows, error, releases or {}
        self.asked = []

    def rows(self, statement):
        yield from self.given
        if self.error:
            raise self.error

    def release_of(self, name):
        self.asked.append(name)
        found = self.releases[name]
        if isinstance(found, Exception):
            raise found
        return found


def ask_of(axl):
    return Ask(node=None, nodes=(), release="12.5.1.14900-63", select=lambda sql, values: iter(()), axl=axl)


def gathered(table, *rows, release=(12, 5, 1)):
    ask = ask_of(Axl(rows))
    return list(gather(for_release(table, release), ask)), ask.troubles


def trouble(reason, node="cucm-pub"):
    return ClientError(node=node, source="axl", doing="reading", reason=reason)


PHONE = {
    "pkid": "{0A1B2C3D-0000-0000-0000-00000000000F}",
    "name": "SEP001122334455",
    "description": None,
    "tkmodel": "622",
    "model": "Cisco 7841",
    "tkproduct": "509",
    "tkdeviceprotocol": "11",
    "fkdevicepool": "{1B1B0000-0000-0000-0000-000000000001}",
    "fkphonetemplate": "",
    "allowhotelingflag": "t",
    "isprotected": "false",
    "ikdevice_defaultprofile": None,
    "specialloadinformation": "",
    "fkenduser": None,
    "tkphoneservicedisplay": "",
}
NODE = {
    "pkid": "p",
    "name": "cucm-pub.example.com",
    "description": "",
    "systemnode": "f",
    "nodeid": "2",
    "tknodeusage": "0",
    "tkprocessnoderole": "1",
}
LOGIN = {
    "pkid": "e",
    "fkdevice": "d",
    "fkenduser": "{U}",
    "fkdevice_currentloginprofile": "p",
    "logintime": "1718604131",
    "loginduration": "28800",
    "mismatchedlogin": "f",
    "fkenduser_lastlogin": "",
}
SERVICE = {
    "pkid": "s",
    "name": "EM",
    "nameascii": "EM",
    "urltemplate": "",
    "secureurltemplate": "",
    "tkphoneservice": "0",
    "tkphoneservicecategory": "0",
    "enabled": "t",
    "enterprisesubscription": "f",
    "priority": "50",
}


def test_every_statement_has_a_row_function_that_fills_columns_of_its_table():
    assert (
        {statement.fact for statement in STATEMENTS}
        == set(ROWS)
        == {fact.table for fact in (*FACTS, NOTED_REGISTRATION)}
    )
    written = Snapshot.memory()
    for table, row in {"phone": PHONE, "em_login": LOGIN, "phone_service": SERVICE}.items():
        rows, _ = gathered(table, row)
        assert set(rows[0]) == {column.name for column in columns(table)}
        written.write(table, rows)


def test_keys_lose_their_braces_and_case_and_empty_numbers_become_null_only_where_the_schema_says_so():
    (row,), troubles = gathered("phone", PHONE)
    assert not troubles
    assert row["id"] == "0a1b2c3d-0000-0000-0000-00000000000f"
    assert (row["device_pool_id"], row["template_id"]) == ("1b1b0000-0000-0000-0000-000000000001", "")
    assert (row["logout_profile_id"], row["owner_id"], row["description"]) == ("", "", "")
    assert (row["em_enabled"], row["protected"], row["services_display_number"]) == (1, 0, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"allowhotelingflag": None},
        {"allowhotelingflag": "yes"},
        {"isprotected": ""},
        {"tkmodel": ""},
        {"tkmodel": "622.0"},
        {"tkmodel": "٦٢٢"},
        {"tkmodel": " 622"},
        {"tkmodel": "9" * 30},
        {"name": None},
        {"pkid": ""},
    ],
)
def test_a_value_that_cannot_be_read_refuses_its_row_and_makes_the_fact_partial(wrong):
    rows, troubles = gathered("phone", PHONE | wrong, PHONE)
    assert len(rows) == 1  # the other row is there
    ((_, reason, detail, _),) = troubles
    assert reason is Reason.MALFORMED
    assert next(iter(wrong)) in detail
    assert "1 row" in detail


def test_an_error_after_some_rows_keeps_them_and_reaches_the_collector():
    ask = ask_of(Axl([PHONE], trouble(Reason.TRUNCATED)))
    rows = gather(for_release("phone", (12, 5)), ask)
    assert next(rows)["name"] == "SEP001122334455"
    with pytest.raises(ClientError):
        next(rows)


@pytest.mark.parametrize(
    ("logintime", "login_at"), [("1718604131", "2024-06-17 06:02:11"), ("0", None), (None, None), ("", None)]
)
def test_login_times_are_utc(logintime, login_at):
    (row,), _ = gathered("em_login", LOGIN | {"logintime": logintime})
    assert row["login_at"] == login_at
    assert row["user_id"] == "u"


def test_a_login_time_that_is_no_time_refuses_the_row():
    for wrong in ("-5", "99999999999999999", "yesterday"):
        rows, troubles = gathered("em_login", LOGIN | {"logintime": wrong})
        assert not rows
        assert troubles


@pytest.mark.parametrize(
    ("url", "secure", "em"),
    [
        ("http://10.1.1.1:8080/emapp/EMAppServlet?device=#DEVICENAME#", None, 1),
        ("", "https://10.1.1.1:8443/EMAPP/emappservlet", 1),
        ("http://10.1.1.1:8080/emap/EMAppServlet", "", 1),  # misspelt, and still recognised
        ("http://10.1.1.1/ccmpd/pdCheckLogin.do", "", 0),
        ("Application:Cisco/CorporateDirectory", "Application:Cisco/emapp", 0),
        (None, None, 0),
    ],
)
def test_an_extension_mobility_service_is_known_by_its_url_not_by_its_name(url, secure, em):
    (row,), _ = gathered("phone_service", SERVICE | {"urltemplate": url, "secureurltemplate": secure, "name": "x"})
    assert row["em"] == em
    (named,), _ = gathered("phone_service", SERVICE | {"name": "Extension Mobility", "nameascii": "EMAppServlet"})
    assert named["em"] == 0


def test_nodes_leave_the_pseudo_server_out_and_know_role_and_voice():
    pseudo = NODE | {"name": "EnterpriseWideData", "systemnode": "t", "tkprocessnoderole": "1"}
    rows, troubles = gathered(
        "node",
        pseudo,
        NODE,
        NODE | {"name": "sub", "tknodeusage": "1"},
        NODE | {"name": "imp", "tknodeusage": "1", "tkprocessnoderole": "2"},
        NODE | {"name": "odd", "tknodeusage": "7"},
    )
    assert [(row["name"], row["role"], row["voice"]) for row in rows] == [
        ("cucm-pub.example.com", "publisher", 1),
        ("sub", "subscriber", 1),
        ("imp", "subscriber", 0),
        ("odd", None, 1),
    ]
    assert not troubles


def test_a_node_whose_role_is_unknown_is_not_guessed_to_be_voice():
    rows, troubles = gathered("node", NODE | {"tkprocessnoderole": "3"}, NODE | {"tkprocessnoderole": None})
    assert not rows
    assert "2 row" in troubles[0][2]


def test_before_10_every_server_runs_voice():
    old = {key: value for key, value in NODE.items() if key != "tkprocessnoderole"}
    (row,), troubles = gathered("node", old, release=(9, 1, 2))
    assert row["voice"] == 1
    assert not troubles


def test_a_release_that_axl_does_not_tell_stays_null_and_a_lost_door_is_not_asked_again():
    releases = {"a": "12.5.1.14900-63", "b": trouble(Reason.MALFORMED), "c": trouble(Reason.UNREACHABLE), "d": "x"}
    axl = Axl(releases=releases)
    base = {"role": None, "voice": 1, "description": ""}
    rows = list(gather_nodes([{"name": name, **base} for name in "abcd"], {"a": "10.0.0.1"}, ask_of(axl)))
    assert [row["release"] for row in rows] == ["12.5.1.14900-63", None, None, None]
    assert [row["address"] for row in rows] == ["10.0.0.1", None, None, None]
    assert axl.asked == ["a", "b", "c"]


def test_service_parameters_of_the_whole_cluster_have_no_server():
    row = {
        "node": "EnterpriseWideData",
        "systemnode": "t",
        "service": "Cisco Tftp",
        "paramname": "p",
        "paramvalue": None,
    }
    rows, _ = gathered("service_param", row, row | {"node": "sub", "systemnode": "f", "paramvalue": "T"})
    assert [(r["server"], r["value"]) for r in rows] == [("", ""), ("sub", "T")]


@pytest.mark.parametrize(("number", "kind"), [("1", "user"), ("2", "auto"), ("3", "default"), ("0", None), ("9", None)])
def test_kinds_of_device_profiles(number, kind):
    row = {
        "pkid": "p",
        "name": "ADP1",
        "description": "",
        "tkdeviceprofile": number,
        "tkmodel": "622",
        "model": "m",
        "tkdeviceprotocol": "11",
        "fkphonetemplate": "",
    }
    (profile,), _ = gathered("device_profile", row)
    assert (profile["kind"], profile["kind_number"]) == (kind, int(number))


def test_columns_that_a_release_lacks_are_null():
    row = {"pkid": "u", "userid": "4711", "status": "1", "enableemcc": "f"}
    (user,), _ = gathered("end_user", row, release=(8, 6))
    assert (user["local"], user["em_max_minutes"], user["emcc"]) == (None, None, 0)
