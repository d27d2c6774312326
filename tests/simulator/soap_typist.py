"""Somebody who types envelopes: plain requests, no line of our own client, no schema but the reference's words."""

import re

import requests

AST = "http://schemas.cisco.com/ast/soap"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
RIS = "/realtimeservice2/services/RISService70"
CONTROL = "/controlcenterservice2/services/ControlCenterServices"
PERFMON = "/perfmonservice2/services/PerfmonService"


def envelope(space, operation, inner):
    body = f"<e:Body><n:{operation}>{inner}</n:{operation}></e:Body>"
    return f'<e:Envelope xmlns:e="{ENVELOPE}" xmlns:n="{space}"><e:Header/>{body}</e:Envelope>'


class Typist:
    def __init__(self, cluster, name="cucm-pub", account=None):
        self.cluster, self.world = cluster, cluster.world
        self.node = self.world.node(name)
        self.session = requests.Session()
        self.session.trust_env, self.session.verify = False, False
        self.account = account or self.world.application

    def url(self, path, *, tls=True):
        return (
            f"https://{self.node.at}:{self.node.https_port}{path}"
            if tls
            else f"http://{self.node.at}:{self.node.http_port}{path}"
        )

    def post(self, path, body, headers=None, *, auth=True, timeout=10):
        headers = {"Content-Type": "text/xml; charset=utf-8", **(headers or {})}
        return self.session.post(
            self.url(path), data=body.encode(), headers=headers, auth=self.account if auth else None, timeout=timeout
        )

    def axl(self, operation, inner="", *, version="12.5", action="quoted", path="/axl/", space=None, **options):
        words = {
            "quoted": f'"CUCM:DB ver={version} {operation}"',
            "bare": f"CUCM:DB ver={version} {operation}",
            "operation": operation,
            "none": None,
        }
        headers = {"SOAPAction": words[action]} if words[action] else {}
        space = space or f"http://www.cisco.com/AXL/API/{version}"
        return self.post(
            path,
            envelope(space, operation, inner),
            headers,
            **options,
        )

    def sql(self, statement, **options):
        return self.axl(
            "executeSQLQuery", f"<sql>{statement.replace('&', '&amp;').replace('<', '&lt;')}</sql>", **options
        )

    def rows(self, statement, **options):
        answer = self.sql(statement, **options)
        assert answer.status_code == 200, answer.text
        return [dict(re.findall(r"<(\w+)>([^<]*)</\1>", row)) for row in re.findall("<row>(.*?)</row>", answer.text)]

    def code(self, statement):
        answer = self.sql(statement)
        return answer.status_code, re.search("<axlcode>(-?[0-9]+)</axlcode>", answer.text)[1]

    def ast(self, path, operation, inner, *, action=None, **options):
        headers = {} if action is None else {"SOAPAction": action}
        return self.post(
            path,
            envelope(AST, operation, inner),
            headers,
            **options,
        )

    def ris(
        self, names, *, operation="selectCmDeviceExt", most=1000, node="", state="", model=255, status="Any", **options
    ):
        items = "".join(f"<n:item><n:Item>{name}</n:Item></n:item>" for name in names)
        inner = (
            f"<n:StateInfo>{state}</n:StateInfo><n:CmSelectionCriteria><n:MaxReturnedDevices>{most}</n:MaxReturnedDevices>"
            f"<n:DeviceClass>Any</n:DeviceClass><n:Model>{model}</n:Model><n:Status>{status}</n:Status><n:NodeName>{node}</n:NodeName>"
            f"<n:SelectBy>Name</n:SelectBy><n:SelectItems>{items}</n:SelectItems><n:Protocol>Any</n:Protocol>"
            "<n:DownloadStatus>Any</n:DownloadStatus></n:CmSelectionCriteria>"
        )
        return self.ast(RIS, operation, inner, **options)


def found(answer, name):
    """Return the texts of all elements with a local name."""
    return re.findall(rf"<(?:\w+:)?{name}(?:\s[^>]*)?>([^<]*)</", answer.text)
