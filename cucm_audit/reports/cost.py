"""What a run cost the cluster, in words: the same in a report and after a run that was stopped or refused."""

from collections.abc import Mapping

_WORDS = (
    ("axl", "AXL request"),
    ("ris", "RIS request"),
    ("services", "serviceability request"),
    ("web", "web request"),
    ("ssh_sessions", "SSH session"),
    ("cli_commands", "CLI command"),
)


def parts(cost: Mapping[str, float]) -> list[str]:
    """Return what was sent, part by part, so that a line may break between them.

    No write can be sent at all (``clients/guard.py``), so their number is a constant.

    >>> " ".join(parts({"axl": 41, "ris": 1, "seconds": 12.34}))
    'Cost: 41 AXL requests, 1 RIS request, 0 writes possible (12.3 s).'
    >>> " ".join(parts({}))
    'Cost: nothing was sent, 0 writes possible.'
    """
    spent = {name: int(cost.get(name, 0)) for name, _ in _WORDS}
    told = [f"{spent[name]} {word}{'' if spent[name] == 1 else 's'}," for name, word in _WORDS if spent[name]]
    seconds = cost.get("seconds")
    took = f" ({seconds:.1f} s)." if seconds else "."
    return ["Cost:", *(told or ["nothing was sent,"]), f"0 writes possible{took}"]
