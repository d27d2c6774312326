"""What is new since an earlier report: the history of runs, baselines, and how soon a run may follow another."""

import datetime as dt
import json
import re
import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from labs import Lab, lab

from cucm_audit import history
from cucm_audit.cli import runs
from cucm_audit.cli.exits import exit_code
from cucm_audit.model import MOST_FINDINGS, Change, Outcome, Reason, Report, Severity, Verdict
from cucm_audit.reports import REPORTS, Style
from cucm_audit.reports.document import schema
from cucm_audit.since import compare, past_of
from cucm_audit.waivers import Waiver, apply
from tests.reports.invented import LOST, finding, outcome, report

DAY_1, DAY_2, DAY_3 = (f"2026-11-{day} 05:15:00" for day in (18, 19, 20))
FINE = outcome(Verdict.PASS)
LATE = outcome(Verdict.UNKNOWN, reason=Reason.TIMEOUT, detail="phone is failed")

UNSURE = outcome(Verdict.UNKNOWN, reason=Reason.VALUE_UNKNOWN, could_not_tell=(finding("c"),))


def failed(*subjects: str, **changes: Any) -> Outcome:
    return outcome(Verdict.FAIL, findings=tuple(finding(subject) for subject in subjects), **changes)


def on(taken_at: str, *outcomes: Outcome, **changes: Any) -> Report:
    return report(*outcomes, taken_at=taken_at, **changes)


def after(one: Report, other: Report) -> Report:
    """The second report beside the first, by way of the history's file."""
    kept = history.remembered(history.History(), one, "audit")
    text = history.written(kept)
    back = history.msgspec.json.decode(text.encode(), type=history.History).past("audit")
    assert back is not None
    assert back == past_of(one)
    return compare(other, back)


def marks(made: Report) -> dict[str, Change | None]:
    return {f.subject: f.change for o in made.outcomes if o.verdict is Verdict.FAIL for f in o.findings}


def names(found: Any) -> list[str]:
    return [one.subject for one in found]


def test_new_same_and_gone_with_how_long_each_has_stood() -> None:
    two = after(on(DAY_1, failed("a", "b")), on(DAY_2, failed("b", "c")))
    assert two.compared is not None
    assert marks(two) == {"b": Change.SAME, "c": Change.NEW}
    assert (names(two.compared.gone), names(two.compared.lost)) == (["a"], [])
    assert (two.compared.taken_at, two.compared.new, two.compared.same) == (DAY_1, 1, 1)
    three = after(two, on(DAY_3, failed("b", "c")))
    assert {f.subject: f.first_seen for f in three.outcomes[0].findings} == {"b": DAY_1, "c": DAY_2}
    text = " ".join(REPORTS["table"](three, Style()).split())
    assert f"since the last run like this one (taken {DAY_2}, yesterday): 0 new, 2 as before, 0 gone" in text
    assert f"(since {DAY_1})" in text
    assert "NEW: c is left over" in " ".join(REPORTS["table"](two, Style()).split())


VALUE = "a value that the check needs is not known"
C = (finding("c"),)
NOW = {
    "the check could not look": (LATE, False, "phone is failed"),
    "it could not look and lists another doubt": (replace(LATE, could_not_tell=C), False, "phone is failed"),
    "it could not look, without a word": (outcome(Verdict.UNKNOWN), False, "not known"),
    "it could not look, and saw it on the way": (replace(LATE, findings=(finding("a"),)), False, "phone is failed"),
    "it was left out": (outcome(Verdict.NOT_APPLICABLE, reason=Reason.NOT_ASKED, detail="left out"), False, "left out"),
    "the subject could not be told": (failed("b", could_not_tell=(finding("a"),)), False, VALUE),
    "another subject could not be told": (failed("b", could_not_tell=C), True, ""),
    "only another could not be told": (UNSURE, True, ""),
    "only this could not be told": (replace(UNSURE, could_not_tell=(finding("a"),)), False, VALUE),
    "nobody knows which could not be told": (replace(UNSURE, could_not_tell=()), False, "value_unknown"),
    "too many could not be told": (replace(UNSURE, could_not_tell=C * MOST_FINDINGS), False, "value_unknown"),
    "the list was cut": (failed("b", findings_cut=2), False, "2 findings of this check are not listed"),
    "there is nothing to look at": (outcome(Verdict.NOT_APPLICABLE, detail="no profile"), True, "no profile"),
    "it passes": (outcome(Verdict.PASS, detail="2 looked at"), True, ""),
}


