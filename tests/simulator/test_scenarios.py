"""The healthy cluster and what the scenarios break, read from the state and the database."""

import tomllib

import pytest

from cucm_audit.simulator import Cluster, build, database
from cucm_audit.simulator.base_types import MODELS
from cucm_audit.simulator.dictionary import BUILDS, axl_form, build_of, every_column, tables
from cucm_audit.simulator.nodes import reboots_after_pack
from cucm_audit.simulator.scenarios import names, read
from cucm_audit.simulator.scenarios.apply import apply, pack_of

ROWS = "t1 t4 t8 p2 p13 p20 p21 p23 p24a p24b p28 p34 c1 c2 c3 n1 d1 d2 d3 d4 d7".split()  # noqa: SIM905
STORIES = ["em-login-7821", "cisco-18772", "scenario-45"]


def rows(world, sql):
    return database.select(world, sql).rows


def value(world, sql):
    return rows(world, sql)[0][0]


def test_every_row_and_story_has_its_scenario():
    assert set(ROWS) | set(STORIES) | {f"{story}-mended" for story in STORIES} | {"healthy", "demo"} <= set(names())
    for name in names():
        assert read(name)[-1]["about"].endswith(".")


@pytest.mark.parametrize("release", BUILDS)
def test_every_scenario_can_be_built(release):
    for name in names():
        assert build(release, name, phones=30).release == BUILDS[release]


def test_release_of_a_scenario():
    assert build(scenario="scenario-45").release == BUILDS["9.1"]
    assert build("14", "scenario-45").release == BUILDS["14"]
    assert build("11.5.1.15900-18").release == "11.5.1.15900-18"
    for wrong in ("13", "8.6", "x"):
        with pytest.raises(ValueError, match="no such release"):
            build_of(wrong)
    with pytest.raises(ValueError, match="no such scenario"):
        build(scenario="../demo")


@pytest.mark.parametrize(
    "part",
    [
        {"sql": [{"do": "update device set name = 'x' where name = 'nobody'"}]},
        {"node": [{"name": "cucm-sub1", "releese": "x"}]},
        {"node": [{"name": "nobody"}]},
        {"node": [{"name": "cucm-sub1", "missing_rows": {"typemodell": "1"}}]},
        {"node": [{"name": "cucm-sub1", "faults": {"axl_of": True}}]},
        {"world": {"faults": {"hagn": True}}},
        {"registration": [{"models": [1]}]},
        {"registration": [{"name": "SEP001BD4100001", "set": {"stattus": "x"}}]},
        {"registration": [{"nodes": "x"}]},
    ],
)
def test_a_scenario_that_breaks_nothing_is_an_error(part):
    with pytest.raises((ValueError, KeyError)):
        apply([part], build("12.5", phones=8))


# ------------------------------------------------------------------------------------------------- the healthy cluster


@pytest.mark.parametrize("release", BUILDS)
def test_healthy_profiles_templates_and_logins(release):
    world = build(release, phones=100)
    em = value(world, "select count(*) from device where tkclass = 1 and allowhotelingflag = 't'")
    adp = rows(
        world,
        "select a.name, p.name, a.pkid, p.ikdevice_defaultprofile from device a"
        " join device p on p.name = 'SEP' || substr(a.name, 4) where a.tkdeviceprofile = 2",
    )
    assert len(adp) == (em if release in ("9.1", "10.5") else 0)
    assert all(pkid == used for _, _, pkid, used in adp)
    assert value(
        world,
        "select count(*) from device d join phonetemplate t on d.fkphonetemplate = t.pkid "
        "where d.tkmodel = t.tkmodel and d.tkdeviceprotocol = t.tkdeviceprotocol",
    ) == value(world, "select count(*) from device where tkclass in (1, 254)")
    assert value(world, "select count(*) from device where tkdeviceprofile = 3") == len(MODELS)
    assert value(world, "select count(*) from enduserdevicemap where tkuserassociation = 5") == em
    assert value(world, "select count(*) from extensionmobilitydynamic") == em
    assert not rows(
        world,
        "select fkenduser from extensionmobilitydynamic where fkenduser is not null"
        " group by fkenduser having count(*) > 1",
    )
    assert not rows(
        world,
        "select d.name from device d where (d.tkdeviceprofile = 1 or d.allowhotelingflag = 't')"
        " and not exists (select 1 from telecastersubscribedservice s where s.fkdevice = d.pkid)",
    )
    assert not rows(
        world,
        "select name from device d where allowhotelingflag = 't' and tkclass = 1"
        " and not exists (select 1 from productsupportsfeature f where f.tkproduct = d.tkproduct"
        " and f.tksupportsfeature = 9 and f.tkdeviceprotocol in (d.tkdeviceprotocol, 99))",
    )


