"""What an SSH server says that it can do, read from the first packet of the key exchange (RFC 4253, section 7.1).

The packet is not encrypted yet. paramiko does not tell what was on offer when nothing of it suited.
"""

import re

_NAMES = ("key exchange", "host keys", "ciphers to it", "ciphers from it", "MACs to it", "MACs from it")
#: What people can change, or what decides which paramiko is needed.
_TOLD = ("host keys", "key exchange", "ciphers from it", "MACs from it")
_KEXINIT = 20
_MOST_TOLD = 600  # characters


def read_offer(received: bytes) -> dict[str, tuple[str, ...]]:
    """Return the algorithms that a server offers, by what they are for; nothing when its packet is not there."""
    banner = re.search(rb"(?:^|\n)SSH-[^\n]*\n", received)
    packet = received[banner.end() :] if banner else b""
    if len(packet) < 22 or packet[5] != _KEXINIT:
        return {}
    rest, found = packet[22:], {}  # after length, padding length, type, cookie
    for name in _NAMES:
        size = int.from_bytes(rest[:4], "big")
        if len(rest) < 4 + size or len(rest) < 4:
            return {}
        found[name] = tuple(word for word in rest[4 : 4 + size].decode("ascii", "replace").split(",") if word)
        rest = rest[4 + size :]
    return found


def offer_in_words(received: bytes) -> str:
    """Return the offer in one line, '' when there is none."""
    offer = read_offer(received)
    text = "; ".join(f"{name.removesuffix(' from it')} {', '.join(offer[name])}" for name in _TOLD if offer.get(name))
    return text if len(text) <= _MOST_TOLD else f"{text[:_MOST_TOLD]} ..."
