"""The formats beside table and JSON: what each says, and that hostile names stay names in it."""

import csv
import io
import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from markdown_it import MarkdownIt
from prometheus_client.parser import text_string_to_metric_families

from cucm_audit.model import WAIVER_EXPIRED, Change, Reason, Severity, Verdict, Waived
from cucm_audit.reports import REPORTS, Style
from cucm_audit.reports import csv as csv_format
from cucm_audit.reports.json import read
from cucm_audit.reports.nagios import CRITICAL, OK, UNKNOWN, WARNING, state
from tests.reports.invented import LOST, finding, full, outcome, report

SIGNS = "=+-@\t\r\n|`*_[]()<>\"'\\&#!~$%{};,\u202e\u200b\x00\x07\x1b\x9b\ud800\uff1d:/"
NASTY = st.text(st.one_of(st.sampled_from(SIGNS), st.characters()), max_size=60)
ACCEPTED = Waived(because="being replaced", until="2026-12-31", by="mm", place="waivers.toml:3")


def said(kind: str, made: Any, **style: Any) -> str:
    return REPORTS[kind](made, Style(**style))


def hostile(text: str) -> Any:
    """A report in which everything that somebody else wrote is that text."""
    wrong = finding(text, f"{text} is left over", node=text)
    return report(
        outcome(Verdict.FAIL, findings=(wrong, replace(wrong, waived=ACCEPTED)), could_not_tell=(wrong,), node=text),
        outcome(Verdict.UNKNOWN, reason=Reason.TIMEOUT, detail=text, node=text),
        outcome(Verdict.PASS, show={"value": text}),
        cluster=text,
        gaps=(replace(LOST, detail=text, node=text, hint=text),),
        complete=False,
    )


@pytest.mark.parametrize("kind", REPORTS)
def test_every_format_is_the_same_from_the_saved_document(kind: str) -> None:
    for made in (full(), hostile("x")):
        assert said(kind, read(said("json", made))) == said(kind, made)


@pytest.mark.parametrize("kind", sorted(set(REPORTS) - {"json", "ndjson"}))
def test_no_format_hides_what_was_not_seen(kind: str) -> None:
    whole = said(kind, full())
    seen = said(kind, report(outcome(Verdict.PASS, examined=1)))
    for word in ("hostkey_unknown",):
        assert word in whole.replace("\\", "")
        assert word not in seen.replace("\\", "")


@settings(deadline=None, max_examples=50)
@given(NASTY)
@pytest.mark.parametrize("kind", sorted(set(REPORTS) - {"table"}))
def test_nothing_that_a_terminal_obeys_or_hides_is_in_any(kind: str, text: str) -> None:
    page = said(kind, hostile(text))
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u202e\ud800-\udfff]", page)
    page.encode("utf-8")


# ----------------------------------------------------------------------------------------------------------------- CSV


def table(made: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(said("csv", made), newline="")))


def test_csv_has_a_line_for_everything() -> None:
    rows = table(full())
    kinds = [row["kind"] for row in rows]
    assert kinds.count("gap") == 2
    assert kinds.count("finding") == 13
    assert kinds.count("could not tell") == 1
    assert any("and 5 more findings" in row["says"] for row in rows)
    assert {row["verdict"] for row in rows if row["kind"] == "outcome"} >= {"unknown", "pass", "by_hand"}
    assert said("csv", full()).count("\r\n") == len(rows) + 1


def test_csv_says_what_is_accepted_and_since_when() -> None:
    marked = replace(finding("x"), waived=ACCEPTED, change=Change.SAME, first_seen="2026-11-01 09:00:00")
    (row,) = table(report(outcome(Verdict.FAIL, findings=(marked,))))
    assert (row["kind"], row["change"], row["first_seen"]) == ("waived", "same", "2026-11-01 09:00:00")
    assert "being replaced" in row["waived"]


