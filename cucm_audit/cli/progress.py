"""What a run is doing, for the person who waits: on standard error, and only when that is a terminal."""

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from cucm_audit.cli.console import masked, on_terminal
from cucm_audit.reports.sanitize import visible

if TYPE_CHECKING:
    from cucm_audit.collect import Event


@contextlib.contextmanager
def progress(*, quiet: bool) -> "Iterator[Callable[[Event], None]]":
    """Yield what the collector tells its events to. Without a terminal it does nothing."""
    if quiet or not on_terminal():
        yield lambda _event: None
        return
    from rich.console import Console
    from rich.live import Live

    with Live(
        console=Console(stderr=True, highlight=False, markup=False), transient=True, refresh_per_second=4
    ) as live:
        yield _Lines(live).hear


class _Lines:
    """A line a node: what it is being asked, or what became of it."""

    def __init__(self, live: Any) -> None:
        self._live = live
        self._lines: dict[str, str] = {}

    def hear(self, event: "Event") -> None:
        """Take one event into the picture. Data is text here, never markup."""
        from rich.text import Text

        key = " ".join(part for part in (event.node, event.source) if part) or "door"
        if event.what == "waiting":
            told = f"waiting {event.seconds:.0f} s for the cluster's own limit of RIS queries"
        else:
            told = " ".join(part for part in (event.what, event.fact, event.detail) if part)
        self._lines[key] = told
        lines = [visible(f"{name:<30} {line}") for name, line in self._lines.items()]
        self._live.update(Text(masked("\n".join(lines[-20:])), no_wrap=True, overflow="ellipsis"))
