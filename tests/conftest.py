"""Shared by all tests: nothing of the environment reaches a cluster client, and no test leaves the loopback."""

import ipaddress
import os
import socket

import pytest

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
