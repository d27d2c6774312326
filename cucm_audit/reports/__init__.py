"""How a report is said: one module a format, one explicit dict. Every format is a pure function of the Report."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cucm_audit.model import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a report should look, for the formats that care. ``width`` is in terminal columns."""

    width: int = 100
    colour: bool = False
    verbose: bool = False


def _table(report: "Report", style: Style) -> str:
    from cucm_audit.reports import text

    return text.render(report, style)


def _json(report: "Report", style: Style) -> str:
    from cucm_audit.reports import json

    return json.render(report, style)


#: ``--format`` to the function that says it. A new format is one module and one line here.
REPORTS: dict[str, "Callable[[Report, Style], str]"] = {"table": _table, "json": _json}
