"""Where a password comes from, a Secret that never prints, and the mask for everything that leaves the program.

A password never comes from an option or from a plain variable. The places, first match wins (design: experience.md 3):
password-command, keyring (when the extra is installed), ``$CREDENTIALS_DIRECTORY/<cluster>.application`` or
``.platform``, a file that only its owner can read, a prompt. A place that was named and fails is an error and the next
one is not tried: a stale password could lock the account.
"""

import contextlib
import importlib
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NoReturn

from cucm_audit.secrets_mask import Mask, mask, register, register_account

__all__ = ["Account", "Mask", "Secret", "SecretError", "mask", "resolve"]

COMMAND_SECONDS = 10.0
_LONGEST = 4096  # bytes of a first line


class SecretError(Exception):
    """A password could not be had; the text names the place and the next step, never a secret."""


class Secret:
    """A password. Prints as ``***``; cannot be pickled or copied. Only the clients call :meth:`reveal`."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value
        register(value)

    def reveal(self) -> str:
        """Return the password itself (only ``clients/http.py`` and ``clients/ssh.py`` may)."""
        return self.__value

    def mask_with(self, user: str) -> None:
        """From now on, mask what HTTP Basic makes of this user and the password as well."""
        register_account(user, self.__value)

    def __repr__(self) -> str:
        return "***"

    def __format__(self, specification: str) -> str:
        return "***"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Secret is neither pickled nor copied")

    def __copy__(self) -> NoReturn:
        raise TypeError("a Secret is not copied")

    def __deepcopy__(self, memo: object) -> NoReturn:
        raise TypeError("a Secret is not copied")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user and the password; two are normal: the application user (AXL, Serviceability) and the OS administrator."""

    user: str
    password: Secret

    def __post_init__(self) -> None:
        self.password.mask_with(self.user)


def resolve(
    cluster: str,
    kind: str,
    user: str,
    *,
    folder: Path,
    file: Path | str | None = None,
    command: Sequence[str] = (),
    prompt: Callable[[str], str] | None = None,
    notice: Callable[[str], None] = lambda _: None,
    environment: Mapping[str, str] = os.environ,
) -> Account:
    """Return the account of a cluster; ``kind`` is application or platform.

    ``folder`` is where the cluster file is: ``file`` and the command are relative to it. ``prompt`` asks a person and
    is None with ``--no-input`` or without a terminal. ``notice`` hears what is worth a line but no error.
    Raises :class:`SecretError`.
    """
    label = f"{cluster}.{kind}"
    if not user:
        raise SecretError(f"{label}: no user is named: set one in the cluster file")
    password = (
        (_from_command(label, command, folder, environment) if command else None)
        or _from_keyring(label, user, notice)
        or _from_credentials(label, environment)
        or (_from_file(label, folder / file, os.name == "posix", notice) if file else None)
        or _from_prompt(label, user, prompt)
    )
    return Account(user=user, password=Secret(password))


def _from_prompt(label: str, user: str, prompt: Callable[[str], str] | None) -> str:
    if prompt is None:
        raise SecretError(
            f"{label}: no password for {user}: name a password-command or a password-file in the cluster file, "
            f"put it into a file {label} in the folder that $CREDENTIALS_DIRECTORY names, store it in the keyring "
            f"(service cucm-audit:{label}), or run on a terminal to be asked"
        )
    return _usable(label, "the prompt", prompt(f"Password of {user} ({label}): "))


def _usable(label: str, place: str, password: str) -> str:
    if not password:
        raise SecretError(f"{label}: {place} gave an empty password")
    if "\0" in password:
        raise SecretError(f"{label}: {place} gave a password with a NUL character: is it a binary file?")
    return password


def _first_line(label: str, place: str, raw: bytes) -> str:
    """Return the first line without its end. Blanks stay: they may belong to the password."""
    line, end, _ = raw.partition(b"\n")
    if not end and len(raw) > _LONGEST:
        raise SecretError(f"{label}: {place}: the first line is longer than {_LONGEST} bytes")
    try:
        return _usable(label, place, line.removesuffix(b"\r").decode())
    except UnicodeDecodeError:
        raise SecretError(f"{label}: {place}: the first line is not UTF-8 text") from None


# --- files ----------------------------------------------------------------------------------------------------------


def _from_credentials(label: str, environment: Mapping[str, str]) -> str | None:
    """Read what systemd (LoadCredential) put aside. It may belong to root and may be group-readable (an ACL's mask)."""
    directory = environment.get("CREDENTIALS_DIRECTORY")
    if not directory or not (path := Path(directory, label)).exists():
        return None
    return _read(label, path, forbidden=0o007, owners=_us() | {0}, modes=os.name == "posix")


