"""A node that answers commands from a dict, and what a fact makes of it."""

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

from cucm_audit.clients import ClientError
from cucm_audit.facts import Ask
from cucm_audit.facts.platform import FACTS
from cucm_audit.model import Node, Reason, Role

RECORDINGS = Path(__file__).parents[2] / "recordings"
START = dt.datetime(2023, 9, 29, 15, 20, 39, 500000, dt.UTC)
COMMANDS = {
    "show-version-active": "show version active",
    "show-version-inactive": "show version inactive",
    "show-status": "show status",
    "system-history": "file view install system-history.log",
    "network-cluster": "show network cluster",
    "ntp-status": "utils ntp status",
    "service-list": "utils service list",
    "replication": "utils dbreplication runtimestate",
    "core-list": "utils core active list",
    "hardware": "show hardware",
    "cert-list-own": "show cert list own",
    "os-secure-status": "utils os secure status",
    "fips-status": "utils fips status",
    "vmtools-status": "utils vmtools status",
    "backup-history": "utils disaster_recovery history backup",
    "backup-status": "utils disaster_recovery status backup",
    "diagnose-test": "utils diagnose test",
    "count": "run sql select count(*) as n from ",
}


@dataclass
class Answer:
    text: str
    started: dt.datetime
    ended: dt.datetime
    doubt: str = ""


@dataclass
class Told:
    """What came of a fact: its rows, what it said about not being whole, its error, the texts it kept."""

    rows: list
    troubles: list
    error: ClientError | None
    kept: list

    @property
    def whole(self) -> bool:
        return not self.troubles and self.error is None

    @property
    def reasons(self) -> list[Reason]:
        return [trouble[1] for trouble in self.troubles]


@dataclass
class Console:
    """Answers of one node. A ClientError among them is raised."""

    answers: dict
    seconds: float = 2.0
    doubt: str = ""
    asked: list = field(default_factory=list)

    def run(self, command):
        self.asked.append(command.text)
        text = self.answers[command.text]
        if isinstance(text, ClientError):
            raise text
        return Answer(text, START, START + dt.timedelta(seconds=self.seconds), self.doubt)


def node(name="bonn-pub", role=Role.PUBLISHER, voice=True):
    return Node(name=name, address="127.0.0.1", role=role, voice=voice)


def gather(table, answers, *, nodes=2, presence=0, seconds=2.0, doubt="") -> Told:
    """Gather one fact from a node that gives these answers."""
    (fact,) = [fact for fact in FACTS if fact.table == table]
    cluster = tuple(node(f"node{number}", voice=number < nodes) for number in range(nodes + presence))
    console = Console(answers, seconds, doubt)
    ask = Ask(node=node(), nodes=cluster, release="", select=lambda sql, params: iter(()), ssh=console)
    rows, error = [], None
    try:
        for row in fact.gather(ask):
            rows.append(dict(row))  # noqa: PERF401 - the rows before an error count
    except ClientError as raised:
        error = raised
    assert set(console.asked) <= set(fact.asks)
    return Told(rows, ask.troubles, error, ask.keep_raw)


def recording(release, name) -> str:
    return (RECORDINGS / release / f"{name}.txt").read_text(encoding="utf-8")


def one(table, command, text, **options) -> Told:
    """Gather a fact that asks one command."""
    return gather(table, {command: text}, **options)


def column(told, name) -> list:
    return [row[name] for row in told.rows]
