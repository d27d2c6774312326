"""``explain``: what a phone shows, offline; and on simulated clusters, for one phone and one user."""

import json
import shutil
import socket
import sqlite3
from pathlib import Path

import pytest
from labs import lab

PHONE, USER = "SEP001BD4100008", "bernd.albers"


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Snapshots of simulated clusters, each collected once."""
    kept: dict[tuple[str, str], Path] = {}

    def snapshot(scenario: str, release: str = "12.5") -> Path:
        if (scenario, release) not in kept:
            folder = tmp_path_factory.mktemp(scenario)
            with lab(folder, scenario=scenario, release=release, phones=60) as made:
                less = () if scenario in ("healthy", "scenario-45") else ("--without", "ssh")  # quicker
                code, out, err = made.run("snapshot", "save", "kept.db", "--node", "lab", *less)
                assert code == 0, out + err
            kept[scenario, release] = folder / "kept.db"
        return kept[scenario, release]

    return snapshot


@pytest.fixture
def asked(call, saved):
    """Ask a saved cluster about the phone and the user; returns the JSON answer."""

    def ask(code: str, scenario: str, *words: str, device: str = PHONE, user: str = USER) -> dict:
        who = [*(["--device", device] if device else []), *(["--user", user] if user else [])]
        said = call("explain", code, "--from", saved(scenario), "-f", "json", *who, *words)
        assert said.out, said.err
        return said.json()

    return ask


OWN = """
[document]
id = "own"
title = "Ours"
source = "us"
[[row]]
id = "OWN1"
symptom = "ours"
look = "phones"
checks = ["own-phones"]
[[check]]
id = "own-phones"
title = "A phone"
severity = "warning"
look_at = "phone"
subject = "name"
wrong_if = "em_enabled"
says = "{name}"
fix = "none"
[check.example]
phone = [{ id = "1", name = "SEP1", em_enabled = 1 }, { id = "2", name = "SEP2" }]
wrong = ["SEP1"]
"""


def found(answer: dict) -> list[str]:
    """The checks that found something about the phone and user, in the first cause."""
    return [one["check"] for one in answer["topics"][0]["answers"] if one["verdict"] == "fail" and one["here"]]


# ----------------------------------------------------------------------------------------------------------- offline


@pytest.fixture
def offline(monkeypatch):
    def refuse(*_args, **_more):
        raise AssertionError("a socket was made")

    monkeypatch.setattr(socket, "socket", refuse)


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize(
    ("typed", "codes", "guess"),
    [
        ("23", {"23", "40"}, False),
        ("Login is unavailable (23)", {"23", "40"}, False),
        ("login IS unavailable(23)", {"23", "40"}, False),
        ("40", {"40"}, False),
        ("201", {"201", "39", "44"}, False),
        ("[25]-User logged in elsewhe..", {"25"}, False),
        ("Proxy Not Allowed", {"10", "30"}, False),
        ("proxy not alowed", {"10", "30"}, True),
        ("App authentication error", {"3"}, False),
        ("Authentication error", {"201"}, False),
        ("LoginServer conn. error", {"loginserver-conn"}, False),
        ("host not fuond", {"host-not-found"}, True),
        ("Device profile does not exist", {"12"}, False),
        ("Error No: -32", {"-32"}, False),
        ("error -32", {"-32"}, False),
        ("Warning 7", {"warning-7"}, False),
        ("HTTP [8]", {"http-8"}, False),
        ("Http Error [503]", {"503"}, False),
        ("Login unsuccessful error: [6]", {"6"}, False),
        ("something else (26)", {"26"}, True),
    ],
)
def test_what_a_phone_shows_is_found_however_it_is_typed(call, typed, codes, guess):
    said = call("explain", typed, "-f", "json")
    answer = said.json()
    assert {topic["code"] for topic in answer["topics"]} == codes
    assert bool(answer["guessed"]) == guess
    assert ("A guess" in call("explain", typed).out) == guess
    assert all(topic["verdict"] is None for topic in answer["topics"])
    assert said.code == 0


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("words", [("-32", "-f", "json"), ("-f", "json", "--", "-32"), ("error", "-32", "-f", "json")])
def test_a_negative_number_is_no_option(call, words):
    assert call("explain", *words).json()["topics"][0]["code"] == "-32"


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("code", ["14", "(34)", "error 214"])
def test_a_code_that_no_source_lists_says_so(call, code):
    said = call("explain", code)
    assert (said.code, "no source lists it" in said.out) == (0, True)


@pytest.mark.usefixtures("offline")
def test_the_table_has_every_code_or_says_that_it_is_listed_nowhere(call):
    table = {line["label"]: line["text"] for line in call("explain", "em-error-codes", "-f", "json").json()["about"]}
    unlisted = table["in no source"].split(", ")
    assert unlisted == ["13", "14", "15", "16", "17", "24", "34", "203", "206", "209", "214"]
    assert {str(code) for code in [*range(48), *range(201, 217)]} <= set(table) | set(unlisted)


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize(
    ("typed", "kind", "says"),
    [
        ("p24B", "row", "P24b"),
        ("adp-orphan", "check", "adp-orphan"),
        ("adp-orphans", "check", "adp-orphan"),
        ("scenario-45", "document", "7841"),
        ("senario 45", "document", "7841"),
        ("login", "way", "restart"),
    ],
)
def test_rows_checks_and_documents_are_explained(call, typed, kind, says):
    answer = call("explain", typed, "-f", "json").json()
    assert answer["kind"] == kind
    assert says in answer["title"]


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("typed", ["gibberish", "999", "Login is unavailable", " ", "\x1b[2J"])
def test_what_is_like_nothing_is_a_usage_error_with_suggestions(call, typed):
    said = call("explain", typed)
    assert (said.code, said.out) == (2, "")
    assert "nothing is known about" in said.err
    assert "\x1b" not in said.err


@pytest.mark.parametrize(
    "words",
    [
        ("23", "--device", PHONE),
        ("23", "--user", USER),
        ("23", "--node", "lab", "--from", "{file}"),
        ("login", "--from", "{file}", "--device", PHONE),
        ("23", "--from", "{file}", "--device", "a\x00b"),
    ],
)
def test_half_a_question_is_a_usage_error(call, saved, words):
    said = call("explain", *(word.replace("{file}", str(saved("healthy"))) for word in words))
    assert (said.code, said.out) == (2, "")


# ------------------------------------------------------------------------------------------------------- on a cluster


@pytest.mark.parametrize(
    ("code", "scenario", "user", "check"),
    [
        ("Login is unavailable (23)", "n1", USER, "phone-load"),
        ("25", "p23", "anna.albers", "user-not-elsewhere"),
        ("10", "t8", USER, "em-proxy-missing"),
        ("Proxy Not Allowed", "t8", USER, "em-proxy-missing"),
        ("11", "p21", USER, "em-url-host"),
        ("12", "p13", USER, "em-template-other-model"),
        ("213", "p34", USER, "em-unsupported-product"),
        ("201", "t6", USER, "em-pin-locked"),
        ("205", "p15", USER, "user-profile"),
        ("Login unsuccessful error: [6]", "p15", USER, "user-profile"),
        ("[9]", "p15", USER, "user-profile"),
        ("12", "p17", "david.albers", "user-profile-gone"),
        ("10", "p18", USER, "ccmsysuser-without-rights"),
        ("208", "t9", USER, "em-service-stopped"),
        ("Warning 7", "t9", USER, "em-service-stopped"),
    ],
)
def test_the_true_cause_comes_first(asked, code, scenario, user, check):
    answer = asked(code, scenario, user=user)
    assert answer["topics"][0]["verdict"] == "fail"
    assert check in found(answer)
    assert all(topic["verdict"] != "fail" for topic in answer["topics"][1:])
    assert answer["try"]
    healthy = asked(code, "healthy", user=user)
    assert all(topic["verdict"] != "fail" for topic in healthy["topics"])


@pytest.mark.parametrize("code", ["207", "100"])
@pytest.mark.parametrize("device", ["", PHONE])
def test_a_faulty_service_comes_first_also_for_a_phone_that_does_not_seem_to_have_it(asked, code, device):
    first = asked(code, "p20", device=device, user="")["topics"][0]
    assert first["verdict"] == ("unknown" if device else "fail")
    assert [one["findings"][0]["subject"] for one in first["answers"] if one["findings"]] == ["EM old, Service URL"]


def test_what_is_wrong_with_another_phone_does_not_top_the_list(asked):
    """The 7821 of this cluster has the bad load, this phone is an 8851: its own trouble is elsewhere."""
    answer = asked("23", "n1", device="SEP001BD4100182", user="nobody.here")
    assert found(answer) == ["user-known"]
    load = next(topic for topic in answer["topics"] if "phone-load" in topic["checks"])
    assert load["verdict"] in ("pass", "not_applicable")
    other = asked("12", "p13", device="SEP001BD410001D", user="elif.albers")
    assert all(topic["verdict"] != "fail" for topic in other["topics"])
    assert any(one["elsewhere"] for topic in other["topics"] for one in topic["answers"])


def test_a_login_that_was_left_behind_is_found_at_its_own_phone_only(asked):
    stuck = asked("18", "p19", device="SEP001BD4100001", user="anna.albers")
    assert (stuck["topics"][0]["verdict"], found(stuck)) == ("fail", ["em-login-stuck"])
    assert all(topic["verdict"] != "fail" for topic in asked("18", "p19")["topics"])


def test_the_locked_pin_of_another_user_is_not_the_cause(asked):
    answer = asked("201", "t6", device="SEP001BD410001D", user="elif.albers")
    assert all(topic["verdict"] != "fail" for topic in answer["topics"])


def test_a_row_about_other_phones_is_not_said_to_be_about_this_one(asked):
    answer = asked("C1", "c1", device="SEP001BD4100182")
    assert answer["topics"][0]["verdict"] in ("pass", "not_applicable")
    assert any(one["elsewhere"] for one in answer["topics"][0]["answers"])
    assert asked("C1", "c1")["topics"][0]["verdict"] == "fail"


def test_of_a_users_own_check_nobody_knows_whom_it_speaks_of(asked, tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "own.toml").write_text(OWN)
    named = asked("own-phones", "healthy", "--checks", tmp_path / "own")["topics"][0]
    assert (named["verdict"], named["answers"][0]["verdict"], named["answers"][0]["here"]) == ("unknown", "fail", False)
    unnamed = asked("own-phones", "healthy", "--checks", tmp_path / "own", device="", user="")
    assert unnamed["topics"][0]["verdict"] == "fail"


def test_without_a_user_a_users_fault_is_not_certain_to_be_the_cause(asked):
    answer = asked("25", "p23", user="")
    assert answer["topics"][0]["verdict"] == "unknown"
    assert [one["here"] for one in answer["topics"][0]["answers"] if one["verdict"] == "fail"] == [False]


def test_a_phone_and_a_user_that_are_not_there_are_said_to_be_missing(asked):
    answer = asked("11", "healthy", device="SEP000000000001", user="o'nobody; --")
    assert found(answer) == ["phone-known"]
    assert len(answer["not_in_snapshot"]) == 2
    url = next(topic for topic in answer["topics"] if "em-url-path" in topic["checks"])
    assert url["verdict"] == "unknown"


def test_names_are_found_without_regard_to_case(asked):
    answer = asked("23", "healthy", device=PHONE.lower(), user=USER.upper())
    assert (answer["device"], answer["user"], answer["not_in_snapshot"]) == (PHONE, USER, [])


def test_of_two_users_the_one_that_was_typed_is_meant(call, saved, tmp_path):
    """The database tells ids apart that differ in case only: the other one's PIN is not this one's."""
    shutil.copy(saved("healthy"), tmp_path / "two.db")
    with sqlite3.connect(tmp_path / "two.db") as file:
        file.execute(
            "insert into end_user select id || 'x', upper(userid), 0, local, emcc, em_max_minutes from end_user"
            " where userid = ?",
            (USER,),
        )
    for typed in (USER, USER.upper()):
        said = call("explain", "23", "--from", tmp_path / "two.db", "-f", "json", "--user", typed)
        assert said.json()["user"] == typed


def test_a_live_cluster_is_asked_only_for_what_the_answer_needs(tmp_path):
    with lab(tmp_path, scenario="n1", phones=30) as made:
        code, out, err = made.run("explain", "23", "--node", "lab", "--device", PHONE, "--user", USER, "-f", "json")
        assert code == 1, out + err
        assert found(json.loads(out))[0] == "bad-load-active"
        asked = {
            row["source"] for topic in json.loads(out)["topics"] for one in topic["answers"] for row in one["seen"]
        }
        assert asked == {"axl", "ris"}


# ------------------------------------------------------------------------------------------------- the way of a login


def test_the_way_of_a_login_on_a_healthy_cluster_is_fine_but_for_what_nobody_can_see(asked):
    answer = asked("login", "healthy")
    verdicts = {topic["code"]: topic["verdict"] for topic in answer["topics"]}
    assert verdicts.pop("pin") == "by_hand"
    assert verdicts.pop("page") == "unknown", "the page is asked on demand only"
    assert set(verdicts.values()) == {"pass"}
    assert all(one["seen"] for topic in answer["topics"] for one in topic["answers"])


def test_asked_live_the_login_page_is_looked_at_too(tmp_path):
    with lab(tmp_path, phones=30) as made:
        code, out, err = made.run("explain", "login", "--node", "lab", "--device", PHONE, "--user", USER, "-f", "json")
    verdicts = {topic["code"]: topic["verdict"] for topic in json.loads(out)["topics"]}
    assert verdicts.pop("pin") == "by_hand"
    assert set(verdicts.values()) == {"pass"}, verdicts
    assert code == 0, err


@pytest.mark.parametrize(
    ("scenario", "step", "user"),
    [
        ("n1", "load", USER),
        ("p21", "node", USER),
        ("p34", "phone", USER),
        ("p13", "template", USER),
        ("t8", "rights", USER),
        ("p23", "login", "anna.albers"),
    ],
)
def test_the_step_that_fails_is_the_faulty_one(asked, scenario, step, user):
    answer = asked("login", scenario, user=user)
    assert [topic["code"] for topic in answer["topics"] if topic["verdict"] == "fail"] == [step]


def test_facts_that_are_missing_are_never_fine(call, saved, tmp_path):
    """Each fact in turn did not come back: no answer that reads it is fine, nor silently does not apply."""
    base = call("explain", "login", "--from", saved("healthy"), "--device", PHONE, "--user", USER, "-f", "json").json()
    answers = [one for topic in base["topics"] for one in topic["answers"]]
    for fact in sorted({row["fact"] for one in answers for row in one["seen"]} - {"node"}):
        file = tmp_path / f"{fact}.db"
        shutil.copy(saved("healthy"), file)
        with sqlite3.connect(file) as broken:
            broken.execute("update ledger set state = 'failed', reason = 'timeout' where fact = ?", (fact,))
            broken.execute(f"delete from {fact}")
        said = call("explain", "login", "--from", file, "--device", PHONE, "--user", USER, "-f", "json")
        after = {one["check"]: one for topic in said.json()["topics"] for one in topic["answers"]}
        reading = {one["check"] for one in answers if fact in {row["fact"] for row in one["seen"]}}
        fine = {name for name in reading if after[name]["verdict"] in ("pass", "not_applicable")}
        assert fine == set(), f"without {fact}"
        assert said.code in (1, 3)
        assert fact in {gap["fact"] for gap in said.json()["gaps"]}


def test_what_others_wrote_cannot_write_on_the_terminal(call, saved, tmp_path):
    file = tmp_path / "hostile.db"
    shutil.copy(saved("n1"), file)
    with sqlite3.connect(file) as hostile:
        hostile.execute("update phone set model = ?, description = ?", ("\x1b[2Jgone", "\u202eevil\r\nFOUND HERE: x"))
        hostile.execute("update device_pool set name = ?", ("\x9b31m\u2066pool",))
        hostile.execute("update bad_load set problem = ?", ("{p.name}\x1b]0;x\x07",))
    for words in (["23"], ["login"], ["scenario-45"]):
        said = call("explain", *words, "--from", file, "--device", PHONE, "--user", USER)
        assert said.out
        for text in (
            said.out,
            call("explain", *words, "--from", file, "--device", PHONE, "--user", USER, "-f", "json").out,
        ):
            assert not set(text) & set("\x1b\x07\x9b\u202e\u2066\r")
        assert "\nFOUND HERE: x" not in said.out


# ------------------------------------------------------------------------------------------------------- the picture


def picture(call, file: Path) -> tuple[int, dict]:
    said = call("explain", "scenario-45", "--from", file, "-f", "json")
    return said.code, said.json()


def test_scenario_45_shows_which_node_was_not_restarted_and_where_the_phones_went(call, saved):
    code, drawn = picture(call, saved("scenario-45", "9.1"))
    done = {line["node"]: line["done"] for line in drawn["packs"]}
    assert done == {"cucm-pub": "yes", "cucm-sub1": "no", "cucm-sub2": "no"}
    assert all("reboot" in line["asks"] for line in drawn["packs"])
    line = next(line for line in drawn["models"] if line["model"] == "Cisco 7841")
    assert line["first_node"] != "cucm-pub"
    assert set(line["registered"]) == {"cucm-pub"}
    assert code == 1
    assert "NOT THE FIRST NODE" in call("explain", "scenario-45", "--from", saved("scenario-45", "9.1")).out


def test_a_newer_release_asks_for_restarts_of_services(call, saved):
    code, drawn = picture(call, saved("healthy"))
    assert {line["done"] for line in drawn["packs"]} == {"yes"}
    assert all("Tomcat" in line["asks"] for line in drawn["packs"])
    assert code == 0


def test_what_a_node_did_not_tell_is_not_drawn_as_done(call, saved, tmp_path):
    file = tmp_path / "half.db"
    shutil.copy(saved("scenario-45", "9.1"), file)
    with sqlite3.connect(file) as half:
        for fact in ("system_event", "registration"):
            half.execute("update ledger set state = 'failed', reason = 'timeout' where fact = ?", (fact,))
            half.execute(f"delete from {fact}")
        lost = "fact = 'installed_option' and node = 'cucm-sub2'"
        half.execute(f"update ledger set state = 'failed', reason = 'timeout' where {lost}")
        half.execute("delete from installed_option where node = 'cucm-sub2'")
    code, drawn = picture(call, file)
    assert {line["done"] for line in drawn["packs"]} == {"unknown"}
    assert any("installed_option of cucm-sub2" in told for told in drawn["unknown"])
    assert any("registrations" in told for told in drawn["unknown"])
    assert code == 3
