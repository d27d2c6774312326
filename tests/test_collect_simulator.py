"""Real collections against the simulator: what is sent, what lands in the ledger, and what one ill node costs."""

import re
import socket
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from cucm_audit import config, discovery
from cucm_audit.clients import cli_text
from cucm_audit.clients.dial import peek_certificate
from cucm_audit.clients.journal import Journal
from cucm_audit.clients.ssh import peek_host_key
from cucm_audit.collect import Accounts, Options, collect
from cucm_audit.connect import Clients
from cucm_audit.facts import facts
from cucm_audit.model import Node, Reason, Source, State
from cucm_audit.plan import plan
from cucm_audit.secrets import Account, Secret
from cucm_audit.simulator import Cluster, build
from cucm_audit.trust import TrustStore


class Lab:
    """A simulated cluster, trusted as a user would, and collected as often as a test wants."""

    def __init__(self, folder, world):
        self.folder, self.world, self.runs = folder, world, 0
        self.simulator = Cluster(world).start()
        self.cluster = config.read(self.simulator.toml(folder / "cucm-audit.toml")).clusters["lab"]
        self.trust = TrustStore(folder / "trust.toml")
        for node in world.nodes:
            self.trust_node(node)

    def trust_node(self, node):
        self.trust.add_tls(node.at, node.https_port, peek_certificate(node.at, node.https_port).fingerprint)
        for key in peek_host_key(node.at, node.ssh_port):
            self.trust.add_ssh(node.at, node.ssh_port, key.key_type, key.fingerprint)

    def account(self, pair):
        return Account(user=pair[0], password=Secret(pair[1]))

    def run(self, *, cluster=None, accounts=None, journal=None, **options):
        self.runs += 1
        accounts = accounts or Accounts(
            application=self.account(self.world.application), platform=self.account(self.world.platform)
        )
        snapshot = collect(
            cluster or self.cluster,
            path=self.folder / f"{self.runs}.db",
            trust=self.trust,
            accounts=accounts,
            options=Options(**options),
            journal=journal,
        )
        snapshot.book = {(row.fact, row.node): row for row in snapshot.gathered()}
        return snapshot

    def not_whole(self, snapshot):
        return {
            key: (row.state.value, row.reason.value if row.reason else "", row.detail)
            for key, row in snapshot.book.items()
            if row.state is not State.WHOLE and row.state is not State.NOT_ASKED
        }


@pytest.fixture
def labs(tmp_path):
    made = []

    def lab(release="12.5", *, prepare=lambda world: None, **rest):
        world = build(release, phones=30, **rest)
        prepare(world)
        made.append(Lab(tmp_path, world))
        return made[-1]

    yield lab
    for one in made:
        assert not one.world.writes()
        one.simulator.stop()


#: One command a node instead of eleven: enough where only one node is ill.
FEW = frozenset({"phone", "disk", "replication", "service_status"})


@pytest.mark.parametrize("release", ["9.1", "15"])
def test_a_healthy_cluster_is_whole(labs, release):
    healthy(lab := labs(release), lab.run(extra=frozenset({"web_page"})))


def healthy(lab, snapshot):
    lacks = {("replication_dynamic", ""), ("licence", ""), ("licence_entitlement", "")}
    old = lacks if lab.world.release.startswith("9") else set()
    assert set(lab.not_whole(snapshot)) == old  # 9.1 has no such columns and operations
    noted = "select fact from ledger where state = 'whole' and source = 'axl' and detail <> ''"
    assert list(snapshot.select(noted)) == [], "every small table was counted"
    nodes = dict(snapshot.select("select name, role from node"))
    assert len(nodes) == len(lab.world.nodes)
    assert list(nodes.values()).count("publisher") == 1
    assert snapshot.get_meta("via") == lab.world.publisher.name
    assert snapshot.get_meta("release") == lab.world.publisher.release
    assert snapshot.get_meta("cluster_id") == lab.world.cluster_id
    for table in ("phone", "registration", "service_status", "system_event", "installed_option", "web_page"):
        assert next(snapshot.select(f"select count(*) from {table}"))[0] > 0, table


