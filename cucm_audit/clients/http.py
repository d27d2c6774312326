"""One hardened HTTP session for one node: guard, pin, deadline, byte cap, no redirects, no proxy, no second try of 401.

Every request passes ``guard.check_request`` in the adapter, before a socket exists. The password is revealed in one
line, for one request, and no header stays behind on a request, a response or an error.
Sources: reference faults.md section 3, axl-database.md sections 1.4 and 1.5, performance.md section 11.
"""

import base64
import contextlib
import datetime as dt
import random
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import requests
import tenacity
from urllib3.exceptions import HTTPError

from cucm_audit.clients import ClientError, clock
from cucm_audit.clients.adapter import Adapter
from cucm_audit.clients.dial import Certificate, Deadline, Place, diallable, peek_certificate
from cucm_audit.clients.http_answer import Answer, broken, date_of, roles_for, seconds_of
from cucm_audit.clients.line import Line, open_pool
from cucm_audit.clients.tls import hosts_in, read_certificate
from cucm_audit.model import Node, Reason, Source

if TYPE_CHECKING:
    from cucm_audit.clients.journal import Journal
    from cucm_audit.clients.pace import Gate
    from cucm_audit.secrets import Account
    from cucm_audit.trust import TrustStore

__all__ = ["Answer", "Certificate", "Session", "peek_certificate"]

MEBIBYTE = 1024 * 1024
#: Largest decoded answer, in bytes.
CAPS = {Source.AXL: 64 * MEBIBYTE, Source.RIS: 32 * MEBIBYTE}
OTHER_CAP = 16 * MEBIBYTE
CLOCK_SECONDS = 10.0  # for asking a node what time it is there


