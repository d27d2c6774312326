"""The state of the imitated cluster: nodes with clocks and logs, the database, registrations, faults, what was asked.

The HTTPS and SSH servers only read this state (and record what they were sent). A scenario is a change to it. Nothing
here, nor anywhere in this folder, imports the rest of the package: a simulator that shares code with the client proves
nothing.
"""

import datetime as dt
import threading
from dataclasses import dataclass, field
from typing import Any

from cucm_audit.simulator.load import Load


@dataclass(slots=True, kw_only=True)
class SimEvent:
    """One line of system-history.log. ``at`` is UTC; the line is written in the node's zone."""

    at: dt.datetime
    action: str  # Install, Boot, Restart, Cisco Option Install, Switch Version ...
    subject: str
    result: str  # Start, Success, Failure


@dataclass(slots=True, kw_only=True)
class SimService:
    """A service of a node. ``feature`` services can be activated or not."""

    name: str
    feature: bool
    activated: bool
    status: str = "Started"  # Started, Stopped, Starting, Stopping, Unknown
    reason_code: int = -1
    reason: str = ""
    started_at: dt.datetime | None = None  # UTC


@dataclass(slots=True, kw_only=True)
class SimNode:
    """One server. ``name`` is as in System > Server, ``host`` and ``domain`` as the platform knows it."""

    name: str
    host: str
    domain: str
    address: str
    role: str  # publisher, subscriber
    product: str  # callmanager, cups
    release: str  # 12.5.1.14900-63
    inactive_release: str = ""
    https_port: int = 0
    http_port: int = 0
    ssh_port: int = 0
    zone: str = "Europe/Berlin"
    zone_label: str = "Central European Time"
    clock_offset: float = 0.0  # seconds that its clock is ahead of the host's
    booted_at: dt.datetime | None = None
    options: list[str] = field(default_factory=list)
    inactive_options: list[str] = field(default_factory=list)
    events: list[SimEvent] = field(default_factory=list)
    services: dict[str, SimService] = field(default_factory=dict)
    ntp: dict[str, Any] = field(default_factory=dict)  # daemon, running, synchronised, server, stratum, within_ms, poll
    replication: dict[str, Any] = field(default_factory=dict)  # state, queue, ping, y (Y/Y/Y), details
    authenticated: bool = True
    # Rows of the publisher's database that this node's copy lacks: {table: SQL condition of the rows that are missing}.
    missing_rows: dict[str, str] = field(default_factory=dict)
    # Performance counters that are not what they are on a healthy node: {counter: value}.
    perf: dict[str, int] = field(default_factory=dict)
    # Stores of the cluster's list (typecertificateservice) that its certificate has gone from.
    without_certificates: list[int] = field(default_factory=list)
    # Switchable faults, by name; see faults.py of this folder.
    faults: dict[str, Any] = field(default_factory=dict)
    # Credentials of this node where they differ from the cluster's: {"platform": (user, password)}.
    accounts: dict[str, tuple[str, str]] = field(default_factory=dict)
    # Where its sockets are when that is not its address (several nodes on one loopback address); '' = at its address.
    listen: str = ""
    # Its own web certificate: made by certificates.py when the cluster starts, or put there before.
    certificate: Any = None
    # SSH host keys, made by ssh.py when they are first needed: they live as long as the node does.
    ssh_keys: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False)

    @property
    def at(self) -> str:
        """The address that its sockets listen on and that a client has to dial."""
        return self.listen or self.address

    def now(self) -> dt.datetime:
        """Return the node's idea of the present, UTC."""
        return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=self.clock_offset)


@dataclass(slots=True, kw_only=True)
class SimRegistration:
    """What a node's RIS knows of a phone (or another device)."""

    node: str
    name: str
    status: str = "Registered"
    status_reason: int = 0
    device_class: str = "Phone"
    model: int = 0
    product: int = 0
    protocol: str = "SIP"
    active_load: str = ""
    inactive_load: str = ""
    address: str = ""
    login_user: str = ""
    dir_number: str = ""
    description: str = ""
    at: int = 0  # TimeStamp, epoch seconds
    download_status: str = "Unknown"


@dataclass(slots=True, kw_only=True)
class Asked:
    """One operation that the simulator saw."""

    node: str
    channel: str  # axl, ris, services, perfmon, certmgr, web, ssh
    operation: str  # executeSQLQuery, selectCmDeviceExt, GET /emapp/EMAppServlet, or the CLI command
    detail: str = ""  # the SQL, the names' number ...
    write: bool = False


@dataclass(slots=True, kw_only=True)
class World:
    """The whole cluster."""

    release: str
    nodes: list[SimNode]
    application: tuple[str, str] = ("auditor", "Look-But-0nly!")
    platform: tuple[str, str] = ("osadmin", "Plat-f0rm-Read!")
    cluster_id: str = "StandAloneCluster"
    database: Any = None  # sqlite3.Connection of the publisher's copy, made by database.py
    registrations: list[SimRegistration] = field(default_factory=list)
    ris_per_minute: int = 15
    ris_cap: int = 1000
    faults: dict[str, Any] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    # How often each fault struck so far, and a node's requests to rate-limited services: kept by faults.py and ris.py.
    counters: dict[Any, Any] = field(default_factory=dict)
    # What clients cost it, and where that was more than a good operator would allow.
    load: Load = field(default_factory=Load, repr=False, compare=False)
    scenario: str = "healthy"
    # What smart licensing says where it is not what a healthy cluster says: registration, authorization, contact,
    # evaluation_days, entitlements {kind: state}; and the words of the last synchronisation, by LDAP agreement.
    licence: dict[str, Any] = field(default_factory=dict)
    ldap_sync: dict[str, str] = field(default_factory=dict)
    # The release that an upgraded cluster ran before, where it is not the scenario's.
    old_release: str = ""
    # What the owner of this cluster would write under [cluster.X.settings]; Cluster.toml does.
    settings: dict[str, Any] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def node(self, name: str) -> SimNode:
        """Return the node called ``name`` (System > Server, host name or address). KeyError when there is none."""
        for node in self.nodes:
            if name in (node.name, node.host, node.address):
                return node
        raise KeyError(name)

    @property
    def publisher(self) -> SimNode:
        """The publisher."""
        return next(node for node in self.nodes if node.role == "publisher")

    def record(self, asked: Asked) -> None:
        """Remember what a client sent."""
        with self.lock:
            self.asked.append(asked)

    def writes(self) -> list[Asked]:
        """Return what would have changed the cluster. Empty, always, after our own client."""
        with self.lock:
            return [asked for asked in self.asked if asked.write]
