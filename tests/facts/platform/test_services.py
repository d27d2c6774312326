import pytest

from cucm_audit.model import Reason
from tests.facts.platform.asked import column, one, recording

COMMAND = "utils service list"


def read(text):
    return one("cli_service", COMMAND, text)


def test_every_service_is_seen():
    told = read(recording("12.5", "service-list"))
    assert told.whole
    services = {row["service"]: (row["status"], row["reason"]) for row in told.rows}
    assert len(services) == 14
    assert services["A Cisco DB"] == ("STARTED", "")
    assert services["A Cisco DB Replicator"] == ("STARTED", "")
    assert services["System SSH"] == ("STARTED", "")
    assert services["Cisco CAR DB"] == ("STOPPED", "Commanded Out of Service")
    assert services["Cisco WebDialer Web Service"] == ("STOPPED", "Service Not Activated")
    assert services["Cisco DirSync"] == ("NOTRUNNING", "Component is not running")
    assert services["SOAP - CallRecord Service"][0] == "STOPPED"


@pytest.mark.parametrize("last", ["Primary Node =true", "Primary Node =false", "Primary Node = true", ""])
def test_a_subscribers_list(last):
    told = read(recording("8.6", "service-list").replace("Primary Node =false", last))
    assert told.whole
    assert len(told.rows) == 4


@pytest.mark.parametrize(
    "odd",
    [
        "Cisco CTIManager[RESTARTING]",
        "Cisco CTIManager STOPPED",
        "Cisco CTIManager[STOPPED",
        "[STOPPED] Commanded Out of Service",
        "Cisco Tomcat[STOPPED]  Commanded Out of Service",  # it is also listed as started
        "...",
    ],
)
def test_a_line_that_is_no_service_is_not_dropped(odd):
    text = recording("12.5", "service-list").replace("Primary Node =true", odd)
    told = read(text)
    assert len(told.rows) == 14
    if odd == "...":
        assert told.whole is False
    assert told.reasons == [Reason.MALFORMED]


def test_two_services_run_into_one_line_are_noticed():
    told = read(recording("12.5", "service-list").replace("A Cisco DB[STARTED]\n", "A Cisco DB[STARTED]"))
    assert told.reasons == [Reason.MALFORMED]


def test_a_warning_before_the_list_does_not_matter():
    text = "WARNING: This server was shut down ungracefully; rebuild it.\n****\n" + recording("12.5", "service-list")
    assert read(text).whole


def test_name_with_a_warning_in_it_is_still_a_service():
    assert column(read("Warning of ungraceful shutdown[STOPPED]\n"), "status") == ["STOPPED"]


@pytest.mark.parametrize(
    "text", ["", "Requesting service status, please wait...\n", "Service Manager is not running\n"]
)
def test_no_answer(text):
    assert read(text).error.reason is Reason.MALFORMED


def test_lines_between_the_platforms_services_and_the_others_are_known():
    text = recording("12.5", "service-list")
    first, rest = text.split("\n", 1)
    between = "Service Manager is running\nGetting list of all services\n>> Return code = 0\n"
    assert read(f"{first}\n{between}{rest}").rows == read(text).rows
    assert read(f"{first}\n{between}{rest}").whole
