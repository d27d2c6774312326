"""Scenarios: small TOML files that differ from the healthy cluster by what they break.

``about = "..."`` says what the story is; ``base = ["d2", "p21"]`` puts other scenarios first; ``release`` is the one
that it plays on unless another is asked for; ``[settings]`` are thresholds of the cluster's owner. Then, in this order:

``[[sql]]``
    ``do`` is one statement on the publisher's database, in SQLite's own words (clients never send these); ``until`` and
    ``since`` limit it to releases. ``{publisher}``, ``{sub1}`` and ``{sub2}`` are addresses.
``[[node]]``
    ``name`` (or ``role = "publisher"``, ``"voice"``, ``"subscriber"``), then what changes: ``without_options`` and
    ``options`` (``"pack"`` is this release's device pack), ``without_events`` (options whose installation the log
    forgets), ``pack_days_ago`` (the pack is installed anew, without what has to follow), ``booted_days_ago``,
    ``upgraded_from`` (the release that it ran before), ``not_rebooted_since_switch``,
    ``booted_minutes`` (a clean restart so many minutes after the publisher's pack), ``service`` (name -> {status,
    reason_code, started_minutes_after_pack ...}), ``without_services`` (its release has no such service), ``ntp``,
    ``replication``, ``missing_rows``, ``perf`` (counter -> value),
    ``certificate`` (``days``, ``begins_days_ago``, ``host`` of another server), ``faults``, ``accounts``,
    ``clock_offset`` (seconds; the node's log and services have lived with that clock all along).
``[[registration]]``
    ``name``, ``models`` and ``on`` (node) choose, then ``every`` (each n-th) and ``most``; ``set`` holds the new values
    (``at`` is added to), ``copy_to`` adds a second row on another node instead of changing the first.
``[world]``
    ``faults``, ``ris_per_minute``, ``ris_cap``.
"""

from cucm_audit.simulator.scenarios.apply import apply
from cucm_audit.simulator.scenarios.read import names, read

__all__ = ["apply", "names", "read"]