@pytest.mark.parametrize("case", NOW)
def test_what_could_not_be_looked_at_is_not_gone(case: str) -> None:
    now, is_gone, why = NOW[case]
    made = after(on(DAY_1, failed("a")), on(DAY_2, now)).compared
    assert made is not None
    assert (names(made.gone), names(made.lost)) == ((["a"], []) if is_gone else ([], ["a"]))
    (one,) = (*made.gone, *made.lost)
    assert (one.check, one.title, one.node, one.severity) == ("adp-orphan", FINE.title, "", Severity.WARNING)
    assert (one.why, one.first_seen) == (why, DAY_1)


THEN = {
    "the check could not look": LATE,
    "it was left out": outcome(Verdict.NOT_APPLICABLE, reason=Reason.NOT_ASKED),
    "the subject could not be told": failed("b", could_not_tell=(finding("a"),)),
    "the list was cut": failed("b", findings_cut=2),
    "the check is younger": outcome(Verdict.PASS, check="em-service"),
}


@pytest.mark.parametrize("case", THEN)
def test_what_could_not_be_looked_at_then_is_not_new_but_counts_as_new(case: str) -> None:
    made = after(on(DAY_1, THEN[case]), on(DAY_2, failed("a")))
    assert marks(made) == {"a": Change.NOT_KNOWN_BEFORE}
    assert exit_code(made, fail_on=Severity.WARNING, only_new=True) == 1


def test_where_no_node_was_known_nothing_of_a_node_is_new() -> None:
    made = after(on(DAY_1, LATE, nodes=()), on(DAY_2, failed("a", node="cucm-pub")))
    assert marks(made) == {"a": Change.NOT_KNOWN_BEFORE}
    two = after(on(DAY_1, failed("a", node="cucm-pub")), on(DAY_2, LATE, nodes=(), gaps=(replace(LOST, fact="node"),)))
    again = after(two, on(DAY_3, failed("a", node="cucm-pub")))
    assert (marks(again), again.outcomes[0].findings[0].first_seen) == ({"a": Change.SAME}, DAY_1)


def test_what_one_node_did_not_say_makes_only_that_node_unknown() -> None:
    then = on(DAY_1, replace(LATE, node="sub"), outcome(Verdict.PASS, node="pub"))
    made = after(then, on(DAY_2, failed("a", node="sub"), failed("b", node="pub")))
    assert marks(made) == {"a": Change.NOT_KNOWN_BEFORE, "b": Change.NEW}


def test_what_nobody_knows_the_age_of_stays_without_one() -> None:
    made = compare(on("", failed("a")), past_of(on("", failed("a"))))
    assert (marks(made), made.outcomes[0].findings[0].first_seen) == ({"a": Change.SAME}, "")


def test_what_is_not_known_for_a_while_keeps_its_age_and_is_told_each_time() -> None:
    two = after(on(DAY_1, failed("a")), on(DAY_2, LATE))
    three = after(two, on(DAY_3, LATE))
    again = after(two, on(DAY_3, failed("a")))
    assert three.compared is not None
    assert (names(three.compared.lost), three.compared.lost[0].first_seen) == (["a"], DAY_1)
    assert (marks(again), again.outcomes[0].findings[0].first_seen) == ({"a": Change.SAME}, DAY_1)
    assert "NO LONGER KNOWN" in REPORTS["table"](three, Style())


def test_a_node_that_left_is_gone_where_the_list_of_nodes_is_whole() -> None:
    before = on(DAY_1, failed("a", node="old"), outcome(Verdict.PASS, node="cucm-pub"))
    now = on(DAY_2, outcome(Verdict.PASS, node="cucm-pub"))
    assert names(after(before, now).compared.gone) == ["a"]  # type: ignore[union-attr]
    assert after(before, now).compared.gone[0].why == "old is not in the cluster any more"  # type: ignore[union-attr]
    unsure = replace(now, gaps=(replace(LOST, fact="node", node=""),))
    there_still = replace(now, nodes=({"name": "old"},))
    for made in (unsure, there_still):
        (one,) = after(before, made).compared.lost  # type: ignore[union-attr]
        assert (one.subject, one.why) == ("a", "its check was not run there this time")


def test_a_check_that_was_not_run_is_told_once() -> None:
    other = outcome(Verdict.PASS, check="em-service")
    two = after(on(DAY_1, failed("a")), on(DAY_2, other))
    (one,) = two.compared.lost  # type: ignore[union-attr]
    assert (one.title, one.why) == ("adp-orphan", "its check was not run this time")
    assert after(two, on(DAY_3, other)).compared.lost == ()  # type: ignore[union-attr]


