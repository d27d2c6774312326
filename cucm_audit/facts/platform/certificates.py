"""show cert list own: which certificates a node has for itself; dates are not in it (reference: cli.md section 9)."""

import re

from cucm_audit.clients.commands import OWN_CERTIFICATES
from cucm_audit.facts import Fact, Per
from cucm_audit.facts.platform.asking import fact
from cucm_audit.facts.platform.reading import Parsed, Reading, lines, no_answer

_ROW = re.compile(r"([\w.-]{1,80})/([\w.+-]{1,300}\.(?:pem|der))(?: *:(?: *(.{1,400}))?)?", re.A)
_SELF = re.compile(r"Self-?signed\b.*", re.I)
_SIGNED = re.compile(r"(?:[\w-]{1,30} )?Certificate Signed by *(.+)", re.I)
#: Two certificates run into one line.
_ANOTHER = re.compile(r"\.(?:pem|der) *:", re.A)
_LONGEST = 1000


def parse(text: str) -> Parsed:
    """Read the list. Raises Unreadable when no certificate is in it.

    What stands behind a name is free text of the platform: in words that no source names, the signer is not known.
    """
    reading = Reading()
    for line in lines(text):
        matched = _ROW.fullmatch(line) if len(line) <= _LONGEST else None
        if matched and not _ANOTHER.search(said := matched[3] or ""):
            name = f"{matched[1]}/{matched[2]}"
            reading.add("own_certificate", name, {"name": name, "unit": matched[1], "signed_by": _signer(said)}, line)
        else:
            reading.strange(line)
    if not reading.tables:
        raise no_answer(text, "certificate")
    return reading.parsed()


def _signer(said: str) -> str | None:
    """Return who signed it, '' for itself, None for words that no source names."""
    if _SELF.fullmatch(said):
        return ""
    matched = _SIGNED.fullmatch(said)
    return matched[1].strip() if matched else None


FACTS: tuple[Fact, ...] = (fact("own_certificate", Per.NODE, OWN_CERTIFICATES, parse, never_empty=True),)
