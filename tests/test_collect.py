"""The collector: whatever a cluster does, every fact and scope has a ledger row, and the row tells the truth.

The clients here are scripted; tests/test_collect_simulator.py runs the real ones against the simulator.
"""

import json
import threading
import time
from types import SimpleNamespace

import pytest

from cucm_audit import discovery
from cucm_audit.board import Halted
from cucm_audit.books import STOPPED, Books
from cucm_audit.clients import ClientError
from cucm_audit.clients.journal import Journal
from cucm_audit.collect import Accounts, Options, collect
from cucm_audit.config import Cluster, NodeEntry
from cucm_audit.connect import Clients
from cucm_audit.facts import facts
from cucm_audit.model import Node, Reason, Role, Source, State
from cucm_audit.plan import OPT_IN, inside, jobs, plan
from cucm_audit.snapshot import Snapshot

NODES = [
    {"name": "cucm-pub", "usage": "0", "role": "1", "address": "127.0.10.1"},
    {"name": "cucm-sub", "usage": "1", "role": "1", "address": "127.0.10.2"},
    {"name": "imp", "usage": "1", "role": "2", "address": "127.0.10.3"},
]


def error(reason, node="cucm-pub", source="axl"):
    return ClientError(node=node, source=source, doing="asking", reason=reason, hint="do this", detail="said no")


def phone(number):
    return {
        "pkid": f"p{number:05d}",
        "name": f"SEP{number:012d}",
        "description": "",
        "tkmodel": "622",
        "model": "Cisco 7841",
        "tkproduct": "509",
        "tkdeviceprotocol": "11",
        "fkdevicepool": "d",
        "fkphonetemplate": "t",
        "allowhotelingflag": "t",
        "isprotected": "f",
        "ikdevice_defaultprofile": None,
        "specialloadinformation": "",
        "fkenduser": None,
        "tkphoneservicedisplay": "3",
    }


class Axl:
    """``tables`` holds the rows of a fact, an exception, or a generator function; a fact without any has no rows."""

    hosts = ()
    uncounted = ""

    def __init__(self, node, script):
        self.node, self.script = node, script
        self.version, self.release, self.requests = "12.5", "", 0

    def discover(self):
        self.script.doors.append(self.node.address)
        trouble = self.script.closed.get(self.node.address)
        if trouble:
            raise trouble
        self.release = self.script.release

    def release_of(self, name):
        return self.script.release

    def rows(self, statement):
        said = self.script.tables.get(statement.fact, [])
        if isinstance(said, Exception):
            raise said
        yield from said() if callable(said) else said


class Script(Clients):
    """Stands in for the clients: says what it is told to, and remembers who was asked."""

    def __init__(self):
        super().__init__(None, Accounts(platform=object()))
        self.release = "12.5.1.14900-63"
        self.closed, self.doors, self.asked = {}, [], []
        nodes = [
            {
                "pkid": node["name"],
                "name": node["name"],
                "description": "",
                "systemnode": "f",
                "nodeid": "2",
                "tknodeusage": node["usage"],
                "tkprocessnoderole": node["role"],
            }
            for node in NODES
        ]
        self.tables = {
            "node": nodes,
            "activated_service": [{"node": "cucm-pub", "service": "Cisco Tftp", "isactive": "t"}],
            "enterprise_param": [{"paramname": "ClusterID", "paramvalue": "LAB-7"}],
            "phone": [phone(1), phone(2)],
        }
        self.services_said = {}
        self.ssh_said = {}
        self.paces = []

    def axl(self, node, journal):
        return Axl(node, self)

    def ris(self, node, journal, *, per_minute, chunk, pace, waiting):
        self.paces.append((per_minute, chunk, pace))

        def devices(names):
            names = tuple(names)
            devices = tuple({"Name": name, "Status": "Registered", "TimeStamp": "1718604131"} for name in names)
            said = SimpleNamespace(name="cucm-pub", return_code="Ok", no_change=False, devices=devices)
            down = SimpleNamespace(name="cucm-sub", return_code="NodeNotResponding", no_change=False, devices=())
            yield SimpleNamespace(asked=names, nodes=(said, down), total_found=len(devices))

        return SimpleNamespace(devices=devices, codes={("cucm-pub", "Ok"): 1, ("cucm-sub", "NodeNotResponding"): 1})

    def services(self, node, journal):
        def said(what):
            self.asked.append((node.name, what))
            answer = self.services_said.get(node.name)
            if isinstance(answer, Exception):
                raise answer
            return answer() if callable(answer) else SimpleNamespace(services=[], date=None)

        return SimpleNamespace(service_status=lambda: said("status"), perf=lambda host, name: said("perf") and ())

    def ssh(self, node, journal):
        self.asked.append((node.name, "ssh"))
        raise self.ssh_said.get(node.name, error(Reason.UNREACHABLE, node.name, "ssh"))


