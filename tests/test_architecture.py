"""The import rules of the house (architecture, section 4), read from our own modules with ast."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "cucm_audit"
FILES = sorted(PACKAGE.rglob("*.py"))

#: The half that opens sockets and the half that judges never import each other.
ASKING = {
    "collect",
    "board",
    "care",
    "books",
    "lanes",
    "plan",
    "visit",
    "discovery",
    "identity",
    "connect",
    "doctor",
    "facts",
    "clients",
}
JUDGING = {
    "judge",
    "prerequisites",
    "checks",
    "checkfile",
    "mistakes",
    "proof",
    "explain",
    "lookup",
    "narrow",
    "error_codes",
    "told",
    "answer",
    "pack_picture",
    "diff",
    "checklist",
    "waivers",
    "since",
    "history",
    "kinship",
    "settling",
    "reports",
}
#: Rooms and single modules, highest floor first; on one floor anybody may import anybody of the same side.
FLOORS = (
    {"cli"},
    (ASKING - {"facts", "clients"}) | JUDGING | {"fleet", "config", "redact", "pseudonyms"},
    {"facts", "snapshot", "queries", "tables"},
    {"clients", "words", "trust", "trust_file", "secrets", "secrets_mask"},
    {"model", "resources", "shortage", "toml_lines"},
)
FLOOR = {room: len(FLOORS) - number for number, rooms in enumerate(FLOORS) for room in rooms}
#: Foreign modules, and who alone may import them.
FOREIGN = {
    **dict.fromkeys(("zeep", "requests", "urllib3", "paramiko", "socket", "ssl"), ("clients/", "simulator/")),
    **dict.fromkeys(("http", "socketserver", "urllib.request", "asyncio", "selectors"), ("clients/", "simulator/")),
    **dict.fromkeys(("ftplib", "smtplib", "telnetlib", "xmlrpc", "multiprocessing", "ctypes", "pty", "pickle"), ()),
    "subprocess": ("secrets.py",),
    "tabulate": ("reports/text.py",),
    "sqlite3": ("snapshot.py", "queries.py", "tables.py", "simulator/"),
}


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, late and for type checking too; "from a import b" gives a and a.b."""
    package = ("cucm_audit", *path.relative_to(PACKAGE).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def own(path: Path) -> set[str]:
    """The rooms of the package that a file imports."""
    parts = [one.split(".") for one in imported(path) if one.startswith("cucm_audit.")]
    return {words[1] for words in parts if (PACKAGE / words[1]).is_dir() or (PACKAGE / f"{words[1]}.py").is_file()}


def test_every_module_has_a_place_in_the_house() -> None:
    rooms = {room(path) for path in FILES} - {"__init__", "__main__", "simulator"}
    assert rooms <= set(FLOOR), "say in FLOORS where it stands"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_imports_go_downwards_and_never_across(path: Path) -> None:
    here, others = room(path), own(path)
    if here == "simulator":
        assert others <= {"simulator", "resources"}
        return
    if here in ("__init__", "__main__"):
        assert others <= {"cli"}
        return
    assert here in FLOOR, "say in FLOORS where it stands"
    assert here == "cli" or "simulator" not in others
    assert {other for other in others - {"simulator"} if FLOOR.get(other, 0) > FLOOR[here]} == set()
    if here in ASKING:
        assert others & JUDGING == set()
    if here in JUDGING:
        assert others & ASKING == set()


@pytest.mark.parametrize("path", FILES, ids=name)
def test_foreign_modules_stay_where_they_belong(path: Path) -> None:
    for module in imported(path):
        for foreign, allowed in FOREIGN.items():
            if module == foreign or module.startswith(f"{foreign}."):
                assert any(name(path).startswith(place) for place in allowed), module


def calls(path: Path) -> Iterator[str]:
    """Every call in a file, as it is written: print, click.echo, os.system."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_only_the_command_line_prints_and_asks(path: Path) -> None:
    talking = {"print", "input", "click.echo", "click.secho", "click.prompt", "click.confirm", "sys.stdout.write",
               "sys.stderr.write", "getpass.getpass"}  # fmt: skip
    assert room(path) in ("cli", "__main__") or not talking & set(calls(path))


@pytest.mark.parametrize("path", FILES, ids=name)
def test_nobody_starts_programs_or_runs_text(path: Path) -> None:
    made = set(calls(path))
    assert not made & {"eval", "exec", "os.system", "os.popen", "os.fork", "__import__"}
    assert not {call for call in made if call.startswith(("os.exec", "os.spawn", "os.posix_spawn"))}


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_secret_is_opened_in_the_clients_only(path: Path) -> None:
    opened = [call for call in calls(path) if call.endswith(".reveal")]
    assert not opened or name(path) == "secrets.py" or room(path) == "clients"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_no_password_is_left_lying_about(path: Path) -> None:
    if room(path) == "simulator":
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("debuglevel", "set_debuglevel"), "http.client prints passwords with it"
        if isinstance(node, ast.Assign):
            assert not any(ast.unparse(target).endswith("session.auth") for target in node.targets)


def test_the_rules_can_fail() -> None:
    """A rule that reads nothing would pass for ever: these are read."""
    sample = PACKAGE / "reports" / "text.py"
    assert "tabulate" in set(imported(sample))
    assert own(PACKAGE / "judge.py") >= {"checks", "snapshot"}
    assert "sys.stdout.write" not in set(calls(sample))
    assert any(call.endswith(".reveal") for path in FILES for call in calls(path))
