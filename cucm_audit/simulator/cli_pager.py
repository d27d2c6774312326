"""The two pagers (reference: cli.md section 2.5): one for all output, and the one of ``file view``."""

from cucm_audit.simulator.cli_faults import Faults
from cucm_audit.simulator.cli_terminal import CTRL_C, Terminal

_BOLD, _PLAIN, _WIPE = "\x1b[1m", "\x1b[0m", "\x1b[K"
_MORE = "Press <enter> for 1 line, <space> for one page, or <q> to quit"
_FILE_PAGE = 20  # lines
_OUTPUT_PAGE = 23  # lines; how many a real page has nobody could say


def page_output(terminal: Terminal, faults: Faults, lines: list[str]) -> None:
    """Print ``lines`` a page at a time: Enter for a line, blank for a page, q to leave."""
    size = int(faults.get("cli_page_lines", _OUTPUT_PAGE)) or max(terminal.size()[1] - 1, 1)
    at = size
    terminal.lines(lines[:at])
    lost = _loses(faults)
    while at < len(lines):
        terminal.write(f"{_BOLD}{_MORE}{_PLAIN}{_WIPE}")
        key = terminal.key()
        while key not in ("\r", "\n", " ", "q", CTRL_C):
            key = terminal.key()
        terminal.write(f"\r{_WIPE}")
        if key in ("q", CTRL_C):
            return
        if lost:
            at, lost = at + size, False
        more = size if key == " " else 1
        terminal.lines(lines[at : at + more])
        at += more


def page_file(terminal: Terminal, faults: Faults, lines: list[str]) -> None:
    """Print a file twenty lines a page: n, p, b, e and q, also where it has three lines only."""
    start, shown = 0, -1
    lost = _loses(faults)
    while True:
        if start != shown:
            _show_page(terminal, lines, start)
            shown = start
        key = terminal.key()
        if key in ("q", CTRL_C):
            terminal.write("\r\n")
            return
        wanted = _turn(key, start, len(lines))
        if key == "n" and lost and wanted != start:
            wanted, lost = _turn(key, wanted, len(lines)), False
        start = wanted
        if start != shown:
            terminal.write("\r\n")


def _loses(faults: Faults) -> bool:
    how = faults.get("cli_pager_lost")
    return bool(how.pop(0) if isinstance(how, list) and how else how)


def _show_page(terminal: Terminal, lines: list[str], start: int) -> None:
    end = min(start + _FILE_PAGE, len(lines))
    terminal.lines(lines[start:end])
    over = ["", "end of the file reached"] if end == len(lines) else [""]
    terminal.lines(over)
    first = start + 1 if lines else 0
    where = f"(lines {first} - {end} of {len(lines)}) : "
    terminal.write(f"{_BOLD}options: q=quit, n=next, p=prev, b=begin, e=end {where}{_PLAIN}{_WIPE}")


def _turn(key: str, start: int, total: int) -> int:
    last = max(total - 1, 0) // _FILE_PAGE * _FILE_PAGE
    return {"n": min(start + _FILE_PAGE, last), "p": max(start - _FILE_PAGE, 0), "b": 0, "e": last}.get(key, start)
