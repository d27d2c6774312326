"""show version active, show version inactive: releases and options of both partitions (reference: cli.md section 3)."""

import re
from functools import partial

from cucm_audit.clients.commands import VERSION_ACTIVE, VERSION_INACTIVE
from cucm_audit.facts import Fact, Per
from cucm_audit.facts.platform import packs
from cucm_audit.facts.platform.asking import fact
from cucm_audit.facts.platform.reading import Parsed, Reading, lines, no_answer, shortened

_MASTER = re.compile(r"(Active|Inactive) Master Version\s*:\s*(.*)", re.I | re.A)
_HEADER = re.compile(r"(Active|Inactive) Version Installed Software Options\s*:?", re.I | re.A)
_NO_OPTIONS = re.compile(r"No Installed Software Options Found\.?", re.I)
_OPTION = re.compile(r"[A-Za-z0-9][\w+~()-]*[.\-_][\w.+~()-]*", re.A)
_TWO_NAMES = re.compile(r"\.cop[^.].*\.cop")
_RELEASE = re.compile(r"[0-9]+\.[0-9][\w.()-]*", re.A)
# The words for a missing partition are not published (reference: from memory, or nothing at all): what can mean nothing
# else is taken for one. No fact about the partition that runs depends on it.
_NO_PARTITION = re.compile(
    r"(?:there is )?no inactive (?:version|partition)\b(?!.*\b(?:could|error|fail)).*"
    r"|(?:the )?inactive (?:version|partition) (?:is not|not|does not) (?:found|available|installed|present|exist)\b.*",
    re.I,
)
#: The tables of each partition: version, options.
_TABLES = {"active": ("software_version", "installed_option"), "inactive": ("inactive_version", "inactive_option")}
_NONE = frozenset({"none", "n/a", "not installed", "not available", "no version"})


def parse(text: str, partition: str = "active") -> Parsed:
    """Read the answer for ``partition`` (active, inactive). Raises Unreadable when it names no version.

    A list header with nothing below is not taken for an empty list: a node says that in words, so lines are missing.
    """
    reading, told = Reading(), False
    cut: list[str] = []  # device packs whose numbers cannot be read
    options = _TABLES[partition][1]
    for line in lines(text):
        like_pack = packs.is_pack(line)
        pack = packs.device_pack(line) if like_pack else None
        if pack or _OPTION.fullmatch(line):  # it has no blank, and what follows has some
            _option(reading, options, line, pack)
            if like_pack and not (pack and ".cop" in line.lower()):
                cut.append(line)
        elif matched := _MASTER.fullmatch(line):
            _master(reading, partition, matched[1].lower(), matched[2], line)
        elif matched := _HEADER.fullmatch(line):
            if matched[1].lower() != partition:
                reading.odd.append(line)
        elif _NO_OPTIONS.fullmatch(line):
            told = True
        elif partition == "inactive" and _NO_PARTITION.fullmatch(line):
            told = True
            reading.add(_TABLES[partition][0], partition, {"version": ""}, line)
        else:
            reading.strange(line)
    if cut:
        detail = f"the numbers of a device pack cannot be read: {shortened(cut)}"
        reading.trouble(detail, table=options)
    return _checked(reading, text, partition, told)


def _master(reading: Reading, partition: str, named: str, version: str, line: str) -> None:
    none = partition == "inactive" and version.lower().rstrip(".") in _NONE
    if named != partition or not (none or _RELEASE.fullmatch(version)):
        reading.odd.append(line)
        return
    reading.add(_TABLES[partition][0], partition, {"version": "" if none else version}, line)


def _option(reading: Reading, table: str, name: str, pack: dict[str, str] | None) -> None:
    if pack is None and name.count(".cop") > 1 and _TWO_NAMES.search(name):
        reading.strange(name)
    else:
        reading.add(table, name, {"name": name, **(pack or packs.other_option(name))})


def _checked(reading: Reading, text: str, partition: str, told: bool) -> Parsed:
    of_version, of_options = _TABLES[partition]
    if partition == "inactive" and not text.strip():
        reading.add(of_version, partition, {"version": ""}, "")
        told = True
    versions = reading.tables.get(of_version)
    if not versions:
        raise no_answer(text, f'"{partition.capitalize()} Master Version"')
    options = reading.tables.get(of_options)
    if told and options:
        reading.trouble("options are listed and it says that there are none", table=of_options)
    if not told and not options and versions[partition]["version"]:
        reading.trouble("the list of options is missing, and nothing says that there are none", table=of_options)
    return reading.parsed()


_INACTIVE = partial(parse, partition="inactive")

FACTS: tuple[Fact, ...] = (
    fact("software_version", Per.NODE, VERSION_ACTIVE, parse, never_empty=True),
    fact("installed_option", Per.NODE, VERSION_ACTIVE, parse),
    fact("inactive_version", Per.NODE, VERSION_INACTIVE, _INACTIVE, never_empty=True),
    fact("inactive_option", Per.NODE, VERSION_INACTIVE, _INACTIVE),
)
