"""One port of a node: TLS or plain HTTP/1.1 with keep-alive, and the faults that concern any request."""

import contextlib
import datetime as dt
import email.utils
import gzip
import re
import secrets
import select
import socket
import ssl
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cucm_audit.simulator import asked, certificates, mangle, routes
from cucm_audit.simulator.exchange import Exchange, Reply, page
from cucm_audit.simulator.world import SimNode, World

BIGGEST_REQUEST = 16 * 2**20
IDLE_SECONDS = 60


class WebServer:
    """HTTPS (``tls``) or HTTP of one node, on its own address."""

    def __init__(self, world: World, node: SimNode, *, tls: bool, port: int = 0) -> None:
        self.world, self.node, self.tls = world, node, tls
        self.context = certificates.context(node.certificate, old=bool(node.faults.get("tls_old"))) if tls else None
        self.sessions: dict[str, str] = {}
        self._server = _Server((node.at, port), self)

    def start(self) -> int:
        """Serve in a thread; returns the port."""
        threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True, name=f"web {self.node.name}"
        ).start()
        return int(self._server.server_address[1])

    def stop(self) -> None:
        """Close the port and every connection on it."""
        self._server.shutdown()
        self._server.server_close()
        self._server.drop_connections()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], web: WebServer) -> None:
        super().__init__(address, _Connection)
        self.web = web
        self._open: set[Any] = set()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection. The handshake belongs to its own thread: a silent client must not stop the others."""
        web, sock = self.web, request
        self._open.add(sock)
        try:
            sock.settimeout(IDLE_SECONDS)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if _active(web, "closed") or not _tomcat_runs(web.node):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return  # nobody is behind the port: the nearest thing to a refusal
            if web.context is not None:
                if _active(web, "tls_silent"):
                    time.sleep(IDLE_SECONDS)
                    return
                raw, sock = sock, web.context.wrap_socket(sock, server_side=True)
                self._open.discard(raw)
                self._open.add(sock)
            self.finish_request(sock, client_address)
        except (OSError, ssl.SSLError, ValueError):
            pass  # a client that leaves, or that does not trust us
        finally:
            self._open.discard(sock)
            with contextlib.suppress(OSError):
                sock.close()

    def drop_connections(self) -> None:
        """Cut every connection that is still open."""
        for sock in list(self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: the client sees it."""


