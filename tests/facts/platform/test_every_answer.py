"""What holds for all readers: no text breaks them, layout does not matter, and nothing is silently lost."""

import re
import time
from importlib.resources import files

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cucm_audit.facts import Per
from cucm_audit.facts.platform import FACTS
from cucm_audit.model import Reason, Source
from cucm_audit.snapshot import Snapshot
from cucm_audit.tables import columns
from tests.facts.platform.asked import COMMANDS, RECORDINGS, gather, recording

SETTINGS = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
NAMES = {command: name for name, command in COMMANDS.items()}
RELEASES = ["8.6", "10.5", "11.5", "12.5", "14", "15"]


def file_of(command):
    return NAMES.get(command) or "count"


def answers_of(fact, release):
    """The recorded answers for a fact; where a release has none recorded, 12.5's or 10.5's."""
    found = {}
    for command in fact.asks:
        name = file_of(command)
        place = next(r for r in (release, "12.5", "10.5") if (RECORDINGS / r / f"{name}.txt").exists())
        found[command] = recording(place, name)
    return found


CASES = [pytest.param(fact, release, id=f"{fact.table}-{release}") for fact in FACTS for release in RELEASES]
TABLES = [pytest.param(fact, id=fact.table) for fact in FACTS]
#: An empty answer to "show version inactive" can mean that there is none (reference: cli.md section 3).
MAY_BE_SILENT = {"inactive_version", "inactive_option"}


def test_every_table_of_the_cli_has_a_fact():
    schema = (files("cucm_audit") / "schema.sql").read_text(encoding="utf-8")
    over_ssh = re.findall(r"^create table (\w+) .*\[SSH", schema, re.M)
    assert sorted(fact.table for fact in FACTS) == sorted(over_ssh)
    assert {fact.source for fact in FACTS} == {Source.SSH}
    assert {fact.table for fact in FACTS if fact.per is Per.PUBLISHER} == {
        "replication",
        "replication_check",
        "backup_history",
        "backup_status",
        "backup_component",
    }
    assert {fact.table for fact in FACTS if fact.per is Per.VOICE_NODE} == {"table_count"}


@pytest.mark.parametrize(("fact", "release"), CASES)
def test_recordings_are_whole_and_fit_the_snapshot(fact, release, tmp_path):
    told = gather(fact.table, answers_of(fact, release))
    assert told.whole, (told.troubles, told.error)
    snapshot = Snapshot.create(tmp_path / "s.db")
    assert snapshot.write(fact.table, told.rows) == len(told.rows)
    snapshot.close()
    for row in told.rows:
        assert set(row) == {column.name for column in columns(fact.table)}


@pytest.mark.parametrize("fact", TABLES)
@SETTINGS
@given(text=st.text(max_size=300))
@example(text="\x00")
@example(text="9" * 5000)
def test_no_text_breaks_a_reader(fact, text):
    told = gather(fact.table, dict.fromkeys(fact.asks, text))
    assert told.rows or not told.whole or (fact.table in MAY_BE_SILENT and not text.strip())


@pytest.mark.parametrize("fact", TABLES)
@SETTINGS
@given(data=st.data())
def test_no_mixture_of_answers_breaks_a_reader(fact, data):
    pieces = [line for path in sorted(RECORDINGS.rglob("*.txt")) for line in path.read_text().splitlines()]
    text = "\n".join(data.draw(st.lists(st.sampled_from(pieces), max_size=25)))
    told = gather(fact.table, dict.fromkeys(fact.asks, text))
    assert all(row["node"] == "bonn-pub" for row in told.rows if "node" in row)


@pytest.mark.parametrize(("fact", "release"), CASES)
@settings(SETTINGS, max_examples=6)
@given(data=st.data())
def test_layout_does_not_matter(fact, release, data):
    plain = answers_of(fact, release)
    end = data.draw(st.sampled_from(["\r\n", "\n", " \r\n", "\t\n", "\n\n", "\r\n\r\n"]))
    before = data.draw(st.sampled_from(["", "\n", "\r\n  \r\n"]))
    indent = data.draw(st.sampled_from(["", " "]))
    odd_layout = {
        command: before + "".join(indent + line + end for line in text.split("\n")) for command, text in plain.items()
    }
    told, expected = gather(fact.table, odd_layout), gather(fact.table, plain)
    assert told.rows == expected.rows
    assert told.whole


HARMLESS = [
    "WARNING: The previous shutdown of this system was ungraceful.",
    "*** WARNING ***",
    "Warning - disk partitions are not aligned",
    "This server was shut down ungracefully, see the release notes",
    "****************************************",
    "end of the file reached",
]


