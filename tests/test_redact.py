"""A redacted snapshot: judged as the original is, and nothing of the original is left in its bytes."""

import errno
import json
import os
import re
import shutil
import stat
from collections import Counter

import pytest
from labs import lab

from cucm_audit import cli
from cucm_audit.model import Gathered, Reason, Source, State
from cucm_audit.pseudonyms import Pseudonyms
from cucm_audit.redact import _BY_ROW, _NOT_LEARNT, COLUMNS, DROPPED, _stays, _value, kinds, redact
from cucm_audit.snapshot import Snapshot, SnapshotError
from cucm_audit.tables import Column, columns, tables
from cucm_audit.words import has_letter, is_ip, older_load, same_host, same_load

CLUSTERS = [
    *[("12.5", name, ()) for name in ("healthy", "demo", "cisco-18772", "em-login-7821", "scenario-45", "p16")],
    *[("12.5", name, ("--without", "ssh")) for name in ("p31-name", "n1", "h25")],
    *[("9.1", name, ()) for name in ("healthy", "cisco-18772", "scenario-45")],
    *[("9.1", name, ("--without", "ssh")) for name in ("t8", "p24b")],
]


def report(place, file):
    code, out, err = place.run("audit", "--from", file, "--format", "json")
    assert "Traceback" not in err
    return code, json.loads(out)


def shape(report, nodes):
    """What must not change: check, place of the node, verdict, how much was looked at and how much was found."""
    place = {name: number for number, name in enumerate(nodes)} | {"": -1, None: -1}
    return Counter(
        (o["check"], *o["rows"], place[o.get("node")], o["verdict"], o["severity"], o["reason"], o["examined"],
         len(o["findings"]), len(o["could_not_tell"]), o.get("findings_cut", 0))
        for o in report["outcomes"]
    )  # fmt: skip


def node_names(file):
    snapshot = Snapshot.open(file)
    names = [name for (name,) in snapshot.select("select name from node order by rowid")]
    snapshot.close()
    return names


def originals(world):
    """Everything that gives the cluster away, from the cluster itself and not from the snapshot."""
    ask = lambda sql: [str(row[0]) for row in world.database.execute(sql).fetchall() if row[0]]  # noqa: E731
    yield from (part for node in world.nodes for part in (node.name, node.host, node.domain, node.address))
    yield from ask("select userid from enduser")
    yield from ask("select dnorpattern from numplan")
    yield from (name for name in ask("select name from device where name not like '% %'"))
    yield from (name[3:] for name in ask("select name from device where name like 'SEP%' or name like 'ADP%'"))
    yield from ask("select description from device where description like '% %'")
    yield from ask("select description from processnode")
    yield from (name for name in ask("select name from devicepool") if name != "Default")
    yield from (one.address for one in world.registrations if one.address)
    urls = ask("select urltemplate from telecasterservice where urltemplate like '%://%'")
    urls += ask("select paramvalue from processconfig where paramvalue like '%://%'")
    yield from (re.split(r"[:/]", url.split("://")[1])[0] for url in urls)


def left(file, words):
    """The words that stand anywhere in the bytes of a file, whole."""
    content = file.read_bytes().lower()
    marks = {word for word in words if len(word) > 3}
    return {
        word
        for word in marks
        if re.search(rb"(?<![a-z0-9])" + re.escape(word.lower().encode()) + rb"(?![a-z0-9])", content)
    }


@pytest.mark.parametrize(("release", "scenario", "limits"), CLUSTERS)
def test_a_redacted_snapshot_has_the_same_verdicts_and_nothing_of_the_original(tmp_path, release, scenario, limits):
    with lab(tmp_path, release=release, scenario=scenario) as cluster:
        cluster.run("snapshot", "save", "in.db", "--node", "lab", *limits)
        known = {word for word in originals(cluster.world) if word not in ("EnterpriseWideData", "Default")}
        assert cli.run(["snapshot", "redact", str(tmp_path / "in.db"), str(tmp_path / "out.db")]) == 0
        before, after = report(cluster, "in.db"), report(cluster, "out.db")
    assert before[0] == after[0]
    assert shape(after[1], node_names(tmp_path / "out.db")) == shape(before[1], node_names(tmp_path / "in.db"))
    assert after[1]["cluster"]["name"] == "redacted"
    assert len(left(tmp_path / "in.db", known)) > 100, "the canary has nothing to find"
    assert left(tmp_path / "out.db", known) == set()
    assert stat.S_IMODE((tmp_path / "out.db").stat().st_mode) == 0o600
    assert {path.name for path in tmp_path.glob("*.db*")} == {"in.db", "out.db"}
    assert not list(tmp_path.glob(".cucm-audit-*"))