def bare(operation):
    return re.sub(r"select skip \d+ first \d+ ", "select ", operation)


@pytest.mark.parametrize(
    "limited",
    [{}, {"gentle": True}, {"tables": frozenset({"phone", "hardware"})}],
    ids=["everything", "gentle", "two facts"],
)
def test_the_dry_run_lists_exactly_what_a_run_sends(labs, limited, monkeypatch):
    monkeypatch.setattr(cli_text, "QUIET", {tail: seconds / 8 for tail, seconds in cli_text.QUIET.items()})
    lab = labs("12.5")
    journal, options = Journal(), Options(extra=frozenset({"web_page"}), **limited)
    snapshot = lab.run(journal=journal, extra=frozenset({"web_page"}), **limited)
    if limited.get("gentle"):
        assert {(state, reason) for state, reason, _ in lab.not_whole(snapshot).values()} == {("failed", "budget")}
    elif not limited:
        healthy(lab, snapshot)
    rows = list(snapshot.select("select name, role, voice from node"))
    found = discovery.discover(
        lab.cluster,
        Clients(lab.trust, Accounts(application=lab.account(lab.world.application))),
        Journal(),
    )
    assert {node.name for node in found.nodes} == {name for name, _, _ in rows}
    planned = plan(
        lab.cluster,
        facts(),
        found.release,
        nodes=found.nodes,
        via=found.via,
        options=options,
    )
    sent = {(source, node, bare(operation)) for source, node, operation in journal.operations}
    always = {(line.source, line.node, line.operation) for line in planned if not line.only_if}
    sometimes = {(line.source, line.node, line.operation) for line in planned if line.only_if}
    assert always - sent == set()
    assert sent - always <= sometimes
    assert {operation for _, _, operation in sent - always} <= {"key ' '", "key 'n'", "key 'q'"}
    # And the other side of the wire has seen the same commands, and nothing else.
    typed = {(asked.node, asked.operation) for asked in lab.world.asked if asked.channel == "ssh"}
    ours = {
        (node, operation)
        for source, node, operation in sent
        if source is Source.SSH and operation not in ("login", "quit") and not operation.startswith("key ")
    }
    assert ours <= typed


def test_a_node_that_is_down_costs_what_was_to_be_asked_there(labs):
    lab = labs()
    down = next(node for node in lab.world.nodes if node.role == "subscriber" and node.product == "callmanager")
    lab.simulator.down(down.name)
    snapshot = lab.run(tables=FEW)
    lacking = lab.not_whole(snapshot)
    assert lacking
    assert {node for _, node in lacking} == {down.name}
    assert {reason for state, reason, _ in lacking.values()} == {"unreachable"}
    assert snapshot.book["service_status", down.name].state is State.FAILED
    assert snapshot.book["service_status", lab.world.publisher.name].state is State.WHOLE


def test_another_password_on_one_node_is_tried_once_and_costs_that_nodes_commands(labs):
    lab = labs(prepare=lambda world: world.nodes[1].accounts.update(platform=("other", "Other-Passw0rd!")))
    name = lab.world.nodes[1].name
    journal = Journal()
    lacking = lab.not_whole(lab.run(journal=journal, tables=FEW))
    assert {node for _, node in lacking} == {name}
    assert {(state, reason) for state, reason, _ in lacking.values()} == {("failed", "auth_failed")}
    logins = [node for source, node, operation in journal.operations if operation == "login"]
    assert logins.count(name) == 1


def test_a_wrong_application_password_is_sent_once(labs):
    lab = labs()
    wrong = Accounts(application=Account(user="auditor", password=Secret("Not-It-0r-Is-It")))
    journal = Journal()
    snapshot = lab.run(accounts=wrong, journal=journal)
    assert {reason for _, reason, _ in lab.not_whole(snapshot).values()} == {"auth_failed"}
    assert len(journal.operations) == 1


