"""The only place that prints: standard output, standard error, files. All of it passes the mask for secrets."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any


class Problem(Exception):
    """The command cannot do what it was asked: one sentence with the next step. Exit code 2, or ``code``."""

    def __init__(self, says: str, code: int = 2) -> None:
        self.code = code
        super().__init__(says)


def steady_streams() -> None:
    """Let no character of another alphabet end the program: a stream that cannot say it shows its number instead."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def masked(text: str) -> str:
    """Return ``text`` without any secret. While nothing has read one, there is none to hide."""
    secrets = sys.modules.get("cucm_audit.secrets")
    return secrets.mask(text) if secrets is not None else text


def say(text: str) -> None:
    """Write to standard output. A reader who has left (``| head``) is no error; a full disk is."""
    _write(sys.stdout, masked(text if text.endswith("\n") else text + "\n"))


def complain(text: str) -> None:
    """Write to standard error; what a terminal would obey is shown in words. A closed one ends nothing."""
    from cucm_audit.reports.sanitize import visible

    lines = (visible(line) for line in masked(text).rstrip("\n").split("\n"))
    with contextlib.suppress(Problem):
        _write(sys.stderr, "\n".join(lines) + "\n")


def _write(stream: IO[str] | None, text: str) -> None:
    if stream is None:  # it was closed before the program began
        raise Problem("standard output is closed: nobody would see the answer; give it a file with -o")
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        _silence(stream)
    except OSError as error:
        _silence(stream)
        raise Problem(f"standard output cannot be written: {error.strerror}") from None


def _silence(stream: IO[str]) -> None:
    """Point a stream that nobody reads at nothing, so that the end of the program does not stumble over it again."""
    with contextlib.suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)


def on_terminal(stream: Any = None) -> bool:
    """Say whether a person is looking at the stream (standard error unless told)."""
    stream = sys.stderr if stream is None else stream
    return bool(stream is not None and stream.isatty()) and os.environ.get("TERM") != "dumb"


def can_ask() -> bool:
    """Say whether a person is there to answer: questions go to standard error, answers come from standard input."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def colour_wanted(choice: str) -> bool:
    """Decide about colour on standard output: ``--color``, then NO_COLOR, then whether a terminal is there."""
    if choice != "auto":
        return choice == "always"
    return not os.environ.get("NO_COLOR") and on_terminal(sys.stdout)


def show_cursor() -> None:
    """Give a terminal its cursor back, which the progress display hides."""
    if on_terminal():
        with contextlib.suppress(OSError):
            os.write(2, b"\x1b[?25h")


def no_core_dump() -> None:
    """Keep what is in memory (a password, soon) out of a core file, where the system has such a thing."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def width() -> int:
    """Return the columns of the terminal, 100 where there is none."""
    import shutil

    return shutil.get_terminal_size((100, 24)).columns


def refuse_existing(path: Path | None, *, force: bool) -> None:
    """Refuse early what :func:`write_file` would refuse late: before a cluster was asked for nothing."""
    if path is not None and path.is_file() and not force:
        raise Problem(f"{path} exists already: give another name, or --force to replace it")


def refuse_own_sources(written: Sequence[Path | None], read: Sequence[Path | None]) -> None:
    """Refuse to write over what the command reads, also with ``--force``: the evidence would be gone, or the waivers.

    And to write two things under one name: the later one would take the other's place.
    """
    targets = [path for path in written if path is not None]
    for number, target in enumerate(targets):
        if any(_one_file(target, path) for path in read if path is not None):
            raise Problem(f"{target} is read by this command: give what it writes another name")
        if any(_one_file(target, other) for other in targets[:number]):
            raise Problem(f"{target} is to hold two things: give one of them another name")


def resolved(path: Path) -> Path:
    """Return where a name leads. Raises :class:`Problem` for symbolic links that lead in a circle."""
    with contextlib.suppress(OSError, RuntimeError):  # RuntimeError before Python 3.13, nothing at all since
        place = path.resolve()
        if not place.is_symlink():
            return place
    raise Problem(f"{path} cannot be used: its symbolic links lead in a circle")


def _one_file(one: Path, other: Path) -> bool:
    if resolved(one) == resolved(other):
        return True
    try:
        return one.is_file() and one.samefile(other)
    except OSError:
        return False


def write_file(path: Path, text: str, *, force: bool) -> None:
    """Write a file whole or not at all: a temporary name beside it, synced, renamed; readable by its owner only.

    Raises :class:`Problem` when it is there already (without ``force``) or cannot be written; an old file stays intact.
    """
    path = resolved(path)
    refuse_existing(path, force=force)
    try:
        if path.exists() and not path.is_file():  # a pipe or a device: there is nothing to rename
            with path.open("w", encoding="utf-8") as device:
                device.write(masked(text))
            return
        _replace(path, masked(text), force=force)
    except FileExistsError:
        raise Problem(f"{path} exists already: give another name, or --force to replace it") from None
    except OSError as error:
        raise Problem(f"{path} cannot be written: {error.strerror}") from None


def _replace(path: Path, text: str, *, force: bool) -> None:
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:60]}.", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        move(Path(temporary), path, force=force)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


def move(temporary: Path, path: Path, *, force: bool) -> None:
    """Give a finished file its name. Without ``force`` a file that came meanwhile is not replaced (FileExistsError)."""
    if force:
        os.replace(temporary, path)
        return
    try:
        os.link(temporary, path)  # the only rename that refuses to overwrite
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if path.exists():
            raise FileExistsError(str(path)) from None
        os.replace(temporary, path)
    else:
        os.unlink(temporary)
