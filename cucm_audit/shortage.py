"""A machine that is short of memory, threads or files: said in one sentence, which itself needs next to nothing."""

import errno
import os
import re
import threading

_SAYS = (
    "this machine gave too little {what}: raise the limit (ulimit, the memory of the container; 10,000 phones take"
    " 256 MiB, and 1.5 GiB of address space), or narrow the run with --limit, --without or --document"
)
#: Address space in bytes with which a run of one cluster is begun at all.
LEAST_ROOM = 1024**3
#: Open files with which it is: eight nodes over SSH and eight over HTTPS, a snapshot, modules that are read late.
LEAST_FILES = 48
_FILES = "room for open files"
_SYSTEM = {errno.ENOMEM: "memory", errno.EMFILE: _FILES, errno.ENFILE: _FILES}


def shortage(error: BaseException | None) -> str:
    """Return the sentence for an error that comes of a shortage, itself or what it was raised from; '' for others."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if what := _what(error):
            return _SAYS.format(what=what)
        error = error.__cause__ or error.__context__
    return ""


def too_little_room() -> str:
    """Return the sentence when this process may have too little for a run, '' else.

    That is open files (``ulimit -n``), or address space (``ulimit -v``). Each thread takes some 70 MiB of it, mostly
    unused; one that cannot begin is waited for without end by Python itself: better not to begin. Below the limit that
    is enough, threads get small stacks.
    """
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return ""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files != resource.RLIM_INFINITY and files < LEAST_FILES:
        return _SAYS.format(what=_FILES)
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    if soft == resource.RLIM_INFINITY:
        return ""
    threading.stack_size(1024 * 1024)
    return _SAYS.format(what="memory (address space)") if soft < LEAST_ROOM else ""


def _what(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "memory"
    if isinstance(error, OSError) and error.errno in _SYSTEM:
        return _SYSTEM[error.errno]
    if isinstance(error, RuntimeError) and "new thread" in str(error):
        return "memory for threads, or threads"
    if "unable to open database file" in str(error):  # SQLite keeps the system's own error to itself
        return f"{_FILES} (or took its temporary folder away)"
    found = re.search(r"(?i)out of memory|cannot allocate memory|failed to map segment", str(error))
    return "memory" if found and not isinstance(error, OSError) else ""


def gasp(text: str) -> None:
    """Write to standard error where even printing may fail. ``text`` is ours and holds no secret."""
    os.write(2, f"cucm-audit: {text}\n".encode())
