"""The reader of check files: every typical mistake is refused by file, row or check, and with the next step."""

# ruff: noqa: E501 - a mistake and what is said about it stand on one line
from collections.abc import Callable
from pathlib import Path

import pytest

from cucm_audit import cli
from cucm_audit.checks import CheckError, load
from cucm_audit.proof import prove

GOOD = """\
# A check of our own.
[document]
id     = "ours"
title  = "Ours"
source = "us"

[[row]]
id      = "O-1"
symptom = "Nobody finds the phone"
look    = "Its description"
checks  = ["ours-description"]

[[check]]
id       = "ours-description"
title    = "Phone without a description"
severity = "warning"
look_at  = "phone"
subject  = "name"
wrong_if = "description = ''"
says     = "{name} has no description"
fix      = "Device > Phone > {name}: write one"
[check.example]
phone = [{ id = "1", name = "SEP1" }, { id = "2", name = "SEP2", description = "desk" }]
wrong = ["SEP1"]
"""
BAD_LOAD = """\
[table]
name   = "bad_load"
as-of  = "2026-01-02"
source = "us"
[[bad_load]]
model_number = 683
model        = "Cisco 8841"
fixed_in     = "sip88xx.12-5-1"
problem      = "Dark"
reference    = "T-1"
source       = "us"
"""
Write = Callable[..., Path]


@pytest.fixture
def pack(tmp_path: Path) -> Write:
    """A folder of checks with one file, in which some words are replaced."""

    def write(*changes: tuple[str, str], name: str = "ours.toml", text: str = GOOD) -> Path:
        for old, new in changes:
            assert text.count(old) == 1, f"{old!r} is not once in the file"
            text = text.replace(old, new)
        place = tmp_path / "own" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")
        return tmp_path / "own"

    return write


def refusal(*folders: Path) -> str:
    with pytest.raises(CheckError) as caught:
        prove(load(folders, packages=False))
    return str(caught.value)


def test_a_good_file_is_taken(pack: Write) -> None:
    checks = prove(load([pack()], packages=False))
    assert checks.checks["ours-description"].pack == str(pack())
    assert [row.id for row in checks.rows_of("ours-description")] == ["O-1"]


