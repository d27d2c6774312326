"""A lock where the file system has none: a file that only one run can make, with who made it and when.

Such a file does not go with its process. One whose process is dead on this host is put away; of another host (or
container) nobody here can tell, so that one is named and left for a person.
"""

import contextlib
import datetime as dt
import json
import os
import platform
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cucm_audit.cli.console import Problem


@contextlib.contextmanager
def held(path: Path, cluster: str) -> Iterator[None]:
    """Hold the lock file. Raises :class:`Problem` when another run holds it, and says which."""
    mine = _owner()
    for _ in range(2):  # the second time without the leftover of a dead run
        if _make(path, mine):
            break
        _judge(path, cluster)
    else:
        raise Problem(f"{cluster} is being audited: another run was quicker to take {path}")
    try:
        yield
    finally:
        if _read(path) == mine:
            with contextlib.suppress(OSError):
                path.unlink()


def _make(path: Path, owner: Mapping[str, Any]) -> bool:
    """Make the file, all of it or not at all; False when there is one."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    except OSError as error:
        raise Problem(f"{path} cannot be written: {error.strerror}; choose another --state-dir") from None
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        json.dump(owner, stream)
    return True


def _read(path: Path) -> dict[str, Any] | None:
    """Return who holds a lock file, None when nobody can read that."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _judge(path: Path, cluster: str) -> None:
    """Put a dead run's file away; raise :class:`Problem` for any other."""
    owner = _read(path)
    if owner is None:
        if not path.exists():
            return  # the other run has just ended
        raise Problem(f"{cluster} is being audited, or was: {path} is not readable; if no run is left, remove it")
    who = f"pid {owner.get('pid')} on {owner.get('host')} since {owner.get('since')} UTC"
    alive = _alive(owner)
    if alive is None:
        raise Problem(
            f"{cluster} is being audited: locked by {who}. Whether that run still goes on cannot be told from here: "
            f"if it does not, remove {path}"
        )
    if alive:
        raise Problem(f"{cluster} is being audited: locked by {who}")
    _put_away(path, owner)


def _put_away(path: Path, owner: Mapping[str, Any]) -> None:
    """Take a dead run's file away, and nobody else's: another run may have done so, and hold the lock by now."""
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        os.rename(path, aside)
        if _read(aside) != owner and not path.exists():
            os.rename(aside, path)
        else:
            aside.unlink()


def _owner() -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "host": _host(),
        "since": f"{dt.datetime.now(dt.UTC):%F %T}",
        "start": _start(os.getpid()),
    }


def _host() -> str:
    """Return the name of this machine, with its process numbers' own world where there are several (containers)."""
    with contextlib.suppress(OSError, AttributeError):
        return f"{platform.node()} {os.readlink('/proc/self/ns/pid')}"
    return platform.node()


def _start(pid: int) -> str:
    """Return when a process started, counted from a boot that has a name; '' where the system does not say."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        return f"{boot} {fields[19]}"
    except (OSError, IndexError):
        return ""


def _alive(owner: Mapping[str, Any]) -> bool | None:
    """Say whether the run that made a file still goes on; None when that cannot be told from here."""
    pid = owner.get("pid")
    # On Windows, asking for a process by its number would end it.
    if owner.get("host") != _host() or os.name != "posix" or not isinstance(pid, int) or pid <= 0:
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OverflowError:
        return None
    except OSError:
        pass  # another user's
    now = _start(pid)
    return not now or not owner.get("start") or now == owner["start"]
