"""The judge: every way to a verdict, and that no lack of knowledge ends in a PASS. Its checks are written here."""

import dataclasses
import time

import pytest
from example_snapshots import broken, outcomes, subjects, whole

from cucm_audit.checks import load
from cucm_audit.judge import Selection, _filled, judge
from cucm_audit.model import Gathered, Reason, Severity, Source, State, Verdict
from cucm_audit.snapshot import Snapshot

HEAD = '[document]\nid = "own"\ntitle = "Own"\nsource = "us"\n'
ROW = '[[row]]\nid = "R1"\nsymptom = "it hurts"\nlook = "there"\nchecks = ["{id}"]\n'
CHECK = """[[check]]
id = "{id}"
title = "A test"
severity = "warning"
look_at = "{look_at}"
subject = "{subject}"
wrong_if = "{wrong_if}"
says = "{{{subject}}} on {{node}} is bad"
fix = "mend it"
{more}
[check.example]
app_user = [{{ name = "a" }}]
wrong = ["a"]
"""


@pytest.fixture
def made(tmp_path):
    """Make Checks with one check of our own."""

    def make(look_at="app_user", subject="name", wrong_if="standard = 0", more="", id="own-check"):  # noqa: A002
        text = (
            HEAD
            + ROW.format(id=id)
            + CHECK.format(id=id, look_at=look_at, subject=subject, wrong_if=wrong_if, more=more)
        )
        (tmp_path / "own.toml").write_text(text)
        checks = load([tmp_path], packages=False)
        rows = tuple(row for row in checks.rows if row.document == "own")
        return dataclasses.replace(checks, rows=rows, checks={id: checks.checks[id]})

    return make


def cluster(*nodes: tuple[str, str, int], release="12.5.1.14900-63", rows=()):
    snapshot = Snapshot.memory()
    nodes = nodes or (("pub", "publisher", 1), ("sub1", "subscriber", 1), ("imp", "subscriber", 0))
    snapshot.write(
        "node",
        [
            {"name": n, "address": n, "role": role, "voice": voice, "release": release, "description": ""}
            for n, role, voice in nodes
        ],
    )
    for table, row in rows:
        snapshot.write(table, [row])
    whole(snapshot)
    return snapshot


def user(name, standard):
    return ("app_user", {"name": name, "standard": standard})


def event(node, line, action="Boot", result="Start"):
    row = {"node": node, "line": line, "local_at": "2026-01-01 00:00:00", "user": "root", "action": action}
    return ("system_event", {**row, "subject": "", "stem": "", "result": result})


def one(snapshot, checks, name="own-check"):
    found = outcomes(snapshot, checks, name)
    assert len(found) == 1
    return found[0]


def test_all_fine_is_a_pass_with_the_number_examined(made):
    outcome = one(cluster(rows=[user("a", 1), user("b", 1)]), made())
    assert (outcome.verdict, outcome.examined, outcome.findings) == (Verdict.PASS, 2, ())


def test_one_wrong_thing_is_a_fail_with_its_evidence(made):
    outcome = one(cluster(rows=[user("a", 1), user("b", 0)]), made())
    assert outcome.verdict is Verdict.FAIL
    (finding,) = outcome.findings
    assert (finding.subject, finding.says) == ("b", "b on  is bad")
    assert [fact.fact for fact in finding.evidence.facts] == ["app_user"]


def test_null_is_could_not_tell_and_never_a_pass(made):
    outcome = one(cluster(rows=[user("a", 1), user("b", None)]), made())
    assert (outcome.verdict, outcome.reason) == (Verdict.UNKNOWN, Reason.VALUE_UNKNOWN)
    assert subjects([outcome], "could_not_tell") == {"b"}


def test_a_fail_lists_what_could_not_be_told_beside_it(made):
    outcome = one(cluster(rows=[user("a", 0), user("b", None)]), made())
    assert outcome.verdict is Verdict.FAIL
    assert subjects([outcome], "could_not_tell") == {"b"}


@pytest.mark.parametrize("value", ["'yes'", "7", "0.5"])
def test_a_condition_that_is_no_condition_is_an_internal_error(made, value):
    outcome = one(cluster(rows=[user("a", 1)]), made(wrong_if=value))
    assert (outcome.verdict, outcome.reason) == (Verdict.UNKNOWN, Reason.INTERNAL_ERROR)
    assert "own-check" in outcome.detail