@pytest.mark.parametrize("table", sorted(tables()))
def test_every_text_column_of_the_schema_is_decided(table):
    text = {column.name for column in columns(table) if column.kind not in ("integer", "real")}
    assert set(kinds(table)) == (set() if table in DROPPED else text), "say in redact.COLUMNS what it holds"


def test_the_table_names_nothing_that_is_not_there():
    assert set(COLUMNS) == tables() - DROPPED
    known = {"keep", "drop", "meta", "setting", "parameter", "callmanager", "certificate_file"}
    known |= {name for name in vars(Pseudonyms) if not name.startswith("_")} - {"avoid"}
    assert {kind for table in COLUMNS for kind in kinds(table).values()} <= known


def made(tmp_path, rows):
    """A small snapshot of these rows, with a raw answer and a ledger that speaks of a host."""
    snapshot = Snapshot.create(tmp_path / "in.db")
    for table, some in rows.items():
        snapshot.write(table, some)
    snapshot.meta("cluster", "acme-berlin")
    snapshot.meta(
        "scope", json.dumps({"door": "10.1.1.1", "limit": ["cucm-pub"], "without": ["ris"], "why": "acme-berlin"})
    )
    snapshot.meta("via", "cucm-pub")
    snapshot.keep_raw("cucm-pub", "show status", "Host Name : cucm-pub", "2026-01-02 03:04:05")
    told = {"detail": "10.1.1.1: refused", "hint": "ask mmeier", "request": "show network cluster"}
    snapshot.ledger(
        Gathered(fact="node", node="cucm-pub", source=Source.SSH, state=State.FAILED, reason=Reason.TIMEOUT, **told)
    )
    snapshot.finish("2026-01-02 03:04:05")
    snapshot.close()
    opened = Snapshot.open(tmp_path / "in.db")
    redact(opened, tmp_path / "out.db")
    opened.close()
    return Snapshot.open(tmp_path / "out.db")


def device(number, name):
    return {"id": f"d{number}", "name": name, "description": "Meier, Max", "kind_number": 1, "model_number": 1,
            "model": "Cisco 7841", "protocol_number": 11, "template_id": ""}  # fmt: skip


ROWS = {
    "node": [
        {
            "name": "cucm-pub",
            "address": "10.1.1.1",
            "role": "publisher",
            "voice": 1,
            "release": "12.5",
            "description": "x",
        },
        {
            "name": "CUCM-Sub.acme.test",
            "address": "2001:db8:77::5",
            "role": None,
            "voice": 1,
            "release": None,
            "description": "",
        },
        {"name": "10.1.1.3", "address": None, "role": None, "voice": 1, "release": None, "description": ""},
    ],
    "device_profile": [
        device(1, "ADP001122334455"),
        device(2, "SEP001122334455"),
        device(3, "UDP-mmeier"),
        device(4, "Meier's phone"),
        device(5, "ADPxyz"),
        device(6, "SEPxyz"),
    ],
    "end_user": [{"id": "u1", "userid": "mmeier"}, {"id": "u2", "userid": "4711"}],
    "unused_number": [{"id": "n1", "number": "\\+4930123456", "route_partition": "Meier-PT"}],
    "phone_service": [
        {
            "id": f"s{number}",
            "name": "EM of Meier",
            "ascii_name": "EM",
            "url": url,
            "secure_url": "",
            "enabled": 1,
            "enterprise": 0,
            "em": 1,
        }
        for number, url in enumerate(
            [
                "http://cucm-pub.acme.test:8080/emapp/EMAppServlet?device=#DEVICENAME#",
                "https://[2001:db8:77::5]:8443/emapp/EMAppServlet",
                "http//10.1.1.1:8080/emapp/EMAppServlett",
                " http://cucm-pub:80a/meier/EMAppServlet?device=#devicename#&amp;x=10.1.1.1",
            ]
        )
    ],
    "service_param": [
        {"server": "cucm-pub", "service": "Cisco Tftp", "name": name, "value": value}
        for name, value in {
            "list": "10.1.1.1;10.1.1.3",
            "T": "T",
            "long": "030123456",
            "words": "acme.test Meier",
        }.items()
    ],
    "certificate": [
        {
            "id": "c1",
            "store": "tomcat",
            "server": "CUCM-Sub.acme.test",
            "serial": "77AB00",
            "not_before": "",
            "not_after": "",
            "subject": "CN=cucm-pub.acme.test,O=Acme\\, Inc.,C=DE",
            "issuer": "/C=DE/O=Acme/CN=Acme Root",
            "key_type": "RSA",
            "signature": "sha256",
            "names": "*.acme.test cucm-pub 10.1.1.1",
        },
    ],
    "replication": [
        {
            "server": "cucm-pub",
            "address": "10.1.1.1",
            "db_rpc_mon": "",
            "replication_group": "(g_2)",
            "details": "Off-Line since cucm-pub (10.1.1.1) lost SEP001122334455, release 12.5.1.14900-63",
        },
    ],
    "ldap_agreement": [{"name": "Acme AD", "base": "OU=People, DC=Acme,DC=test", "server": "ad.acme.test"}],
    "ldap_authentication": [{"enabled": 1, "base": "dc=acme, dc=test"}],
    "setting": [
        {"name": "audit-user", "value": "acmereader"},
        {"name": "backup-days", "value": 3},
        {"name": "server-names", "value": "host"},
    ],
}
SECRET = ("mmeier", "meier", "acme", "acme-berlin", "cucm-pub", "cucm-sub", "10.1.1.1", "10.1.1.3", "2001:db8:77::5",
          "001122334455", "4930123456", "030123456", "77ab00", "acmereader", "ad.acme.test", "4711")  # fmt: skip


