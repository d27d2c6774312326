"""Mutation testing of what must not be wrong: ``python -m tests.mutants [MODULE ...]`` (``make mutants``).

Each mutant is the program with one small mistake (a comparison turned round, a word of a table spoilt, a statement left
out). The quick tests of the module run on it in a forked process, those that noticed most so far first; a mutant that
they do not notice survives and is printed. Those of ``tests/mutants.toml`` behave as the original does, for the reason
that stands there. Sentences for people are not mutated. Ours and not mutmut: that one wants to copy the tree, and
starts an interpreter for each mutant.
"""

import argparse
import ast
import copy
import importlib.abc
import importlib.machinery
import importlib.util
import os
import select
import signal
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
SECONDS = 60.0  # that a mutant may take; one that never ends is noticed
_MORE = "words or net or table_alone or other_methods or other_addresses or reads_pass or statement_of_ours"
GUARD = ("tests/clients/test_guard_words.py", "tests/clients/test_guard.py", "-k", _MORE)
SECRETS = ("tests/test_secrets.py", "-k", "not flood")
REDACT = ("tests/test_redact.py", "-k", "not same_verdicts and not small_space")
NEEDING_A_CLUSTER = ("cluster_file", "same_waiver", "first_lines", "a_run", "baseline_shows", "a_history", "a_report")
WITHOUT_A_CLUSTER = " and ".join(f"not {word}" for word in NEEDING_A_CLUSTER)


def _readers(name: str) -> tuple[str, ...]:
    """Return the tests of a reader of CLI answers: its own, and those of all."""
    return tuple(f"tests/facts/platform/test_{one}.py" for one in (name, "other_forms", "other_columns"))


#: The modules that are mutated, and the quick tests that have to notice, as pytest is told.
TARGETS: dict[str, tuple[str, ...]] = {
    "cucm_audit.clients.guard": GUARD,
    "cucm_audit.clients.sql": GUARD,
    "cucm_audit.clients.commands": GUARD,
    "cucm_audit.clients.journal": ("tests/clients/test_journal.py",),
    "cucm_audit.secrets": SECRETS,
    "cucm_audit.secrets_mask": SECRETS,
    "cucm_audit.redact": REDACT,
    "cucm_audit.pseudonyms": ("tests/test_pseudonyms.py", *REDACT),
    "cucm_audit.reports.sanitize": ("tests/reports/test_sanitize.py",),
    "cucm_audit.cli.exits": ("tests/cli/test_exits.py",),
    "cucm_audit.judge": ("tests/test_judge.py", "tests/test_prerequisites.py"),
    "cucm_audit.prerequisites": ("tests/test_prerequisites.py", "tests/test_judge.py"),
    "cucm_audit.waivers": ("tests/test_waivers.py", "-k", WITHOUT_A_CLUSTER),
    **{f"cucm_audit.facts.platform.{name}": _readers(name) for name in ("history", "packs", "replication", "version")},
    "cucm_audit.since": ("tests/test_since.py", "-k", WITHOUT_A_CLUSTER),
}
#: Imported once, before the forks: what the tests need beside the program.
AHEAD = ("pytest", "hypothesis", "lxml.etree", "requests", "zeep", "ciscoaxl", "click", "jsonschema", "tests.conftest")

