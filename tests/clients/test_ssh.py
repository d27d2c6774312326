import logging
import os
import re
import threading
import time
import traceback

import paramiko
import pytest

from cucm_audit.clients import ClientError, WriteBlocked, cli_text, ssh, ssh_connect, ssh_login, terminal
from cucm_audit.clients.cli_text import after_echo, refusal
from cucm_audit.clients.commands import COMMANDS, COUNTS, HISTORY, SERVICES, STATUS, VERSION_ACTIVE, Command
from cucm_audit.clients.journal import Journal
from cucm_audit.clients.screen import Screen
from cucm_audit.clients.ssh import Ssh, peek_host_key
from cucm_audit.model import Reason, Source
from cucm_audit.secrets import Account, Secret
from cucm_audit.trust import TrustStore
from tests.clients.ssh_node import GREETING, PASSWORD, USER, SshNode, ed25519_key

VERSION = "Active Master Version: 12.5.1.14900-63\r\nActive Version Installed Software Options:\r\nciscocm.free.cop\r\n"
VERSION_TEXT = VERSION.replace("\r\n", "\n").rstrip("\n")
ECDSA = paramiko.ECDSAKey.generate()
RSA = paramiko.RSAKey.generate(2048)


@pytest.fixture
def real_pauses():
    """The pauses of the design; everywhere else they are shorter, because loopback does not hesitate."""


@pytest.fixture(autouse=True)
def _quick(monkeypatch, request):
    monkeypatch.setattr(ssh, "UNKNOWN_ANSWER_QUIET", 0.6)
    monkeypatch.setattr(terminal, "GREETING_QUESTION_SECONDS", 0.5)
    if "real_pauses" not in request.fixturenames:
        monkeypatch.setattr(cli_text, "QUIET", {tail: seconds / 8 for tail, seconds in cli_text.QUIET.items()})


@pytest.fixture
def lab(tmp_path):
    """Return start(behaviour) -> (server, client), with the node's host keys trusted."""
    running, clients = [], []

    def start(trusted=True, first_prompt=3.0, password=PASSWORD, **behaviour):
        server = SshNode(**{"keys": (ECDSA,), **behaviour}).start()
        running.append(server)
        trust = TrustStore(tmp_path / "state" / "trust.toml")
        if trusted is True:
            for key in server.keys:
                trust.add_ssh("127.0.0.1", server.port, key.get_name(), key.fingerprint)
        elif trusted:
            trust.add_ssh("127.0.0.1", server.port, trusted.get_name(), trusted.fingerprint)
        journal = Journal()
        account = Account(user=USER, password=Secret(password))
        client = Ssh(server.node, account, trust, journal, first_prompt=first_prompt)
        client.journal = journal
        clients.append(client)
        return server, client

    yield start
    for client in clients:
        client.close()
    for server in running:
        server.stop()


def refused(client, command=VERSION_ACTIVE):
    with pytest.raises(ClientError) as caught:
        client.run(command)
    return caught.value


# --- the login ------------------------------------------------------------------------------------------------------


def test_a_command_is_answered_clean_and_asked_once(lab):
    server, client = lab(answers={"show version active": VERSION})
    answer = client.run(VERSION_ACTIVE)
    assert answer.text == VERSION_TEXT
    assert client.run(VERSION_ACTIVE) is answer
    assert server.commands == ["set cli pagination off", "show version active"]
    assert answer.started < answer.ended
    assert "Welcome to the Platform" in client.greeting
    assert "admin:" not in client.greeting
    assert server.passwords == [PASSWORD]
    assert tuple(str(part) for part in server.terminal[1:]) == ("400", "1000")
    assert server.terminal[0] in ("vt100", b"vt100")
    client.close()
    time.sleep(0.1)
    assert bytes(server.typed) == b"set cli pagination off\nshow version active\nquit\n"
    assert [operation for _, _, operation in client.journal.operations] == [
        "login", "set cli pagination off", "show version active", "quit",
    ]  # fmt: skip
    assert {(source, node) for source, node, _ in client.journal.operations} == {(Source.SSH, "cucm-pub")}


