"""What other people wrote, made harmless: exactly what comes out, character by character."""

import enum
import json
import re
import unicodedata

import pytest
from wcwidth import wcwidth

from cucm_audit.reports.sanitize import MOST_MARKS, escape_hidden, plain, visible

MARK, ENCLOSING = "\u0301", "\u20dd"


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\n", "\\n"),
        ("\r", "\\r"),
        ("\t", "\\t"),
        ("\x00", "\\x00"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\x7f", "\\x7f"),
        ("\x85\x9b", "\\x85\\x9b"),
        ("\u202e", "<U+202E>"),
        ("\u2028\u2029", "<U+2028><U+2029>"),
        ("\ud800", "<U+D800>"),
        ("\ufeff", "<U+FEFF>"),
        ("\U000e0041", "<U+E0041>"),
        ("\u3164", "<U+3164>"),
        (" a  b ", " a  b "),
        ("Zo\u0308e", "Zo\u0308e"),
        ("e" + MARK * 4, "e" + MARK * 4),
        (MARK * 5, MARK * 4 + "<U+0301>"),
        ("e" + MARK * 5 + "f" + MARK, "e" + MARK * 4 + "<U+0301>f" + MARK),
        ("e" + ENCLOSING * 5, "e" + ENCLOSING * 4 + "<U+20DD>"),
        ("e" + (MARK + ENCLOSING) * 2 + MARK, "e" + (MARK + ENCLOSING) * 2 + "<U+0301>"),
        ("M\u00fcller \u96fb\u8a71", "M\u00fcller \u96fb\u8a71"),
        (12, "12"),
        (None, "None"),
    ],
)
def test_what_a_terminal_would_obey_or_hide_is_shown(hostile: object, shown: str) -> None:
    assert visible(hostile) == shown


def test_every_character_is_shown_in_its_own_way() -> None:
    """What comes through takes room, is no control, hides nothing; what does not is named. (Planes 2 on: CJK.)"""
    assert MOST_MARKS == 4
    for code in [*range(0x20000), *range(0xE0000, 0xE0200)]:
        character = chr(code)
        shown, category = visible(character), unicodedata.category(character)
        if shown == character:
            assert category not in ("Cc", "Cf", "Cs", "Zl", "Zp"), hex(code)
            assert wcwidth(character) > 0 or category in ("Mn", "Me"), hex(code)
        elif category == "Cc":
            assert shown in ("\\n", "\\r", "\\t", f"\\x{code:02x}"), hex(code)
        else:
            assert shown == f"<U+{code:04X}>", hex(code)


class Word(enum.StrEnum):
    ONE = "one"


@pytest.mark.parametrize(
    ("value", "held"),
    [
        ("a\ud800b\udfff", "a\ufffdb\ufffd"),
        ({"b": 1, "a": "\udc00"}, {"a": "\ufffd", "b": 1}),
        ({"\ud800": None}, {"\ufffd": None}),
        ({2: 1, 10: 2}, {"10": 2, "2": 1}),
        ((1, "x"), [1, "x"]),
        ({"only"}, ["only"]),
        (frozenset({3}), [3]),
        (float("nan"), None),
        (float("inf"), None),
        (float("-inf"), None),
        (1.5, 1.5),
        (2**63, 2**63),
        (True, True),
        (False, False),
        (None, None),
        (b"ok\xff", "ok\ufffd"),
        (Word.ONE, "one"),
        ([[{"x": float("nan")}]], [[{"x": None}]]),
        (1 + 2j, "(1+2j)"),
    ],
)
def test_what_json_can_hold(value: object, held: object) -> None:
    found = plain(value)
    assert found == held
    assert type(found) is type(held) or isinstance(held, str)
    if isinstance(found, dict):
        assert list(found) == list(held)  # type: ignore[call-overload]
    json.dumps(found, allow_nan=False).encode()


HIDDEN = [
    *range(0x7F, 0xA0), 0xAD, 0x61C, 0x180E, *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070),
    0xFEFF, *range(0xFFF9, 0xFFFC), *range(0xE0000, 0xE0080),
]  # fmt: skip


def test_hidden_characters_are_escaped_in_json_and_no_others() -> None:
    hidden = set(HIDDEN)
    others = "".join(chr(code) for code in range(0xE0100) if code not in hidden and not 0xD800 <= code < 0xE000)
    assert escape_hidden(others) == others
    for code in HIDDEN:
        escaped = escape_hidden(chr(code))
        assert re.fullmatch(r"(\\u[0-9a-f]{4}){1,2}", escaped), hex(code)
        assert json.loads(f'"{escaped}"') == chr(code)


def test_an_escape_stands_where_its_character_stood() -> None:
    assert escape_hidden('{"a": "x\u202ey\U000e0041"}') == '{"a": "x\\u202ey\\udb40\\udc41"}'
