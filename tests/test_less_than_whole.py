"""Answers that are well-formed, complete in themselves, and yet less than the cluster: none may end in a pass."""

import contextlib
import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from labs import Lab, lab

from cucm_audit.cli import run
from cucm_audit.facts.platform.replication import parse
from cucm_audit.simulator.cli_answer import Call
from cucm_audit.simulator.cli_replication import runtimestate
from cucm_audit.simulator.cli_show import network_cluster, status, version

SERVICES = {
    "call-service-stopped": ("cucm-sub1", "Cisco CallManager"),
    "em-service-stopped": ("cucm-sub1", "Cisco Tomcat"),
    "database-service-stopped": ("cucm-sub1", "A Cisco DB"),
    "phone-trust-service-stopped": ("cucm-sub1", "Cisco Trust Verification Service"),
    "dirsync-stopped": ("cucm-sub1", "Cisco DirSync"),
    "backup-master-stopped": ("cucm-pub", "Cisco DRF Master"),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(tmp_path_factory.mktemp("less"), brisk=True) as made:
        yield made


def checks(*names: str) -> list[str]:
    return [word for name in names for word in ("--check", name)]


def test_a_service_that_control_center_leaves_out_is_not_known(whole: Lab) -> None:
    gone = [(whole.world.node(node), name) for node, name in SERVICES.values()]
    kept = [(node, dict(node.services)) for node, _ in gone]
    for node, name in gone:
        del node.services[name]
    try:
        code, report = whole.audit(*checks(*SERVICES))
    finally:
        for node, services in kept:
            node.services.clear()
            node.services.update(services)
    told = {(outcome["check"], outcome["node"]): outcome for outcome in report["outcomes"]}
    assert code == 3
    for check, (node, name) in SERVICES.items():
        assert told[check, node]["verdict"] == "unknown"
        assert [subject["subject"] for subject in told[check, node]["could_not_tell"]] == [name]


def test_a_node_without_any_row_of_activated_services_makes_them_partial(whole: Lab) -> None:
    key = "(select pkid from processnode where name = 'cucm-sub2')"
    with changed(whole, "processnodeservice", f"delete from processnodeservice where fkprocessnode = {key}"):
        code, report = whole.audit(*checks("tftp-nowhere"))
    assert (code, report["outcomes"][0]["verdict"]) == (3, "unknown")
    assert "no row of cucm-sub2" in report["outcomes"][0]["detail"]


@pytest.mark.parametrize(
    ("table", "names"),
    [
        ("ldapsystemconfig", ("dirsync-not-activated", "ldap-sync-off")),
        ("ldapauthentication", ("ldap-base-outside",)),
    ],
)
def test_without_its_row_nobody_knows_what_ldap_does(whole: Lab, table: str, names: tuple[str, ...]) -> None:
    with changed(whole, table, f"delete from {table}"):
        code, report = whole.audit(*checks(*names))
    assert code == 3
    assert {outcome["verdict"] for outcome in report["outcomes"]} == {"unknown"}


@contextlib.contextmanager
def changed(lab: Lab, table: str, statement: str) -> Iterator[None]:
    """Change a table of the cluster's database, and put it back."""
    database = lab.world.database
    database.execute(f"create temp table kept as select * from {table}")
    try:
        assert database.execute(statement).rowcount
        yield
    finally:
        database.execute(f"delete from {table}")
        database.execute(f"insert into {table} select * from kept")
        database.execute("drop table kept")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"empty_answer": {"value": True, "on": "telecasterservice order by"}}, "implausible_empty"),
        ({"short_page": {"value": True, "on": "telecasterservice order by"}}, "inconsistent"),
        ({"count_off": {"value": 1, "on": " union all "}}, "inconsistent"),
    ],
)
def test_a_small_table_that_is_shorter_than_its_count_is_not_whole(
    whole: Lab, fault: dict[str, object], reason: str
) -> None:
    """The answer is well-formed, and a table of services may be empty: only its count knows better."""
    whole.world.publisher.faults.update(fault)
    try:
        code, report = whole.audit(*checks("em-url-path", "adp-orphan"), "--without", "ssh")
    finally:
        for name in fault:
            del whole.world.publisher.faults[name]
    told = {outcome["check"]: outcome for outcome in report["outcomes"]}
    assert code == 3
    assert (told["em-url-path"]["verdict"], told["em-url-path"]["reason"]) == ("unknown", reason)
    assert "count(*) said" in told["em-url-path"]["detail"]
    assert told["adp-orphan"]["verdict"] == "pass", "a large table has its own count"