@pytest.fixture
def cluster():
    return Cluster(
        name="lab", node="127.0.10.1", nodes={node["name"]: NodeEntry(address=node["address"]) for node in NODES}
    )


@pytest.fixture
def run(tmp_path, cluster):
    opened = []

    def collected(script, **options):
        at = tmp_path / f"{len(opened)}.db"
        began = time.monotonic()
        asked = options.pop("cluster", cluster)
        snapshot = collect(asked, path=at, trust=None, accounts=Accounts(), options=Options(**options), clients=script)
        opened.append(snapshot)
        snapshot.took = time.monotonic() - began
        snapshot.book = {(row.fact, row.node): row for row in snapshot.gathered()}
        return snapshot

    yield collected
    for snapshot in opened:
        snapshot.close()


def expected_scopes():
    voice, every = ["cucm-pub", "cucm-sub"], ["cucm-pub", "cucm-sub", "imp"]
    for fact in facts():
        names = voice if fact.nodes_answer else {"node": every, "voice_node": voice}.get(fact.per.value, [""])
        yield from ((fact.table, name) for name in names)


def test_every_fact_has_a_ledger_row_for_every_scope(run):
    snapshot = run(Script())
    assert set(snapshot.book) == set(expected_scopes())
    assert snapshot.book["phone", ""].state is State.WHOLE
    assert snapshot.book["phone", ""].rows == 2
    assert snapshot.book["phone", ""].request.startswith("select d.pkid")
    assert snapshot.book["disk", "cucm-sub"].reason is Reason.UNREACHABLE
    assert snapshot.book["disk", "cucm-sub"].hint == "do this"
    assert snapshot.get_meta("cluster_id") == "LAB-7"
    assert snapshot.get_meta("via") == "cucm-pub"
    assert snapshot.get_meta("interrupted") == "0"
    assert snapshot.get_meta("finished_at")
    assert list(snapshot.select("select name, address, role, voice, release from node order by name")) == [
        ("cucm-pub", "127.0.10.1", "publisher", 1, "12.5.1.14900-63"),
        ("cucm-sub", "127.0.10.2", "subscriber", 1, "12.5.1.14900-63"),
        ("imp", "127.0.10.3", "subscriber", 0, "12.5.1.14900-63"),
    ]


def test_registrations_are_whole_for_the_nodes_that_answered_only(run):
    book = run(Script()).book
    assert (book["registration", "cucm-pub"].state, book["registration", "cucm-pub"].rows) == (State.WHOLE, 2)
    assert (book["registration", "cucm-sub"].state, book["registration", "cucm-sub"].rows) == (State.PARTIAL, 0)
    assert book["registration", "cucm-sub"].reason is Reason.UNREACHABLE


def test_an_empty_answer_that_cannot_be_is_not_whole(run):
    book = run(Script()).book
    assert book["device_default", ""].state is State.PARTIAL
    assert book["device_default", ""].reason is Reason.IMPLAUSIBLE_EMPTY
    assert book["remote_cluster", ""].state is State.WHOLE


