"""The only way out of a requests session: the guard first, then the one pool of the session."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from cucm_audit.clients import guard

if TYPE_CHECKING:
    from urllib3.connectionpool import HTTPConnectionPool


class Adapter(HTTPAdapter):
    """Asks the guard first, then sends through the one pool of the session."""

    def __init__(self, pool: "HTTPConnectionPool", sending: Callable[[str], None]) -> None:
        super().__init__(max_retries=0)
        self._pool = pool
        self._sending = sending
        self.authorization: bytes | None = None

    def send(self, request: requests.PreparedRequest, *args: Any, **rest: Any) -> requests.Response:
        """Send what the guard lets through; the Authorization header exists only while this runs."""
        parts = urlsplit(request.path_url)
        body = request.body or b""
        label = guard.check_request(
            method=request.method or "",
            path=parts.path,
            query=parts.query,
            soap_action=str(request.headers.get("SOAPAction", "")).strip('"'),
            body=body if isinstance(body, bytes) else body.encode(),
        )
        self._sending(label)
        if self.authorization is not None:
            request.headers["Authorization"] = self.authorization  # type: ignore[assignment]
        try:
            return super().send(request, *args, **rest)
        finally:
            request.headers.pop("Authorization", None)
            self.authorization = None

    def get_connection_with_tls_context(self, *_args: Any, **_rest: Any) -> "HTTPConnectionPool":
        """Return the session's pool for every request: there is no other place to go to."""
        return self._pool

    def cert_verify(self, *_args: Any, **_rest: Any) -> None:
        """Leave the pool's own TLS context alone: the line verifies."""

    def close(self) -> None:
        """Close the pool."""
        self._pool.close()
        super().close()
