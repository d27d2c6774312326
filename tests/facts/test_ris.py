"""Registrations: the newest answer of each phone, and which nodes were not heard."""

from types import SimpleNamespace

import pytest

from cucm_audit.clients import ClientError
from cucm_audit.facts import Ask
from cucm_audit.facts.ris import gather_device_registration, gather_registration, gather_ris_node
from cucm_audit.model import Node, Reason

NODES = (
    Node(name="pub", address="127.0.10.1", role=None),
    Node(name="SUB1.example.com", address="127.0.10.2", role=None),
    Node(name="imp", address="127.0.10.3", role=None, voice=False),
)


class Answer:
    def __init__(self, asked, nodes, total=None):
        self.asked, self.nodes = asked, nodes
        self.total_found = sum(len(node.devices) for node in nodes) if total is None else total


class Said:
    def __init__(self, name, *devices, code="Ok", no_change=False):
        self.name, self.devices, self.return_code, self.no_change = name, devices, code, no_change


class Ris:
    """Asks by twos; the answers come from a function of the names."""

    def __init__(self, answer, size=2):
        self.answer, self.size, self.asked = answer, size, []

    def devices(self, names):
        names = list(names)
        for start in range(0, len(names), self.size):
            asked = tuple(names[start : start + self.size])
            self.asked.append(asked)
            yield Answer(asked, *self.answer(asked))


def device(name, at="1718604131", status="Registered", **rest):
    return {"Name": name, "TimeStamp": at, "Status": status, "ActiveLoadID": "sip78xx.12-8-1", **rest}


def gathered(phones, answer, *, without_callmanager=(), nodes=NODES, size=2, gather=gather_registration):
    table = "from phone" if gather is gather_registration else "from other_device"

    def select(sql, values):
        if table in sql:
            return iter([(name,) for name in sorted(phones) if name > values[0]][: values[1]])
        assert "activated_service" in sql
        return iter([(name,) for name in without_callmanager])

    ask = Ask(node=None, nodes=nodes, release="12.5.1", select=select, ris=Ris(answer, size))
    return list(gather(ask)), ask.troubles, ask.ris.asked


def test_one_row_a_phone_the_newest_and_the_databases_spelling():
    rows, troubles, asked = gathered(
        ["CSFanna", "SEP000000000001"],
        lambda names: (
            [
                Said("pub", device("csfANNA", at="100", status="UnRegistered"), device("SEP000000000001", at="300")),
                Said("SUB1.example.com", device("CSFANNA", at="200"), device("SEP000000000001", at="299")),
            ],
        ),
    )
    assert asked == [("CSFANNA", "SEP000000000001")]
    assert [(row["phone"], row["node"], row["status"]) for row in rows] == [
        ("CSFanna", "SUB1.example.com", "Registered"),
        ("SEP000000000001", "pub", "Registered"),
    ]
    assert rows[1]["seen_at"] == "1970-01-01 00:05:00"
    assert not troubles


def test_a_row_without_a_readable_time_may_be_the_newest():
    rows, troubles, _ = gathered(
        ["SEP000000000001"],
        lambda _: (
            [
                Said("pub", device("SEP000000000001")),
                Said("imp", device("SEP000000000001", at="17e8", status="Rejected")),
            ],
        ),
    )
    assert rows == []
    assert [(trouble[1], "'17e8'" in trouble[2]) for trouble in troubles if trouble[1] is Reason.MALFORMED] == [
        (Reason.MALFORMED, True)
    ]


def test_a_phone_that_ris_does_not_know_has_no_row_and_a_device_that_nobody_asked_is_left_out():
    rows, troubles, _ = gathered(["SEP1", "SEP2"], lambda names: ([Said("pub", device("SEP1"), device("SEP9"))],))
    assert [row["phone"] for row in rows] == ["SEP1"]
    assert not troubles


def test_node_names_are_spelled_as_in_the_list_of_nodes():
    for spelled in ("sub1.EXAMPLE.com", "127.0.10.2", "sub1"):
        rows, troubles, _ = gathered(["SEP1"], lambda names, spelled=spelled: ([Said(spelled, device("SEP1"))],))
        assert rows[0]["node"] == "SUB1.example.com"
        assert not troubles


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (Said("sub1", code="NodeNotResponding"), Reason.UNREACHABLE),
        (Said("sub1", code="InternalError"), Reason.INCONSISTENT),
        (Said("sub1", code=""), Reason.INCONSISTENT),
        (Said("sub1", no_change=True), Reason.INCONSISTENT),
    ],
)
def test_a_node_that_does_not_answer_is_not_whole_and_the_others_are(said, reason):
    _, troubles, _ = gathered(["SEP1"], lambda names: ([Said("pub", device("SEP1")), said],))
    assert [(node, why) for node, why, _, _ in troubles] == [("SUB1.example.com", reason)]


