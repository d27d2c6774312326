"""The dozen SQL words that checks may use beside SQLite's own. Pure functions; NULL in, NULL out.

A word answers None (NULL, "could not tell") wherever its argument is not what it should be: it never guesses, so a
check that uses it becomes UNKNOWN there and not PASS.
"""

import datetime as dt
import ipaddress
import re
from collections.abc import Callable
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

_RELEASE_NUMBERS = 3  # 12.5.1; behind it the build
ISO = "%Y-%m-%d %H:%M:%S"
_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<host>\[[^\]]*\]|[^/?#:]*)(?::(?P<port>[^/?#]*))?(?P<path>[^?]*)(?:\?(?P<query>.*))?"
)
_LOAD = re.compile(r"(?P<family>[A-Za-z][A-Za-z0-9_]*)\.(?P<rest>\d[\w-]*)")
_STEP = re.compile(r"(?P<number>\d+)(?:(?P<kind>SR|ES)(?P<special>\d+))?(?P<letter>[A-Z]?)")


def is_ip(text: str | None) -> int | None:
    """Tell whether ``text`` is an IP address literal (a bracketed IPv6 address counts).

    >>> is_ip("10.1.1.1"), is_ip("[::1]"), is_ip("cucm-pub"), is_ip(None)
    (1, 1, 0, None)
    """
    if text is None:
        return None
    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return 0
    return 1


def _url_part(part: str) -> Callable[[str | None], str | None]:
    def word(url: str | None) -> str | None:
        match = _URL.fullmatch(url.strip()) if url is not None else None
        if match is None or not match["host"]:
            return None
        return match[part] or ""

    word.__doc__ = f"Return the {part} of a URL, '' when it has none, NULL when the text is no URL."
    return word


def url_scheme(url: str | None) -> str | None:
    """Return the scheme of a URL in lower case, NULL when the text is no URL.

    >>> url_scheme("HTTP://10.1.1.1/x"), url_scheme("10.1.1.1"), url_scheme("")
    ('http', None, None)
    """
    scheme = _url_part("scheme")(url)
    return scheme.lower() if scheme else None


def url_host(url: str | None) -> str | None:
    """Return the host of a URL as written, without IPv6 brackets, NULL when the text is no URL.

    >>> url_host("https://cucm-pub:8443/emapp"), url_host("http:///emapp"), url_host("http://[::1]:8080/")
    ('cucm-pub', None, '::1')
    """
    host = _url_part("host")(url)
    return host.strip("[]") if host else None


def url_port(url: str | None) -> int | None:
    """Return the port that stands in a URL, NULL when none stands there or it is no number.

    >>> url_port("http://h:8080/x"), url_port("http://h/x"), url_port("http://h:80a/")
    (8080, None, None)
    """
    port = _url_part("port")(url)
    return int(port) if port and port.isascii() and port.isdigit() else None


def url_path(url: str | None) -> str | None:
    """Return the path of a URL as written.

    >>> url_path("http://h:8080/emapp/EMAppServlet?device=#DEVICENAME#")
    '/emapp/EMAppServlet'
    """
    return _url_part("path")(url)


def url_query(url: str | None) -> str | None:
    """Return what follows the first question mark, ``#`` included: CUCM's placeholders hold one.

    >>> url_query("http://h/emapp/EMAppServlet?device=#DEVICENAME#&EMCC=#EMCC#")
    'device=#DEVICENAME#&EMCC=#EMCC#'
    """
    return _url_part("query")(url)


def same_host(one: str | None, other: str | None) -> int | None:
    """Tell whether two host names mean one host: equal without case, or one the short name of the other.

    >>> same_host("CUCM-Pub", "cucm-pub.example.com"), same_host("a.x", "a.y"), same_host("10.1.1.1", "10.1.1.2")
    (1, 0, 0)
    """
    if one is None or other is None:
        return None
    one, other = one.lower().rstrip("."), other.lower().rstrip(".")
    if one == other:
        return 1
    if is_ip(one) or is_ip(other):
        return 0
    return int(("." not in one and other.split(".")[0] == one) or ("." not in other and one.split(".")[0] == other))


def is_host(host: str | None, name: str | None) -> int | None:
    """Tell whether a name means the machine that calls itself ``host``: its name in full, or without the domain.

    NULL when it is not known what the machine calls itself, and when it has no domain and the name has one. An address
    is no name.

    >>> is_host("pub.example.com", "PUB"), is_host("pub.example.com", "pub.example.org"), is_host("pub", "pub")
    (1, 0, 1)
    >>> is_host("pub", "pub.example.com"), is_host(None, "pub"), is_host(None, "10.1.1.1"), is_host("pub", None)
    (None, None, 0, None)
    """
    if name is None or is_ip(name):
        return None if name is None else 0
    if host is None:
        return None
    host, name = host.lower().rstrip("."), name.lower().rstrip(".")
    if "." not in host and "." in name and name.partition(".")[0] == host:
        return None
    return int(name in (host, host.partition(".")[0]))


