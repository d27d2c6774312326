"""Every fault that the simulator can imitate over HTTP, against every HTTP client: the whole truth or a typed error.

The simulator shares no code with the clients. What must never come is fewer rows than a healthy cluster gives, without
an error, nor anything later than the deadline.
"""

import time

import pytest

from cucm_audit.clients import ClientError
from cucm_audit.clients.axl import Axl
from cucm_audit.clients.dial import peek_certificate
from cucm_audit.clients.guard import Journal
from cucm_audit.clients.ris import Ris
from cucm_audit.clients.services import Services
from cucm_audit.clients.statements import for_release
from cucm_audit.model import Node, Reason, Role
from cucm_audit.secrets import Account, Secret
from cucm_audit.simulator import Cluster, build
from tests.clients.http_node import Pins

DEADLINE = 1.0
RELEASE = (12, 5, 1)
#: Fault, and the reasons that may come out of it; an empty set means that the rows have to come whole.
FAULTS = [
    ({"hang": True}, {Reason.TIMEOUT}),
    ({"reset": True}, {Reason.DISCONNECTED}),
    ({"reset": 300}, {Reason.DISCONNECTED, Reason.TRUNCATED}),
    ({"status": 401}, {Reason.AUTH_FAILED}),
    ({"status": 403}, {Reason.PERMISSION_DENIED}),
    ({"status": 404}, {Reason.SERVICE_NOT_ACTIVATED}),
    ({"status": 500}, {Reason.NOT_SOAP}),
    ({"status": 503}, {Reason.THROTTLED}),
    ({"status": 599}, {Reason.UNSUPPORTED_VERSION, Reason.NOT_SOAP}),
    ({"html200": True}, {Reason.NOT_SOAP}),
    ({"redirect": "https://127.0.0.1:1/"}, {Reason.REDIRECTED}),
    ({"slow_headers": 0.2}, {Reason.TIMEOUT}),
    ({"slow_body": 0.2}, {Reason.TIMEOUT}),
    ({"truncate": True}, {Reason.TRUNCATED, Reason.DISCONNECTED}),
    ({"long_length": True}, {Reason.TRUNCATED, Reason.TIMEOUT}),
    ({"doctype": True}, {Reason.MALFORMED}),
    ({"lol": True}, {Reason.MALFORMED}),
    ({"deep": True}, {Reason.MALFORMED}),
    ({"bad_utf8": True}, {Reason.MALFORMED}),
    ({"latin1": True}, set()),
    ({"wrong_namespace": True}, {Reason.MALFORMED, Reason.UNSUPPORTED_VERSION}),
    ({"extra_element": True}, {Reason.MALFORMED}),
]
AXL_FAULTS = [
    ({"axl_off": True}, {Reason.SERVICE_NOT_ACTIVATED}),
    ({"axl_limit": 20_000}, set()),
    ({"axl_limit": 20_000, "axl_spelling": "Suggested"}, set()),
    ({"axl_limit": 100}, {Reason.TOO_LARGE, Reason.MALFORMED}),
    ({"axl_memory": True}, {Reason.THROTTLED}),
    ({"axl_memory": {"times": 2}}, set()),
    ({"axl_nil": True}, set()),
    ({"axl_fault": -1}, {Reason.MALFORMED}),
    ({"axl_fault": -217}, {Reason.NOT_SUPPORTED}),
    ({"ignore_skip": True}, {Reason.INCONSISTENT}),
    ({"ignore_first": True}, set()),
    ({"repeat_page": True}, {Reason.INCONSISTENT}),
    ({"short_page": True}, {Reason.INCONSISTENT, Reason.MALFORMED}),
    ({"empty_answer": True}, {Reason.INCONSISTENT, Reason.MALFORMED}),
    ({"count_off": 1}, {Reason.INCONSISTENT}),
    ({"count_off": -1}, {Reason.INCONSISTENT}),
    ({"missing_element": "name"}, {Reason.MALFORMED}),
    ({"double_element": "name"}, {Reason.MALFORMED}),
    ({"missing_element": "return"}, {Reason.MALFORMED}),
    ({"double_element": "return"}, {Reason.MALFORMED}),
    ({"role_axl": 401}, {Reason.AUTH_FAILED}),
    ({"role_axl": 403}, {Reason.PERMISSION_DENIED}),
]
RIS_ELEMENTS = ("TotalDevicesFound", "CmNodes", "ReturnCode", "Status")
RIS_FAULTS = [
    ({"role_ris": 401}, {Reason.AUTH_FAILED}),
    ({"role_ris": 403}, {Reason.PERMISSION_DENIED}),
    ({"ris_rate": True}, {Reason.THROTTLED}),
    ({"ris_rate": True, "ris_rate_status": 200}, {Reason.THROTTLED}),
    ({"ris_rate": {"times": 1}}, set()),
    ({"ris_old_form": True}, set()),
    *(({"missing_element": name}, {Reason.MALFORMED}) for name in RIS_ELEMENTS),
    *(({"double_element": name}, {Reason.MALFORMED}) for name in RIS_ELEMENTS),
]  # fmt: skip
SERVICE_FAULTS = [
    ({"role_services": 401}, {Reason.AUTH_FAILED}),
    ({"role_services": 403}, {Reason.PERMISSION_DENIED}),
    ({"services_fault": True}, {Reason.MALFORMED}),
    *(({"missing_element": name}, {Reason.MALFORMED}) for name in ("ReturnCode", "ServiceName", "ServiceStatus")),
    *(({"double_element": name}, {Reason.MALFORMED}) for name in ("ReturnCode", "ServiceName", "ServiceStatus")),
]  # fmt: skip
PERF_FAULTS = [
    ({"role_perfmon": 403}, {Reason.PERMISSION_DENIED}),
    ({"perf_rate": True}, {Reason.THROTTLED}),
    *(({"missing_element": name}, {Reason.MALFORMED}) for name in ("Name", "Value", "CStatus")),
]


