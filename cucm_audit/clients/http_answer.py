"""A whole HTTP answer, and what a broken one means."""

import datetime as dt
import email.utils
import errno
import re
from dataclasses import dataclass

from urllib3.exceptions import DecodeError, IncompleteRead, ReadTimeoutError
from urllib3.exceptions import ProtocolError as BrokenAnswer

from cucm_audit.clients import ClientError
from cucm_audit.clients.place import Place
from cucm_audit.model import Reason, Source

_ENVELOPE = re.compile(rb"<(?:[A-Za-z0-9_.-]+:)?Envelope[\s>]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole HTTP answer. ``date`` is its Date header in UTC, ``millis`` how long it took."""

    status: int
    content_type: str
    body: bytes
    date: dt.datetime | None
    millis: int
    retry_after: int = 0  # seconds that a 503 names

    @property
    def is_soap(self) -> bool:
        """True when the body begins like a SOAP envelope, whatever the status and the content type say."""
        return _ENVELOPE.search(self.body[:4096]) is not None


def broken(place: Place, error: Exception, doing: str, late: ClientError, *, begun: bool) -> ClientError:
    """Return what a broken exchange means, ``late`` for a timeout. ``begun``: the head of an answer had come.

    Only the kind of the error is kept, never the error itself: it holds the request.
    """
    chain = _chain(error)
    if any(isinstance(link, IncompleteRead) for link in chain):
        return place.error(Reason.TRUNCATED, doing, "The answer was cut off; try again.", "body shorter than announced")
    # ETIMEDOUT: not our patience, the system's: nobody acknowledges what was sent (see dial.py).
    gone = any(getattr(link, "errno", None) == errno.ETIMEDOUT for link in chain)
    if not gone and any(isinstance(link, ReadTimeoutError | TimeoutError) for link in chain):
        return late
    if any(isinstance(link, DecodeError) for link in chain):
        return place.error(Reason.MALFORMED, doing, "The answer cannot be decompressed.", "bad content encoding")
    gone = gone or any(isinstance(link, ConnectionError) for link in chain)
    if begun and not gone and any(isinstance(link, BrokenAnswer) for link in chain):  # a chunked body without its end
        return place.error(Reason.TRUNCATED, doing, "The answer was cut off; try again.", "the body ends too early")
    if gone or any(isinstance(link, BrokenAnswer | OSError) for link in chain):
        hint = "The connection broke; try again."
        return place.error(Reason.DISCONNECTED, doing, hint, type(chain[-1]).__name__)
    return place.error(Reason.MALFORMED, doing, "This is not an answer of HTTP.", type(chain[-1]).__name__)


def _chain(error: BaseException | None) -> list[BaseException]:
    """Return an error and everything it wraps, outermost first."""
    found: list[BaseException] = []
    while isinstance(error, BaseException) and error not in found:
        found.append(error)
        inner = [arg for arg in (getattr(error, "reason", None), *error.args) if isinstance(arg, BaseException)]
        error = inner[0] if inner else (error.__cause__ or error.__context__)
    return found


def date_of(text: str) -> dt.datetime | None:
    """Return the time of a Date header in UTC, None when there is none that can be read."""
    try:
        return email.utils.parsedate_to_datetime(text).astimezone(dt.UTC) if text else None
    except (ValueError, TypeError, OverflowError):
        return None


def seconds_of(text: str) -> int:
    """Return the seconds of a Retry-After header; 0 without one, or when it is a date."""
    return int(text) if re.fullmatch(r"[0-9]{1,6}", text.strip()) else 0


def roles_for(source: Source) -> str:
    """Return the roles that an account needs for a service, in Cisco's words."""
    if source is Source.AXL:
        return "Standard AXL API Users and Standard AXL Read Only API Access"
    if source in (Source.RIS, Source.SERVICES):
        return "Standard CCM Server Monitoring"
    return "an account of the platform"
