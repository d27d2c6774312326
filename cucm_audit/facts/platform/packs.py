"""What the name of a COP file says: which option it is, and for a device pack the release it is made for and its age.

Names as in reference cli.md section 11. The same option is listed and logged with and without its signature's ending.
"""

import re

_PREFIX = "cmterm-devicepack"
_ENDINGS = frozenset({"cop", "sgn", "sha512", "k3", "k4"})
_NUMBER = r"(?![0-9]{9})0*([0-9]+)"
#: What follows the prefix: release, build, revision; the endings of its file.
_PACK = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-{_NUMBER})?((?i:\.cop|\.sgn|\.sha512|\.k3|\.k4)*)")


def stem(name: str) -> str:
    """Return the name without .cop, key generation and signature, in whatever order they stand.

    >>> stem("cmterm-78xx.14-4-1-0101-153.k4.cop.sha512")
    'cmterm-78xx.14-4-1-0101-153'
    """
    if name[name.rfind(".") + 1 :].lower() not in _ENDINGS:
        return name
    parts = name.split(".")
    least = 1 if parts[0] else 2  # something has to stand before the first ending
    while len(parts) > least and parts[-1].lower() in _ENDINGS:
        parts.pop()
    return ".".join(parts)


def columns(name: str) -> dict[str, str]:
    """Return stem, pack_for and pack_order of an option, as the snapshot keeps them.

    ``pack_for`` is major.minor.maint that a device pack is made for; ``pack_order`` its numbers, so that text order is
    age order, no revision counting as 0. Both are '' for any other option.

    >>> columns("cmterm-devicepack12.5.1.14080-1.cop.sgn")["pack_for"]
    '12.5.1'
    """
    return device_pack(name) or other_option(name)


def other_option(name: str) -> dict[str, str]:
    """Return :func:`columns` of what is no device pack."""
    return {"stem": stem(name), "pack_for": "", "pack_order": ""}


def device_pack(name: str) -> dict[str, str] | None:
    """Return :func:`columns` of a device pack, None for any other option and for a name that is cut."""
    matched = _PACK.fullmatch(name, len(_PREFIX)) if is_pack(name) else None
    if not matched:
        return None
    major, minor, maint, build, revision, _ = matched.groups("0")
    release = f"{major.zfill(8)}.{minor.zfill(8)}.{maint.zfill(8)}"
    return {
        "stem": name[: matched.start(6)],
        "pack_for": f"{major}.{minor}.{maint}",
        "pack_order": f"{release}.{build.zfill(8)}.{revision.zfill(8)}",
    }


def pack_for(name: str) -> str:
    """Return the release that a device pack is made for, '' for any other option."""
    return columns(name)["pack_for"]


def pack_order(name: str) -> str:
    """Return what device packs are sorted by, '' for any other option.

    >>> pack_order("cmterm-devicepack14.0.1.16076.cop.sha512") < pack_order("cmterm-devicepack14.0.1.16076-1.cop")
    True
    """
    return columns(name)["pack_order"]


def is_pack(name: str) -> bool:
    """Say whether the name begins like a device pack's. One without a release is cut or has other numbers."""
    return name[: len(_PREFIX)].lower() == _PREFIX and name.isascii()
