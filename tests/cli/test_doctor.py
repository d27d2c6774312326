"""``doctor`` through the command line, on simulated clusters that lack one thing each."""

import json
import re
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))
from authority import Authority
from labs import lab

from cucm_audit.clients.journal import Journal

HTTPS = ("AXL", "RIS", "Control Center", "PerfMon")


@contextmanager
def examined(folder, scenario="healthy", ill=lambda _world: None, trusted=True, words=(), toml=None):
    """Start a cluster, break it, ask the doctor: code, probes by (node, what), the cluster."""
    with lab(folder, scenario=scenario, trusted=trusted) as place:
        ill(place.world)
        if toml:
            file = folder / "cucm-audit.toml"
            file.write_text(toml(file.read_text()))
        place.world.asked.clear()
        code, out, err = place.run("doctor", "--node", "lab", "--format", "json", *words)
        assert "Traceback" not in err
        assert out, err
        found = json.loads(out)
        yield code, {(probe["node"], probe["what"]): probe for probe in found["probes"]}, place


def lacks(probes):
    return {key for key, probe in probes.items() if probe["state"] != "ok"}


def step(probe):
    """The step at which it ended."""
    return next((name for name, state in probe["steps"].items() if state == "not ok"), "")


def test_a_healthy_cluster_lacks_nothing_and_is_asked_little(tmp_path):
    with examined(tmp_path) as (code, probes, place):
        assert (code, lacks(probes)) == (0, set())
        assert {what for node, what in probes if node == "cucm-pub"} == {*HTTPS, "SSH"}
        assert {node for node, what in probes if what == "SSH"} == {node.name for node in place.world.nodes}
        assert probes["cucm-pub", "AXL"]["note"] == "reads only"
        typed = [asked.operation for asked in place.world.asked if asked.channel == "ssh"]
        assert {text for text in typed if " " in text} == {
            "set cli pagination off",
            "show cert list own",
            "show status",
        }
        assert len([asked for asked in place.world.asked if asked.channel != "ssh"]) < 20


def test_what_it_sends_is_of_the_guards_table_and_one_login_a_node(tmp_path, monkeypatch):
    journals = []
    before = Journal.__init__

    def kept(self):
        before(self)
        journals.append(self)

    with lab(tmp_path) as place:
        monkeypatch.setattr(Journal, "__init__", kept)
        assert place.run("doctor", "--node", "lab")[0] == 0
    logins = [(source, node) for one in journals for source, node, what in one.operations if what == "login"]
    assert len(logins) == len(set(logins)) == 4
    sent = {what.split(" ")[0] for one in journals for source, _, what in one.operations if source.value != "ssh"}
    assert sent <= {
        "getCCMVersion",
        "executeSQLQuery",
        "selectCmDeviceExt",
        "soapGetServiceStatus",
        "perfmonCollectCounterData",
    }


def test_the_table_says_the_same_to_people(tmp_path):
    with lab(tmp_path, scenario="other-password") as place:
        code, out, _ = place.run("doctor", "--node", "lab")
    assert code == 3
    assert "cucm-sub2, SSH: not ok at 'login' (auth_failed)" in out
    assert "What to do:" in out
    assert "clock-differs" in out
    assert "1 lack: 13 questions, 12 answered as they should" in out


@pytest.mark.parametrize("scenario", ["other-password", "ssh-refused"])
def test_a_refused_password_costs_the_checks_of_that_nodes_command_line(tmp_path, scenario):
    with examined(tmp_path, scenario) as (code, probes, _):
        assert (code, lacks(probes)) == (3, {("cucm-sub2", "SSH")})
        probe = probes["cucm-sub2", "SSH"]
        assert (step(probe), probe["reason"]) == ("login", "auth_failed")
        assert probe["steps"]["trusted"] == "ok"
        assert probe["steps"]["allowed"] == "not tried"
        assert {"clock-differs", "device-pack-missing", "disk-full"} <= set(probe["checks_lost"])
        assert "replication-not-good" not in probe["checks_lost"], "that is asked of the publisher"
        assert "em-phone-without-service" not in probe["checks_lost"], "that is asked over AXL"


