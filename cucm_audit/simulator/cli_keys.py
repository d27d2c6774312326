"""A node's SSH identity: version string, host keys, algorithms (reference: cli.md section 2.1)."""

import io
import os
import socket
import struct
from typing import Any

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from cucm_audit.simulator.cli_answer import numbers
from cucm_audit.simulator.cli_faults import Faults
from cucm_audit.simulator.world import SimNode

_SHA1_KEX = ("diffie-hellman-group-exchange-sha1", "diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1")
_SHA1_KEYS = ("ssh-rsa",)
_OLD_CIPHERS = ("aes128-ctr", "aes192-ctr", "aes256-ctr", "aes128-cbc", "3des-cbc")
_OLD_MACS = ("hmac-sha1", "hmac-md5")


def version_string(node: SimNode) -> str:
    """Return the version that the node's server gives: real for 11.5 and 15, deduced for 12 to 14, else from memory."""
    release = numbers(node.release)
    usual = "OpenSSH_5.3" if release < (12,) else "OpenSSH_7.4" if release < (15,) else "OpenSSH_8.8"
    return f"SSH-2.0-{Faults(node.faults).get('ssh_version', usual)}"


def host_keys(node: SimNode) -> list[paramiko.PKey]:
    """Return the node's host keys, made at first use; they are the node's own for its whole life."""
    faults = Faults(node.faults)
    old = numbers(node.release) < (12,)
    generation = str(faults.get("ssh_host_key", ""))
    kinds = faults.get("ssh_host_key_types", ("rsa",) if old else ("rsa", "ecdsa", "ed25519"))
    for kind in kinds:
        if (generation, kind) not in node.ssh_keys:
            node.ssh_keys[generation, kind] = _make(kind)
    return [node.ssh_keys[generation, kind] for kind in kinds]


def _make(kind: str) -> paramiko.PKey:
    if kind == "rsa":
        return paramiko.RSAKey.generate(2048)
    if kind == "ecdsa":
        return paramiko.ECDSAKey.generate(bits=256)
    # paramiko 4 can read an Ed25519 key, but not make one.
    private = ed25519.Ed25519PrivateKey.generate()
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    return paramiko.Ed25519Key.from_private_key(io.StringIO(pem.decode()))


def knows_sha1() -> bool:
    """Return whether the installed paramiko still has what CUCM 11.5 and older offer (it went with 5.0)."""
    table: dict[str, Any] = paramiko.Transport._kex_info  # type: ignore[attr-defined]
    keys: dict[str, Any] = paramiko.Transport._key_info  # type: ignore[attr-defined]
    return set(_SHA1_KEX) <= set(table) and set(_SHA1_KEYS) <= set(keys)


def set_algorithms(transport: paramiko.Transport, wanted: Any) -> None:
    """Let the server offer nothing but ``wanted``: "legacy" or a dictionary of SecurityOptions."""
    if wanted == "legacy":
        # Group exchange needs a file of primes, which a library has not: the two fixed groups are offered.
        wanted = {"kex": _SHA1_KEX[1:], "key_types": _SHA1_KEYS, "ciphers": _OLD_CIPHERS, "digests": _OLD_MACS}
    options = transport.get_security_options()
    for name, algorithms in (wanted or {}).items():
        setattr(options, name, tuple(algorithms))


def offer_sha1_only(connection: socket.socket, version: str) -> None:
    """Offer SHA-1 by hand, for a paramiko that has none: version and KEXINIT are real, an agreement is not possible.

    A client that lacks SHA-1 sees what it would see at the real node. One that has it gets no further than its KEXINIT.
    """
    none = ("none",)
    offer = (_SHA1_KEX, _SHA1_KEYS, _OLD_CIPHERS, _OLD_CIPHERS, _OLD_MACS, _OLD_MACS, none, none, (), ())
    message = paramiko.Message()
    message.add_byte(b"\x14")  # SSH_MSG_KEXINIT
    message.add_bytes(os.urandom(16))
    for names in offer:
        message.add_string(",".join(names))
    message.add_boolean(False)
    message.add_int(0)
    payload = message.asbytes()
    padding = 8 - (len(payload) + 5) % 8 + 8
    packet = struct.pack(">IB", len(payload) + padding + 1, padding) + payload + bytes(padding)
    connection.sendall(f"{version}\r\n".encode() + packet)
    connection.settimeout(5)
    heard = b""
    while b"\n" not in heard or len(heard) < 600:  # the client's version and most of its KEXINIT
        data = connection.recv(4096)
        if not data:
            return
        heard += data
