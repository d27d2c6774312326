"""The report for a terminal."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcswidth

from cucm_audit.model import Reason, Verdict
from cucm_audit.reports import REPORTS, Style
from cucm_audit.reports.sanitize import visible
from tests.reports.invented import LOST, finding, full, outcome, report


def text(made: object, **style: object) -> str:
    return REPORTS["table"](made, Style(**style))  # type: ignore[arg-type]


def test_what_was_not_seen_comes_first_and_the_worst_finding_next() -> None:
    page = text(full())
    places = [
        page.index(words)
        for words in (
            "COULD NOT BE SEEN",
            "trust add lab",
            "COULD NOT TELL",
            "FINDINGS",
            "critical",
            "warning",
            "COUNTS",
        )
    ]
    assert places == sorted(places)


def test_facts_with_one_cause_are_one_line() -> None:
    page = text(full())
    assert "installed_option, node_clock" in page
    assert page.count("hostkey_unknown  ") == 1


def test_ten_subjects_and_how_many_more() -> None:
    page = text(full())
    assert page.count("is left over") == 10
    assert "and 7 more" in page  # two that are not listed, five that the judge had cut
    assert text(full(), verbose=True).count("is left over") == 12


def test_counts_and_cost() -> None:
    page = text(full())
    assert "Checks: 2 wrong, 1 unknown, 1 fine, 1 not applicable, 1 by hand." in page
    assert "Findings: 1 critical, 17 warning, 0 note." in page
    assert "41 AXL requests, 1 RIS request, 3 SSH sessions, 0 writes possible" in page


@pytest.mark.parametrize("width", range(60, 110, 5))
def test_a_number_stays_beside_what_it_counts(width: int) -> None:
    page = text(full(), width=width)
    for words in ("41 AXL requests,", "3 SSH sessions,", "0 writes possible (12.4 s)."):
        assert words in page


def test_a_report_that_is_not_complete_says_so() -> None:
    assert "not complete" in text(full())
    assert "not complete" not in text(report(outcome(Verdict.PASS)))
    assert "INTERRUPTED" in text(report(interrupted=True, complete=False))


def test_what_was_allowed_stands_in_the_report() -> None:
    assert "allow-unknown: not_asked" in text(full())


@pytest.mark.parametrize("name", ["0012", "1e5", "+49301234", "00e512345678", "DOMÄNE\\user", "a%sb{}"])
def test_names_and_numbers_stay_as_they_are(name: str) -> None:
    page = text(report(outcome(Verdict.FAIL, findings=(finding(name),)), gaps=(LOST,)))
    assert f"- {name} is left over" in page
    gap = text(report(gaps=(LOST.__class__(**{**_fields(LOST), "node": name}),)))
    assert re.search(rf"^{re.escape(name)} ", gap, re.MULTILINE)


def _fields(gap: object) -> dict[str, object]:
    return {name: getattr(gap, name) for name in gap.__slots__}  # type: ignore[attr-defined]


def test_colour_only_when_wanted_and_never_alone() -> None:
    plain, coloured = text(full()), text(full(), colour=True)
    assert "\x1b" not in plain
    assert "\x1b[1;31m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


ANYTHING = st.text(st.characters(exclude_categories=()), max_size=60)


@given(ANYTHING, ANYTHING, st.integers(60, 160))
def test_hostile_names_neither_reach_the_terminal_nor_break_the_width(name: str, detail: str, width: int) -> None:
    gap = LOST.__class__(**{**_fields(LOST), "node": name, "detail": detail})
    failed = outcome(Verdict.FAIL, findings=(finding(name or "x"),), node=name)
    unknown = outcome(Verdict.UNKNOWN, node=name, reason=Reason.TIMEOUT, detail=detail)
    page = text(report(failed, unknown, gaps=(gap,), cluster=detail), width=width)
    page.encode()
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]", page)
    for line in page.splitlines():
        assert wcswidth(line) <= width, line


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("a\rb\nc\td", "a\\rb\\nc\\td"),
        ("\x9b31m\x07\x7f\x00", "\\x9b31m\\x07\\x7f\\x00"),
        ("\u202egnp", "<U+202E>gnp"),
        ("a\u200bb", "a<U+200B>b"),
        ("\ud800", "<U+D800>"),
        ("e" + "\u0301" * 6, "e" + "\u0301" * 4 + "<U+0301>" * 2),
        ("Müller 電話", "Müller 電話"),
    ],
)
def test_what_a_terminal_would_obey_or_hide_is_shown(hostile: str, shown: str) -> None:
    assert visible(hostile) == shown


def test_every_control_character_is_shown() -> None:
    for code in [*range(32), *range(0x7F, 0xA0)]:
        assert visible(chr(code)).isprintable()


def test_an_expression_is_shown_without_a_name() -> None:
    made = report(outcome(Verdict.NOT_APPLICABLE, show={"p.name || ' ' || coalesce(n.number, 'none')": ["SEP1 0012"]}))
    assert ": SEP1 0012" in text(made)
    assert "coalesce" not in text(made)


def test_checks_that_lack_what_was_told_already_are_one_paragraph_and_none_is_left_out() -> None:
    def doubt(check: str, **changes: object) -> object:
        given = {"node": "cucm-sub2", "findings": (), "detail": "as it is", "reason": Reason.HOSTKEY_UNKNOWN, **changes}
        return outcome(Verdict.UNKNOWN, check=check, title=f"Title of {check}", **given)

    alike = [doubt(f"check-{number}") for number in range(5)]
    seen = doubt("saw-something", findings=(finding("x", "x is wrong"),))
    other = doubt("another-cause", reason=Reason.TIMEOUT)
    made = report(*alike, seen, other, gaps=(LOST,))  # type: ignore[arg-type]
    page = text(made)
    told = page[page.index("COULD NOT TELL") :]
    assert "unknown   5 checks, cucm-sub2: hostkey_unknown, see above" in told
    assert all(f"check-{number}" in told for number in range(5))
    assert "Title of check-0" not in told
    assert "Title of saw-something" in told
    assert "x is wrong" in told
    assert "timeout: as it is" in told
    assert all(f"Title of check-{number}" in text(made, verbose=True) for number in range(5))