IN_THE_CHECK = "ours.toml: check ours-description: "
MISTAKES = {
    # ------------------------------------------------------------------------------------------------ keys and values
    "unknown key": (('subject  = "name"', 'subject  = "name"\nwrongif = "1"'), IN_THE_CHECK + "unknown key wrongif; did you mean wrong_if?"),
    "strange key": (('subject  = "name"', 'subject  = "name"\nqqq = "1"'), "unknown key qqq; known here: id, title, severity"),
    "unknown key of a row": (('look    = ', "lok    = "), "ours.toml: row O-1: unknown key lok; did you mean look?"),
    "unknown table": (("[[row]]", "[[rows]]"), "ours.toml: unknown table [rows]; did you mean row?"),
    "missing key": (('says     = "{name} has no description"', ""), IN_THE_CHECK + "says missing: write says = ..."),
    "missing keys": (('title  = "Ours"\nsource = "us"', ""), "ours.toml: [document]: title, source missing: write title = ..."),
    "no document": (('[document]\nid     = "ours"\ntitle  = "Ours"\nsource = "us"', ""), "[document]: id, title, source missing"),
    "text for a list": (('["ours-description"]', '"ours-description"'), 'row O-1: checks: expected a list: ["...", "..."], got a text'),
    "number for a text": (('"Its description"', "7"), 'row O-1: look: expected a text in quotes: "...", got a number'),
    "no such severity": (('"warning"', '"severe"'), IN_THE_CHECK + "severity: 'severe' is no choice; write critical, warning or note"),
    "no such scope": (('subject  = "name"', 'subject  = "name"\nper = "cluser"'), "per: 'cluser' is no choice; write cluster or node"),
    "one table of several": (("[[row]]", "[row]"), "ours.toml: [row] is one of several: write [[row]]"),
    "settings are no table": (("[document]", 'settings = "x"\n[document]'), "ours.toml: settings is a table: write [settings]"),
    "a setting is a list": (("[[row]]", "[settings]\nours = [1]\n[[row]]"), "setting ours: a setting is a number, a text"),
    "our setting": (("[[row]]", "[settings]\nem-max-login-minutes = 1\n[[row]]"), "cisco-18772.toml already: give it another name"),
    # -------------------------------------------------------------------------------------------------------------- ids
    "an id with blanks": (('id       = "ours-description"', 'id       = "ours description"'), "'ours description': an id is lower-case words with hyphens"),
    "an id of ours": (('id       = "ours-description"', 'id       = "adp-orphan"'), "the id adp-orphan is used twice (also in "),
    "a row of ours": (('"O-1"', '"T1"'), "row T1: the id is used twice (also in "),
    "a document of ours": (('id     = "ours"', 'id     = "cisco-18772"'), "cisco-18772.toml already: give it another id"),
    "no such check": (('checks  = ["ours-description"]', 'checks  = ["ours-descripton"]'), "ours.toml: row O-1: there is no check ours-descripton; did you mean ours-description?"),
    "no row uses it": (('checks  = ["ours-description"]', "checks  = []"), IN_THE_CHECK + "no row uses it; name it in a row's checks"),
    # -------------------------------------------------------------------------------------------------------------- SQL
    "SQL that is none": (("description = ''", "description = = ''"), IN_THE_CHECK + "the SQL is not understood at '='"),
    "an open bracket": (("description = ''", "(description = ''"), IN_THE_CHECK + "wrong_if: a bracket is open"),
    "an open quote": (("description = ''", "description = '"), IN_THE_CHECK + "wrong_if: a quote is open"),
    "two columns in one": (("description = ''", "0) as x, (1"), IN_THE_CHECK + "wrong_if: a bracket is closed that was never opened"),
    "no such table": (('look_at  = "phone"', 'look_at  = "phones"'), IN_THE_CHECK + "no table phones; did you mean phone?"),
    "no such column": (("description = ''", "descripton = ''"), IN_THE_CHECK + "no column descripton; did you mean description?"),
    "no such column in the words": (("{name} has no", "{nam} has no"), IN_THE_CHECK + "no column nam; did you mean name?"),
    "no such function": (("description = ''", "regexp_like(description, 'x')"), "the word regexp_like() is not for checks; checks/README.md"),
    "not allowed function": (("description = ''", "length(printf('%d', 3)) = 1"), "the word printf() is not for checks"),
    "not allowed loading": (("description = ''", "load_extension('x') is null"), "the word load_extension() is not for checks"),
    "a hidden table": (('look_at  = "phone"', 'look_at  = "(select text as name, node as description from raw)"'), "raw is not for checks"),
    "the schema": (('look_at  = "phone"', 'look_at  = "(select name, sql as description from sqlite_master)"'), "sqlite_master is not for checks"),
    "a write": (('look_at  = "phone"', 'look_at  = "phone; delete from phone"'), IN_THE_CHECK + "look_at: no semicolon"),
    "a write inside": (('look_at  = "phone"', 'look_at  = "(delete from phone returning name, description)"'), "the SQL is not understood at 'delete'"),
    "a comment": (("description = ''", "description = '' -- empty"), "wrong_if: no comment inside the SQL: write it as a TOML comment"),
    "not in": (("description = ''", "name not in (select subject from phone)"), "'not in (select ...)' goes silent on a value that is not known"),
    "a CTE that hides a view": (('look_at  = "phone"', 'look_at  = "(with phone as (select 1 as name, 2 as description) select * from phone)"'), "'with phone' hides the table or view of that name: choose another"),
    # ----------------------------------------------------------------------------------------------------- what it means
    "pass without words": (('subject  = "name"', 'subject  = "name"\nif_none = "pass"'), 'if_none = "pass" needs none_says'),
    "no such answer": (('subject  = "name"', 'subject  = "name"\nif_none = "ok"'), "if_none: 'ok' is no choice; write not_applicable, unknown or pass"),
    "a bad release": (('subject  = "name"', 'subject  = "name"\nreleases = [["twelve", ""]]'), "twelve in releases is no release; write it as 12.5"),
    "half a range": (('subject  = "name"', 'subject  = "name"\nreleases = [["12.5"]]'), 'releases = [["12.5", ""]]'),
    "no condition": (("wrong_if = \"description = ''\"", ""), "without wrong_if it has to show something"),
    # -------------------------------------------------------------------------------------------------------- the example
    "no example": (('[check.example]\nphone = [{ id = "1", name = "SEP1" }, { id = "2", name = "SEP2", description = "desk" }]\nwrong = ["SEP1"]', ""), "example missing: write [check.example] below it"),
    "a table that is none": (('phone = [{ id = "1"', 'phones = [{ id = "1"'), IN_THE_CHECK + "the example has a table phones, which does not exist; did you mean phone?"),
    "a column that is none": (('description = "desk"', 'descripton = "desk"'), IN_THE_CHECK + "the example has phone.descripton, which does not exist; did you mean description?"),
    "nothing wrong": (('wrong = ["SEP1"]', ""), IN_THE_CHECK + "the example has nothing wrong in it"),
    "wrong is a text": (('wrong = ["SEP1"]', 'wrong = "SEP1"'), 'wrong: expected a list of subjects: wrong = ["..."]'),
    "rows are a text": (('phone = [{ id = "1", name = "SEP1" }, { id = "2", name = "SEP2", description = "desk" }]', 'phone = "SEP1"'), "phone: expected a list of rows: phone = [{ column = value }]"),
    "a number of 80 bits": (('{ id = "1", name = "SEP1" }', '{ id = "1", name = "SEP1", model_number = 1208925819614629174706176 }'), "its example does not fit the tables: phone: "),
    "nothing said": (('says     = "{name} has no description"', 'says     = ""'), IN_THE_CHECK + "says is empty: write it"),
    "a key twice": (('id = "2"', 'id = "1"'), "its example does not fit the tables: phone: UNIQUE"),
    "not true": (('wrong = ["SEP1"]', 'wrong = ["SEP2"]'), IN_THE_CHECK + "its example is not true: wrong says SEP2, the check finds SEP1; mend the one"),
    "not all": (('wrong = ["SEP1"]', 'wrong = ["SEP1", "SEP2"]'), "wrong says SEP1, SEP2, the check finds SEP1"),
    "nothing fine": ((', { id = "2", name = "SEP2", description = "desk" }', ""), "nothing in its example is fine: add a row that is"),
    "a place that stays open": (("{name} has no", "{Name} has no"), "a place in its words is not filled: {Name} has no description"),
    "no condition at all": (("description = ''", "'yes'"), "its example cannot be judged: check ours-description: wrong_if gave 'yes' instead of 0, 1 or NULL"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_its_place_and_the_next_step(mistake: str, pack: Write) -> None:
    (old, new), told = MISTAKES[mistake]
    said = refusal(pack((old, new)))
    assert "ours.toml" in said
    assert told in said
    assert "\n" not in said


def test_what_is_not_known_may_not_make_a_check_pass(pack: Write) -> None:
    """A nullable column in look_at drops rows in silence: the example is right and the check is wrong all the same."""
    said = refusal(
        pack(
            ('look_at  = "phone"', 'look_at  = "end_user where status = 1"'),
            ('subject  = "name"', 'subject  = "userid"'),
            ("description = ''", "userid glob 'x*'"),
            ('says     = "{name}', 'says     = "{userid}'),
            ("Phone > {name}", "Phone > {userid}"),
            (
                'phone = [{ id = "1", name = "SEP1" }, { id = "2", name = "SEP2", description = "desk" }]\nwrong = ["SEP1"]',
                'end_user = [{ id = "1", userid = "x1", status = 1 }, { id = "2", userid = "a1", status = 1 }]\nwrong = ["x1"]',
            ),
        )
    )
    assert "with end_user.status not known (NULL) it says not_applicable" in said
    assert "belongs into wrong_if" in said


def test_an_id_in_two_files_names_both(pack: Write) -> None:
    folder = pack()
    pack(('id     = "ours"', 'id     = "other"'), ('"O-1"', '"O-2"'), name="second.toml")
    said = refusal(folder)
    assert "second.toml: check ours-description: the id ours-description is used twice" in said
    assert "ours.toml)" in said


def test_the_same_folder_twice_is_refused(pack: Write) -> None:
    assert "document ours is in" in refusal(pack(), pack())


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (GOOD.replace('title  = "Ours"', "title  = Ours").encode(), "this is not TOML: Invalid value (at line 4"),
        (GOOD.encode().replace(b"us", b"\xfcs", 1), "this is not UTF-8: save the file as UTF-8"),
        (GOOD.encode("utf-16"), "this is not UTF-8: save the file as UTF-8"),
        (b"", "[document]: id, title, source missing"),
    ],
)
def test_files_that_are_no_toml(raw: bytes, told: str, pack: Write) -> None:
    folder = pack()
    (folder / "ours.toml").write_bytes(raw)
    said = refusal(folder)
    assert "ours.toml: " in said
    assert told in said


