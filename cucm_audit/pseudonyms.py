"""Made-up names for a redacted snapshot: the same original gets the same one, and nothing leads back.

Drawn at random and kept in memory for one run only: no hash, because user ids and directory numbers are few enough to
try them all. What the checks go by stays: letters are letters, digits digits, lengths and punctuation as they were, an
address an address, the short name of a host the beginning of its full name, SEP and ADP of one phone a pair.
"""

import itertools
import random
import re
from collections.abc import Callable
from string import ascii_lowercase, digits

from cucm_audit.words import is_ip

_ADDRESS = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\w)(?!-\d)")
_DEVICE = re.compile(r"(?P<prefix>SEP|ADP|UDP|CSF|TCT|BOT|TAB|ATA)(?P<rest>.+)", re.DOTALL)
_MAC = re.compile(r"[0-9A-Fa-f]{12}")
_ID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<host>\[[^\]]*\]|[^/?#:]*)(?P<port>:\d+(?=[/?#]|$))?(?P<rest>.*)"
)
_LOAD = re.compile(r"[A-Za-z][A-Za-z0-9]*\.\d+(-\w{1,12}){2,5}(\.loads)?", re.ASCII)
_ENDING = re.compile(r"(\.loads|\.k[34]|\.cop(\.\w+)?)+", re.IGNORECASE)
_TOKEN = re.compile(r"[^\W_][\w@+.-]*")
_WORD = re.compile(r"\w")
_PAGE_WORD = re.compile(rf"{_ADDRESS.pattern}|[^\W_]+")
#: No host is behind these: nobody yet, every address, an NTP server's own clock.
_NO_HOST = re.compile(r"0\.0\.0\.0|::|127\.127\.\d+\.\d+")
#: What the URLs of Cisco's own pages are made of, in lower case.
_PAGES = frozenset(
    {
        "emapp",
        "emappservlet",
        "device",
        "devicename",
        "emcc",
        "ccmcip",
        "authenticate",
        "xmldirectory",
        "xmldirectoryinput",
        "gettelecasterhelptext",
        "getservicesmenu",
        "jsp",
        "jar",
        "do",
        "cucm",
        "uds",
        "users",
        "application",
        "cisco",
        "missedcalls",
        "receivedcalls",
        "placedcalls",
        "intercomcalls",
        "corporatedirectory",
        "personaldirectory",
        "voicemail",
        "locale",
        "devicetype",
        "lang",
        "amp",
        "http",
        "https",
        "8080",
        "8443",
    }
)
#: Names that come with the product, or that say nothing of anybody.
STANDARD = frozenset(
    {
        "Default",
        "CMLocal",
        "StandAloneCluster",
        "Default Credential Policy",
        "NETWORK",
        "root",
        "admin",
        "localhost",
    }
    | {"CCMSysUser", "CCMQRTSysUser", "IPMASysUser", "WDSysUser", "WDSecureSysUser", "TabSyncSysUser", "CUCService"}
    | {"CCMAdministrator", "Extension Mobility", "Missed Calls", "Received Calls", "Placed Calls", "Intercom Calls"}
    | {"Corporate Directory", "Personal Directory", "Voicemail", "EnterpriseWideData"}
    | {
        "Standard CCM Super Users",
        "Standard AXL API Access",
        "Standard AXL API Users",
        "Standard CCM Server Monitoring",
    }
    | {"Standard AXL Read Only API Access", "Standard CCM Admin Users", "Standard CCMADMIN Administration"}
    | {"Standard CCMADMIN Read Only", "Standard SERVICEABILITY", "Standard SERVICEABILITY Administration"}
    | {"Standard SERVICEABILITY Read Only", "Standard RealtimeAndTraceCollection", "Standard CCM End Users"}
    | {"Standard CTI Enabled", "Standard CTI Allow Control of All Devices", "Standard CCM Read Only"}
    | {"Standard EM Authentication Proxy Rights", "Standard TabSync User", "Standard CCM Server Maintenance"}
    | {"Standard Audit Log Administration", "Standard CUReporting", "Standard AXL Read Only API Users"}
)
_TEMPLATE = re.compile(r"Standard \d{4}\w{0,3} (SIP|SCCP)")
#: How often a made-up name is drawn again when it is taken; after that it grows by one letter or digit.
_TRIES = 200


