"""From the bytes of a terminal to clean lines. Linear in what arrives: nothing that was read is ever read again.

Removes CSI and OSC sequences and terminal noise, applies backspaces, turns CRLF and lone CR into LF. Sequences may be
cut anywhere between two chunks. Reference: cli.md section 2.4.
"""

import codecs
import re

_NOISE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, erasing, moving
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC: titles, links
    r"|\x1b[ -/]*[0-Z\\^-~]"  # everything else that begins with ESC
    r"|[\x00\x07\x0e\x0f]"
)
_NOISE_SIGNS = "\x1b\x00\x07\x0e\x0f"
_CUT_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*\x1b?|[ -/]*)\Z")
_TRAILING_RETURNS = re.compile(r"\r+\Z")
_RETURNS_BEFORE_LF = re.compile(r"(?<!\r)\r+\n")  # from the first of them only: a flood of CRs is read once
_IDLE_RETURNS = re.compile(r"\n\r+")
_RETURNS = re.compile(r"\r+")
_BACKSPACES = re.compile("(\b+)")
_LONGEST_SEQUENCE = 4096
_LONGEST_TAIL = 4096


class Screen:
    """Collects one answer. ``lines`` are whole lines, ``received`` is the number of bytes so far."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.received = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""  # the beginning of a sequence, or a CR that an LF may follow
        self._open: list[str] = []  # pieces of the line that has no end yet
        self._pressed: str | None = None  # the key whose pager line is still to be wiped

    def feed(self, data: bytes) -> None:
        """Take a chunk as it came."""
        self.received += len(data)
        text, cut = _split_sequence(self._held + self._decoder.decode(data))
        if any(sign in text for sign in _NOISE_SIGNS):
            text = _NOISE.sub("", text)
        if self._pressed is not None:
            rest = _wipe_pager(text, self._pressed)
            if rest is None:
                self._held = text + cut
                return
            text, self._pressed = rest, None
        returns = _TRAILING_RETURNS.search(text, max(0, len(text) - _LONGEST_TAIL)) if text.endswith("\r") else None
        if returns:
            text, cut = text[: returns.start()], returns.group() + cut
        self._held = cut
        self._add(text)

    def tail(self) -> str:
        """Return the line that has no end yet; '' when it is too long to be anything but output."""
        if len(self._open) > 1 and sum(map(len, self._open[-_LONGEST_TAIL:])) <= _LONGEST_TAIL:
            self._open = ["".join(self._open)]
        return self._open[0] if len(self._open) == 1 and len(self._open[0]) <= _LONGEST_TAIL else ""

    def last_line(self) -> str:
        """Return the last whole line that is not blank, among the last few; '' when there is none."""
        return next((line for line in reversed(self.lines[-5:]) if line.strip()), "")

    def drop_last_line(self) -> None:
        """Forget the last line that is not blank (a pager's own word)."""
        while self.lines and not self.lines.pop().strip():
            pass

    def drop_tail(self, key: str) -> None:
        """Forget the open line, a pager's. The echo of the ``key`` that is pressed now, and its wiping, go as well."""
        self._open, self._pressed = [], key

    def _add(self, text: str) -> None:
        if "\r" in text:
            text = text.replace("\r\n", "\n")
        if "\r" in text:
            text = self._without_returns(text)
        first, *more = text.split("\n")
        _write(self._open, first)
        if more:
            self.lines.append("".join(self._open))
            self.lines += [_typed(line) for line in more[:-1]]
            self._open = [_typed(more[-1])]

    def _without_returns(self, text: str) -> str:
        """Return text whose CRs are LFs, but for those at the beginning of a line: the cursor is there already."""
        text = _IDLE_RETURNS.sub("\n", _RETURNS_BEFORE_LF.sub("\n", text))
        if not any(self._open):
            text = text.lstrip("\r")
        return _RETURNS.sub("\n", text)


def _split_sequence(text: str) -> tuple[str, str]:
    """Split off an escape sequence that the chunk's end has cut in two. One that never ends is let go as text."""
    start = max(0, len(text) - _LONGEST_SEQUENCE)
    cut = _CUT_SEQUENCE.search(text, start) if text.find("\x1b", start) >= 0 else None
    return (text[: cut.start()], cut.group()) if cut else (text, "")


def _wipe_pager(text: str, key: str) -> str | None:
    """Return what follows a pager's line once its key is pressed; None when that can not be told yet.

    The terminal may echo the key, and then either end the line or go back and write over it.
    """
    echo = f"(?:{re.escape(key)})?"
    if re.match(rf"{echo}[ \r]{{0,2000}}\Z", text):
        return None
    ended = re.match(rf"{echo} *\r*\n", text)
    wiped = ended or re.match(rf"{echo}(?: *\r)+", text)
    return text[wiped.end() :] if wiped else text


def _typed(line: str) -> str:
    """Return a line with its backspaces applied."""
    if "\b" not in line:
        return line
    pieces: list[str] = []
    _write(pieces, line)
    return "".join(pieces)


def _write(pieces: list[str], text: str) -> None:
    """Append text to a line in pieces; each backspace takes one character away, never one of another line."""
    for part in _BACKSPACES.split(text) if "\b" in text else (text,):
        if part.startswith("\b"):
            _take_back(pieces, len(part))
        elif part:
            pieces.append(part)


def _take_back(pieces: list[str], count: int) -> None:
    while count and pieces:
        last = pieces.pop()
        if len(last) > count:
            pieces.append(last[:-count])
        count = max(0, count - len(last))