def test_what_is_not_in_the_catalogue_is_not_typed(lab):
    server, client = lab()
    with client, pytest.raises(WriteBlocked):
        client.run(Command(text="utils system restart", timeout=5))
    time.sleep(0.1)
    assert b"utils" not in server.typed


def test_keyboard_interactive_alone_is_enough(lab):
    server, client = lab(auth="keyboard-interactive", answers={"show version active": VERSION})
    assert client.run(VERSION_ACTIVE).text == VERSION_TEXT
    assert server.told == [PASSWORD]


@pytest.mark.parametrize("methods", ["password", "password,keyboard-interactive"])
def test_a_refused_password_is_tried_exactly_once(lab, methods):
    server, client = lab(auth=methods, accept=False)
    errors = [refused(client), refused(client, STATUS), refused(client)]
    assert {error.reason for error in errors} == {Reason.AUTH_FAILED}
    assert server.passwords == [PASSWORD]
    assert server.told == []
    assert server.connections == 1


def test_a_password_that_one_client_was_refused_is_not_tried_by_the_next(lab, tmp_path):
    server, client = lab(accept=False)
    refused(client)
    trust = TrustStore(tmp_path / "none")
    trust.add_ssh("127.0.0.1", server.port, ECDSA.get_name(), ECDSA.fingerprint)
    again = Ssh(server.node, Account(user=USER, password=Secret(PASSWORD)), trust, client.journal)
    assert refused(again).reason is Reason.AUTH_FAILED
    assert server.passwords == [PASSWORD]


def test_keyboard_interactive_that_refuses_asks_again_and_gets_nothing(lab):
    server, client = lab(auth="keyboard-interactive", rounds=(("Password: ",), ("Password: ",)))
    assert refused(client).reason is Reason.AUTH_FAILED
    assert server.told == [PASSWORD]


@pytest.mark.parametrize(
    "rounds",
    [
        (("Password: ",), ("New password: ",), ("Retype new password: ",)),
        (("New password: ", "Retype new password: "),),
        (("(current) UNIX password: ",),),
    ],
)
def test_an_expired_password_is_never_changed(lab, rounds):
    server, client = lab(auth="keyboard-interactive", rounds=rounds)
    error = refused(client)
    assert error.reason is Reason.PASSWORD_EXPIRED
    assert len(server.told) <= 1


@pytest.mark.parametrize("before", [(), (("Password: ",),)])
def test_a_second_factor_does_not_get_the_password(lab, before):
    server, client = lab(auth="keyboard-interactive", rounds=(*before, ("Verification code: ",)))
    error = refused(client)
    assert error.reason is Reason.AUTH_FAILED
    assert "second factor" in error.hint
    assert len(server.told) == len(before)


@pytest.mark.parametrize("first_prompt", [3.0, 0.3])
def test_an_expired_password_in_the_shell_is_never_changed(lab, first_prompt):
    def expired(shell):
        shell.say(
            "WARNING: Your password has expired.\r\nYou must change your password now.\r\n(current) UNIX password: "
        )
        shell.linger()

    server, client = lab(greeting=expired, first_prompt=first_prompt)
    assert refused(client).reason is Reason.PASSWORD_EXPIRED
    assert server.typed == b""


def test_an_unknown_host_key_stops_before_any_authentication(lab):
    server, client = lab(trusted=False)
    error = refused(client)
    assert error.reason is Reason.HOSTKEY_UNKNOWN
    assert ECDSA.fingerprint in error.hint
    assert "cucm-audit trust add cucm-pub" in error.hint
    assert server.passwords == server.told == []
    assert client.journal.counts()["ssh_sessions"] == 0


@pytest.mark.parametrize("old", [paramiko.ECDSAKey.generate(), ed25519_key()], ids=["same kind", "other kind"])
def test_a_changed_host_key_stops_before_any_authentication(lab, old):
    server, client = lab(trusted=old)
    error = refused(client)
    assert error.reason is Reason.HOSTKEY_CHANGED
    assert old.fingerprint in error.detail
    assert ECDSA.fingerprint in error.detail
    assert server.passwords == server.told == []


