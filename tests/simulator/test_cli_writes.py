"""What would change a node is refused and recorded; SELECT runs over the node's own copy."""

import pytest

from cucm_audit.simulator.build import build
from cucm_audit.simulator.cli import is_write
from cucm_audit.simulator.cli_sql import table
from cucm_audit.simulator.world import World
from tests.simulator.cli_typist import typing, world

WRITES = (
    "utils system restart",
    "utils system shutdown",
    "utils system switch-version",
    "utils service restart Cisco CallManager",
    "utils service start Cisco Tftp",
    "utils service stop Cisco Tomcat",
    "utils service activate Cisco Tftp",
    "utils dbreplication stop all",
    "utils dbreplication reset all",
    "utils dbreplication repair all",
    "utils dbreplication status",
    "utils disaster_recovery backup network UCM",
    "utils disaster_recovery restore network",
    "utils core active analyze core.1",
    "utils diagnose fix",
    "utils fips enable",
    "utils os secure permissive",
    "utils ntp restart",
    "set network hostname other",
    "set cert regen tomcat",
    "set commandcount enable",
    "unset network dns options",
    "delete smtp",
    "delete dscp x",
    "file delete install *",
    "file get install system-history.log",
    "run sql update device set name = 'x'",
    "run sql insert into device (name) values ('x')",
    "run sql delete from device",
    "run sql SELECT 1 FROM systables; delete from device",
    "run sql select name from device into temp x",
    "run sql execute procedure x()",
    "run sql {select} update device set name = 'x'",
    "run loadxml",
)
READS = (
    "set cli pagination off",
    "show status",
    "utils service list",
    "utils service list page",
    "utils dbreplication runtimestate",
    "utils disaster_recovery history backup",
    "utils system upgrade status",
    "file view install system-history.log",
    "run sql select name from device where description = 'delete; update'",
    "run sql select count(*) as n from device",
    "nonsense",
)


@pytest.mark.parametrize("command", WRITES)
def test_writes_are_known(command: str):
    assert is_write(command)


@pytest.mark.parametrize("command", READS)
def test_reads_are_known(command: str):
    assert not is_write(command)


def test_a_write_is_refused_and_recorded():
    cluster = world()
    with typing(cluster) as typist:
        for command in WRITES[:3]:
            assert typist.run(command)[-1] == "Executed command unsuccessfully"
        typist.run("show version active")
    assert [asked.operation for asked in cluster.writes()] == list(WRITES[:3])
    assert [(asked.node, asked.channel, asked.operation) for asked in cluster.asked] == [
        ("cucm-pub", "ssh", command) for command in ("set cli pagination off", *WRITES[:3], "show version active")
    ]


def test_a_faulty_answer_hides_no_write():
    cluster = world()
    cluster.nodes[0].faults["cli_answer"] = {"*": "done"}
    with typing(cluster, pager=True) as typist:
        assert typist.run("utils system restart") == ["done"]
    assert [asked.operation for asked in cluster.writes()] == ["utils system restart"]


@pytest.fixture(scope="module")
def built() -> World:
    cluster = build(release="12.5", phones=5, addresses=[f"192.0.2.{number}" for number in range(1, 5)])
    for node in cluster.nodes:
        node.listen = "127.0.0.1"
        node.faults |= {"ssh_host_key_types": ("ed25519",), "cli_slow_start": 0}
    return cluster


def cells(lines: list[str]) -> list[list[str]]:
    """Slice every row by the runs of '='; the last column goes to the end."""
    starts = [at for at, char in enumerate(lines[1]) if char == "=" and (at == 0 or lines[1][at - 1] == " ")]
    ends = [*starts[1:], None]
    return [
        [line[start:end].rstrip() for start, end in zip(starts, ends, strict=True)] for line in (lines[0], *lines[2:])
    ]


def test_select_in_columns(built: World):
    with typing(built) as typist:
        lines = typist.run(
            "run sql select name, nodeid, systemnode from processnode where systemnode = 'f' order by nodeid"
        )
        none = typist.run("run sql select name from processnode where name = 'nobody'")
        count = typist.run("run sql select count(*) as n from processnode")
    assert cells(lines) == [
        ["name", "nodeid", "systemnode"],
        ["cucm-pub", "2", "f"],
        ["cucm-sub1", "3", "f"],
        ["cucm-sub2", "4", "f"],
        ["cucm-imp1", "5", "f"],
    ]
    assert lines[1] == "========= ====== ========== "
    assert none == ["name ", "==== "]
    assert count == ["n ", "= ", "5 "]


def test_informix_complains(built: World):
    with typing(built) as typist:
        assert typist.run("run sql select name from nowhere") == [
            "The specified table (nowhere) is not in the database.",
            "Executed command unsuccessfully",
        ]
        assert typist.run("run sql select name from")[-1] == "Executed command unsuccessfully"
    assert built.writes() == []


def test_a_node_answers_from_its_own_copy(built: World):
    sub = built.node("cucm-sub1")
    sub.missing_rows = {"processnode": "name = 'cucm-sub2'"}
    counts = []
    for name in ("cucm-pub", "cucm-sub1"):
        with typing(built, name) as typist:
            counts.append(typist.run("run sql select count(*) as n from processnode")[2])
    sub.missing_rows = {}
    assert counts == ["5 ", "4 "]


def test_table_forms():
    assert table(["a", "flag", "wide"], [["x", True, None], ["", False, "one\ntwo"]]) == [
        "a flag wide    ",
        "= ==== ======= ",
        "x t    NULL    ",
        "  f    one",
        "two ",
    ]