def test_a_server_that_names_empty_nodes_must_name_every_voice_node_in_every_answer():
    def answer(names):
        nodes = [Said("pub", *map(device, names))]
        return (nodes if "SEP3" in names else [*nodes, Said("sub1", code="NotFound")],)

    _, troubles, _ = gathered(["SEP1", "SEP2", "SEP3"], answer)
    ((node, reason, detail, _),) = troubles
    assert (node, reason) == ("SUB1.example.com", Reason.INCONSISTENT)
    assert "1 of 2" in detail
    _, troubles, _ = gathered(["SEP1", "SEP2", "SEP3"], answer, without_callmanager=["SUB1.example.com"])
    assert not troubles


def test_a_server_that_never_names_empty_nodes_says_nothing_about_them():
    _, troubles, _ = gathered(["SEP1", "SEP2", "SEP3"], lambda names: ([Said("pub", *map(device, names))],))
    assert not troubles


def test_answers_that_were_cut_or_do_not_add_up_make_every_node_doubtful():
    phones = [f"SEP{number:012d}" for number in range(250)]
    _, troubles, _ = gathered(phones, lambda names: ([Said("pub", *map(device, names[:200]))],), size=1000)
    assert [(node, reason) for node, reason, _, _ in troubles] == [("", Reason.TRUNCATED)]
    _, troubles, _ = gathered(["SEP1"], lambda names: ([Said("pub", device("SEP1"))], 7))
    assert [(node, reason) for node, reason, _, _ in troubles] == [("", Reason.INCONSISTENT)]


def test_a_node_that_the_cluster_does_not_have_makes_every_node_doubtful():
    rows, troubles, _ = gathered(["SEP1"], lambda names: ([Said("stranger", device("SEP1"))],))
    assert rows[0]["node"] == "stranger"
    assert [(node, reason) for node, reason, _, _ in troubles] == [("", Reason.INCONSISTENT)]


def test_an_answer_that_cannot_be_read_is_refused_and_said():
    rows, troubles, _ = gathered(
        ["SEP1", "SEP2"],
        lambda names: ([Said("pub", device("SEP1", at="soon"), device("SEP2", status=""))],),
    )
    assert not rows
    assert troubles[-1][1] is Reason.MALFORMED


def test_many_phones_are_read_page_by_page_and_each_is_asked_once():
    phones = [f"SEP{number:012d}" for number in range(2500)]
    rows, _, asked = gathered(phones, lambda names: ([Said("pub", *map(device, names))],), size=999)
    assert [name for names in asked for name in names] == phones
    assert len(rows) == 2500


def test_an_error_comes_through():
    def answer(names):
        raise ClientError(node="pub", source="ris", doing="asking", reason=Reason.THROTTLED)

    with pytest.raises(ClientError):
        gathered(["SEP1"], answer)


def test_trunks_and_media_resources_are_asked_by_name_too():
    rows, troubles, asked = gathered(
        ["SBC-Berlin", "S0/SU1/DS1-0@gw1"],
        lambda names: (
            [Said("pub", device("SBC-BERLIN", status="UnRegistered", StatusReason="8", IPAddress="192.0.2.61"))],
        ),
        gather=gather_device_registration,
    )
    assert asked == [("S0/SU1/DS1-0@GW1", "SBC-BERLIN")]
    assert [(row["device"], row["node"], row["status"], row["status_reason"]) for row in rows] == [
        ("SBC-Berlin", "pub", "UnRegistered", 8)
    ]
    assert not troubles


def test_what_ris_says_of_the_nodes_is_taken_from_the_answers_that_there_were():
    heard = {("pub", "Ok"): 3, ("sub1", "NodeNotResponding"): 2, ("127.0.10.2", "Ok"): 1, ("elsewhere", "Ok"): 1}
    ris = SimpleNamespace(codes=heard, devices=lambda names: pytest.fail("nothing has to be asked"))
    rows = list(gather_ris_node(Ask(node=None, nodes=NODES, release="", select=lambda sql, values: iter(()), ris=ris)))
    assert [(row["node"], row["code"], row["answers"]) for row in rows] == [
        ("SUB1.example.com", "NodeNotResponding", 2),
        ("SUB1.example.com", "Ok", 1),
        ("pub", "Ok", 3),
    ]


def test_a_few_devices_are_asked_for_when_nobody_asked_before():
    ris = SimpleNamespace(codes={})

    def devices(names):
        ris.codes[("sub1", "NodeNotResponding")] = 1
        yield names

    ris.devices = devices
    names = iter([("MOH_1",), ("odd,name",)])
    rows = list(gather_ris_node(Ask(node=None, nodes=NODES, release="", select=lambda sql, values: names, ris=ris)))
    assert [(row["node"], row["code"]) for row in rows] == [("SUB1.example.com", "NodeNotResponding")]
