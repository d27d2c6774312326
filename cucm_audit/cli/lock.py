"""One run a cluster at a time. The lock goes with the process, however that ends, so none is ever stale.

Where the file system has no locks, a file stands for one (``lock_file.py``), and that is said.
"""

import contextlib
import datetime as dt
import errno
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from cucm_audit.cli import lock_file
from cucm_audit.cli.console import Problem

#: What the system says when another process holds the lock.
_HELD = (errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK, errno.EDEADLK)


@contextlib.contextmanager
def locked(state: Path, cluster: str, notice: Callable[[str], None] | None = None) -> Iterator[None]:
    """Hold the lock of a cluster. Raises :class:`Problem` at once when another run holds it, and says which.

    ``notice`` is told when a file has to stand for the lock.
    """
    path = state / "locks" / f"{slug(cluster)}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        stream = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8")
    except OSError as error:
        raise Problem(f"{path} cannot be written: {error.strerror}; choose another --state-dir") from None
    with stream:
        try:
            taken = _take(stream)
        except OSError as error:  # a network file system without locks
            file = path.with_suffix(".held")
            if notice is not None:
                notice(f"{path.parent} has no locks ({error.strerror}): {file.name} stands for one")
            with lock_file.held(file, cluster):
                yield
            return
        if not taken:
            stream.seek(0 if os.name == "posix" else 1)
            raise Problem(f"{cluster} is being audited: locked by {stream.readline().strip() or 'another run'}")
        _sign(path, stream.fileno())
        yield


def _sign(path: Path, descriptor: int) -> None:
    """Write down who holds the lock. A full disk is said now, not by a snapshot that cannot grow."""
    words = f"{'' if os.name == 'posix' else ' '}pid {os.getpid()} since {dt.datetime.now(dt.UTC):%F %T} UTC\n"
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, words.encode("ascii"))
    except OSError as error:
        raise Problem(f"{path} cannot be written: {error.strerror}; choose another --state-dir") from None


def slug(name: str) -> str:
    """Return a file name for any cluster's name: readable, and never the same for two names."""
    safe = re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip(".-")[:40]
    return f"{safe}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:10]}"


def _take(stream: IO[str]) -> bool:
    """Take the lock of an open file without waiting."""
    try:
        if os.name == "posix":
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            import msvcrt

            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]  # Windows only
    except OSError as error:
        if error.errno not in _HELD:
            raise
        return False
    return True