@pytest.mark.parametrize("on", ["short_page", "empty_answer", "count_off"])
def test_a_list_of_nodes_that_is_shorter_than_its_count_lets_nothing_pass(whole: Lab, on: str) -> None:
    where = "count(*) as n from processnode<" if on == "count_off" else "processnode order by nodeid"
    whole.world.publisher.faults[on] = {"value": True, "on": where}
    try:
        code, report = whole.audit(*checks("em-url-path", "adp-orphan", "clock-differs"))
    finally:
        del whole.world.publisher.faults[on]
    assert code in (2, 3)
    assert "pass" not in {outcome["verdict"] for outcome in report["outcomes"]}


def test_a_cluster_that_does_not_count_its_small_tables_is_audited_as_ever(whole: Lab) -> None:
    """Nobody could try these statements on a live database. It is told in the ledger."""
    saved = whole.folder / "uncounted.db"
    whole.world.publisher.faults["axl_fault"] = {"value": -201, "on": "count(*) as n from telecasterservice"}
    names = checks("em-url-path", "adp-orphan")
    try:
        code, report = whole.audit(*names, "--without", "ssh", "--save", str(saved))
    finally:
        del whole.world.publisher.faults["axl_fault"]
    assert code == 0
    assert {outcome["verdict"] for outcome in report["outcomes"]} == {"pass"}
    with sqlite3.connect(saved) as file:
        told = dict(file.execute("select fact, detail from ledger where state = 'whole' and source = 'axl'"))
    assert "would not count" in told["phone_service"]
    assert told["phone"] == ""


@pytest.mark.parametrize(
    ("on", "verdict"), [(" union all ", "pass"), ("count(*) as n from telecasterservice", "unknown")]
)
def test_a_count_that_got_lost_takes_no_other_table_along(whole: Lab, on: str, verdict: str) -> None:
    """Where the count of all got lost each table is counted by itself; where that is lost too, nobody knows."""
    whole.world.publisher.faults["truncate"] = {"value": True, "on": on}
    try:
        code, report = whole.audit(*checks("em-url-path", "adp-orphan", "dirsync-not-activated"), "--without", "ssh")
    finally:
        del whole.world.publisher.faults["truncate"]
    told = {outcome["check"]: outcome["verdict"] for outcome in report["outcomes"]}
    assert code == (0 if verdict == "pass" else 3)
    assert told["em-url-path"] == verdict
    assert "unknown" not in (told["adp-orphan"], told["dirsync-not-activated"])


def test_a_word_that_ris_does_not_have_is_no_state(whole: Lab) -> None:
    phone = next(one for one in whole.world.registrations if one.device_class == "Phone")
    before, phone.status = phone.status, "Enregistré"
    try:
        code, report = whole.audit(*checks("phone-rejected", "phone-partly-registered", "bad-load-active"))
    finally:
        phone.status = before
    assert code == 3
    assert {outcome["verdict"] for outcome in report["outcomes"]} == {"unknown"}


def test_a_node_that_no_answer_of_ris_names_is_not_heard(whole: Lab) -> None:
    """RIS does not have to name nodes without devices; this one is the first that phones of its group go to."""
    whole.world.node("cucm-sub1").faults["ris_left_out"] = True
    try:
        code, report = whole.audit(*checks("node-silent"))
    finally:
        del whole.world.node("cucm-sub1").faults["ris_left_out"]
    assert code == 3
    assert [subject["subject"] for subject in report["outcomes"][0]["could_not_tell"]] == ["cucm-sub1"]


