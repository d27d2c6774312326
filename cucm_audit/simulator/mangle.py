"""Faults in the XML of an answer (faults.py, "any request")."""

import re

from cucm_audit.simulator.exchange import Exchange, Reply

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


def spoil(exchange: Exchange, reply: Reply) -> Reply:
    """Return the reply with what the faults of this request do to its XML."""
    if "xml" not in reply.kind or not reply.body:
        return reply
    body = reply.body
    missing = exchange.fault("missing_element")
    if missing is not None:
        name = re.escape(str(missing)).encode()
        body = re.sub(rb"<((?:\w+:)?" + name + rb")\b[^>]*(?:/>|>.*?</\1>)", b"", body, flags=re.DOTALL)
    double = exchange.fault("double_element")
    if double is not None:
        name = re.escape(str(double)).encode()
        body = re.sub(rb"(<((?:\w+:)?" + name + rb")\b[^>]*(?:/>|>.*?</\2>))", rb"\1\1", body, flags=re.DOTALL)
    if exchange.fault("extra_element"):
        body = re.sub(
            rb"(<(?:\w+:)?(?:return|row|item|SelectCmDeviceResult|ServiceInfoList|perfmonCollectCounterDataReturn)>)",
            rb"\1<surprise>1</surprise>",
            body,
        )
    if exchange.fault("wrong_namespace"):
        body = re.sub(rb"http://www.cisco.com/AXL/API/[\d.]+", b"http://www.cisco.com/AXL/API/99.0", body)
        body = body.replace(b"http://schemas.cisco.com/ast/soap", b"http://schemas.cisco.com/other/soap")
    head, mark, rest = body.partition(b"?>")
    if exchange.fault("doctype"):
        body = (
            head + mark + b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + rest.replace(b"><", b">&e;<", 1)
        )
    if exchange.fault("lol"):
        body = (
            head
            + mark
            + b'<!DOCTYPE x [<!ENTITY l0 "lol">'
            + LAUGHS.encode()
            + b"]>"
            + rest.replace(b"Body>", b"Body>&l9;", 1)
        )
    deep = exchange.fault("deep")
    if deep is not None:
        levels = 100_000 if deep is True else int(deep)
        body = body.replace(b"Body>", b"Body>" + b"<d>" * levels + b"</d>" * levels, 1)
    if exchange.fault("bad_utf8"):
        body = body.replace(b"</", b"\xff\xfe</", 1)
    if exchange.fault("latin1"):
        body = body.replace(b"UTF-8", b"ISO-8859-1", 1).decode().encode("latin-1", "replace")
    reply.body = body
    return reply
