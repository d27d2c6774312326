"""The HTML report in a real browser: no dialog, no request, no violation of its policy."""

import http.server
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cucm_audit.model import Verdict
from cucm_audit.reports import REPORTS, Style
from tests.reports.invented import finding, full, outcome, report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(
    not CHROMIUM and os.environ.get("REAL_BROWSER") != "must", reason="there is no Chromium on this machine"
)
QUIET = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update", "--enable-logging=stderr")  # fmt: skip


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """A web server on loopback that remembers what it was asked for."""
    seen: list[str] = []

    class Remember(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Remember) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", seen
        server.shutdown()


def opened(page: Path, folder: Path) -> tuple[str, str]:
    """The document as a browser has it, and what the browser said."""
    assert CHROMIUM, "REAL_BROWSER=must, and there is no Chromium"
    done = subprocess.run(
        [CHROMIUM, *QUIET, f"--user-data-dir={folder}", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return done.stdout, done.stderr


def test_it_asks_nobody_and_keeps_its_own_policy(tmp_path: Path, asked: tuple[str, list[str]]) -> None:
    address, seen = asked
    evil = (
        f'</style><script>fetch("{address}/script")</script><img src="{address}/image" onerror="alert(1)">'
        f'<link rel=stylesheet href="{address}/css">\'"><svg onload=alert(2)>javascript:alert(3)'
    )
    wrong = finding(evil, f"{evil} is left over", node=evil)
    made = report(outcome(Verdict.FAIL, findings=(wrong,), title=evil, node=evil), cluster=evil)
    page = tmp_path / "report.html"
    page.write_text(REPORTS["html"](replace(made, outcomes=(*made.outcomes, *full().outcomes)), Style()), "utf-8")
    dom, told = opened(page, tmp_path / "browser")
    assert seen == []
    assert not re.search("Content Security Policy|Refused to|alert|CONSOLE", told), told
    assert "&lt;script&gt;" in dom
    assert "<script" not in dom


def test_the_test_would_see_a_page_that_asks(tmp_path: Path, asked: tuple[str, list[str]]) -> None:
    address, seen = asked
    page = tmp_path / "bad.html"
    page.write_text(f'<!DOCTYPE html><title>x</title><img src="{address}/image">', "utf-8")
    opened(page, tmp_path / "browser")
    assert seen == ["/image"]
