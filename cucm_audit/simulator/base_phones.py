"""Which phones a healthy cluster has: everything that follows from a phone's number, the same every time.

Of five phones two have Extension Mobility, with one user device profile and one user each; every fourth of them is
logged in. Up to 11.0 such a phone has an auto-generated profile as its logout profile, later none (axl-database.md
section 4.2).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from cucm_audit.simulator.base_cluster import DEVICE_POOLS, groups
from cucm_audit.simulator.base_types import MODELS, Model
from cucm_audit.simulator.dictionary import numbers
from cucm_audit.simulator.rows import guid
from cucm_audit.simulator.world import World

FIRST_NAMES = (
    *("anna", "bernd", "clara", "david", "elif", "frank", "greta", "henrik"),
    *("ines", "jonas", "katja", "lukas", "mira", "nils", "olga", "pavel"),
)
LAST_NAMES = (
    *("albers", "brandt", "conrad", "dietz", "engel", "fuchs", "graf", "huber"),
    *("iversen", "jansen", "keller", "lorenz", "maurer", "neumann", "otto"),
)
POOLS = ("Berlin-DP", "Munich-DP")
#: After one phone of each model: mostly 7841 and 8841.
COMMON = (0, 2, 0, 1, 2, 3, 0, 4, 2, 5)


@dataclass(frozen=True, slots=True)
class Phone:
    """What is derived from a phone's number."""

    number: int
    model: Model
    pool: str
    em: bool

    @property
    def name(self) -> str:
        """SEP and twelve digits: the MAC address."""
        return f"SEP001BD4{self.number * 7 + 0x100001:06X}"

    @property
    def pkid(self) -> str:
        """The phone's row."""
        return guid("phone", self.number)

    @property
    def logged_in(self) -> bool:
        """Whether somebody is logged in with Extension Mobility."""
        return self.em and self.number % 4 == 0

    @property
    def user(self) -> str:
        """The user id that belongs to the phone's number."""
        first, rest = self.number % len(FIRST_NAMES), self.number // len(FIRST_NAMES)
        again = rest // len(LAST_NAMES)
        return f"{FIRST_NAMES[first]}.{LAST_NAMES[rest % len(LAST_NAMES)]}{again or ''}"

    @property
    def address(self) -> str:
        """The phone's IPv4 address."""
        return f"10.{20 + self.number // 65000}.{self.number // 250 % 250}.{self.number % 250 + 1}"

    @property
    def line(self) -> str:
        """The phone's directory number."""
        return str(400000 + self.number)


def phones(count: int) -> Iterator[Phone]:
    """Return the cluster's phones, the first seven one of each model."""
    for number in range(count):
        place = number if number < len(MODELS) else COMMON[number % len(COMMON)]
        yield Phone(number, MODELS[place], POOLS[number % 2], number % 5 in (0, 1) or number < len(MODELS))


def has_auto_profiles(world: World) -> bool:
    """Say whether phones of this release get an auto-generated profile (rules RI-20, 21 and 23: gone from 11.5 on)."""
    return numbers(world.release) < (11, 5)


def first_nodes(world: World) -> dict[str, str]:
    """Return device pool -> name of the first server of its Call Manager group."""
    places = groups(world)
    return {pool: world.nodes[places[group][0]].name for pool, group in DEVICE_POOLS.items()}