class Lab:
    def __init__(self, world) -> None:
        self.world = world
        self.publisher = next(node for node in world.nodes if node.role == "publisher")
        self.certificate = peek_certificate(self.publisher.at, self.publisher.https_port).fingerprint

    @property
    def node(self) -> Node:
        return Node(
            name=self.publisher.name,
            address=self.publisher.at,
            role=Role.PUBLISHER,
            https_port=self.publisher.https_port,
            http_port=self.publisher.http_port,
        )

    def axl(self, **rest) -> Axl:
        return Axl(*self.ends, deadline=DEADLINE, page=20, sleep=lambda seconds: None, **rest)

    @property
    def ends(self):
        user, password = self.world.application
        pins = Pins((self.publisher.at, self.publisher.https_port, self.certificate))
        return self.node, Account(user=user, password=Secret(password)), pins, Journal()

    def phones(self) -> list:
        axl = self.axl()
        axl.discover()
        return list(axl.rows(for_release("phone", RELEASE)))

    def registered(self, names) -> list:
        ris = Ris(*self.ends, per_minute=15, chunk=1000, deadline=DEADLINE, sleep=lambda seconds: None)
        return [(node.name, one["Name"], one["Status"], one["IPAddress"]) for answer in ris.devices(names)
                for node in answer.nodes for one in node.devices]  # fmt: skip

    def services(self) -> Services:
        return Services(*self.ends, deadline=DEADLINE, sleep=lambda seconds: None)

    def status(self) -> list:
        return [(row["ServiceName"], row["ServiceStatus"]) for row in self.services().service_status().services]

    def perf(self) -> list:
        return [(c.instance, c.counter) for c in self.services().perf(self.publisher.name, "Memory")]


@pytest.fixture(scope="module")
def lab():
    with Cluster(build(), max_life=300) as cluster:
        cluster.world.ris_per_minute = 0
        yield Lab(cluster.world)
        assert cluster.world.writes() == []


@pytest.fixture(scope="module")
def healthy(lab):
    phones = lab.phones()
    names = [row["name"] for row in phones]
    found = {
        "phones": phones,
        "names": names,
        "registered": lab.registered(names),
        "status": lab.status(),
        "perf": lab.perf(),
    }
    assert all(found.values())
    assert len(phones) > 20  # more than a page
    return found


def check(lab, call, whole, faults, reasons) -> None:
    with lab.world.lock:
        lab.world.counters.clear()
    lab.publisher.faults.update(faults)
    started = time.monotonic()
    got, trouble = [], None
    try:
        got = call()
    except ClientError as error:
        trouble = error
    finally:
        lab.publisher.faults.clear()
    if reasons:
        assert trouble is not None, f"{len(got)} rows and no error; a healthy cluster gives {len(whole)}"
        assert trouble.reason in reasons, trouble
        assert trouble.hint
    else:
        assert trouble is None, trouble
        assert got == whole
    assert time.monotonic() - started < 3 * (DEADLINE + 1)


def named(cases):
    return [pytest.param(*case, id=" ".join(f"{k}={v}" for k, v in case[0].items())) for case in cases]


@pytest.mark.parametrize(("faults", "reasons"), named(FAULTS + AXL_FAULTS))
def test_axl(lab, healthy, faults, reasons):
    check(lab, lab.phones, healthy["phones"], faults, reasons)


@pytest.mark.parametrize(
    ("faults", "reasons"), named([case for case in FAULTS if "extra_element" not in case[0]] + RIS_FAULTS)
)
def test_ris(lab, healthy, faults, reasons):
    check(lab, lambda: lab.registered(healthy["names"]), healthy["registered"], faults, reasons)


@pytest.mark.parametrize(
    ("faults", "reasons"), named([case for case in FAULTS if "extra_element" not in case[0]] + SERVICE_FAULTS)
)
def test_services(lab, healthy, faults, reasons):
    check(lab, lab.status, healthy["status"], faults, reasons)


@pytest.mark.parametrize(("faults", "reasons"), named(PERF_FAULTS))
def test_perf(lab, healthy, faults, reasons):
    check(lab, lab.perf, healthy["perf"], faults, reasons)
