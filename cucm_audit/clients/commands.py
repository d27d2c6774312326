"""Every platform CLI command that may be typed, whole and byte for byte.

Data only; ``guard`` lets nothing else through. Prefix rules are unsafe (``run sql`` is also how ``run sql update`` is
typed), so a command is a member of this list or it is not sent. Formats and time limits: reference cli.md, 2 to 10.
"""

from dataclasses import dataclass
from enum import Enum

from cucm_audit.clients.statements import COUNTED_TABLES


class Paged(Enum):
    """What makes sure that an answer has come whole over the output pager, which counts nothing."""

    AGAIN = "it is typed again, and two readings have to agree"
    ITSELF = "the answer says how much there is of it"
    NOTHING = "it is typed once: its answer is never sure to be whole"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One CLI command and how long its answer may take, in seconds."""

    text: str
    timeout: float
    paged: Paged = Paged.AGAIN


PAGINATION_OFF = Command(text="set cli pagination off", timeout=15)
VERSION_ACTIVE = Command(text="show version active", timeout=30)
VERSION_INACTIVE = Command(text="show version inactive", timeout=30)
STATUS = Command(text="show status", timeout=30)
NETWORK_CLUSTER = Command(text="show network cluster", timeout=30)
HISTORY = Command(text="file view install system-history.log", timeout=120, paged=Paged.ITSELF)
NTP = Command(text="utils ntp status", timeout=45)
SERVICES = Command(text="utils service list", timeout=120)
REPLICATION = Command(text="utils dbreplication runtimestate", timeout=300, paged=Paged.ITSELF)
CORES = Command(text="utils core active list", timeout=120)
HARDWARE = Command(text="show hardware", timeout=30)
OWN_CERTIFICATES = Command(text="show cert list own", timeout=30)
OS_SECURITY = Command(text="utils os secure status", timeout=20)
FIPS = Command(text="utils fips status", timeout=20)
VM_TOOLS = Command(text="utils vmtools status", timeout=30)
BACKUP_HISTORY = Command(text="utils disaster_recovery history backup", timeout=60)
BACKUP_STATUS = Command(text="utils disaster_recovery status backup", timeout=60)
DIAGNOSTICS = Command(text="utils diagnose test", timeout=300, paged=Paged.NOTHING)
COUNTS = tuple(Command(text=f"run sql select count(*) as n from {table}", timeout=60) for table in COUNTED_TABLES)

COMMANDS: tuple[Command, ...] = (
    PAGINATION_OFF,
    VERSION_ACTIVE,
    VERSION_INACTIVE,
    STATUS,
    NETWORK_CLUSTER,
    HISTORY,
    NTP,
    SERVICES,
    REPLICATION,
    CORES,
    HARDWARE,
    OWN_CERTIFICATES,
    OS_SECURITY,
    FIPS,
    VM_TOOLS,
    BACKUP_HISTORY,
    BACKUP_STATUS,
    DIAGNOSTICS,
    *COUNTS,
)

#: Keys that may be sent beside commands: the pagers' next page and leave, and the word that ends a session.
PAGER_KEYS = (" ", "n", "q")
QUIT = "quit"