class _Connection(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "Apache-Coyote/1.1", ""
    wbufsize = -1  # one write for head and body

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_HEAD = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = do_GET  # noqa: N815 (http.server's names)

    def version_string(self) -> str:
        """Return the Server header."""
        return self.server_version

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the Date header by the node's own clock."""
        at = self.server.web.node.now() if timestamp is None else dt.datetime.fromtimestamp(timestamp, dt.UTC)
        return email.utils.format_datetime(at, usegmt=True)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the name is http.server's)
        """Keep quiet."""

    def _answer(self) -> None:
        web = self.server.web
        length = int(self.headers.get("Content-Length") or 0)
        if length > BIGGEST_REQUEST:
            self.close_connection = True
            self._send(page(413, "Request not acceptable"))
            return
        body = self._chunks() if self.headers.get("Transfer-Encoding") else self.rfile.read(length)
        if body is None or len(body) < length:  # the client went away in mid-request: no server acts on half a message
            self.close_connection = True
            return
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        exchange = Exchange(web.world, web.node, self.command, path, query, headers, body, web.tls, web.sessions)
        asked.note(exchange)
        load = web.world.load
        request = load.begins(web.node.name, asked.channel(exchange), web.world.ris_per_minute)
        try:
            self._reply(exchange, request)
        finally:
            load.ends(request)

    def _chunks(self) -> bytes | None:
        """Return a body that comes in pieces, as some clients send it; None when it does not come whole."""
        body = bytearray()
        while len(body) <= BIGGEST_REQUEST:
            size = self.rfile.readline(100).partition(b";")[0].strip()
            if not re.fullmatch(rb"[0-9A-Fa-f]{1,7}", size):
                return None
            if int(size, 16) == 0:
                while self.rfile.readline(1000).strip():
                    pass  # what may stand behind the last piece
                return bytes(body)
            piece = self.rfile.read(int(size, 16))
            body += piece
            if len(piece) < int(size, 16) or self.rfile.readline(10).strip():
                return None
        return None

    def _reply(self, exchange: Exchange, request: Any) -> None:
        if exchange.fault("hang"):
            self._wait()
            return
        reply = routes.answer(exchange)
        reply = mangle.spoil(exchange, reply)
        if reply.signed_in and reply.status == 200:
            self._set_cookie(exchange, reply)
        self.server.web.world.load.answers(request, len(reply.body))
        self._send_with_faults(exchange, reply)

    def _wait(self) -> None:
        """Answer nothing until the client leaves."""
        self.close_connection = True
        select.select([self.connection], [], [], IDLE_SECONDS)

    def _set_cookie(self, exchange: Exchange, reply: Reply) -> None:
        if "authorization" in exchange.headers:
            token = secrets.token_hex(16).upper()
            exchange.sessions[token] = "application"
            reply.headers["Set-Cookie"] = f"JSESSIONIDSSO={token}; Path=/; Secure; HttpOnly"

    def _head(self, reply: Reply, length: int | None) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def _send(self, reply: Reply) -> None:
        self._head(reply, len(reply.body))
        if self.command != "HEAD":
            self.wfile.write(reply.body)
        self.wfile.flush()

    def _send_with_faults(self, exchange: Exchange, reply: Reply) -> None:
        for name in ("reset", "truncate", "long_length", "slow_headers", "slow_body", "gzip_bomb", "big"):
            found = exchange.fault(name)
            if found is not None:
                self.close_connection = True
                getattr(self, "_" + name)(reply, found)
                self.wfile.flush()
                return
        self._send(reply)

    def _reset(self, reply: Reply, found: Any) -> None:
        if found is not True:
            self._head(reply, len(reply.body))
            self.wfile.write(reply.body[: int(found)])
            self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Without TLS's goodbye, so that the close is a reset.
        raw = socket.socket(fileno=self.connection.detach())
        raw.close()
        raise ConnectionAbortedError

    def _truncate(self, reply: Reply, _found: Any) -> None:
        self._head(reply, len(reply.body))
        self.wfile.write(reply.body[: len(reply.body) // 2])

    def _long_length(self, reply: Reply, _found: Any) -> None:
        self._head(reply, len(reply.body) + 1000)
        self.wfile.write(reply.body)

    def _slow_headers(self, _reply: Reply, found: Any) -> None:
        self._drip(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nX-Patience: " + b"a" * 4000, found)

    def _slow_body(self, reply: Reply, found: Any) -> None:
        self._head(reply, len(reply.body))
        self._drip(reply.body, found)

    def _drip(self, data: bytes, found: Any) -> None:
        pause = 0.5 if found is True else float(found)
        for place in range(len(data)):
            self.wfile.write(data[place : place + 1])
            self.wfile.flush()
            time.sleep(pause)

    def _gzip_bomb(self, reply: Reply, found: Any) -> None:
        size = 300 if found is True else int(found)
        bomb = gzip.compress(reply.body[:200] + b" " * 2**20, 9) + gzip.compress(b" " * 2**20, 9) * (size - 1)
        reply.headers["Content-Encoding"] = "gzip"
        self._head(reply, len(bomb))
        self.wfile.write(bomb)

    def _big(self, reply: Reply, found: Any) -> None:
        reply.headers["Transfer-Encoding"] = "chunked"
        self._head(reply, None)
        for _ in range(400 if found is True else int(found)):
            self.wfile.write(b"100000\r\n" + b"<x>" + b" " * (2**20 - 3) + b"\r\n")


def _active(web: WebServer, name: str) -> bool:
    return bool(web.node.faults.get(name) or web.world.faults.get(name))


def _tomcat_runs(node: SimNode) -> bool:
    tomcat = node.services.get("Cisco Tomcat")
    return tomcat is None or tomcat.status == "Started"