def _from_file(label: str, path: Path, modes: bool, notice: Callable[[str], None]) -> str:
    if not modes:
        notice(f"{label}: this system has no mode bits: make sure that only you can read {path}; a keyring is safer")
    return _read(label, path, forbidden=0o077, owners=_us(), modes=modes)


def _us() -> set[int]:
    return {os.getuid()} if hasattr(os, "getuid") else set()


def _read(label: str, path: Path, *, forbidden: int, owners: set[int], modes: bool) -> str:
    """Read the first line of a file after looking at the very file that was opened (not at a name that may change)."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    if path.is_symlink():
        raise SecretError(f"{label}: {path} is a symbolic link: name the file itself")
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        raise SecretError(f"{label}: {path} could not be read: {error.strerror or error}") from None
    try:
        status = os.fstat(descriptor)
        _refuse_open(label, path, status, forbidden, owners, modes)
        raw = os.read(descriptor, _LONGEST + 1)
    except OSError as error:
        raise SecretError(f"{label}: {path} could not be read: {error.strerror or error}") from None
    finally:
        os.close(descriptor)
    return _first_line(label, str(path), raw)


def _refuse_open(label: str, path: Path, status: os.stat_result, forbidden: int, owners: set[int], modes: bool) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise SecretError(f"{label}: {path} is not a plain file")
    if modes and status.st_uid not in owners:
        raise SecretError(f"{label}: {path} belongs to another user: chown it to the one who runs this")
    if modes and status.st_mode & forbidden:
        raise SecretError(f"{label}: {path} can be read or written by others: chmod 600 {path}")


# --- keyring --------------------------------------------------------------------------------------------------------


def _from_keyring(label: str, user: str, notice: Callable[[str], None]) -> str | None:
    """Ask the keyring, service ``cucm-audit:<cluster>.<kind>``. A locked or missing one is a notice, not an error."""
    try:
        keyring = importlib.import_module("keyring")
    except ImportError:
        return None
    try:
        password = keyring.get_password(f"cucm-audit:{label}", user)
    except Exception as error:  # backends raise what they like
        notice(f"{label}: the keyring gave nothing ({type(error).__name__})")
        return None
    return str(password) if password else None


# --- password-command -----------------------------------------------------------------------------------------------


def _from_command(label: str, words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> str:
    """Run the user's own command, without a shell, and take the first line of what it prints.

    The child sees none of our CUCM_AUDIT_ variables; what it says on stderr is not shown (it may hold the secret).
    """
    place = f"password-command ({words[0]})"
    scrubbed = {name: value for name, value in environment.items() if not name.upper().startswith("CUCM_AUDIT_")}
    try:
        child = subprocess.Popen(  # noqa: S603 - a list of words from the user's own file, never a shell
            list(words),
            cwd=folder,
            env=scrubbed,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise SecretError(f"{label}: {place} could not be started: {reason}") from None
    status, raw = _watch(child)
    if status is None:
        raise SecretError(
            f"{label}: {place} was not done within {COMMAND_SECONDS:g} s: run it by hand, see what it asks"
        )
    if status != 0:
        raise SecretError(f"{label}: {place} ended with status {status}: run it by hand to see what it says")
    return _first_line(label, place, raw)


def _watch(child: subprocess.Popen[bytes]) -> tuple[int | None, bytes]:
    """Return the exit status (None: it took too long) and the head of the output. A flood is read and thrown away."""
    heads: list[bytes] = []
    assert child.stdout is not None
    reader = threading.Thread(target=_read_head, args=(child.stdout, heads), daemon=True)
    reader.start()
    reader.join(COMMAND_SECONDS)
    try:
        status = None if reader.is_alive() else child.wait(timeout=1)
    except subprocess.TimeoutExpired:
        status = None
    finally:
        _end(child)
    return status, b"".join(heads)


def _read_head(stream: IO[bytes], heads: list[bytes]) -> None:
    with stream:
        heads.append(stream.readline(_LONGEST + 1))
        while stream.read(65536):
            pass


def _end(child: subprocess.Popen[bytes]) -> None:
    """Leave no process behind: the command and what it started (its process group, where there are groups)."""
    if child.poll() is None:
        if sys.platform == "win32":
            child.kill()
        else:
            with contextlib.suppress(PermissionError):  # how macOS calls a group that has just ended
                os.killpg(child.pid, signal.SIGKILL)
        child.wait()