def test_an_untrusted_node_is_sent_nothing_and_the_others_are_asked(labs):
    lab = labs()
    stranger = lab.world.nodes[2]
    lab.trust.remove(stranger.at, stranger.https_port)
    lab.trust.remove(stranger.at, stranger.ssh_port)
    lab.world.asked.clear()
    lacking = lab.not_whole(lab.run(tables=FEW))
    assert {node for _, node in lacking} == {stranger.name}
    assert {reason for _, reason, _ in lacking.values()} == {"tls_unknown", "hostkey_unknown"}
    assert not [asked for asked in lab.world.asked if asked.node == stranger.name]


def test_without_an_os_account_the_cli_facts_are_unknown(labs):
    lab = labs()
    snapshot = lab.run(accounts=Accounts(application=lab.account(lab.world.application)))
    lacking = lab.not_whole(snapshot)
    assert {snapshot.book[key].source for key in lacking} == {Source.SSH}
    assert {reason for _, reason, _ in lacking.values()} == {"permission_denied"}
    assert "--without ssh" in snapshot.book["disk", lab.world.publisher.name].hint


def test_the_publisher_down_is_labelled_and_the_rest_is_asked_through_another_node(labs):
    lab = labs()
    lab.simulator.down(lab.world.publisher.name)
    snapshot = lab.run(tables=FEW)
    assert snapshot.get_meta("via") == lab.world.nodes[1].name
    assert snapshot.book["phone", ""].state is State.WHOLE
    assert snapshot.book["replication", ""].reason is Reason.UNREACHABLE
    assert snapshot.book["service_status", lab.world.publisher.name].reason is Reason.UNREACHABLE


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_addresses_that_dns_does_not_know_come_from_the_doors_command_line(labs, monkeypatch):
    ports = [free_port() for _ in range(3)]

    def same_ports(world):
        for node in world.nodes:
            node.https_port, node.http_port, node.ssh_port = ports

    lab = labs(prepare=same_ports)
    only_the_door = config.Cluster(
        name="lab", node=lab.world.publisher.at, https_port=ports[0], http_port=ports[1], ssh_port=ports[2]
    )
    door = lab.world.publisher.at
    monkeypatch.setattr(
        discovery, "resolve_all", lambda names, _seconds: {name: door for name in names if name == door}
    )
    journal = Journal()
    snapshot = lab.run(cluster=only_the_door, journal=journal, tables=FEW)
    assert lab.not_whole(snapshot) == {}
    assert snapshot.get_meta("via") == lab.world.publisher.name
    assert dict(snapshot.select("select name, address from node")) == {
        node.name: node.address for node in lab.world.nodes
    }
    logins = [node for _, node, operation in journal.operations if operation == "login"]
    assert len(logins) == len(lab.world.nodes)  # the session that told the addresses went on


def test_the_door_that_refuses_ssh_is_known_by_its_certificate_and_says_why_the_others_have_no_address(
    labs, monkeypatch
):
    lab = labs(prepare=lambda world: world.publisher.faults.update(ssh_auth="refused"))
    pub = lab.world.publisher
    only_the_door = config.Cluster(
        name="lab", node=pub.at, https_port=pub.https_port, http_port=pub.http_port, ssh_port=pub.ssh_port
    )
    monkeypatch.setattr(
        discovery, "resolve_all", lambda names, _seconds: {name: pub.at for name in names if name == pub.at}
    )
    journal = Journal()
    snapshot = lab.run(cluster=only_the_door, journal=journal, tables=FEW)
    assert snapshot.get_meta("via") == pub.name
    assert snapshot.book["phone", ""].state is State.WHOLE
    assert snapshot.book["service_status", pub.name].state is State.WHOLE
    assert snapshot.book["replication", ""].reason is Reason.AUTH_FAILED
    assert snapshot.book["disk", pub.name].reason is Reason.AUTH_FAILED
    lost = snapshot.book["service_status", "cucm-sub1"]
    assert lost.reason is Reason.DNS
    assert f"the command line of {pub.name}, which may know it, was not heard: auth_failed" in lost.detail
    assert 'cluster.NAME.nodes."cucm-sub1"' in lost.hint
    assert [operation for _, _, operation in journal.operations].count("login") == 1


