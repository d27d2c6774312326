"""The file behind the trust store, ``<state-dir>/trust.toml``: read, checked, written. One place for its spelling.

A file that cannot be read is an error, never an empty store: an empty one would only ask to be filled again, by whoever
answers at that address now.
"""

import base64
import binascii
import ipaddress
import os
import re
import stat
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from cucm_audit.toml_lines import parse

_Entry = TypeVar("_Entry")
_RSA_SIGNATURES = ("rsa-sha2-256", "rsa-sha2-512")
_TLS_FINGERPRINT = re.compile(r"[0-9A-F]{2}(?::[0-9A-F]{2}){31}")
_KEY_TYPE = re.compile(r"[a-z0-9][a-z0-9@.-]{0,63}")
_SYNTAX_LINE = re.compile(r"\(at line (\d+), column \d+\)")
_MEND = "mend it or move it away, then accept the nodes again with trust add"


class TrustError(Exception):
    """The store cannot be used as it is; the text names the file (with its line where known) and the next step."""


class TlsEntry(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """An accepted certificate, as the file has it."""

    fingerprint: str
    subject: str = ""
    not_after: str = ""
    added_at: str = ""
    cluster: str = ""


class SshEntry(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The accepted host keys of one place, key type to "SHA256:..."."""

    keys: dict[str, str]
    added_at: str = ""
    cluster: str = ""


class _Raw(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    version: int = 1
    tls: dict[str, dict[str, Any]] = {}
    ssh: dict[str, dict[str, Any]] = {}


@dataclass(slots=True, kw_only=True)
class StoreFile:
    """The whole file; the keys are places, "address:port"."""

    tls: dict[str, TlsEntry] = field(default_factory=dict)
    ssh: dict[str, SshEntry] = field(default_factory=dict)


def key_family(key_type: str) -> str:
    """Return the name under which a host key is kept: RSA is one key, whatever hash signs with it."""
    return "ssh-rsa" if key_type in _RSA_SIGNATURES else key_type


def place_of(address: str, port: int) -> str:
    """Return "address:port", the address in its one spelling: IPv6 shortened and in brackets, names in lower case."""
    bare = address.strip().removeprefix("[").removesuffix("]")
    if not bare or not 0 < port < 65536:
        raise TrustError(f"{address!r} with port {port} is no address to trust")
    try:
        parsed = ipaddress.ip_address(bare)
    except ValueError:
        return f"{bare.lower().rstrip('.')}:{port}"
    return f"[{parsed}]:{port}" if parsed.version == 6 else f"{parsed}:{port}"


def split_place(place: str) -> tuple[str, int]:
    """Return the address (without brackets) and the port of a place."""
    address, _, port = place.rpartition(":")
    if not port.isascii() or not port.isdigit() or (":" in address and not address.startswith("[")):
        raise TrustError(f'"{place}" is not "address:port" (IPv6 in brackets)')
    return address.removeprefix("[").removesuffix("]"), int(port)


def tls_fingerprint(text: str) -> str:
    """Return a certificate's SHA-256 in its one spelling, upper-case pairs with colons; TrustError when it is none."""
    fingerprint = text.strip().upper()
    if not _TLS_FINGERPRINT.fullmatch(fingerprint):
        raise TrustError(f'"{text}" is no SHA-256 fingerprint of a certificate (32 pairs "AB:CD:...")')
    return fingerprint


def ssh_key(key_type: str, fingerprint: str) -> tuple[str, str]:
    """Return a host key's type and fingerprint in the spelling of OpenSSH; TrustError when they are none."""
    if not _KEY_TYPE.fullmatch(key_type):
        raise TrustError(f'"{key_type}" is no type of host key')
    encoded = fingerprint.strip().rstrip("=")
    try:
        digest = base64.b64decode(encoded.removeprefix("SHA256:") + "=", validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if not encoded.startswith("SHA256:") or len(digest) != 32:
        raise TrustError(f'"{fingerprint}" is no fingerprint of a host key ("SHA256:" and 43 characters)')
    return key_family(key_type), encoded


def stamp(path: Path) -> tuple[int, int, int] | None:
    """Return what changes when the file does; None when there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def read_store(path: Path) -> StoreFile:
    """Return what the file holds, nothing when there is none. Raises TrustError for everything in between."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        if path.is_symlink():
            raise TrustError(f"{path} is a link that leads nowhere") from None
        return StoreFile()
    except OSError as error:
        raise TrustError(f"{path} could not be read: {error.strerror or error}") from None
    try:
        with open(descriptor, "rb") as stream:
            _refuse_open_file(path, os.fstat(descriptor))
            text = stream.read().decode()
    except OSError as error:
        raise TrustError(f"{path} could not be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise TrustError(f"{path} is not UTF-8 text (byte {error.start}): {_MEND}") from None
    return _parse(path, text)


def _refuse_open_file(path: Path, status: os.stat_result) -> None:
    """Refuse what others may have written. Windows has no mode bits; the folder's rights protect the file there."""
    if not stat.S_ISREG(status.st_mode):
        raise TrustError(f"{path} is not a plain file")
    if os.name != "posix":
        return
    if status.st_uid not in (os.getuid(), 0):
        raise TrustError(f"{path} belongs to another user: compare its entries before you trust them (chown)")
    if status.st_mode & 0o022:
        raise TrustError(f"{path} may be written by others: compare its entries, then chmod 600 {path}")


def _refuse_open_folder(folder: Path) -> None:
    """Refuse a folder in which others may exchange the file (the sticky bit forbids them to)."""
    mode = folder.stat().st_mode
    if os.name == "posix" and mode & 0o022 and not mode & stat.S_ISVTX:
        raise TrustError(f"{folder} may be written by others, who could exchange the file: chmod 700 {folder}")


def _parse(path: Path, text: str) -> StoreFile:
    try:
        raw = msgspec.convert(parse(text), _Raw)
    except tomllib.TOMLDecodeError as error:
        line = _SYNTAX_LINE.search(str(error))
        raise TrustError(f"{path}:{line.group(1) if line else '?'}: {error}: {_MEND}") from None
    except msgspec.ValidationError as error:
        raise TrustError(f"{path}:{_line_of(text, _quoted_word(error))}: {error}: {_MEND}") from None
    if raw.version != 1:
        raise TrustError(f"{path}: version {raw.version} was written by another release of this program")
    content = StoreFile()
    for place, table in raw.tls.items():
        with _At(f"{path}:{_line_of(text, 'tls', place)}"):
            _once(content.tls, place, _tls_entry(table))
    for place, table in raw.ssh.items():
        with _At(f"{path}:{_line_of(text, 'ssh', place)}"):
            _once(content.ssh, place, _ssh_entry(table))
    return content


class _At:
    """Puts the file and the line of an entry before whatever is wrong with it."""

    def __init__(self, where: str) -> None:
        self._where = where

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (TrustError, msgspec.ValidationError)):
            raise TrustError(f"{self._where}: {error}: {_MEND}") from None


def _once(entries: dict[str, _Entry], place: str, entry: _Entry) -> None:
    name = place_of(*split_place(place))
    if name in entries:
        raise TrustError(f'"{place}" is there twice')
    entries[name] = entry


def _tls_entry(table: dict[str, Any]) -> TlsEntry:
    entry = msgspec.convert(table, TlsEntry)
    return msgspec.structs.replace(entry, fingerprint=tls_fingerprint(entry.fingerprint))


def _ssh_entry(table: dict[str, Any]) -> SshEntry:
    entry = msgspec.convert(table, SshEntry)
    keys = dict(ssh_key(*pair) for pair in entry.keys.items())
    if len(keys) != len(entry.keys) or not keys:
        raise TrustError("the entry names no host key, or one type twice")
    return msgspec.structs.replace(entry, keys=keys)


def _quoted_word(error: Exception) -> str:
    words = re.findall(r"[`.]([\w-]{2,})", str(error))
    return words[-1] if words else ""


def _line_of(text: str, *words: str) -> str:
    """Return the number of the first line that holds all words; '?' when none does (dotted and inline tables)."""
    for number, line in enumerate(text.splitlines(), start=1):
        if all(word in line for word in words):
            return str(number)
    return "?"


def write_store(path: Path, content: StoreFile) -> None:
    """Write the store: a new file beside it, flushed to the disk, renamed over the old one; mode 0600."""
    target = Path(os.path.realpath(path))
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_open_folder(target.parent)
        _replace(target, _text(content))
    except OSError as error:
        raise TrustError(f"{path} could not be written: {error.strerror or error}") from None


def _text(content: StoreFile) -> str:
    lines = ["# Accepted certificates and host keys of cucm-audit. Written by: cucm-audit trust add", "version = 1"]
    for place, tls in sorted(content.tls.items()):
        lines += ["", f"[tls.{_quoted(place)}]"]
        lines += [f"{name} = {_quoted(getattr(tls, name))}" for name in tls.__struct_fields__]
    for place, ssh in sorted(content.ssh.items()):
        lines += ["", f"[ssh.{_quoted(place)}]"]
        lines += [f"added_at = {_quoted(ssh.added_at)}", f"cluster = {_quoted(ssh.cluster)}"]
        lines += [f"keys.{_quoted(key_type)} = {_quoted(value)}" for key_type, value in sorted(ssh.keys.items())]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """Return a TOML basic string. Control characters are escaped; what UTF-8 cannot hold becomes a question mark."""
    clean = text.encode("utf-8", "replace").decode()
    return '"' + "".join(_escaped(character) for character in clean) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    return f"\\u{ord(character):04X}" if character < " " or "\x7f" <= character < "\xa0" else character


def _replace(target: Path, text: str) -> None:
    """Write beside the target, flush, rename: a reader sees the old file or the new one, never half of one."""
    temporary = target.with_name(f".{target.name}.{os.urandom(6).hex()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as stream:
            stream.write(text.encode())
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    _flush_folder(target.parent)


def _flush_folder(folder: Path) -> None:
    """Flush the rename as well, where folders can be opened (not on Windows)."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
