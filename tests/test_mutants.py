"""The mutator itself: what is called equivalent still exists, and a mistake in the guard is noticed."""

import subprocess
import sys

import pytest

from tests import mutants


def test_what_is_called_equivalent_is_still_there() -> None:
    known = mutants.known()
    there = {mutant.name for module in {name[0] for name in known} for mutant in mutants.mutants(module)}
    assert set(known) - there == set()
    assert all(known.values())


@pytest.mark.skipif(sys.platform == "win32", reason="forks: not on Windows")
def test_a_mistake_is_noticed_and_an_equivalent_is_not() -> None:
    """In a process of its own: the program must not be imported yet where a mutant is to take its place."""
    script = """
from tests import mutants
made = {mutant.name: mutant for mutant in mutants.mutants("cucm_audit.cli.exits")}
fatal = next(mutant for mutant in made.values() if mutant.text == "return INTERRUPTED")
tests = mutants.TARGETS["cucm_audit.cli.exits"]
assert mutants.passes(None, tests)
assert not mutants.passes(fatal, tests)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=mutants.ROOT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