def test_waivers_are_about_no_cluster_and_not_compared() -> None:
    about = failed("waivers.toml:1", check="waiver-unused")
    by_hand = outcome(Verdict.BY_HAND, check=None)
    made = after(
        on(DAY_1, FINE, about, by_hand), on(DAY_2, FINE, failed("waivers.toml:9", check="waiver-expired"), by_hand)
    )
    assert (marks(made), made.compared.gone, made.compared.lost) == ({"waivers.toml:9": None}, (), ())  # type: ignore[union-attr]


def test_waived_findings_are_marked_and_not_counted() -> None:
    waiver = Waiver(
        check="adp-orphan", subject="a", node="", because="y", until=dt.date(2027, 1, 1), by="", place="w:1"
    )
    waivers = [replace(waiver, subject=subject) for subject in "ac"]
    now = apply(on(DAY_2, failed("a", "b", "c", "d")), waivers, dt.date(2026, 11, 20))
    made = after(on(DAY_1, failed("a", "b")), now)
    assert marks(made) == {"a": Change.SAME, "b": Change.SAME, "c": Change.NEW, "d": Change.NEW}
    assert (made.compared.new, made.compared.same) == (1, 1)  # type: ignore[union-attr]
    fewer = apply(made, waivers[1:], dt.date(2026, 11, 20)).compared
    assert (fewer.new, fewer.same, fewer.not_known_before) == (1, 2, 0)  # type: ignore[union-attr]


def test_a_baseline_marks_and_the_history_says_since_when() -> None:
    two = after(on(DAY_1, failed("a", "b")), on(DAY_2, failed("a", "b")))
    made = compare(two, past_of(on(DAY_2, failed("b"))), "old.json")
    assert marks(made) == {"a": Change.NEW, "b": Change.SAME}
    assert [f.first_seen for f in made.outcomes[0].findings] == [DAY_1, DAY_1]
    assert made.compared.file == "old.json"  # type: ignore[union-attr]


def test_only_what_is_new_may_turn_the_exit_code() -> None:
    def code(made: Report) -> int:
        return exit_code(made, fail_on=Severity.WARNING, only_new=True)

    assert code(on(DAY_1, failed("a"))) == 1, "nothing to compare with: all is new"
    assert code(after(on(DAY_1, failed("a")), on(DAY_2, failed("a")))) == 0
    assert code(after(on(DAY_1, failed("a")), on(DAY_2, failed("a", "b")))) == 1
    assert code(after(on(DAY_1, failed("a")), on(DAY_2, failed("a", findings_cut=1)))) == 1
    assert code(after(on(DAY_1, failed("a")), on(DAY_2, failed("a"), replace(LATE, check="em-service")))) == 3
    assert exit_code(after(on(DAY_1, failed("a")), on(DAY_2, failed("a"))), fail_on=Severity.WARNING) == 1


def test_the_history_is_bounded_and_what_has_no_room_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_RUNS", 3)
    monkeypatch.setattr(history, "MOST_KINDS", 2)
    monkeypatch.setattr(history, "MOST_FINDINGS", 2)
    made = history.History()
    for number, kind in enumerate(("a", "b", "a", "c", "d")):
        made = history.remembered(made, on(f"2026-11-20 0{number}:00:00", failed("x", "y", "z")), kind)
    assert (len(made.runs), list(made.last)) == (3, ["c", "d"])
    past = made.past("d")
    assert past is not None
    assert len(past.findings) == 2
    assert marks(compare(on(DAY_3, failed("x", "z")), past)) == {"x": Change.SAME, "z": Change.NOT_KNOWN_BEFORE}


def test_runs_of_another_kind_are_not_compared() -> None:
    kinds = [{}, {"limit": ["a"]}, {"without": ["ssh"]}, {"check": ["x"]}, {"severity": "critical"}, {"target": "15"}]
    assert len({history.kind_of("audit", scope) for scope in kinds}) == len(kinds)
    assert history.kind_of("audit", {"allow_unknown": ["dns"]}) == history.kind_of("audit", {})


def test_an_odd_name_does_not_break_the_file() -> None:
    made = history.remembered(history.History(), on(DAY_1, failed('"\\\n\x1b', "\udc80", "\u202eX")), "audit")
    back = history.msgspec.json.decode(history.written(made).encode(), type=history.History)
    assert len(back.last["audit"].findings) == 3


