import base64
import contextlib
import copy
import dataclasses
import html
import json
import logging
import os
import pickle
import subprocess
import sys
import threading
import time
import types
import urllib.parse
import warnings
from xml.sax.saxutils import escape, quoteattr

import pytest

from cucm_audit import secrets, secrets_mask
from cucm_audit.secrets import Account, Mask, Secret, SecretError, mask, resolve

TRICKY = "pä&s<>\"'/ +%w0rd\\"


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)


def ask(tmp_path, **places):
    places.setdefault("environment", dict(os.environ))
    return resolve("hq", "platform", "osadmin", folder=tmp_path, **places)


def secret_file(tmp_path, content="from-the-file\n", mode=0o600, name="secret"):
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)
    return path


def keyring_with(monkeypatch, get_password):
    monkeypatch.setitem(sys.modules, "keyring", types.SimpleNamespace(get_password=get_password))


# --- Secret ---------------------------------------------------------------------------------------------------------


def test_a_secret_shows_nothing():
    secret = Secret("canary-4711")
    account = Account(user="u", password=secret)
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret:>20}",
        f"{secret!r}",
        "%s" % secret,  # noqa: UP031 - an old way to print that has to be safe too
        repr(account),
        str([secret]),
    ]
    assert all("canary" not in text for text in shown)
    assert str(secret) == f"{secret}" == f"{secret:>20}" == "***"
    assert secret.reveal() == "canary-4711"
    assert not hasattr(secret, "__dict__")


@pytest.mark.parametrize("leak", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps], ids=lambda leak: leak.__name__)
def test_a_secret_does_not_travel(leak):
    with pytest.raises(TypeError):
        leak(Secret("canary-4712"))


def test_an_account_does_not_travel_either():
    account = Account(user="u", password=Secret("canary-4713"))
    for leak in (pickle.dumps, copy.deepcopy, dataclasses.asdict):
        with pytest.raises(TypeError):
            leak(account)


# --- places ---------------------------------------------------------------------------------------------------------


def test_a_file_beside_the_cluster_file(tmp_path):
    secret_file(tmp_path, " with blanks \r\nsecond line\n")
    account = ask(tmp_path, file="secret")
    assert account.user == "osadmin"
    assert account.password.reveal() == " with blanks "


@pytest.mark.parametrize("mode", [0o400, 0o600])
def test_a_private_file(tmp_path, mode):
    assert ask(tmp_path, file=secret_file(tmp_path, "no newline", mode)).password.reveal() == "no newline"


def test_a_first_line_of_4096_bytes_is_the_longest(tmp_path):
    assert ask(tmp_path, file=secret_file(tmp_path, "x" * 4096)).password.reveal() == "x" * 4096
    assert ask(tmp_path, file=secret_file(tmp_path, "x" * 4096 + "\nmore")).password.reveal() == "x" * 4096


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o644, 0o777])
def test_a_file_for_others_is_refused(tmp_path, mode):
    secret_file(tmp_path, "canary-4714", mode)
    with pytest.raises(SecretError, match="chmod 600") as caught:
        ask(tmp_path, file="secret", prompt=lambda _: "x")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: None, "could not be read"),
        (lambda folder: secret_file(folder, ""), "empty"),
        (lambda folder: secret_file(folder, "\nsecond\n"), "empty"),
        (lambda folder: secret_file(folder, b"\xff\xfe\n"), "UTF-8"),
        (lambda folder: secret_file(folder, b"a\0b\n"), "NUL"),
        (lambda folder: secret_file(folder, "x" * 4097), "longer"),
        (lambda folder: secret_file(folder, "x" * 4097 + "\n"), "longer"),
        (lambda folder: (folder / "secret").mkdir(), "plain file"),
        (lambda folder: os.mkfifo(folder / "secret", 0o600), "plain file"),
        (
            lambda folder: (folder / "secret").symlink_to(secret_file(folder, name="real")),
            "a symbolic link: name",
        ),
    ],
)
def test_a_bad_file_is_refused_by_name(tmp_path, make, words):
    make(tmp_path)
    with pytest.raises(SecretError, match=words) as caught:
        ask(tmp_path, file="secret")
    assert "hq.platform" in str(caught.value)
    assert str(tmp_path / "secret") in str(caught.value)


def test_a_file_that_stops_in_the_middle_is_refused_by_name(tmp_path, monkeypatch):
    def broken(*_):
        raise OSError(5, "Input/output error")

    secret_file(tmp_path)
    monkeypatch.setattr(os, "read", broken)
    with pytest.raises(SecretError, match="secret could not be read: Input/output error"):
        ask(tmp_path, file="secret")


def test_no_file_is_left_open(tmp_path):
    for content in ("fine", "x" * 5000):
        next_free = os.dup(0)
        os.close(next_free)
        with contextlib.suppress(SecretError):
            ask(tmp_path, file=secret_file(tmp_path, content))
        again = os.dup(0)
        os.close(again)
        assert again == next_free