def test_what_the_checks_go_by_stays(tmp_path):
    out = made(tmp_path, ROWS)
    pub, sub, third = out.select("select name, address from node order by rowid")
    assert same_host(pub[0], sub[0]) == 0
    assert [is_ip(text) for text in (pub[0], pub[1], sub[0], sub[1], third[0])] == [0, 1, 0, 1, 1]
    assert sub[0][0].isupper()
    assert sub[0].count(".") == 2
    adp, sep, udp, odd, short, pair = (name for (name,) in out.select("select name from device_profile order by rowid"))
    assert (adp[:3], sep[:3], adp[3:]) == ("ADP", "SEP", sep[3:])
    assert re.fullmatch("[0-9A-F]{12}", adp[3:])
    assert (short[:3], short[3:]) == ("ADP", pair[3:])
    assert not odd.startswith(("ADP", "SEP"))
    meier, number = (name for (name,) in out.select("select userid from end_user order by rowid"))
    assert udp == f"UDP-{meier}" or udp.startswith("UDP-")
    assert (has_letter(meier), has_letter(number), len(meier), len(number)) == (1, 0, 6, 4)
    urls = [url for (url,) in out.select("select url from phone_service order by rowid")]
    assert re.fullmatch(rf"http://{pub[0]}\.\w+\.\w+:8080/emapp/EMAppServlet\?device=#DEVICENAME#", urls[0])
    assert urls[1] == f"https://[{sub[1]}]:8443/emapp/EMAppServlet"
    assert re.fullmatch(rf"http//{re.escape(pub[1])}:8080/emapp/[A-Z]{{3}}[a-z]{{2}}[A-Z][a-z]+", urls[2])
    assert re.fullmatch(
        rf" http://{pub[0]}:\d\d[a-z]/\w+/EMAppServlet\?device=#devicename#&amp;\w={re.escape(pub[1])}", urls[3]
    )
    values = dict(out.select("select name, value from service_param"))
    assert (values["list"], values["T"], len(values["long"])) == (f"{pub[1]};{third[0]}", "T", 9)
    ((server, subject, names),) = out.select("select server, subject, names from certificate")
    assert server == sub[0]
    assert names.split(" ")[1:] == [pub[0], pub[1]]
    assert names.startswith("*.")
    assert subject.startswith(f"CN={pub[0]}.")
    ((details,),) = out.select("select details from replication")
    assert details == f"Off-Line since {pub[0]} ({pub[1]}) lost {sep}, release 12.5.1.14900-63"
    ((base,),), ((over,),) = (
        out.select("select base from ldap_agreement"),
        out.select("select base from ldap_authentication"),
    )
    assert base.replace(" ", "").lower().endswith(over.replace(" ", "").lower())
    settings = dict(out.select("select name, value from setting"))
    assert (settings["backup-days"], settings["server-names"], len(settings["audit-user"])) == (3, "host", 10)
    out.close()


def test_no_raw_answer_no_sentence_of_the_ledger_and_no_name_is_left(tmp_path):
    out = made(tmp_path, ROWS)
    assert list(out.select("select * from raw")) == []
    assert list(out.select("select detail, hint, request, reason from ledger")) == [("", "", "", "timeout")]
    assert out.get_meta("cluster") == "redacted"
    assert out.get_json("scope")["without"] == ["ris"]
    out.close()
    assert left(tmp_path / "out.db", SECRET) == set()