def test_a_replication_table_without_a_node_is_not_whole(whole: Lab) -> None:
    """Its own count of servers agrees with its rows: the node is gone from both."""
    publisher = whole.world.publisher
    command = "utils dbreplication runtimestate"
    text = answer_of(whole, command)
    short = "\n".join(line for line in text.splitlines() if not line.startswith("cucm-sub2"))
    short = short.replace("(3 Servers)", "(2 Servers)")
    assert short != text
    assert not parse(short).troubles
    publisher.faults["cli_answer"] = {command: short}
    try:
        code, report = whole.audit(*checks("replication-not-good", "node-offline", "replication-link"))
    finally:
        del publisher.faults["cli_answer"]
    assert code == 3
    assert {outcome["verdict"] for outcome in report["outcomes"]} == {"unknown"}
    assert "2 server(s), the cluster 3 voice nodes" in report["outcomes"][0]["detail"]


def answer_of(lab: Lab, command: str, node: str = "cucm-pub") -> str:
    made = {
        "utils dbreplication runtimestate": runtimestate,
        "show network cluster": network_cluster,
        "show version active": version,
        "show status": status,
    }[command]
    call = Call(world=lab.world, node=lab.world.node(node), text=command, rest=tuple(command.split()[2:]))
    return "\n".join(made(call).lines)


@pytest.mark.parametrize("lacking", ["cucm-sub1", "cucm-pub"])
def test_a_list_of_members_without_a_node_is_not_whole(whole: Lab, lacking: str) -> None:
    """The node was not told of the other one, or it belongs to another cluster."""
    node = whole.world.node("cucm-sub2")
    command = "show network cluster"
    lines = [line for line in answer_of(whole, command).splitlines() if lacking not in line]
    node.faults["cli_answer"] = {command: "\n".join(lines)}
    try:
        code, report = whole.audit(*checks("not-authenticated"))
    finally:
        del node.faults["cli_answer"]
    told = {outcome["node"]: outcome for outcome in report["outcomes"]}
    assert code == 3
    assert (told["cucm-sub1"]["verdict"], told["cucm-sub2"]["verdict"]) == ("pass", "unknown")
    assert f"the list lacks {lacking}" in told["cucm-sub2"]["detail"]


def test_a_check_of_the_replication_that_goes_on_has_found_nothing_yet(whole: Lab) -> None:
    """Its answer says already that there are no errors: in the tables that it has come to."""
    publisher = whole.world.publisher
    text = answer_of(whole, "utils dbreplication runtimestate")
    still = re.sub(r"COMPLETED\D*\d+", "in PROGRESS 134", text)
    assert still != text
    publisher.faults["cli_answer"] = {"utils dbreplication runtimestate": still}
    try:
        code, report = whole.audit(*checks("replication-errors"))
    finally:
        del publisher.faults["cli_answer"]
    assert (code, report["outcomes"][0]["verdict"]) == (3, "unknown")


def test_an_object_without_counters_was_not_seen(whole: Lab) -> None:
    node = whole.world.node("cucm-sub1")
    node.faults["missing_element"] = {"value": "perfmonCollectCounterDataReturn", "on": "Memory"}
    try:
        code, report = whole.audit(*checks("node-memory-used"))
    finally:
        del node.faults["missing_element"]
    told = {outcome["node"]: outcome for outcome in report["outcomes"]}
    assert code == 3
    assert (told["cucm-pub"]["verdict"], told["cucm-sub1"]["verdict"]) == ("pass", "unknown")
    assert "no counter of Memory" in told["cucm-sub1"]["detail"]


@pytest.mark.parametrize(
    ("command", "fact", "size"), [("show status", "disk", 23), ("show network cluster", "cluster_member", 2)]
)
def test_a_page_that_is_lost_every_time_is_noticed_where_something_tells(
    whole: Lab, command: str, fact: str, size: int
) -> None:
    """Three readings agree, and all of them lack the same lines: the answer itself says what has to be in it."""
    node = whole.world.node("cucm-sub1")
    kept = dict(node.faults)
    node.faults.update({"cli_no_pagination": True, "cli_pager_lost": True, "cli_page_lines": size})
    try:
        code, report = whole.audit(*checks("disk-full", "not-authenticated"), "--limit", node.name)
    finally:
        node.faults.clear()
        node.faults.update(kept)
    assert code == 3, command
    assert fact in {gap["fact"] for gap in report["gaps"] if gap["node"] == node.name}