@pytest.mark.parametrize(("fact", "release"), CASES)
@pytest.mark.parametrize("notice", HARMLESS)
def test_a_known_notice_anywhere_does_not_matter(fact, release, notice):
    plain = answers_of(fact, release)
    expected = gather(fact.table, plain)
    for at in range(0, 40, 7):
        told = gather(fact.table, {command: put(text, at, notice) for command, text in plain.items()})
        if fact.table == "table_count" and 0 < at < 3:
            continue
        assert told.rows == expected.rows
        assert told.whole, told.troubles


def put(text, at, line):
    """Put a line into a text, at a place counted from its beginning, or from its end when it is shorter."""
    lines = text.split("\n")
    lines.insert(min(at, len(lines)), line)
    return "\n".join(lines)


@pytest.mark.parametrize("fact", TABLES)
@settings(SETTINGS, max_examples=60)
@given(
    release=st.sampled_from(RELEASES),
    at=st.integers(0, 40),
    line=st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=1, max_size=80)
    | st.sampled_from(
        ["10.1.1.1 x", "a b c", "-", "[STARTED]", "no", "===", "Server Table (processnode) Entries", "0", ": "]
    ),
)
def test_an_odd_line_never_costs_a_row_in_silence(fact, release, at, line):
    plain = answers_of(fact, release)
    told = gather(fact.table, {command: put(text, at, line) for command, text in plain.items()})
    assert not told.whole or len(told.rows) >= len(gather(fact.table, plain).rows)


@pytest.mark.parametrize("fact", TABLES)
@settings(SETTINGS, max_examples=150)
@given(release=st.sampled_from(RELEASES), data=st.data())
def test_a_spoilt_character_never_costs_a_row_in_silence(fact, release, data):
    plain = answers_of(fact, release)
    command = data.draw(st.sampled_from(sorted(plain)))
    text = plain[command]
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from([" ", "", "x", "?", "[", "-", "0", "\n", ":", "٣", "é"]))
    told = gather(fact.table, plain | {command: text[:at] + other + text[at + 1 :]})
    assert not told.whole or len(told.rows) >= len(gather(fact.table, plain).rows)


@pytest.mark.parametrize("fact", TABLES)
@settings(SETTINGS, max_examples=60)
@given(release=st.sampled_from(RELEASES), data=st.data())
def test_lines_of_another_answer_make_a_fact_partial(fact, release, data):
    """Another command's answer that got in between (two prompts in one buffer) is noticed."""
    plain = answers_of(fact, release)
    foreign = "\n".join(["Executed command unsuccessfully", "admin:utils core active list", "No core files found"])
    told = gather(
        fact.table, {command: put(text, data.draw(st.integers(0, 30)), foreign) for command, text in plain.items()}
    )
    assert not told.whole


@pytest.mark.parametrize("fact", TABLES)
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reason.MALFORMED),
        ("No valid command entered\n\nExecuted command unsuccessfully\n", Reason.MALFORMED),
        ("The system is busy, please try again\n", Reason.BUSY),
        ("This command is not allowed during upgrade\n", Reason.BUSY),
    ],
)
def test_a_refusal_is_an_error_with_a_reason(fact, text, reason):
    if fact.table in MAY_BE_SILENT and not text:
        return
    told = gather(fact.table, dict.fromkeys(fact.asks, text))
    assert told.rows == []
    assert told.error.reason is reason
    assert told.error.doing in fact.asks


@pytest.mark.parametrize("fact", TABLES)
@pytest.mark.parametrize("piece", ["a", " ", "=", ".cop", "1", "a:", "x at ", "(", "10.1.1.1 ", "-/", "[STARTED"])
def test_one_endless_line_is_read_in_no_time(fact, piece):
    text = piece * (1_000_000 // len(piece))
    started = time.process_time()
    gather(fact.table, dict.fromkeys(fact.asks, text))
    assert time.process_time() - started < 2


@pytest.mark.parametrize("fact", TABLES)
def test_time_grows_with_the_text_only(fact):
    def seconds(times):
        answers = {command: text * times for command, text in answers_of(fact, "12.5").items()}
        best = 99.0
        for _ in range(3):
            started = time.process_time()
            gather(fact.table, answers)
            best = min(best, time.process_time() - started)
        return best

    # Sixteen times the text; were the time its square, it would be 256 times as much.
    assert seconds(1600) < 64 * max(seconds(100), 0.002)
