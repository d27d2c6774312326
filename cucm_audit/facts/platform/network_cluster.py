"""show network cluster: who is in the cluster and authenticated, as this node sees it (reference: cli.md section 5)."""

import re

from cucm_audit.clients.commands import NETWORK_CLUSTER
from cucm_audit.facts import Fact, Per
from cucm_audit.facts.platform.asking import fact
from cucm_audit.facts.platform.reading import ADDRESS, Parsed, Reading, Row, has_address, no_answer, unwrapped

_ROLES = ("Publisher", "Subscriber")
#: How every member begins. Most other lines are told from one by this alone.
_BEGINNING = re.compile(rf"{ADDRESS}(?:\s+\S+){{1,2}}\s+(?:{'|'.join(_ROLES)})\s")
_TABLE = re.compile(r"Server Table \(processnode\) Entries", re.I)
_AUTHENTICATED = re.compile(r"authenticated\b", re.I)
_NOT = re.compile(r"(?:not |un)authenticated\b", re.I)
#: Below the members: what says how long new nodes may join by themselves, and the word of one that is content.
_FRAME = re.compile(r"Dynamic Cluster Configuration is \w{1,20}\b.{0,60}|Successful", re.I)
#: Looked for in the last six characters.
_OPEN_END = re.compile(r"\b(?:using|TCP|since)\Z", re.I)


def parse(text: str) -> Parsed:
    """Read the members. Raises Unreadable when there is none. The publisher's list of names below them is left out."""
    reading = Reading()
    names = False  # in the list of names
    for line, row in unwrapped(text, _member, _complete):
        if row is not None:
            reading.add("cluster_member", row["address"], row, line)
            if not row["state"] or _holds_another(row["state"]):
                reading.odd.append(line)
        elif _TABLE.fullmatch(line):
            names = True
        elif not (names and " " not in line) and not _FRAME.fullmatch(line):
            reading.strange(line)
    if not reading.tables:
        raise no_answer(text, "cluster member")
    return reading.parsed()


def _member(line: str) -> Row | None:
    """Read ``address [fqdn] host role [product dbrole] state``. The role's word is the mark: the name's columns vary.

    Older releases print neither product nor database role; their state has to begin with a word that is known.
    """
    if not _BEGINNING.match(line):
        return None
    words = line.split(None, 7)
    roles = [index for index, word in enumerate(words[:4]) if word in _ROLES]
    at = next((index for index in roles if _is_database(words, index + 2)), 0)
    short = not at
    if short:
        at = next((index for index in roles if _is_state(words[index + 1 : index + 3])), 0)
    if at not in (2, 3):
        return None
    rest = at + (1 if short else 3)
    state = line.split(None, rest)[rest:]
    fqdn, host = words[1:at] if at == 3 else ("", words[1])
    return {
        "address": words[0],
        "fqdn": fqdn or (host if "." in host else ""),
        "host": host if fqdn else host.partition(".")[0],
        "role": words[at],
        "product": "" if short else words[at + 1],
        "db_role": "" if short else words[at + 2],
        "state": state[0] if state else "",
        "authenticated": _authenticated(state[0] if state else ""),
    }


def _is_database(words: list[str], index: int) -> bool:
    return index < len(words) and words[index].startswith("DB")


def _is_state(words: list[str]) -> bool:
    said = " ".join(words)
    return bool(_AUTHENTICATED.match(said) or _NOT.match(said))


def _authenticated(state: str) -> int | None:
    if _AUTHENTICATED.match(state):
        return 1
    return 0 if _NOT.match(state) else None


def _holds_another(state: str) -> bool:
    """Say whether another member's row runs on in this one's state."""
    return has_address(state) or any(map(state.__contains__, _ROLES))


def _complete(row: Row) -> bool:
    return "authenticated" in row["state"].lower() and not _OPEN_END.search(row["state"][-6:])


FACTS: tuple[Fact, ...] = (fact("cluster_member", Per.NODE, NETWORK_CLUSTER, parse, never_empty=True),)
