"""Many clusters: one picture of them, in which what nobody saw stands first; shards, merges, workers that die."""

import csv
import io
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from cucm_audit import fleet as module
from cucm_audit.cli.audit import Wishes
from cucm_audit.cli.fleet_work import Task, audit_one
from cucm_audit.cli.lock import locked, slug
from cucm_audit.fleet import FleetError, Lost, Shard, over, shard, where
from cucm_audit.reports import Style
from cucm_audit.reports.fleet import FLEET
from cucm_audit.reports.fleet_document import CheckLine, ClusterLine, FleetDocument, read, schema, written
from cucm_audit.reports.fleet_merged import merged
from tests.labs import Lab, lab

ONLY = ("--check", "adp-orphan", "--check", "em-max-login")


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One cluster file: two clusters (one of them ill), and one at which nobody listens."""
    with (
        lab(tmp_path_factory.mktemp("berlin"), brisk=True, scenario="demo", phones=20) as berlin,
        lab(tmp_path_factory.mktemp("munich"), brisk=True, phones=20) as munich,
    ):
        file, state = berlin.folder / "cucm-audit.toml", berlin.folder / "state"
        theirs = (munich.folder / "cucm-audit.toml").read_text()
        text = file.read_text().replace("cluster.lab", "cluster.berlin") + theirs.replace(
            "cluster.lab", "cluster.munich"
        )
        text += '[cluster.paris]\nnode = "127.0.99.1"\nhttps-port = 1\n'
        file.write_text(text + '[cluster.paris.application]\nuser = "auditor"\npassword-file = "app.pass"\n')
        for name in ("app.pass", "os.pass"):
            assert (munich.folder / name).read_bytes() == (berlin.folder / name).read_bytes()
        with (state / "trust.toml").open("a") as trust:
            trust.write("\n" + _entries((munich.folder / "state" / "trust.toml").read_text()))
        yield berlin


def _entries(text: str) -> str:
    """What is trusted in a file, without its head."""
    return text[text.index("[tls") :]


def secret(there: Lab) -> str:
    """The password that may be nowhere."""
    return str(there.world.application[1])


def fleet(there: Lab, *words: str) -> tuple[int, str, str]:
    return there.run("fleet", *words)


def document(there: Lab, *words: str) -> tuple[int, FleetDocument]:
    code, out, err = fleet(there, "-f", "json", *words)
    assert "Traceback" not in err
    assert secret(there) not in out + err
    jsonschema.validate(json.loads(out), schema())
    return code, read(out.encode())


def test_each_cluster_as_its_own_audit_says_and_the_one_that_nobody_saw_by_name(three: Lab, tmp_path: Path) -> None:
    code, made = document(three, *ONLY, "--reports", str(tmp_path / "kept"))
    lines = {line.name: line for line in made.clusters}
    assert (code, {name: line.state for name, line in lines.items()}) == (
        1,
        {"berlin": "audited", "munich": "audited", "paris": "not_audited"},
    )
    assert made.clusters[0].name == "paris", "what nothing is known of stands first"
    assert lines["paris"].says
    for name in ("berlin", "munich"):
        alone, report = three.run("audit", "--node", name, "-f", "json", *ONLY)[:2]
        verdicts = {one["check"]: one["verdict"] for one in json.loads(report)["outcomes"] if one["check"]}
        assert {line.check: line.verdicts[name] for line in made.checks} == verdicts
        kept = json.loads((tmp_path / "kept" / lines[name].report).read_text())
        assert {one["check"]: one["verdict"] for one in kept["outcomes"] if one["check"]} == verdicts
        assert lines[name].exit_code == alone
    assert all("paris" not in line.verdicts for line in made.checks), "and no verdict is made up"
    assert made.checks[0].findings["berlin"] > 0
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "kept").iterdir()} == {0o600}


def test_what_was_left_out_or_allowed_stands_in_every_picture(three: Lab, tmp_path: Path) -> None:
    words = ("--check", "phone-rejected", "--registration", "database", "--without", "web", "--cluster", "munich")
    for kind in FLEET:
        out = fleet(three, *words, "-f", kind)[1]
        for said in ("database (what it noted last", "phone-rejected", "without"):
            assert said in out, kind


def test_nothing_is_replaced_and_nobody_is_asked_for_that(three: Lab, tmp_path: Path) -> None:
    (tmp_path / "all.json").write_text("mine")
    code, _, err = fleet(three, *ONLY, "--cluster", "munich", "-o", str(tmp_path / "all.json"))
    assert (code, (tmp_path / "all.json").read_text()) == (2, "mine")
    assert "--force" in err


def test_a_fleet_that_nobody_saw_is_no_clean_one(three: Lab) -> None:
    code, out, _ = fleet(three, *ONLY, "--cluster", "paris")
    assert code == 2
    assert "NOT AUDITED" in out


def test_a_healthy_cluster_beside_one_that_is_down_is_not_clean(three: Lab) -> None:
    assert fleet(three, *ONLY, "--cluster", "munich")[0] == 0
    assert fleet(three, *ONLY, "--cluster", "munich", "--cluster", "paris")[0] == 3


def test_a_check_that_applies_nowhere_does_not_make_a_cluster_unseen(three: Lab) -> None:
    code, made = document(three, "--check", "em-to-stop", "--cluster", "munich")
    assert code == three.run("audit", "--node", "munich", "--check", "em-to-stop")[0] == 0
    assert [(line.state, line.says) for line in made.clusters] == [("audited", "")]
    assert made.checks[0].verdicts == {"munich": "not_applicable"}


def test_shards_hold_every_cluster_once_and_are_put_together_again(three: Lab, tmp_path: Path) -> None:
    whole = document(three, *ONLY)[1]
    files = []
    for number in (1, 2):
        files.append(str(tmp_path / f"part{number}.json"))
        fleet(three, *ONLY, "-f", "json", "--shard", f"{number}/2", "-o", files[-1])
    assert sum(len(read(Path(file).read_bytes()).clusters) for file in files) == 3
    code, out, _ = _merge(three, *files)
    again = read(out.encode())
    assert code == 1
    assert {(one.name, one.state) for one in again.clusters} == {(one.name, one.state) for one in whole.clusters}
    assert [(one.check, one.verdicts) for one in again.checks] == [(one.check, one.verdicts) for one in whole.checks]
    assert _merge(three, *reversed(files))[1] == out
    code, out, _ = _merge(three, files[1])
    lost = {line.name: line for line in read(out.encode()).clusters}
    assert {name for name, line in lost.items() if line.state == "missing"} == {"berlin", "paris"}
    assert "shard 1/2 is not among the files" in lost["berlin"].says
    assert code == 3


def _merge(there: Lab, *files: str, kind: str = "json") -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "cucm_audit", "fleet", "merge", "-f", kind, *files],
        cwd=there.folder, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def test_reports_of_single_clusters_are_put_together_and_who_is_missing_is_said(three: Lab, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    document(three, *ONLY, "--reports", str(kept))
    files = [str(path) for path in sorted(kept.iterdir()) if not path.name.startswith("paris")]
    code, out, _ = _merge(three, *files)
    assert (code, {one.name for one in read(out.encode()).clusters}) == (1, {"berlin", "munich"})
    code, out, _ = _merge(three, *files, "--config", str(three.folder / "cucm-audit.toml"))
    assert {one.name: one.state for one in read(out.encode()).clusters}["paris"] == "missing"


@pytest.mark.parametrize(
    "spoil",
    [lambda text: text[:-40], lambda text: text.replace(b'"1.0"', b'"7.0"', 1),
     lambda text: text.replace(b"{", b'{"deep": ' + b"[" * 99999 + b"]" * 99999 + b", ", 1),
     lambda _: b'{"deep": ' + b"[" * 99999 + b"]" * 99999 + b"}",
     lambda text: text.replace(b'"fail"', b'"fine"'), lambda _: b"", lambda _: b"[]", lambda _: b"\xff\xfe"],
)  # fmt: skip
def test_a_part_that_cannot_be_read_is_named(three: Lab, tmp_path: Path, spoil: Any) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(written(_document("a", "fail")))
    bad.write_bytes(spoil(good.read_bytes()))
    code, out, err = _merge(three, str(good), str(bad))
    assert (code, out) == (2, "")
    assert str(bad) in err


def _document(name: str, verdict: Any, taken_at: str = "2026-11-20 05:00:00", **more: Any) -> FleetDocument:
    state: Any = more.pop("state", "audited")
    line = ClusterLine(name=name, state=state, taken_at=taken_at, exit_code=1, run=taken_at)
    check = CheckLine(
        check="some-check",
        title="Some",
        severity=None,
        verdicts={name: verdict},
        findings={name: 2} if verdict == "fail" else {},
    )
    given: dict[str, Any] = {"version": "1", "taken_at": taken_at, "shard": "1/1", "fleet": (name,), **more}
    return FleetDocument(**given, clusters=(line,), checks=(check,) if state == "audited" else ())


def test_of_two_runs_the_younger_counts_and_an_audited_one_before_any_that_is_not() -> None:
    old, new = _document("a", "pass"), _document("a", "fail", "2026-11-20 06:00:00")
    blind = _document("a", "pass", "2026-11-20 07:00:00", state="not_audited")
    made = merged([("old", old), ("new", new), ("blind", blind)])
    assert [(one.name, one.taken_at) for one in made.clusters] == [("a", "2026-11-20 06:00:00")]
    assert made.checks[0].verdicts == {"a": "fail"}
    assert len(made.notes) == 3
    back = merged([("blind", blind), ("new", new), ("old", old)])
    assert (back.clusters, back.checks) == (made.clusters, made.checks)


@pytest.mark.parametrize(("hour", "code"), [("04", 0), ("07", 3)])
def test_a_cluster_that_could_not_be_audited_since_is_not_clean(
    three: Lab, tmp_path: Path, hour: str, code: int
) -> None:
    clean = _document("a", "pass")
    clean = msgspec.structs.replace(clean, clusters=(msgspec.structs.replace(clean.clusters[0], exit_code=0),))
    blind = _document("a", "pass", f"2026-11-20 {hour}:00:00", state="not_audited")
    for name, part in (("clean", clean), ("blind", blind)):
        (tmp_path / f"{name}.json").write_text(written(part))
    assert _merge(three, *(str(tmp_path / f"{name}.json") for name in ("clean", "blind")))[0] == code


def _merged_files(folder: Path, **parts: FleetDocument) -> list[str]:
    files = {name: folder / f"{name}.json" for name in parts}
    for name, part in parts.items():
        files[name].write_text(written(part))
    return [str(file) for file in files.values()]


def _of(part: FleetDocument, **more: Any) -> FleetDocument:
    return msgspec.structs.replace(part, clusters=(msgspec.structs.replace(part.clusters[0], **more),))


@pytest.mark.parametrize(("verdict", "code"), [("fail", 3), ("unknown", 3), ("pass", 0)])
def test_a_younger_run_that_judged_less_does_not_make_what_was_wrong_clean(
    three: Lab, tmp_path: Path, verdict: str, code: int
) -> None:
    wide, narrow = _document("a", verdict), _of(_document("a", "pass", "2026-11-20 06:00:00"), exit_code=0)
    narrow = msgspec.structs.replace(narrow, checks=(msgspec.structs.replace(narrow.checks[0], check="another"),))
    files = _merged_files(tmp_path, wide=wide, narrow=narrow)
    got, out, _ = _merge(three, *files)
    assert got == code
    assert (code == 0) or ("some-check" in out)
    assert _merge(three, *reversed(files))[:2] == (got, out)


def test_a_run_that_was_stopped_does_not_hide_one_that_came_to_its_end(three: Lab, tmp_path: Path) -> None:
    whole = _of(_document("a", "fail"), exit_code=1)
    cut = _of(_document("a", "unknown", "2026-11-20 06:00:00"), exit_code=130, interrupted=True)
    code, out, _ = _merge(three, *_merged_files(tmp_path, whole=whole, cut=cut))
    made = read(out.encode())
    assert (code, made.checks[0].verdicts) == (1, {"a": "fail"})
    assert not made.clusters[0].complete


def test_two_clusters_of_one_name_do_not_hide_each_other(three: Lab, tmp_path: Path) -> None:
    one, other = _document("a", "fail"), _document("a", "pass", "2026-11-20 06:00:00")
    files = _merged_files(tmp_path, one=_of(one, cluster_id="Bonn"), other=_of(other, cluster_id="Kiel", exit_code=0))
    code, out, err = _merge(three, *files)
    assert (code, out) == (2, "")
    assert all(word in err for word in ("Bonn", "Kiel", *files))


def test_a_cluster_that_was_renamed_is_missing_and_its_old_name_is_told(three: Lab, tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text('[cluster.new]\nnode = "127.0.99.1"\n')
    files = _merged_files(tmp_path, old=_of(_document("old", "pass"), exit_code=0))
    assert _merge(three, *files)[0] == 0
    code, out, _ = _merge(three, *files, "--config", str(config))
    made = read(out.encode())
    assert (code, {line.name: line.state for line in made.clusters}) == (3, {"new": "missing", "old": "audited"})
    assert ["old" in note for note in made.notes] == [True]
    words = ("--config", str(config), "-o", str(config), "--force")
    assert _merge(three, *files, *words)[0] == 2, "the picture does not take the place of the cluster file"
    assert config.read_text().startswith("[cluster.new]")
    config.write_text("")
    assert _merge(three, *files, "--config", str(config))[:2] == (2, "")


def test_a_part_may_not_claim_to_be_one_of_very_many(three: Lab, tmp_path: Path) -> None:
    part = _of(_document("a", "pass", shard="1/99999999999", fleet=("a", "b")), exit_code=0)
    code, out, _ = _merge(three, *_merged_files(tmp_path, part=part))
    assert (code, {line.name for line in read(out.encode()).clusters}) == (3, {"a", "b"})


@pytest.mark.parametrize("said", [["no-such"], "timeout", [1, None], {"a": 1}])
def test_what_a_report_says_was_allowed_is_believed_as_far_as_it_is_known(
    three: Lab, tmp_path: Path, said: object
) -> None:
    report = json.loads(three.run("audit", "--node", "munich", "-f", "json", *ONLY)[1])
    report["scope"]["allow_unknown"] = said
    (tmp_path / "r.json").write_text(json.dumps(report))
    code, _, err = _merge(three, str(tmp_path / "r.json"))
    assert code == 0 or "r.json" in err
    assert "should not have happened" not in err


def test_what_is_waived_or_for_people_is_not_called_fine() -> None:
    parts = [_document(name, verdict) for name, verdict in (("a", "waived"), ("b", "by_hand"))]
    parts[1] = msgspec.structs.replace(
        parts[1], checks=(msgspec.structs.replace(parts[1].checks[0], check="look", title="Look"),)
    )
    made = merged([("a", parts[0]), ("b", parts[1])])
    said = FLEET["table"](made, Style(width=100))
    assert "0 of 2 checks are wrong nowhere" in said
    assert "1 were judged nowhere" in said
    assert "Wrong nowhere" not in FLEET["html"](made, Style(width=80))


@pytest.mark.parametrize("words", [("--dry-run",), (), ("-f", "html")])
def test_a_shard_without_a_cluster_says_so(three: Lab, words: tuple[str, ...]) -> None:
    code, out, _ = fleet(three, *ONLY, "--shard", "5/5", *words)
    assert code == (0 if words == ("--dry-run",) else 2)
    assert "No cluster is in shard 5/5" in out


def test_a_cluster_that_is_named_twice_is_asked_once(three: Lab) -> None:
    code, made = document(three, *ONLY, "--cluster", "munich", "--cluster", "munich")
    assert (code, [(line.name, line.state) for line in made.clusters]) == (0, [("munich", "audited")])


def test_a_cluster_that_another_run_holds_is_not_audited_and_says_who(three: Lab) -> None:
    with locked(three.folder / "state", "munich"):
        code, made = document(three, *ONLY, "--cluster", "munich", "--cluster", "berlin")
    says = {line.name: line.says for line in made.clusters if line.state == "not_audited"}
    assert (code, set(says)) == (1, {"munich"})
    assert says["munich"].startswith("munich is being audited: locked by")


def test_options_before_merge_are_refused_for_they_would_do_nothing(three: Lab, tmp_path: Path) -> None:
    (file,) = _merged_files(tmp_path, part=_of(_document("a", "pass"), exit_code=0))
    words = ("fleet", "--config", str(three.folder / "cucm-audit.toml"), "merge", file)
    done = subprocess.run(
        [sys.executable, "-m", "cucm_audit", *words], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "--config" in done.stderr


def test_the_picture_does_not_take_the_place_of_a_report(three: Lab, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    document(three, *ONLY, "--cluster", "munich", "--reports", str(kept))
    (file,) = kept.iterdir()
    before = file.read_bytes()
    words = ("--cluster", "munich", "--reports", str(kept), "-f", "json", "-o", str(file), "--force")
    code, _, err = fleet(three, *ONLY, *words)
    assert (code, file.read_bytes()) == (2, before)
    assert "munich" in err


def test_a_report_that_cannot_be_kept_costs_no_cluster_its_place_in_the_picture(three: Lab, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    (kept / f"{slug('munich')}.json").mkdir(parents=True)
    code, made = document(three, *ONLY, "--reports", str(kept), "--force")
    assert code == 2
    assert {line.name: (line.state, bool(line.report)) for line in made.clusters} == {
        "berlin": ("audited", True),
        "munich": ("audited", False),
        "paris": ("not_audited", True),
    }


def test_a_closed_standard_output_is_said() -> None:
    done = subprocess.run(
        f"{sys.executable} -m cucm_audit checks --coverage >&-", shell=True, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "standard output is closed" in done.stderr
    assert "should not have happened" not in done.stderr


def test_parts_of_different_fleets_or_cuts_are_told() -> None:
    made = merged([("x", _document("a", "pass", shard="1/2")), ("y", _document("b", "pass", shard="2/3"))])
    assert len(made.notes) == 2
    assert "do not name the same clusters" in made.notes[0]


def test_hostile_names_reach_neither_terminal_nor_browser_nor_spreadsheet() -> None:
    name = "=cmd\x1b[2J<script>\u202e"
    made = _document(name, "fail")
    texts = {kind: render(made, Style(width=80)) for kind, render in FLEET.items()}
    for kind, text in texts.items():
        assert "\x1b" not in text, kind
        assert "\u202e" not in text or kind == "json", kind
    assert "<script" not in texts["html"]
    assert max(len(line) for line in texts["table"].splitlines()) <= 80
    rows = list(csv.DictReader(io.StringIO(texts["csv"])))
    assert rows[0]["cluster"].startswith("'=")
    assert (rows[0]["verdict"], rows[0]["findings"]) == ("fail", "2")
    assert read(texts["json"].encode()) == made


def test_more_clusters_than_columns_are_told_by_name() -> None:
    names = [f"cluster-{number:02}" for number in range(40)]
    lines = tuple(ClusterLine(name=name, state="audited", exit_code=1) for name in names)
    check = CheckLine(check="some", title="Some", severity=None, verdicts=dict.fromkeys(names, "fail"), findings={})
    made = FleetDocument(version="1", taken_at="", shard="1/1", fleet=tuple(names), clusters=lines, checks=(check,))
    assert "wrong at 40 of 40: cluster-00" in (text := FLEET["table"](made, Style(width=100)))
    assert "and 30 more (-v lists them)" in text
    assert "cluster-39" in FLEET["table"](made, Style(width=100, verbose=True)).partition("wrong at")[2]
    assert "-v lists" not in FLEET["table"](made, Style(width=100, verbose=True))


def test_a_fleet_dry_run_asks_nobody(three: Lab) -> None:
    code, out, _ = fleet(three, *ONLY, "--dry-run")
    assert code == 0
    said = [line.partition(" through ")[0] for line in out.splitlines() if line.startswith("Would be sent")]
    assert said == [f"Would be sent to cluster {name}" for name in ("berlin", "munich", "paris")]


@pytest.mark.parametrize(
    "words",
    [
        ("--shard", "0/2"),
        ("--shard", "3/2"),
        ("--executor", "threads"),
        ("--cluster", "x"),
        ("--executor", "dask=tcp://192.0.2.1:8786"),
        ("--executor", "dask=nowhere"),
        ("--executor", "dask=tls://h:1", "--snapshots", "d"),
        ("--check", "no-such"),
    ],
)
def test_what_cannot_be_is_refused_before_anybody_is_asked(three: Lab, words: tuple[str, ...]) -> None:
    code, out, err = fleet(three, *words)
    assert (code, out) == (2, "")
    assert "Traceback" not in err


def test_a_door_of_two_clusters_is_refused_before_it_is_asked_twice(three: Lab, tmp_path: Path) -> None:
    account = '.application]\nuser = "a"\npassword-file = "p"\n'
    doors = "".join(f'[cluster.{name}]\nnode = "{node}"\n[cluster.{name}{account}' for name, node in
                    (("a", "Pub.example"), ("b", "pub.example")))  # fmt: skip
    (tmp_path / "c.toml").write_text(doors)
    code, out, err = fleet(three, "--config", str(tmp_path / "c.toml"))
    assert (code, out) == (2, "")
    assert "a and b have one door" in err


# --------------------------------------------------------------------------------------------------------- the executor


class _Dying(Executor):
    """An executor whose workers die with a task so many times."""

    def __init__(self, times: int) -> None:
        self.times, self.given = times, 0

    def submit(self, work: Any, /, *args: Any, **more: Any) -> "Future[Any]":
        self.given += 1
        future: Future[Any] = Future()
        if self.given <= self.times:
            future.set_exception(BrokenExecutor("the worker is gone"))
        else:
            future.set_result(work(*args, **more))
        return future


@pytest.mark.parametrize(("times", "lost"), [(0, False), (2, False), (3, True)])
def test_a_task_whose_worker_died_goes_to_another_twice_at_most(times: int, lost: bool) -> None:
    pool = _Dying(times)
    (done,) = over(["a"], str.upper, pool, threading.Event())
    assert (pool.given, isinstance(done, Lost)) == (min(times, 2) + 1, lost)
    assert done == "A" or (isinstance(done, Lost) and done.task == "a" and done.says.startswith("worker_lost"))


def test_a_stopped_run_names_every_task_and_ends() -> None:
    stop, going = threading.Event(), threading.Event()

    def slow(_task: str) -> str:
        going.wait(20)
        return "late"

    with ThreadPoolExecutor(1) as pool:
        threading.Timer(0.3, stop.set).start()
        begun = time.monotonic()
        done = list(over(["a", "b", "c"], slow, pool, stop))
        assert time.monotonic() - begun < 5
        going.set()
    assert sorted(one.task for one in done if isinstance(one, Lost) and one.interrupted) == ["a", "b", "c"]


def test_ctrl_c_ends_a_fleet_in_time_with_a_report(three: Lab, tmp_path: Path) -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "cucm_audit", "fleet", "--state-dir", str(three.folder / "state"), "-f", "json",
         "-o", str(tmp_path / "all.json")],
        cwd=three.folder, stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(tmp_path)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    time.sleep(4)
    begun = time.monotonic()
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=20)
    assert (running.returncode, time.monotonic() - begun < 4) == (130, True), err
    made = read((tmp_path / "all.json").read_bytes())
    assert made.interrupted
    assert len(made.clusters) == 3
    assert "Traceback" not in err
    assert not list(tmp_path.glob(".cucm-audit-*")), "no snapshot is left behind"


def test_a_fleet_that_is_ended_at_once_leaves_no_unfinished_snapshot(three: Lab, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    running = subprocess.Popen(
        [sys.executable, "-m", "cucm_audit", "fleet", "--state-dir", str(three.folder / "state"), "--snapshots", kept],
        cwd=three.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    end = time.monotonic() + 20
    while not list(tmp_path.glob("kept/.*/**/snapshot.db")) and time.monotonic() < end:
        time.sleep(0.05)
    assert list(tmp_path.glob("kept/.*/**/snapshot.db")), "it had begun"
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=20)
    assert running.returncode == 128 + signal.SIGTERM
    assert not list(kept.iterdir())


def test_what_travels_tells_names_only(three: Lab) -> None:
    wishes = Wishes(node="munich", wanted=("adp-orphan",), config_file=three.folder / "cucm-audit.toml",
                    state_dir=three.folder / "state", no_input=True, quiet=True)  # fmt: skip
    task = Task(cluster="munich", run="r", wishes=wishes)
    done = audit_one(task)
    assert done.report
    for thing in (task, done):
        assert secret(three).encode() not in pickle.dumps(thing)
    assert pickle.loads(pickle.dumps(done)) == done


# ---------------------------------------------------------------------------------------------------------------- dask


@dataclass(frozen=True)
class Suicide:
    """A task that takes its worker with it until its file is there."""

    file: str
    for_ever: bool = False


def deadly(task: Suicide) -> str:
    if task.for_ever or not Path(task.file).exists():
        Path(task.file).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "lived"


@pytest.fixture(scope="module")
def dask() -> Iterator[str]:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None, silence_logs=50
    ) as cluster:
        yield cluster.scheduler_address


def test_a_dask_worker_that_dies_costs_nothing_but_time(dask: str, tmp_path: Path) -> None:
    once, always = Suicide(str(tmp_path / "one")), Suicide(str(tmp_path / "two"), for_ever=True)
    # One after the other: dask suspects every task of a dead worker, also one that was only waiting there.
    with module.executor(where(f"dask={dask}")) as pool:
        assert list(over([once], deadly, pool, threading.Event(), 0)) == ["lived"]
        (lost,) = over([always], deadly, pool, threading.Event(), 0)
    assert isinstance(lost, Lost)
    assert (lost.task, lost.says.partition(":")[0]) == (always, "worker_lost")


def test_a_fleet_over_dask(three: Lab, dask: str) -> None:
    code, made = document(three, *ONLY, "--executor", f"dask={dask}")
    assert (code, {line.name: line.state for line in made.clusters}) == (
        1,
        {"berlin": "audited", "munich": "audited", "paris": "not_audited"},
    )
    distributed = pytest.importorskip("distributed")
    with distributed.Client(dask) as client:
        logs = f"{client.get_scheduler_logs()}{client.get_worker_logs()}"
        held = client.run_on_scheduler(lambda dask_scheduler: repr(dask_scheduler.__dict__))
    assert secret(three) not in logs + held


def test_a_scheduler_that_nobody_reaches_ends_the_run(three: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(module, "CONNECT", 1)
    code, out, err = fleet(three, *ONLY, "--executor", "dask=tcp://127.0.0.1:1")
    assert (code, out) == (2, "")
    assert "the scheduler cannot be reached" in err


@pytest.mark.parametrize("text", ["dask=tls://h.example:8786", "dask=tcp://127.0.0.1:8786", "dask=tcp://[::1]:8786"])
def test_addresses_that_may_be(text: str) -> None:
    assert where(text).address == text.partition("=")[2]


@pytest.mark.parametrize(
    "text",
    [
        "dask=tcp://localhost:8786",
        "dask=tcp://10.0.0.1:8786",
        "dask=udp://127.0.0.1:1",
        "dask=tls://h",
        "threads:0",
        "threads:-1",
        "threads=4",
        "processes:3",
        "",
    ],
)
def test_addresses_that_may_not(text: str) -> None:
    with pytest.raises(FleetError):
        where(text)


def test_every_cluster_is_in_one_shard() -> None:
    names = [f"c{number}" for number in range(23)]
    parts = [shard(f"{number}/5").names(names) for number in range(1, 6)]
    assert sorted(name for part in parts for name in part) == sorted(names)
    assert Shard().names(names) == sorted(names)
