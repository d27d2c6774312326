"""Many clusters at once: whose turn it is here, over which executor, and what becomes of each.

Knows no cluster and no report: a task is what a worker is told, and it tells names only. A worker that dies loses
nothing but its task, which is given to another, twice at most; what is lost for good is said, never left out.
"""

import contextlib
import ipaddress
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from importlib import import_module
from typing import Generic, TypeVar
from urllib.parse import urlsplit

#: How often a task is given to another worker when the one that had it died. dask does that itself, as often as its
#: scheduler's ``allowed-failures`` says.
MOST_TRIES = 2
#: Seconds that running tasks may take to end once the run is stopped.
PATIENCE = 1.3
#: Seconds in which a scheduler has to answer.
CONNECT = 10
_LOOK = 0.1

T = TypeVar("T")
R = TypeVar("R")


class FleetError(Exception):
    """A fleet cannot be audited as it was asked for: the message has the next step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One of ``of`` parts, counted from 1. All clusters: 1 of 1."""

    number: int = 1
    of: int = 1

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def names(self, clusters: Sequence[str]) -> list[str]:
        """Return the clusters of this part: every ``of``-th of the sorted names.

        >>> Shard(number=2, of=3).names(["d", "a", "c", "b"])
        ['b']
        """
        return sorted(clusters)[self.number - 1 :: self.of]


def shard(text: str) -> Shard:
    """Read ``3/12``. FleetError when it is none.

    >>> str(shard("3/12"))
    '3/12'
    """
    found = re.fullmatch(r"([1-9]\d{0,3})/([1-9]\d{0,3})", text)
    if found is None or int(found[1]) > int(found[2]):
        raise FleetError(f"{text!r} is no shard: write 3/12 for the third of twelve")
    return Shard(number=int(found[1]), of=int(found[2]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What works: so many threads of this process, or a dask scheduler at an address."""

    threads: int = 0
    address: str = ""


def where(text: str) -> Where:
    """Read ``threads:16`` or ``dask=tls://host:8786``. FleetError with the reason otherwise.

    dask's plain tcp has neither password nor encryption, and its workers run what they are told: only on this machine.
    """
    kind, sign, rest = (text.partition(":") if text.startswith("threads") else text.partition("="))[:3]
    if kind == "threads" and sign and re.fullmatch(r"[1-9]\d{0,2}", rest):
        return Where(threads=int(rest))
    if kind != "dask" or not sign:
        raise FleetError(f"{text!r} is no executor: write threads:16, or dask=tls://HOST:8786")
    scheme, host = _place(rest)
    if scheme == "tls" or (scheme == "tcp" and _is_loopback(host)):
        return Where(address=rest)
    if scheme == "tcp":
        raise FleetError(f"{rest}: anybody on the way could read and send there; use tls:// (tcp:// on 127.0.0.1 only)")
    raise FleetError(f"{rest!r} is no address of a scheduler: write dask=tls://HOST:8786")


def _place(address: str) -> tuple[str, str]:
    try:
        parts = urlsplit(address)
        return (parts.scheme, parts.hostname or "") if parts.port else ("", "")
    except ValueError:
        return "", ""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False  # a name may lead anywhere, localhost too


@contextlib.contextmanager
def executor(place: Where) -> Iterator[Executor]:
    """Yield what runs the tasks. FleetError when there is no dask, or nobody answers at its address.

    It is left without waiting: what still runs when a run was stopped must not hold it up.
    """
    if place.threads:
        pool = ThreadPoolExecutor(max_workers=place.threads, thread_name_prefix="cluster")
        try:
            yield pool
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        return
    try:
        dask = import_module("distributed")
    except ImportError:
        raise FleetError("dask is not installed: pip install 'cucm-audit[dask]'") from None
    try:
        client = dask.Client(place.address, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        says = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FleetError(f"{place.address}: the scheduler cannot be reached: {says}") from None
    try:
        yield client.get_executor(pure=False, retries=0)
    finally:
        with contextlib.suppress(OSError, TimeoutError):
            client.close(timeout=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost(Generic[T]):
    """A task without a result: the run was stopped (``interrupted``), or its workers died."""

    task: T
    says: str
    interrupted: bool = False


def over(
    tasks: Sequence[T], work: Callable[[T], R], pool: Executor, stop: threading.Event, tries_more: int = MOST_TRIES
) -> Iterator[R | Lost[T]]:
    """Yield what becomes of each task, in the order in which they end, each once.

    ``work`` returns a result whatever happens to its cluster; when it raises, its worker died, and another gets the
    task, ``tries_more`` times at most. When ``stop`` is set nothing new is begun, and what runs has ``PATIENCE``
    seconds to end.
    """
    tries: dict[int, int] = {}
    pending: dict[Future[R], int] = {pool.submit(work, task): number for number, task in enumerate(tasks)}
    stopped = 0.0
    while pending:
        done, _ = wait(pending, timeout=_LOOK, return_when=FIRST_COMPLETED)
        if stop.is_set() and not stopped:
            stopped = time.monotonic()
            for future in pending:
                future.cancel()
        for future in done:
            number = pending.pop(future)
            try:
                yield future.result()
            except CancelledError:
                yield Lost(task=tasks[number], says="interrupted before its turn", interrupted=True)
            except Exception as error:
                tries[number] = tries.get(number, 0) + 1
                if tries[number] <= tries_more and not stop.is_set():
                    pending[pool.submit(work, tasks[number])] = number
                else:
                    says = f"worker_lost: its worker died, and so did every other that got it ({type(error).__name__})"
                    yield Lost(task=tasks[number], says=says)
        if stopped and time.monotonic() - stopped > PATIENCE:
            for number in pending.values():
                yield Lost(task=tasks[number], says="interrupted while it was audited", interrupted=True)
            return
