"""What the reader of check files says about a mistake: what is wrong, and the next step, in the words of TOML.

Pure text. The names of file, row and check are put in front by the reader itself.
"""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from itertools import accumulate
from typing import Any

import msgspec

from cucm_audit.tables import columns, tables, views

#: How each kind of value is written in TOML.
_KINDS = {
    "str": 'a text in quotes: "..."',
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": 'a list: ["...", "..."]',
    "object": "a table",
}
_SHORT = {"str": "a text", "int": "a number", "float": "a number", "bool": "true or false", "array": "a list",
          "object": "a table", "null": "nothing"}  # fmt: skip
_CHOICES = {
    "severity": "critical, warning or note",
    "per": "cluster or node",
    "if_none": "not_applicable, unknown or pass",
    "kind": "application, service, page or old",
    "likely": "1, 2 or 3",
}
_PAGE = "checks/README.md lists them"


def meant(word: str, words: Iterable[str]) -> str:
    """Return a suggestion for a word that is misspelt, '' when nothing is close."""
    close = get_close_matches(word, list(words), 1)
    return f"; did you mean {close[0]}?" if close else ""


def near(word: str, words: Iterable[str]) -> str:
    """Return a suggestion, or all words that could have been meant."""
    known = list(words)
    return meant(word, known) or f"; known here: {', '.join(known)}"


def in_table(table: Any, kind: type[msgspec.Struct], error: msgspec.ValidationError) -> str:
    """Say what is wrong with a TOML table that is no ``kind``, and what to write."""
    if not isinstance(table, Mapping):
        return f"expected a table of keys, got {_kind_of(table)}"
    fields = {field.name: field.required for field in msgspec.structs.fields(kind)}
    for key in table:
        if key not in fields:
            return f"unknown key {key}{near(str(key), fields)}"
    missing = [name for name, required in fields.items() if required and name not in table]
    if missing:
        write = "[check.example] below it" if missing[0] == "example" else f"{missing[0]} = ..."
        return f"{', '.join(missing)} missing: write {write}"
    return _value(str(error))


def _value(text: str) -> str:
    """Turn the words of the library for one wrong value into ours."""
    says, _, path = text.partition(" - at `$")
    place = path.strip("`").lstrip(".") or "this table"
    key = re.match(r"\w+", place)
    if wrong := re.match(r"Invalid enum value (.+)", says):
        return f"{place}: {wrong[1]} is no choice; write {_CHOICES[key[0] if key else 'severity']}"
    if "length >= 1" in says:
        return f"{place} is empty: write it"
    if key and key[0] == "releases":
        return f'{place}: a range is two releases in quotes, "" is an open end: releases = [["12.5", ""]]'
    if wrong := re.match(r"Expected `(\w+)`, got `(\w+)`", says):
        return f"{place}: expected {_KINDS.get(wrong[1], wrong[1])}, got {_SHORT.get(wrong[2], wrong[2])}"
    return f"{place}: {says}"


def _kind_of(value: Any) -> str:
    return {str: "a text", bool: "true or false", int: "a number", float: "a number", list: "a list"}.get(
        type(value), "something else"
    )


def in_fragment(fragment: str) -> str:
    """Say what SQL might allow and a check is better without, '' when there is nothing of the kind."""
    bare = re.sub(r"'[^']*'", "''", fragment)
    if bare.count("'") % 2:
        return "a quote is open"
    if ";" in bare:
        return "no semicolon: it is a part of one select"
    if "--" in bare or "/*" in bare:
        return "no comment inside the SQL: write it as a TOML comment (#) above"
    if re.search(r"\bnot\s+in\s*\(\s*select\b", bare, re.IGNORECASE):
        return "'not in (select ...)' goes silent on a value that is not known: write not exists (select 1 from ...)"
    depth = list(accumulate({"(": 1, ")": -1}.get(character, 0) for character in bare))
    if depth and (min(depth) < 0 or depth[-1]):
        return f"a bracket is {'open' if min(depth) >= 0 else 'closed that was never opened'}"
    return ""


def in_example(told: Mapping[str, Any]) -> str:
    """Say what in an example does not fit the tables of facts, '' when all does."""
    for name, rows in told.items():
        if name == "before":
            if not isinstance(rows, Mapping) or {"wrong", "unknown", "before"} & set(rows):
                return "before: expected tables of facts only: [check.example.before]"
            if trouble := in_example(rows):
                return f"before: {trouble}"
        elif name in ("wrong", "unknown"):
            if not isinstance(rows, list) or not all(isinstance(subject, str) for subject in rows):
                return f'{name}: expected a list of subjects: {name} = ["..."]'
        elif name not in tables():
            return f"has a table {name}, which does not exist{meant(name, tables()) or f'; {_PAGE}'}"
        elif not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            return f"{name}: expected a list of rows: {name} = [{{ column = value }}]"
        else:
            known = [column.name for column in columns(name)]
            for column in (column for row in rows for column in row if column not in known):
                return f"has {name}.{column}, which does not exist{near(column, known)}"
    return ""


def in_sql(text: str, sql: str) -> str:
    """Say what to do about the words of SQLite (or of the authoriser) for a query that does not work."""
    if wrong := re.search(r"no such column: (\S+)", text):
        return f"no column {wrong[1]}{_column(wrong[1], sql)}"
    if wrong := re.search(r"no such table: (\S+)", text):
        return f"no table {wrong[1]}" + (meant(wrong[1], tables() | views()) or f"; {_PAGE}")
    if wrong := re.search(r"no such function: (\S+)|calls (\w+)\(\)", text):
        return f"the word {wrong[1] or wrong[2]}() is not for checks; {_PAGE}"
    if wrong := re.search(r"reads (\w+), which is no fact", text):
        return f"{wrong[1]} is not for checks; {_PAGE}"
    if "one statement" in text or "does more than reading" in text or "only select" in text:
        return "a check may only read: look_at is what follows 'from' in one select, wrong_if a condition"
    if wrong := re.search(r'near "([^"]*)": syntax error', text):
        return f"the SQL is not understood at '{wrong[1]}': look_at follows 'from', wrong_if is one condition"
    if "incomplete input" in text:
        return "the SQL ends too early: is a bracket or a quote open?"
    return text


def _column(wrong: str, sql: str) -> str:
    """Return the column that was perhaps meant, among those of the tables that the query names."""
    words = {word.lower() for word in re.findall(r"\w+", sql)}
    known = {column.name for table in (tables() | views()) & words for column in columns(table)}
    name = wrong.rpartition(".")[2]
    return meant(name, known) or f"; {_PAGE}"
