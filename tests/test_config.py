"""cucm-audit.toml: what is read from it, and how a wrong one is refused."""

import os
from pathlib import Path

import pytest

from cucm_audit.config import Config, ConfigError, find, read

GOOD = """\
[cluster.lab]
node = "127.0.10.1"
https-port = 9443
[cluster.lab.application]
user = "auditor"
password-file = "app.pass"
[cluster.lab.platform]
user = "osadmin"
password-command = ["pass", "show", "cucm/os"]
[cluster.lab.extension-mobility]
api-users = ["emapi"]
[cluster.lab.settings]
pack-age-days = 30
ratio = 0.5
label = "0123"
strict = true
[cluster.lab.nodes."cucm-sub1.example.com"]
address = "127.0.10.2"
ssh-port = 2222
"""


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "cucm-audit.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_the_whole_contract_is_read(tmp_path: Path) -> None:
    config = read(write(tmp_path, GOOD))
    lab = config.clusters["lab"]
    assert (lab.node, lab.https_port, lab.http_port, lab.ssh_port) == ("127.0.10.1", 9443, 8080, 22)
    assert lab.application is not None
    assert lab.application.password_file == tmp_path / "app.pass"
    assert lab.platform is not None
    assert lab.platform.password_command == ("pass", "show", "cucm/os")
    assert lab.api_users == ("emapi",)
    assert lab.settings == {"pack-age-days": 30, "ratio": 0.5, "label": "0123", "strict": True}
    node = lab.nodes["cucm-sub1.example.com"]
    assert (node.address, node.https_port, node.ssh_port) == ("127.0.10.2", 9443, 2222)


@pytest.mark.parametrize("dressed", [b"\xef\xbb\xbf" + GOOD.encode(), GOOD.replace("\n", "\r\n").encode()])
def test_a_byte_order_mark_and_windows_line_ends_change_nothing(tmp_path: Path, dressed: bytes) -> None:
    plain = read(write(tmp_path, GOOD))
    assert read(write(tmp_path, dressed)).clusters == plain.clusters


def test_waivers_and_the_time_between_runs(tmp_path: Path) -> None:
    assert (read(write(tmp_path, GOOD)).waivers, read(write(tmp_path, GOOD)).clusters["lab"].min_interval) == ((), 0)
    own = 'waivers = "own.toml"\nmin-interval = "6h"'
    config = read(write(tmp_path, 'waivers = "all.toml"\n' + GOOD.replace("https-port = 9443", own)))
    assert config.waivers == (tmp_path / "all.toml",)
    assert (config.clusters["lab"].waivers, config.clusters["lab"].min_interval) == ((tmp_path / "own.toml",), 21600)


def test_old_tls_is_allowed_by_name_and_for_one_cluster(tmp_path: Path) -> None:
    text = '[cluster.a]\nnode = "a"\nlegacy-tls = true\n[cluster.b]\nnode = "b"\n'
    clusters = read(write(tmp_path, text)).clusters
    assert (clusters["a"].legacy_tls, clusters["b"].legacy_tls) == (True, False)
    with pytest.raises(ConfigError, match=r"cucm-audit\.toml:3: .*legacy-tls"):
        read(write(tmp_path, '[cluster.a]\nnode = "a"\nlegacy-tls = "yes"\n'))


def test_what_a_run_may_cost(tmp_path):
    path = tmp_path / "cucm-audit.toml"
    path.write_text('[cluster.a]\nnode = "a"\n', encoding="utf-8")
    plain = read(path).clusters["a"]
    assert (plain.gentle, plain.timeout_factor) == (None, 1.0)
    assert (plain.budget.requests, plain.budget.rows, plain.budget.seconds) == (10_000, 5_000_000, 3600.0)
    more = '[cluster.a]\nnode = "a"\ngentle = true\ntimeout-factor = 2.5\n[cluster.a.budget]\nrows = 7\n'
    path.write_text(more, encoding="utf-8")
    told = read(path).clusters["a"]
    assert (told.gentle, told.timeout_factor, told.budget.rows, told.budget.requests) == (True, 2.5, 7, 10_000)
    for wrong in ("gentle = 1", "timeout-factor = 0", "budget = { rows = 0 }", "budget = { row = 1 }"):
        path.write_text(f'[cluster.a]\nnode = "a"\n{wrong}\n', encoding="utf-8")
        with pytest.raises(ConfigError, match=r":3: "):
            read(path)


def test_tabs_before_keys_are_fine(tmp_path: Path) -> None:
    assert read(write(tmp_path, '[cluster.a]\n\tnode = "10.0.0.1"\n')).clusters["a"].node == "10.0.0.1"