def test_a_query_that_fails_is_an_internal_error(made):
    outcome = one(cluster(rows=[user("a", 1)]), made(wrong_if="abs(-9223372036854775808) > 0 and standard = 0"))
    assert (outcome.verdict, outcome.reason) == (Verdict.UNKNOWN, Reason.INTERNAL_ERROR)


@pytest.mark.parametrize(
    ("more", "verdict", "reason"),
    [
        ("", Verdict.NOT_APPLICABLE, None),
        ('if_none = "unknown"', Verdict.UNKNOWN, Reason.IMPLAUSIBLE_EMPTY),
        ('if_none = "pass"\nnone_says = "nobody is there"', Verdict.PASS, None),
    ],
)
def test_nothing_looked_at_is_its_own_answer(made, more, verdict, reason):
    outcome = one(cluster(), made(more=more))
    assert (outcome.verdict, outcome.reason, outcome.examined) == (verdict, reason, 0)


@pytest.mark.parametrize("more", ["", 'if_none = "pass"\nnone_says = "nobody is there"'])
@pytest.mark.parametrize("state", [State.FAILED, State.PARTIAL])
def test_a_fact_that_is_not_whole_is_unknown_with_its_reason(made, state, more):
    snapshot = cluster(rows=[user("a", 1), user("b", 0)])
    broken(snapshot, "app_user", state, Reason.THROTTLED)
    outcome = one(snapshot, made(more=more))
    assert (outcome.verdict, outcome.reason, outcome.findings) == (Verdict.UNKNOWN, Reason.THROTTLED, ())
    assert subjects([outcome], "could_not_tell") == {"b"}, "what was seen so far is still listed"


@pytest.mark.parametrize("state", [State.NOT_ASKED, State.NOT_SUPPORTED])
def test_what_the_user_left_out_or_the_release_lacks_is_not_applicable(made, state):
    snapshot = cluster(rows=[user("a", 0)])
    snapshot.ledger(Gathered(fact="app_user", node="", source=Source.AXL, state=state, detail="10.0 and later"))
    outcome = one(snapshot, made())
    assert (outcome.verdict, outcome.findings) == (Verdict.NOT_APPLICABLE, ())
    assert "10.0 and later" in outcome.detail


BOOTS = {"look_at": "system_event", "subject": "line", "wrong_if": "result = 'x'", "more": 'per = "node"'}


def test_a_node_check_has_an_outcome_for_each_voice_node(made):
    snapshot = cluster(rows=[event("pub", 1), event("sub1", 1, result="x"), event("imp", 1, result="x")])
    found = outcomes(snapshot, made(**BOOTS), "own-check")
    assert [(outcome.node, outcome.verdict) for outcome in found] == [("pub", Verdict.PASS), ("sub1", Verdict.FAIL)]


def test_a_voice_node_without_a_row_gets_if_none(made):
    found = outcomes(
        cluster(rows=[event("pub", 1)]), made(**{**BOOTS, "more": 'per = "node"\nif_none = "unknown"'}), "own-check"
    )
    assert [(outcome.node, outcome.verdict) for outcome in found] == [("pub", Verdict.PASS), ("sub1", Verdict.UNKNOWN)]


def test_one_node_that_did_not_answer_costs_a_node_check_only_that_node(made):
    snapshot = cluster(rows=[event("pub", 1)])
    snapshot.ledger(
        Gathered(fact="system_event", node="sub1", source=Source.SSH, state=State.FAILED, reason=Reason.UNREACHABLE)
    )
    found = outcomes(snapshot, made(**BOOTS), "own-check")
    assert [(o.node, o.verdict, o.reason) for o in found] == [
        ("pub", Verdict.PASS, None),
        ("sub1", Verdict.UNKNOWN, Reason.UNREACHABLE),
    ]


