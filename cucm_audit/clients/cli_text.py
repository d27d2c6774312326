"""What the lines of the platform CLI mean: prompt, pagers, questions, the echo of a command, a refusal.

Reference: cli.md sections 2.4 to 2.6. The wording of refusals is known in part only; an unknown one is malformed, never
fine.
"""

import re
from collections.abc import Sequence
from enum import Enum

from cucm_audit.model import Reason

_PROMPT_TEXT = r"(?:\d+\s*)?admin:(?:\d+:)?"
_PROMPT = re.compile(rf"{_PROMPT_TEXT}[ ]*")
_PROMPT_HEAD = re.compile(rf"\s*{_PROMPT_TEXT}[ ]*")
_PAGER = re.compile(r"\s*(?:Press <enter> for 1 line\b.*<q> to quit|--More--(?:\s*\(\d+%\))?)\s*")
FILE_PAGER = re.compile(
    r"\s*options: q=quit, n=next, p=prev, b=begin, e=end \(lines (\d{1,9}) - (\d{1,9}) of (\d{1,9})\) :\s*"
)
END_OF_FILE = "end of the file reached"
_QUESTION = re.compile(
    r"\(\s*y(?:es)?\s*/\s*n(?:o)?\s*\)|\[\s*y(?:es)?\s*/\s*n(?:o)?\s*\]|\bare you sure\b|\bcontinue\b[^?]{0,40}\?"
    r"|\bpass(?:word|phrase)\b[^:]{0,60}:\s*\Z|\benter\b.{1,200}\bfollowed by return\b|\banswer 'y' for\b",
    re.IGNORECASE,
)
_NEW_PASSWORD = re.compile(
    r"password (?:has |is )?expired|must change|required to change|\b(?:new|current)\b.{0,20}password", re.I
)
_FAILED = re.compile(r"executed command unsuccessfully\.?", re.IGNORECASE)
_UNKNOWN = re.compile(r"no valid command entered\.?", re.IGNORECASE)
_BUSY = re.compile(
    r"not (?:allowed|available|permitted) during (?:an? )?upgrade|system is busy|upgrade is in progress", re.I
)
_DENIED = re.compile(r"not authori[sz]ed|permission|privilege|access (?:is )?denied", re.IGNORECASE)
_LOCKED = re.compile(r"locked by|currently locked|another (?:cli )?(?:session|user|administrator)", re.IGNORECASE)
_FIRST_ANSWER = re.compile(rf"automatic pagination|{_FAILED.pattern}|{_UNKNOWN.pattern}|{_BUSY.pattern}", re.IGNORECASE)


class Tail(Enum):
    """What stands at the end of the output."""

    PROMPT = "prompt"
    PAGER = "pager"
    FILE_PAGER = "file pager"
    QUESTION = "question"
    ASKED_ABOVE = "a question that is a line of its own"
    NOTHING = "output"

    @property
    def seconds(self) -> float:
        """How long it has to stand there before it is believed: output comes in pieces."""
        return QUIET[self]


#: Seconds; see :attr:`Tail.seconds`.
QUIET = {
    Tail.PROMPT: 0.2,
    Tail.QUESTION: 0.2,
    Tail.ASKED_ABOVE: 1.0,
    Tail.PAGER: 0.05,
    Tail.FILE_PAGER: 0.05,
    Tail.NOTHING: 0.0,
}


def tail_of(open_line: str, last_line: str) -> Tail:
    """Return what the open line (or, when it is blank, the line above) is."""
    if not open_line.strip():
        return Tail.ASKED_ABOVE if _QUESTION.search(last_line[-400:]) else Tail.NOTHING
    if _PROMPT.fullmatch(open_line):
        return Tail.PROMPT
    if FILE_PAGER.fullmatch(open_line):
        return Tail.FILE_PAGER
    if _PAGER.fullmatch(open_line):
        return Tail.PAGER
    return Tail.QUESTION if _QUESTION.search(open_line[-400:]) else Tail.NOTHING


def asks_for_new_password(text: str) -> bool:
    """Return True when the text of a login says that the password has to be changed."""
    return bool(_NEW_PASSWORD.search(text))


def after_echo(lines: Sequence[str], command: str, *, last: bool = False) -> list[str] | None:
    """Return the lines after the echo of a command; None when the answer does not begin with it.

    Blanks and line ends do not count: a narrow terminal wraps the echo. Only blank lines and bare prompts may stand
    before it. With ``last``, the last echo anywhere counts (what was typed ahead is echoed twice).
    """
    if last:
        starts = [number for number, line in enumerate(lines) if line.strip()]
        found = (_end_of_echo(lines, start, command) for start in reversed(starts[-2000:]))
        end = next((end for end in found if end is not None), None)
    else:
        start = next((number for number, line in enumerate(lines) if not _is_bare(line)), len(lines))
        end = _end_of_echo(lines, start, command)
    return None if end is None else list(lines[end:])


def first_without_echo(lines: Sequence[str]) -> list[str] | None:
    """Return the answer of ``set cli pagination off`` where a node echoes nothing: known words and no other line.

    The captures that there are all have the echo; a node that turned it off is heard all the same. None for anything
    else: a banner with a prompt in it does not speak of the pager alone.
    """
    said = without_prompts(lines)
    words = [line.strip() for line in said if not _is_bare(line)]
    return said if words and all(len(line) < 200 and _FIRST_ANSWER.match(line) for line in words) else None


def without_prompts(lines: Sequence[str]) -> list[str]:
    """Return the lines of an answer that has no echo: blank lines and bare prompts before it go."""
    start = next((number for number, line in enumerate(lines) if not _is_bare(line)), len(lines))
    return list(lines[start:])


def is_first_answer(lines: Sequence[str]) -> bool:
    """Return True when the lines hold a known answer of ``set cli pagination off``."""
    return any(_FIRST_ANSWER.search(line) for line in lines)


def refusal(lines: Sequence[str]) -> tuple[Reason, str] | None:
    """Return the reason and the words of a command that the CLI refused, None when it answered."""
    said = [line.strip() for line in lines[-200:] if line.strip()]
    if not said:
        return None
    words = " / ".join(said[-4:])[:300]
    if _UNKNOWN.fullmatch(said[-1]):
        return Reason.NOT_SUPPORTED, words
    failed = _FAILED.fullmatch(said[-1]) is not None
    if not failed and len(said) > 3:
        return None
    for pattern, reason in ((_BUSY, Reason.BUSY), (_LOCKED, Reason.LOCKED), (_DENIED, Reason.PERMISSION_DENIED)):
        if pattern.search(words) and (failed or reason is Reason.BUSY):
            return reason, words
    return (Reason.MALFORMED, words) if failed else None


def _is_bare(line: str) -> bool:
    return not line.strip() or _PROMPT.fullmatch(line.strip()) is not None


def _end_of_echo(lines: Sequence[str], start: int, command: str) -> int | None:
    """Return the index of the line after an echo that begins at ``start``."""
    wanted, got = "".join(command.split()), ""
    for number in range(start, min(start + 20, len(lines))):
        line = lines[number]
        got += "".join((_PROMPT_HEAD.sub("", line, count=1) if number == start else line).split())
        if got == wanted:
            return number + 1
        if not wanted.startswith(got):
            return None
    return None