class Session:
    """HTTP to one node, one request at a time.

    ``account`` None sends no Authorization header. ``scheme`` http is for the phones' pages only and never carries one.
    ``deadline`` is in seconds of wall clock, for each request; ``gate`` says how soon one may go. ``any_time``
    overlooks the dates of a CA's certificate, only without an account. Every method raises :class:`ClientError`.
    """

    def __init__(
        self,
        node: Node,
        account: "Account | None",
        trust: "TrustStore",
        journal: "Journal",
        *,
        source: Source,
        ca_file: str | None = None,
        deadline: float = 60.0,
        scheme: str = "https",
        gate: "Gate | None" = None,
        patience: float = 1.0,
        sleep: Callable[[float], None] = time.sleep,
        any_time: bool = False,
    ) -> None:
        secure = scheme == "https"
        if account is not None and not secure:
            raise ValueError("a password is never sent without TLS")
        port = node.https_port if secure else node.http_port
        self.node = node
        self.source = source
        self.place = Place(node=node.name, address=node.address, port=port, source=source.value, patience=patience)
        self.deadline = deadline * patience
        self._account = account
        self._journal = journal
        self._gate = gate
        self._sleep = sleep
        self._lock = threading.RLock()
        self._refused = False
        self._cap = CAPS.get(source, OTHER_CAP)
        self._trust = trust
        self._line = Line(
            self.place,
            trust if secure else None,
            ca_file,
            legacy=node.legacy_tls,
            any_time=any_time and account is None,
        )
        host = node.address.partition("%")[0] if diallable(node.address) else "unknown"  # the line refuses to dial it
        self._base = f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
        self._adapter = Adapter(open_pool(self._line, host, secure=secure), self._sending)
        self._session = self._open()

    def _open(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False  # no proxy, no .netrc, no REQUESTS_CA_BUNDLE
        session.adapters.clear()
        session.mount(self._base, self._adapter)
        session.headers["User-Agent"] = "cucm-audit"
        return session

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host names in the certificate that the node showed; nothing before the first request."""
        return hosts_in(self._line.shown)

    def post(self, path: str, body: bytes, soap_action: str, *, doing: str, resend: bool = True) -> Answer:
        """Send a SOAP request and return the answer, whatever its status below says about SOAP.

        Statuses 3xx and 401 raise. 503 without an envelope is tried again, at most three times, unless ``resend`` is
        False; so is a connection that broke. ``soap_action`` '' leaves the header out.
        """
        headers = {"Content-Type": "text/xml; charset=utf-8", "Accept": "text/xml"}
        if soap_action:
            headers["SOAPAction"] = f'"{soap_action}"'
        if not resend:
            return self._once("POST", path, body, headers, doing)
        return self._patiently(lambda: self._reconnecting("POST", path, body, headers, doing), doing)

    def get(self, path: str, *, doing: str, accept: str = "*/*") -> Answer:
        """Fetch a page of the guard's table. Redirects are returned as they are, for a page's status is what counts."""
        return self._reconnecting("GET", path, b"", {"Accept": accept}, doing)

    def _patiently(self, ask: Callable[[], Answer], doing: str) -> Answer:
        """Ask again, three times in all, while the node says 503 without more."""

        def busy(answer: Answer) -> bool:
            return answer.status == 503 and not answer.is_soap

        retry = tenacity.Retrying(
            retry=tenacity.retry_if_result(busy),
            wait=_busy_wait,
            stop=tenacity.stop_after_attempt(3),
            sleep=self._sleep,
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        answer: Answer = retry(ask)
        if busy(answer):
            raise self.place.error(
                Reason.THROTTLED, doing, "The node is too busy (HTTP 503): run the audit at a quieter time.", "HTTP 503"
            )
        return answer

    def _reconnecting(self, method: str, path: str, body: bytes, headers: dict[str, str], doing: str) -> Answer:
        """Send once; when the connection broke, or an old cookie gave 404, once more.

        A reset in mid-answer counts as broken, and so does an end: under TLS, older Pythons cannot tell them apart.
        """
        had_cookies = len(self._session.cookies) > 0
        try:
            answer = self._once(method, path, body, headers, doing)
        except ClientError as error:
            if error.reason not in (Reason.DISCONNECTED, Reason.TRUNCATED):
                raise
        else:
            if answer.status != 404 or not had_cookies:
                return answer
            self._session.cookies.clear()  # an expired JSESSIONIDSSO is answered with 404
        return self._once(method, path, body, headers, doing)

    def _once(self, method: str, path: str, body: bytes, headers: dict[str, str], doing: str) -> Answer:
        with self._lock:
            self._check_account(doing)
            with self._gate or contextlib.nullcontext():
                started = time.monotonic()
                with Deadline(self.deadline) as deadline:
                    self._line.deadline = deadline
                    try:
                        response, text = self._exchange(method, path, body, dict(headers), deadline, doing)
                    finally:
                        self._line.deadline = None
            answer = Answer(
                status=response.status_code,
                content_type=response.headers.get("Content-Type", ""),
                body=text,
                date=date_of(response.headers.get("Date", "")),
                millis=round((time.monotonic() - started) * 1000),
                retry_after=seconds_of(response.headers.get("Retry-After", "")),
            )
            self._judge(method, answer, response.headers.get("Location", ""), doing)
            return answer

    def _exchange(
        self, method: str, path: str, body: bytes, headers: dict[str, str], deadline: Deadline, doing: str
    ) -> tuple[requests.Response, bytes]:
        """Send and read everything. No foreign exception leaves, nor hangs on the one that does: they carry headers."""
        trouble: ClientError | None = None
        response: requests.Response | None = None
        try:
            request = requests.Request(method, self._base + path, data=body or None, headers=headers)
            prepared = self._session.prepare_request(request)
            self._adapter.authorization = self._authorization()
            timeout = (deadline.left(), deadline.left())
            response = self._session.send(prepared, stream=True, allow_redirects=False, timeout=timeout)
            text = self._read(response, deadline, doing)
            if not deadline.passed:
                return response, text
            trouble = self._late(doing)
        except ClientError as error:
            trouble = error if not (deadline.passed and error.reason is Reason.DISCONNECTED) else self._late(doing)
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            late = self._late(doing)
            begun = response is not None
            trouble = late if deadline.passed else broken(self.place, error, doing, late, begun=begun)
        self._drop(response)
        raise self._with_clock(trouble)

    def _with_clock(self, trouble: ClientError) -> ClientError:
        """Say, beside a certificate whose dates do not fit, what time it is here and there."""
        line = self._line
        if line.ca_file is None or line.any_time or not clock.may_be_the_cause(trouble):
            return trouble
        node = Session(
            self.node, None, self._trust, self._journal, source=self.source, ca_file=line.ca_file,
            deadline=min(self.deadline, CLOCK_SECONDS), any_time=True,
        )  # fmt: skip
        there: dt.datetime | None = None
        shown: Certificate | None = None
        try:
            there = node.get(clock.PAGE, doing="asking for the time").date
            shown = read_certificate(self.place, node._line.shown)
        except ClientError:
            pass  # whatever it is, it is not what this request was about
        finally:
            node.close()
        return clock.compared(trouble, dt.datetime.now(dt.UTC), there, shown)

    def _drop(self, response: requests.Response | None) -> None:
        """Throw the connection away: what is still in it belongs to an answer that nobody reads."""
        if response is not None:
            response.raw.close()
            response.raw.release_conn()  # the pool's only place: the next request would wait for it for ever
        self._adapter.authorization = None

    def _read(self, response: requests.Response, deadline: Deadline, doing: str) -> bytes:
        parts: list[bytes] = []
        size = 0
        while chunk := response.raw.read(65536, decode_content=True):
            size += len(chunk)
            if size > self._cap:
                detail = f"more than {self._cap // MEBIBYTE} MiB"
                raise self.place.error(
                    Reason.TOO_LARGE, doing, "The answer is larger than any that CUCM gives.", detail
                )
            if deadline.passed:
                raise self._late(doing)
            parts.append(chunk)
        return b"".join(parts)

    def _authorization(self) -> bytes | None:
        if self._account is None:
            return None
        pair = f"{self._account.user}:{self._account.password.reveal()}".encode()
        return b"Basic " + base64.b64encode(pair)

    def _sending(self, label: str) -> None:
        self._journal.sent(source=self.source, node=self.node.name, operation=label)

    def _check_account(self, doing: str) -> None:
        if self._account is None:
            return
        if self._refused or self._journal.refused(address=self.place.address, user=self._account.user):
            raise self._unauthorised(doing, "this node refused this account before; it is not tried again")

    def _judge(self, method: str, answer: Answer, location: str, doing: str) -> None:
        """Remember whether the account was let in, and raise for what no caller can use."""
        if self._account is not None and (answer.status == 401 or answer.status < 300):
            accepted = answer.status != 401
            self._journal.answered(address=self.place.address, user=self._account.user, accepted=accepted)
            if not accepted:
                self._refused = True
                raise self._unauthorised(doing, "HTTP 401")
        if 300 <= answer.status < 400 and method != "GET":
            hint = "The node sends us elsewhere, which is never followed. Is this a CUCM node, not a proxy?"
            raise self.place.error(Reason.REDIRECTED, doing, hint, f"HTTP {answer.status} to {location[:200]!r}")

    def _unauthorised(self, doing: str, detail: str) -> ClientError:
        hint = (
            f"The user or its password is wrong, or its roles are missing ({roles_for(self.source)})."
            " It is tried once only, so that the account is not locked."
        )
        return self.place.error(Reason.AUTH_FAILED, doing, hint, detail)

    def _late(self, doing: str) -> ClientError:
        hint = "The node answered too slowly: is it overloaded, or the line slow?"
        return self.place.error(Reason.TIMEOUT, doing, hint, f"no whole answer within {self.deadline:g} s")


def _busy_wait(state: tenacity.RetryCallState) -> float:
    """Return the seconds before another try after 503: 2, then 4, or what the node asks for, never more than 30."""
    asked = state.outcome.result().retry_after if state.outcome else 0
    return min(30.0, max(2.0**state.attempt_number, asked)) + random.uniform(0, 1)  # noqa: S311 - jitter
