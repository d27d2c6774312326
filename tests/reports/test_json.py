"""The canonical report, its schema, and the way back."""

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cucm_audit.model import Severity, Verdict
from cucm_audit.reports import REPORTS, Style
from cucm_audit.reports.document import schema
from cucm_audit.reports.json import ReportError, read
from tests.reports.invented import finding, full, outcome, report


def text(made: Any) -> str:
    return REPORTS["json"](made, Style())


def test_the_document_has_the_keys_of_the_contract() -> None:
    document = json.loads(text(full()))
    assert document["schema_version"] == "1.1"
    assert document["tool"] == {"version": "0.1.0"}
    assert document["cluster"] == {
        "name": "lab", "id": "StandAloneCluster", "release": "12.5.1.14900-63", "via": "cucm-pub",
    }  # fmt: skip
    assert document["counts"] == {"pass": 1, "fail": 2, "unknown": 1, "not_applicable": 1, "by_hand": 1}
    assert document["findings"] == {"critical": 1, "warning": 17, "note": 0, "waived": 0}
    assert document["cost"] == {"axl": 41, "ris": 1, "ssh_sessions": 3, "seconds": 12.4}
    assert "41.0" not in text(full())
    assert {"fact", "node", "state", "reason", "detail", "hint"} <= set(document["gaps"][0])
    first = document["outcomes"][0]
    assert first["node"] is None
    assert first["detail"] is None
    assert first["verdict"] == "fail"
    assert first["findings"][0]["evidence"]["facts"] == [
        {"table": "phone", "node": None, "source": "axl", "request": "select d.name from device d order by d.name",
         "taken_at": "2026-11-20 09:00:01", "state": "whole"},
    ]  # fmt: skip
    assert document["outcomes"][1]["could_not_tell"][0]["subject"] == "odd line"


def test_the_schema_accepts_the_document_and_refuses_another() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    document = json.loads(text(full()))
    jsonschema.validate(document, schema())
    document["outcomes"][0]["verdict"] = "ok"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema())


def test_the_same_report_gives_the_same_bytes() -> None:
    one = report(outcome(Verdict.PASS, show={"b": 1, "a": 2}), scope={"z": 1, "a": 2})
    other = report(outcome(Verdict.PASS, show={"a": 2, "b": 1}), scope={"a": 2, "z": 1})
    assert text(one) == text(other)


def test_every_other_format_can_be_made_from_the_document() -> None:
    back = read(text(full()))
    assert text(back) == text(full())
    assert REPORTS["table"](back, Style()) == REPORTS["table"](full(), Style())


def test_findings_under_an_unknown_are_not_counted() -> None:
    seen = report(outcome(Verdict.UNKNOWN, findings=(finding("x"),), severity=Severity.CRITICAL))
    assert json.loads(text(seen))["findings"]["critical"] == 0


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters(exclude_categories=())), st.binary()
)


@given(st.text(st.characters(exclude_categories=())), st.dictionaries(st.text(max_size=5), VALUES, max_size=4))
def test_hostile_data_stays_valid(name: str, columns: dict[str, Any]) -> None:
    made = text(report(outcome(Verdict.FAIL, findings=(finding(name, **columns),), show=columns), cluster=name))
    made.encode()
    json.loads(made, parse_constant=pytest.fail)
    assert "\x9b" not in made
    assert "\u202e" not in made
    assert text(read(made)) == made


def test_large_numbers_stay_whole_and_numbers_as_text_stay_text() -> None:
    made = json.loads(text(report(outcome(Verdict.PASS, show={"counter": 2**70, "dn": "0012", "nan": float("nan")}))))
    assert made["outcomes"][0]["show"] == {"counter": 2**70, "dn": "0012", "nan": None}


@pytest.mark.parametrize("wrong", ["", "{}", "[]", '{"schema_version": "2.0"}', "\x00"])
def test_what_is_no_report_is_refused(wrong: str) -> None:
    with pytest.raises(ReportError, match="no cucm-audit report"):
        read(wrong)