def test_an_error_before_any_row_fails_and_after_some_rows_leaves_them(run):
    script = Script()

    def broken():
        yield from (phone(number) for number in range(1200))
        raise error(Reason.TRUNCATED)

    script.tables |= {"phone": broken, "device_profile": error(Reason.PERMISSION_DENIED)}
    book = run(script).book
    assert (book["phone", ""].state, book["phone", ""].reason, book["phone", ""].rows) == (
        State.PARTIAL,
        Reason.TRUNCATED,
        1200,
    )
    assert book["device_profile", ""].state is State.FAILED
    assert book["device_profile", ""].reason is Reason.PERMISSION_DENIED
    # Half the phones were asked for: no node's registrations are whole.
    assert book["registration", "cucm-pub"].state is State.PARTIAL
    assert book["registration", "cucm-pub"].reason is Reason.PREREQUISITE_UNKNOWN


def test_without_phones_nothing_is_asked_of_ris(run):
    script = Script()
    script.tables |= dict.fromkeys(("phone", "other_device"), error(Reason.TIMEOUT))
    book = run(script).book
    assert not script.paces
    assert book["registration", "cucm-sub"].state is State.FAILED
    assert book["registration", "cucm-sub"].reason is Reason.PREREQUISITE_UNKNOWN


def test_a_fault_of_ours_is_told_by_its_type_and_never_by_its_text(run):
    script = Script()
    script.tables["em_login"] = RuntimeError("the PIN is 4711")
    row = run(script).book["em_login", ""]
    assert (row.state, row.reason) == (State.FAILED, Reason.INTERNAL_ERROR)
    assert "RuntimeError" in row.detail
    assert "4711" not in row.detail


def test_a_row_that_the_schema_refuses_is_left_out_alone(run):
    script = Script()
    script.tables["phone"] = [phone(number) for number in range(600)] + [phone(3)]
    row = run(script).book["phone", ""]
    assert (row.state, row.reason, row.rows) == (State.PARTIAL, Reason.MALFORMED, 600)


def test_a_node_that_refused_the_password_is_not_asked_again(run):
    script = Script()
    script.services_said["cucm-sub"] = error(Reason.AUTH_FAILED, "cucm-sub", "services")
    book = run(script).book
    assert script.asked.count(("cucm-sub", "status")) == 1
    assert ("cucm-sub", "perf") not in script.asked
    assert ("cucm-pub", "perf") in script.asked
    assert book["perf_counter", "cucm-sub"].reason is Reason.AUTH_FAILED
    assert script.asked.count(("cucm-sub", "ssh")) == 1


def test_the_door_that_refuses_the_password_ends_the_run_and_no_other_door_is_tried(run):
    script = Script()
    script.closed["127.0.10.1"] = error(Reason.AUTH_FAILED)
    book = run(script).book
    assert script.doors == ["127.0.10.1"]
    assert script.asked == []
    assert {row.state for row in book.values()} <= {State.FAILED, State.NOT_ASKED}
    assert {fact for fact, _ in book} == {fact.table for fact in facts()}
    assert book["node", ""].reason is Reason.AUTH_FAILED
    assert book["web_page", ""].state is State.NOT_ASKED


def test_with_the_door_down_another_node_of_the_file_is_asked_and_named(run):
    script = Script()
    script.closed["127.0.10.1"] = error(Reason.UNREACHABLE)
    snapshot = run(script)
    assert script.doors == ["127.0.10.1", "127.0.10.2"]
    assert snapshot.get_meta("via") == "cucm-sub"
    assert snapshot.book["phone", ""].state is State.WHOLE


def test_a_run_that_is_stopped_ends_at_once_with_what_it_has(run):
    stop, script = threading.Event(), Script()
    hang = threading.Event()

    def slow():
        yield from (phone(number) for number in range(700))
        stop.set()
        hang.wait(30)

    script.tables["phone"] = slow
    script.services_said["imp"] = lambda: hang.wait(30)
    snapshot = run(script, stop=stop)
    hang.set()
    assert snapshot.took < 2
    book = snapshot.book
    assert snapshot.get_meta("interrupted") == "1"
    assert (book["phone", ""].state, book["phone", ""].reason) == (State.PARTIAL, Reason.INTERRUPTED)
    assert (book["em_login", ""].state, book["em_login", ""].reason) == (State.FAILED, Reason.INTERRUPTED)
    assert set(book) == set(expected_scopes())