class Pseudonyms:
    """One run's made-up names. ``avoid`` are the originals: none of them is ever made up for another one."""

    def __init__(self) -> None:
        self._random = random.SystemRandom()
        self._made: dict[str, str] = {}
        self._taken: set[str] = set()
        self._known: set[str] = set()

    def avoid(self, text: str) -> None:
        """Learn an original, so that it is neither made up nor left in a sentence."""
        self._known.add(text.lower())
        self._taken |= {text.lower(), *re.split(r"[^a-z0-9]+", text.lower())}
        if match := _DEVICE.fullmatch(text):
            self._known.add(match["rest"].lower())

    def word(self, text: str) -> str:
        """Make up a name of the same shape: a user id, a directory number, a pool. Standard names stay."""
        if text in STANDARD or _TEMPLATE.fullmatch(text):
            return text
        low = text.lower() if len(text.lower()) == len(text) else text
        made = self._for(low, lambda longer: self._shape(low, longer))
        cased = [new.upper() if old.isupper() else new for old, new in zip(text, made, strict=False)]
        return "".join(cased) + made[len(text) :]

    def id(self, text: str) -> str:
        """Make up a key of the database; one that has another form is a word."""
        if not _ID.fullmatch(text):
            return self.word(text)
        return self._for(text.lower(), lambda _: "-".join(self._hexadecimal(n) for n in (8, 4, 4, 4, 12)))

    def host(self, text: str) -> str:
        """Make up a host name, label by label, or an address for an address. Brackets and ``*.`` stay."""
        if text.startswith("[") and text.endswith("]"):
            return f"[{self.host(text[1:-1])}]"
        if is_ip(text):
            return self._address(text)
        if re.fullmatch(r"[\d.]+", text):
            return self.word(text)
        return ".".join(self.word(label) for label in text.split("."))

    def device(self, text: str) -> str:
        """Make up the name of a phone or profile: its prefix stays, and one MAC address gives one made-up one."""
        match = _DEVICE.fullmatch(text)
        if match is None:
            return self.word(text)
        return match["prefix"] + self._mac(match["rest"])

    def _mac(self, rest: str) -> str:
        if not _MAC.fullmatch(rest) or rest not in (rest.upper(), rest.lower()):
            return self.word(rest)
        made = self._for(rest.lower(), lambda _: self._hexadecimal(12))
        return made.upper() if rest == rest.upper() else made

    def serial(self, text: str) -> str:
        """Make up the hexadecimal serial number of a certificate."""
        if not re.fullmatch(r"[0-9A-Fa-f]+", text):
            return self.word(text)
        return self._for(text.lower(), lambda longer: self._hexadecimal(len(text) + longer))

    def url(self, text: str) -> str:
        """Make up a URL: its scheme, port, punctuation and the names of Cisco's own pages stay."""
        blank = text[: len(text) - len(text.lstrip())]
        match = _URL.fullmatch(text.strip())
        if match is None or not match["host"]:
            return self._page(text)
        tail = text[len(text.rstrip()) :]
        return (
            blank
            + match["scheme"]
            + self.host(match["host"])
            + (match["port"] or "")
            + self._page(match["rest"])
            + tail
        )

    def _page(self, text: str) -> str:
        return _PAGE_WORD.sub(lambda found: self._page_word(found[0]), text)

    def _page_word(self, text: str) -> str:
        return text if text.lower() in _PAGES else self.host(text)

    def dn(self, text: str) -> str:
        """Make up the values of an X.500 or LDAP name; its attributes stay."""
        if "=" not in text:
            return self.loose(text)
        return re.sub(r"(=\s*)((?:\\.|[^,/+\\])*)", lambda found: found[1] + self._value(found[2]), text)

    def _value(self, text: str) -> str:
        return self.word(text) if " " in text else self.host(text)

    def names(self, text: str) -> str:
        """Make up every name and address of a certificate, in their order."""
        return " ".join(self.host(name) for name in text.split(" "))

    def load(self, text: str) -> str:
        """Keep what has the form of a phone load; what an administrator typed instead is made up."""
        if _LOAD.fullmatch(text):
            return text
        ending = next((found[0] for found in _ENDING.finditer(text) if found.end() == len(text)), "")
        return self.word(text.removesuffix(ending)) + ending  # phones report the ending, administrators leave it out

    def loose(self, text: str) -> str:
        """Make up what may be a URL, hosts, addresses or words, whatever stands between them."""
        if "://" in text:
            return self.url(text)
        if is_ip(text):
            return self.host(text)
        return re.sub(r"[\w.-]+", lambda found: self.host(found[0]), text)

    def scrub(self, text: str) -> str:
        """Keep a sentence of the program or the platform, but for addresses, devices and originals in it."""
        text = _ADDRESS.sub(lambda found: self.host(found[0]), text)
        return _TOKEN.sub(lambda found: self._scrubbed(found[0]), text)

    def _scrubbed(self, token: str) -> str:
        bare = token.rstrip(".-")
        if bare.lower() in self._known and bare not in STANDARD:
            return (self.device(bare) if _DEVICE.fullmatch(bare) else self.host(bare)) + token[len(bare) :]
        match = _DEVICE.fullmatch(bare)
        if match and _MAC.fullmatch(match["rest"]):
            return self.device(bare) + token[len(bare) :]
        return token

    def _address(self, text: str) -> str:
        if _NO_HOST.fullmatch(text):
            return text
        if ":" in text:
            return self._for(text.lower(), lambda _: f"2001:db8:{self._hexadecimal(4)}::{self._hexadecimal(4)}")
        return self._for(text, self._ipv4)

    def _ipv4(self, longer: int) -> str:
        """Draw from what is nobody's: 198.18.0.0/15 (RFC 2544, for tests); that is full: 240.0.0.0/4 (RFC 1112)."""
        draw = self._random.randrange
        head = f"{draw(240, 255)}.{draw(256)}" if longer else f"198.{draw(18, 20)}"
        return f"{head}.{draw(256)}.{draw(1, 255)}"

    def _for(self, original: str, draw: Callable[[int], str]) -> str:
        if original in self._made:
            return self._made[original]
        attempts = itertools.count()
        made = draw(0)
        while _WORD.search(original) and not self._fits(made, original):
            made = draw(next(attempts) // _TRIES)
        self._taken.add(made.lower())
        self._made[original] = made
        return made

    def _fits(self, made: str, original: str) -> bool:
        """Say whether a name is free, and neither an address nor a phone's unless its original is one."""
        if made.lower() in self._taken or _bare_prefix(made, original):
            return False
        return bool(is_ip(original)) or not is_ip(made)

    def _shape(self, text: str, longer: int) -> str:
        drawn = "".join(map(self._character, text))
        kind = digits if text[-1:].isdecimal() else ascii_lowercase
        return drawn + "".join(self._random.choice(kind) for _ in range(longer))

    def _character(self, old: str) -> str:
        if old.isdecimal():
            return self._random.choice(digits)
        return self._random.choice(ascii_lowercase) if old.isalpha() else old

    def _hexadecimal(self, length: int) -> str:
        bits = self._random.getrandbits(4 * length)
        drawn = f"{bits:0{length}x}"
        # A letter first: no group of it can be taken for a directory number.
        return "abcdef"[int(drawn[0], 16) % 6] + drawn[1:]


def _bare_prefix(made: str, original: str) -> bool:
    """Say whether a made-up name would look like a phone's or a profile's, which its original does not."""
    return made[:3] in ("sep", "adp") and original[:3] != made[:3]