WRONG = {
    "unknown key, with a suggestion": (GOOD.replace("https-port", "https_port"), 3, "did you mean 'https-port'"),
    "unknown table": (GOOD.replace("lab.platform", "lab.plattform"), 7, "did you mean 'platform'"),
    "unknown top key": (GOOD.replace("cluster.lab", "clusters.lab"), 1, "did you mean 'cluster'"),
    "unknown account key": (GOOD.replace("password-file", "pasword-file"), 6, "did you mean 'password-file'"),
    "unknown node key": (GOOD.replace("address =", "adress ="), 18, "did you mean 'address'"),
    "a password in the file": (GOOD.replace('password-file = "', 'password = "'), 6, "password-command"),
    "two places for a password": (GOOD.replace('"app.pass"', '"a"\npassword-command = ["x"]'), 7, "only one"),
    "a port as text": (GOOD.replace("2222", '"2222"'), 19, "int"),
    "a port beyond the range": (GOOD.replace("2222", "70000"), 19, "65535"),
    "a port that is a truth": (GOOD.replace("2222", "true"), 19, "int"),
    "a list for a name": (GOOD.replace('"auditor"', "[]"), 5, "str"),
    "a date as a setting": (GOOD.replace("30", "2026-01-01"), 13, "a number, a text, true or false"),
    "a list as a setting": (GOOD.replace("30", "[30]"), 13, "a number, a text, true or false"),
    "infinity as a setting": (GOOD.replace("0.5", "inf"), 14, "a number, a text, true or false"),
    "no door": ("[cluster.lab]\nssh-port = 22\n", 1, "node"),
    "an empty door": ('[cluster.lab]\nnode = ""\n', 2, "length"),
    "a cluster that is no table": ('[cluster]\nlab = "x"\n', 2, "[cluster.lab]"),
    "the same table twice": (GOOD + '[cluster.lab]\nnode = "x"\n', 20, "twice"),
    "the same key twice": (GOOD.replace("https-port = 9443", 'node = "x"'), 3, "TOML"),
    "names that differ in case": (GOOD + '[cluster.LAB]\nnode = "x"\n', 20, "'lab'"),
    "nodes that differ in case": (GOOD + '[cluster.lab.nodes."CUCM-sub1.example.com"]\n', 20, "there already"),
    "waivers that are no name": (GOOD.replace("https-port = 9443", "waivers = 3"), 3, "str"),
    "waivers for all that are no name": ("waivers = []\n" + GOOD, 1, "str"),
    "an interval without a unit": (GOOD.replace("https-port = 9443", 'min-interval = "30"'), 3, '"6h"'),
    "an interval that is a number": (GOOD.replace("https-port = 9443", "min-interval = 30"), 3, "str"),
    "no interval": (GOOD.replace("https-port = 9443", 'min-interval = "0m"'), 3, '"6h"'),
    "an empty file": ("", 1, "[cluster.NAME]"),
    "only a comment": ("# nothing\n", 1, "[cluster.NAME]"),
    "not TOML": (GOOD.replace('"emapi"', "emapi"), 11, "TOML"),
    "not UTF-8": (GOOD.encode().replace(b"auditor", b"audit\xf6r"), 5, "UTF-8"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_is_refused_with_its_line(tmp_path: Path, case: str) -> None:
    text, line, says = WRONG[case]
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as error:
        read(path)
    assert str(error.value).startswith(f"{path}:{line}: ")
    assert says in str(error.value)


def test_a_file_that_everybody_may_write_is_read_with_a_warning(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    assert read(path).warnings == ()
    path.chmod(0o646)
    assert "chmod o-w" in read(path).warnings[0]


def test_the_nearest_file_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, user = tmp_path / "here", tmp_path / "user" / "cucm-audit"
    here.mkdir()
    user.mkdir(parents=True)
    monkeypatch.chdir(here)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(user.parent))
    monkeypatch.setenv("XDG_CONFIG_DIRS", os.fspath(tmp_path / "none"))
    assert find() is None
    write(user, GOOD)
    assert find() == user / "cucm-audit.toml"
    write(here, GOOD)
    assert find() == here / "cucm-audit.toml"


def test_no_file_is_an_empty_configuration() -> None:
    assert dict(Config().clusters) == {}


def test_the_example_is_a_file_that_is_understood() -> None:
    example = Path(__file__).parent.parent / "examples" / "cucm-audit.toml"
    assert read(example).clusters["lab"].nodes["cucm-sub1.example.com"].ssh_port == 2222
