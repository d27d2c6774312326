"""The page that compares us with Cisco's readiness COP says what is so."""

import re
from pathlib import Path

import pytest

from cucm_audit.checks import load

PAGE = Path(__file__).parent.parent / "docs" / "compared-with-cisco-cop.md"
CHECKS = load(packages=False)
ROWS = {row.id: row for row in CHECKS.rows}


def lines() -> list[tuple[str, list[str], list[str], str]]:
    """Every line of the tables: the question, the rows, the checks, and what ours is said to be."""
    found = []
    for line in PAGE.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 4 and cells[3] in ("automatic", "partly", "by hand"):
            found.append((cells[0], cells[1].split(", "), re.findall(r"`([\w-]+)`", cells[2]), cells[3]))
    return found


def test_all_fourteen_tests_and_all_topics_are_there() -> None:
    text = PAGE.read_text("utf-8")
    first, second = text.index("## The fourteen tests"), text.index("## What the guide")
    assert sum(text[first:second].count(f"| {kind} |") for kind in ("automatic", "partly", "by hand")) == 14
    assert len(lines()) == 14 + 12 + 7


@pytest.mark.parametrize("line", lines(), ids=lambda line: line[0])
def test_what_it_names_exists_and_is_what_it_says(line: tuple[str, list[str], list[str], str]) -> None:
    _, rows, checks, kind = line
    assert set(rows) <= set(ROWS), "no such row"
    assert set(checks) <= set(CHECKS.checks), "no such check"
    assert bool(checks) is (kind != "by hand")
    for check in checks:
        assert any(check in row.checks for row in CHECKS.rows), "a check that no row uses"
    by_hand = [row for row in rows if ROWS[row].by_hand]
    assert bool(by_hand) or kind == "automatic", "nobody looks at the rest of it"
