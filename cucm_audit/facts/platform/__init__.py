"""The platform CLI: one small module a command, each with a pure reader of its answer and the facts that it fills.

Facts that share a command ask it once: the connection remembers the answers of its node.
"""

from cucm_audit.facts import Fact
from cucm_audit.facts.platform import (
    backup,
    certificates,
    cores,
    counts,
    diagnostics,
    hardware,
    history,
    network_cluster,
    ntp,
    replication,
    security,
    services,
    status,
    version,
)

FACTS: tuple[Fact, ...] = (
    *status.FACTS,  # first: how the node is, and since when it runs
    *version.FACTS,
    *history.FACTS,
    *network_cluster.FACTS,
    *ntp.FACTS,
    *services.FACTS,
    *counts.FACTS,
    *replication.FACTS,
    *cores.FACTS,
    *hardware.FACTS,
    *certificates.FACTS,
    *security.FACTS,
    *backup.FACTS,
    *diagnostics.FACTS,
)
