"""SECURITY.md promises nothing that no test proves: every test that it names exists, and every promise names one."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "SECURITY.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(test_\w+))?`", PAGE)))


def functions_of(file):
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_test_that_the_page_names_exists(file, name):
    assert (ROOT / file).is_file()
    assert not name or name in functions_of(file)


def test_no_name_escapes_the_comparison():
    assert len(NAMED) > 40
    assert len(re.findall(r"\btest_\w+\b", re.sub(r"`tests/[\w/]+\.py(::test_\w+)?`", "", PAGE))) == 0


def test_every_promise_names_its_test():
    promises = PAGE.split("## What you may assume")[1].split("\n## ")[0].split("\n- ")[1:]
    own = [promise for promise in promises if "tests/" not in promise and "below" not in promise]
    assert own == []
    layers = re.findall(r"^\| \d\. .*$", PAGE, re.MULTILINE)
    assert len(layers) == 5
    assert all("tests/" in layer for layer in layers)


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:cucm_audit|wsdl)/[\w/.]*)`", PAGE))))
def test_a_place_that_the_page_names_exists(path):
    assert (ROOT / path).exists()
