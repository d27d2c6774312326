"""Every command's answer against the grammar of cli.md, per release and kind of node."""

import datetime as dt
import re
from zoneinfo import ZoneInfo

import pytest

from cucm_audit.simulator.cli_answer import Call
from cucm_audit.simulator.cli_faults import KEYS
from cucm_audit.simulator.cli_faults import __doc__ as fault_page
from cucm_audit.simulator.cli_show import uptime
from cucm_audit.simulator.world import SimEvent, SimService, World
from tests.simulator.cli_typist import OPTIONS, node, typing, utc, world

RELEASES = (
    "9.1.2.10000-28",
    "10.5.2.10000-5",
    "11.5.1.12900-21",
    "12.5.1.14900-63",
    "14.0.1.12900-161",
    "15.0.1.11900-23",
)


def answers(cluster: World, *commands: str, name: str = "cucm-pub") -> list[list[str]]:
    with typing(cluster, name) as typist:
        return [typist.run(command) for command in commands]


def matches(pattern: str, lines: list[str]) -> list[tuple[str, ...]]:
    return [found.groups() for line in lines if (found := re.match(pattern, line))]


def test_version_and_options():
    cluster = world()
    cluster.nodes[0].options = ["cmterm-devicepack12.5.1.14080-1.cop", "ciscocm.free_common_space_v1.10.cop"]
    cluster.nodes[0].inactive_release = "11.5.1.18900-97"
    active, inactive = answers(cluster, "show version active", "show version inactive")
    assert active == [
        "Active Master Version: 12.5.1.14900-63",
        "Active Version Installed Software Options:",
        "cmterm-devicepack12.5.1.14080-1.cop",
        "ciscocm.free_common_space_v1.10.cop",
    ]
    assert inactive == [
        "Inactive Master Version: 11.5.1.18900-97",
        "Inactive Version Installed Software Options:",
        "No Installed Software Options Found.",
    ]


def test_status_tells_the_nodes_own_clock_in_its_own_zone():
    cluster = world()
    pub = cluster.nodes[0]
    pub.zone, pub.zone_label, pub.clock_offset = "America/Chicago", "Central Standard Time", 3600.0
    (lines,) = answers(cluster, "show status")
    facts = dict(matches(r"^([A-Z][\w ]+?)\s*: (.*)$", lines))
    assert facts["Host Name"] == "cucm-pub"
    assert facts["Product Ver"] == "12.5.1.14900-63"
    assert facts["Time Zone"] == "Central Standard Time (America/Chicago)"
    date = dt.datetime.strptime(facts["Date"], "%a %b %d, %Y %H:%M:%S").replace(tzinfo=ZoneInfo("America/Chicago"))
    assert abs(date - dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)) < dt.timedelta(seconds=10)
    at = lines.index("Uptime:") + 1
    assert re.match(r"^\s*\d\d:\d\d:\d\d up (?:(\d+) days?,\s*)?(?:(\d+):(\d\d)|(\d+) min),", lines[at])
    disks = matches(r"^Disk/(\w+)\s+(\d+)K\s+(\d+)K\s+(\d+)K \((\d+)%\)$", lines)
    assert [disk[0] for disk in disks] == ["active", "inactive", "logging"]


@pytest.mark.parametrize(
    ("up", "text"),
    [
        (dt.timedelta(minutes=35), " up 35 min,  1 user,"),
        (dt.timedelta(hours=10, minutes=47), " up 10:47,  1 user,"),
        (dt.timedelta(days=1, hours=3, minutes=5), " up 1 day,  3:05,  1 user,"),
        (dt.timedelta(days=4, minutes=12), " up 4 days, 12 min,  1 user,"),
        (dt.timedelta(days=141, hours=1, minutes=12), " up 141 days,  1:12,  1 user,"),
    ],
)
def test_uptime_is_written_as_linux_writes_it(up: dt.timedelta, text: str):
    now = utc(2026, 7, 1, 12, 0, 0)
    cluster = World(release="12.5.1.14900-63", nodes=[node(booted_at=now - up)])
    assert text in uptime(Call(world=cluster, node=cluster.nodes[0], text="show status"), now)


MEMBER = r"^(\S+) (\S+) (\S+) (Publisher|Subscriber) (\S+) (DBPub|DBSub) (.*)$"


