"""Which AXL versions a release accepts, and how it refuses the others (reference: axl-database.md 1.3)."""

import re

from cucm_audit.simulator.dictionary import numbers
from cucm_audit.simulator.exchange import Reply, page

#: First release, accepted versions (newest first), and what 1.0 is taken for. 9.1's row is inferred from the policy
#: "current major and two back"; 10.5's own version stands in Cisco's schemas, the table only speaks of 10.x.
ACCEPTED: tuple[tuple[tuple[int, int], tuple[str, ...], str], ...] = (
    ((9, 1), ("9.1", "9.0", "8.5", "8.0", "7.1", "7.0"), "7.0"),
    ((10, 0), ("10.0", "9.1", "9.0"), "8.0"),
    ((10, 5), ("10.5", "10.0", "9.1", "9.0"), "8.0"),
    ((11, 0), ("11.0", "10.0", "9.1", "9.0"), "9.0"),
    ((11, 5), ("11.5", "11.0", "10.0", "9.1", "9.0"), "9.0"),
    ((12, 0), ("12.0", "11.5", "11.0", "10.5", "10.0"), "10.0"),
    ((12, 5), ("12.5", "12.0", "11.5", "11.0", "10.0"), "10.0"),
    ((14, 0), ("14.0", "12.5", "12.0", "11.5", "11.0"), "11.0"),
    ((15, 0), ("15.0", "14.0", "12.5", "12.0"), "12.0"),
)
NAMESPACE = re.compile(r"http://www\.cisco\.com/AXL/API/(\d+\.\d+)")
ACTION = re.compile(r"CUCM:DB\s+ver=(\d+\.\d+)", re.IGNORECASE)


def accepted(release: str) -> tuple[tuple[str, ...], str]:
    """Return the versions that a release accepts, newest first, and the one that 1.0 means."""
    rows = [row for row in ACCEPTED if row[0] <= numbers(release)[:2]]
    return rows[-1][1], rows[-1][2]


def chosen(release: str, action: str | None, namespace: str) -> str | None:
    """Return the version to answer in, None when the request's is refused.

    The SOAPAction may be quoted, bare, without a version, or absent; its version and the namespace's must agree.
    """
    versions, lowest = accepted(release)
    space = NAMESPACE.fullmatch(namespace.rstrip("/"))
    head = ACTION.search(action or "")
    if space is None:
        return None
    if head is None:
        return lowest if space[1] == "1.0" else space[1] if space[1] in versions else None
    return space[1] if space[1] == head[1] and space[1] in versions else None


def refusal(release: str) -> Reply:
    """Return HTTP 599 with the page that names what would be accepted."""
    return page(599, f"Incorrect axl version. Supported axl versions are {spoken(accepted(release)[0])}")


def spoken(versions: tuple[str, ...]) -> str:
    """Return versions as the page names them: 12.x for several of a major, 14.0 for one; oldest first."""
    majors: dict[str, list[str]] = {}
    for version in reversed(versions):
        majors.setdefault(version.partition(".")[0], []).append(version)
    words = [found[0] if len(found) == 1 else f"{major}.x" for major, found in majors.items()]
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]
