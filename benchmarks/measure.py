"""Measuring: fresh processes, taken in turns so that a busy machine slows them all; the least; ratios to the first."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
Figures = dict[str, float]


def interleaved(
    cases: Mapping[str, Callable[[], Figures]], rounds: int, pick: Callable[[list[float]], float] = min
) -> dict[str, Figures]:
    """Run every case once a round and return of each of its figures the least: what else runs only ever adds to one."""
    seen: dict[str, list[Figures]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, case in cases.items():
            seen[name].append(case())
    return {name: {key: pick([f[key] for f in runs]) for key in runs[0]} for name, runs in seen.items()}


def process(*words: str) -> Figures:
    """Run a Python process and return its processor and its wall time in milliseconds."""
    begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    took, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu ms": used * 1000, "wall ms": took * 1000}


def child(module: str, *words: str) -> Figures:
    """Run one case of a benchmark in a process of its own, which prints its figures as JSON; add its wall time."""
    # A bundle in the environment overrides verify=False in requests, and so in the peers; ours ignores it anyway.
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_CA_BUNDLE")}
    begun = time.perf_counter()
    said = subprocess.run(
        [sys.executable, "-m", module, *words], cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True
    )
    figures: Figures = json.loads(said.stdout.splitlines()[-1])
    return {"wall s": time.perf_counter() - begun, **figures}


def cpu() -> float:
    """Return the processor seconds that this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak() -> float:
    """Return the largest resident memory of this process so far, in MB (2**20 bytes).

    Linux keeps the parent's peak in getrusage when a process is started without a copy of its memory: /proc is exact.
    """
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    except (OSError, StopIteration):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most / (2**20 if sys.platform == "darwin" else 1024)


def table(title: str, seen: Mapping[str, Figures], ratios: Sequence[str]) -> str:
    """Return a table; for each figure in ``ratios`` a column says how many times the first case's it is."""
    first = next(iter(seen.values()))
    head = ["", *first, *(f"{name}, x of the first" for name in ratios)]
    rows: list[list[Any]] = []
    for name, figures in seen.items():
        rows.append([name, *(f"{value:.4g}" for value in figures.values())])
        rows[-1] += [f"{figures[key] / first[key]:.2f}" if first[key] else "-" for key in ratios]
    widths = [max(len(str(row[place])) for row in [head, *rows]) for place in range(len(head))]
    lines = [
        "  ".join(str(word).ljust(width) for word, width in zip(row, widths, strict=True)) for row in [head, *rows]
    ]
    return "\n".join([f"\n{title}", *(line.rstrip() for line in lines)])