def test_runs_beside_each_other_leave_a_history_that_can_be_read(tmp_path: Path) -> None:
    def runs_of(number: int) -> list[str]:
        told: list[str] = []
        for minute in range(8):
            one = on(f"2026-11-20 1{number}:0{minute}:00", failed(f"{number}"))
            runs.remember(one, tmp_path, f"kind {number}", told.append)
            made = runs.since_last(one, tmp_path, f"kind {number}", told.append)
            assert made.cluster == "lab"
        return told

    with ThreadPoolExecutor(4) as pool:
        assert [told for told in pool.map(runs_of, range(4)) if told] == []
    kept = history.read(runs.path_of(tmp_path, "lab"))
    assert kept.runs
    assert [path.name for path in (tmp_path / "history").iterdir()] == [runs.path_of(tmp_path, "lab").name]


# ---------------------------------------------------------------------------------------------------- the command line


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(tmp_path_factory.mktemp("since"), scenario="p24b") as made:
        yield made


ONE = ("--check", "adp-orphan")
OLD, YOUNG = "ADP0000CCCCDDDD", "ADP0000CCCCDDDE"


@pytest.fixture
def clean(there: Lab) -> Iterator[Lab]:
    """No history, one leftover profile, the cluster file as it was."""
    toml = there.folder / "cucm-audit.toml"
    text = toml.read_text("utf-8")
    for path in (there.folder / "state").glob("history/*"):
        path.unlink()
    yield there
    toml.write_text(text, "utf-8")
    there.world.node("cucm-pub").faults.clear()
    called(there, OLD)


def called(there: Lab, name: str) -> None:
    """Give the profile that is left over another name: the old one is gone, this one is new."""
    there.world.database.execute("update device set name = ? where name in (?, ?)", (name, OLD, YOUNG))


def file_of(there: Lab) -> Path:
    return next((there.folder / "state" / "history").glob("lab-*.json"))


def changes(made: dict[str, Any]) -> dict[str, str]:
    return {f["subject"]: f["change"] for o in made["outcomes"] for f in o["findings"]}


def test_a_run_says_what_is_new_and_gone_since_the_one_before(clean: Lab) -> None:
    _, first = clean.audit(*ONE)
    assert (first["compared"], changes(first)) == (None, {OLD: None})
    called(clean, YOUNG)
    code, second = clean.audit(*ONE)
    jsonschema.validate(second, schema())
    assert changes(second) == {YOUNG: "new"}
    assert [one["subject"] for one in second["compared"]["gone"]] == [OLD]
    assert second["compared"]["taken_at"] == first["taken_at"]
    assert code == 1
    assert clean.audit(*ONE, "--fail-on", "new-warning")[0] == 0
    out = clean.run("--node", "lab", *ONE)[1]
    assert re.search(
        r"since the last run like this one \(taken .*\): 0 new, 1 as before, 0 gone, 0 no longer known",
        " ".join(out.split()),
    )
    assert f"(since {second['taken_at']})" in " ".join(out.split())
    other = clean.audit("--check", "adp-stale")[1]
    assert other["compared"] is None, "another kind of run is not compared"
    assert stat.S_IMODE(file_of(clean).stat().st_mode) == 0o600
    kept = json.loads(file_of(clean).read_text("utf-8"))
    assert [run["kind"] == kept["runs"][0]["kind"] for run in kept["runs"]] == [True] * 4 + [False]
    assert "left over" not in file_of(clean).read_text("utf-8"), "no sentences"


def test_what_a_run_could_not_look_at_is_no_longer_known(clean: Lab) -> None:
    clean.audit(*ONE)
    clean.world.node("cucm-pub").faults["empty_answer"] = {"value": True, "on": "typemodel"}
    lost = clean.audit(*ONE)[1]
    assert lost["counts"]["unknown"] == 1
    assert [one["subject"] for one in lost["compared"]["no_longer_known"]] == [OLD]
    clean.world.node("cucm-pub").faults.clear()
    assert changes(clean.audit(*ONE)[1]) == {OLD: "same"}


def test_a_history_that_cannot_be_used_is_told_and_hinders_nothing(clean: Lab) -> None:
    clean.audit(*ONE)
    path = file_of(clean)
    good = path.read_bytes()
    for broken in (b"", b"{", good[:-20], b"\xff" * 9, b'{"version": "x"}'):
        path.write_bytes(broken)
        code, out, err = clean.run("--node", "lab", *ONE)
        assert (code, "since the last run" in out) == (1, False)
        assert "is no history" in err
        assert path.with_suffix(".broken").read_bytes() == broken
        assert "since the last run" in clean.run("--node", "lab", *ONE)[1], "a new one was begun"
    path.write_text('{"version": 2}')
    code, _, err = clean.run("--node", "lab", *ONE)
    assert (code, "it is left as it is" in err, path.read_text()) == (1, True, '{"version": 2}')