def test_a_file_of_another_user_is_refused(tmp_path, monkeypatch):
    secret_file(tmp_path)
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    with pytest.raises(SecretError, match="another user"):
        ask(tmp_path, file="secret")


def test_a_system_without_mode_bits_says_so(tmp_path, monkeypatch):
    secret_file(tmp_path, mode=0o644)
    heard = []
    password = secrets._from_file("hq.platform", tmp_path / "secret", False, heard.append)
    assert password == "from-the-file"
    assert "no mode bits" in heard[0]


def test_the_command_gives_its_first_line_and_nothing_else(tmp_path, capfd):
    script = "import sys; print('from-the-command'); print('user: x'); sys.stderr.write('canary-4715')"
    account = ask(tmp_path, command=[sys.executable, "-c", script])
    assert account.password.reveal() == "from-the-command"
    assert "canary" not in "".join(capfd.readouterr())


def test_the_command_is_relative_to_the_cluster_file_and_sees_no_shell(tmp_path):
    script = tmp_path / "get"
    script.write_text('#!/bin/sh\necho "$1"\n')
    script.chmod(0o700)
    assert ask(tmp_path, command=["./get", "$(id); `id` > x"]).password.reveal() == "$(id); `id` > x"
    assert not (tmp_path / "x").exists()


def test_the_command_does_not_see_our_variables(tmp_path):
    script = "import os; print(sorted(n for n in os.environ if n.startswith(('CUCM_AUDIT', 'KEPT'))))"
    environment = {**os.environ, "CUCM_AUDIT_NODE": "x", "CUCM_AUDIT_SECRET": "y", "KEPT": "z"}
    account = ask(tmp_path, command=[sys.executable, "-c", script], environment=environment)
    assert account.password.reveal() == "['KEPT']"


def test_a_flood_from_the_command_costs_no_memory(tmp_path):
    script = "import sys; sys.stdout.write('first\\n' + 'x' * 20_000_000)"
    assert ask(tmp_path, command=[sys.executable, "-c", script]).password.reveal() == "first"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["no-such-program-here"], "could not be started: No such file or directory"),
        (["no-such-program\0"], "could not be started: ValueError"),
        ([sys.executable, "-c", "print('canary-4716'); raise SystemExit(3)"], "status 3"),
        ([sys.executable, "-c", ""], "empty"),
        ([sys.executable, "-c", "print('x' * 10000)"], "longer"),
        ([sys.executable, "-c", "print('x' * 4097)"], "longer"),
    ],
)
def test_a_command_that_fails_is_an_error_and_the_next_place_is_not_tried(tmp_path, words, said):
    secret_file(tmp_path)
    place = f"hq.platform: password-command ({words[0]})"
    with pytest.raises(SecretError, match=said) as caught:
        ask(tmp_path, command=words, file="secret", prompt=lambda _: "x")
    assert "canary" not in str(caught.value)
    assert str(caught.value).startswith((f"{place} ", f"{place}: "))


@pytest.mark.parametrize("script", ["sleep 60", "sleep 60 & echo x; sleep 60", "yes", "exec >&-; sleep 60"])
def test_a_command_that_hangs_is_ended_with_all_its_children(tmp_path, monkeypatch, script):
    assert secrets.COMMAND_SECONDS == 10
    monkeypatch.setattr(secrets, "COMMAND_SECONDS", 0.5)
    marker = f"{time.time_ns()}"
    began = time.monotonic()
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "subprocess", ResourceWarning)  # the child itself is waited for
        with pytest.raises(SecretError, match="not done within"):
            ask(tmp_path, command=["/bin/sh", "-c", script.replace("60", f"60.{marker}")])
    assert time.monotonic() - began < 5
    time.sleep(0.1)
    listed = subprocess.run(["ps", "-eo", "stat,args"], capture_output=True, text=True, check=False).stdout
    assert not [line for line in listed.splitlines() if marker in line and not line.startswith("Z")]


def test_what_a_command_left_in_another_session_does_not_keep_the_program(tmp_path, monkeypatch):
    """It cannot be ended with the command's group, and holds the pipe open: nobody waits for it at the end."""
    monkeypatch.setattr(secrets, "COMMAND_SECONDS", 0.3)
    with pytest.raises(SecretError, match="not done within"):
        ask(tmp_path, command=["/bin/sh", "-c", "setsid sleep 3 & sleep 60"])
    assert [one for one in threading.enumerate() if not one.daemon] == [threading.main_thread()]


def owned_by(monkeypatch, user):
    """Make the files that are looked at belong to another user."""
    look = os.fstat

    def looked(descriptor):
        status = list(look(descriptor))
        status[4] = user
        return os.stat_result(status)

    monkeypatch.setattr(os, "fstat", looked)