def test_a_closed_port_is_told_from_a_refused_password(tmp_path):
    def ill(world):
        world.node("cucm-pub").faults["ssh_refuse"] = True

    with examined(tmp_path, ill=ill) as (code, probes, _):
        assert (code, lacks(probes)) == (3, {("cucm-pub", "SSH")})
        probe = probes["cucm-pub", "SSH"]
        assert (step(probe), probe["reason"]) in {("reached", "unreachable"), ("reached", "disconnected")}
        assert "replication-not-good" in probe["checks_lost"]


@pytest.mark.parametrize(
    ("fault", "what", "role", "check"),
    [
        ("role_ris", "RIS", "Standard CCM Server Monitoring", "bad-load-active"),
        ("role_services", "Control Center", "Standard CCM Server Monitoring", "call-service-stopped"),
        ("role_perfmon", "PerfMon", "Standard CCM Server Monitoring", "node-memory-used"),
        ("role_axl", "AXL", "Standard AXL Read Only API Access", "em-phone-without-service"),
    ],
)
def test_a_missing_role_is_named_with_what_it_costs(tmp_path, fault, what, role, check):
    with examined(tmp_path, ill=lambda world: world.faults.update({fault: 403})) as (code, probes, _):
        assert code == 3
        probe = probes["127.0.10.1" if what == "AXL" else "cucm-pub", what]
        assert (probe["state"], step(probe), probe["reason"]) == ("not_ok", "allowed", "permission_denied")
        assert role in probe["hint"]
        assert check in probe["checks_lost"]
        assert {other for _, other in lacks(probes)} == {what}


def test_a_wrong_application_password_is_tried_once(tmp_path):
    def ill(world):
        world.application = ("auditor", "another one")

    with examined(tmp_path, ill=ill) as (code, probes, place):
        assert code == 3  # the command line still answers
        refused = [asked for asked in place.world.asked if asked.channel not in ("ssh",)]
        assert len(refused) <= 1
        states = {what: probe["state"] for (_, what), probe in probes.items()}
        assert states == {
            "AXL": "not_ok",
            "Control Center": "not_ok",
            "PerfMon": "not_tried",
            "RIS": "not_tried",
            "SSH": "ok",
        }


def test_an_untrusted_cluster_gets_no_password_and_code_2(tmp_path):
    with lab(tmp_path, trusted=False) as place:
        place.world.asked.clear()
        code, out, _ = place.run("doctor", "--node", "lab", "--format", "json")
        probes = {probe["what"]: probe for probe in json.loads(out)["probes"]}
        assert code == 2
        assert {probes["AXL"]["reason"], probes["SSH"]["reason"]} == {"tls_unknown", "hostkey_unknown"}
        assert {step(probes["AXL"]), step(probes["SSH"])} == {"trusted"}
        assert "cucm-audit trust add lab" in probes["AXL"]["hint"]
        assert len(probes["AXL"]["checks_lost"]) > 40
        assert place.world.asked == []


def test_one_untrusted_node_costs_that_node(tmp_path):
    with lab(tmp_path) as place:
        place.cluster.renew_certificate("cucm-sub1")
        code, out, _ = place.run("doctor", "--node", "lab", "--format", "json")
    probes = {(probe["node"], probe["what"]): probe for probe in json.loads(out)["probes"]}
    assert (code, lacks(probes)) == (3, {("cucm-sub1", "Control Center"), ("cucm-sub1", "PerfMon")})
    assert probes["cucm-sub1", "Control Center"]["reason"] == "tls_changed"
    assert probes["cucm-sub1", "PerfMon"]["state"] == "not_tried"


def test_a_node_that_is_down_costs_its_own_checks(tmp_path):
    with examined(tmp_path, "node-down") as (code, probes, _):
        assert code == 3
        lost = {("cucm-sub2", what) for what in ("Control Center", "PerfMon", "SSH")}
        assert lacks(probes) == {*lost, ("cucm-pub", "RIS of cucm-sub2")}
        assert {step(probes["cucm-sub2", what]) for what in ("Control Center", "SSH")} == {"reached"}
        assert "web-certificate-expired" in probes["cucm-sub2", "Control Center"]["checks_lost"]
        assert "replication-not-good" not in probes["cucm-sub2", "SSH"]["checks_lost"]


def test_a_service_that_is_not_activated_is_named(tmp_path):
    def ill(world):
        service = world.node("cucm-sub1").services["Cisco RIS Data Collector"]
        service.status, service.activated, service.reason_code = "Stopped", False, -1068

    with examined(tmp_path, ill=ill) as (code, probes, _):
        assert code == 3
        probe = probes["cucm-sub1", "Cisco RIS Data Collector"]
        assert (probe["reason"], probe["detail"]) == ("service_not_activated", "it is not activated")
        assert "bad-load-active" in probe["checks_lost"]


