"""What was meant: a code, the words on a phone, a row, a check or a document, however it was typed.

An exact name comes first, then the number in the brackets, then words that are alike; the last is a guess, and said so.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import SequenceMatcher, get_close_matches

from cucm_audit.checks import Check, Checks, Document, Row
from cucm_audit.error_codes import Code

LOGIN = ("login", "login-way", "way of a login")
#: How alike two texts have to be before one is taken for the other.
ALIKE = 0.72
#: Words that more codes than this show say nothing ("Login is unavailable" without its number).
MOST_ALIKE = 5
#: Fewer letters are no part of anything.
LEAST = 5
_ALONE = re.compile(
    r"[^\w-]*(?:(?:service|application|em|api|error|code|err|no|number|login|logout|unsuccessful|is|unavailable)[^\w-]+)*"
    r"(-?\d{1,3})\W*",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"[\[(]\s*(-?\d{1,3})\s*[\])]")
_NUMBER = re.compile(r"(?:^|[\s:=#])(-?\d{1,3})(?=$|[\s.,;:!?)\]])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a text means. One of the fields is filled; ``guessed`` says what was taken for what, '' when it is exact."""

    codes: tuple[Code, ...] = ()
    row: Row | None = None
    check: Check | None = None
    document: Document | None = None
    login: bool = False
    table: bool = False
    unlisted: str = ""
    guessed: str = ""


def find(text: str, checks: Checks) -> Found | None:
    """Return what a text means, None when nothing is like it."""
    return _named(text, checks) or _said(text, checks) or _numbered(text, checks) or _alike(text, checks)


def near(text: str, checks: Checks) -> list[str]:
    """Return names and texts that are a little like ``text``, the best first."""
    known = {_plain(name): name for name in [*_names(checks), *(s for code in checks.guide.codes for s in code.shows)]}
    return [known[name] for name in get_close_matches(_plain(text), list(known), 4, 0.4)]


def _names(checks: Checks) -> list[str]:
    codes = [code.code for code in checks.guide.codes]
    rows = [row.id for row in checks.rows]
    return [*codes, *rows, *checks.checks, *(document.id for document in checks.documents), "login", "em-error-codes"]


def _named(text: str, checks: Checks) -> Found | None:
    """Return what has exactly this name; case and brackets around it do not count."""
    name = text.strip().strip("[](){}\"'").strip().casefold()
    if name in LOGIN:
        return Found(login=True)
    if name == "em-error-codes":
        return Found(table=True)
    for row in checks.rows:
        if row.id.casefold() == name:
            return Found(row=row)
    for check in checks.checks.values():
        if name in (check.id, *check.aliases):
            return Found(check=check)
    for document in checks.documents:
        if document.id == name:
            return Found(document=document)
    return _code(name, checks)


def _code(number: str, checks: Checks) -> Found | None:
    """Return every code that has the number inside or shows it; those that show it come first."""
    codes = [code for code in checks.guide.codes if number in (code.code, code.shown) and number]
    if codes:
        return Found(codes=tuple(sorted(codes, key=lambda code: code.shown != number)))
    return Found(unlisted=number) if number in checks.guide.unlisted else None


def _plain(text: str) -> str:
    """Return the words of a text, without case, brackets and signs; numbers stay."""
    return " ".join(re.findall(r"-?[a-z0-9]+", text.casefold()))


def _said(text: str, checks: Checks) -> Found | None:
    """Return the codes for which a phone shows exactly these words, and all others that show the same number."""
    words = _plain(text)
    codes = [code for code in checks.guide.codes if words in [_plain(shows) for shows in (*code.shows, code.name)]]
    if not codes or not words:
        return None
    number = next((code.shown for code in codes if code.shown), "")
    same = [code for code in checks.guide.codes if number and code.shown == number and _BRACKETS.search(text)]
    return Found(codes=tuple(dict.fromkeys((*codes, *same))))


def _numbered(text: str, checks: Checks) -> Found | None:
    """Return the codes of the number in a text: alone, in brackets, or anywhere in it."""
    alone = _ALONE.fullmatch(text)
    found = alone or _BRACKETS.search(text) or _NUMBER.search(text)
    if found is None:
        return None
    if not alone:
        if names := get_close_matches(text.strip().casefold(), [n.casefold() for n in _names(checks)], 1, 0.85):
            return _nearly(names[0], checks)
        whole = _best(text, [c for c in checks.guide.codes if not c.shown])
        if whole is not None and whole[0] >= ALIKE:
            return _guess(whole[1], whole[2], checks)
    meant = _code(str(int(found[1])), checks)
    words = _bare(text)
    if meant is None or alone or not meant.codes:
        return meant
    known = [_bare(shows) for code in meant.codes for shows in (*code.shows, code.name)]
    if any(words in one or one in words or _ratio(words, one) >= ALIKE for one in known if one):
        return meant
    return replace(meant, guessed=f"the number {found[1]} in what was typed; its other words are not those of a code")


def _ratio(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _best(text: str, codes: Iterable[Code]) -> tuple[float, Code, str] | None:
    words = _plain(text)
    pairs = [(_ratio(words, _plain(shows)), number, code, shows) for number, code in enumerate(codes)
             for shows in (*code.shows, code.name)]  # fmt: skip
    best = max(pairs, key=lambda pair: (pair[0], -pair[1]), default=None)
    return None if best is None else (best[0], best[2], best[3])


def _guess(code: Code, shows: str, checks: Checks) -> Found | None:
    """Return what was probably meant: every code that shows those words, unless that could be any."""
    words = _bare(shows)
    codes = [one for one in checks.guide.codes if words in [_bare(text) for text in one.shows]] or [code]
    if len(codes) > MOST_ALIKE:
        return None
    return Found(codes=tuple(dict.fromkeys((code, *codes))), guessed=f"taken for '{shows}'")


def _bare(text: str) -> str:
    return _plain(_BRACKETS.sub("", text))


def _nearly(name: str, checks: Checks) -> Found | None:
    found = _named(name, checks)
    return None if found is None else replace(found, guessed=f"taken for '{name}'")


def _alike(text: str, checks: Checks) -> Found | None:
    """Return what is spelt nearly so: a name first, then what a phone shows, then the words of a row."""
    if names := get_close_matches(text.strip().casefold(), [name.casefold() for name in _names(checks)], 1, 0.8):
        return _nearly(names[0], checks)
    words = _plain(text)
    best = _best(text, checks.guide.codes)
    if best is not None and best[0] >= ALIKE:
        return _guess(best[1], best[2], checks)
    if len(words) < LEAST:
        return None
    inside = [(code, shows) for code in checks.guide.codes for shows in code.shows if words in _plain(shows)]
    if 0 < len({code.code for code, _ in inside}) <= MOST_ALIKE:
        codes = tuple(dict.fromkeys(code for code, _ in inside))
        return Found(codes=codes, guessed=f"taken for a part of '{inside[0][1]}'")
    row = max(checks.rows, key=lambda one: _ratio(words, _plain(one.symptom)), default=None)
    if row is not None and (words in _plain(row.symptom) or _ratio(words, _plain(row.symptom)) >= ALIKE):
        return Found(row=row, guessed=f"taken for row {row.id}: {row.symptom}")
    return None
