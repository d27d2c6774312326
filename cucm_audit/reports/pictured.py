"""The picture of device packs, reboots and registrations as text and as JSON."""

import json
from collections.abc import Iterator
from dataclasses import asdict

from cucm_audit.pack_picture import PackLine, Picture
from cucm_audit.reports.lines import drawn, hanging
from cucm_audit.reports.sanitize import escape_hidden, plain, visible

_DONE = {"yes": "yes", "no": "NO", "unknown": "COULD NOT TELL"}


def text(picture: Picture, title: str, width: int) -> str:
    """Return the picture, one block a node, no line wider than ``width`` columns."""
    return "\n".join(line.rstrip() for line in _lines(picture, title, max(width, 60))) + "\n"


def _lines(picture: Picture, title: str, width: int) -> Iterator[str]:
    yield from hanging(title, width, "", "")
    if picture.unknown:
        yield ""
        yield "COULD NOT BE SEEN"
        for told in picture.unknown:
            yield from hanging(told, width, "  - ", "    ")
    yield ""
    yield "DEVICE PACKS, NODE BY NODE (each in its own time)"
    node = None
    for line in picture.packs:
        if line.node != node:
            node = line.node
            yield from hanging(f"{line.node}, release {line.release or 'not known'}", width, "  ", "  ")
        yield from _pack(line, width)
    if not picture.packs:
        yield "  no device pack for its own release was seen on any node"
    yield ""
    yield "PHONES OF MODELS THAT A DEVICE PACK BROUGHT"
    yield from _models(picture, width)
    for says in picture.avoiding[:10]:
        yield from hanging(says, width, "  > ", "    ")
    if len(picture.avoiding) > 10:
        yield f"  > and {len(picture.avoiding) - 10} more"


def _pack(line: PackLine, width: int) -> Iterator[str]:
    yield from hanging(line.pack, width, "    +- ", "    |  ")
    rows = (
        ("installed", line.installed or "not known: its log does not name it"),
        ("booted", line.booted or "not known"),
        ("Tomcat", line.tomcat or "not known"),
        ("CallManager", line.callmanager or "not known, or not running"),
        ("asked for", line.asks),
        ("happened", _DONE[line.done]),
    )
    for label, value in rows:
        yield from hanging(value, width, f"    |    {label:<12} ", "    |" + " " * 17)
    for says in line.detail:
        yield from hanging(says, width, "    |    > ", "    |      ")


def _models(picture: Picture, width: int) -> Iterator[str]:
    if not picture.models:
        yield "  none is known to have come with a pack, or there are no phones of them"
        return
    longest = max(drawn(visible(node)) for line in picture.models for node in [*line.registered, ""])
    for line in picture.models:
        doubt = "" if line.certain else " (whether the model came with a pack is not known)"
        group = f", group {line.cm_group}, first node {line.first_node or 'not known'}" if line.cm_group else ""
        yield from hanging(f"{line.model}, {line.phones} phone(s){group}{doubt}", width, "  ", "    ")
        for node, count in line.registered.items():
            word = "first node" if node == line.first_node else "NOT THE FIRST NODE" if line.first_node else ""
            yield from hanging(f"{visible(node):<{longest}}  {count:>6} registered  {word}", width, "      ", "      ")
        if not line.registered:
            yield "      none is registered, as far as was seen"


def as_json(picture: Picture, title: str) -> str:
    """Return the picture as one JSON document."""
    document = {"schema_version": "1.0", "kind": "picture", "title": title, **asdict(picture)}
    return escape_hidden(json.dumps(plain(document), ensure_ascii=False, allow_nan=False, indent=2)) + "\n"
