"""Findings that are accepted: read, refused, laid over a report, and what that means for exit code and checklist."""

import contextlib
import datetime as dt
import functools
import json
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from labs import Lab, lab

from cucm_audit.cli.exits import exit_code
from cucm_audit.model import MOST_FINDINGS, Outcome, Reason, Report, Severity, Verdict
from cucm_audit.reports.document import schema
from cucm_audit.waivers import MOST_DAYS, Waiver, WaiverError, apply, is_pattern, read
from tests.reports.invented import LOST, finding, outcome, report

TODAY = dt.datetime.now(dt.UTC).date()
LATER = TODAY + dt.timedelta(days=30)
KNOWN = {"adp-orphan": ("adp-left",), "boot-after-pack": (), "phone-away": ()}


def waiver(check: str = "adp-orphan", subject: str = "x", until: Any = LATER, more: str = "") -> str:
    return f"[[waiver]]\ncheck = '{check}'\nsubject = '{subject}'\nbecause = 'change 4711'\nuntil = {until}\n{more}\n"


def write(folder: Path, *waivers: str) -> Path:
    path = folder / "waivers.toml"
    path.write_text("\n".join(waivers), "utf-8")
    return path


def laid(folder: Path, made: Report, *waivers: str) -> Report:
    return apply(made, read(write(folder, *waivers), KNOWN, TODAY - dt.timedelta(days=300)), TODAY)


def state(made: Report) -> list[tuple[str, int, int]]:
    return [(use.state, use.findings, use.could_not_tell) for use in made.waivers]


def marked(made: Report) -> list[str]:
    found = [f for o in made.outcomes for f in (*o.findings, *o.could_not_tell)]
    return [one.subject for one in found if one.waived is not None]


def failed(*subjects: str, **changes: Any) -> Outcome:
    return outcome(Verdict.FAIL, findings=tuple(finding(subject) for subject in subjects), **changes)


def code(made: Report) -> int:
    return exit_code(made, fail_on=Severity.WARNING)


FINE = outcome(Verdict.PASS, check="boot-after-pack")
YESTERDAY = TODAY - dt.timedelta(days=1)