def test_a_node_with_several_keys_shows_the_one_that_is_trusted(lab):
    keys = (ed25519_key(), ECDSA, RSA)
    _, client = lab(keys=keys, trusted=RSA, answers={"show version active": VERSION})
    assert client.run(VERSION_ACTIVE).text == VERSION_TEXT


def test_peek_shows_every_kind_of_key_without_a_login(lab):
    keys = (ed25519_key(), ECDSA, RSA)
    server, _ = lab(keys=keys)
    shown = peek_host_key("127.0.0.1", server.port)
    assert {(key.key_type, key.fingerprint) for key in shown} == {(key.get_name(), key.fingerprint) for key in keys}
    assert {key.key_type for key in shown} == {"ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"}
    assert server.passwords == server.told == []
    assert server.connections == 3


def test_a_node_without_a_common_algorithm_names_the_extra(lab, monkeypatch):
    serve = paramiko.Transport.start_server

    def old(transport, *args, **kwargs):
        transport.get_security_options().ciphers = ("3des-cbc",)
        return serve(transport, *args, **kwargs)

    def modern(transport, *args, **kwargs):
        transport.get_security_options().ciphers = ("aes128-ctr",)
        return start(transport, *args, **kwargs)

    start = paramiko.Transport.start_client
    monkeypatch.setattr(paramiko.Transport, "start_server", old)
    monkeypatch.setattr(paramiko.Transport, "start_client", modern)
    server, client = lab()
    error = refused(client)
    assert error.reason is Reason.SSH_LEGACY_ALGORITHMS
    assert "cucm-audit[legacy-ssh]" in error.hint
    assert "Cipher Management" in error.hint
    assert server.passwords == []


def test_a_flood_before_the_banner_ends_early(lab):
    sent = []

    def flood(sock):
        try:
            while True:
                sent.append(sock.send(b"x" * 65536))
        except OSError:
            pass

    _, client = lab(connected=flood)
    assert refused(client).reason in (Reason.DISCONNECTED, Reason.MALFORMED)
    assert sum(sent) < 20_000_000


def test_a_server_that_says_nothing_ends_at_the_deadline(lab, monkeypatch):
    monkeypatch.setattr(ssh_login, "LOGIN_SECONDS", 0.5)
    _, client = lab(connected=lambda sock: time.sleep(5))
    began = time.monotonic()
    assert refused(client).reason is Reason.TIMEOUT
    assert time.monotonic() - began < 3


def test_another_service_on_the_port(lab):
    _, client = lab(connected=lambda sock: (sock.sendall(b"220 mail ready\r\n" * 120), time.sleep(0.5), sock.close()))
    assert refused(client).reason is Reason.MALFORMED


def test_nobody_listens(lab):
    server, client = lab()
    server.stop()
    assert refused(client).reason is Reason.UNREACHABLE


def test_no_secret_hangs_on_an_error(lab, caplog):
    caplog.set_level(logging.DEBUG)
    _, client = lab(accept=False)
    error = refused(client)
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        text = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
        assert PASSWORD not in text
        assert error.__cause__ is None
        error = error.__context__
    assert PASSWORD not in caplog.text
    assert "paramiko" not in caplog.text


def test_no_more_sessions(lab):
    server, client = lab(shells=0)
    assert refused(client).reason is Reason.SESSION_LIMIT
    assert server.passwords == [PASSWORD]


@pytest.mark.parametrize("words", ["", "The maximum number of CLI sessions is open.\r\n"])
def test_the_shell_is_closed_at_once(lab, words):
    _, client = lab(greeting=lambda shell: (shell.say(words), shell.channel.close()))
    assert refused(client).reason is Reason.SESSION_LIMIT


# --- the prompt -----------------------------------------------------------------------------------------------------


