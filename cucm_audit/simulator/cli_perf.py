"""``show perf query class``: the counters of PerfMon on the command line (reference: serviceability.md section 3).

Only the counters' lines are in a source; the two lines above them are from memory, as is the refusal.
"""

from cucm_audit.simulator.cli_answer import Answer, Call, text
from cucm_audit.simulator.perfmon import objects


def query_class(call: Call) -> Answer:
    """Return the instances and values of the objects that are named, as this node counts them."""
    known = objects(call.world, call.node)
    lines = ["==>query class :", ""]
    for name in call.rest:
        if name not in known:
            return text(f"Perf class ({name}) is not known on this node")
        lines.append(f" - Perf class ({name}) has instances and values:")
        lines += [
            f"    {instance or ' ':<15} -> {counter:<30} = {call.node.perf.get(counter, value)}"
            for (instance, counter), value in known[name].items()
        ]
    return text(*lines)