def test_a_wrong_clock_of_the_machine_that_asks_is_seen_without_ssh_too(whole: Lab) -> None:
    """By it certificates are called valid: here it is five years behind the cluster."""
    for node in whole.world.nodes:
        node.clock_offset += 5 * 365 * 86400
    try:
        code, report = whole.audit(*checks("auditor-clock-differs", "auditor-clock-differs-web"), "--without", "ssh")
    finally:
        for node in whole.world.nodes:
            node.clock_offset -= 5 * 365 * 86400
    wrong = {(outcome["check"], outcome["node"]) for outcome in report["outcomes"] if outcome["verdict"] == "fail"}
    assert (code, wrong) == (1, {("auditor-clock-differs-web", "cucm-pub")})


# ----------------------------------------------------------------------------------------------- the wrong node answers


@contextlib.contextmanager
def moved(lab: Lab, names: dict[str, str]) -> Iterator[None]:
    """Give nodes the address and the ports of other ones in the cluster file, as a slip of the pen does."""
    path = lab.folder / "cucm-audit.toml"
    kept = path.read_text()
    tables = dict(re.findall(r'(?ms)^\[cluster\.lab\.nodes\."([\w-]+)"\]\n(.*?)(?=^\[|\Z)', kept))
    head = kept[: kept.index("[cluster.lab.nodes.")]
    body = "".join(f'[cluster.lab.nodes."{name}"]\n{tables[names.get(name, name)]}' for name in tables)
    path.write_text(head + body)
    try:
        yield
    finally:
        path.write_text(kept)


#: A check of each source that asks the node itself, and one of the publisher for the cluster.
AT_THE_NODE = checks("disk-full", "unclean-boot", "em-service-stopped", "web-certificate-expired", "backup-failed")


@pytest.mark.parametrize(
    ("names", "wrong"),
    [
        ({"cucm-sub1": "cucm-sub2", "cucm-sub2": "cucm-sub1"}, {"cucm-sub1", "cucm-sub2"}),
        ({"cucm-sub2": "cucm-sub1"}, {"cucm-sub2"}),
        ({"cucm-sub1": "cucm-sub2"}, {"cucm-sub1", "cucm-sub2"}),  # the one that is asked is the wrong one
        ({"cucm-sub1": "cucm-pub"}, {"cucm-sub1"}),
    ],
)
def test_what_another_node_says_is_not_about_this_one(whole: Lab, names: dict[str, str], wrong: set[str]) -> None:
    with moved(whole, names):
        code, report = whole.audit(*AT_THE_NODE)
    assert code == 3
    unknown = {outcome["node"] for outcome in report["outcomes"] if outcome["verdict"] == "unknown"}
    assert unknown == wrong
    for outcome in report["outcomes"]:
        assert outcome["node"] not in wrong or outcome["verdict"] == "unknown"
        assert outcome["node"] not in wrong or re.search("calls itself|have one address", outcome["detail"])


def test_a_publisher_that_is_another_node_tells_nothing_of_the_cluster(whole: Lab) -> None:
    """AXL goes through the door, which is right; the publisher's command line is at the wrong address."""
    with moved(whole, {"cucm-pub": "cucm-sub1"}):
        code, report = whole.audit(*checks("backup-failed", "replication-not-good"))
    assert code == 3
    assert {outcome["verdict"] for outcome in report["outcomes"]} == {"unknown"}


def test_two_names_with_one_address_are_two_unknowns_where_nobody_can_say_his_name(whole: Lab) -> None:
    with moved(whole, {"cucm-sub2": "cucm-sub1"}):
        code, report = whole.audit(*checks("em-service-stopped"), "--without", "ssh")
    told = {outcome["node"]: outcome for outcome in report["outcomes"]}
    assert code == 3
    assert [told[name]["verdict"] for name in ("cucm-pub", "cucm-sub1", "cucm-sub2")] == ["pass", "unknown", "unknown"]
    assert "have one address" in told["cucm-sub1"]["detail"]


