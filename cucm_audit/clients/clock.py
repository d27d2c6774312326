"""When the dates of a certificate do not fit: what time it is here, and what time the node says it is.

The node is asked for its time without any account, and only when everything but the dates of its certificate is right:
its authority and its name. Only a comparison comes of it; the node stays untrusted.
"""

import datetime as dt

from cucm_audit.clients import ClientError
from cucm_audit.clients.tls import Certificate
from cucm_audit.model import Reason

#: What is fetched for the sake of its Date header: any answer has one, also 404.
PAGE = "/ccmcip/getservicesmenu.jsp"
#: Clocks that are no further apart than this agree, as far as certificates are concerned.
AGREE = dt.timedelta(minutes=10)


def may_be_the_cause(error: ClientError) -> bool:
    """Tell whether a handshake failed because of a certificate's dates."""
    return error.reason is Reason.TLS_EXPIRED or "not yet valid" in error.detail


def compared(
    error: ClientError, here: dt.datetime, there: dt.datetime | None, shown: Certificate | None
) -> ClientError:
    """Return the error with both clocks in its hint. Times are UTC; ``there`` is None when the node did not say.

    ``shown`` is the node's certificate, where it was seen.
    """
    return ClientError(
        node=error.node,
        source=error.source,
        doing=error.doing,
        reason=error.reason,
        hint=f"{_words(here, there, shown)} {error.hint}",
        detail=error.detail,
    )


def _words(here: dt.datetime, there: dt.datetime | None, shown: Certificate | None) -> str:
    ours = f"This machine's clock says {here:%Y-%m-%d %H:%M} UTC"
    if there is None or shown is None:
        return f"{ours}; is that right? The node's clock could not be asked."
    both = f"{ours}, the node's {there:%Y-%m-%d %H:%M}"
    valid = f"{shown.not_before:%Y-%m-%d %H:%M} to {shown.not_after:%Y-%m-%d %H:%M}"
    if abs(here - there) <= AGREE:
        return f"{both}: they agree, so it is the certificate ({valid})."
    if shown.not_before <= there <= shown.not_after:
        return f"{both}, by which the certificate is valid ({valid}): this machine's clock is probably wrong."
    return f"{both}: they disagree, and the certificate is valid by neither ({valid})."
