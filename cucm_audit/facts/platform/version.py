"""show version active, show version inactive: releases and options of both partitions (reference: cli.md section 3)."""

import re
from collections.abc import Iterator
from functools import partial

from cucm_audit.clients import ClientError
from cucm_audit.clients.commands import VERSION_ACTIVE, VERSION_INACTIVE, Command
from cucm_audit.facts import Ask, Fact, Per
from cucm_audit.facts.platform import packs
from cucm_audit.facts.platform.asking import node_rows
from cucm_audit.facts.platform.reading import Parsed, Reading, Row, lines, no_answer
from cucm_audit.model import Source

_MASTER = re.compile(r"(Active|Inactive) Master Version\s*:\s*(.*)", re.I | re.A)
_HEADER = re.compile(r"(Active|Inactive) Version Installed Software Options\s*:?", re.I | re.A)
_NO_OPTIONS = re.compile(r"No Installed Software Options Found\.?", re.I)
_OPTION = re.compile(r"[A-Za-z0-9][\w+~()-]*[.\-_][\w.+~()-]*", re.A)
_TWO_NAMES = re.compile(r"\.cop[^.].*\.cop")
_RELEASE = re.compile(r"[0-9]+\.[0-9][\w.()-]*", re.A)
# The words for a missing partition are not published: only what can mean nothing else is taken for one.
_NO_PARTITION = re.compile(
    r"(?:there is )?no inactive (?:version|partition)(?: was)?(?: (?:is )?(?:found|available|installed|present))?\.?"
    r"|(?:the )?inactive (?:version|partition) (?:is not|not|does not) (?:found|available|installed|present|exist)\.?",
    re.I,
)
_NONE = frozenset({"none", "n/a", "not installed", "not available", "no version"})


def parse(text: str, partition: str = "active") -> Parsed:
    """Read the answer for ``partition`` (active, inactive). Raises Unreadable when it names no version.

    A list header with nothing below is not taken for an empty list: a node says that in words, so lines are missing.
    """
    reading, told = Reading(), False
    for line in lines(text):
        if matched := _MASTER.fullmatch(line):
            _master(reading, partition, matched[1].lower(), matched[2], line)
        elif matched := _HEADER.fullmatch(line):
            if matched[1].lower() != partition:
                reading.odd.append(line)
        elif _NO_OPTIONS.fullmatch(line):
            told = True
        elif partition == "inactive" and _NO_PARTITION.fullmatch(line):
            told = True
            reading.add("software_version", partition, {"partition": partition, "version": ""}, line)
        elif _OPTION.fullmatch(line) and not _TWO_NAMES.search(line):
            _option(reading, partition, line)
        else:
            reading.strange(line)
    return _checked(reading, text, partition, told)


def _master(reading: Reading, partition: str, named: str, version: str, line: str) -> None:
    none = partition == "inactive" and version.lower().rstrip(".") in _NONE
    if named != partition or not (none or _RELEASE.fullmatch(version)):
        reading.odd.append(line)
        return
    reading.add("software_version", partition, {"partition": partition, "version": "" if none else version}, line)


def _option(reading: Reading, partition: str, name: str) -> None:
    row = {"partition": partition, "name": name, **packs.columns(name)}
    reading.add("installed_option", name, row)
    if not (row["pack_for"] and ".cop" in name) and packs.strange_pack(name):
        reading.trouble(f"the numbers of this device pack cannot be read: {name[:90]}", table="installed_option")


def _checked(reading: Reading, text: str, partition: str, told: bool) -> Parsed:
    versions = reading.tables.get("software_version")
    if not versions:
        raise no_answer(text, f'"{partition.capitalize()} Master Version"')
    options = reading.tables.get("installed_option")
    if told and options:
        reading.trouble("options are listed and it says that there are none", table="installed_option")
    if not told and not options and versions[partition]["version"]:
        reading.trouble(
            "the list of options is missing, and nothing says that there are none", table="installed_option"
        )
    return reading.parsed()


def _both(ask: Ask, *, table: str) -> Iterator[Row]:
    """Yield the active partition's rows, then the inactive one's: what is known of one must not fall with the other."""
    yield from _side(ask, VERSION_ACTIVE, "active", table)
    try:
        yield from _side(ask, VERSION_INACTIVE, "inactive", table)
    except ClientError as error:
        ask.partial(error.reason, f"{VERSION_INACTIVE.text}: {error.detail}", error.hint)


def _side(ask: Ask, command: Command, partition: str, table: str) -> Iterator[Row]:
    return node_rows(ask, command=command, parse=partial(parse, partition=partition), table=table)


def _fact(table: str, never_empty: bool) -> Fact:
    return Fact(
        table=table,
        per=Per.NODE,
        source=Source.SSH,
        gather=partial(_both, table=table),
        asks=(VERSION_ACTIVE.text, VERSION_INACTIVE.text),
        never_empty=never_empty,
    )


FACTS: tuple[Fact, ...] = (_fact("software_version", True), _fact("installed_option", False))