def names_host(names: str | None, host: str | None) -> int | None:
    """Tell whether a certificate's names (with blanks between them) hold a host; ``*.`` stands for one label.

    >>> names_host("pub.example.com 10.1.1.1", "PUB"), names_host("*.example.com", "sub.example.com")
    (1, 1)
    >>> names_host("pub.example.com", "10.1.1.1"), names_host("", "pub"), names_host(None, "pub")
    (0, 0, None)
    """
    if names is None or host is None:
        return None
    for name in names.split():
        wildcard = name.startswith("*.") and "." in host and host.partition(".")[2].lower() == name[2:].lower()
        if wildcard or same_host(name, host):
            return 1
    return 0


def _plain_load(text: str) -> str:
    return re.sub(r"(\.loads|\.k[34]|\.cop(\.\w+)?)+$", "", text.strip(), flags=re.IGNORECASE)


def same_load(one: str | None, other: str | None) -> int | None:
    """Tell whether two load ids mean one load: equal without case and without the ending that phones report.

    An empty id is not known, so NULL.

    >>> same_load("sip78xx.10-1-1-9.loads", "SIP78xx.10-1-1-9"), same_load("sip78xx.10-1-1-9", "sip78xx.10-2-1-12")
    (1, 0)
    >>> same_load("", "sip78xx.10-1-1-9") is None
    True
    """
    if not one or not other:
        return None
    return int(_plain_load(one).lower() == _plain_load(other).lower())


def _load(text: str) -> tuple[str, list[tuple[int, str, int, str]]] | None:
    text = _plain_load(text)
    match = _LOAD.fullmatch(text)
    if match is None:
        return None
    steps = [_STEP.fullmatch(step) for step in match["rest"].split("-")]
    if len(steps) < 3 or not all(steps):
        return None
    read = [(int(s["number"]), s["kind"] or "", int(s["special"] or 0), s["letter"]) for s in steps if s]
    return match["family"].lower(), read


def older_load(one: str | None, other: str | None) -> int | None:
    """Tell whether phone load ``one`` is older than ``other``.

    NULL for another family or a form that is not understood. A service release counts before the build, so 10-1-1-9
    is older than 10-1-1SR1-4 (reference: serviceability.md section 7). Where one begins the other, neither is older.

    >>> older_load("sip78xx.10-1-1SR1-4.loads", "sip78xx.10-2-1"), older_load("sip78xx.10-2-1-12", "sip78xx.10-2-1")
    (1, 0)
    >>> older_load("sip78xx.10-1-1-9", "sip78xx.10-1-1SR1-4"), older_load("sip78xx.9-3-1-2", "sip78xx.10-1-1-9")
    (1, 1)
    >>> older_load("sip88xx.10-1-1-9", "sip78xx.10-1-1-9"), older_load("", "sip78xx.10-1-1-9")
    (None, None)
    """
    if one is None or other is None:
        return None
    if same_load(one, other):
        return 0
    left, right = _load(one), _load(other)
    if left is None or right is None or left[0] != right[0]:
        return None
    for (number, kind, special, letter), (other_number, other_kind, other_special, other_letter) in zip(
        left[1], right[1], strict=False
    ):
        if letter != other_letter:
            return None  # SCCP11.9-4-2-1S: what the letter is worth, no source says
        if number != other_number:
            return int(number < other_number)
        if kind and other_kind and kind != other_kind:
            return None  # engineering special against service release: no source orders them
        if special != other_special:
            return int(special < other_special)
    return 0


def numbers(version: str | None) -> tuple[int, ...] | None:
    """Return a release as numbers, None when it is not one.

    >>> numbers("12.5.1.14900-63"), numbers("12.5.1.14900(63)"), numbers("twelve")
    ((12, 5, 1, 14900, 63), (12, 5, 1, 14900, 63), None)
    """
    if version is None or not re.fullmatch(r"\d+(\.\d+)*([-(]\d+\)?)?", version.strip()):
        return None
    return tuple(int(part) for part in re.findall(r"\d+", version))


def older_version(one: str | None, other: str | None) -> int | None:
    """Tell whether release ``one`` is older than ``other``. A prefix is not older than what it begins.

    >>> older_version("11.5.1.14900-11", "11.5.1.15900"), older_version("11.5.1.15900-18", "11.5.1.15900")
    (1, 0)
    >>> older_version("twelve", "1.0") is None
    True
    """
    left, right = numbers(one), numbers(other)
    if left is None or right is None:
        return None
    shared = min(len(left), len(right))
    return int(left[:shared] < right[:shared])