@pytest.mark.parametrize(
    "raw", [b"\xef\xbb\xbf" + GOOD.encode(), GOOD.replace("\n", "\r\n").encode()], ids=["BOM", "CRLF"]
)
def test_files_as_windows_editors_save_them_are_read(raw: bytes, pack: Write) -> None:
    folder = pack()
    (folder / "ours.toml").write_bytes(raw)
    assert "ours-description" in prove(load([folder], packages=False)).checks


def test_a_folder_without_checks_is_refused(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("nothing here")
    said = refusal(tmp_path)
    assert said == f"{tmp_path}: no check file (NAME.toml) and no tables/NAME.toml in this folder"


def test_a_folder_may_bring_known_bad_loads_only(pack: Write) -> None:
    folder = pack(name="tables/loads.toml", text=BAD_LOAD)
    ours, with_theirs = load(packages=False).bad_loads, load([folder], packages=False).bad_loads
    assert with_theirs[: len(ours)] == ours, "a user's table adds to ours"
    assert [row["model"] for row in with_theirs[len(ours) :]] == ["Cisco 8841"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"bad_load"\n', '"bad_loads"\n', "no table of knowledge is called bad_loads; did you mean bad_load?"),
        ('as-of  = "2026-01-02"\n', "", "[table] lacks as-of: knowledge has a name, a date and a source"),
        ("[table]", "[tables]", "[table] is missing"),
        ("[[bad_load]]", "[[bad_lod]]", "unknown table [bad_lod]; did you mean bad_load?"),
        ("[[bad_load]]", "[bad_load]", "[bad_load] is one of several: write [[bad_load]]"),
        ("fixed_in ", "fixedin ", "bad_load 1: unknown key fixedin; did you mean fixed_in?"),
        ('problem      = "Dark"\n', "", "bad_load 1: problem is missing"),
        ("= 683", '= "683"', "bad_load 1: model_number: expected a whole number"),
        ('"Cisco 8841"', "8841", "bad_load 1: model: expected a text in quotes"),
    ],
)
def test_mistakes_in_a_table_of_bad_loads(old: str, new: str, told: str, pack: Write) -> None:
    said = refusal(pack((old, new), name="tables/loads.toml", text=BAD_LOAD))
    assert "loads.toml: " in said
    assert told in said


@pytest.mark.parametrize(
    "words", [("checks",), ("checks", "--coverage"), ("audit", "--node", "192.0.2.1", "--dry-run", "--no-input")]
)
@pytest.mark.parametrize("mistake", ["unknown key", "no such column", "not true", "an id of ours"])
def test_the_program_refuses_with_exit_code_2(
    mistake: str, words: tuple[str, ...], pack: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    change, told = MISTAKES[mistake]
    assert cli.run([*words, "--checks", str(pack(change))]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err
    assert "ours.toml: check " in err
    assert "Traceback" not in err
