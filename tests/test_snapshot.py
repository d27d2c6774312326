"""The snapshot file: what may be written, what may be read, what a query reads."""

import hashlib
import stat

import pytest

from cucm_audit.model import Gathered, Source, State
from cucm_audit.queries import QueryFailed, QueryRefused
from cucm_audit.snapshot import RowRefused, Snapshot, SnapshotError
from cucm_audit.tables import SCHEMA_VERSION, columns, tables, views

APP_USER = {"name": "emapi", "standard": 0}


@pytest.fixture
def snapshot(tmp_path):
    made = Snapshot.create(tmp_path / "lab.db")
    yield made
    made.close()


def test_only_its_owner_can_read_it_and_it_is_never_overwritten(snapshot):
    assert stat.S_IMODE(snapshot.path.stat().st_mode) == 0o600
    with pytest.raises(SnapshotError, match="exists already"):
        Snapshot.create(snapshot.path)


def test_what_was_written_is_judged_from_one_single_file(snapshot):
    snapshot.write("app_user", [APP_USER])
    snapshot.finish("2026-01-01 00:00:00")
    snapshot.close()
    assert [path.name for path in snapshot.path.parent.iterdir()] == ["lab.db"]
    opened = Snapshot.open(snapshot.path)
    assert list(opened.run("select name from app_user")) == [("emapi",)]
    with pytest.raises(SnapshotError, match="readonly"):
        opened.write("app_user", [{"name": "x", "standard": 0}])


def test_a_run_that_was_cut_off_is_not_judged(snapshot):
    snapshot.write("app_user", [APP_USER])
    snapshot.close()
    with pytest.raises(SnapshotError, match="never finished"):
        Snapshot.open(snapshot.path)


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\x00" + b"x" * 200])
def test_another_file_is_refused_with_a_sentence(tmp_path, content):
    (tmp_path / "x.db").write_bytes(content)
    with pytest.raises(SnapshotError, match=r"x\.db"):
        Snapshot.open(tmp_path / "x.db")
    with pytest.raises(SnapshotError, match="not there"):
        Snapshot.open(tmp_path / "none.db")


def test_another_schema_is_refused(snapshot):
    snapshot.meta("schema_version", "999")
    snapshot.finish("2026-01-01 00:00:00")
    snapshot.close()
    with pytest.raises(SnapshotError, match="schema 999"):
        Snapshot.open(snapshot.path)


@pytest.mark.parametrize(
    "row",
    [
        {"name": None, "standard": 0},
        {"standard": 0},
        {"name": "x", "password": "y"},
        {"name": "x); drop table phone; --", "x": 1},
    ],
)
def test_a_row_that_does_not_fit_is_refused_and_its_batch_with_it(snapshot, row):
    with pytest.raises(RowRefused):
        snapshot.write("app_user", [APP_USER, row])
    assert list(snapshot.select("select * from app_user")) == []


def test_a_key_that_comes_twice_is_refused_not_merged(snapshot):
    with pytest.raises(RowRefused, match="app_user"):
        snapshot.write("app_user", [APP_USER, APP_USER])


def test_numbers_are_numbers_and_texts_stay_as_they_are(snapshot):
    snapshot.write("setting", [{"name": "limit", "value": 5}])
    snapshot.write("enterprise_param", [{"name": "Digits", "value": "0012"}])
    assert list(snapshot.run("select 120 > value from setting")) == [(1,)]
    assert list(snapshot.run("select value from enterprise_param")) == [("0012",)]


def test_what_a_query_reads_is_derived_through_views_subqueries_and_ctes(snapshot):
    assert snapshot.reads("select count(*) from phone").facts == {"phone"}
    assert snapshot.reads("select 1 from app_user where exists (select 1 from api_user)").facts == {"app_user"}
    assert snapshot.reads("select url_host(url) from service_url").facts == {"phone_service"}
    assert snapshot.reads("with n as (select name from node) select name from n").facts == {"node"}
    deep = snapshot.reads("select (select line from publisher_last_boot) > line from last_boot")
    assert deep.facts == {"system_event", "node"}
    assert deep.publisher == {"system_event"}
    assert snapshot.reads("select 1 from publisher_device_pack").publisher == {"installed_option", "software_version"}
    # Of the other nodes only what is read of them is needed: a dead subscriber must not silence the publisher's clock.
    clock = snapshot.reads("select b.tar from backup_history b join publisher_node_clock c on c.utc_at > b.tar")
    assert (clock.facts & {"node_clock"}, clock.publisher) == (set(), {"node_clock"})
    for sql in ("select p.zone from publisher_node_clock p join node_clock c on c.zone = p.zone",
                "select p.zone from publisher_node_clock p where exists (select 1 from node_clock)"):  # fmt: skip
        assert "node_clock" in snapshot.reads(sql).facts
    # The same of the IM and Presence nodes, and of a release, which is read through two views.
    presence = snapshot.reads("select 1 from presence_node_release r left join presence_inactive_version i on true")
    assert (presence.facts, presence.presence) == ({"node"}, {"node", "software_version", "inactive_version"})
    assert (presence.publisher, presence.every) == (set(), {"node", "software_version", "inactive_version"})
    assert snapshot.reads("select release from publisher_node_release").publisher == {"node", "software_version"}
    beside = snapshot.reads("select 1 from presence_node_release r join software_version v on v.node = r.node")
    assert beside.facts == {"node", "software_version"}


