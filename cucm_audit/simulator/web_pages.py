"""The pages that phones fetch: Extension Mobility and the Services button (reference: serviceability.md 5.1 and 6).

And what UDS says of the release, which clients ask before they sign in. None of them needs an account. A request that
would log somebody in or out is remembered as a write and does nothing.
"""

from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from cucm_audit.simulator.exchange import Exchange, Reply, page

EM, EM_SERVICE, MENU = "/emapp/EMAppServlet", "/emservice/EMServiceServlet", "/ccmcip/getservicesmenu.jsp"
UDS_VERSION = "/cucm-uds/version"


def answer(exchange: Exchange) -> Reply | None:
    """Return a page, or None when there is no such page."""
    if exchange.path == UDS_VERSION and exchange.secure:
        return _release(exchange)
    if exchange.path not in (EM, EM_SERVICE, MENU):
        return None
    parameters = parse_qs(exchange.query, keep_blank_values=True)
    if exchange.path == EM_SERVICE:
        # Queries of the EM API are not simulated; what comes this way might log somebody in.
        return page(403, "Access to the requested resource has been denied")
    if exchange.path == MENU:
        return (
            _menu(exchange)
            if _runs(exchange, "Cisco CallManager Cisco IP Phone Services")
            else page(503, "Service Unavailable")
        )
    if not _runs(exchange, "Cisco Extension Mobility Application"):
        return page(503, "Service Unavailable")
    device = parameters.get("device", [""])[0]
    if not device:
        return _text("Login/Logout is unavailable(207)")
    if not _runs(exchange, "Cisco Extension Mobility"):
        return _text("Login/Logout is unavailable(208)")
    return _form(exchange, device) if _is_known(exchange, device) else _text("Login is unavailable(11)")


def _release(exchange: Exchange) -> Reply:
    """Return what UDS says of itself and of the release: its form is that of Cisco's UDS guide."""
    release = ".".join(exchange.node.release.split(".")[:3])
    uri = f"https://{exchange.node.address}:8443{UDS_VERSION}"
    able = "<capabilities><usersResourceAuthEnabled>false</usersResourceAuthEnabled></capabilities>"
    said = f"<version>{release}</version>{able}"
    return _xml(f'<versionInformation uri="{uri}" version="{release}">{said}</versionInformation>')


def _runs(exchange: Exchange, name: str) -> bool:
    service = exchange.node.services.get(name)
    return service is not None and service.status == "Started"


def _is_known(exchange: Exchange, device: str) -> bool:
    with exchange.world.lock:
        return (
            exchange.world.database.execute(
                "select 1 from device where name = ? and allowhotelingflag = 't'", (device,)
            ).fetchone()
            is not None
        )


def _form(exchange: Exchange, device: str) -> Reply:
    """Return the form to sign on; its layout is from memory."""
    door = f"https://{exchange.node.address}:8443" if exchange.secure else f"http://{exchange.node.address}:8080"
    url = f"{door}{EM}?device={escape(device)}"
    fields = "".join(
        f"<InputItem><DisplayName>{label}</DisplayName><QueryStringParam>{name}</QueryStringParam>"
        f"<InputFlags>{flags}</InputFlags><DefaultValue/></InputItem>"
        for label, name, flags in (("UserID", "userid", "A"), ("PIN", "seq", "NP"))
    )
    return _xml(
        f"<CiscoIPPhoneInput><Title>Extension Mobility</Title><Prompt>Please sign on</Prompt>"
        f"<URL>{url}</URL>{fields}</CiscoIPPhoneInput>"
    )


def _text(words: str) -> Reply:
    return _xml(f"<CiscoIPPhoneText><Title>Extension Mobility</Title><Text>{escape(words)}</Text></CiscoIPPhoneText>")


def _menu(exchange: Exchange) -> Reply:
    with exchange.world.lock:
        rows = exchange.world.database.execute(
            "select name, urltemplate from telecasterservice where enabled = 't' and tkphoneservice = 0 order by name"
        ).fetchall()
    inner = "".join(f"<MenuItem><Name>{escape(name)}</Name><URL>{escape(url)}</URL></MenuItem>" for name, url in rows)
    return _xml(f"<CiscoIPPhoneMenu><Title>Services</Title>{inner}</CiscoIPPhoneMenu>")


def _xml(inner: str) -> Reply:
    return Reply(200, f'<?xml version="1.0" encoding="utf-8"?>{inner}'.encode(), "text/xml;charset=UTF-8")