def same_build(one: str | None, other: str | None) -> bool | None:
    """Tell whether two spellings of a release are one build, as far as both say it; None when one is no release.

    Builds of engineering specials are not full hundreds. No source tells that all components of such a build carry its
    number, so of those only the release counts.

    >>> same_build("12.5.1.14900(63)", "12.5.1.14900-63"), same_build("12.5.1.14900-63", "12.5.1.13900-152")
    (True, False)
    >>> same_build("12.5.1.14062-1", "12.5.1.14900-63"), same_build("12.5.1.14062-1", "14.0.1.10000-20")
    (True, False)
    >>> same_build("12.5.1", "12.5.1.14900-63"), same_build("12.5", "12.5.1"), same_build("", "12.5.1")
    (True, None, None)
    """
    left, right = numbers(one), numbers(other)
    if left is None or right is None or min(len(left), len(right)) < _RELEASE_NUMBERS:
        return None
    special = any(len(build) > _RELEASE_NUMBERS and build[_RELEASE_NUMBERS] % 100 for build in (left, right))
    shared = _RELEASE_NUMBERS if special else min(len(left), len(right))
    return left[:shared] == right[:shared]


def version_in(version: str | None, low: str | None, high: str | None) -> int | None:
    """Tell whether a release lies in the half-open range ``low`` <= version < ``high``; '' is an open end.

    >>> version_in("12.0.1.21900-7", "12.0", "12.0.1.22900"), version_in("12.0.1.22900-11", "12.0", "12.0.1.22900")
    (1, 0)
    >>> version_in("15.0.1", "12.0", "")
    1
    """
    if numbers(version) is None or low is None or high is None:
        return None
    above = True if low == "" else older_version(version, low) == 0
    below = True if high == "" else older_version(version, high) == 1
    return int(above and below)


def minutes(text: str | None) -> int | None:
    """Return the minutes of a duration written HHH:MM, as service parameters are.

    >>> minutes("8:00"), minutes("168:00"), minutes("0:30"), minutes("eight")
    (480, 10080, 30, None)
    """
    match = re.fullmatch(r"(\d{1,4}):([0-5]\d)", text.strip()) if text is not None else None
    return int(match[1]) * 60 + int(match[2]) if match else None


def has_letter(text: str | None) -> int | None:
    """Tell whether a text holds a letter, which a numeric key pad cannot type.

    >>> has_letter("4711"), has_letter("mmeier"), has_letter("")
    (0, 1, 0)
    """
    return None if text is None else int(any(character.isalpha() for character in text))


def _time(text: str | None) -> dt.datetime | None:
    if text is None:
        return None
    try:
        return dt.datetime.strptime(text, ISO)
    except ValueError:
        return None


@cache
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, absolute or otherwise impossible zone names
        return None


def to_utc(local: str | None, zone: str | None) -> str | None:
    """Turn a node's local time into UTC; NULL in the hour that comes twice or never, and for an unknown zone.

    >>> to_utc("2026-07-01 12:00:00", "Europe/Berlin"), to_utc("2026-10-25 02:30:00", "Europe/Berlin")
    ('2026-07-01 10:00:00', None)
    >>> to_utc("2026-07-01 12:00:00", "Mars/Base") is None
    True
    >>> to_utc("2026-03-29 02:30:00", "Europe/Berlin") is None
    True
    """
    time, info = _time(local), _zone(zone) if zone else None
    if time is None or info is None:
        return None
    first, second = time.replace(tzinfo=info, fold=0), time.replace(tzinfo=info, fold=1)
    if first.utcoffset() != second.utcoffset():
        return None
    return first.astimezone(dt.UTC).strftime(ISO)


def seconds_before(time: str | None, seconds: float | None) -> str | None:
    """Return the time that many seconds earlier.

    >>> seconds_before("2026-01-01 00:01:00", 90)
    '2025-12-31 23:59:30'
    """
    moment = _time(time)
    if moment is None or seconds is None or seconds < 0:
        return None
    try:
        return (moment - dt.timedelta(seconds=seconds)).strftime(ISO)
    except OverflowError:
        return None


def days_between(earlier: str | None, later: str | None) -> float | None:
    """Return the days from one time to another, negative when they stand the other way round.

    >>> days_between("2026-01-01 00:00:00", "2026-01-02 12:00:00")
    1.5
    """
    one, other = _time(earlier), _time(later)
    return None if one is None or other is None else (other - one).total_seconds() / 86400


#: Name, number of arguments, function: what snapshot.py registers on every connection.
WORDS: tuple[tuple[str, int, Callable[..., Any]], ...] = (
    ("is_ip", 1, is_ip),
    ("url_scheme", 1, url_scheme),
    ("url_host", 1, url_host),
    ("url_port", 1, url_port),
    ("url_path", 1, url_path),
    ("url_query", 1, url_query),
    ("same_host", 2, same_host),
    ("is_host", 2, is_host),
    ("names_host", 2, names_host),
    ("same_load", 2, same_load),
    ("older_load", 2, older_load),
    ("older_version", 2, older_version),
    ("version_in", 3, version_in),
    ("minutes", 1, minutes),
    ("has_letter", 1, has_letter),
    ("to_utc", 2, to_utc),
    ("seconds_before", 2, seconds_before),
    ("days_between", 2, days_between),
)
