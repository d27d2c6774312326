"""What becomes of each of the 72 rows of the three documents: checked, partly, by hand, or retired. None stays open."""

import pytest

from cucm_audit.checks import load

#: A automatic, P partly (a person decides), M by hand, L gone with an old release; two letters: either is right.
KINDS = {
    "A": "T1 T4 T5 T8 T9 P2 P3 P4 P5 P7b P9 P10 P12b P13 P20 P21 P23 P24a P24b P27 P28 P33 P34 C1 C2 C3 C5 C6 N1 N2"
    " D1 D2 D3 D5 D7 D8 D9 P1 P19 P32",
    "P": "T2 T3 T6 T7 T10 P7a P12c P15 P16 P17 P18 P25 P26 P29 P31 N3 N4 D4 D10",
    "M": "T11 T12 P30",
    "L": "P6 P7c P8 P11 P12a P12d P14 P22 C4",
    "LP": "D6",
}
BECOMES = {
    "A": {"automatic", "partly"},
    "P": {"automatic", "partly"},
    "M": {"by_hand"},
    "L": {"retired"},
    "LP": {"by_hand", "partly"},
}
DOCUMENTS = ("cisco-18772", "em-login-7821", "scenario-45")
CHECKS = load(packages=False)
ROWS = {row.id: row for row in CHECKS.rows if row.document in DOCUMENTS}


def test_all_rows_of_the_documents_are_in_the_list():
    listed = [row for rows in KINDS.values() for row in rows.split()]
    assert sorted(listed) == sorted(ROWS)
    assert len(listed) == len(set(listed)) == 72


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_is_what_it_can_be(kind):
    become = {row: ROWS[row].kind for row in KINDS[kind].split()}
    assert {row: found for row, found in become.items() if found not in BECOMES[kind]} == {}


def test_what_is_left_to_a_person_says_where_to_look():
    for row in ROWS.values():
        assert row.kind != "open", row.id
        if row.kind in ("by_hand", "partly"):
            assert len(row.by_hand) > 40, row.id
        if row.kind == "retired":
            assert "5.0" in row.retired or "3.x" in row.retired, f"{row.id}: with which release it went"


@pytest.mark.parametrize("row", [row for row in ROWS if ROWS[row].checks])
def test_a_row_that_is_checked_has_a_check_that_judges_or_shows(row):
    found = [CHECKS.checks[name] for name in ROWS[row].checks]
    assert any(check.wrong_if for check in found) or row in ("P29", "D6")
    assert all(check.says and check.fix and check.why for check in found)