def test_a_link_that_came_after_the_first_look_is_not_followed(tmp_path, monkeypatch):
    (tmp_path / "secret").symlink_to(secret_file(tmp_path, name="real"))
    monkeypatch.setattr("pathlib.Path.is_symlink", lambda _: False)
    with pytest.raises(SecretError, match="secret could not be read"):
        ask(tmp_path, file="secret")


def test_a_credential_of_systemd_may_belong_to_root_or_to_us(tmp_path, monkeypatch):
    secret_file(tmp_path, "from-systemd", name="hq.platform")
    environment = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    for user in (0, 4711):
        owned_by(monkeypatch, user)
        assert ask(tmp_path, environment=environment).password.reveal() == "from-systemd"
    owned_by(monkeypatch, 4712)
    with pytest.raises(SecretError, match="another user"):
        ask(tmp_path, environment=environment)


def test_the_prompt_says_whose_password_is_wanted(tmp_path):
    asked = []
    ask(tmp_path, prompt=lambda words: asked.append(words) or "typed")
    assert asked == ["Password of osadmin (hq.platform): "]


def test_systemd_credentials(tmp_path):
    folder = tmp_path / "credentials"
    folder.mkdir()
    secret_file(folder, "from-systemd", 0o440, name="hq.platform")
    environment = {"CREDENTIALS_DIRECTORY": str(folder)}
    assert ask(tmp_path, environment=environment).password.reveal() == "from-systemd"
    with pytest.raises(SecretError, match="no password for axl"):
        resolve("hq", "application", "axl", folder=tmp_path, environment=environment)
    (folder / "hq.platform").chmod(0o444)
    with pytest.raises(SecretError, match="chmod"):
        ask(tmp_path, environment=environment)