def test_nothing_is_typed_before_a_slow_first_prompt(lab):
    early = []

    def slow(shell):
        shell.say("Command Line Interface is starting up, please wait ...\r\n\r\n")
        time.sleep(0.7)
        early.append(shell.channel.recv_ready())
        shell.say("   Welcome to the Platform Command Line Interface\r\n\r\n")

    _, client = lab(greeting=slow, answers={"show version active": VERSION})
    assert client.run(VERSION_ACTIVE).text == VERSION_TEXT
    assert early == [False]


def test_no_first_prompt(lab):
    server, client = lab(greeting=lambda shell: (shell.say("please wait ...\r\n"), shell.linger()), first_prompt=0.5)
    assert refused(client).reason is Reason.TIMEOUT
    assert server.typed == b""


def test_a_banner_that_holds_the_prompt_is_not_the_prompt(lab, real_pauses):
    def banner(shell):
        shell.say("Log in as\r\nadmin:")
        shell.say("or as admin:\r\nadmin: is watched\r\nadmin:", pause=0.1)
        shell.say("\r\n" + GREETING)

    server, client = lab(greeting=banner, answers={"show version active": VERSION})
    assert client.run(VERSION_ACTIVE).text == VERSION_TEXT
    assert server.commands == ["set cli pagination off", "show version active"]
    assert "admin: is watched" in client.greeting


@pytest.mark.parametrize(
    "line",
    [
        "Press <enter> for 1 line, <space> for one page, or <q> to quit",
        "options: q=quit, n=next, p=prev, b=begin, e=end (lines 1 - 20 of 57) :",
        "Are you sure that you may be here? ",
        "Continue (y/n)?",
    ],
)
def test_a_banner_that_looks_like_a_pager_or_a_question_gets_no_key(lab, line):
    early = []

    def banner(shell):
        shell.say(f"Welcome\r\n{line}")
        time.sleep(0.25)
        early.append(shell.channel.recv_ready())
        shell.say("\r\n" + GREETING)

    _, client = lab(greeting=banner, answers={"show version active": VERSION})
    assert client.run(VERSION_ACTIVE).text == VERSION_TEXT
    assert early == [False]
    assert line.strip() in client.greeting


def test_a_banner_that_waits_after_the_prompt_is_found_out_by_the_answer(lab):
    def trap(shell):
        shell.say("Welcome\r\nadmin:")
        time.sleep(0.5)
        # The terminal echoes what was typed ahead; the shell echoes it again once it reads it.
        shell.say("set cli pagination off\r\n is what you type first\r\n\r\n" + GREETING)

    server, client = lab(greeting=trap, answers={"show version active": VERSION})
    assert client.run(VERSION_ACTIVE).text == VERSION_TEXT
    assert server.commands == ["set cli pagination off", "show version active"]


def test_a_prompt_that_answers_nothing_is_none(lab):
    server, client = lab(greeting=lambda shell: (shell.say("Welcome\r\nadmin:"), shell.linger()), first_prompt=1.0)
    assert refused(client).reason in (Reason.MALFORMED, Reason.TIMEOUT)
    assert bytes(server.typed) == b"set cli pagination off\n"


@pytest.mark.parametrize(
    "answer", ["No valid command entered\r\n", "Executed command unsuccessfully\r\n", "Pager: none.\r\n", ""]
)
def test_the_first_command_may_fail(lab, answer):
    _, client = lab(answers={"set cli pagination off": answer, "show version active": VERSION})
    assert client.run(VERSION_ACTIVE).text == VERSION_TEXT


def test_a_prompt_inside_the_output_is_output(lab):
    text = "line\r\nadmin:\r\nadmin: said hello\r\nlast admin:\r\n"
    _, client = lab(answers={"show version active": text})
    assert client.run(VERSION_ACTIVE).text == text.replace("\r\n", "\n").rstrip("\n")


@pytest.mark.parametrize("pausing", ["the user admin:", "admin: the user", "2024 xadmin:", "admin:\t"])
def test_a_prompt_is_the_whole_line(lab, pausing):
    def hesitate(shell):
        shell.say(pausing)
        time.sleep(0.2)
        shell.say(" rest\r\n")

    _, client = lab(answers={"show version active": hesitate})
    assert client.run(VERSION_ACTIVE).text == f"{pausing} rest"


