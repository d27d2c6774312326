"""Reading TOML, and on which line a key stands: tomllib does not say, and without it an error is half an error."""

import contextlib
import re
import tomllib
from collections.abc import Iterator
from typing import Any

_BARE_OR_QUOTED = r"""(?:[\w-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_KEY = re.compile(rf"^\s*({_BARE_OR_QUOTED}(?:\s*\.\s*{_BARE_OR_QUOTED})*)\s*=")
_HEADER = re.compile(rf"^\s*\[+\s*({_BARE_OR_QUOTED}(?:\s*\.\s*{_BARE_OR_QUOTED})*)\s*\]")


def parse(text: str) -> dict[str, Any]:
    """Return what a TOML text holds. TOMLDecodeError, also where tomllib has other words: a number of 5000 digits."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError:
        raise tomllib.TOMLDecodeError("lists or tables in each other beyond all measure") from None
    except ValueError as error:
        raise tomllib.TOMLDecodeError(str(error).partition(";")[0]) from None


def keys(text: str) -> Iterator[tuple[tuple[str, ...], int]]:
    """Yield each key with its line, for tomllib keeps none. A line inside a long text may fool this: it is a hint."""
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        with contextlib.suppress(tomllib.TOMLDecodeError):  # such a line stands inside a long text
            if header := _HEADER.match(line):
                table = _parts(header[1])
                yield table, number
            elif key := _KEY.match(line):
                yield (*table, *_parts(key[1])), number


def _parts(dotted: str) -> tuple[str, ...]:
    """Split a dotted key the way TOML does."""
    value: Any = parse(f"{dotted} = 0")
    parts: list[str] = []
    while isinstance(value, dict):
        ((key, value),) = value.items()
        parts.append(key)
    return tuple(parts)