def test_and_costs_a_cluster_check_its_verdict(made):
    snapshot = cluster(rows=[event("pub", 1), event("sub1", 1)])
    check = made(**{**BOOTS, "more": ""})
    assert one(snapshot, check).verdict is Verdict.PASS
    snapshot.ledger(
        Gathered(fact="system_event", node="sub1", source=Source.SSH, state=State.FAILED, reason=Reason.UNREACHABLE)
    )
    assert (one(snapshot, check).verdict, one(snapshot, check).reason) == (Verdict.UNKNOWN, Reason.UNREACHABLE)


def test_a_voice_node_that_the_ledger_never_heard_of_costs_the_verdict_too(made):
    snapshot = cluster(("pub", "publisher", 1), rows=[event("pub", 1)])
    snapshot.write(
        "node", [{"name": "late", "address": "", "role": "subscriber", "voice": 1, "release": None, "description": ""}]
    )
    outcome = one(snapshot, made(**{**BOOTS, "more": ""}))
    assert (outcome.verdict, outcome.reason) == (Verdict.UNKNOWN, Reason.PREREQUISITE_UNKNOWN)


def test_a_check_that_looks_at_im_and_presence_needs_its_answer_too(made):
    snapshot = cluster(rows=[event("pub", 1), event("sub1", 1), event("imp", 1)])
    snapshot.ledger(
        Gathered(fact="system_event", node="imp", source=Source.SSH, state=State.FAILED, reason=Reason.AUTH_FAILED)
    )
    assert one(snapshot, made(**{**BOOTS, "more": ""})).verdict is Verdict.PASS
    outcome = one(snapshot, made(**{**BOOTS, "more": 'nodes = "all"'}))
    assert (outcome.verdict, outcome.reason) == (Verdict.UNKNOWN, Reason.AUTH_FAILED)


AGAINST = {
    "look_at": "last_boot",
    "subject": "node",
    "wrong_if": "line > (select line from publisher_last_boot)",
    "more": 'per = "node"',
}


@pytest.mark.parametrize(
    ("silent", "verdict"), [("sub1", Verdict.PASS), ("pub", Verdict.PASS), ("imp", Verdict.UNKNOWN)]
)
def test_a_check_that_sees_im_and_presence_alone_needs_nobody_else(made, silent, verdict):
    checks = made(look_at="presence_node_release", subject="node", wrong_if="release = ''")
    assert asked_without(silent, checks).verdict is verdict


@pytest.mark.parametrize(
    ("silent", "verdict"), [("sub1", Verdict.PASS), ("imp", Verdict.PASS), ("pub", Verdict.UNKNOWN)]
)
def test_a_check_that_sees_the_publisher_alone_needs_nobody_else(made, silent, verdict):
    checks = made(look_at="publisher_node_release", subject="node", wrong_if="release = ''")
    assert asked_without(silent, checks).verdict is verdict


def test_a_view_that_a_check_makes_itself_is_not_ours(made):
    """What it calls publisher_disk is what every node says, whatever it is called."""
    own = "(with publisher_disk as (select * from disk) select * from publisher_disk)"
    checks = made(look_at=own, subject="node", wrong_if="used_percent > 90")
    assert asked_without("sub1", checks, fact="disk").verdict is Verdict.UNKNOWN


def asked_without(silent, checks, fact="software_version"):
    """The outcome when one node did not tell one fact."""
    nodes = ("pub", "sub1", "imp")
    told = {"software_version": {"version": "12.5.1.14900-63"}}
    told["disk"] = {"name": "active", "total_kb": 9, "free_kb": 5, "used_kb": 4, "used_percent": 44}
    snapshot = cluster(rows=[(fact, {"node": name, **told[fact]}) for name in nodes if name != silent])
    whole(snapshot)
    lost = Gathered(fact=fact, node=silent, source=Source.SSH, state=State.FAILED, reason=Reason.TIMEOUT)
    snapshot.ledger(lost)
    return one(snapshot, checks)


def test_what_is_compared_with_the_publisher_needs_the_publishers_answer(made):
    snapshot = cluster(rows=[event("sub1", 9), event("pub", 1)])
    check = made(**AGAINST)
    assert {o.node: o.verdict for o in outcomes(snapshot, check, "own-check")} == {
        "pub": Verdict.PASS,
        "sub1": Verdict.FAIL,
    }
    snapshot.ledger(
        Gathered(fact="system_event", node="pub", source=Source.SSH, state=State.FAILED, reason=Reason.TIMEOUT)
    )
    found = outcomes(snapshot, check, "own-check")
    assert {(o.verdict, o.reason) for o in found} == {(Verdict.UNKNOWN, Reason.TIMEOUT)}


