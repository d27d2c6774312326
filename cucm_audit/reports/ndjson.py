"""The report as lines of JSON, for log collectors: the head, then every gap, outcome and finding, each with its type.

The parts are those of the canonical document; a finding stands on a line of its own with the check that it belongs to.
"""

import json
from collections.abc import Iterator
from typing import Any

from cucm_audit.model import Report
from cucm_audit.reports import Style
from cucm_audit.reports.json import render as document
from cucm_audit.reports.sanitize import escape_hidden


def render(report: Report, style: Style) -> str:
    """Return one JSON object a line."""
    made = json.loads(document(report, style))
    return "".join(f"{escape_hidden(json.dumps(line, ensure_ascii=False))}\n" for line in _lines(made))


def _lines(made: dict[str, Any]) -> Iterator[dict[str, Any]]:
    gaps, outcomes = made.pop("gaps"), made.pop("outcomes")
    place = {"cluster": made["cluster"]["name"], "taken_at": made["taken_at"]}
    yield {"type": "report", **made}
    yield from ({"type": "gap", **place, **gap} for gap in gaps)
    for outcome in outcomes:
        lists = {kind: outcome.pop(kind) for kind in ("findings", "could_not_tell")}
        yield {"type": "outcome", **place, **outcome}
        about = {name: outcome[name] for name in ("check", "title", "verdict", "severity", "rows", "documents")}
        for kind, word in (("findings", "finding"), ("could_not_tell", "could_not_tell")):
            yield from ({"type": word, **place, **about, **finding} for finding in lists[kind])
