"""Which certificates and SSH host keys a person has accepted, in the manner of known_hosts.

A pin is added by a person (``cucm-audit trust add``) and never by a run. The file itself: ``trust_file``.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cucm_audit.trust_file import (
    SshEntry,
    TlsEntry,
    TrustError,
    key_family,
    place_of,
    read_store,
    split_place,
    ssh_key,
    stamp,
    tls_fingerprint,
    write_store,
)

__all__ = ["TrustEntry", "TrustError", "TrustStore", "key_family"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustEntry:
    """One accepted certificate (``kind`` tls, no ``key_type``) or host key (``kind`` ssh). Times are UTC ISO text."""

    kind: str
    address: str
    port: int
    key_type: str
    fingerprint: str
    subject: str
    not_after: str
    added_at: str
    cluster: str


class TrustStore:
    """The accepted certificates and host keys of one state folder. Changes reach the disk with :meth:`save`.

    Raises :class:`TrustError` for a file that is broken, that others may write or that belongs to somebody else.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = stamp(path)
        self._content = read_store(path)

    def tls(self, address: str, port: int) -> str | None:
        """Return the accepted certificate's SHA-256 ("AB:CD:..."), None when nobody accepted one."""
        entry = self._content.tls.get(place_of(address, port))
        return entry.fingerprint if entry else None

    def ssh(self, address: str, port: int) -> Mapping[str, str]:
        """Return the accepted host keys, key type to "SHA256:..."; empty when nobody accepted one."""
        entry = self._content.ssh.get(place_of(address, port))
        return dict(entry.keys) if entry else {}

    def add_tls(
        self,
        address: str,
        port: int,
        fingerprint: str,
        *,
        subject: str = "",
        not_after: str = "",
        cluster: str = "",
        replace: bool = False,
    ) -> None:
        """Accept a certificate. Another one that is accepted already is only replaced when asked, else TrustError."""
        place = place_of(address, port)
        fingerprint = tls_fingerprint(fingerprint)
        known = self._content.tls.get(place)
        if known and known.fingerprint != fingerprint and not replace:
            raise TrustError(_differs(place, "certificate", known.fingerprint, fingerprint))
        self._content.tls[place] = TlsEntry(
            fingerprint=fingerprint, subject=subject, not_after=not_after, added_at=_now(), cluster=cluster
        )

    def add_ssh(
        self, address: str, port: int, key_type: str, fingerprint: str, *, cluster: str = "", replace: bool = False
    ) -> None:
        """Accept a host key. Another key of the same type is only replaced when asked, else TrustError."""
        place = place_of(address, port)
        key_type, fingerprint = ssh_key(key_type, fingerprint)
        entry = self._content.ssh.get(place) or SshEntry(keys={})
        known = entry.keys.get(key_type)
        if known and known != fingerprint and not replace:
            raise TrustError(_differs(place, f"{key_type} host key", known, fingerprint))
        keys = {**entry.keys, key_type: fingerprint}
        self._content.ssh[place] = SshEntry(keys=keys, added_at=_now(), cluster=cluster or entry.cluster)

    def remove(self, address: str, port: int) -> int:
        """Forget what is accepted for an address and port; return how many entries went."""
        place = place_of(address, port)
        tls = self._content.tls.pop(place, None)
        ssh = self._content.ssh.pop(place, None)
        return (1 if tls else 0) + (len(ssh.keys) if ssh else 0)

    def entries(self) -> list[TrustEntry]:
        """Return everything that is accepted, by address, certificates before host keys."""
        found = [_tls_entry(place, entry) for place, entry in self._content.tls.items()]
        for place, entry in self._content.ssh.items():
            found += [_ssh_entry(place, entry, key_type) for key_type in entry.keys]
        return sorted(found, key=lambda one: (one.address, one.port, one.kind != "tls", one.key_type))

    def save(self) -> None:
        """Write the store: a new file beside it, flushed to the disk, renamed over the old one; mode 0600.

        Raises TrustError when the file was changed by somebody else since it was read: their entry would be lost.
        """
        if stamp(self._path) != self._seen:
            raise TrustError(f"{self._path} was changed meanwhile: run the command again")
        write_store(self._path, self._content)
        self._seen = stamp(self._path)


def _differs(place: str, what: str, known: str, new: str) -> str:
    return (
        f"{place}: another {what} is trusted already: {known}; it shows {new} now. "
        "If the node was renewed or reinstalled, replace it (trust add --replace); if not, find out who answers there."
    )


def _tls_entry(place: str, entry: TlsEntry) -> TrustEntry:
    address, port = split_place(place)
    return TrustEntry(
        kind="tls",
        address=address,
        port=port,
        key_type="",
        fingerprint=entry.fingerprint,
        subject=entry.subject,
        not_after=entry.not_after,
        added_at=entry.added_at,
        cluster=entry.cluster,
    )


def _ssh_entry(place: str, entry: SshEntry, key_type: str) -> TrustEntry:
    address, port = split_place(place)
    return TrustEntry(
        kind="ssh",
        address=address,
        port=port,
        key_type=key_type,
        fingerprint=entry.keys[key_type],
        subject="",
        not_after="",
        added_at=entry.added_at,
        cluster=entry.cluster,
    )


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
