"""The codes, the way of a login, and their asks: every ask does what its example says, and never passes on nothing."""

from dataclasses import replace

import pytest
from example_snapshots import broken, example_of, outcomes, subjects

from cucm_audit.checks import CheckError, Checks, Row, load
from cucm_audit.error_codes import KINDS, filled, parameters
from cucm_audit.lookup import find
from cucm_audit.model import State, Verdict
from cucm_audit.tables import columns

CHECKS = load(packages=False)
GUIDE = CHECKS.guide
DEVICE, USER = "SEP000000000001", "mmeier"


def alone(name: str) -> tuple[Checks, str]:
    """The ask as a check of its own, about the phone and the user of the examples."""
    ask = replace(GUIDE.asks[name], sql=filled(GUIDE.asks[name].sql, DEVICE, USER))
    row = Row(id="X1", document="cisco-18772", symptom="", look="", checks=(name,), by_hand="", retired="")
    return replace(CHECKS, rows=(row,), checks={name: ask}), name


def judged(name: str, snapshot):
    return outcomes(snapshot, *alone(name))


@pytest.mark.parametrize("name", GUIDE.asks)
def test_an_ask_finds_what_its_example_says_and_nothing_in_the_fine_one(name):
    ask = alone(name)[0].checks[name]
    found = judged(name, example_of(ask, CHECKS))
    assert subjects(found) == set(ask.example.get("wrong", []))
    assert subjects(found, "could_not_tell") == set(ask.example.get("unknown", []))
    fine = judged(name, example_of(ask, CHECKS, fine=True))
    assert {outcome.verdict for outcome in fine} == {Verdict.PASS}


@pytest.mark.parametrize("name", GUIDE.asks)
def test_with_a_fact_broken_no_ask_is_fine(name):
    ask = alone(name)[0].checks[name]
    reads = example_of(ask, CHECKS).reads(ask.sql)
    for fact in reads.every:
        for state in (State.FAILED, State.PARTIAL):
            snapshot = example_of(ask, CHECKS, fine=True)
            broken(snapshot, fact, state)
            assert {outcome.verdict for outcome in judged(name, snapshot)} == {Verdict.UNKNOWN}, fact


@pytest.mark.parametrize("name", [name for name, ask in GUIDE.asks.items() if ask.example.get("wrong")])
def test_a_value_that_is_not_known_never_makes_an_ask_fine(name):
    ask = alone(name)[0].checks[name]
    for table in sorted(example_of(ask, CHECKS).reads(ask.sql).facts):
        for column in [column.name for column in columns(table) if column.nullable]:
            if (table, column) == ("node", "release"):
                continue
            snapshot = example_of(ask, CHECKS)
            for _ in snapshot.select(f"update {table} set {column} = null"):
                pass
            found = judged(name, snapshot)
            wrong = {subject.rpartition("/")[0] for subject in ask.example["wrong"]}
            lost = [o for o in found if o.node in wrong and o.verdict in (Verdict.PASS, Verdict.NOT_APPLICABLE)]
            assert not lost, f"{table}.{column}"


@pytest.mark.parametrize("name", [name for name, ask in GUIDE.asks.items() if parameters(ask.sql)])
def test_an_ask_about_somebody_who_is_not_there_is_never_fine(name):
    ask = GUIDE.asks[name]
    somebody = replace(ask, sql=filled(ask.sql, "SEP0000000000FF", "nobody"))
    checks = replace(alone(name)[0], checks={name: somebody})
    found = outcomes(example_of(somebody, CHECKS, fine=True), checks, name)
    assert Verdict.PASS not in {outcome.verdict for outcome in found}


def test_every_number_is_a_code_or_listed_nowhere():
    numbers = {code.code for code in GUIDE.codes} | GUIDE.unlisted
    assert {str(number) for number in [*range(48), *range(201, 217), 100, 101, -32]} <= numbers
    assert not {code.code for code in GUIDE.codes} & GUIDE.unlisted


@pytest.mark.parametrize("typed", ["{}", "({})", " [{}] ", "error code {}", "Login is unavailable ({})"])
def test_every_number_is_found_however_it_is_typed(typed):
    for number in [*range(48), *range(201, 217)]:
        found = find(typed.format(number), CHECKS)
        assert found is not None
        assert (found.unlisted == str(number)) == (str(number) in GUIDE.unlisted)
        assert found.unlisted or str(number) in {name for code in found.codes for name in (code.code, code.shown)}
        assert not found.guessed or "Login" in typed, number


def test_what_the_phone_shows_is_not_always_what_the_service_says():
    shown = {code.code: code.shown for code in GUIDE.codes}
    assert [shown[code] for code in ("23", "40", "201", "39", "44")] == ["23", "23", "201", "201", "201"]
    for code in GUIDE.codes:
        if code.kind in ("application", "service"):
            assert f"({code.shown})" in code.shows[0], code.code


def test_every_check_of_a_cause_or_step_says_whom_it_speaks_of():
    named = {name for code in GUIDE.codes for one in code.cause for name in one.checks}
    named |= {name for step in GUIDE.steps for name in step.checks}
    assert named <= set(GUIDE.about)
    assert set(GUIDE.about) <= set(CHECKS.checks) | set(GUIDE.asks)
    assert set(GUIDE.about.values()) <= set(KINDS)


def test_every_cause_can_be_looked_at_or_says_who_has_to():
    for code in GUIDE.codes:
        assert code.cause, code.code
        for one in code.cause:
            assert one.do, (code.code, one.says)
            assert one.checks or one.asks or one.by_hand, (code.code, one.says)


CODE = """
[table]
name = "em_error_code"
as-of = "2026-01-01"
source = "ours"
[[code]]
code = "900"
kind = "service"
name = "Ours"
shows = ["Login is unavailable (900)"]
means = "of our own integration"
[[code.cause]]
says = "the integration is down"
do = "start it"
by_hand = "look at it"
"""


def test_a_users_folder_may_add_codes(tmp_path):
    (tmp_path / "own-codes.toml").write_text(CODE)
    codes = load([tmp_path], packages=False).guide.codes
    assert len(codes) == len(GUIDE.codes) + 1


@pytest.mark.parametrize(
    ("wrong", "right", "says"),
    [
        (
            'by_hand = "look at it"',
            'checks = ["em-url-hots"]',
            "there is no check em-url-hots; did you mean em-url-host",
        ),
        ('by_hand = "look at it"', 'asks = ["phone-lode"]', "there is no ask phone-lode; did you mean phone-load"),
        ('by_hand = "look at it"', 'rows = ["T99"]', "there is no row T99"),
        ('code = "900"', 'code = "23"', "code 23 is used twice"),
        ("[[code.cause]]", "[[cause]]", "unknown table [cause]"),
        ('do = "start it"', 'doo = "start it"', "doo"),
        ('kind = "service"', 'kind = "servise"', "code 900"),
        ('"em_error_code"', '"em_error_kode"', "did you mean em_error_code"),
        ('source = "ours"', "", "as-of and source"),
        ("[[code]]", "[about]\nphon = []\n[[code]]", "did you mean phone"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path, wrong, right, says):
    assert wrong in CODE
    (tmp_path / "own-codes.toml").write_text(CODE.replace(wrong, right, 1))
    with pytest.raises(CheckError) as refused:
        load([tmp_path], packages=False)
    assert says in str(refused.value)
    assert "own-codes.toml" in str(refused.value)
