"""What the name of a COP file says: which option it is, and for a device pack the release it is made for and its age.

Names as in reference cli.md section 11. The same option is listed and logged with and without its signature's ending.
"""

import re

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


def pack_for(name: str) -> str:
    """Return major.minor.maint that a device pack is made for, '' for any other option.

    >>> pack_for("cmterm-devicepack12.5.1.14080-1.cop.sgn")
    '12.5.1'
    """
    numbers = _numbers(name)
    return ".".join(map(str, numbers[:3]))


def pack_order(name: str) -> str:
    """Return a device pack's numbers so that text order is age order, '' for any other option. No revision counts as 0.

    >>> pack_order("cmterm-devicepack14.0.1.16076.cop.sha512") < pack_order("cmterm-devicepack14.0.1.16076-1.cop")
    True
    """
    return ".".join(f"{number:08d}" for number in _numbers(name))


def strange_pack(name: str) -> bool:
    """Say whether the name begins like a device pack's but is cut or has other numbers: no other option is meant."""
    return name[:17].lower() == "cmterm-devicepack" and not (_numbers(name) and ".cop" in name.lower())


def _numbers(name: str) -> tuple[int, ...]:
    matched = _PACK.fullmatch(stem(name))
    return tuple(int(number or 0) for number in matched.groups()) if matched else ()
