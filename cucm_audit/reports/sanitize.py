"""What other people wrote, made harmless for one output format. Names come from LDAP and from whoever may edit a phone.

Nothing is dropped: what a terminal would obey or hide is shown in words instead. Names and numbers stay as they are.
"""

import math
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from wcwidth import wcwidth

#: More combining marks than this on one character are a prank, not a language.
MOST_MARKS = 4

_CONTROL = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
# Categories that a terminal obeys (Cc), hides or turns around (Cf, Zl, Zp), or cannot encode (Cs); Mn and Me pile up.
_SHOWN = {"Cf", "Zl", "Zp", "Cs"}
_HIDDEN = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")


def visible(text: object) -> str:
    """Return ``text`` for a terminal: one line, control characters in hex, what is invisible as ``<U+202E>``."""
    out: list[str] = []
    marks = 0
    for character in str(text):
        category = unicodedata.category(character)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if category == "Cc":
            out.append(_CONTROL.get(character) or f"\\x{ord(character):02x}")
        elif category in _SHOWN or marks > MOST_MARKS or _without_width(character, category):
            out.append(f"<U+{ord(character):04X}>")
        else:
            out.append(character)
    return "".join(out)


def _without_width(character: str, category: str) -> bool:
    """Say whether a character takes no room although it is no mark: it would be there unseen (Hangul fillers ...)."""
    return category not in {"Mn", "Me"} and wcwidth(character) <= 0


def plain(value: Any) -> Any:
    """Return ``value`` as JSON can hold it: lone surrogates replaced, no NaN, mappings sorted by key, bytes as text."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, Mapping):
        return {plain(str(key)): plain(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, int | float) or value is None else plain(str(value))


def escape_hidden(json_text: str) -> str:
    """Return JSON text with what a terminal obeys or hides escaped. Such characters occur inside strings only."""
    return _HIDDEN.sub(lambda found: "".join(f"\\u{unit:04x}" for unit in _utf16(found[0])), json_text)


def _utf16(character: str) -> list[int]:
    raw = character.encode("utf-16-be")
    return [int.from_bytes(raw[at : at + 2]) for at in range(0, len(raw), 2)]