WHERE, END = "<", ">"  # of the whole sentence
ENTRY = "{ check = 'adp-orphan', subject = 'x', because = 'y', until = 2026-11-20 }"
ONE_LINE = "waiver = [" + ENTRY.replace("'x'", "'w'") + ", " + ENTRY + "]"
BOTH = "check and subject are both patterns, which would hide what nobody has looked at: name one in full"
REFUSED = {
    "no reason": (waiver().replace("because", "by"), 1, "because missing: write because = ..."),
    "an empty reason": (waiver().replace("change 4711", "  "), 4, "because is empty"),
    "no day": ("[[waiver]]\ncheck = 'adp-orphan'\nsubject = 'x'\nbecause = 'y'\n", 1, "until missing"),
    "a day as text": (
        waiver(until="'next year'"),
        5,
        f"{WHERE}until is a day without quotes or a time: until = 2027-01-31{END}",
    ),
    "a moment": (waiver(until="2027-01-31T10:00:00Z"), 5, "until = 2027-01-31"),
    "a moment in no zone": (waiver(until="2027-01-31T10:00:00"), 5, "until = 2027-01-31"),
    "an hour": (waiver(until="10:00:00"), 5, "until = 2027-01-31"),
    "too far ahead": (waiver(until=TODAY + dt.timedelta(days=MOST_DAYS + 1)), 5, "more than 400 days ahead"),
    "an unknown key": (waiver(more="nodes = 'pub'"), 6, "did you mean node?"),
    "another table": (waiver() + "[[waivers]]\n", 7, "did you mean waiver?"),
    "a key of no table": (
        "cluster = 'lab'\n",
        1,
        f"{WHERE}unknown key 'cluster'; this file has [[waiver]] tables only{END}",
    ),
    "one bracket": ("[waiver]\ncheck = 'adp-orphan'\n", 1, "two brackets"),
    "a check that is not there": (waiver(check="adp-orphans"), 2, "did you mean adp-orphan?"),
    "a pattern of no check": (waiver(check="cisco-*"), 2, "no check is called like"),
    "everything": (
        waiver(check="*", subject="*"),
        2,
        f"{WHERE}{BOTH}{END}",
    ),
    "a list in one line": (ONE_LINE.replace("'x'", "''"), 1, "subject is empty"),
    "a list in one line of no check": (ONE_LINE.replace("orphan'", "orphans'"), 1, "did you mean adp-orphan?"),
    "nearly everything": (waiver(check="*-*", subject="?*"), 2, "both patterns"),
    "a number": (waiver().replace("'x'", "12"), 3, "a text in quotes"),
    "twice": (waiver() + waiver(check="adp-left"), 7, "the same check, subject and node as in waivers.toml:1"),
    "an empty subject": (waiver(subject=""), 3, "subject is empty"),
    "the second is wrong": (waiver() + waiver(subject="y").replace("until", "untill"), 11, "did you mean until?"),
    "no TOML": (waiver().replace("'x'", "x"), 3, "no TOML"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_mistake_is_refused_with_its_line_and_the_next_step(case: str, tmp_path: Path) -> None:
    text, line, says = REFUSED[case]
    path = write(tmp_path, text)
    with pytest.raises(WaiverError) as error:
        read(path, KNOWN, TODAY)
    assert str(error.value).startswith(f"{path}:{line}: ")
    assert says in f"<{str(error.value).removeprefix(f'{path}:{line}: ')}>"


TWO = (waiver(subject="ADP*", more="by = 'M. Meier'") + waiver(check="*", subject="SEP1")).encode()
PIECES = (
    *(
        b"[[waiver]]",
        b"[waiver]",
        b"waiver = [1]",
        b"[waiver.check]",
        b"'",
        b'"""',
        b"=",
        b"*",
        b"\\",
        b"{a = 1}",
        b"[]",
    ),
    *(
        b"until",
        b"2027-01-31",
        b"9999-12-31",
        b"0001-01-01",
        b"1e9",
        b"nan",
        b"\n",
        b"\xff",
        b"\0",
        b"\xef\xbb\xbf",
        b"",
    ),
)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(TWO)), st.integers(0, 40), st.sampled_from(PIECES) | st.binary(max_size=6))
def test_whatever_is_in_the_file_it_is_understood_or_refused(start: int, length: int, piece: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "waivers.toml"
        path.write_bytes(TWO[:start] + piece + TWO[start + length :])
        with contextlib.suppress(WaiverError):
            for one in read(path, KNOWN, TODAY):
                assert one.because
                assert one.until <= TODAY + dt.timedelta(days=MOST_DAYS)
                assert not (is_pattern(one.check) and is_pattern(one.subject))
                one.matches("SEP1\udc80")


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    for path, text, says in ((tmp_path / "none.toml", None, "cannot be read"), (tmp_path / "w.toml", b"\xff", "UTF-8")):
        if text is not None:
            path.write_bytes(text)
        with pytest.raises(WaiverError, match=says) as error:
            read(path, KNOWN, TODAY)
        assert str(error.value).startswith(str(path))


def test_what_is_read(tmp_path: Path) -> None:
    last = TODAY + dt.timedelta(days=MOST_DAYS)
    path = write(tmp_path, "# none so far\n")
    assert read(path, KNOWN, TODAY) == ()
    path = write(
        tmp_path, waiver(check="adp-left", until=last, more="node = 'pub'"), waiver(until=TODAY, more="by = ' M '")
    )
    assert read(path, KNOWN, TODAY) == (
        Waiver(check="adp-orphan", subject="x", node="pub", because="change 4711", until=last, by="",
               place="waivers.toml:1"),
        Waiver(check="adp-orphan", subject="x", node="", because="change 4711", until=TODAY, by="M",
               place="waivers.toml:8"),
    )  # fmt: skip


def test_a_list_in_one_line_is_a_file_too(tmp_path: Path) -> None:
    one, other = read(write(tmp_path, ONE_LINE), KNOWN, TODAY)
    assert (one.subject, one.place, other.subject, other.place) == ("w", "waivers.toml:1", "x", "waivers.toml")


def test_the_example_is_a_file_that_is_understood() -> None:
    known = {check.id: check.aliases for check in checks().checks.values()}
    example = Path(__file__).parent.parent / "examples" / "waivers.toml"
    assert len(read(example, known, dt.date(2026, 11, 1))) == 2


def test_a_waived_finding_stays_and_does_not_count(tmp_path: Path) -> None:
    made = laid(tmp_path, report(FINE, failed("ADP1", "ADP2")), waiver(subject="ADP*", more="by = 'M. Meier'"))
    assert marked(made) == ["ADP1", "ADP2"]
    assert made.outcomes[1].verdict is Verdict.FAIL
    assert made.outcomes[1].findings[0].waived is not None
    assert (made.outcomes[1].findings[0].waived.by, state(made)) == ("M. Meier", [("working", 2, 0)])
    assert code(made) == 0
    assert code(laid(tmp_path, report(FINE, failed("ADP1", "ADP2")), waiver(subject="ADP1"))) == 1


@pytest.mark.parametrize(
    ("pattern", "subject", "holds"),
    [
        ("SEP*", "SEP001", True),
        ("SEP?", "SEP001", False),
        ("SEP??1", "SEP001", True),
        ("sep001", "SEP001", False),
        ("12[3-5]X", "12[3-5]X", True),
        ("12[3-5]X", "124X", False),
        (r"\*69", "*69", True),
        (r"\*69", "169", False),
        ("*69", "169", True),
        ("a.c", "abc", False),
        ("*", "any\nthing", True),
        ("C:\\x", "C:\\x", True),
    ],
)
def test_a_subject_is_exact_or_a_pattern(tmp_path: Path, pattern: str, subject: str, holds: bool) -> None:
    assert bool(marked(laid(tmp_path, report(failed(subject)), waiver(subject=pattern)))) is holds


@pytest.mark.parametrize(
    ("text", "pattern"),
    [("a*", True), ("a?", True), ("a", False), (r"a\*", False), (r"a\?", False), (r"a\\*", True), (r"\a*", True)],
)
def test_what_is_a_pattern(text: str, pattern: bool) -> None:
    assert is_pattern(text) is pattern


def test_a_node_and_a_renamed_check(tmp_path: Path) -> None:
    here, there = failed("x", node="cucm-sub1"), failed("x", node="cucm-sub2")
    made = laid(tmp_path, report(here, there), waiver(check="adp-left", more="node = 'CUCM-SUB2'"))
    assert [bool(o.findings[0].waived) for o in made.outcomes] == [False, True]


def test_until_is_the_last_day_and_an_expired_one_is_a_finding(tmp_path: Path) -> None:
    today = laid(tmp_path, report(FINE, failed("x")), waiver(until=TODAY))
    assert (code(today), state(today)) == (0, [("working", 1, 0)])
    made = laid(tmp_path, report(FINE, failed("x")), waiver(until=YESTERDAY))
    assert (code(made), marked(made), state(made)) == (1, [], [("expired", 1, 0)])
    last = made.outcomes[-1]
    assert last.title == "Waiver that has expired"
    assert (last.check, last.verdict, last.severity) == ("waiver-expired", Verdict.FAIL, Severity.NOTE)
    assert f"ended on {YESTERDAY}; 1 that it matches count again" in last.findings[0].says


def about(made: Report) -> tuple[Outcome, Any, dict[str, Any]]:
    """The finding about a waiver: its outcome, its sentences, its columns."""
    (one,) = made.outcomes[-1].findings
    assert (one.check, one.node, one.evidence.facts) == (made.outcomes[-1].check, "", ())
    assert one.subject == one.evidence.columns["place"] == "waivers.toml:1"
    return made.outcomes[-1], (one.says, one.why, one.fix), dict(one.evidence.columns)


def test_what_is_said_of_one_that_does_nothing(tmp_path: Path) -> None:
    both = failed("x", could_not_tell=(finding("x"),))
    last, words, columns = about(laid(tmp_path, report(FINE, both), waiver(until=YESTERDAY)))
    assert (last.documents, last.node, last.rows, last.examined) == (("waivers",), "", (), 1)
    assert words == (
        f"waivers.toml:1: the waiver of adp-orphan for x ended on {YESTERDAY}; 2 that it matches count again",
        "It was accepted until then only: change 4711",
        "Mend what it is about and take it out of waivers.toml:1; or decide anew, for at most 400 days",
    )
    assert columns == {
        "check": "adp-orphan", "subject": "x", "node": "", "until": YESTERDAY.isoformat(), "place": "waivers.toml:1"
    }  # fmt: skip
    gone = waiver(until=YESTERDAY, more="node = 'pub'")
    says = f"waivers.toml:1: the waiver of adp-orphan for x on pub ended on {YESTERDAY}"
    assert about(laid(tmp_path, report(FINE), gone))[1][0] == says
    _, words, columns = about(laid(tmp_path, report(FINE, outcome(Verdict.PASS)), waiver(more="node = 'pub'")))
    assert words == (
        "waivers.toml:1: the waiver of adp-orphan for x on pub matches nothing",
        "What it accepted is mended, or it never named it: one day it could hide something else",
        "Take it out of waivers.toml:1, or mend its check, subject or node",
    )
    assert columns["node"] == "pub"


def test_one_that_matches_nothing_is_a_finding_unless_its_check_could_not_look(tmp_path: Path) -> None:
    seen = laid(tmp_path, report(FINE, outcome(Verdict.PASS)), waiver())
    assert seen.outcomes[-1].title == "Waiver that matches nothing"
    assert (state(seen), seen.outcomes[-1].check, code(seen)) == ([("unused", 0, 0)], "waiver-unused", 0)
    gone = laid(tmp_path, report(FINE, outcome(Verdict.PASS, node="cucm-pub")), waiver(more="node = 'old'"))
    assert state(gone) == [("unused", 0, 0)]
    for other in (
        outcome(Verdict.UNKNOWN, reason=Reason.TIMEOUT),
        outcome(Verdict.NOT_APPLICABLE, reason=Reason.NOT_ASKED),
        failed("y", findings_cut=3),
        FINE,
    ):
        made = laid(tmp_path, report(other), waiver())
        assert (state(made), [o.check for o in made.outcomes]) == ([("not_tried", 0, 0)], [other.check])


def test_unknown_as_a_whole_is_never_waived(tmp_path: Path) -> None:
    doubt = (finding("x"),)
    whole = (
        outcome(Verdict.UNKNOWN, reason=Reason.TIMEOUT, could_not_tell=doubt),
        outcome(Verdict.UNKNOWN, reason=Reason.TIMEOUT, findings=doubt),
        outcome(Verdict.UNKNOWN, reason=Reason.VALUE_UNKNOWN),
    )
    for one in whole:
        made = laid(tmp_path, report(FINE, one), waiver(), waiver(subject="*"))
        assert (code(made), marked(made), state(made)) == (3, [], [("not_tried", 0, 0)] * 2), one


def test_a_single_subject_that_could_not_be_told_is_waived_by_its_full_name(tmp_path: Path) -> None:
    unsure = outcome(Verdict.UNKNOWN, reason=Reason.VALUE_UNKNOWN, could_not_tell=(finding("x"), finding("y")))
    both = laid(tmp_path, report(FINE, unsure), waiver(), waiver(subject="y"))
    assert (code(both), marked(both), both.outcomes[1].verdict) == (0, ["x", "y"], Verdict.UNKNOWN)
    assert state(both) == [("working", 0, 1), ("working", 0, 1)]
    assert state(laid(tmp_path, report(FINE, unsure), waiver(subject="*"))) == [("not_tried", 0, 0)]
    one = laid(tmp_path, report(FINE, unsure), waiver())
    assert (code(one), state(one)) == (3, [("working", 0, 1)]), "the other one is not waived"
    assert code(laid(tmp_path, report(FINE, unsure), waiver(subject="*"))) == 3, "no pattern for what nobody knows"
    lacking = laid(tmp_path, report(FINE, unsure, gaps=(LOST,), complete=False), waiver(), waiver(subject="y"))
    assert code(lacking) == 3, "a gap is no subject"
    nodes = laid(tmp_path, report(FINE, unsure, complete=False), waiver(), waiver(subject="y"))
    assert code(nodes) == 3, "nor is a list of nodes that is not known"


def test_a_list_of_doubts_that_is_full_may_not_be_all_of_them(tmp_path: Path) -> None:
    many = outcome(Verdict.UNKNOWN, reason=Reason.VALUE_UNKNOWN, could_not_tell=(finding("x"),) * MOST_FINDINGS)
    assert code(laid(tmp_path, report(FINE, many), waiver())) == 3


def test_doubts_beside_waived_findings_still_count(tmp_path: Path) -> None:
    made = laid(tmp_path, report(FINE, failed("x", could_not_tell=(finding("y"),))), waiver())
    assert code(made) == 3
    assert code(laid(tmp_path, report(FINE, failed("x", findings_cut=1)), waiver())) == 1, "what is cut is not waived"


def test_waivers_are_laid_anew_and_leave_nothing_of_others(tmp_path: Path) -> None:
    plain = report(FINE, failed("x", "y", could_not_tell=(finding("z"),)), failed("y", check="boot-after-pack"))
    texts = (waiver(), waiver(subject="z"), waiver(subject="w"), waiver(subject="y", until=YESTERDAY))
    made = laid(tmp_path, plain, *texts)
    assert marked(made) == ["x", "z"]
    assert [o.check for o in made.outcomes[3:]] == ["waiver-expired", "waiver-unused"]
    assert apply(made, (), TODAY) == plain
    assert laid(tmp_path, made, *texts) == made


def test_waivers_alone_have_audited_nothing(tmp_path: Path) -> None:
    late = outcome(Verdict.UNKNOWN, reason=Reason.UNREACHABLE)
    assert code(laid(tmp_path, report(late, nodes=()), waiver(until=YESTERDAY))) == 2


def test_a_file_that_everybody_may_write_is_read_with_a_warning(tmp_path: Path, capsys: Any) -> None:
    from cucm_audit.cli.accepted import accepted

    path = write(tmp_path, waiver())
    assert len(accepted((path,), checks())) == 1
    assert capsys.readouterr().err == ""
    path.chmod(0o646)
    assert len(accepted((path,), checks())) == 1
    assert f"warning: {path} can be written by everybody" in capsys.readouterr().err


@functools.cache
def checks() -> Any:
    from cucm_audit.checks import load

    return load(packages=False)


def upgrade(made: Report) -> Any:
    """The checklist before an upgrade, of an invented report."""
    from cucm_audit.checklist import checklist

    return checklist(made, checks(), "before-upgrade", target="15", before="", saved="")


B13 = {"rows": ("B13",), "documents": ("before-upgrade",)}


@pytest.mark.parametrize(
    ("outcomes", "complete", "verdict", "accepted"),
    [
        ((failed("x", **B13),), True, "go", 1),
        ((failed("x", "y", **B13),), True, "no-go", 1),
        ((failed("x", findings_cut=1, **B13),), True, "no-go", 1),
        ((failed("x", could_not_tell=(finding("y"),), **B13),), True, "not-known", 1),
        ((failed("x", check="before-not-whole", **B13),), False, "not-known", 1),
        (
            (outcome(Verdict.UNKNOWN, reason=Reason.VALUE_UNKNOWN, could_not_tell=(finding("x"),), **B13),),
            True,
            "go",
            1,
        ),
        (
            (outcome(Verdict.UNKNOWN, reason=Reason.TIMEOUT, could_not_tell=(finding("x"),), **B13),),
            True,
            "not-known",
            0,
        ),
        ((outcome(Verdict.UNKNOWN, reason=Reason.TIMEOUT, **B13),), True, "not-known", 0),
    ],
)
def test_a_checklist_passes_over_what_is_waived_and_says_so(
    tmp_path: Path, outcomes: tuple[Outcome, ...], complete: bool, verdict: str, accepted: int
) -> None:
    fine = outcome(Verdict.PASS, check="boot-after-pack", **B13)
    known = {**KNOWN, "before-not-whole": ()}
    path = write(tmp_path, waiver(), waiver(check="before-not-whole"))
    made = upgrade(apply(report(fine, *outcomes, complete=complete), read(path, known, TODAY), TODAY))
    assert (made.verdict, len(made.waived)) == (verdict, accepted)
    assert upgrade(report(fine, *outcomes, complete=complete)).verdict != "go"


# ---------------------------------------------------------------------------------------------------- the command line


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A cluster with leftover device profiles."""
    with lab(tmp_path_factory.mktemp("waivers"), scenario="p24b") as made:
        code, out, err = made.run("snapshot", "save", "lab.db", "--node", "lab")
        assert code in (0, 3), out + err
        made.cluster.toml(made.folder / "cucm-audit.toml")
        yield made


def audited(there: Lab, *words: str) -> tuple[int, dict[str, Any]]:
    code, out, err = there.run("audit", "--from", "lab.db", "--format", "json", *words)
    assert out, err
    made = json.loads(out)
    jsonschema.validate(made, schema())
    return code, made


def test_the_same_waiver_in_an_audit_a_saved_one_and_a_report(there: Lab) -> None:
    plain_code, plain = audited(there)
    subjects = [f["subject"] for o in plain["outcomes"] if o["check"] == "adp-orphan" for f in o["findings"]]
    assert subjects
    assert plain_code == 1
    write(there.folder, waiver(subject=subjects[0]), waiver(check="adp-stale", subject="nothing"))
    code, made = audited(there, "--waivers", "waivers.toml")
    found = next(o for o in made["outcomes"] if o["check"] == "adp-orphan")["findings"]
    assert found[0]["waived"] == {
        "because": "change 4711", "until": LATER.isoformat(), "by": "", "place": "waivers.toml:1"
    }  # fmt: skip
    assert made["findings"]["waived"] == 1
    assert made["findings"]["warning"] == plain["findings"]["warning"] - 1
    assert code == (1 if made["findings"]["warning"] + made["findings"]["critical"] else 0)
    assert [use["state"] for use in made["waivers"]] == ["working", "unused"]

    live_code, live = there.audit("--waivers", "waivers.toml")
    assert (live_code, live["findings"], live["waivers"]) == (code, made["findings"], made["waivers"])

    text = there.run("audit", "--from", "lab.db", "--waivers", "waivers.toml")[1]
    assert "WAIVED: wrong, accepted, not counted" in text
    assert f"{subjects[0]} (waived until {LATER}: change 4711; waivers.toml:1)" in " ".join(text.split())
    assert "the waiver of adp-stale for nothing matches nothing" in " ".join(text.split())

    (there.folder / "plain.json").write_text(json.dumps(plain), "utf-8")
    again = json.loads(there_report(there, "plain.json", "-f", "json", "--waivers", "waivers.toml"))
    assert (again["findings"], again["waivers"]) == (made["findings"], made["waivers"])
    (there.folder / "waived.json").write_text(json.dumps(made), "utf-8")
    assert json.loads(there_report(there, "waived.json", "-f", "json"))["waivers"] == made["waivers"]


def there_report(there: Lab, *words: str) -> str:
    """``report`` knows no state folder: it needs none."""
    import contextlib
    import io

    from cucm_audit.cli import run

    out = io.StringIO()
    with contextlib.chdir(there.folder), contextlib.redirect_stdout(out):
        assert run(["report", *words]) == 0
    return out.getvalue()


def test_the_cluster_file_names_them_and_a_mistake_is_found_before_anything_is_sent(there: Lab) -> None:
    path = there.folder / "cucm-audit.toml"
    good = path.read_text("utf-8")
    write(there.folder, waiver(subject="ADP*"))
    try:
        path.write_text('waivers = "waivers.toml"\n' + good, "utf-8")
        assert audited(there)[1]["findings"]["waived"] > 0
        path.write_text(good.replace("[cluster.lab]", '[cluster.lab]\nwaivers = "waivers.toml"'), "utf-8")
        assert audited(there)[1]["findings"]["waived"] > 0
        write(there.folder, waiver(check="*", subject="*"))
        before = len(there.world.asked)
        code, out, err = there.run("audit", "--node", "lab")
        assert (code, out, len(there.world.asked)) == (2, "", before)
        assert "waivers.toml:2: check and subject are both patterns" in err
    finally:
        path.write_text(good, "utf-8")


def test_what_a_checklist_was_allowed_to_pass_over_stands_in_its_first_lines(there: Lab) -> None:
    words = ("checklist", "before-upgrade", "--from", "lab.db", "--target", "16", "--format", "json")
    plain = json.loads(there.run(*words)[1])
    assert plain["verdict"] == "not-known"
    assert plain["waived"] == []
    low = json.loads(there.run(*words[:5], "11.5", *words[6:])[1])
    blocking = [
        (o["check"], f["subject"])
        for o in low["report"]["outcomes"]
        if o["verdict"] == "fail" and o["severity"] != "note"
        for f in o["findings"]
    ]
    assert low["verdict"] == "no-go"
    write(there.folder, *(waiver(check=check, subject=subject) for check, subject in blocking))
    code, out, _ = there.run(*words[:5], "11.5", "--waivers", "waivers.toml")
    assert code in (0, 3), out
    head = " ".join(out[: out.index("LOOKED AT")].split())
    assert f"; {len(blocking)} waived" in out.splitlines()[0]
    assert head.count("- waived: ") == len(blocking)
    assert f"(until {LATER}: change 4711; waivers.toml:1)" in head
    assert "WAIVED" in out[out.index("LOOKED AT") :]


@given(st.text("ab*?\\", max_size=12), st.text("ab*?\\", max_size=12))
def test_a_pattern_means_what_shells_mean(pattern: str, subject: str) -> None:
    """Held against the plain translation, which takes for ever on long subjects."""
    words = {"*": ".*", "?": "."}
    parts = re.findall(r"\\[*?\\]|.", pattern, re.DOTALL)
    plain = re.compile("".join(words.get(part) or re.escape(part[-1]) for part in parts), re.DOTALL)
    made = Waiver(check="x", subject=pattern, node="", because="", until=TODAY, by="", place="")
    assert made.matches(subject) == bool(plain.fullmatch(subject))


def test_many_stars_take_no_time() -> None:
    made = Waiver(check="x", subject="*a" * 20 + "*b", node="", because="", until=TODAY, by="", place="")
    began = time.monotonic()
    assert not made.matches("a" * 5000)
    assert time.monotonic() - began < 2
