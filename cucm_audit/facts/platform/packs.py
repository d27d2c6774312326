"""What the name of a COP file says: which option it is, and for a device pack the release it is made for and its age.

Names as in reference cli.md section 11. The same option is listed and logged with and without its signature's ending.
"""

import re

_PREFIX = "cmterm-devicepack"
_ENDINGS = frozenset({".cop", ".sgn", ".sha512", ".k3", ".k4"})
_PACK = re.compile(r"cmterm-devicepack([0-9]{1,8})\.([0-9]{1,8})\.([0-9]{1,8})\.([0-9]{1,8})(?:-([0-9]{1,8}))?", re.I)


def stem(name: str) -> str:
    """Return the name without .cop, key generation and signature, in whatever order they stand.

    >>> stem("cmterm-78xx.14-4-1-0101-153.k4.cop.sha512")
    'cmterm-78xx.14-4-1-0101-153'
    """
    end = len(name)
    while (dot := name.rfind(".", 0, end)) > 0 and name[dot:end].lower() in _ENDINGS:
        end = dot
    return name[:end]


def columns(name: str) -> dict[str, str]:
    """Return stem, pack_for and pack_order of an option, as the snapshot keeps them.

    ``pack_for`` is major.minor.maint that a device pack is made for; ``pack_order`` its numbers, so that text order is
    age order, no revision counting as 0. Both are '' for any other option.

    >>> columns("cmterm-devicepack12.5.1.14080-1.cop.sgn")["pack_for"]
    '12.5.1'
    """
    base = stem(name)
    numbers = _numbers(base)
    order = "%08d.%08d.%08d.%08d.%08d" % numbers if numbers else ""  # noqa: UP031 - twice as fast here
    return {"stem": base, "pack_for": "%d.%d.%d" % numbers[:3] if numbers else "", "pack_order": order}  # noqa: UP031


def pack_for(name: str) -> str:
    """Return the release that a device pack is made for, '' for any other option."""
    return columns(name)["pack_for"]


def pack_order(name: str) -> str:
    """Return what device packs are sorted by, '' for any other option.

    >>> pack_order("cmterm-devicepack14.0.1.16076.cop.sha512") < pack_order("cmterm-devicepack14.0.1.16076-1.cop")
    True
    """
    return columns(name)["pack_order"]


def strange_pack(name: str) -> bool:
    """Say whether the name begins like a device pack's but is cut or has other numbers: no other option is meant."""
    return name[:17].lower() == _PREFIX and not (pack_for(name) and ".cop" in name.lower())


def _numbers(base: str) -> tuple[int, ...]:
    matched = _PACK.fullmatch(base)
    return tuple([int(number or 0) for number in matched.groups()]) if matched else ()