def test_an_account_that_may_write_is_told_and_lacks_nothing(tmp_path):
    def ill(world):
        world.database.execute(
            "insert into applicationuserdirgroupmap (pkid, fkapplicationuser, fkdirgroup) select 'x', u.pkid, g.pkid"
            " from applicationuser u join dirgroup g on g.name = 'Standard CCM Super Users' where u.name = 'auditor'"
        )

    with examined(tmp_path, ill=ill) as (code, probes, _):
        assert code == 0
        assert probes["cucm-pub", "AXL"]["note"].startswith(
            "may also write: give auditor Standard AXL Read Only API Access"
        )


def test_without_an_os_account_the_command_line_is_not_tried(tmp_path):
    def cut(text):
        first, *nodes = text.split("[cluster.lab.nodes")
        return "[cluster.lab.nodes".join([first.split("[cluster.lab.platform]")[0], *nodes])

    with examined(tmp_path, toml=cut) as (code, probes, _):
        assert code == 3
        assert {probe["state"] for (_, what), probe in probes.items() if what == "SSH"} == {"not_tried"}
    assert all("--without ssh" in probe["hint"] for (_, what), probe in probes.items() if what == "SSH")


def test_without_ssh_nothing_is_said_of_it(tmp_path):
    with examined(tmp_path, "ssh-refused", words=("--without", "ssh")) as (code, probes, place):
        assert (code, {what for _, what in probes}) == (0, set(HTTPS))
        assert not [asked for asked in place.world.asked if asked.channel == "ssh"]


def test_a_cluster_that_is_off_gives_code_2(tmp_path):
    with lab(tmp_path) as place:
        for node in place.world.nodes:
            place.cluster.down(node.name)
        code, out, err = place.run("doctor", "--node", "lab")
    assert code == 2
    assert "Nothing answered" in out
    assert "Traceback" not in err


def test_with_the_publisher_down_another_door_is_asked_and_the_first_is_a_lack(tmp_path):
    with lab(tmp_path) as place:
        place.cluster.down("cucm-pub")
        code, out, _ = place.run("doctor", "--node", "lab", "--format", "json")
    found = json.loads(out)
    probes = {(probe["node"], probe["what"]): probe for probe in found["probes"]}
    assert (code, found["door"]) == (3, "cucm-sub1")
    assert probes["cucm-sub1", "AXL"]["state"] == "ok"
    assert probes["127.0.10.1", "AXL"]["reason"] == "unreachable"
    assert {what for node, what in lacks(probes) if node == "cucm-pub"} == {"Control Center", "PerfMon", "SSH"}
    assert "replication-not-good" in probes["cucm-pub", "SSH"]["checks_lost"]


def test_a_session_that_told_the_addresses_goes_on(tmp_path, monkeypatch):
    """Where DNS does not know a node, the door's command line is asked: that login is the door's only one."""
    from cucm_audit import discovery

    known = discovery.resolve_all
    monkeypatch.setattr(
        discovery,
        "resolve_all",
        lambda names, wait: {name: at for name, at in known(names, wait).items() if name != "127.0.10.3"},
    )
    with lab(tmp_path) as place:
        file = tmp_path / "cucm-audit.toml"
        file.write_text(re.sub(r'(?m)^\s*address = "127\.0\.10\.3"$', "", file.read_text()))
        place.world.asked.clear()
        code, _, err = place.run("doctor", "--node", "lab", "--format", "json")
        typed = [asked.operation for asked in place.world.asked if asked.channel == "ssh" and asked.node == "cucm-pub"]
    assert code in (0, 3), err
    assert typed.count("show network cluster") == 1
    assert typed.count("set cli pagination off") == 1


def node_fault(name, **faults):
    return lambda world: world.node(name).faults.update(faults)


