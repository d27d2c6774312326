"""The simulated cluster in a process of its own, trusted, and what a client needs to talk to it."""

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.measure import ROOT


@contextlib.contextmanager
def lab(phones: int) -> Iterator[Path]:
    """Start a cluster with so many phones; yield the folder with its cluster file and its trust.toml."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program = [sys.executable, "-m", "cucm_audit"]
        words = ["simulate", "--phones", str(phones), "--write", str(folder), "--seconds", "600"]
        with subprocess.Popen(
            [*program, *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as running:
            try:
                assert running.stdout is not None
                (folder / "told.json").write_text(running.stdout.readline())
                trusting = [*program, "trust", "add", "lab", "--yes", "--state-dir", str(folder)]
                subprocess.run(trusting, cwd=folder, check=True, capture_output=True)
                yield folder
            finally:
                running.terminate()


def publisher(folder: Path) -> dict[str, Any]:
    """Return the publisher's name, address and ports."""
    found: dict[str, Any] = json.loads((folder / "told.json").read_text())["nodes"][0]
    return found


def password(folder: Path, name: str) -> str:
    """Return the (public) password of "app" or "os"."""
    return (folder / f"{name}.pass").read_text().strip()


def ours(folder: Path, account: str) -> tuple[Any, ...]:
    """Return node, account, trust and journal, as our clients want them. ``account`` is "app" or "os"."""
    from cucm_audit.clients.journal import Journal
    from cucm_audit.config import read
    from cucm_audit.model import Node, Role
    from cucm_audit.secrets import Account, Secret
    from cucm_audit.trust import TrustStore

    cluster = read(folder / "cucm-audit.toml").clusters["lab"]
    entry = cluster.application if account == "app" else cluster.platform
    assert entry is not None
    door = publisher(folder)
    node = Node(
        name=door["name"],
        address=door["address"],
        role=Role.PUBLISHER,
        https_port=door["https_port"],
        http_port=door["http_port"],
        ssh_port=door["ssh_port"],
    )
    who = Account(user=entry.user, password=Secret(password(folder, account)))
    return node, who, TrustStore(folder / "trust.toml"), Journal()