SWAPS: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt,),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.FloorDiv,),
    ast.FloorDiv: (ast.Mult,),
    ast.BitOr: (ast.BitAnd,),
    ast.BitAnd: (ast.BitOr,),
    ast.Break: (ast.Continue,),
    ast.Continue: (ast.Break,),
}


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One mistake: what it is, where (the line's number and text), and how to make the whole module with it."""

    module: str
    line: int
    text: str
    what: str
    make: Callable[[], ast.Module]

    @property
    def name(self) -> tuple[str, str, str]:
        """How tests/mutants.toml speaks of it: a line may move."""
        return self.module, self.text, self.what


def mutants(module: str) -> Iterator[Mutant]:
    """Yield every mutant of a module."""
    path = source(module)
    text = path.read_text("utf-8")
    tree, lines = ast.parse(text), text.splitlines()
    spared = set(_spared(tree))
    named = {one.value: f"{one.arg}=" for one in ast.walk(tree) if isinstance(one, ast.keyword) and one.arg}
    for number, node in enumerate(ast.walk(tree)):
        if node in spared:
            continue
        for what, change in _changes(node):
            line = getattr(node.target if isinstance(node, ast.comprehension) else node, "lineno", 0)
            yield Mutant(
                module=module,
                line=line,
                text=lines[line - 1].strip() if line else "",
                what=named.get(node, "") + what,
                make=partial(_made, tree, number, change),
            )


def _made(tree: ast.Module, number: int, change: Any) -> ast.Module:
    """Return a copy of a module in which one node is changed."""
    made = copy.deepcopy(tree)
    twin = next(one for place, one in enumerate(ast.walk(made)) if place == number)
    changed = change(twin)
    if changed is not twin:
        made = _Swap(twin, changed).visit(made)
    return ast.fix_missing_locations(made)


class _Swap(ast.NodeTransformer):
    """Puts one node into the place of another."""

    def __init__(self, old: ast.AST, new: Any) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> Any:
        return self.new if node is self.old else self.generic_visit(node)


def _changes(node: ast.AST) -> Iterator[tuple[str, Any]]:
    """Yield (what is done, how) for one node; the function changes the node or returns another for its place."""
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            for other in SWAPS.get(type(operator), ()):
                yield f"{place}: {type(operator).__name__} to {other.__name__}", _set_operator(place, other)
    elif isinstance(node, ast.BoolOp | ast.BinOp | ast.AugAssign):
        for other in SWAPS.get(type(node.op), ()):
            yield f"{type(node.op).__name__} to {other.__name__}", _set("op", other())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not left out", lambda twin: twin.operand
    elif isinstance(node, ast.Constant):
        for value in _constants(node.value):
            yield f"{node.value!r} to {value!r}", _set("value", value)
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        yield "condition turned round", lambda twin: _with(twin, "test", _negated(twin.test))
    elif isinstance(node, ast.comprehension) and node.ifs:
        yield "filter left out", lambda twin: _with(twin, "ifs", [])
    elif isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Constant):
        yield "returns None", lambda twin: _with(twin, "value", ast.Constant(None))
    elif isinstance(node, ast.Break | ast.Continue):
        yield "break or continue", lambda twin: SWAPS[type(twin)][0]()
    elif isinstance(node, ast.Expr | ast.Assign | ast.AugAssign | ast.Raise | ast.Delete):
        yield "left out", lambda _twin: ast.Pass()


def _set(name: str, value: Any) -> Any:
    return lambda twin: _with(twin, name, value)


def _set_operator(place: int, other: type[ast.AST]) -> Any:
    return lambda twin: _with(twin, "ops", [other() if n == place else op for n, op in enumerate(twin.ops)])


def _with(node: Any, name: str, value: Any) -> Any:
    setattr(node, name, value)
    return node


def _negated(test: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.Not(), test)


def _constants(value: object) -> tuple[object, ...]:
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, int | float):
        return (value + 1,)
    if isinstance(value, str):
        return (f"{value}XX", "") if value else ("XX",)
    if isinstance(value, bytes):
        return (value + b"XX",)
    return ()