SAYS_NOTHING = {
    "no nodes": (
        lambda world: world.database.execute("delete from processnode"),
        "list of nodes",
        "it names 0 nodes, and no publisher",
    ),
    "an empty list": (node_fault("cucm-pub", empty_answer=True), "AXL", "0 rows came"),
    "two publishers": (
        lambda world: world.database.execute("update processnode set tknodeusage = 0 where name like 'cucm-sub1%'"),
        "list of nodes",
        "cucm-pub and cucm-sub1 are both called the publisher",
    ),
    "services": (node_fault("cucm-sub1", missing_element="item"), "Control Center", "the answer has no services"),
    "counters": (
        node_fault("cucm-sub1", missing_element="perfmonCollectCounterDataReturn"),
        "PerfMon",
        "the answer has no counters of Memory",
    ),
    "ris": (node_fault("cucm-sub1", ris_silent=True), "RIS of cucm-sub1", "cucm-pub says of it: NodeNotResponding"),
    "upgrade": (node_fault("cucm-sub1", cli_busy=True), "SSH", "upgrade"),
}


@pytest.mark.parametrize("name", list(SAYS_NOTHING))
def test_an_answer_that_says_nothing_is_not_well(tmp_path, name):
    ill, what, detail = SAYS_NOTHING[name]
    with examined(tmp_path, ill=ill) as (code, probes, _):
        found = [probe for (_, called), probe in probes.items() if called == what and probe["state"] != "ok"]
        assert code == 3
        assert len(found) == 1
        assert detail in found[0]["detail"]
        assert found[0]["checks_lost"]


def test_with_a_ca_file_nobody_is_told_to_trust_a_certificate(tmp_path):
    """It is the CA file that counts then: what was pinned would not be looked at."""
    with examined(tmp_path, words=("--ca-file", str(Authority(tmp_path).file))) as (code, probes, _):
        probe = probes["127.0.10.1", "AXL"]
        assert (code, step(probe), probe["reason"]) == (3, "trusted", "tls_unknown")
        assert "The CA file does not hold the issuer" in probe["hint"]
        assert "once the fingerprint is compared" not in probe["hint"]
        assert probes["127.0.10.1", "SSH"]["state"] == "ok"


def test_what_it_cost_is_told_also_when_it_ends_badly(tmp_path, monkeypatch):
    with lab(tmp_path) as place:
        place.world.asked.clear()
        _, out, err = place.run("doctor", "--node", "lab")
        axl = sum(asked.channel == "axl" for asked in place.world.asked)
        assert f"Cost: {axl} AXL requests" in err
        assert "Cost:" not in out
        assert "Cost:" not in place.run("doctor", "--node", "lab", "--quiet")[2]
        assert "Cost:" not in place.run("doctor", "--node", "nowhere", "--config", "cucm-audit.toml", "--no-input")[2]

        def ends(*_words, **_more):
            raise KeyboardInterrupt

        monkeypatch.setattr("cucm_audit.doctor._Run.all", ends)
        code, _, err = place.run("doctor", "--node", "lab")
        assert code == 130
        assert "Cost: " in err


def test_what_ris_says_of_im_and_presence_is_no_lack(tmp_path, monkeypatch):
    """No phone is registered there, and a run leaves it out too."""
    from cucm_audit.clients.ris import Ris, RisNode

    heard = Ris.devices

    def devices(self, names):
        for answer in heard(self, names):
            silent = RisNode(name="cucm-imp1", return_code="NodeNotResponding", no_change=False, devices=())
            yield replace(answer, nodes=(*answer.nodes, silent))

    monkeypatch.setattr(Ris, "devices", devices)
    with examined(tmp_path) as (code, probes, _):
        assert (code, lacks(probes)) == (0, set())


@pytest.mark.parametrize(("silent", "code"), [("cucm-pub", 2), ("cucm-sub1", 3)])
def test_what_was_not_heard_of_in_time_is_a_lack(tmp_path, silent, code):
    with lab(tmp_path) as place:
        place.world.node(silent).faults["hang"] = True
        begun = time.monotonic()
        got, out, err = place.run("doctor", "--node", "lab", "--format", "json", "--timeout", "3", "--without", "ssh")
        assert time.monotonic() - begun < 8, err
    probes = {(probe["node"], probe["what"]): probe for probe in json.loads(out)["probes"]}
    door = next(node for node, what in probes if what == "AXL")
    late = door if silent == "cucm-pub" else silent
    assert got == code
    assert probes[late, "Control Center"]["state"] != "ok"
    assert probes[late, "Control Center"]["reason"] == "timeout"
    assert probes[late, "PerfMon"]["state"] == "not_tried"
    assert probes[late, "PerfMon"]["checks_lost"]
