"""The descriptions that requests are built from: reading operations, and no other way out."""

import re

import pytest
from lxml import etree

from cucm_audit.clients import WriteBlocked
from cucm_audit.clients.guard import AXL_VERSIONS, OPERATIONS
from cucm_audit.clients.soap import _client, build
from cucm_audit.resources import folder

FILES = sorted(path.name for path in folder("wsdl").glob("*.wsdl"))
WSDL = "{http://schemas.xmlsoap.org/wsdl/}"


def test_they_describe_what_the_guard_lets_through_and_nothing_else():
    described = {
        operation.get("name")
        for file in FILES
        for operation in etree.parse(str(folder("wsdl") / file)).iter(f"{WSDL}operation")
    }
    assert described == {entry[2] for entry in OPERATIONS}
    assert FILES == ["axl.wsdl", "controlcenter.wsdl", "perfmon.wsdl", "ris.wsdl"]


@pytest.mark.parametrize("file", FILES)
def test_they_are_ours_and_reach_nowhere(file):
    text = (folder("wsdl") / file).read_text()
    assert "CONFIDENTIAL" not in text
    assert "import" not in text
    assert set(re.findall(r'location="https?://([^/:"]+)', text)) == {"node.invalid"}


@pytest.mark.parametrize("operation", ["addPhone", "executeSQLUpdate", "doDeviceLogout", "removePhone"])
def test_an_operation_that_changes_something_cannot_be_named(operation):
    with pytest.raises(ValueError, match=f"No such operation '{operation}'"):
        build("axl.wsdl", operation, version="12.5")


def test_zeep_itself_sends_nothing():
    with pytest.raises(WriteBlocked):
        _client("axl.wsdl", "12.5").service.getCCMVersion()


@pytest.mark.parametrize("version", [*AXL_VERSIONS, "1.0"])
def test_one_file_serves_every_version(version):
    operation = etree.fromstring(build("axl.wsdl", "executeSQLQuery", version=version, sql="select 1 < 2"))[-1][0]
    assert etree.QName(operation).namespace == f"http://www.cisco.com/AXL/API/{version}"
    assert [(part.tag, part.text) for part in operation] == [("sql", "select 1 < 2")]
