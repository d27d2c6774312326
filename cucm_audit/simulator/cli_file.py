"""The ``file`` commands over ``system-history.log``, and how that log is written (reference: cli.md 2.5, 8, 9)."""

import re
from collections.abc import Callable

from cucm_audit.simulator.cli_answer import Answer, Call, failure, installed_at, local, numbers, text
from cucm_audit.simulator.world import SimEvent

_LOG = "system-history.log"
_RULE = "=" * 39
_PATHS = {"install": "/var/log/install", "activelog": "/var/log/active", "inactivelog": "/var/log/inactive"}
# Old logs name no version in these lines; the newer ones do.
_BARE = ("Boot", "Restart", "System Restart", "Shutdown")


def history(call: Call) -> list[str]:
    """Return the node's system-history.log: a head, then one line an event, in the node's own time."""
    node = call.node
    first = next((event.subject for event in node.events if event.action == "Install"), node.release)
    lines = _head(call, first)
    for event in node.events:
        lines.append(_line(call, event))
        if call.faults.get("cli_history_headers") and event.action == "Switch Version" and event.result == "Success":
            lines += _head(call, event.subject.rpartition(" to ")[2])
    return lines


def _head(call: Call, version: str) -> list[str]:
    product = "IM and Presence Service" if call.node.product == "cups" else "Communications Manager"
    kernel = "2.6.18-238.el5PAE" if numbers(version) < (12,) else "3.10.0-862.el7.x86_64"
    return [
        _RULE,
        f"Product Name -    Cisco Unified {product}",
        f"Product Version - {version}",
        f"Kernel Image -    {kernel}",
        _RULE,
    ]


def _line(call: Call, event: SimEvent) -> str:
    subject = "" if call.release < (10,) and event.action in _BARE else event.subject
    what = " ".join(part for part in (event.action, subject, event.result) if part)
    blank = " " if call.faults.get("cli_trailing_blank") else ""
    return f"{local(call.node, event.at):%m/%d/%Y %H:%M:%S} | root: {what}{blank}"


def _content(call: Call) -> list[str] | None:
    if len(call.rest) >= 2 and call.rest[0] == "install" and call.rest[1].lstrip("/") == _LOG:
        return history(call)
    return None


def _missing(call: Call) -> Answer:
    if len(call.rest) < 2 or call.rest[0] not in _PATHS:
        return failure("Enter valid values for the command")
    return failure(f"File {call.rest[1]} does not exist")  # from memory


def view(call: Call) -> Answer:
    """``file view PLACE FILE``: twenty lines a page, in a pager of its own that is never off."""
    lines = _content(call)
    return _missing(call) if lines is None else Answer(lines=tuple(lines), pager="file")


def dump(call: Call) -> Answer:
    """``file dump PLACE FILE [recent] [regexp EXPR]``: the whole file, through the output pager."""
    lines = _content(call)
    if lines is None:
        return _missing(call)
    return _matching(call, lines, lambda kept: Answer(lines=tuple(kept)))


def _matching(call: Call, lines: list[str], finish: Callable[[list[str]], Answer]) -> Answer:
    if "regexp" not in call.rest[:-1]:
        return finish(lines)
    try:
        wanted = re.compile(call.rest[call.rest.index("regexp") + 1])
    except re.error:
        return failure("The regular expression is not valid")
    return finish([line for line in lines if wanted.search(line)])


def tail(call: Call) -> Answer:
    """``file tail PLACE FILE [LINES]``: the last lines, without a pager (default ten)."""
    lines = _content(call)
    if lines is None:
        return _missing(call)
    count = next((int(word) for word in call.rest[2:] if word.isdigit()), 10)
    return Answer(lines=tuple(lines[-count:] if count else ()), pager="none")


def search(call: Call) -> Answer:
    """``file search PLACE FILE EXPR [ignorecase]``: the hits with their line numbers."""
    lines = _content(call)
    if lines is None:
        return _missing(call)
    if len(call.rest) < 3:
        return failure("Enter valid values for the command")
    try:
        wanted = re.compile(call.rest[2], re.IGNORECASE if "ignorecase" in call.rest[3:] else 0)
    except re.error:
        return failure("The regular expression is not valid")
    path = f"{_PATHS['install']}/{_LOG}"
    hits = [f"{number:010}: {line}" for number, line in enumerate(lines, 1) if wanted.search(line)]
    return text("", f"Searching path: {path}", f"Searching file: {path}", *hits, "", "Search completed")


def list_files(call: Call) -> Answer:
    """``file list install *``: the install logs. The layout with ``detail`` is from memory."""
    if not call.rest or call.rest[0] not in _PATHS:
        return failure("Enter valid values for the command")
    born = local(call.node, installed_at(call.node))
    names = [f"install_log_{born:%Y-%m-%d.%H.%M.%S}.log", _LOG] if call.rest[0] == "install" else []
    if not names:
        return failure("no files were found")
    if "detail" in call.rest:
        size = sum(len(line) + 1 for line in history(call))
        names = [f"{born:%d %b,%Y %H:%M:%S}  {size:>14,}  {name}" for name in names]
    return text(*names, f"dir count = 0, file count = {len(names)}")
