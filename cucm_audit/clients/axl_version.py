"""Which AXL version to speak with which release, and what a node that refuses one says.

Source: reference axl-database.md section 1.3.
"""

import html
import re
from collections.abc import Iterable

from cucm_audit.clients.guard import AXL_VERSIONS

#: The version that every release answers ``getCCMVersion`` in, when no SOAPAction says otherwise.
DISCOVERY = "1.0"

_RELEASE = re.compile(r"(\d{1,3}(?:\.\d{1,3}){2}\.\d{1,6})(?:[(-](\d{1,5})\)?)?")
_NAMED = re.compile(r"\b(\d{1,2})\.(\d{1,2}|x)\b", re.IGNORECASE)


def normal_release(text: str) -> str | None:
    """Return "12.5.1.14900(63)" as "12.5.1.14900-63"; None when it is no release.

    >>> normal_release("12.5.1.14900(63)"), normal_release("14.0.1.13900"), normal_release("unknown")
    ('12.5.1.14900-63', '14.0.1.13900', None)
    """
    found = _RELEASE.fullmatch(text.strip())
    if found is None:
        return None
    return f"{found.group(1)}-{found.group(2)}" if found.group(2) else found.group(1)


def version_for(release: str, accepted: Iterable[str] = AXL_VERSIONS) -> str | None:
    """Return the newest version of ``accepted`` that is not newer than a release; None when there is none.

    >>> version_for("12.5.1.14900-63"), version_for("8.6.2.20000-2"), version_for("15.0.1.10000-30")
    ('12.5', '8.5', '15.0')
    """
    major, minor = (int(part) for part in release.split(".")[:2])
    fitting = [version for version in accepted if _numbers(version) <= (major, minor)]
    return max(fitting, key=_numbers, default=None)


def accepted_by(page: str) -> tuple[str, ...]:
    """Return our versions that a refusal (HTTP 599) names, newest first. "12.x" names every 12.

    >>> accepted_by("<title>Incorrect axl version. Supported axl versions are 12.x, 14.0 and 15.0</title>")
    ('15.0', '14.0', '12.5', '12.0')
    """
    text = html.unescape(re.sub(r"<[^>]*>", " ", page[:20000]))
    _, _, tail = text.lower().partition("supported")
    named = {(major, minor) for major, minor in _NAMED.findall(tail or text)}
    return tuple(
        version
        for version in AXL_VERSIONS
        if tuple(version.split(".")) in named or (version.split(".")[0], "x") in named
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