@pytest.mark.parametrize(
    ("release", "verdict"),
    [
        ("11.5.1.14900-11", Verdict.FAIL),
        ("11.5.1.15900-18", Verdict.NOT_APPLICABLE),
        ("12.0.1.21900-7", Verdict.FAIL),
        ("12.0.1.22900-11", Verdict.NOT_APPLICABLE),
        ("15SU9", Verdict.UNKNOWN),
        (None, Verdict.UNKNOWN),
    ],
)
def test_a_check_is_for_a_range_of_releases(made, release, verdict):
    more = 'releases = [["8.5", "11.5.1.15900"], ["12.0", "12.0.1.22900"]]'
    outcome = one(cluster(release=release, rows=[user("a", 0)]), made(more=more))
    assert outcome.verdict is verdict
    if verdict is Verdict.UNKNOWN:
        assert outcome.reason is Reason.UNSUPPORTED_VERSION


def test_each_nodes_own_release_counts_and_the_cli_is_believed_before_axl(made):
    snapshot = cluster(rows=[event("pub", 1), event("sub1", 1, result="x")], release="12.5.1.14900-63")
    snapshot.write("software_version", [{"node": "sub1", "version": "11.5.1.14900-11"}])
    found = outcomes(snapshot, made(**{**BOOTS, "more": 'per = "node"\nreleases = [["12.0", ""]]'}), "own-check")
    assert {o.node: o.verdict for o in found} == {"pub": Verdict.PASS, "sub1": Verdict.NOT_APPLICABLE}


def test_without_a_whole_list_of_nodes_nothing_passes(made):
    for state in (State.PARTIAL, State.FAILED):
        snapshot = cluster(rows=[user("a", 1), event("pub", 1)])
        broken(snapshot, "node", state)
        assert one(snapshot, made()).verdict is Verdict.UNKNOWN
        assert {o.verdict for o in outcomes(snapshot, made(**BOOTS), "own-check")} == {Verdict.UNKNOWN}
    nothing = Snapshot.memory()
    assert one(nothing, made()).verdict is Verdict.UNKNOWN
    assert one(nothing, made(**BOOTS)).verdict is Verdict.UNKNOWN


def test_values_are_filled_in_plainly_and_only_once(made):
    name = "{node} {name} %s {0.__class__}"
    outcome = one(cluster(rows=[user(name, 0)]), made())
    assert outcome.findings[0].says == f"{name} on  is bad"


def test_a_subject_that_comes_twice_is_one_finding(made):
    check = made(
        look_at="app_user join node",
        wrong_if="case when node.role = 'publisher' then null else standard = 0 end",
        subject="app_user.name",
    )
    outcome = one(cluster(rows=[user("a", 0)]), check)
    assert outcome.examined == 3
    assert subjects([outcome]) == {"a"}
    assert not outcome.could_not_tell


def test_findings_are_cut_at_a_limit_and_counted(made, monkeypatch):
    monkeypatch.setattr("cucm_audit.judge.MOST_FINDINGS", 3)
    outcome = one(cluster(rows=[user(f"u{n}", 0) for n in range(10)]), made())
    assert (len(outcome.findings), outcome.findings_cut) == (3, 7)


def test_a_hostile_check_ends_as_unknown(made, monkeypatch):
    endless = "(with recursive r(a) as (select 1 union all select a + 1 from r) select max(a) from r) > 0"
    monkeypatch.setattr(Snapshot.run, "__kwdefaults__", {"seconds": 0.3, "rows": 1000})
    outcome = one(cluster(rows=[user("a", 1)]), made(wrong_if=endless))
    assert (outcome.verdict, outcome.reason) == (Verdict.UNKNOWN, Reason.INTERNAL_ERROR)


