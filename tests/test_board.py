"""The Grafana board in examples/: it asks for metrics and labels that the Prometheus format writes."""

import json
import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from cucm_audit.reports import REPORTS, Style
from tests.reports.invented import full

BOARD = Path(__file__).parent.parent / "examples" / "monitoring" / "grafana-board.json"


def test_the_board_asks_for_metrics_that_there_are() -> None:
    families = {f.name: f for f in text_string_to_metric_families(REPORTS["prometheus"](full(), Style()))}
    board = json.loads(BOARD.read_text("utf-8"))
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    asked += re.findall(r"label_values\((\w+), (\w+)\)", json.dumps(board)) and ["cucm_audit_info"]
    assert len(asked) == 13
    for expression in asked:
        (name,) = re.findall(r"cucm_audit_\w+", expression)
        labels = {label for sample in families[name].samples for label in sample.labels}
        assert set(re.findall(r"(\w+)!?=", expression)) | {"cluster"} <= labels, expression
