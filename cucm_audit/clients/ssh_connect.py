"""From a node's address to an SSH transport whose host key is one that a person has accepted.

The host key is compared before anything about the account is sent. Algorithms: reference cli.md section 2.1.
"""

import base64
import hashlib
import hmac
import logging
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from cucm_audit.clients import ClientError
from cucm_audit.clients.dial import Deadline, Place, dial
from cucm_audit.clients.ssh_offer import offer_in_words
from cucm_audit.model import Reason
from cucm_audit.trust import key_family

if TYPE_CHECKING:
    import paramiko

BANNER_SECONDS = 60.0  # a busy node is slow to greet (reference: cli.md section 2.2)
_FIRST = 16 * 1024  # bytes that are kept of the beginning
_MOST_BEFORE_LOGIN = 256 * 1024  # bytes; a key exchange takes a few thousand
_NO_HOST_KEY = "no acceptable host key"  # paramiko's words
_FAMILIES = ("ssh-ed25519", "ecdsa-sha2", "ssh-rsa")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostKey:
    """A node's public key: its type (RSA is always ssh-rsa) and its fingerprint as OpenSSH writes it, "SHA256:..."."""

    key_type: str
    fingerprint: str


class Metered:
    """A socket that ends when too much comes in before the login: a server may send pre-banner lines without end.

    ``first`` keeps what came first: the greeting and the offer of algorithms.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.first = b""
        self._sock = sock
        self._left = float(_MOST_BEFORE_LOGIN)

    def recv(self, size: int) -> bytes:
        """Read like a socket; b'' (the end) once the measure is full."""
        data = self._sock.recv(size)
        self._left -= len(data)
        if len(self.first) < _FIRST:
            self.first += data
        return data if self._left >= 0 else b""

    def open_up(self) -> None:
        """Measure no longer: the node is who it should be, and answers have their own limit."""
        self._left = float("inf")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


def connect_trusted(place: Place, known: Mapping[str, str], deadline: Deadline, timeout: float) -> "paramiko.Transport":
    """Return a transport to a node that showed one of its ``known`` host keys. Nothing about the account was sent.

    Raises :class:`ClientError`: hostkey_unknown, hostkey_changed, ssh_legacy_algorithms, or why there is no connection.
    """
    trouble: ClientError | None = None
    transport: paramiko.Transport | None = None
    try:
        transport = negotiate(place, deadline, timeout, families=tuple(known))
    except ClientError as error:
        trouble = error
    if trouble and not (known and trouble.reason is Reason.SSH_LEGACY_ALGORITHMS and _NO_HOST_KEY in trouble.detail):
        raise trouble
    # No key of a known type is left there: look which one it has now, so that the message can say so.
    transport = transport or negotiate(place, deadline, timeout)
    shown = host_key(transport)
    if hmac.compare_digest(known.get(shown.key_type, "").encode(), shown.fingerprint.encode()):
        cast(Metered, transport.sock).open_up()
        return transport
    transport.close()
    raise _untrusted(place, known, shown)


def negotiate(place: Place, deadline: Deadline, timeout: float, families: Sequence[str] = ()) -> "paramiko.Transport":
    """Return a transport after the key exchange, before any authentication.

    ``families`` limits the kinds of host key that we ask for, so that a node with several shows the one we know.
    """
    import paramiko

    logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)
    sock = dial(place, deadline, connect_timeout=timeout)
    deadline.watch(sock)
    metered = Metered(sock)
    transport = paramiko.Transport(cast(socket.socket, metered))
    transport.banner_timeout = BANNER_SECONDS * place.patience
    options = transport.get_security_options()
    chosen = tuple(name for name in options.key_types if not families or _in_families(name, families))
    failure: Exception | None = paramiko.ssh_exception.IncompatiblePeer(_NO_HOST_KEY)
    if chosen:
        options.key_types = chosen
        failure = attempt(transport.start_client)
    if failure is None:
        return transport
    transport.close()
    sock.close()
    raise _no_transport(place, failure, deadline, offer_in_words(metered.first))


def host_key(transport: "paramiko.Transport") -> HostKey:
    """Return the key that the node proved to have in the key exchange."""
    key = transport.get_remote_server_key()
    digest = base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")
    return HostKey(key_type=key_family(key.get_name()), fingerprint=f"SHA256:{digest}")


def peek_host_key(address: str, port: int, timeout: float = 10) -> tuple[HostKey, ...]:
    """Return the node's host keys, the preferred one first, without any authentication. For ``trust add``.

    Takes one connection for the default and one for each other kind of key. ``timeout`` is seconds a connection.
    Raises :class:`ClientError` when not even the first connection stands.
    """
    place = Place(node=address, address=address, port=port, source="ssh")
    keys = [_peek(place, timeout)]
    for family in _FAMILIES:
        if any(_in_families(key.key_type, (family,)) for key in keys):
            continue
        try:
            keys.append(_peek(place, timeout, (family,)))
        except ClientError:
            continue  # it has no key of this kind
    return tuple(keys)


def _peek(place: Place, timeout: float, families: Sequence[str] = ()) -> HostKey:
    with Deadline(timeout) as deadline:
        transport = negotiate(place, deadline, timeout, families)
        try:
            return host_key(transport)
        finally:
            transport.close()


def _in_families(name: str, families: Sequence[str]) -> bool:
    return any(key_family(name).startswith(family) for family in families)


def attempt(step: Callable[[], object]) -> Exception | None:
    """Return what a step of paramiko raised, bare of tracebacks: paramiko's frames hold the password."""
    try:
        step()
    except Exception as error:  # paramiko passes on whatever its thread met
        error.__context__ = error.__cause__ = None
        return error.with_traceback(None)
    return None


def _untrusted(place: Place, known: Mapping[str, str], shown: HostKey) -> ClientError:
    command = f"cucm-audit trust add {place.node or place.address}"
    now = f"{shown.key_type} {shown.fingerprint}"
    doing = "checking the host key, before logging in"
    if not known:
        hint = f"The node shows {now}. Compare it with the node's own, then: {command}"
        return place.error(Reason.HOSTKEY_UNKNOWN, doing, hint, now)
    old = ", ".join(f"{key_type} {fingerprint}" for key_type, fingerprint in known.items())
    hint = (
        f"Trusted is {old}; the node shows {now}. If it was reinstalled: {command} --replace. "
        "If not, somebody else answers at this address: no password was sent."
    )
    return place.error(Reason.HOSTKEY_CHANGED, doing, hint, f"old {old}, new {now}")


def _no_transport(place: Place, failure: Exception, deadline: Deadline, offer: str) -> ClientError:
    import paramiko

    doing = f"the SSH key exchange with {place}"
    words = str(failure)[:200]
    if deadline.passed:
        return place.error(Reason.TIMEOUT, doing, "The port is open but nothing speaks SSH there in time.", "no answer")
    if isinstance(failure, paramiko.ssh_exception.IncompatiblePeer) or "out of range" in words:
        hint = (
            f"paramiko {paramiko.__version__} and the node have no algorithm in common. CUCM 11.5 and older: "
            "pip install 'cucm-audit[legacy-ssh]'. Newer: look at Security > Cipher Management in OS Administration."
        )
        told = f"{words}; the node offers: {offer}" if offer else words
        return place.error(Reason.SSH_LEGACY_ALGORITHMS, doing, hint, told)
    if "Indecipherable" in words or "Invalid SSH banner" in words:
        return place.error(
            Reason.MALFORMED, doing, f"Port {place.port} does not speak SSH. Is it the right port?", words
        )
    return place.error(Reason.DISCONNECTED, doing, "The connection was closed before the login; try again.", words)
