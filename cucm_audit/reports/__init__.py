"""How a report is said: one module a format, one explicit dict. Every format is a pure function of the Report."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cucm_audit.model import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a report should look, for the formats that care. ``width`` is in terminal columns."""

    width: int = 100
    colour: bool = False
    verbose: bool = False


def _by(module: str) -> "Callable[[Report, Style], str]":
    """Return the format of a module here, which is imported when a report is written in it: most are not wanted."""

    def render(report: "Report", style: Style) -> str:
        said: str = import_module(f"cucm_audit.reports.{module}").render(report, style)
        return said

    return render


#: ``--format`` to the function that says it. A new format is one module and one line here.
REPORTS: dict[str, "Callable[[Report, Style], str]"] = {
    "table": _by("text"),
    "json": _by("json"),
    "html": _by("html"),
    "markdown": _by("markdown"),
    "csv": _by("csv"),
    "ndjson": _by("ndjson"),
    "junit": _by("junit"),
    "sarif": _by("sarif"),
    "prometheus": _by("prometheus"),
    "nagios": _by("nagios"),
}
