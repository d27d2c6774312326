"""Lines and columns of a terminal: width as it is drawn, not as it is counted. For the text report."""

from collections.abc import Iterable, Iterator

from wcwidth import wcswidth

from cucm_audit.reports.sanitize import visible


def drawn(text: str) -> int:
    """Return how many columns ``text`` takes on a terminal."""
    return max(wcswidth(text), 0)


def wrap(text: object, width: int) -> list[str]:
    """Return ``text``, made visible, as lines of at most ``width`` columns. A word that is longer is cut, not lost."""
    lines = [""]
    for word in visible(text).split(" "):
        for piece in _pieces(word, width):
            joined = f"{lines[-1]} {piece}" if lines[-1] else piece
            if drawn(joined) <= width:
                lines[-1] = joined
            else:
                lines.append(piece)
    return lines


def _pieces(word: str, width: int) -> Iterator[str]:
    piece = ""
    for character in word:
        if drawn(piece + character) > width and piece:
            yield piece
            piece = ""
        piece += character
    yield piece


def hanging(text: object, width: int, first: str, rest: str) -> Iterator[str]:
    """Yield ``text`` wrapped, the first line behind ``first``, the others behind ``rest`` (of the same width)."""
    for number, line in enumerate(wrap(text, width - len(first))):
        yield (first if number == 0 else rest) + line


def together(parts: Iterable[str], width: int) -> Iterator[str]:
    """Yield a sentence that is broken between its parts only, so that a number stays beside what it counts."""
    line = ""
    for part in parts:
        if line and drawn(f"{line} {part}") > width:
            yield line
            line = ""
        line = f"{line} {part}" if line else part
    yield line


def cells(rows: Iterable[Iterable[Iterable[object]]], widths: list[int]) -> list[list[str]]:
    """Return the cells of a table; a cell is given as its paragraphs, each wrapped to its column."""
    return [
        [
            "\n".join(line for text in cell for line in wrap(text, width))
            for cell, width in zip(row, widths, strict=True)
        ]
        for row in rows
    ]
