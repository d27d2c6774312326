"""Cores, hardware, own certificates, security, diagnostics."""

import pytest

from cucm_audit.clients import ClientError
from cucm_audit.model import Reason
from tests.facts.platform.asked import column, one, recording

CORES, HARDWARE, CERTIFICATES = "utils core active list", "show hardware", "show cert list own"
SECURITY, FIPS, DIAGNOSE = "utils os secure status", "utils fips status", "utils diagnose test"


def test_cores_with_and_without_a_size():
    told = one("core_file", CORES, recording("12.5", "core-list"))
    assert told.whole
    assert [(row["process"], row["size_kb"], row["local_at"]) for row in told.rows] == [
        ("jvm", None, "2023-03-02 22:03:11"),
        ("RisDC", 501408, "2023-04-17 06:40:55"),
    ]


def test_no_core_is_a_whole_answer():
    told = one("core_file", CORES, recording("15", "core-list"))
    assert (told.rows, told.whole) == ([], True)


@pytest.mark.parametrize(
    ("text", "size"), [("12 MB", 12288), ("3 GB", 3145728), ("2048 B", 2), ("292616 KB", 292616), ("", None)]
)
def test_units_of_a_core(text, size):
    line = f" {text}   2022-02-20 00:02:37   core.62556.6.ccm.1645336926"
    assert column(one("core_file", CORES, line), "size_kb") == [size]


@pytest.mark.parametrize("odd", ["292616 KB  20.02.2022  core.1.6.ccm.2", "12 TB 2022-02-20 00:02:37 core.1.6.ccm.2"])
def test_a_core_in_another_form_is_not_dropped(odd):
    assert one("core_file", CORES, recording("10.5", "core-list") + odd).reasons == [Reason.MALFORMED]
    assert one("core_file", CORES, odd).error.reason is Reason.MALFORMED


@pytest.mark.parametrize(
    ("release", "processors", "memory", "disks"), [("8.6", 2, 4096, 80), ("12.5", 2, 8192, 110), ("15", 4, 10240, 160)]
)
def test_hardware(release, processors, memory, disks):
    (row,) = one("hardware", HARDWARE, recording(release, "hardware")).rows
    assert (row["processors"], row["memory_mb"], row["disk_gb"]) == (processors, memory, disks)
    assert row["platform"] == "VMware Virtual Machine"


def test_hardware_without_a_number_is_not_known():
    text = "\n".join(line for line in recording("12.5", "hardware").splitlines() if "Processors" not in line)
    (row,) = one("hardware", HARDWARE, text).rows
    assert row["processors"] is None
    told = one("hardware", HARDWARE, recording("12.5", "hardware").replace(": 8192", ": plenty of"))
    assert told.rows[0]["memory_mb"] is None
    assert told.reasons == [Reason.MALFORMED]


def test_own_certificates_and_who_signed_them():
    told = one("own_certificate", CERTIFICATES, recording("15", "cert-list-own"))
    assert told.whole
    assert {row["unit"]: row["signed_by"] for row in told.rows}["tomcat"] == "Lab-Issuing-CA"
    assert {row["unit"]: row["signed_by"] for row in told.rows}["TVS"] == ""
    assert len(told.rows) == 8


def test_a_certificate_in_other_words_is_not_dropped():
    text = recording("10.5", "cert-list-own") + "tomcat-ECDSA/tomcat-ECDSA.pem: Nobody knows\n"
    told = one("own_certificate", CERTIFICATES, text)
    assert {row["unit"]: row["signed_by"] for row in told.rows}["tomcat-ECDSA"] is None
    assert one("own_certificate", CERTIFICATES, text + "tomcat.pem\n").reasons == [Reason.MALFORMED]


@pytest.mark.parametrize(
    ("mode", "enforcing"), [("enforcing", 1), ("Enforcing", 1), ("permissive", 0), ("disabled", 0), ("sleepy", None)]
)
def test_selinux(mode, enforcing):
    told = one("security_state", SECURITY, f"OS Security status:             enabled\nCurrent mode:       {mode}\n")
    assert column(told, "enforcing") == [enforcing]
    assert told.whole


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("The system is operating in NON-FIPS mode.", 0),
        ("The system is operating in FIPS mode. Self test status: PASSED", 1),
        ("The system is not in any FIPS mode", None),
        ("The system is operating in NON-FIPS mode.\nThe system is operating in FIPS mode.", None),
    ],
)
def test_fips_is_told_by_its_word_or_not_at_all(text, state):
    assert column(one("fips_state", FIPS, text), "fips") == [state]


def test_fips_in_words_of_another_kind_is_no_answer():
    assert one("fips_state", FIPS, "Federal standards are observed").error.reason is Reason.MALFORMED


def test_diagnostics_passed_failed_and_skipped():
    told = one("diagnostic", DIAGNOSE, recording("10.5", "diagnose-test"))
    assert told.whole
    by_module = {row["module"]: (row["skipped"], row["passed"]) for row in told.rows}
    assert by_module["tomcat"] == (0, 1)
    assert by_module["validate_network"] == (0, 0)
    assert by_module["disk_files"] == (1, None)


def test_diagnostics_that_were_cut_are_not_whole():
    text = recording("10.5", "diagnose-test").partition("Diagnostics Completed")[0]
    told = one("diagnostic", DIAGNOSE, text)
    assert told.reasons == [Reason.MALFORMED]
    assert len(told.rows) == 14


def test_what_is_said_of_the_tools_is_kept_as_it_is():
    (row,) = one("vm_tools", "utils vmtools status", recording("12.5", "vmtools-status")).rows
    assert row["raw_state"] == 'VMware Tools are out-of-date. Please run "utils vmtools upgrade"'
    assert one("vm_tools", "utils vmtools status", "").error
    assert one("vm_tools", "utils vmtools status", "Something else").error
    told = one("vm_tools", "utils vmtools status", "VMTools Type: open-vm-tools\nVersion: 11.3.5\n")
    assert (told.whole, told.rows[0]["raw_state"]) == (True, "VMTools Type: open-vm-tools Version: 11.3.5")
    assert not one("vm_tools", "utils vmtools status", "VMware Tools are fine\nadmin:something else").whole


@pytest.mark.parametrize(
    ("reason", "said"), [(Reason.NOT_SUPPORTED, ["No valid command entered"]), (Reason.TIMEOUT, [])]
)
def test_a_node_that_does_not_know_the_tools_command_says_so(reason, said):
    refused = ClientError(node="x", source="ssh", doing="typing", reason=reason, detail="No valid command entered")
    told = one("vm_tools", "utils vmtools status", refused)
    assert column(told, "raw_state") == said
    assert told.whole == bool(said)
