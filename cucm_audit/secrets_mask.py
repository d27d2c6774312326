"""Masks every known secret in text that leaves the program: logs, errors, reports (faults F76, F77).

The registry is the one piece of state that a process shares: a secret has to be masked also by code that never saw it.
"""

import base64
import json
import logging
import re
import threading
import urllib.parse
from collections.abc import Iterator
from xml.sax.saxutils import escape

_lock = threading.Lock()
_forms: set[str] = set()
_pattern: re.Pattern[str] | None = None

STARS = "***"
#: From this length on a secret is masked also inside other words.
_LONG = 8


def register(secret: str) -> None:
    """From now on, mask this secret in every spelling that our protocols and formats give it."""
    _add(_spellings(secret))


def register_account(user: str, secret: str) -> None:
    """Mask what HTTP Basic makes of a user and a password as well."""
    _add(_encoded(f"{user}:{secret}"))


def mask(text: str) -> str:
    """Replace every known secret by ``***``: plain, base64 (also of user:password), URL-, XML- and JSON-escaped."""
    pattern = _pattern
    return pattern.sub(STARS, text) if pattern else text


class Mask(logging.Filter):
    """Masks log records. Belongs on every handler (a logger's filter does not see its children's records)."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask message, arguments, traceback and stack; let the record pass."""
        record.msg, record.args = mask(record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        record.exc_info = None
        record.exc_text = mask(record.exc_text) if record.exc_text else None
        record.stack_info = mask(record.stack_info) if record.stack_info else None
        return True


def _add(forms: Iterator[str]) -> None:
    global _pattern  # noqa: PLW0603 - see the module's docstring
    with _lock:
        _forms.update(form for form in forms if form)
        # Longest first: a spelling that holds another one is replaced as a whole.
        ordered = sorted(_forms, key=lambda form: (-len(form), form))
        _pattern = re.compile("|".join(map(_found_as, ordered))) if ordered else None


def _found_as(form: str) -> str:
    """Return the pattern of a spelling. A short one counts only as a word: "cisco" must not star our documents."""
    whole = re.escape(form)
    return whole if len(form) >= _LONG else rf"(?<![\w.-]){whole}(?![\w-])"


def _spellings(secret: str) -> Iterator[str]:
    yield secret
    yield from _encoded(secret)
    for safe in ("", "/"):
        quoted = urllib.parse.quote(secret, safe=safe)
        yield quoted
        yield re.sub("%[0-9A-F]{2}", lambda found: found.group().lower(), quoted)
    yield urllib.parse.quote_plus(secret)
    yield from _in_markup(secret)
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield repr(secret)[1:-1]


def _in_markup(secret: str) -> Iterator[str]:
    yield escape(secret)
    for quote, apostrophe in (("&quot;", "&apos;"), ("&quot;", "&#x27;"), ("&#34;", "&#39;"), ("&quot;", "&#39;")):
        yield escape(secret, {'"': quote, "'": apostrophe})
        yield escape(secret, {'"': quote})
        yield escape(secret, {"'": apostrophe})


def _encoded(text: str) -> Iterator[str]:
    """Base64 of the text, as UTF-8 and as Latin-1 (what HTTP Basic sends depends on the client), both alphabets."""
    for encoding in ("utf-8", "latin-1"):
        raw = text.encode(encoding, "replace")
        for encoded in (base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()):
            yield encoded
            yield encoded.rstrip("=")