@pytest.mark.parametrize("text", ["=1+1", "+4930123", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1"])
def test_csv_has_no_formula(text: str) -> None:
    assert csv_format.cell(text)[0] in "'\\"


@pytest.mark.parametrize("text", ["0012", "1e5", "00e512345678", 'a "quoted", cell'])
def test_csv_leaves_numbers_and_names_alone(text: str) -> None:
    (row,) = table(report(outcome(Verdict.FAIL, findings=(finding(text),))))
    assert row["subject"] == text


@settings(deadline=None, max_examples=50)
@given(NASTY)
def test_csv_reads_back_with_as_many_cells_as_its_header(text: str) -> None:
    lines = list(csv.reader(io.StringIO(said("csv", hostile(text)), newline="")))
    assert {len(line) for line in lines} == {len(csv_format.COLUMNS)}


# ------------------------------------------------------------------------------------------------------------ Markdown


@settings(deadline=None, max_examples=50)
@given(NASTY)
def test_markdown_shows_names_and_makes_nothing_of_them(text: str) -> None:
    html = MarkdownIt("gfm-like", {"linkify": False}).render(said("markdown", hostile(text)))
    root = etree.HTML(html)
    tags = {element.tag for element in root.iter() if isinstance(element.tag, str)}
    ours = {
        "html",
        "body",
        "h1",
        "h2",
        "h3",
        "p",
        "ul",
        "li",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "strong",
        "br",
    }
    assert tags <= ours
    assert {element.text for element in root.iter("strong")} <= {
        "unknown", "This report is not complete: unknown is not fine.",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["@everyone", "http://example.invalid/", "www.example.invalid", "a|b", "![x](y)"])
def test_markdown_defuses_mentions_and_links(text: str) -> None:
    page = said("markdown", hostile(text))
    assert text not in page
    shown = "".join(etree.HTML(MarkdownIt().enable("table").render(page)).itertext())
    assert text in shown


def test_markdown_says_first_what_was_not_seen_and_the_worst_next() -> None:
    page = said("markdown", full())
    places = [page.index(w) for w in ("Could not be seen", "Could not tell", "critical:", "warning:", "## Counts")]
    assert places == sorted(places)
    assert "and 7 more" in page


# --------------------------------------------------------------------------------------------------------------- JUnit


def cases(made: Any) -> dict[str, list[str]]:
    root = etree.fromstring(said("junit", made).encode())
    kinds: dict[str, list[str]] = {"failure": [], "error": [], "skipped": [], "": []}
    for case in root.iter("testcase"):
        kind = next((child.tag for child in case if child.tag in kinds), "")
        kinds[kind].append(case.get("name"))
    return kinds


def test_junit_has_no_pass_for_what_is_not_known() -> None:
    seen = cases(full())
    assert len(seen["failure"]) == 2
    assert len(seen["error"]) == 3  # the check, and two facts that did not come back
    assert len(seen["skipped"]) == 2
    assert [name for name in seen[""] if not name.startswith("em-service")] == []
    root = etree.fromstring(said("junit", full()).encode())
    assert (root.get("failures"), root.get("errors"), root.get("tests")) == ("2", "3", "8")


def test_junit_skips_what_is_waived_and_tells_a_note() -> None:
    waived = outcome(Verdict.FAIL, check="a", findings=(replace(finding("x"), waived=ACCEPTED),))
    note = outcome(Verdict.FAIL, check="b", severity=Severity.NOTE, findings=(finding("y"),))
    seen = cases(report(waived, note))
    assert [name[:1] for name in seen["skipped"]] == ["a"]
    assert [name[:1] for name in seen[""]] == ["b"]
    assert "y is left over" in said("junit", report(note))


@settings(deadline=None, max_examples=50)
@given(NASTY)
def test_junit_is_xml_whatever_the_names(text: str) -> None:
    etree.fromstring(said("junit", hostile(text)).encode())


# --------------------------------------------------------------------------------------------------------------- SARIF


def test_sarif_names_what_is_open_and_what_could_not_be_seen() -> None:
    (run,) = json.loads(said("sarif", full()))["runs"]
    assert run["invocations"][0]["executionSuccessful"] is False
    assert {n["descriptor"]["id"] for n in run["invocations"][0]["toolExecutionNotifications"]} == {"hostkey_unknown"}
    kinds = [result["kind"] for result in run["results"]]
    assert kinds.count("open") == 2
    assert kinds.count("review") == 1
    assert {r["level"] for r in run["results"] if r["kind"] == "fail"} == {"error", "warning"}
    assert all(r["level"] == "none" for r in run["results"] if r["kind"] != "fail")
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    assert len({rule["id"] for rule in rules}) == len(rules)


def test_sarif_marks_what_is_accepted_and_what_is_new() -> None:
    marked = replace(finding("x"), waived=ACCEPTED, change=Change.NEW)
    (result,) = json.loads(said("sarif", report(outcome(Verdict.FAIL, findings=(marked,)))))["runs"][0]["results"]
    assert result["baselineState"] == "new"
    assert "being replaced" in result["suppressions"][0]["justification"]


# -------------------------------------------------------------------------------------------------- Prometheus, Nagios


def samples(made: Any) -> list[Any]:
    return [one for family in text_string_to_metric_families(said("prometheus", made)) for one in family.samples]


def test_prometheus_has_the_numbers() -> None:
    seen = {(s.name, *sorted(s.labels.items())): s.value for s in samples(full())}
    assert seen["cucm_audit_complete", ("cluster", "lab")] == 0
    assert seen["cucm_audit_findings", ("cluster", "lab"), ("severity", "warning")] == 17
    assert seen["cucm_audit_outcomes", ("cluster", "lab"), ("verdict", "unknown")] == 1
    assert seen["cucm_audit_taken_timestamp_seconds", ("cluster", "lab")] == 1795165200
    lost = [s for s in samples(full()) if s.name == "cucm_audit_not_seen"]
    assert [(s.labels["node"], s.labels["reason"], s.value) for s in lost] == [("cucm-sub2", "hostkey_unknown", 2)]


@settings(deadline=None, max_examples=50)
@given(NASTY)
def test_prometheus_reads_back_whatever_the_names(text: str) -> None:
    one, *_ = [s for s in samples(hostile(text)) if s.name == "cucm_audit_complete"]
    assert one.value == 0


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (full(), CRITICAL),
        (report(outcome(Verdict.FAIL, findings=(finding("x"),))), WARNING),
        (report(outcome(Verdict.FAIL, severity=Severity.NOTE, findings=(finding("x"),))), OK),
        (report(outcome(Verdict.FAIL, findings=(replace(finding("x"), waived=ACCEPTED),))), OK),
        (report(outcome(Verdict.PASS, examined=3)), OK),
        (report(outcome(Verdict.PASS), outcome(Verdict.UNKNOWN, reason=Reason.TIMEOUT)), UNKNOWN),
        (report(outcome(Verdict.PASS), gaps=(LOST,), complete=False), UNKNOWN),
        (report(outcome(Verdict.PASS), gaps=(LOST,), complete=False, scope={"allow_unknown": ["hostkey_unknown"]}), OK),
        (report(outcome(Verdict.PASS), complete=False), UNKNOWN),
        (report(outcome(Verdict.PASS), interrupted=True), UNKNOWN),
        (report(outcome(Verdict.NOT_APPLICABLE)), UNKNOWN),
        (report(outcome(Verdict.FAIL, check=WAIVER_EXPIRED, severity=Severity.NOTE)), UNKNOWN),
        (report(), UNKNOWN),
    ],
)
def test_nagios_is_ok_only_when_all_was_seen_and_nothing_found(made: Any, code: int) -> None:
    assert state(made) == code
    assert said("nagios", made).startswith(f"CUCM-AUDIT {('OK', 'WARNING', 'CRITICAL', 'UNKNOWN')[code]} - lab")