def test_colours_and_returns_and_odd_chunks(lab):
    noisy = (
        "\x1b[1mActive Mastr\ber Version: 12.5.1\x1b[0m\x1b[K\r\n"
        "\x1b]0;title\x07Optix\b\bions\rnext\r\n\x1b[24;1HÄ end\r\n"
    )
    _, client = lab(
        answers={"show version active": lambda shell: shell.say(noisy, size=1, pause=0.001)},
        greeting="\x1b[2J\x1b[H" + GREETING + "\x1b[K",
    )
    assert client.run(VERSION_ACTIVE).text == "Active Master Version: 12.5.1\nOptions\nnext\nÄ end".replace(
        "Mastr", "Mast"
    )


@pytest.mark.parametrize("width", [10, 23])
def test_a_wrapped_echo_goes_as_a_whole(lab, width):
    def wrapped(shell, line):
        shell.say(" \r".join(line[start : start + width] for start in range(0, len(line), width)) + "\r\n")

    text = "n                     \r\n===================== \r\n7                     \r\n"
    _, client = lab(echo=wrapped, answers={COUNTS[0].text: text})
    assert client.run(COUNTS[0]).text == "n                     \n===================== \n7                     "


def test_an_answer_without_the_echo_is_not_believed(lab):
    def of_another(shell, line):
        shell.say("show version inactive\r\n" if line.startswith("show") else f"{line}\r\n")

    _, client = lab(echo=of_another, answers={"show version active": VERSION})
    assert refused(client).reason is Reason.MALFORMED


def test_a_node_that_echoes_nothing_is_known_by_its_first_answer(lab):
    off = "\r\nAutomatic pagination is turned off\r\n\r\n"
    answers = {"set cli pagination off": off, "show version active": VERSION, "show status": ""}
    server, client = lab(echo=lambda shell, line: None, answers=answers)
    assert client.run(VERSION_ACTIVE).text == VERSION_TEXT
    assert client.run(STATUS).text == ""
    assert server.commands[0] == "set cli pagination off"


@pytest.mark.parametrize("answer", ["", "Pager: none.\r\n", "news\r\nAutomatic pagination is turned off\r\n"])
def test_without_an_echo_only_the_known_answer_confirms_the_prompt(lab, answer, monkeypatch):
    monkeypatch.setattr("cucm_audit.clients.ssh.UNKNOWN_ANSWER_QUIET", 0.3)
    server, client = lab(echo=lambda shell, line: None, answers={"set cli pagination off": answer})
    assert refused(client).reason in (Reason.MALFORMED, Reason.TIMEOUT)
    assert server.commands in ([], ["set cli pagination off"])


# --- pagers ---------------------------------------------------------------------------------------------------------


def pager(shell, lines, page, newline):
    for start in range(0, len(lines), page):
        shell.say("".join(f"{line}\r\n" for line in lines[start : start + page]))
        if start + page < len(lines):
            shell.say("\x1b[1mPress <enter> for 1 line, <space> for one page, or <q> to quit\x1b[0m\x1b[K")
            assert shell.key() == b" "
            shell.say(newline)


@pytest.mark.parametrize("wiped", ["\r\n", "\r\x1b[K", "\r" + " " * 70 + "\r"])
def test_the_output_pager_is_driven(lab, wiped):
    lines = [f"  service {number}[STARTED]" for number in range(50)]
    server, client = lab(answers={"utils service list": lambda shell: pager(shell, lines, 20, wiped)})
    answer = client.run(SERVICES)
    assert (answer.text, answer.doubt) == ("\n".join(lines), "")
    assert server.typed.count(b"utils service list\n  ") == 2, "nothing else says that no line was lost"