@pytest.mark.parametrize("host", ["cucm-elsewhere", "CUCM-SUB2.example.com", "192.0.2.77"])
def test_without_a_command_line_the_counters_of_a_node_say_who_it_is(whole: Lab, host: str) -> None:
    """A node of another cluster at a wrong address; an address beside a name does not tell."""
    node = whole.world.node("cucm-sub2")
    node.faults["perf_host"] = host
    names = ("node-memory-used", "em-service-stopped", "web-certificate-expired")
    try:
        code, report = whole.audit(*checks(*names), "--without", "ssh")
    finally:
        del node.faults["perf_host"]
    told = {(outcome["check"], outcome["node"]): outcome for outcome in report["outcomes"]}
    believed = host != "cucm-elsewhere"
    assert code == (0 if believed else 3)
    for name in names:
        assert told[name, "cucm-sub1"]["verdict"] == "pass"
        assert told[name, "cucm-sub2"]["verdict"] == ("pass" if believed else "unknown")
        assert believed or "PerfMon tells of cucm-elsewhere" in told[name, "cucm-sub2"]["detail"]


@pytest.mark.parametrize(
    ("names", "detail"),
    [
        ({"cucm-sub1": "cucm-sub2", "cucm-sub2": "cucm-sub1"}, "calls itself cucm-sub2"),
        ({"cucm-sub2": "cucm-sub1"}, "cucm-sub1 has the same address"),
    ],
)
def test_the_doctor_does_not_call_a_wrong_address_well(whole: Lab, names: dict[str, str], detail: str) -> None:
    with moved(whole, names):
        code, out, _ = whole.run("doctor", "--node", "lab")
    assert code == 3
    assert detail in " ".join(out.split())
    assert "All is well" not in out


def test_a_limit_to_a_node_that_is_not_there_is_no_clean_run(whole: Lab) -> None:
    code, out, err = whole.run("audit", "--node", "lab", "--limit", "cucm-sub7", *checks("disk-full"))
    assert (code, out) == (2, "")
    assert "cucm-sub7: this cluster has no such node; it has cucm-pub, cucm-sub1" in err


@pytest.fixture
def other_release(whole: Lab) -> Iterator[Callable[[str, bool], None]]:
    """Let the command line of cucm-sub2 say another release, with or without the name of the machine."""
    node = whole.world.node("cucm-sub2")

    def says(release: str, named: bool) -> None:
        answers = {command: answer_of(whole, command, node.name) for command in ("show version active", "show status")}
        told = {command: text.replace(whole.world.release, release) for command, text in answers.items()}
        if not named:
            told["show status"] = re.sub(r"(?m)^Host Name.*$", "", told["show status"])
        node.faults["cli_answer"] = told

    yield says
    node.faults.pop("cli_answer", None)


@pytest.mark.parametrize(
    ("says", "believed"),
    [("12.5.1.13900-152", False), ("14.0.1.10000-20", False), ("12.5.1.14062-1", True), ("a-private-build", True)],
)
def test_a_command_line_of_another_release_that_gives_no_name_is_another_machine(
    whole: Lab, other_release: Callable[[str, bool], None], says: str, believed: bool
) -> None:  # fmt: skip
    """AXL says what the node runs. An engineering special may be numbered apart, and a word is no release."""
    other_release(says, False)
    _, report = whole.audit(*checks("disk-full", "unclean-boot", "em-service-stopped", "release-differs"))
    told = {(outcome["check"], outcome["node"]): outcome for outcome in report["outcomes"]}
    for check in ("disk-full", "unclean-boot", "em-service-stopped"):
        assert told[check, "cucm-sub1"]["verdict"] == "pass"
        assert told[check, "cucm-sub2"]["verdict"] == ("pass" if believed else "unknown")
        assert believed or f"runs {says}, and AXL says" in told[check, "cucm-sub2"]["detail"]
    gaps = [gap for gap in report["gaps"] if gap["node"] == "cucm-sub2" and gap["fact"] == "disk"]
    assert [gap["reason"] for gap in gaps] == ([] if believed else ["inconsistent"])
    assert all("switched to its other version" in gap["hint"] for gap in gaps)


