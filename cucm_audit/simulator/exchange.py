"""One HTTP request and its reply, as the parts of a node's web server see them."""

import base64
import binascii
from dataclasses import dataclass, field
from typing import Any

from cucm_audit.simulator import faults
from cucm_audit.simulator.world import Asked, SimNode, World

XML = "text/xml;charset=UTF-8"
HTML = "text/html;charset=utf-8"


@dataclass(slots=True)
class Reply:
    """Status, body and headers of an answer. ``signed_in`` lets the server set its cookie."""

    status: int
    body: bytes
    kind: str = XML
    headers: dict[str, str] = field(default_factory=dict)
    signed_in: bool = False


@dataclass(slots=True)
class Exchange:
    """A request that was read whole. ``where`` is what a fault's ``on`` is compared with."""

    world: World
    node: SimNode
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    secure: bool
    sessions: dict[str, str]

    @property
    def where(self) -> str:
        """Method, path and body in one text."""
        return f"{self.method} {self.path} {self.body.decode('utf-8', 'replace')}"

    def fault(self, name: str) -> Any:
        """Return the value of a fault if it strikes this request."""
        return faults.value(self.world, self.node, name, self.where)

    def record(self, channel: str, operation: str, detail: str = "", write: bool = False) -> None:
        """Remember the operation."""
        self.world.record(Asked(node=self.node.name, channel=channel, operation=operation, detail=detail, write=write))

    def refused(self, kind: str = "application") -> Reply | None:
        """Return None for the right account or a live cookie, else the refusal. Counts the attempts."""
        sent = self.headers.get("authorization", "")
        if not sent:
            cookie = _cookie(self.headers.get("cookie", ""))
            if cookie and self.sessions.get(cookie) == kind:
                return None
            # An expired cookie gives 404 (axl-database.md 1.4).
            return page(404, "The requested resource is not available") if cookie else _unauthorised()
        wanted = self.node.accounts.get(kind) or (self.world.platform if kind == "platform" else self.world.application)
        user, password = _basic(sent)
        right = (user, password) == wanted
        with self.world.lock:
            key = ("sign_in", self.node.name, kind, user, right)
            self.world.counters[key] = self.world.counters.get(key, 0) + 1
        self.world.load.login(self.node.name, f"the {kind} account {user}", accepted=right)
        return None if right else _unauthorised()


def page(status: int, title: str, headers: dict[str, str] | None = None) -> Reply:
    """Return an HTML error page as a web server writes it: tag soup, title and heading alike."""
    heading = f"<h1>HTTP Status {status} - {title}</h1><hr size=1 noshade><p>Apache Tomcat"
    body = f"<html><head><title>{title}</title></head><body>{heading}</body></html>"
    return Reply(status, body.encode(), HTML, headers or {})


def _unauthorised() -> Reply:
    return page(
        401,
        "This request requires HTTP authentication",
        {"WWW-Authenticate": 'Basic realm="Cisco Unified Communications Manager"'},
    )


def _basic(header: str) -> tuple[str, str]:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(token, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password


def _cookie(header: str) -> str:
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == "JSESSIONIDSSO":
            return value
    return ""