def test_network_cluster_on_each_node():
    cluster = world()
    cluster.nodes.append(node("cucm-sub2", role="subscriber", address="192.0.2.13", authenticated=False))
    (on_pub,) = answers(cluster, "show network cluster")
    (on_sub,) = answers(cluster, "show network cluster", name="cucm-sub1")
    assert [found[:6] for found in matches(MEMBER, on_pub)] == [
        ("192.0.2.11", "cucm-pub.example.com", "cucm-pub", "Publisher", "callmanager", "DBPub"),
        ("192.0.2.12", "cucm-sub1.example.com", "cucm-sub1", "Subscriber", "callmanager", "DBSub"),
        ("192.0.2.14", "cucm-imp1.example.com", "cucm-imp1", "Subscriber", "cups", "DBPub"),
        ("192.0.2.13", "cucm-sub2.example.com", "cucm-sub2", "Subscriber", "callmanager", "DBSub"),
    ]
    states = [found[6] for found in matches(MEMBER, on_pub)]
    assert states[0] == "authenticated"
    assert re.fullmatch(r"authenticated using TCP since \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}", states[1])
    assert states[3] == "not authenticated or updated on server"
    assert "Server Table (processnode) Entries" in on_pub
    assert "Server Table (processnode) Entries" not in on_sub
    assert matches(MEMBER, on_sub)[1][6] == "authenticated"


SERVICE = r"^(.+?)\s*\[(STARTED|STOPPED|STARTING|STOPPING|NOTRUNNING|UNKNOWN)\]\s*(.*)$"


def test_service_list():
    cluster = world()
    cluster.nodes[0].services |= {
        "A Cisco DB Replicator": SimService(name="A Cisco DB Replicator", feature=False, activated=True),
        "Cisco CAR DB": SimService(name="Cisco CAR DB", feature=False, activated=True, status="Stopped"),
        "Cisco Extension Mobility": SimService(
            name="Cisco Extension Mobility", feature=True, activated=True, status="Starting"
        ),
    }
    (lines,) = answers(cluster, "utils service list")
    assert lines[0] == "Requesting service status, please wait..."
    assert lines[-1] == "Primary Node =true"
    assert "A Cisco DB Replicator [STARTED]" in lines
    assert "Cisco CallManager[STARTED]" in lines
    found = {name: (state, reason) for name, state, reason in matches(SERVICE, lines)}
    assert found["System SSH"] == ("STARTED", "")
    assert found["Cisco Tftp"] == ("STOPPED", "Service Not Activated")
    assert found["Cisco CAR DB"] == ("STOPPED", "Commanded Out of Service")
    assert found["Cisco Extension Mobility"] == ("STARTING", "")
    (lines,) = answers(cluster, "utils service list", name="cucm-sub1")
    assert lines[-1] == "Primary Node =false"


@pytest.mark.parametrize("spelling", ["synchronised", "synchronized"])
def test_ntpd(spelling: str):
    cluster = world()
    cluster.nodes[0].ntp = {"server": "10.1.89.1", "stratum": 3, "within_ms": 7, "spelling": spelling}
    cluster.nodes[1].ntp = {"server": "cucm-pub", "synchronised": False, "spelling": spelling}
    (good,) = answers(cluster, "utils ntp status")
    assert re.fullmatch(r"ntpd \(pid \d+\) is running\.\.\.", good[0])
    assert any(line.startswith("*10.1.89.1 ") for line in good)
    assert f"{spelling} to NTP server (10.1.89.1) at stratum 3" in good
    assert "   time correct to within 7 ms" in good
    assert good[-2].startswith("Current time in UTC is : ")
    assert re.fullmatch(r"Current time in Europe/Berlin is : \w{3} \w{3} [ \d]\d [\d:]{8} CES?T \d{4}", good[-1])
    (bad,) = answers(cluster, "utils ntp status", name="cucm-sub1")
    assert f"un{spelling}" in bad
    assert "   time server re-starting" in bad
    assert any(line.startswith(" 192.0.2.11 ") for line in bad), "the daemon prints the publisher's address"


def test_chronyd_on_15():
    cluster = world("15.0.1.11900-23")
    (lines,) = answers(cluster, "utils ntp status")
    assert re.search(r"^chronyd .*is running", lines[0])
    assert any(line.startswith("^* 192.0.2.123") for line in lines)
    assert not any(re.match(r"\s*synchroni[sz]ed", line) for line in lines)
    cluster.nodes[0].ntp["running"] = False
    (lines,) = answers(cluster, "utils ntp status")
    assert "running" not in lines[0]