def test_healthy_urls_lead_to_the_publisher_and_never_to_loopback():
    world = build("12.5", phones=8)
    assert rows(
        world, "select urltemplate, secureurltemplate from telecasterservice where name = 'Extension Mobility'"
    ) == [
        (
            "http://cucm-pub:8080/emapp/EMAppServlet?device=#DEVICENAME#",
            "https://cucm-pub:8443/emapp/EMAppServlet?device=#DEVICENAME#",
        )
    ]
    other = build("12.5", phones=8, addresses=[f"192.0.2.{number}" for number in range(1, 5)])
    assert (
        value(other, "select paramvalue from processconfig where paramname = 'URLServices'")
        == "http://192.0.2.1:8080/ccmcip/getservicesmenu.jsp"
    )


def test_pseudo_node_and_roles_of_nodes():
    world = build("12.5", phones=8)
    assert rows(world, "select name, pkid from processnode where systemnode = 't'") == [
        ("EnterpriseWideData", "00000000-1111-0000-0000-000000000000")
    ]
    nodes = "select name, tknodeusage, tkprocessnoderole from processnode where systemnode = 'f' order by nodeid"
    assert rows(world, nodes) == [
        ("cucm-pub", 0, 1), ("cucm-sub1", 1, 1), ("cucm-sub2", 1, 1), ("cucm-imp1", 1, 2),
    ]  # fmt: skip
    assert [node.name for node in build("9.1", phones=8).nodes] == ["cucm-pub", "cucm-sub1", "cucm-sub2"]


def test_models_of_old_releases_came_with_a_pack():
    assert value(build("9.1", phones=8), "select isinstalleddefault from typeproduct where enum = 508") == "f"
    assert value(build("12.5", phones=8), "select isinstalleddefault from typeproduct where enum = 508") == "t"


def test_seventeen_parameters():
    sql = (
        "select count(*) from processconfig c join typeservice s on c.tkservice = s.enum"
        " where s.name = 'Cisco Extension Mobility'"
    )
    assert value(build("14", phones=8), sql) == 17


@pytest.mark.parametrize("release", [*BUILDS, "11.5.1.15900-18", "12.0.1.21900-7", "12.0.1.22900-11"])
def test_healthy_packs_follow_the_rule_of_the_release(release):
    world = build(release, phones=8)
    assert reboots_after_pack(world.release) == (release in ("9.1", "10.5", "11.5", "12.0.1.21900-7"))
    pack, order = pack_of(world), []
    for node in world.nodes:
        if node.product != "callmanager":
            assert pack not in node.options
            continue
        assert pack in node.options
        done = next(event.at for event in node.events if event.subject == pack and event.result == "Success")
        boot = max(event.at for event in node.events if event.action == "Boot")
        assert node.events == sorted(node.events, key=lambda event: event.at)
        assert node.booted_at == boot
        order.append(boot)
        if reboots_after_pack(world.release):
            assert boot > done
        else:
            assert boot < done < node.services["Cisco Tomcat"].started_at
    if reboots_after_pack(world.release):
        assert order == sorted(order)
    else:
        assert world.publisher.services["Cisco CallManager"].started_at > done


# --------------------------------------------------------------------------------------------------------- what breaks