def test_a_page_that_is_lost_once_is_read_again(lab):
    lines = [f"  service {'x' * number}[STARTED]" for number in range(50)]
    readings = [lines[:20] + lines[40:], lines, lines]
    _, client = lab(answers={"utils service list": lambda shell: pager(shell, readings.pop(0), 20, "\r\n")})
    answer = client.run(SERVICES)
    assert (answer.text, answer.doubt) == ("\n".join(lines), "")


def test_a_second_reading_that_fails_leaves_the_first_in_doubt(lab):
    lines = [f"  service {'x' * number}[STARTED]" for number in range(50)]
    readings = [lambda shell: pager(shell, lines, 20, "\r\n"), lambda shell: shell.say("Continue (yes/no)? ")]
    _, client = lab(answers={"utils service list": lambda shell: readings.pop(0)(shell)})
    answer = client.run(SERVICES)
    assert answer.text == "\n".join(lines)
    assert "unexpected_prompt" in answer.doubt


def file_pager(lines, page=20, show=None, end="end of the file reached\r\n", after="\r\n", total=None):
    def answer(shell):
        count = total or len(lines)
        for start in range(0, len(lines), page):
            last = min(start + page, len(lines))
            shell.say("".join(f"{line}\r\n" for line in lines[start:last]))
            if last == len(lines):
                shell.say(end)
            first = show(start + 1) if show else start + 1
            shell.say(
                f"\x1b[1moptions: q=quit, n=next, p=prev, b=begin, e=end (lines {first} - {last} of {count}) :\x1b[0m "
            )
            key = shell.key()
            shell.say(after.replace("n", key.decode()), size=1)
            if key != b"n":
                break

    return answer


@pytest.mark.parametrize("after", ["\r\n", "\r\x1b[K", "n\r\n"])
@pytest.mark.parametrize("count", [1, 3, 40, 57])
def test_the_file_pager_gives_the_whole_file(lab, count, after):
    lines = [f"10/{number:02} 12:00:00 | root: Boot admin: {number}" for number in range(count)]
    server, client = lab(answers={HISTORY.text: file_pager(lines, after=after)})
    assert client.run(HISTORY).text == "\n".join(lines)
    keys = bytes(server.typed).split(HISTORY.text.encode() + b"\n")[1]
    assert keys == b"n" * ((count - 1) // 20) + b"q"


def test_the_end_of_a_file_is_also_seen_by_its_numbers(lab):
    lines = [f"line {number}" for number in range(25)]
    _, client = lab(answers={HISTORY.text: file_pager(lines, end="")})
    assert client.run(HISTORY).text == "\n".join(lines)


def test_blank_lines_and_indents_around_pages_stay(lab):
    lines = ["a", "", "  b", "", "", "  c"] * 5
    _, client = lab(answers={HISTORY.text: file_pager(lines, page=3)})
    assert client.run(HISTORY).text == "\n".join(lines)


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ({"show": lambda first: first + 1 if first > 1 else 1}, Reason.TRUNCATED),
        ({"show": lambda first: first + 1}, Reason.TRUNCATED),
        ({"show": lambda first: 1}, Reason.INCONSISTENT),
        ({"total": 90}, Reason.TRUNCATED),
        ({"total": 90, "end": ""}, Reason.TRUNCATED),
        ({"total": 30}, Reason.INCONSISTENT),
    ],
    ids=["hole", "no beginning", "again", "ends early", "prompt comes early", "total shrinks"],
)
def test_a_lost_page_is_never_a_short_file(lab, behaviour, reason):
    lines = [f"line {number}" for number in range(57)]
    _, client = lab(answers={HISTORY.text: file_pager(lines, **behaviour)})
    assert refused(client, HISTORY).reason is reason


# --- trouble --------------------------------------------------------------------------------------------------------

