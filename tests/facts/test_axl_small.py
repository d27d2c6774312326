"""The licence and the synchronisation with LDAP: the two answers of AXL that are no rows, and what their words mean."""

import pytest
from labs import lab
from lxml import etree

from cucm_audit.clients import ClientError
from cucm_audit.clients.place import Place
from cucm_audit.facts import Ask
from cucm_audit.facts.axl_small import FACTS
from cucm_audit.model import Node, Reason
from cucm_audit.snapshot import Snapshot

NS = "http://www.cisco.com/AXL/API/14.0"
REGISTRATION = "<Status>Registered</Status><SmartAccount>Somebody</SmartAccount>"
AUTHORIZATION = "<Status>Authorized</Status><EvaluationPeriodRemaining>89</EvaluationPeriodRemaining>"
TAG = "regid.2016-07.com.cisco.UCM_Basic,12.0_ef827a2f-f4ae-4ebb-887f-052737063d3a"
ENTITLED = f"<Entitlement><Tag>{TAG}</Tag><Count>1</Count><Status>InCompliance</Status></Entitlement>"


def details(registration=REGISTRATION, authorization=AUTHORIZATION, entitled=ENTITLED):
    parts = f"<Registration>{registration}</Registration><Authorization>{authorization}</Authorization>"
    return (
        "<LicenseDetails><SmartLicensing>ENABLED</SmartLicensing>"
        f"{parts}<LicenseStatus>{entitled}</LicenseStatus></LicenseDetails>"
    )


class Axl:
    """Gives the same answer to whatever is asked."""

    version = "14.0"

    def __init__(self, inner, space=NS):
        self.inner, self.space = inner, space

    def small(self, operation, doing, **values):
        text = f'<a:{operation}Response xmlns:a="{self.space}">{self.inner}</a:{operation}Response>'
        node = Node(name="cucm-pub", address="192.0.2.1", role=None)
        return etree.fromstring(text), Place(node=node.name, source="axl", address=node.address, port=8443)


def gathered(table, axl, names=()):
    ask = Ask(node=None, nodes=(), release="14", select=lambda sql, values: iter([(name,) for name in names]), axl=axl)
    (fact,) = [fact for fact in FACTS if fact.table == table]
    return list(fact.gather(ask)), ask.troubles


def test_an_answer_of_a_live_node_has_no_return_and_is_read_all_the_same(tmp_path):
    for before in ("", "<return>Success</return>"):
        (row,), _ = gathered("licence", Axl(before + details()))
        assert (row["registration"], row["authorisation"], row["evaluation_days"]) == ("registered", "authorised", 89)
        assert "Somebody" not in str(row), "names of accounts are not kept"
    (used,), _ = gathered("licence_entitlement", Axl(details()))
    assert (used["kind"], used["count"], used["state"]) == ("UCM_Basic 12.0", 1, "authorised")
    snapshot = Snapshot.create(tmp_path / "s.db")
    snapshot.write("licence", [row])
    snapshot.write("licence_entitlement", [used])
    snapshot.close()


def test_the_command_line_reads_it_too(tmp_path):
    with lab(tmp_path, scenario="h22") as ill:
        ill.world.faults["licence_without_return"] = True
        code, report = ill.audit("--check", "H22", "--without", "ssh")
        asked = [one.operation for one in ill.world.asked].count("getSmartLicenseStatus")
    found = {outcome["check"] for outcome in report["outcomes"] if outcome["verdict"] == "fail"}
    assert found == {"licence-not-authorised", "licence-entitlement"}
    assert (code, asked) == (1, 1), "two facts, one question"


@pytest.mark.parametrize(
    ("word", "means"),
    [
        ("Registered", "registered"),
        ("REGISTERED", "registered"),
        ("Registered - Specific License Reservation", "registered"),
        ("Unregistered-Registration Expired", "expired"),
        ("Reservation In Progress", "in progress"),
        ("Registered perhaps", None),
        ("", None),
    ],
)
def test_words_are_compared_whole(word, means):
    (row,), _ = gathered("licence", Axl(details(f"<Status>{word}</Status>")))
    assert (row["registration"], row["raw_registration"]) == (means, word)


@pytest.mark.parametrize(
    "inner",
    [
        "<return>Success</return>",
        details().replace("Registration>", "Registrierung>"),
        details(registration=REGISTRATION + REGISTRATION),
        details(entitled="<Kind><Tag>x</Tag></Kind>"),
        details() + details(),
    ],
)
def test_half_an_answer_is_none(inner):
    with pytest.raises(ClientError) as caught:
        gathered("licence", Axl(inner))
    assert caught.value.reason is Reason.MALFORMED


def test_an_answer_in_another_version_is_not_believed():
    with pytest.raises(ClientError):
        gathered("licence", Axl(details(), NS.replace("14.0", "12.5")))


def test_a_count_that_is_none_leaves_its_row_out_and_says_so():
    rows, troubles = gathered("licence_entitlement", Axl(details(entitled=ENTITLED.replace(">1<", ">many<"))))
    assert not rows
    assert [trouble[1] for trouble in troubles] == [Reason.MALFORMED]


def test_each_agreement_is_asked_by_its_name():
    rows, _ = gathered("ldap_sync", Axl("<return>Sync is currently under process</return>"), ("AD", "Partner"))
    assert [(row["agreement"], row["outcome"]) for row in rows] == [("AD", "running"), ("Partner", "running")]
    assert gathered("ldap_sync", Axl("<return/>"), ())[0] == []


@pytest.mark.parametrize(("said", "days"), [("12", 12), ("", None), ("87:0:36", None), ("٣", None), ("9" * 5000, None)])
def test_the_rest_of_the_evaluation_is_a_number_of_days_or_not_known(said, days):
    state = f"<Status>Evaluation Mode</Status><EvaluationPeriodRemaining>{said}</EvaluationPeriodRemaining>"
    (row,), _ = gathered("licence", Axl(details(authorization=state)))
    assert (row["authorisation"], row["evaluation_days"]) == ("evaluation", days)