def test_rows_without_a_check_are_outcomes_and_gaps_are_shown():
    checks = load(packages=False)
    snapshot = cluster()
    broken(snapshot, "registration", State.FAILED, Reason.THROTTLED)
    report = judge(snapshot, checks, judged_at="2026-01-02 03:04:05", version="t")
    standing = {outcome.rows[0]: outcome.verdict for outcome in report.outcomes if outcome.check is None}
    assert standing["T12"] is Verdict.BY_HAND
    assert standing["P14"] is Verdict.NOT_APPLICABLE
    assert {(gap.fact, gap.reason) for gap in report.gaps} == {("registration", Reason.THROTTLED)}
    assert not report.complete


def test_a_selection_narrows_by_document_row_check_and_severity():
    checks = load(packages=False)
    snapshot = cluster()

    def rows(**only):
        found = judge(snapshot, checks, judged_at="x", version="t", only=Selection(**only)).outcomes
        return {row for outcome in found for row in outcome.rows}

    assert rows(documents=frozenset({"scenario-45"})) >= {"D1", "D2", "D3"}
    assert not any(
        row.startswith("T")
        for row in rows(documents=frozenset({"scenario-45"})) - rows(documents=frozenset({"cisco-18772"}))
    )
    assert "P24b" in rows(checks=frozenset({"P24b"}))
    assert rows(checks=frozenset({"adp-orphan"})) <= {"P24a", "P24b"}
    found = judge(
        snapshot, checks, judged_at="x", version="t", only=Selection(severities=frozenset({Severity.CRITICAL}))
    )
    assert {outcome.severity for outcome in found.outcomes} == {Severity.CRITICAL}


def test_judging_twice_gives_the_same_report(made):
    snapshot, checks = cluster(rows=[user("a", 0), user("b", None)]), made()
    first, second = (judge(snapshot, checks, judged_at="x", version="t") for _ in range(2))
    assert first == second


# --------------------------------------------------------------------------------------------- what stands in a report

SHOWN = 'show = ["name", "standard"]'


def test_the_report_says_of_which_cluster_it_is_and_whether_it_is_complete(made):
    snapshot = cluster(rows=[user("a", 1)])
    facts = {"cluster": "lab", "cluster_id": "StandAloneCluster", "release": "12.5.1", "via": "pub", "taken_at": "then"}
    for key, value in facts.items():
        snapshot.meta(key, value)
    snapshot.meta("scope", '{"without": ["ris"]}')
    snapshot.meta("cost", '{"requests": 7}')
    checks = made()
    report = judge(snapshot, checks, judged_at="now", version="1.2")
    assert {key: getattr(report, key) for key in facts} == facts
    assert (report.judged_at, report.version, report.cost) == ("now", "1.2", {"requests": 7})
    assert report.scope["without"] == ["ris"]
    assert (report.complete, report.interrupted, report.gaps) == (True, False, ())
    snapshot.meta("interrupted", "1")
    report = judge(snapshot, checks, judged_at="now", version="1.2")
    assert (report.complete, report.interrupted) == (False, True)
    snapshot.meta("interrupted", "0")
    broken(snapshot, "phone", State.NOT_ASKED)
    assert judge(snapshot, checks, judged_at="now", version="1.2").complete
    broken(snapshot, "phone", State.PARTIAL)
    assert not judge(snapshot, checks, judged_at="now", version="1.2").complete
    snapshot = cluster()
    broken(snapshot, "node", State.NOT_ASKED)
    assert not judge(snapshot, checks, judged_at="now", version="1.2").complete, "nobody knows which nodes there are"


def test_a_row_without_a_check_is_told_as_it_stands(made):
    checks = made()
    (row,) = checks.rows
    alone = [
        dataclasses.replace(row, id="H", checks=(), by_hand="look at the lamp"),
        dataclasses.replace(row, id="R", checks=(), retired="gone with 8.0"),
        dataclasses.replace(row, id="B", by_hand="and at the cable"),
        dataclasses.replace(row, id="P", retired="partly"),
    ]
    found = judge(cluster(), dataclasses.replace(checks, rows=(*alone, row)), judged_at="x", version="t").outcomes
    standing = [o for o in found if o.check is None]
    assert [(o.rows, o.verdict, o.detail) for o in standing] == [
        (("H",), Verdict.BY_HAND, "look at the lamp"),
        (("R",), Verdict.NOT_APPLICABLE, "gone with 8.0"),
        (("B",), Verdict.BY_HAND, "and at the cable"),
        (("P",), Verdict.BY_HAND, ""),
    ]
    assert {(o.title, o.documents, o.node, o.severity) for o in standing} == {("it hurts", ("own",), "", None)}
    judged = [o for o in found if o.check is not None]
    assert [(o.title, o.rows, o.documents) for o in judged] == [("A test", ("B", "P", "R1"), ("own",))]