def _spared(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield what is not mutated: annotations, docstrings, imports for the type checker, sentences for people."""
    for node in ast.walk(tree):
        inner: list[Any] = []
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            inner.append(node.body[0])
        if isinstance(node, ast.FunctionDef):
            inner += [
                node.returns,
                *(argument.annotation for argument in ast.walk(node.args) if isinstance(argument, ast.arg)),
            ]
            inner += [one for one in node.decorator_list if "dataclass" in ast.unparse(one)]
        if isinstance(node, ast.ClassDef):
            inner += node.decorator_list
        if isinstance(node, ast.AnnAssign):
            inner.append(node.annotation)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            inner.append(node)
        if isinstance(node, ast.Assign) and any(ast.unparse(target) == "__all__" for target in node.targets):
            inner.append(node)
        if isinstance(node, ast.Raise) and node.exc is not None:
            inner.append(node.exc)
        if isinstance(node, ast.Assert):
            inner.append(node)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("cast", "notice"):
            inner.append(node)
        for one in inner:
            if one is not None:
                yield from ast.walk(one)


def source(module: str) -> Path:
    """Return the file of a module, without importing it."""
    return ROOT.joinpath(*module.split(".")).with_suffix(".py")


# -------------------------------------------------------------------------------------------------------- trying one


class _Instead(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives the mutant when its module is imported."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name != self.mutant.module:
            return None
        return importlib.util.spec_from_file_location(name, source(name), loader=self)

    def create_module(self, spec: Any) -> None:
        return None

    def exec_module(self, module: Any) -> None:
        exec(compile(self.mutant.make(), str(source(self.mutant.module)), "exec"), module.__dict__)


class _Noticed:
    """For pytest: the tests that noticed most mutants go first, and the one that notices is told through a pipe."""

    def __init__(self, noticed: Counter[str], told: int) -> None:
        self.noticed, self.told = noticed, told

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items.sort(key=lambda item: -self.noticed[item.nodeid])

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            os.write(self.told, report.nodeid.encode()[:4000])


def passes(mutant: Mutant | None, tests: Sequence[str], noticed: Counter[str] | None = None) -> bool:
    """Say whether the tests pass with the mutant in place of its module (None: with the original).

    ``noticed`` counts which test noticed how many.
    """
    noticed = Counter() if noticed is None else noticed
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os._exit(_run(mutant, tests, _Noticed(noticed, tell)))
    os.close(tell)
    handle = os.pidfd_open(child)
    done, _, _ = select.select([handle], [], [], SECONDS)
    os.close(handle)
    if not done:
        os.killpg(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    with open(told, "rb") as pipe:
        # What a mutant's own child holds open is not waited for.
        os.set_blocking(told, False)
        if name := pipe.read(4000):
            noticed[name.decode()] += 1
    return status == 0


def _run(mutant: Mutant | None, tests: Sequence[str], plugin: _Noticed) -> int:
    import pytest

    os.setpgid(0, 0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    if mutant is not None:
        sys.meta_path.insert(0, _Instead(mutant))
    try:
        words = ["-n", "0", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *tests]
        return int(pytest.main(words, plugins=[plugin]))
    except BaseException:  # a mutant that cannot even be collected is noticed
        return 1


def known() -> dict[tuple[str, str, str], str]:
    """Return the mutants that behave as the original does, with the reason."""
    listed = tomllib.loads((ROOT / "tests" / "mutants.toml").read_text("utf-8"))["equivalent"]
    return {(one["module"], one["line"], what): one["reason"] for one in listed for what in one["what"]}


def main(words: Sequence[str]) -> int:
    """Try every mutant of the modules; print those that survive and what came of each module."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("modules", nargs="*", help=f"of {', '.join(TARGETS)}")
    parser.add_argument("--from", type=int, default=0, dest="line", metavar="LINE", help="leave out what stands before")
    given = parser.parse_args(words)
    for name in AHEAD:
        importlib.import_module(name)
    if there := set(TARGETS) & set(sys.modules):
        raise SystemExit(f"imported before it could be replaced: {', '.join(sorted(there))}")
    equivalent, left = known(), 0
    for module in given.modules or TARGETS:
        left += _module(module, equivalent, given.line)
    return 1 if left else 0


def _module(module: str, equivalent: dict[tuple[str, str, str], str], line: int) -> int:
    tests, noticed = TARGETS[module], Counter[str]()
    started = time.monotonic()
    if not passes(None, tests):
        raise SystemExit(f"{module}: its tests fail without any mutant: {' '.join(tests)}")
    tried, same, survived = 0, 0, 0
    for mutant in mutants(module):
        if mutant.line < line:
            continue
        tried += 1
        if mutant.name in equivalent:
            same += 1
        elif passes(mutant, tests, noticed):
            survived += 1
            print(f"{module}:{mutant.line}: {mutant.what}: {mutant.text}", flush=True)
    seconds = time.monotonic() - started
    print(f"{module}: {tried} mutants, {same} equivalent, {survived} survived, {seconds:.0f} s", flush=True)
    return survived


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
