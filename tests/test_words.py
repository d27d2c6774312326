"""The SQL words: their own examples, and NULL in, NULL out for all of them."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cucm_audit import words


def test_the_examples_in_their_docstrings():
    failed, tried = doctest.testmod(words)
    assert tried > 15
    assert failed == 0


@pytest.mark.parametrize(("name", "arguments", "function"), words.WORDS, ids=[word[0] for word in words.WORDS])
def test_null_in_null_out(name, arguments, function):
    for missing in range(arguments):
        given_values = ["12.5.1"] * arguments
        given_values[missing] = None
        assert function(*given_values) is None


@given(st.text(max_size=60))
def test_no_text_makes_a_word_of_one_argument_fail(text):
    for _, arguments, function in words.WORDS:
        if arguments == 1:
            function(text)


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_two_texts_make_a_word_fail(one, other):
    for name in ("same_host", "older_load", "older_version", "to_utc", "days_between"):
        {w[0]: w[2] for w in words.WORDS}[name](one, other)


LOADS = [
    "sip78xx.9-3-1-2",
    "sip78xx.10-1-1-9",
    "sip78xx.10-1-1SR1-4",
    "sip78xx.10-1-1SR2-1",
    "sip78xx.10-2-1-12",
    "sip78xx.10-3-1-12",
    "sip78xx.14-3-1-0001-60",
]


def test_loads_stand_in_the_order_of_the_reference():
    for i, one in enumerate(LOADS):
        for j, other in enumerate(LOADS):
            assert words.older_load(one, other) == int(i < j), (one, other)


@pytest.mark.parametrize(
    "load",
    ["SCCP69xx.9-4-1-3SR1", "CP7921G-1.4.5.3", "cmterm_7936.3-3-21-0", "CIPC-8-6-6-1", "Jabber_for_Windows-12.9"],
)
def test_loads_of_other_shapes_are_never_older_nor_newer_than_a_78xx(load):
    assert words.older_load(load, "sip78xx.10-2-1") is None
    assert words.older_load("sip78xx.10-2-1", load) is None