def test_a_run_that_is_stopped_before_the_door_opened_says_so_for_every_fact(run, monkeypatch):
    script, stop = Script(), threading.Event()
    hang = threading.Event()
    monkeypatch.setattr(Axl, "discover", lambda self: (stop.set(), hang.wait(30)))
    snapshot = run(script, stop=stop)
    hang.set()
    assert snapshot.took < 2
    assert {fact for fact, _ in snapshot.book} == {fact.table for fact in facts()}
    assert State.WHOLE not in {row.state for row in snapshot.book.values()}


def test_a_run_that_takes_too_long_says_budget(run):
    script = Script()
    hang = threading.Event()

    def slow():
        hang.wait(30)
        yield phone(1)

    script.tables["phone"] = slow
    snapshot = run(script, timeout=0.5)
    hang.set()
    assert snapshot.took < 3
    assert snapshot.book["phone", ""].reason is Reason.BUDGET
    assert snapshot.get_meta("interrupted") == "0"


def test_what_the_user_left_out_is_not_asked_and_says_so(run):
    script = Script()
    book = run(script, without=frozenset({Source.SSH}), limit=("CUCM-SUB",), tables=frozenset({"phone", "disk"})).book
    assert book["disk", "cucm-sub"].state is State.NOT_ASKED
    assert "ssh" in book["disk", "cucm-sub"].detail
    assert book["service_status", "cucm-sub"].detail == "no selected check reads it"
    assert book["node", ""].state is State.WHOLE
    assert book["enterprise_param", ""].state is State.WHOLE
    assert script.asked == []
    script = Script()
    book = run(script, limit=("cucm-sub",)).book
    assert {node for node, _ in script.asked} == {"cucm-sub"}
    assert book["disk", "imp"].state is State.NOT_ASKED
    assert book["replication", ""].state is State.NOT_ASKED


def test_what_a_chosen_fact_needs_is_asked_too(run):
    script = Script()
    book = run(script, tables=frozenset({"registration"})).book
    assert book["phone", ""].state is State.WHOLE
    assert book["registration", "cucm-pub"].state is State.WHOLE


@pytest.mark.parametrize(
    ("value", "release", "pace"),
    [
        ("60", "12.5.1.1", (60, 1000, 2 / 3)),
        ("0", "9.1.1.1", (15, 1000, 2 / 3)),
        ("many", "9.0.1.1", (15, 200, 2 / 3)),
    ],
)
def test_ris_is_paced_by_the_clusters_own_limit(run, value, release, pace):
    script = Script()
    script.release = release
    script.tables["enterprise_param"].append({"paramname": "AllowedRisQueriesPerMinute", "paramvalue": value})
    if not release.startswith("12"):
        for row in script.tables["node"]:
            del row["tkprocessnoderole"]
    run(script)
    assert script.paces == [pace]


def test_a_node_without_an_address_is_unknown_and_the_others_are_asked(run, monkeypatch):
    known = Cluster(name="lab", node="127.0.10.1", nodes={"cucm-pub": NodeEntry(address="127.0.10.1")})
    monkeypatch.setattr(
        discovery, "resolve_all", lambda names, _seconds: {"127.0.10.1": "127.0.10.1", "imp": "127.0.10.3"}
    )
    script = Script()
    snapshot = run(script, cluster=known)
    assert snapshot.book["service_status", "cucm-sub"].reason is Reason.DNS
    assert "cucm-sub" in snapshot.book["disk", "cucm-sub"].hint
    assert {node for node, what in script.asked if what == "status"} == {"cucm-pub", "imp"}
    assert dict(snapshot.select("select name, address from node")) == {
        "cucm-pub": "127.0.10.1",
        "cucm-sub": None,
        "imp": "127.0.10.3",
    }


