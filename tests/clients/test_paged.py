"""Answers over the pager that counts nothing: what is believed, and what stays in doubt."""

from dataclasses import dataclass

import pytest

from cucm_audit.clients import ClientError, paged
from cucm_audit.clients.commands import COMMANDS, DIAGNOSTICS, HISTORY, REPLICATION, Paged
from cucm_audit.model import Reason
from tests.facts.platform.asked import one, recording

WHOLE = "one 1\ntwo  22\nthree\nfour\n"
SHORT = "one 1\nfour\n"
LATER = "one 7\ntwo 8\nthree\nfour\n"


@dataclass
class Read:
    text: str


class Node:
    """Gives one text after the other; an error where there is none."""

    def __init__(self, *texts):
        self.texts = list(texts)

    def read(self):
        if not self.texts:
            raise ClientError(node="x", source="ssh", doing="reading", reason=Reason.TIMEOUT)
        return Read(self.texts.pop(0))


@pytest.mark.parametrize(
    ("texts", "believed", "readings"),
    [
        ((WHOLE, LATER), LATER, 2),  # a clock goes on: numbers do not count
        ((SHORT, WHOLE, LATER), LATER, 3),
        ((WHOLE, SHORT, WHOLE), WHOLE, 3),
    ],
)
def test_two_equal_readings_are_believed(texts, believed, readings):
    node = Node(*texts, "never read")
    answer, doubt = paged.agreed(node.read(), node.read)
    assert (answer.text, doubt) == (believed, "")
    assert len(node.texts) == len(texts) + 1 - readings


@pytest.mark.parametrize(
    "texts",
    [
        (SHORT, WHOLE, SHORT),  # twice the same page lost: two agree, and they are wrong
        (SHORT, WHOLE, "one 1\ntwo 2\nfour\n"),
        (WHOLE, WHOLE + "five\n", SHORT),
        (WHOLE,),  # no second reading
        (WHOLE, SHORT),  # no third one
    ],
)
def test_readings_that_differ_leave_a_doubt_and_the_longest(texts):
    node = Node(*texts)
    answer, doubt = paged.agreed(node.read(), node.read)
    assert doubt
    assert answer.text == max(texts, key=len)


def test_only_what_counts_itself_is_not_typed_again():
    assert {command for command in COMMANDS if command.paged is Paged.ITSELF} == {HISTORY, REPLICATION}
    assert {command for command in COMMANDS if command.paged is Paged.NOTHING} == {DIAGNOSTICS}, "it leaves a log file"


def test_a_doubt_makes_every_fact_of_the_answer_partial():
    told = one("cli_service", "utils service list", recording("12.5", "service-list"), doubt="it came over the pager")
    assert told.rows
    assert told.reasons == [Reason.INCONSISTENT]
    assert told.kept