def test_two_runs_make_up_two_names(tmp_path):
    one = made(tmp_path, ROWS)
    opened = Snapshot.open(tmp_path / "in.db")
    redact(opened, tmp_path / "again.db")
    opened.close()
    other = Snapshot.open(tmp_path / "again.db")
    ask = "select userid from end_user"
    assert list(one.select(ask)) != list(other.select(ask))
    one.close()
    other.close()


def test_a_small_space_of_numbers_that_is_used_up_grows():
    pseudonyms = Pseudonyms()
    numbers = [str(number) for number in range(100)]
    for number in numbers:
        pseudonyms.avoid(number)
    invented = [pseudonyms.word(number) for number in numbers]
    assert len(set(invented)) == 100
    assert not set(invented) & set(numbers)
    assert all(text.isdecimal() for text in invented)


def test_it_replaces_nothing_and_leaves_nothing_half_written(tmp_path, monkeypatch, capsys):
    made(tmp_path, ROWS).close()
    before = (tmp_path / "out.db").read_bytes()
    assert cli.run(["snapshot", "redact", str(tmp_path / "in.db"), str(tmp_path / "out.db")]) == 2
    assert "exists already" in capsys.readouterr().err
    assert (tmp_path / "out.db").read_bytes() == before

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cucm_audit.redact.os.link", full)
    opened = Snapshot.open(tmp_path / "in.db")
    with pytest.raises(SnapshotError, match="No space left"):
        redact(opened, tmp_path / "new.db")
    opened.close()
    assert {path.name for path in tmp_path.iterdir()} == {"in.db", "out.db"}


def test_a_file_of_an_older_program_is_copied_as_far_as_it_goes(tmp_path):
    import sqlite3

    made(tmp_path, ROWS).close()
    shutil.copy(tmp_path / "in.db", tmp_path / "old.db")
    old = sqlite3.connect(tmp_path / "old.db")
    old.execute("drop table other_device")
    old.commit()
    old.close()
    opened = Snapshot.open(tmp_path / "old.db")
    counted = redact(opened, tmp_path / "new.db")
    opened.close()
    new = Snapshot.open(tmp_path / "new.db")
    present = [name for (name,) in new.select("select name from sqlite_master where type = 'table'")]
    total = sum(number for name in present for (number,) in new.select(f"select count(*) from {name}"))
    new.close()
    own = 2  # the version of its schema, and when it was finished
    assert counted == total - own > 10


def test_a_file_that_is_no_snapshot_is_refused(tmp_path, capsys):
    (tmp_path / "in.db").write_text("mmeier")
    assert cli.run(["snapshot", "redact", str(tmp_path / "in.db"), str(tmp_path / "out.db")]) == 2
    assert "is no snapshot" in capsys.readouterr().err
    assert not (tmp_path / "out.db").exists()


@pytest.mark.parametrize("load", ["sip78xx.12-5-1-16", "sip78xx.10-1-1SR1-4.loads", "SCCP42.9-4-2SR3-1S"])
def test_a_load_of_ciscos_stays(load):
    assert Pseudonyms().load(load) == load


@pytest.mark.parametrize("typed", ["meier.4711", "Test of mmeier", "meier.1-2", "P0030801SR02"])
def test_what_was_typed_instead_of_a_load_is_made_up_and_still_the_same_load(typed):
    pseudonyms = Pseudonyms()
    made = pseudonyms.load(typed)
    assert made.lower() != typed.lower()
    assert same_load(made, pseudonyms.load(f"{typed.upper()}.loads")) == 1
    assert older_load(made, "sip78xx.12-5-1-16") is None


def test_a_fact_about_the_run_that_is_not_known_is_dropped(tmp_path):
    snapshot = Snapshot.create(tmp_path / "in.db")
    for key in ("cluster", "operator", "scope"):
        snapshot.meta(key, "{}" if key == "scope" else "acme of meier")
    snapshot.finish("2026-01-02 03:04:05")
    redact(snapshot, tmp_path / "out.db")
    snapshot.close()
    out = Snapshot.open(tmp_path / "out.db")
    assert (out.get_meta("operator"), out.get_meta("cluster")) == ("", "redacted")
    out.close()


