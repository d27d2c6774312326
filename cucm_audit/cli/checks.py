"""``cucm-audit checks``: what is looked at, and how much of the documents that is."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cucm_audit.cli.console import Problem, say, width
from cucm_audit.cli.options import checks_option, debug_option, output_options
from cucm_audit.model import SEVERITIES

if TYPE_CHECKING:
    from cucm_audit.checks import Check, Checks, Row

KINDS = ("automatic", "partly", "by_hand", "retired", "open")


@click.command("checks")
@click.option("--coverage", is_flag=True, help="Every row of every document, and what becomes of it.")
@click.option("--document", "documents", multiple=True, metavar="ID", help="Only this document (repeatable).")
@click.option("--check", "wanted", multiple=True, metavar="ID", help="Only this check or row (repeatable).")
@click.option("--severity", type=click.Choice([str(s) for s in SEVERITIES]), help="Only checks at least this severe.")
@checks_option
@output_options
@debug_option
def command(
    coverage: bool,
    documents: tuple[str, ...],
    wanted: tuple[str, ...],
    severity: str | None,
    check_folders: tuple[Path, ...],
    kind: str,
    output: Path | None,
    force: bool,
) -> None:
    """List the checks and filter them."""
    from cucm_audit.checks import load
    from cucm_audit.cli import door
    from cucm_audit.proof import prove

    checks = prove(load((*door.load(None, quiet=True).checks, *check_folders)))
    refuse_unknown(checks, documents, wanted)
    rows = [r for r in checks.rows if _wanted(r, checks, documents, wanted)]
    if coverage:
        text = _coverage_json(rows) if kind == "json" else _coverage_table(rows)
    else:
        names = dict.fromkeys(name for row in rows for name in row.checks)
        listed = [checks.checks[name] for name in names if _severe(checks.checks[name], severity)]
        listed = [c for c in listed if not wanted or c.id in wanted or _in_rows(checks, c, wanted)]
        text = _list_json(listed, checks) if kind == "json" else _list_table(listed, checks)
    _out(text, output, force=force)


def refuse_unknown(checks: "Checks", documents: Iterable[str], wanted: Iterable[str]) -> None:
    """Refuse a document, check or row that is not there: a misspelt one would audit nothing and look fine."""
    import difflib

    known_documents = {document.id for document in checks.documents}
    known = {*checks.checks, *(row.id for row in checks.rows)}
    known |= {alias for check in checks.checks.values() for alias in check.aliases}
    for names, there, word in ((documents, known_documents, "document"), (wanted, known, "check or row")):
        for name in names:
            if name not in there:
                near = difflib.get_close_matches(name, there, n=1)
                raise Problem(f"no {word} is called {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))


def _wanted(row: "Row", checks: "Checks", documents: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    names = {row.id, *row.checks, *(alias for name in row.checks for alias in checks.checks[name].aliases)}
    return (not documents or row.document in documents) and (not wanted or bool(names & set(wanted)))


def _in_rows(checks: "Checks", check: "Check", wanted: tuple[str, ...]) -> bool:
    return bool(set(check.aliases) & set(wanted)) or any(row.id in wanted for row in checks.rows_of(check.id))


def _severe(check: "Check", severity: str | None) -> bool:
    order = [str(s) for s in SEVERITIES]
    return severity is None or order.index(str(check.severity)) <= order.index(severity)


def _out(text: str, output: Path | None, *, force: bool) -> None:
    from cucm_audit.cli.console import write_file

    if output is None:
        say(text)
    else:
        write_file(output, text, force=force)


def _coverage_json(rows: Iterable["Row"]) -> str:
    told = [
        {"row": r.id, "document": r.document, "symptom": r.symptom, "kind": r.kind, "checks": list(r.checks)}
        for r in rows
    ]
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def _coverage_table(rows: list["Row"]) -> str:
    from cucm_audit.reports.text import columns

    seen = Counter(row.kind for row in rows)
    table = columns(
        ("Document", "Row", "Kind", "Checks", "Symptom"),
        [[r.document, r.id, r.kind, ", ".join(r.checks), r.symptom] for r in rows],
        width(),
    )
    counted = ", ".join(f"{seen[kind]} {kind.replace('_', ' ')}" for kind in KINDS)
    return f"{table}\n{len(rows)} rows: {counted}\n"


def _list_json(checks: Iterable["Check"], all_checks: "Checks") -> str:
    told = [
        {
            "check": c.id,
            "title": c.title,
            "severity": str(c.severity),
            "per": str(c.per),
            "rows": [row.id for row in all_checks.rows_of(c.id)],
            "documents": list(dict.fromkeys(row.document for row in all_checks.rows_of(c.id))),
            "pack": c.pack,
        }
        for c in checks
    ]
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def _list_table(checks: list["Check"], all_checks: "Checks") -> str:
    from cucm_audit.reports.text import columns

    table = columns(
        ("Check", "Severity", "Rows", "Title"),
        [[c.id, str(c.severity), ", ".join(r.id for r in all_checks.rows_of(c.id)), c.title] for c in checks],
        width(),
    )
    settings = "\n".join(f"  {name} = {json.dumps(value)}" for name, value in sorted(all_checks.settings.items()))
    return f"{table}\n{len(checks)} checks\n\nSettings, for [cluster.NAME.settings], with their defaults:\n{settings}\n"