@pytest.mark.parametrize("release", ["9.1", "10.5", "11.5", "12.5", "14", "15"])
def test_d3_by_both_rules(release):
    world = build(release, "d3", phones=8)
    pack = pack_of(world)
    for node in world.nodes[:3]:
        done = max(event.at for event in node.events if event.subject == pack)
        followed = (
            node.booted_at > done
            if reboots_after_pack(world.release)
            else node.services["Cisco Tomcat"].started_at > done
        )
        assert followed == (node.name != "cucm-sub1")


def test_d4_only_that_node_lacks_the_rows():
    world = build("12.5", "d4", phones=8)
    counts = {
        node.name: database.node_query(world, node, "select count(*) as n from typemodel")[1][0][0]
        for node in world.nodes
    }
    assert counts["cucm-sub1"] == counts["cucm-pub"] - 3
    assert database.node_query(world, world.node("cucm-sub1"), "select enum, name from typemodel where enum = 622") == (
        ["enum", "name"],
        [],
    )


def test_d7_the_node_has_lived_with_that_clock():
    healthy, broken = build("9.1", phones=8), build("9.1", "d7", phones=8)
    shift = broken.node("cucm-sub1").booted_at - healthy.node("cucm-sub1").booted_at
    assert shift.total_seconds() == broken.node("cucm-sub1").clock_offset < -60_000_000


def test_scenario_45_is_all_there():
    world = build(scenario="scenario-45")
    pack = pack_of(world)
    assert pack == "cmterm-devicepack9.1.2.12039-1.cop"
    assert all(pack in node.options for node in world.nodes)
    assert {row.node for row in world.registrations if row.model == 622} == {"cucm-pub"}
    assert "cucm-pub" not in {row.node for row in world.registrations if row.model != 622}
    last = {node.name: node.events[-1].action for node in world.nodes}
    assert last == {"cucm-pub": "Boot", "cucm-sub1": "Cisco Option Install", "cucm-sub2": "Cisco Option Install"}
    assert {node.events[-1].action for node in build(scenario="scenario-45-mended").nodes} == {"Boot"}


def test_demo_has_a_subscriber_that_refuses():
    world = build(scenario="demo")
    assert [node.name for node in world.nodes if node.faults.get("ssh_auth") == "refused"] == ["cucm-sub2"]


# ---------------------------------------------------------------------------------------------- the cluster's own file


def test_cluster_file(tmp_path):
    with Cluster(build("12.5", "p23", phones=30)) as cluster:
        path = cluster.toml(tmp_path / "cucm-audit.toml", "lab")
        lab = tomllib.loads(path.read_text())["cluster"]["lab"]
        assert lab["node"] == cluster.world.publisher.at
        assert lab["https-port"] == cluster.world.publisher.https_port
        assert lab["settings"] == {"multiple-login-behavior": "not-allowed"}
        assert lab["extension-mobility"] == {"api-users": ["emapi"]}
        assert set(lab["nodes"]) == {node.name for node in cluster.world.nodes}
        for section, account in (("application", cluster.world.application), ("platform", cluster.world.platform)):
            secret = tmp_path / lab[section]["password-file"]
            assert secret.stat().st_mode & 0o777 == 0o600
            assert (lab[section]["user"], secret.read_text().strip()) == account


def test_dictionary_is_the_releases_own():
    assert "tkprocessnoderole" not in tables("9.1.2.10000-28")["processnode"]
    assert "emmaxlogintime" in tables("15.0.1.12900-234")["enduser"]
    assert tables(BUILDS["14"]) == tables(BUILDS["12.5"])
    assert "deviceemsyn" not in every_column()
    assert axl_form("12.5.1.14900-63") == "12.5.1.14900(63)"


def test_many_phones_quickly():
    world = build("12.5", phones=20_000)
    assert value(world, "select count(*) from device where tkclass = 1") == 20_000
    assert len({row.name for row in world.registrations if row.device_class == "Phone"}) == 20_000
    assert rows(build("12.5", phones=30), "select name from device order by name") == rows(
        build("12.5", phones=30), "select name from device order by name"
    )