@pytest.mark.parametrize("says", ["12.5.1.13900-152", "14.0.1.10000-20"])
def test_a_node_that_gives_its_name_and_runs_another_release_is_the_finding_that_it_is(
    whole: Lab, other_release: Callable[[str, bool], None], says: str
) -> None:
    """The database may still have what the node ran before it was switched: a doubt would hide row H2."""
    other_release(says, True)
    code, report = whole.audit(*checks("disk-full", "release-differs"))
    told = {(outcome["check"], outcome["node"]): outcome for outcome in report["outcomes"]}
    assert (code, told["release-differs", "cucm-sub2"]["verdict"]) == (1, "fail")
    assert told["disk-full", "cucm-sub2"]["verdict"] == "pass"


def test_a_release_that_is_contradicted_takes_no_check_out(
    whole: Lab, other_release: Callable[[str, bool], None]
) -> None:
    """A check that is not for the release which a stranger calls its own is not silent about the node."""
    other_release("9.1.2.10000-28", False)
    code, report = whole.audit(*checks("pack-tomcat-not-restarted"))
    there = [outcome for outcome in report["outcomes"] if outcome["node"] == "cucm-sub2"]
    assert code == 3
    assert {outcome["verdict"] for outcome in there} == {"unknown"}


# ----------------------------------------------------------------------------------------------------- a saved snapshot


def test_a_saved_fact_that_has_lost_rows_is_not_whole(whole: Lab) -> None:
    """A file that was cut with a tool, or put together from two: its ledger still says that everything came."""
    saved = whole.folder / "saved.db"
    assert whole.run("audit", "--node", "lab", *checks("disk-full", "phone-rejected"), "--save", str(saved))[0] == 0
    for statement in ("delete from disk where node = 'cucm-sub1'", "delete from registration"):
        with sqlite3.connect(saved) as file:
            assert file.execute(statement).rowcount
    code, out, _ = whole.run(
        "audit", "--from", str(saved), "-f", "json", *checks("disk-full", "phone-rejected", "em-url-path")
    )
    told = {(one["check"], one["node"]): one for one in json.loads(out)["outcomes"]}
    assert code == 3
    assert told["disk-full", "cucm-pub"]["verdict"] == "pass"
    assert told["disk-full", "cucm-sub1"]["reason"] == "inconsistent"
    assert told["phone-rejected", None]["verdict"] == "unknown"
    assert told["em-url-path", None]["verdict"] == "pass"


@pytest.fixture(scope="module")
def kept(whole: Lab) -> bytes:
    """A saved snapshot of the whole cluster."""
    saved = whole.folder / "kept.db"
    assert whole.run("snapshot", "save", str(saved), "--node", "lab", "--without", "ssh")[0] == 0
    return saved.read_bytes()


@pytest.mark.parametrize("how", ["emptied", "exchanged", "letter"])
def test_a_damaged_file_is_not_judged(whole: Lab, kept: bytes, how: str) -> None:
    """Such a file can still be read here and there: rows come, or are silently fewer."""
    page, place = 4096, kept.index(b"SEP001BD4")
    at = place // page * page
    first, other = kept[at : at + page], kept[-page:]
    pages = {"emptied": bytes(page), "exchanged": other, "letter": first.replace(b"SEP001BD4", b"SEP\xff01BD4")}
    saved = whole.folder / f"{how}.db"
    saved.write_bytes(kept[:at] + pages[how] + kept[at + page :])
    code, out, err = whole.run("audit", "--from", str(saved), *checks("phone-rejected", "em-phone-without-service"))
    assert (code, out) == (2, "")
    assert re.search("is damaged|is no snapshot", err)
    assert "should not have happened" not in err