def test_a_history_that_cannot_be_written_is_told_and_hinders_nothing(clean: Lab) -> None:
    folder = clean.folder / "state" / "history"
    moved = folder.rename(folder.with_name("moved")) if folder.exists() else None
    folder.write_text("in the way")
    try:
        code, out, err = clean.run("--node", "lab", *ONE)
        assert (code, bool(out)) == (1, True)
        assert "this run is not remembered" in err or "cannot be read" in err
        assert clean.run("--node", "lab", *ONE, "-q")[2] == ""
    finally:
        folder.unlink()
        if moved is not None:
            moved.rename(folder)


def test_a_report_that_was_not_delivered_was_no_run(clean: Lab) -> None:
    clean.audit(*ONE)
    called(clean, YOUNG)
    assert clean.run("--node", "lab", *ONE, "-o", "nowhere/report.txt")[0] == 2
    assert changes(clean.audit(*ONE)[1]) == {YOUNG: "new"}


def test_a_baseline_shows_what_it_does_not_have(clean: Lab, tmp_path: Path) -> None:
    clean.run("snapshot", "save", str(tmp_path / "old.db"), "--node", "lab", "--without", "ssh")
    first = clean.audit(*ONE)[1]
    (tmp_path / "old.json").write_text(json.dumps(first), "utf-8")
    called(clean, YOUNG)
    time.sleep(1.1)  # a snapshot knows the second in which it was taken
    _, words, _ = clean.run("snapshot", "save", str(tmp_path / "new.db"), "--node", "lab", "--without", "ssh")
    assert words
    for older in ("old.json", "old.db"):
        code, made = clean.audit(*ONE, "--baseline", str(tmp_path / older))
        assert (code, changes(made)) == (1, {YOUNG: "new"}), "the history does not stand for it"
        assert made["compared"]["file"] == older
        assert [one["subject"] for one in made["compared"]["gone"]] == [OLD]
        out = clean.run("audit", "--from", str(tmp_path / "new.db"), *ONE, "--baseline", str(tmp_path / older))[1]
        assert f"since {older} (taken" in out
        assert f"NEW: {YOUNG}" in out
    again = clean.run("audit", "--from", str(tmp_path / "old.db"), *ONE, "--baseline", str(tmp_path / "old.db"))[1]
    assert "- 1 as in the baseline (-v lists them)" in again
    assert f"- {OLD}" not in again
    young = clean.run("audit", "--from", str(tmp_path / "old.db"), *ONE, "--baseline", str(tmp_path / "new.db"))
    assert (young[0], "after what is to be compared" in young[2]) == (2, True)
    strange = json.dumps(first).replace("cucm-", "other-")
    (tmp_path / "other.json").write_text(strange, "utf-8")
    other = clean.run("audit", "--from", str(tmp_path / "new.db"), *ONE, "--baseline", str(tmp_path / "other.json"))
    assert (other[0], "is of another cluster" in other[2]) == (2, True)
    before = len(clean.world.asked)
    (tmp_path / "no.json").write_text("{}")
    assert clean.run("--node", "lab", "--baseline", str(tmp_path / "no.json"))[0] == 2
    assert len(clean.world.asked) == before


def test_a_run_too_soon_after_the_last_is_refused_and_says_when(clean: Lab) -> None:
    toml = clean.folder / "cucm-audit.toml"
    toml.write_text(toml.read_text("utf-8").replace("[cluster.lab]", '[cluster.lab]\nmin-interval = "6h"', 1), "utf-8")
    assert clean.run("--node", "lab", *ONE)[0] == 1
    began = json.loads(file_of(clean).read_text("utf-8"))["began"]
    before = len(clean.world.asked)
    for command in (("audit", "--node", "lab"), ("snapshot", "save", "never.db", "--node", "lab")):
        code, out, err = clean.run(*command)
        assert (code, out, len(clean.world.asked)) == (2, "", before)
        after = dt.datetime.fromisoformat(began) + dt.timedelta(hours=6)
        assert f"the last run began at {began} UTC" in err
        assert f"next begin at {after} UTC" in err
    assert clean.run("--node", "lab", "--dry-run")[0] == 0
    for moment in (dt.datetime.now(dt.UTC) - dt.timedelta(hours=7), dt.datetime.now(dt.UTC) + dt.timedelta(days=1)):
        text = file_of(clean).read_text("utf-8")
        file_of(clean).write_text(re.sub(r'"began": "[^"]*"', f'"began": "{moment:%F %T}"', text), "utf-8")
        assert clean.run("--node", "lab", *ONE)[0] == 1, "it is time, or a clock was wrong"
    file_of(clean).write_text("{", "utf-8")
    assert clean.run("--node", "lab", *ONE)[0] == 1, "nobody knows when the last one began"