def test_what_is_looked_at_with_its_row():
    pseudonyms = Pseudonyms()
    pub = pseudonyms.host("cucm-pub")
    ask = lambda kind, text, **row: _BY_ROW[kind](text, row, pseudonyms)  # noqa: E731
    assert ask("callmanager", "CM_cucm-pub") == f"CM_{pub}"
    assert ask("callmanager", "cucm-pub") == pub
    assert ask("certificate_file", "tomcat/tomcat.pem", unit="tomcat") == "tomcat/tomcat.pem"
    assert (
        ask("certificate_file", "tomcat/meier.pem", unit="tomcat")
        == pseudonyms.word("tomcat/meier.pem")
        != "tomcat/meier.pem"
    )
    assert [ask("parameter", text, name="x") for text in ("T", "F", "12")] == ["T", "F", "12"]
    assert ask("parameter", "123", name="x") != "123"
    assert ask("parameter", "123", name="emDevCacheSize") == "123"
    assert ask("setting", "host") == "host"
    assert ask("setting", "acme") != "acme"
    assert ask("meta", "12.5.1", key="release") == "12.5.1"
    assert ask("meta", "cucm-pub", key="via") == pub
    assert ask("meta", "acme", key="cluster") == "redacted"
    assert ask("meta", "acme", key="operator") == ""
    scope = json.dumps({"door": "cucm-pub", "limit": ["cucm-pub"], "without": ["ris"], "why": "acme"})
    assert json.loads(ask("meta", scope, key="scope")) == {"door": pub, "limit": [pub], "without": ["ris"]}
    assert json.loads(ask("meta", "{}", key="scope")) == {"door": pseudonyms.host(""), "limit": [], "without": []}
    assert [_stays(text) for text in ("", "ab", "abc")] == [True, True, False]


def test_the_words_that_stay_are_these():
    pseudonyms = Pseudonyms()
    for key in ("tool_version", "release", "axl_version", "taken_at", "interrupted", "cost"):
        assert _BY_ROW["meta"]("meier 4711", {"key": key}, pseudonyms) == "meier 4711"
    for key in ("cluster_id", "via"):
        assert _BY_ROW["meta"]("cucm-pub", {"key": key}, pseudonyms) == pseudonyms.host("cucm-pub")
    for word in ("", "not-allowed", "auto-logout", "allowed", "address", "full", "host"):
        assert _BY_ROW["setting"](word, {}, pseudonyms) == word
    # What no name is learnt from: a word less would only keep made-up names away from more.
    not_learnt = {"keep", "drop", "scrub", "meta", "id", "setting", "parameter", "certificate_file", "load"}
    assert not_learnt == _NOT_LEARNT
    plain = """AllowedRisQueriesPerMinute AllowedPerfmonQueriesPerMinute ClusterSecurityMode PhoneServiceDisplay
        RollBackToPreGrayback isLogicalPartitioningEnabled logicalPartitioningDefaultPolicy allowProxy alphaUserID
        emDevCacheSize maxConcurrentSessions maxDuration maxDurationEnable multiDevHoteling EmccAllowProxy
        EmccMaxLoginDuration"""
    for name in plain.split():
        assert _BY_ROW["parameter"]("meier", {"name": name}, pseudonyms) == "meier"


def test_a_place_that_cannot_be_written_is_said_with_its_name(tmp_path, monkeypatch):
    """No folder, a file that came meanwhile, a disk that is full at the last moment: a sentence, and nothing left."""
    source = made(tmp_path, ROWS)
    (tmp_path / "in.db").unlink()
    with pytest.raises(SnapshotError, match=r"nowhere/new\.db cannot be written: No such file"):
        redact(source, tmp_path / "nowhere" / "new.db")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    def taken(_one, other):
        raise FileExistsError(str(other))

    for link, words in ((full, "cannot be written: No space left"), (taken, "exists already; choose another name")):
        monkeypatch.setattr(os, "link", link)
        with pytest.raises(SnapshotError, match=rf"new\.db {words}"):
            redact(source, tmp_path / "new.db")
        assert [path.name for path in tmp_path.iterdir()] == ["out.db"]
    source.close()


def test_a_value_of_another_kind_than_its_column_never_stays():
    """SQLite lets text into a column of numbers, and bytes into one of text: neither is copied."""
    pseudonyms = Pseudonyms()

    def value(kind, given, nullable=True, name="name"):
        return _value("phone", Column(name=name, kind=kind, nullable=nullable), {name: given}, pseudonyms)

    for kind in ("integer", "real"):
        assert (value(kind, 7), value(kind, 7.5), value(kind, None)) == (7, 7.5, None)
        assert (value(kind, "mmeier"), value(kind, "mmeier", nullable=False)) == (None, 0)
    assert (value("", 7), value("", None), value("text", None)) == (7, None, None)
    assert value("text", 7) == ""
    assert value("text", b"mmeier") == ""
    assert value("text", "mmeier", name="a_column_that_nobody_decided") == ""
    assert value("text", "SEP001122334455") not in ("", "SEP001122334455")