def test_a_ledger_with_a_word_of_its_own_is_not_believed(whole: Lab, kept: bytes) -> None:
    saved = whole.folder / "edited.db"
    saved.write_bytes(kept)
    with sqlite3.connect(saved) as file:
        file.execute("update ledger set source = 'hearsay' where fact = 'phone'")
    code, _, err = whole.run("audit", "--from", str(saved))
    assert code == 2
    assert "is damaged: 'hearsay' is not a valid Source" in err


# ------------------------------------------------------------------------------------------- what is read is not lost


@pytest.mark.parametrize(
    "words",
    [
        ("audit", "--from", "a.db", "-o", "a.db"),
        ("audit", "--from", "a.db", "-o", "link.db"),
        ("audit", "--from", "b.db", "--before", "a.db", "-o", "a.db"),
        ("audit", "--node", "lab", "--save", "new.db", "-o", "new.db"),
        ("audit", "--node", "lab", "--before", "a.db", "--save", "a.db"),
        ("audit", "--from", "b.db", "--baseline", "a.db", "-o", "a.db"),
        ("checklist", "before-upgrade", "--target", "15", "--from", "a.db", "-o", "a.db"),
        ("checklist", "after-upgrade", "--from", "b.db", "--before", "a.db", "-o", "a.db"),
        ("explain", "23", "--from", "a.db", "-o", "a.db"),
    ],
    ids=lambda words: " ".join(words[:2]) + " " + words[-1],
)
def test_nothing_is_written_over_what_is_read(whole: Lab, kept: bytes, words: tuple[str, ...]) -> None:
    """``--force`` is about an older report, not about the evidence."""
    for name in ("a.db", "b.db"):
        (whole.folder / name).write_bytes(kept)
    link = whole.folder / "link.db"
    link.unlink(missing_ok=True)
    link.symlink_to("a.db")
    code, out, err = whole.run(*words, "--force")
    assert (code, out) == (2, "")
    assert re.search("is read by this command|is to hold two things", err)
    assert (whole.folder / "a.db").read_bytes() == kept


@pytest.mark.parametrize("words", [("diff", "b.db"), ("report",)])
def test_nor_by_the_commands_without_a_cluster(
    tmp_path: Path, kept: bytes, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.db", "b.db"):
        (tmp_path / name).write_bytes(kept)
    files = [str(tmp_path / name) for name in words[1:]]
    assert run([words[0], *files, str(tmp_path / "a.db"), "-o", str(tmp_path / "a.db"), "--force"]) == 2
    assert "is read by this command" in capsys.readouterr().err
    assert (tmp_path / "a.db").read_bytes() == kept


#: Checks that read user_profile, which has no key of its own in the file.
DOUBLED = ("user-profile-gone", "profile-without-user")


def test_a_saved_fact_with_more_rows_than_came_is_not_whole(whole: Lab) -> None:
    """A file put together from two: what is there twice would count twice, or hide what the other one says."""
    saved = whole.folder / "merged.db"
    names = checks(*DOUBLED, "em-url-path")
    assert whole.run("audit", "--node", "lab", *names, "--without", "ssh", "--save", str(saved))[0] in (0, 3)
    with sqlite3.connect(saved) as file:
        assert file.execute("insert into user_profile select * from user_profile").rowcount
    code, out, _ = whole.run("audit", "--from", str(saved), "-f", "json", *names)
    told = {one["check"]: one for one in json.loads(out)["outcomes"]}
    assert code == 3
    assert {told[name]["reason"] for name in told if name != "em-url-path"} == {"inconsistent"}
    assert told["em-url-path"]["verdict"] == "pass"


@pytest.mark.parametrize("name", ["--from", "--before", "--baseline"])
def test_of_two_files_none_is_silently_left_out(whole: Lab, name: str) -> None:
    for file in ("one.db", "two.db"):
        (whole.folder / file).touch()
    code, out, err = whole.run("audit", name, "one.db", name, "two.db")
    assert (code, out) == (2, "")
    assert f"{name} is given twice (one.db, two.db)" in err
