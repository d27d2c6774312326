"""From a server's name to an address: the only place that asks DNS for the nodes of a cluster."""

import ipaddress
import socket
import threading
import time
from collections.abc import Iterable


def literal(name: str) -> str | None:
    """Return an IP address (brackets removed), None when ``name`` is no address."""
    bare = name.strip().removeprefix("[").removesuffix("]")
    try:
        ipaddress.ip_address(bare)
    except ValueError:
        return None
    return bare


def resolve(name: str) -> str | None:
    """Return the first address of ``name``, IPv4 before IPv6; None when the resolver knows none. Never raises."""
    if address := literal(name):
        return address
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return None
    found.sort(key=lambda entry: entry[0] != socket.AF_INET)
    return str(found[0][4][0]) if found else None


def resolve_all(names: Iterable[str], seconds: float = 10.0) -> dict[str, str]:
    """Return the addresses of those names that have one, all asked at once: a slow resolver costs its time once."""
    found: dict[str, str] = {}

    def ask(name: str) -> None:
        if address := resolve(name):
            found[name] = address

    threads = [threading.Thread(target=ask, args=(name,), name=f"dns {name}", daemon=True) for name in set(names)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    return dict(found)