ROW = (
    r"^(\S+)\s+(\d+\.\d+\.\d+\.\d+|[0-9a-fA-F:]{3,})\s+(\S+)\s+([YN-]/[YN-]/[YN-])\s+(\d+|-+|N/A)"
    r"\s+\((g_\d+|-)\)\s+\((\d+|-)\)\s*(.*)$"
)


@pytest.mark.parametrize("release", [release for release in RELEASES if not release.startswith("9.")])
def test_replication_from_10_on(release: str):
    cluster = world(release)
    cluster.nodes[0].replication = {"ping": 0.02, "checked_at": utc(2026, 7, 3, 7, 54, 21)}
    cluster.nodes[1].replication = {"state": 3, "queue": 390001, "y": "Y/N/Y", "details": "DB Active-Failed"}
    (lines,) = answers(cluster, "utils dbreplication runtimestate")
    assert re.fullmatch(r"Server Time: \w{3} \w{3} [ \d]\d [\d:]{8} \S+ \d{4}", lines[0])
    assert "Cluster Replication State: Replication status command started at: 2026-07-03-09-54" in lines
    done = (
        "COMPLETED. Checked 754 tables out of 754"
        if release.startswith("15")
        else "COMPLETED 681 tables checked out of 681"
    )
    assert f"     Replication status command {done}" in lines
    assert f"DB Version: ccm{re.sub('[.-]', '_', release)}" in lines
    assert "Cluster Detailed View from cucm-pub (2 Servers):" in lines, "IM and Presence replicates for itself"
    assert matches(ROW, lines) == [
        ("cucm-pub", "192.0.2.11", "0.020", "Y/Y/Y", "0", "g_2", "2", "Setup Completed"),
        ("cucm-sub1", "192.0.2.12", "0.256", "Y/N/Y", "390001", "g_3", "3", "DB Active-Failed"),
    ]
    header = next(line for line in lines if line.startswith("SERVER-NAME"))
    assert header.index("IP ADDRESS") == (25 if release.startswith("15") else 20)


def test_replication_table_of_14_stands_in_the_captured_columns():
    (lines,) = answers(world("14.0.1.12900-161"), "utils dbreplication runtimestate")
    assert (
        "cucm-pub            192.0.2.11        0.020     Y/Y/Y     0        (g_2)          (2) Setup Completed" in lines
    )


def test_replication_of_9_has_the_old_columns():
    (lines,) = answers(world(RELEASES[0]), "utils dbreplication runtimestate")
    old = r"^(\S+)\s+([\d.]+)\s+(\S+)\s+(Yes|No)\s+(\w+)\s+(\S+)\s+(\w+)\s+(Yes|No|N/A)\s+\((\d+|-)\) (.*)$"
    assert matches(old, lines) == [
        ("cucm-pub", "192.0.2.11", "0.020", "Yes", "Connected", "0", "match", "Yes", "2", "PUB Setup Completed"),
        ("cucm-sub1", "192.0.2.12", "0.256", "Yes", "Connected", "0", "match", "Yes", "2", "Setup Completed"),
    ]


def test_replication_elsewhere():
    cluster = world()
    (on_sub,) = answers(cluster, "utils dbreplication runtimestate", name="cucm-sub1")
    assert "Cluster Replication State: Only available on the PUB" in on_sub
    (alone,) = answers(cluster, "utils dbreplication runtimestate", name="cucm-imp1")
    assert alone == ["Runtime state cannot be performed on a cluster with a single active node; aborting operation"]
    cluster.nodes[0].replication = {"sync": True, "tables": 753}
    (broadcast,) = answers(cluster, "utils dbreplication runtimestate")
    assert any(line.startswith("Cluster Replication State: BROADCAST SYNC ended at: ") for line in broadcast)
    assert "     Sync Result: SYNC COMPLETED on 753 tables out of 753" in broadcast


LINE = (
    r"^(\d\d/\d\d/\d{4} \d\d:\d\d:\d\d) \| ([^:]+): "
    r"(Install|Windows Upgrade|Upgrade During Install|Upgrade|Cisco Option Install"
    r"|Switch Version|(?:System )?Restart|Shutdown|Boot|DRS Backup|DRS Restore)\b\s*(.*?)\s*"
    r"(Start|Success|Failure|Failed|Cancel(?:led|ed)?)?\s*(?:=.*)?$"
)