@settings(deadline=None, max_examples=50)
@given(NASTY)
def test_nagios_has_one_bar_and_its_numbers_behind_it(text: str) -> None:
    first, *others = said("nagios", hostile(text)).splitlines()
    words, data = first.split(" | ")
    assert "|" not in words + "".join(others)
    assert all(re.fullmatch(r"[a-z_]+=\d+;;;0;", one) for one in data.split())
    assert len(others) <= 40


# ---------------------------------------------------------------------------------------------------------------- HTML


@settings(deadline=None, max_examples=50)
@given(NASTY)
def test_html_shows_names_and_makes_nothing_of_them(text: str) -> None:
    page = said("html", hostile(text))
    root = etree.HTML(page)
    tags = {element.tag for element in root.iter() if isinstance(element.tag, str)}
    assert not tags & {"script", "img", "iframe", "object", "embed", "link", "a", "form", "base"}
    for element in root.iter():
        assert not {name for name in element.attrib if name.startswith("on") or name in ("style", "href", "src")}
    assert len(root.findall(".//style")) == 1


def test_html_draws_what_checks_show_and_says_what_is_not_known() -> None:
    loads = outcome(
        Verdict.NOT_APPLICABLE, check="loads-by-model",
        show={"r.model": ["Cisco 7841", "Cisco 8841"], "r.active_load": ["a", "b"], "r.phones": [3, 1]},
    )  # fmt: skip
    ends = [
        outcome(Verdict.NOT_APPLICABLE, check="web-certificate-ends", node="pub",
                show={"subject": "CN=pub", "not_after": "2026-11-30 09:00:00"}),
        outcome(Verdict.UNKNOWN, check="web-certificate-ends", node="sub", reason=Reason.TIMEOUT),
    ]  # fmt: skip
    page = said("html", report(loads, *ends, complete=False))
    root = etree.HTML(page)
    told = [" ".join(" ".join(row.itertext()).split()) for row in root.iter("tr")]
    assert any(line.startswith("Cisco 7841 a") for line in told)
    assert any("10 days, until 2026-11-30" in line for line in told)
    assert any(line.startswith("sub not known (timeout)") for line in told)
    assert "This report is not complete" in page


def test_html_of_five_thousand_findings_is_small() -> None:
    found = tuple(finding(f"SEP{number:012}", f"SEP{number:012} is not where it should be") for number in range(1000))
    made = report(*(outcome(Verdict.FAIL, check=f"c{number}", findings=found) for number in range(5)))
    assert len(said("html", made).encode()) < 2_000_000
