"""A CUCM cluster on loopback that speaks real HTTPS and SSH: for the demo, the tests, the benchmarks and training.

``build`` makes the state of a cluster, ``Cluster`` starts its servers. Nothing here imports the rest of the package, so
that a client which works with it has proved something (reference: the files named in each module).
"""

from cucm_audit.simulator.build import build
from cucm_audit.simulator.cluster import Cluster

__all__ = ["Cluster", "build"]
