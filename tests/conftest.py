"""Shared by all tests: nothing of the environment reaches a cluster client, and no test leaves the loopback."""

import ipaddress
import os
import socket

import pytest
from hypothesis import HealthCheck, settings

from cucm_audit.clients import pace
from cucm_audit.simulator import Cluster, load

#: Tests whose point it is to send what the program never would, or to keep another time than its own.
NOT_OUR_CLIENT = {
    "tests/simulator/": "raw clients, on purpose: what is tried is the simulated cluster itself",
    "tests/test_read_only.py::test_without_any_layer_the_cluster_sees_the_write": "shows that a write would be seen",
}
#: A second of AXL, the product's and the simulated cluster's alike. One test keeps the real one.
load.SECOND = pace.SECOND = 0.02

# A busy machine is no finding: one example may take its time; every test has the limit of pytest-timeout.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

_started: list[Cluster] = []
_start = Cluster.start


def _noted(cluster):
    _started.append(cluster)
    return _start(cluster)


Cluster.start = _noted


@pytest.fixture(autouse=True)
def _no_harm_is_done(request):
    """After every test: no write was seen, and no cluster had to bear more than was promised."""
    _started[:] = [cluster for cluster in _started if cluster._running]  # another module's, ended with it
    for cluster in _started:
        cluster.world.load.run_begins()
        cluster.world.load.broken.clear()
    yield
    clusters = list(_started)
    _started[:] = [cluster for cluster in _started if cluster._running]
    if any(request.node.nodeid.startswith(name) for name in NOT_OUR_CLIENT):
        return
    for cluster in clusters:
        assert cluster.world.writes() == [], "something that could change a cluster was sent"
        assert cluster.world.load.broken == [], "more was asked of a node than is promised"


@pytest.fixture(autouse=True)
def _secrets_are_forgotten():
    """After every test: a password of one test ("wrong", "first") is a word like others in the next."""
    from cucm_audit import secrets_mask  # not before: the mutants put another in its place

    forms, pattern = set(secrets_mask._forms), secrets_mask._pattern
    yield
    with secrets_mask._lock:
        secrets_mask._forms.clear()
        secrets_mask._forms.update(forms)
        secrets_mask._pattern = pattern


_connect = socket.socket.connect


def _loopback_only(self, address):
    if (
        self.family in (socket.AF_INET, socket.AF_INET6)
        and not ipaddress.ip_address(address[0].split("%")[0]).is_loopback
    ):
        raise AssertionError(f"a test wanted to connect to {address}")
    return _connect(self, address)


@pytest.fixture(autouse=True)
def _stay_on_the_loopback(monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", _loopback_only)
    for name in list(os.environ):
        if name.startswith("CUCM_AUDIT_") or name in (
            "CREDENTIALS_DIRECTORY",
            "HTTPS_PROXY",
            "HTTP_PROXY",
            "https_proxy",
            "http_proxy",
        ):
            monkeypatch.delenv(name)