def test_a_check_shows_values_row_by_row(made):
    one_user, two = cluster(rows=[user("a", 1)]), cluster(rows=[user("a", 1), user("b", None)])
    assert one(one_user, made(more=SHOWN)).show == {"name": "a", "standard": 1}
    assert one(two, made(more=SHOWN)).show == {"name": ["a", "b"], "standard": [1, None]}
    assert one(two, made(more='show = ["name"]\n')).show == {"name": ["a", "b"]}
    assert one(two, made(more='show = ["2 > 1"]')).show == {"2 > 1": 1}, "the same row twice is one"
    assert one(cluster(), made(more=SHOWN)).show == {}
    many = cluster(rows=[user(f"u{n:02}", 1) for n in range(30)])
    assert one(many, made(more=SHOWN)).show["name"] == [f"u{n:02}" for n in range(20)]
    assert one(two, made()).show == {}


def test_a_check_for_information_has_no_verdict(made):
    outcome = one(cluster(rows=[user("a", None)]), made(more=SHOWN, wrong_if=""))
    assert (outcome.verdict, outcome.reason, outcome.detail) == (Verdict.NOT_APPLICABLE, None, "for information")
    assert (outcome.examined, outcome.could_not_tell) == (1, ())


@pytest.mark.parametrize(
    ("more", "detail"),
    [
        ("", "nothing to look at"),
        ('none_says = "nobody"', "nobody"),
        ('if_none = "unknown"', "what this check looks at is not there"),
        ('if_none = "unknown"\nnone_says = "nobody"', "nobody"),
        ('if_none = "pass"\nnone_says = "nobody"', "nobody"),
    ],
)
def test_what_is_said_where_nothing_was_looked_at(made, more, detail):
    assert one(cluster(), made(more=more)).detail == detail


def test_a_doubt_is_explained_and_a_fact_that_lacks_does_not_hide_how_far_it_came(made):
    snapshot = cluster(rows=[user("a", None), user("b", 1)])
    assert one(snapshot, made()).detail == "a value that this check needs is not known"
    broken(snapshot, "app_user", State.PARTIAL)
    outcome = one(snapshot, made())
    assert (outcome.examined, subjects([outcome], "could_not_tell")) == (2, {"a"})
    trouble = one(snapshot, made(wrong_if="7"))
    assert (trouble.reason, trouble.examined, trouble.could_not_tell) == (Reason.TIMEOUT, 0, ())


def test_an_internal_error_names_the_check_and_what_it_gave(made):
    snapshot = cluster(rows=[user("a" * 50, 1)])
    says = one(snapshot, made(wrong_if="name")).detail
    assert says == f"check own-check: wrong_if gave '{'a' * 40}' instead of 0, 1 or NULL"


def test_doubts_are_cut_at_a_limit_and_a_thing_without_a_name_is_one(made, monkeypatch):
    monkeypatch.setattr("cucm_audit.judge.MOST_FINDINGS", 3)
    outcome = one(cluster(rows=[user(f"u{n}", None) for n in range(10)]), made())
    assert len(outcome.could_not_tell) == 3
    twice = made(look_at="app_user left join end_user on 1", subject="end_user.userid")
    outcome = one(cluster(rows=[user("a", 0), user("b", 0)]), twice)
    assert (subjects([outcome]), outcome.examined, outcome.findings_cut) == ({"(no name)"}, 2, 0)
    again = made(look_at="app_user join (select 1 as n union select 2) on 1", subject="app_user.name")
    outcome = one(cluster(rows=[user(f"u{n}", 0) for n in range(3)]), again)
    assert (len(outcome.findings), outcome.findings_cut) == (3, 0), "a known subject is no more than one"


