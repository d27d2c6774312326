"""Scenarios: small TOML files that differ from the healthy cluster by what they break.

``about = "..."`` says what the story is; ``base = ["d2", "p21"]`` puts other scenarios first. Then, in this order:

``[[sql]]``
    ``do`` is one statement on the publisher's database, SQLite's own words (clients never send these); ``until`` and
    ``since`` limit it to releases. ``{publisher}`` is the publisher's address, ``{sub1}``, ``{sub2}`` the subscribers'.
``[[node]]``
    ``name`` (or ``role = "publisher"``, ``"voice"``, ``"subscriber"``), then what changes:
    ``without_options`` (``"pack"`` is this release's device pack), ``options`` (to add), ``without_events`` (options whose
    installation is forgotten), ``pack_days_ago`` (the pack is installed anew, without what has to follow), ``booted_days_ago``,
    ``booted_minutes`` (a clean restart so many minutes after the publisher's pack), ``service``
    (a table: name -> {status, reason_code, started_minutes_after_pack ...}), ``ntp``, ``replication``, ``missing_rows``,
    ``faults``, ``accounts``, ``clock_offset``.
``[[registration]]``
    ``name`` or ``models`` or ``every`` (n-th of those) choose; ``set`` holds the new values; ``copy_to`` adds a second row.
``[world]``
    ``faults``, ``ris_per_minute``, ``ris_cap``.
"""

from cucm_audit.simulator.scenarios.apply import apply
from cucm_audit.simulator.scenarios.read import names, read

__all__ = ["apply", "names", "read"]