def test_counters():
    name = "Number of Replicates Created and State of Replication"
    told, odd = answers(world(), f'show perf query class "{name}"', "show perf query class Nothing")
    assert matches(r" +ReplicateCount +-> Replicate_State += ([0-4])", told)
    assert "not known" in "".join(odd)


def test_history_is_written_in_the_nodes_zone():
    cluster = world()
    pub = cluster.nodes[0]
    pub.events += [
        SimEvent(
            at=utc(2026, 7, 1, 22, 30, 5), action="Cisco Option Install", subject="cmterm-x.cop", result="Success"
        ),
        SimEvent(at=utc(2026, 7, 2, 1, 0, 0), action="Switch Version", subject="a to b", result="Start"),
    ]
    pub.faults["cli_trailing_blank"] = True
    dumped, tail, found = answers(
        cluster,
        "file dump install system-history.log",
        "file tail install system-history.log 2",
        'file search install system-history.log "cisco option" ignorecase',
    )
    assert dumped[0].startswith("=====")
    assert dumped[1] == "Product Name -    Cisco Unified Communications Manager"
    assert dumped[2] == "Product Version - 12.5.1.14900-63"
    assert matches(LINE, dumped) == [
        ("01/10/2026 09:00:00", "root", "Install", "12.5.1.14900-63", "Start"),
        ("01/10/2026 10:00:00", "root", "Install", "12.5.1.14900-63", "Success"),
        ("01/10/2026 10:00:01", "root", "Boot", "12.5.1.14900-63", "Start"),
        ("07/02/2026 00:30:05", "root", "Cisco Option Install", "cmterm-x.cop", "Success"),
        ("07/02/2026 03:00:00", "root", "Switch Version", "a to b", "Start"),
    ]
    assert tail == dumped[-2:]
    assert "0000000009: 07/02/2026 00:30:05 | root: Cisco Option Install cmterm-x.cop Success " in found
    assert found[-1] == "Search completed"


def test_history_file_view_and_dump_say_the_same():
    with typing(world()) as typist:
        dumped = typist.run("file dump install system-history.log")
        typist.type("file view install system-history.log\r")
        viewed = typist.until(OPTIONS).split("\r\n")
        typist.type("q")
        typist.until()
    assert viewed[1 : 1 + len(dumped)] == dumped


def test_history_before_10_names_no_version_at_a_boot():
    (lines,) = answers(world(RELEASES[0]), "file dump install system-history.log")
    assert lines[-1] == "01/10/2026 10:00:01 | root: Boot Start"


def test_files():
    listed, regexp, missing, nonsense = answers(
        world(),
        "file list install *",
        'file dump install system-history.log regexp "Boot"',
        "file view install nothing.log",
        "file view nowhere system-history.log",
    )
    assert "system-history.log" in listed
    assert regexp == ["01/10/2026 10:00:01 | root: Boot 12.5.1.14900-63 Start"]
    assert missing[-1] == nonsense[-1] == "Executed command unsuccessfully"


def test_cores():
    cluster = world()
    (none,) = answers(cluster, "utils core active list")
    cluster.nodes[0].faults["cli_cores"] = [
        (292616, utc(2026, 2, 19, 23, 2, 37), "core.62556.6.ccm.1645336926"),
        (None, utc(2026, 3, 2, 21, 3, 11), "core.jvm.core"),
    ]
    (some,) = answers(cluster, "utils core active list")
    assert none == ["No core files found"]
    assert matches(r"^\s*(?:(\d+)\s+([KMG]?B)\s+)?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\s+(core\S*)", some) == [
        ("292616", "KB", "2026-02-20 00:02:37", "core.62556.6.ccm.1645336926"),
        (None, None, "2026-03-02 22:03:11", "core.jvm.core"),
    ]


def test_diagnosis():
    cluster = world()
    cluster.nodes[0].faults["cli_diagnose"] = {"validate_network": "Reverse DNS lookup failed"}
    (lines,) = answers(cluster, "utils diagnose test")
    found = {module: (kind, said) for kind, module, said in matches(r"^(test|skip) - (\S+)\s*: (.*)$", lines)}
    assert len(found) == 19
    assert found["validate_network"] == ("test", "Reverse DNS lookup failed")
    assert found["disk_files"][0] == "skip"
    assert found["raid"] == ("test", "Passed")
    assert "Diagnostics Completed" in lines


BACKUP = r"^(TAR file not created|\S+\.tar)\s+(\S+)\s+(\w{3} \w{3}\s+\d+ [\d:]{8} \S+ \d{4})\s+(\S+)\s*(.*)$"


