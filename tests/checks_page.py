"""The generated parts of checks/README.md: the documents' tables, the checks, the SQL words, the tables of facts."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from inspect import signature

from cucm_audit.checks import Check, Checks, Row, load
from cucm_audit.facts import Per, facts
from cucm_audit.model import SEVERITIES
from cucm_audit.queries import FUNCTIONS
from cucm_audit.snapshot import Snapshot
from cucm_audit.tables import HIDDEN_TABLES, OWN_TABLES, columns, schema, views
from cucm_audit.words import WORDS

_SOURCES = {"axl": "AXL", "ris": "RIS", "services": "Control Center and PerfMon", "ssh": "SSH", "web": "HTTP"}
_PER = {
    Per.CLUSTER: "once a cluster",
    Per.NODE: "of each node",
    Per.VOICE_NODE: "of each voice node",
    Per.PUBLISHER: "of the publisher",
}
_SECTION = re.compile(r"-- -{10,} (.+)")
_OBJECT = re.compile(r"create (table|view) (\w+)(?: as)?(?: \()?\s*(?:-- *(.*))?")
_COLUMN = re.compile(r"  (\w+) ?[^-]*?(?:-- *(.*))?")
_SOURCE = re.compile(r"\s*\[[^\[\]]*\]\s*$")


def cell(text: str) -> str:
    """A text as one cell of a table: its own bars, stars and brackets stay what they are."""
    marks = {"<": "&lt;", ">": "&gt;"}
    return re.sub(r"[\\|*<>]", lambda found: marks.get(found[0], f"\\{found[0]}"), " ".join(text.split()))


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    head = list(head)
    return ["| " + " | ".join(line) + " |" for line in (head, ["---"] * len(head), *rows)]


def block(*parts: Iterable[str]) -> str:
    """Parts with an empty line between them and at the ends: Markdown needs them around tables."""
    return "\n" + "\n\n".join("\n".join(part) for part in parts) + "\n\n"


# --------------------------------------------------------------------------------------------------- rows and checks


def rows_text() -> str:
    checks = load(packages=False)
    parts: list[list[str]] = []
    for document in checks.documents:
        parts += [[f"### {document.title}"], [f"`{document.id}`: {document.source}"]]
        rows = [row for row in checks.rows if row.document == document.id]
        head = ("row", "symptom", "where to look", "checks", "severity", "kind")
        parts.append(table(head, (_row(row, checks) for row in rows)))
    return block(*parts)


def _row(row: Row, checks: Checks) -> list[str]:
    found = {checks.checks[name].severity for name in row.checks}
    severities = ", ".join(str(severity) for severity in SEVERITIES if severity in found)
    named = ", ".join(f"[`{name}`](#{name})" for name in row.checks)
    kind = ": ".join(filter(None, (row.kind.replace("_", " "), cell(row.retired), cell(row.by_hand))))
    return [row.id, cell(row.symptom), cell(row.look), named, severities, kind]


def checks_text() -> str:
    checks, snapshot, parts = load(packages=False), Snapshot.memory(), []
    for document in checks.documents:
        there = [check for check in checks.checks.values() if check.document == document.id]
        parts += [[f"### Checks of `{document.id}`"], [line for check in there for line in _check(check, snapshot)]]
    return block(*parts)


def _check(check: Check, snapshot: Snapshot) -> Iterator[str]:
    reads = snapshot.reads(check.sql)
    where = "each node" if check.per == "node" else "the cluster"
    yield f'- <a id="{check.id}"></a>**`{check.id}`** {cell(check.title)} ({check.severity}, {where})'
    none = ", ".join(filter(None, (check.if_none.replace("_", " "), check.none_says)))
    told = {
        "Reads": ", ".join(f"`{name}`" for name in sorted(reads.every)),
        "Compares with": ", ".join(f"`before.{name}`" for name in sorted(reads.earlier.every)),
        "Releases": ", ".join(_span(low, high) for low, high in check.releases),
        "Says": cell(check.says),
        "Why": cell(check.why),
        "Fix": cell(check.fix),
        "When there is none": cell(none),
        "See": ", ".join(check.references),
    }
    yield from (f"  - {name}: {text}" for name, text in told.items() if text)


def _span(low: str, high: str) -> str:
    return f"{low or 'any'} to before {high}" if high else f"{low} and later"


# ------------------------------------------------------------------------------------------------------------- words


def words_text() -> str:
    rows = []
    for name, _, word in WORDS:
        text = (word.__doc__ or "").strip()
        example = re.search(r">>> (.+)\n\s*(.+)", text)
        shown = f"`{example[1]}` is `{example[2].strip()}`".replace("|", "\\|") if example else ""
        rows.append(
            [f"`{name}({', '.join(signature(word).parameters)})`", cell(text.splitlines()[0].replace("``", "`")), shown]
        )
    sqlite = ", ".join(f"`{name}`" for name in sorted(FUNCTIONS - {name for name, _, _ in WORDS}))
    return block(
        table(("word", "what it does", "for example (`None` is NULL)"), rows),
        [f"Of SQLite's own: {sqlite}. Any other word is refused."],
    )


# ------------------------------------------------------------------------------------------------------------- facts


@dataclass
class Told:
    """A table or view of schema.sql and its comments."""

    kind: str
    name: str
    section: str
    comment: str
    columns: dict[str, str] = field(default_factory=dict)


def told() -> list[Told]:
    """Every table and view of schema.sql, in its order, with the comments that stand beside them."""
    found: list[Told] = []
    section = ""
    for line in schema().splitlines():
        if title := _SECTION.fullmatch(line):
            section = title[1]
        elif made := _OBJECT.match(line):
            found.append(Told(made[1], made[2], section, _SOURCE.sub("", made[3] or "")))
        elif found and found[-1].kind == "table" and (column := _COLUMN.fullmatch(line)):
            found[-1].columns[column[1]] = column[2] or ""
    return found


def facts_text() -> str:
    parts: list[list[str]] = []
    section = ""
    for one in told():
        if one.name in HIDDEN_TABLES | {"meta", "ledger"} or one.name.startswith("publisher_"):
            continue
        if one.section != section:
            section = one.section
            parts.append([f"### {section[0].upper()}{section[1:]}"])
        parts += _view(one) if one.kind == "view" else _table(one)
    parts.append([_publisher()])
    return block(*parts)


def _table(one: Told) -> list[list[str]]:
    asked = next((fact for fact in facts() if fact.table == one.name), None)
    assert asked or one.name in OWN_TABLES, f"nobody asks for {one.name}"
    where = f"{_SOURCES[asked.source]}, {_PER[asked.per]}" if asked else "filled by the run itself"
    where += "; never empty" if asked and asked.never_empty else ""
    rows = [
        [f"`{c.name}`", c.kind or "any", "NULL = not known" if c.nullable else "", cell(one.columns.get(c.name, ""))]
        for c in columns(one.name)
    ]
    return [[f"**`{one.name}`** {cell(one.comment)} ({where})"], table(("column", "kind", "", "meaning"), rows)]


def _view(one: Told) -> list[list[str]]:
    snapshot = Snapshot.memory()
    reads = ", ".join(f"`{name}`" for name in sorted(snapshot.reads(f"select * from {one.name}").facts))
    named = ", ".join(f"`{column.name}`" for column in columns(one.name))
    return [[f"**`{one.name}`** {cell(one.comment)}", "", f"- Columns: {named}", f"- From: {reads}"]]


def _publisher() -> str:
    named = ", ".join(f"`{name}`" for name in sorted(views()) if name.startswith("publisher_"))
    return f"What the publisher says, for checks of the other nodes: {named}. Same columns as without `publisher_`."


#: Name of the part, as in the marks <!-- name --> and <!-- /name -->, and what makes it.
PARTS = {"rows": rows_text, "checks": checks_text, "words": words_text, "facts": facts_text}