FILLED = {
    "{name}": "N",
    "{name}{name}": "NN",
    "{standard} of {name}": "(not known) of N",
    "{nobody} {name": "{nobody} {name",
    "{{name}": "{N",
    "{}": "{}",
    "} {name} {": "} N {",
    "plain": "plain",
    "on {node}.": "on .",
}


@pytest.mark.parametrize("text", FILLED)
def test_each_place_of_a_sentence(text):
    assert _filled(text, {"name": "N", "standard": None, "node": ""}) == FILLED[text]


def test_a_long_value_is_cut_in_a_sentence():
    assert _filled("{a}!", {"a": "x" * 301}) == "x" * 300 + "!"
    assert _filled("{a}!", {"a": 4711}) == "4711!"


def test_what_a_selection_takes(made):
    checks = made()
    check = dataclasses.replace(checks.checks["own-check"], aliases=("old-name",))
    (row,) = checks.rows
    for only, has in (
        (Selection(), True),
        (Selection(checks=frozenset({"own-check"})), True),
        (Selection(checks=frozenset({"old-name"})), True),
        (Selection(checks=frozenset({"R1"})), True),
        (Selection(checks=frozenset({"R2"})), False),
        (Selection(documents=frozenset({"own"})), True),
        (Selection(documents=frozenset({"other"})), False),
        (Selection(severities=frozenset({Severity.WARNING})), True),
        (Selection(severities=frozenset({Severity.NOTE})), False),
        (Selection(checks=frozenset({"R1"}), documents=frozenset({"other"})), False),
        (Selection(checks=frozenset({"R2"}), documents=frozenset({"own"})), False),
        (Selection(checks=frozenset({"R1"}), severities=frozenset({Severity.NOTE})), False),
        (Selection(documents=frozenset({"own"}), severities=frozenset({Severity.NOTE})), False),
    ):
        assert only.has_check(check, (row,)) is has, only
        assert only.has_row(row) is (has and not only.severities and not only.checks & {"own-check", "old-name"}), only


def test_a_check_of_two_rows_is_judged_once(made):
    checks = made()
    (row,) = checks.rows
    twice = dataclasses.replace(checks, rows=(row, dataclasses.replace(row, id="R2")))
    found = judge(cluster(rows=[user("a", 0)]), twice, judged_at="x", version="t").outcomes
    assert [o.rows for o in found] == [("R1", "R2")]


def test_what_there_is_no_time_left_to_judge_is_not_known(made):
    """Nothing passes for want of time, and what would not have applied does not apply."""
    snapshot, checks = cluster(rows=[user("a", 0)]), made()
    assert one(snapshot, checks).reason is None
    report = judge(snapshot, checks, judged_at="2026-01-02 03:04:05", version="t", seconds=-1.0)
    judged = [outcome for outcome in report.outcomes if outcome.check is not None]
    assert [(outcome.verdict, outcome.reason) for outcome in judged] == [(Verdict.UNKNOWN, Reason.BUDGET)]
    assert "--timeout" in judged[0].detail
    old = made(more='releases = [["8.5", "9.0"]]')
    report = judge(snapshot, old, judged_at="2026-01-02 03:04:05", version="t", seconds=-1.0)
    judged = [outcome for outcome in report.outcomes if outcome.check is not None]
    assert [outcome.verdict for outcome in judged] == [Verdict.NOT_APPLICABLE]


def test_a_check_without_end_takes_a_share_of_the_time_and_the_others_have_theirs(made):
    """What the run has left is for all checks: the endless one gets a quarter of it."""
    endless = "(with recursive r(a) as (select 1 union all select a + 1 from r) select max(a) from r) > 0"
    snapshot, checks = cluster(rows=[user("a", 1)]), made(wrong_if=endless)
    begun = time.monotonic()
    report = judge(snapshot, checks, judged_at="2026-01-02 03:04:05", version="t", seconds=2.0)
    assert time.monotonic() - begun < 1.5
    endless_one = next(outcome for outcome in report.outcomes if outcome.check and outcome.reason is not None)
    assert (endless_one.verdict, endless_one.reason) == (Verdict.UNKNOWN, Reason.INTERNAL_ERROR)
    assert "took longer than 0.5 s" in endless_one.detail
