"""What the commands of the imitated CLI share: the call, the answer, the node's release and its local time."""

import datetime as dt
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal
from zoneinfo import ZoneInfo

from cucm_audit.simulator.cli_faults import Faults
from cucm_audit.simulator.world import SimNode, World

UNSUCCESSFUL = "Executed command unsuccessfully"


@dataclass(slots=True)
class State:
    """What a session remembers between commands."""

    pagination: bool = True
    commands: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One command as it was typed, and where. ``rest`` are the words behind the command's name."""

    world: World
    node: SimNode
    text: str
    state: State = field(default_factory=State)
    rest: tuple[str, ...] = ()

    @property
    def faults(self) -> Faults:
        """The node's faults."""
        return Faults(self.node.faults)

    @property
    def release(self) -> tuple[int, ...]:
        """The node's active release as numbers."""
        return numbers(self.node.release)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command prints.

    ``pager`` names who pages it: the output pager, the one of ``file view``, or nobody. With a ``question``, ``then``
    gives the rest of the answer once somebody has said yes.
    """

    lines: tuple[str, ...] = ()
    failed: bool = False
    pager: Literal["output", "file", "none"] = "output"
    question: str = ""
    then: "Callable[[], Answer] | None" = None
    write: bool = False


def text(*lines: str) -> Answer:
    """Return an answer of these lines."""
    return Answer(lines=lines)


def failure(*lines: str) -> Answer:
    """Return an answer that ends unsuccessfully."""
    return Answer(lines=lines, failed=True)


def numbers(release: str) -> tuple[int, ...]:
    """Return ``12.5.1.14900-63`` as ``(12, 5, 1, 14900, 63)``."""
    return tuple(int(part) for part in release.replace("-", ".").split(".") if part.isdigit())


def words(command: str) -> tuple[str, ...]:
    """Split a command into words; quotes keep words together, an open quote does not count as one."""
    try:
        return tuple(shlex.split(command))
    except ValueError:
        return tuple(command.split())


def local(node: SimNode, moment: dt.datetime) -> dt.datetime:
    """Return ``moment`` in the node's own zone."""
    return moment.astimezone(ZoneInfo(node.zone))


def ctime(moment: dt.datetime, *, zone: bool = True) -> str:
    """Return ``Wed Jul  3 09:11:03 CDT 2019``; the zone is numeric where it has no letters, as on a real node."""
    name = f" {moment:%Z}" if zone else ""
    return f"{moment:%a %b} {moment.day:2} {moment:%H:%M:%S}{name} {moment.year}"


def installed_at(node: SimNode) -> dt.datetime:
    """Return when the node was installed, as far as its log says."""
    if node.events:
        return node.events[0].at
    return booted_at(node) - dt.timedelta(days=300)


def booted_at(node: SimNode) -> dt.datetime:
    """Return when the node booted; a node that nobody gave a boot has been up for a hundred days."""
    return node.booted_at or node.now() - dt.timedelta(days=100, hours=1, minutes=12)


def siblings(world: World, node: SimNode) -> list[SimNode]:
    """Return the nodes that share ``node``'s database, their publisher first.

    These are the voice nodes, or the IM and Presence nodes.
    """
    same = [other for other in world.nodes if other.product == node.product]
    return sorted(same, key=lambda other: other.role != "publisher")


def is_publisher(world: World, node: SimNode) -> bool:
    """Return whether ``node`` is the publisher of its own database (an IM and Presence publisher is one too)."""
    return siblings(world, node)[0] is node