def test_backups():
    cluster = world()
    cluster.nodes[0].faults["cli_backups"] = [
        {"at": utc(2026, 7, 1, 1, 0, 0)},
        {"at": utc(2026, 7, 2, 1, 0, 0), "ok": False, "failed": "CCMDB"},
    ]
    history, status = answers(
        cluster, "utils disaster_recovery history backup", "utils disaster_recovery status backup"
    )
    rows = matches(BACKUP, history)
    assert rows[0][:4] == ("2026-07-01-03-00-00.tar", "NETWORK", "Wed Jul  1 03:01:33 CEST 2026", "SUCCESS")
    assert (rows[1][0], rows[1][3], rows[1][4].split()[-1]) == ("TAR file not created", "ERROR", "CCMDB")
    assert status[0].startswith("Status: ERROR :")
    cluster.nodes[0].faults["cli_backups"] = []
    none = answers(cluster, "utils disaster_recovery history backup", "utils disaster_recovery status backup")
    assert none == [["drfCliMsg:  No history data is available"], ["drfCliMsg: No backup status available"]]
    (on_sub,) = answers(cluster, "utils disaster_recovery history backup", name="cucm-sub1")
    assert on_sub[0].startswith("Unable to connect to Master Agent host: cucm-pub, Port: 4040.")


def test_certificates_old_and_new():
    cluster = world()
    end = utc(2027, 1, 30, 0, 53, 7)
    cluster.nodes[0].faults["cli_certificates"] = {"tomcat/tomcat.pem": {"issuer": "Example CA", "to": end}}
    own, body, missing = answers(
        cluster, "show cert list own", "show cert own tomcat/tomcat.pem", "show cert own nothing"
    )
    assert "tomcat/tomcat.pem: Certificate Signed by Example CA" in own
    assert "ITLRecovery/ITLRecovery.pem: Self-signed certificate generated by system" in own
    assert any(line.strip() == "Not After : Jan 30 00:53:07 2027 GMT" for line in body)
    assert missing[-1] == "Executed command unsuccessfully"
    older = world(RELEASES[0])
    older.nodes[0].faults["cli_certificates"] = {"tomcat/tomcat.pem": {"to": end}}
    own, body = answers(older, "show cert list own", "show cert own tomcat")
    assert not any("ECDSA" in line or "ITLRecovery" in line for line in own)
    assert any(re.fullmatch(r"\s*To:\s+Sat Jan 30 00:53:07 UTC 2027", line) for line in body)


def test_small_ones():
    cluster = world()
    cluster.nodes[0].faults["cli_upgrade"] = {"status": "Failed"}
    hardware, secure, fips, upgrade = answers(
        cluster, "show hardware", "utils os secure status", "utils fips status", "utils system upgrade status"
    )
    assert "HW Platform       : VMware Virtual Machine" in hardware
    assert "Current mode:                   enforcing" in secure
    assert re.search(r"\b(NON-FIPS|FIPS)\b", fips[0])[1] == "NON-FIPS"
    assert "Upgrade status: Failed" in upgrade


def test_presence_nodes_answer_for_themselves():
    cluster = world()
    imp = cluster.node("cucm-imp1")
    imp.release = "12.5.1.14900-4"
    version, history, own = answers(
        cluster, "show version active", "file dump install system-history.log", "show cert list own", name="cucm-imp1"
    )
    assert version[0] == "Active Master Version: 12.5.1.14900-4"
    assert history[1] == "Product Name -    Cisco Unified IM and Presence Service"
    assert "cup-xmpp/cup-xmpp.pem: Self-signed certificate generated by system" in own


@pytest.mark.parametrize("release", RELEASES)
def test_every_release_answers_every_command(release: str):
    cluster = world(release)
    for name in ("cucm-pub", "cucm-sub1", "cucm-imp1"):
        found = answers(
            cluster,
            "show version active",
            "show status",
            "show network cluster",
            "utils service list",
            "utils ntp status",
            "utils dbreplication runtimestate",
            "file dump install system-history.log",
            name=name,
        )
        assert all(len(lines) >= 1 and "No valid command entered" not in lines for lines in found)
        assert f"Product Ver        : {release}" in found[1]


def test_every_fault_is_on_the_page():
    assert set(re.findall(r"\b(?:ssh|cli)_[a-z_]+", fault_page or "")) == KEYS