@pytest.mark.parametrize("view", sorted(name for name in views() if name.startswith(("publisher_", "presence_"))))
def test_a_view_of_some_nodes_shows_no_row_of_another(snapshot, view):
    """A check that reads through it does not need the others: so it must not be able to see them."""
    nodes = {"pub": ("publisher", 1), "sub": ("subscriber", 1), "imp": ("subscriber", 0), "imp2": (None, 0)}
    release = {"address": "", "release": "12.5.1.10000-1", "description": ""}
    snapshot.write("node", [{"name": n, "role": r, "voice": v, **release} for n, (r, v) in nodes.items()])
    log = [("Install", "Success"), ("Cisco Option Install", "Success"), ("Boot", "Start")]
    of_version = {"version": "12.5.1.10000-1", "pack_for": "12.5.1", "stem": "pack"}
    for table in snapshot.reads(f"select * from {view}").every - {"node"}:
        known = [column.name for column in columns(table)]
        usual = {column.name: 1 if column.kind in ("integer", "real") else "x" for column in columns(table)}
        usual |= {key: value for key, value in of_version.items() if key in known}
        more = [{"line": n, "action": a, "result": r} for n, (a, r) in enumerate(log)] if "action" in known else [{}]
        snapshot.write(table, [{**usual, **part, "node": name} for name in nodes for part in more])
    seen = {name for (name,) in snapshot.select(f"select node from {view}")}
    assert seen == ({"pub"} if view.startswith("publisher_") else {"imp", "imp2"})


@pytest.mark.parametrize(
    "sql",
    [
        "delete from phone",
        "insert into phone select * from phone",
        "select 1; delete from phone",
        "attach 'other.db' as other",
        "pragma journal_mode",
        "select * from pragma_table_info('phone')",
        "select * from sqlite_master",
        "select * from raw",
        "select load_extension('x')",
        "select readfile('/etc/passwd')",
        "select randomblob(1000000000)",
        "select value from json_each('[1]')",
        "with phone as (select 1 as name) select name from phone",
        "with publisher_last_boot(line) as (select 9) select line from publisher_last_boot",
        "with publisher_last_boot as (with q as (select 1) select * from last_boot) select * from publisher_last_boot",
        'with "publisher_last_boot" as (select * from last_boot) select * from publisher_last_boot',
        "with 'publisher_last_boot' as (select * from last_boot) select * from publisher_last_boot",
        "with [publisher_last_boot] as not materialized(select * from last_boot) select * from publisher_last_boot",
        "with publisher_last_boot as/**/(select * from last_boot) select * from publisher_last_boot",
        "with q as (select 1), presence_node_release(node) as (values (1)) select * from presence_node_release",
        "select nothing from phone",
        "create temp table x (a)",
        "vacuum",
        "",
    ],
)
def test_a_query_can_do_nothing_but_read_facts(snapshot, sql):
    with pytest.raises(QueryRefused):
        snapshot.reads(sql)
    with pytest.raises(QueryRefused):
        list(snapshot.run(sql))


@pytest.mark.parametrize(
    "sql",
    [
        "with recursive r(a) as (select 1 union all select a + 1 from r) select max(a) from r",
        "with recursive r(a) as (select 'x' union all select a || a from r) select length(max(a)) from r",
        "with recursive r(a) as (select 1 union all select a + 1 from r) select a from r",
    ],
)
def test_a_query_that_never_ends_or_grows_is_stopped(snapshot, sql):
    with pytest.raises(QueryFailed):
        for _ in snapshot.run(sql, seconds=0.5, rows=100_000):
            pass
    assert list(snapshot.run("select 1")) == [(1,)], "the connection works on"


def test_the_ledger_keeps_the_last_word_on_a_fact(snapshot):
    row = Gathered(
        fact="phone", node="", source=Source.AXL, state=State.PARTIAL, rows=5, seconds=1.5, request="select 1"
    )
    snapshot.ledger(row)
    snapshot.ledger(Gathered(fact="phone", node="", source=Source.AXL, state=State.WHOLE, rows=10))
    assert [(g.state, g.rows) for g in snapshot.gathered()] == [(State.WHOLE, 10)]


def test_every_view_compiles_and_reads_facts(snapshot):
    for view in sorted(views()):
        assert snapshot.reads(f"select * from {view}").facts


def test_times_and_booleans_have_columns_that_sort():
    kinds = {column.kind for table in tables() for column in columns(table)}
    assert kinds <= {"text", "integer", "real", ""}


def test_a_full_disk_is_an_error_of_the_file_and_not_of_a_row(snapshot):
    snapshot._connection.execute("pragma max_page_count = 1")
    many = [{"name": f"user{number}" * 50, "standard": 0} for number in range(500)]
    for write in (lambda: snapshot.write("app_user", many), lambda: snapshot.meta("note", "x" * 100_000)):
        with pytest.raises(SnapshotError, match=r"lab\.db cannot be written") as caught:
            write()
        assert not isinstance(caught.value, RowRefused)


def test_another_shape_is_another_version():
    """A saved file that lacks a view would cost its checks an internal error each, instead of one plain sentence."""
    shape = [(name, [column.name for column in columns(name)]) for name in sorted(tables() | views())]
    digest = hashlib.sha256(repr(shape).encode()).hexdigest()[:16]
    assert (SCHEMA_VERSION, digest) == ("2", "831068476a4539c5"), "raise SCHEMA_VERSION, then write both down here"