def test_half_a_list_of_nodes_is_not_whole(run):
    script = Script()
    whole = script.tables["node"]

    def half():
        yield whole[0]
        raise error(Reason.TRUNCATED)

    script.tables["node"] = half
    book = run(script).book
    assert (book["node", ""].state, book["node", ""].reason, book["node", ""].rows) == (
        State.PARTIAL,
        Reason.TRUNCATED,
        1,
    )
    assert book["disk", "cucm-pub"].state is State.FAILED  # it was asked


def test_settings_users_and_loads_are_written_as_they_come(run):
    load = {
        "model_number": 622,
        "model": "Cisco 7841",
        "fixed_in": "sip78xx.10-2-1",
        "problem": "p",
        "reference": "CSCuo99592",
        "source": "s",
    }
    snapshot = run(
        Script(), settings={"free_disk": 10, "strict": True}, api_users=("emapi", "emapi"), bad_loads=(load,)
    )
    assert list(snapshot.select("select name, value from setting order by name")) == [("free_disk", 10), ("strict", 1)]
    assert list(snapshot.select("select name from api_user")) == [("emapi",)]
    assert list(snapshot.select("select fixed_in from bad_load")) == [("sip78xx.10-2-1",)]
    assert set(json.loads(snapshot.get_meta("cost"))) >= {"axl", "ris", "services", "ssh_sessions", "seconds"}


def test_a_fact_that_the_release_lacks_is_not_supported():
    nodes = (Node(name="cucm-pub", address="127.0.10.1", role=Role.PUBLISHER),)
    todo, left = jobs(facts(), nodes, Options(), "8.0.1")
    assert not todo
    assert {row.state for row in left if row.fact not in OPT_IN} == {State.NOT_SUPPORTED}
    for release, since in (("8.6.2", None), ("9.1.2", "9.0"), ("15.0.1", "12.5")):
        todo, _ = jobs(facts(), nodes, Options(), release)
        (user,) = [job.fact for job in todo if job.fact.table == "end_user"]
        assert user.since == (since or "8.5")


def test_a_limit_names_nodes_by_name_host_or_address():
    node = Node(name="cucm-sub1.example.com", address="10.1.1.2", role=None)
    assert inside(node, ("CUCM-SUB1",))
    assert inside(node, ("10.1.1.2",))
    assert not inside(node, ("cucm-sub",))


def test_a_dry_run_without_a_cluster_names_groups_of_nodes_and_sends_nothing(cluster):
    planned = plan(cluster, facts(), "")
    said = {(line.source, line.node, line.operation) for line in planned if not line.only_if}
    assert (Source.SSH, "each node", "show status") in said
    assert (Source.SSH, "the publisher", "utils dbreplication runtimestate") in said
    assert (Source.SERVICES, "each voice node", "perfmonCollectCounterData") in said
    assert (Source.AXL, "127.0.10.1", "getCCMVersion") in said
    assert sum("eu.tkuserprofile = 1 order by" in operation for _, _, operation in said) == 3
    assert len(planned) == len(set(planned))


def test_a_lane_that_reads_when_the_run_is_stopped_does_not_lock_the_file(tmp_path):
    books = Books(Snapshot.create(tmp_path / "s.db"))
    books.begin(Cluster(name="lab", node="10.0.0.1"), Options())
    begun, over, wrong = threading.Event(), threading.Event(), []

    def reads():
        while not over.is_set():
            try:
                list(books.select("select name from setting", ()))
            except Halted:
                return
            except Exception as error:
                wrong.append(error)
                return
            begun.set()

    lanes = [threading.Thread(target=reads) for _ in range(4)]
    for lane in lanes:
        lane.start()
    begun.wait(5)
    books.close(STOPPED, None, Journal(), Options())
    over.set()
    for lane in lanes:
        lane.join(5)
    assert not wrong
    books.snapshot.close()
    assert [path.name for path in tmp_path.iterdir()] == ["s.db"]