@pytest.mark.parametrize(
    ("hosts", "place"),
    [
        (("CUCM-PUB.example.com",), 0),
        (("cucm-sub1", "sub1.voice.example.com"), 1),
        (("cucm-pub.example.com", "cucm-sub1.example.com"), None),  # a certificate of many servers
        (("*.example.com",), None),
        ((), None),
    ],
)
def test_which_node_a_certificate_names(hosts, place):
    nodes = [Node(name=name, address="", role=None) for name in ("cucm-pub", "cucm-sub1", "192.0.2.9")]
    found = discovery.Found(axl=SimpleNamespace(hosts=hosts), door=nodes[0], release="15.0")
    assert discovery._certified(found, nodes) == place
    somewhere = [replace(node, address="192.0.2.7") for node in nodes]
    assert discovery._certified(found, somewhere) is None


def test_many_phones_come_in_pages_and_batches(labs):
    lab = labs()
    phones = 2300
    with lab.world.lock:
        columns = [row[1] for row in lab.world.database.execute("pragma table_info(device)")]
        like = dict(
            zip(
                columns,
                lab.world.database.execute(
                    "select * from device where tkclass = 1 and tkdeviceprofile = 0 limit 1"
                ).fetchone(),
                strict=True,
            )
        )
        for number in range(phones):
            row = like | {"pkid": f"ffffffff-0000-0000-0000-{number:012d}", "name": f"SEPF{number:011d}"}
            marks = ", ".join("?" * len(columns))
            lab.world.database.execute(f"insert into device values ({marks})", tuple(row.values()))
    snapshot = lab.run(tables=frozenset({"phone"}), without=frozenset({Source.SSH, Source.SERVICES}))
    row = snapshot.book["phone", ""]
    assert row.state is State.WHOLE
    assert row.rows > phones


def test_half_a_run_is_repeatable_and_leaves_one_single_file(labs):
    lab = labs()
    for _ in range(2):
        snapshot = lab.run(tables=frozenset({"node"}))
        snapshot.close()
    assert sorted(path.name for path in lab.folder.glob("*.db*")) == ["1.db", "2.db"]


def test_the_door_may_be_named_as_the_cluster_names_it(labs):
    lab = labs()
    named = config.Cluster(**{**config_fields(lab.cluster), "node": lab.world.publisher.name.upper()})
    snapshot = lab.run(cluster=named, tables=frozenset({"node"}))
    assert snapshot.get_meta("via") == lab.world.publisher.name


def config_fields(cluster):
    return {name: getattr(cluster, name) for name in cluster.__struct_fields__}


def test_a_silent_ris_costs_that_nodes_registrations_only(labs):
    lab = labs()
    silent = lab.world.nodes[1]
    silent.faults["ris_silent"] = True
    lacking = lab.not_whole(lab.run(tables=frozenset({"registration"})))
    assert set(lacking) == {("registration", silent.name)}
    assert lacking["registration", silent.name][:2] == ("partial", "unreachable")


@pytest.mark.parametrize("on", ["getCCMVersion", "from device", "soapGetServiceStatus"])
def test_a_run_that_is_stopped_while_a_node_hangs_ends_within_two_seconds(labs, on):
    lab = labs()
    lab.world.faults["hang"] = {"value": True, "on": on}
    stop = threading.Event()
    pressed = []

    def press():
        pressed.append(time.monotonic())
        stop.set()

    timer = threading.Timer(1.0, press)
    timer.start()
    snapshot = lab.run(stop=stop, without=frozenset({Source.SSH}))
    assert time.monotonic() - pressed[0] < 2
    assert snapshot.get_meta("interrupted") == "1"
    reasons = {reason for _, reason, _ in lab.not_whole(snapshot).values()}
    assert reasons == {"interrupted"}