def test_without_systemd_no_file_of_the_current_folder_is_taken_for_its_credential(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    secret_file(tmp_path, "left-here", name="hq.platform")
    with pytest.raises(SecretError, match="no password for osadmin"):
        ask(tmp_path, environment={})


def test_the_keyring(tmp_path, monkeypatch):
    keyring_with(
        monkeypatch,
        lambda service, user: "from-keyring" if (service, user) == ("cucm-audit:hq.platform", "osadmin") else None,
    )
    assert ask(tmp_path).password.reveal() == "from-keyring"


def test_a_locked_keyring_is_a_notice_and_the_next_place_is_asked(tmp_path, monkeypatch):
    def locked(service, user):
        raise RuntimeError("canary-4717")

    keyring_with(monkeypatch, locked)
    heard = []
    account = ask(tmp_path, prompt=lambda _: "typed", notice=heard.append)
    assert account.password.reveal() == "typed"
    assert "RuntimeError" in heard[0]
    assert "canary" not in heard[0]


def test_the_order_of_places(tmp_path, monkeypatch):
    places = {"file": secret_file(tmp_path), "prompt": lambda _: "from-the-prompt"}
    assert ask(tmp_path, prompt=places["prompt"]).password.reveal() == "from-the-prompt"
    assert ask(tmp_path, **places).password.reveal() == "from-the-file"
    secret_file(tmp_path, "from-systemd", name="hq.platform")
    places["environment"] = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert ask(tmp_path, **places).password.reveal() == "from-systemd"
    keyring_with(monkeypatch, lambda service, user: "from-keyring")
    assert ask(tmp_path, **places).password.reveal() == "from-keyring"
    places["command"] = [sys.executable, "-c", "print('from-the-command')"]
    assert ask(tmp_path, **places).password.reveal() == "from-the-command"


def test_nothing_anywhere_says_what_to_do(tmp_path):
    with pytest.raises(SecretError, match=r"password-command.*password-file.*keyring.*terminal"):
        ask(tmp_path)
    with pytest.raises(SecretError, match=r"hq\.platform: the prompt gave an empty password"):
        ask(tmp_path, prompt=lambda _: "")
    with pytest.raises(SecretError, match="no user"):
        resolve("hq", "platform", "", folder=tmp_path, prompt=lambda _: "x")


# --- mask -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("password", [TRICKY, "Canary-simple-1", "ends=with==", "ab.*c(d"])
def test_every_spelling_is_masked(password):
    Account(user="axl-audit", password=Secret(password))
    spellings = [
        password,
        base64.b64encode(f"axl-audit:{password}".encode()).decode(),
        base64.b64encode(password.encode()).decode(),
        urllib.parse.quote(password),
        urllib.parse.quote(password, safe=""),
        urllib.parse.quote_plus(password),
        escape(password),
        quoteattr(password)[1:-1],
        html.escape(password),
        json.dumps(password)[1:-1],
        json.dumps(password, ensure_ascii=False)[1:-1],
        repr(password)[1:-1],
    ]
    for spelling in spellings:
        assert mask(f"[{spelling}]") == "[***]", spelling
    assert mask("nothing to hide") == "nothing to hide"


def test_a_secret_inside_another_is_masked_as_a_whole():
    Secret("canary-in")
    Secret("canary-in-canary")
    assert mask("x canary-in-canary y") == "x *** y"


def test_logs_are_masked_with_their_tracebacks():
    Secret("canary-4718")
    lines = []

    class Out(logging.Handler):
        def emit(self, record):
            lines.append(self.format(record))

    handler = Out()
    handler.addFilter(Mask())
    log = logging.getLogger("test-mask")
    log.addHandler(handler)
    try:
        raise ValueError("canary-4718 in an error")
    except ValueError:
        log.exception("it was %s and %d", "canary-4718", 7, stack_info=True)
    log.removeHandler(handler)
    assert "canary" not in lines[0].replace("test_secrets", "").replace('Secret("canary', "")
    assert "it was *** and 7" in lines[0]
    assert "ValueError: *** in an error" in lines[0]


def test_a_weak_password_does_not_star_the_words_that_hold_it():
    Secret("sesam")
    text = '"documents": ["sesam-18772"], "says": "the password is sesam, not Sesam"'
    assert mask(text) == '"documents": ["sesam-18772"], "says": "the password is ***, not Sesam"'


@pytest.fixture
def _nothing_registered(monkeypatch):
    monkeypatch.setattr("cucm_audit.secrets_mask._forms", set())
    monkeypatch.setattr("cucm_audit.secrets_mask._pattern", None)


@pytest.mark.usefixtures("_nothing_registered")
@pytest.mark.parametrize(
    "spelling",
    [
        "Aä\"b'c</&9", "A%C3%A4%22b%27c%3C%2F%269", "A%c3%a4%22b%27c%3c%2f%269", "A%C3%A4%22b%27c%3C/%269",
        "A%c3%a4%22b%27c%3c/%269", "Aä\"b'c&lt;/&amp;9", "Aä&quot;b'c&lt;/&amp;9", "Aä&#34;b'c&lt;/&amp;9",
        "Aä\"b&apos;c&lt;/&amp;9", "Aä\"b&#x27;c&lt;/&amp;9", "Aä\"b&#39;c&lt;/&amp;9", "Aä&quot;b&apos;c&lt;/&amp;9",
        "Aä&quot;b&#x27;c&lt;/&amp;9", "Aä&#34;b&#39;c&lt;/&amp;9", "Aä&quot;b&#39;c&lt;/&amp;9",
        base64.b64encode("Aä\"b'c</&9".encode()).decode().rstrip("="),
        base64.b64encode("Aä\"b'c</&9".encode("latin-1")).decode().rstrip("="),
    ],
)  # fmt: skip
def test_each_spelling_by_itself(spelling):
    secrets_mask.register("Aä\"b'c</&9")
    assert secrets_mask.mask(f"x{spelling}y") == "x***y"


@pytest.mark.usefixtures("_nothing_registered")
def test_the_borders_of_the_mask():
    secrets_mask.register("")
    assert secrets_mask.mask("abc") == "abc"
    secrets_mask.register("abcdefg")
    for text in ("xabcdefg", "abcdefgx", "x-abcdefg", "x.abcdefg", "abcdefg-x"):
        assert secrets_mask.mask(text) == text
    for text in ("abcdefg", "'abcdefg'", "abcdefg.", "=abcdefg"):
        assert secrets_mask.mask(text) == text.replace("abcdefg", "***")
    secrets_mask.register("ijklmnop")
    assert secrets_mask.mask("xijklmnopx") == "x***x"
    secrets_mask.register("9 euro \u20ac")
    assert secrets_mask.mask(base64.b64encode(b"9 euro ?").decode()) == "***"


@pytest.mark.usefixtures("_nothing_registered")
def test_a_record_keeps_nothing_that_is_not_masked():
    secrets_mask.register("ijklmnop")
    error = ValueError("ijklmnop")
    record = logging.LogRecord("x", 20, "f", 1, "said %s", ("ijklmnop",), (ValueError, error, None))
    record.stack_info = "at ijklmnop"
    assert secrets_mask.Mask().filter(record)
    assert (record.msg, record.args, record.exc_info, record.stack_info) == ("said ***", (), None, "at ***")
    assert record.exc_text == "ValueError: ***"
    bare = logging.LogRecord("x", 20, "f", 1, "fine", (), None)
    assert secrets_mask.Mask().filter(bare)
    assert (bare.exc_text, bare.stack_info) == (None, None)
    told = logging.LogRecord("x", 20, "f", 1, "fine", (), (ValueError, error, None))
    told.exc_text = "told before: ijklmnop"
    secrets_mask.Mask().filter(told)
    assert told.exc_text == "told before: ***"