QUESTIONS = [
    "Continue (y/n)?",
    "Do you want to go on (yes/no) ? ",
    "Are you sure you want to restart",
    "Enter the password: ",
    'Enter "y" followed by return to continue',
    'Enter "y" followed by return to continue\r\n',
    "Please answer 'y' for <yes> or 'n' for <no>: ",
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_never_answered(lab, question):
    asked = []

    def ask(shell):
        before = len(shell.typed)
        shell.say("Some text\r\n" + question)
        try:
            shell.linger()
        finally:
            asked.append(bytes(shell.typed[before:]))

    _, client = lab(answers={"show status": ask, "show version active": VERSION})
    error = refused(client, STATUS)
    client.close()
    time.sleep(0.1)
    assert error.reason is Reason.UNEXPECTED_PROMPT
    assert asked == [b""], "something was typed after the question"


def test_a_hang_costs_one_session_and_the_next_command_gets_a_fresh_one(lab):
    server, client = lab(answers={"show status": lambda shell: shell.linger(), "show version active": VERSION})
    began = time.monotonic()
    assert refused(client, Command(text="show status", timeout=0.5)).reason is Reason.TIMEOUT
    assert time.monotonic() - began < 4
    assert client.run(VERSION_ACTIVE).text == VERSION_TEXT
    assert refused(client, STATUS).reason is Reason.TIMEOUT  # from memory
    assert server.commands.count("show status") == 1
    assert server.connections == 2


def test_a_fresh_session_is_opened_once_only(lab):
    hang = lambda shell: shell.linger()  # noqa: E731
    server, client = lab(answers={"show status": hang, "utils service list": hang, "show version active": VERSION})
    assert refused(client, Command(text="show status", timeout=0.4)).reason is Reason.TIMEOUT
    assert refused(client, Command(text="utils service list", timeout=0.4)).reason is Reason.TIMEOUT
    assert refused(client, VERSION_ACTIVE).reason is Reason.DISCONNECTED
    assert server.connections == 2


def test_output_that_never_ends_stops_at_its_time(lab):
    def drip(shell):
        while not shell.stop.is_set():
            shell.say("still going\r\n", pause=0.02)

    _, client = lab(answers={"show status": drip})
    began = time.monotonic()
    assert refused(client, Command(text="show status", timeout=0.6)).reason is Reason.TIMEOUT
    assert time.monotonic() - began < 4


def test_output_that_is_too_large(lab, monkeypatch):
    monkeypatch.setattr("cucm_audit.clients.terminal.MOST_BYTES", 300_000)

    def flood(shell):
        while not shell.stop.is_set():
            shell.say(b"x" * 79 + b"\r\n")

    _, client = lab(answers={"show status": flood})
    assert refused(client, STATUS).reason is Reason.TOO_LARGE


def test_more_than_the_measure_of_the_login_may_come_afterwards(lab):
    text = ("y" * 99 + "\r\n") * 10_000
    _, client = lab(answers={"show status": text})
    assert len(client.run(STATUS).text) == 10_000 * 100 - 1


def test_closing_from_another_thread_ends_a_long_command_at_once(lab):
    server, client = lab(answers={"utils service list": lambda shell: shell.linger()})
    client.open()
    closer = threading.Timer(0.2, client.close)
    closer.start()
    began = time.monotonic()
    assert refused(client, SERVICES).reason is Reason.DISCONNECTED
    assert time.monotonic() - began < 3
    assert refused(client, STATUS).reason is Reason.INTERRUPTED
    assert server.connections == 1


def test_a_disconnect_in_mid_output(lab):
    def cut(shell):
        shell.say("Host Name          : cucm-pub\r\nDate      ")
        shell.channel.close()

    _, client = lab(answers={"show status": cut, "show version active": VERSION})
    assert refused(client, STATUS).reason is Reason.DISCONNECTED
    assert client.run(VERSION_ACTIVE).text == VERSION_TEXT


REFUSALS = [
    ("No valid command entered\r\n", Reason.NOT_SUPPORTED),
    ("Something odd\r\nExecuted command unsuccessfully\r\n", Reason.MALFORMED),
    ("Something odd\r\nExecuted command unsuccessfully.\r\n\r\n", Reason.MALFORMED),
    ("This command is not allowed during upgrade\r\nExecuted command unsuccessfully\r\n", Reason.BUSY),
    ("The system is busy, try later\r\n", Reason.BUSY),
    ("You have no permission for this\r\nExecuted command unsuccessfully\r\n", Reason.PERMISSION_DENIED),
    ("The command line is locked by another administrator\r\nExecuted command unsuccessfully\r\n", Reason.LOCKED),
]


def test_what_the_command_line_refuses(lab):
    asked = dict(zip(COMMANDS[2:], REFUSALS, strict=False))
    answers = {command.text: answer for command, (answer, _) in asked.items()}
    server, client = lab(answers={**answers, "show version active": VERSION})
    assert len(asked) == len(REFUSALS)
    for command, (answer, reason) in asked.items():
        error = refused(client, command)
        assert error.reason is reason, answer
        assert answer.splitlines()[0] in error.detail
    assert client.run(VERSION_ACTIVE).text == VERSION_TEXT
    assert server.connections == 1


# --- reading --------------------------------------------------------------------------------------------------------


def cleaned(data, size):
    screen = Screen()
    for start in range(0, len(data), size):
        screen.feed(data[start : start + size])
    return "\n".join([*screen.lines, screen.tail()])


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 1000])
def test_chunks_do_not_matter(size):
    data = (
        "a\x1b[1;31mb\x1b[K\r\nc\x1b]8;;http://x\x1b\\d\re\r\r\nf\x1b(Bg\b\bh\x00\x1b[0m\r\n\bÄdm\b\b\badmin:".encode()
    )
    assert cleaned(data, size) == "ab\ncd\ne\nh\nadmin:"


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_returns_at_the_beginning_of_a_line_are_idle(size):
    assert cleaned(b"\ra\r\n\rb\r\r\n\r\r\n\r\nc\rd\n\r\x1b[K\radmin:", size) == "a\nb\n\n\nc\nd\nadmin:"


@pytest.mark.parametrize(
    "line", ["plain text of a log line | root: admin: x", "\x1b[1mbold\x1b[0m text\x1b[K", "retyped\b\bed\b", ""]
)
def test_reading_is_quick_whatever_comes(line):
    data = (line + ("\r\n" if line else "")).encode() * 60_000 if line else os.urandom(64) * 0 + b"x" * 4_000_000
    screen, began = Screen(), time.process_time()
    for start in range(0, len(data), 32768):
        screen.feed(data[start : start + 32768])
        screen.tail()
    rate = len(data) / (time.process_time() - began) / 1e6
    assert rate > (20 if "\b" not in line else 5), f"{rate:.0f} MB/s"


def test_a_sequence_that_never_ends_is_let_go():
    assert cleaned(b"\x1b]0;" + b"x" * 10_000 + b"\r\nadmin:", 100).endswith("\nadmin:")


def test_the_echo_may_come_after_stale_prompts_only():
    assert after_echo(["", "admin:", "admin:show status", "x"], "show status") == ["x"]
    assert after_echo(["news", "show status", "x"], "show status") is None
    assert after_echo(["show status detail", "x"], "show status") is None
    assert after_echo([], "show status") is None


def test_words_of_refusal_inside_a_long_answer_are_output():
    assert refusal(["Executed command unsuccessfully", "then it worked"]) is None
    assert refusal(["a", "b", "c", "the system is busy"]) is None


def test_one_line_types_and_one_line_unwraps():
    folder = os.path.dirname(ssh.__file__)
    source = {}
    for name in ("ssh", "ssh_login", "ssh_connect", "terminal", "screen", "cli_text"):
        with open(os.path.join(folder, f"{name}.py")) as stream:
            source[name] = stream.read()
    everything = "\n".join(source.values())
    assert len(re.findall(r"\.(?:send|sendall|exec_command)\(", everything)) == 1
    assert everything.count(".reveal()") == 1


def test_the_limits_are_those_of_the_design(real_pauses):
    assert ssh_connect.BANNER_SECONDS == 60
    assert cli_text.QUIET[cli_text.Tail.PROMPT] >= 0.2
    assert terminal.MOST_BYTES == 16 * 1024 * 1024
