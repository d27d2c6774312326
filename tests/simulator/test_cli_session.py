"""The dialogue: greeting, prompt, echo, pagers, leaving (reference: cli.md section 2)."""

import os
import pty
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from cucm_audit.simulator.world import SimEvent
from tests.simulator.cli_typist import MORE, OPTIONS, Typist, connected, logged_in, serving, typing, utc, world


def test_greeting_then_the_prompt_without_a_newline():
    with serving(world()) as server, logged_in(server) as typist:
        assert typist.said.startswith("Command Line Interface is starting up, please wait ...\r\n")
        assert (
            "\r\n   Welcome to the Platform Command Line Interface\r\n\r\nVMware Installation:\r\n\t2 vCPU:"
            in typist.said
        )
        assert typist.said.endswith("8192 Mbytes RAM\r\n\r\n\radmin:")
        assert typist.silent()


def test_a_slow_start_is_slow():
    cluster = world()
    cluster.nodes[0].faults["cli_slow_start"] = 0.4
    with serving(cluster) as server:
        before = time.monotonic()
        with logged_in(server):
            assert time.monotonic() - before >= 0.4


def test_every_key_is_echoed_and_backspace_takes_one_back():
    with typing(world()) as typist:
        typist.type("show verX")
        assert typist.until("verX") == "show verX"
        typist.type("\x7f")
        assert typist.until("\b \b") == "\b \b"
        typist.type("sion active\r")
        said = typist.until()
        assert said.startswith("sion active\r\nActive Master Version: 12.5.1.14900-63\r\n")


def test_without_a_terminal_nothing_is_echoed():
    with serving(world()) as server, logged_in(server, pty=False) as typist:
        typist.type("show version inactive\r")
        assert typist.until() == "No inactive version\r\n\radmin:"


def test_a_narrow_terminal_wraps_the_echo():
    with typing(world(), width=20) as typist:
        typist.type("show network cluster\r")
        echo = typist.until().partition("\r\n")[0]
        assert echo == "show network c \rluster"


def test_what_is_typed_too_early_stands_above_the_welcome_and_runs_after_it():
    cluster = world()
    cluster.nodes[0].faults["cli_slow_start"] = 0.5
    with serving(cluster) as server:
        transport = connected(server)
        transport.auth_password(*cluster.platform)
        with Typist(transport) as typist:
            typist.type("show version inactive\r")
            said = typist.until("No inactive version\r\n\radmin:")
            assert said.index("show version inactive") < said.index("Welcome")
            assert said.count("show version inactive") == 2
            assert said.count("admin:") == 2


def test_empty_lines_prompt_again():
    with typing(world()) as typist:
        typist.type("\r")
        assert typist.until() == "\r\n\radmin:"


def test_unknown_commands():
    with typing(world()) as typist:
        assert typist.run("show me the money") == ["No valid command entered"]
        assert typist.run("SHOW STATUS") == ["No valid command entered"]
        assert typist.run("show version") == ["Enter valid values for the command", "Executed command unsuccessfully"]


@pytest.mark.parametrize("word", ["quit", "exit"])
def test_leaving(word: str):
    with typing(world()) as typist:
        typist.type(f"{word}\r")
        assert typist.ended() == f"{word}\r\n".encode()


def test_ctrl_c_at_the_prompt_and_in_a_hanging_command():
    cluster = world()
    cluster.nodes[0].faults["cli_hang"] = "show hardware"
    with typing(cluster) as typist:
        typist.type("show hard\x03")
        assert typist.until() == "show hard^C\r\n\radmin:"
        typist.type("show hardware\r")
        typist.until("\r\n")
        assert typist.silent()
        typist.type("\x03")
        typist.until()
        assert typist.run("show version inactive") == ["No inactive version"]


def test_output_pager_by_page_by_line_and_leaving():
    with typing(world(), pager=True) as typist:
        typist.type("show hardware\r")
        first = typist.until(MORE)
        assert "\x1b[1mPress <enter> for 1 line, <space> for one page, or <q> to quit" in first
        assert len(first.split("\r\n")) == 1 + 23 + 1
        typist.type("\r")
        assert typist.until(MORE).count("\r\n") == 1
        typist.type(" ")
        rest = typist.until()
        assert rest.startswith("\r\x1b[K")
        assert rest.endswith("/dev/sda2      41945088  83888127   41943040  83  Linux\r\n\radmin:")
        typist.type("show hardware\r")
        typist.until(MORE)
        typist.type("q")
        assert typist.until() == "\r\x1b[K\radmin:"


def test_pagination_off_and_on_and_asked():
    with typing(world(), pager=True) as typist:
        assert typist.run("show cli pagination") == ["Automatic Pagination : On."]
        assert typist.run("set cli pagination off") == ["Automatic pagination is turned off"]
        assert typist.run("show cli pagination") == ["Automatic Pagination : Off."]
        assert len(typist.run("show hardware")) > 30
        assert typist.run("set cli pagination on") == ["Automatic pagination is turned on"]
        typist.type("show hardware\r")
        typist.until(MORE)


def test_old_nodes_do_not_know_pagination():
    cluster = world("8.6.2.20000-2")
    cluster.nodes[0].faults["cli_no_pagination"] = True
    with typing(cluster, pager=True) as typist:
        assert typist.run("set cli pagination off") == ["No valid command entered"]
        typist.type("show hardware\r")
        typist.until(MORE)


OPTIONS_LINE = re.compile(r"options: q=quit, n=next, p=prev, b=begin, e=end \(lines (\d+) - (\d+) of (\d+)\) : ")


def pages(typist: Typist, keys: str) -> list[tuple[str, ...]]:
    """Type each key and return what the options line says then."""
    found = []
    for key in keys:
        typist.type(key)
        found.append(OPTIONS_LINE.search(typist.until(OPTIONS)).groups())
    return found


def test_file_view_pages_even_with_pagination_off():
    cluster = world()
    cluster.nodes[0].events = [
        SimEvent(at=utc(2026, 2, 1, 0, 0, second), action="Boot", subject="x", result="Start") for second in range(42)
    ]
    with typing(cluster) as typist:
        typist.type("file view install system-history.log\r")
        first = typist.until(OPTIONS)
        assert OPTIONS_LINE.search(first).groups() == ("1", "20", "47")
        assert "\x1b[1moptions:" in first
        assert "end of the file reached" not in first
        assert pages(typist, "npnnbe") == [
            ("21", "40", "47"),
            ("1", "20", "47"),
            ("21", "40", "47"),
            ("41", "47", "47"),
            ("1", "20", "47"),
            ("41", "47", "47"),
        ]
        assert typist.said.count("end of the file reached\r\n\x1b[1moptions:") == 2
        typist.type("q")
        assert typist.until() == "\r\n\radmin:"


def test_file_view_pages_a_short_file_too():
    with typing(world()) as typist:
        typist.type("file view install system-history.log\r")
        said = typist.until(OPTIONS)
        assert OPTIONS_LINE.search(said).groups() == ("1", "8", "8")
        assert "end of the file reached" in said
        assert typist.silent()
        typist.type("q")
        typist.until()


def test_questions_want_yes_or_no():
    cluster = world()
    with typing(cluster) as typist:
        typist.type("show diskusage common\r")
        typist.until("Continue (y/n)?")
        typist.type("what\r")
        assert "Please answer 'y' for <yes> or 'n' for <no>" in typist.until("Continue (y/n)?")
        typist.type("n\r")
        assert "Executed command unsuccessfully" in typist.until()
        typist.type("show diskusage common\r")
        typist.until("Continue (y/n)?")
        typist.type("y\r")
        assert "18432\t/common/log/taos-log-a/cm/trace" in typist.until()
    assert [(asked.operation, asked.detail) for asked in cluster.asked if asked.operation.startswith("answer")] == [
        ("answer to: Continue (y/n)?", "what"),
        ("answer to: Continue (y/n)?", "n"),
        ("answer to: Continue (y/n)?", "y"),
    ]


def test_exec_is_refused_and_recorded():
    import paramiko

    cluster = world()
    with serving(cluster) as server:
        transport = connected(server)
        transport.auth_password(*cluster.platform)
        channel = transport.open_session()
        with pytest.raises(paramiko.SSHException):
            channel.exec_command("utils system restart")
        transport.close()
    assert [(asked.operation, asked.write) for asked in cluster.asked] == [("exec: utils system restart", True)]


def test_stopping_ends_sessions_and_frees_the_port():
    cluster = world()
    with serving(cluster) as server:
        typist = logged_in(server)
        server.stop()
        assert typist.ended() == b""
        assert server.start() == server.port
        logged_in(server).transport.close()


@pytest.mark.skipif(shutil.which("ssh") is None, reason="OpenSSH's client is not installed")
def test_openssh_logs_in_and_works(tmp_path: Path):
    cluster = world()
    cluster.nodes[0].faults["ssh_host_key_types"] = ("rsa", "ecdsa", "ed25519")
    answer = tmp_path / "answer"
    answer.write_text(f"#!/bin/sh\necho '{cluster.platform[1]}'\n")
    answer.chmod(0o700)
    with serving(cluster) as server:
        ours, theirs = pty.openpty()
        options = (
            "StrictHostKeyChecking=no",
            "UserKnownHostsFile=/dev/null",
            "PubkeyAuthentication=no",
            "LogLevel=ERROR",
        )
        process = subprocess.Popen(
            [
                "ssh",
                "-F",
                "none",
                "-tt",
                "-p",
                str(server.port),
                *(f"-o{option}" for option in options),
                f"{cluster.platform[0]}@127.0.0.1",
            ],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={
                **os.environ,
                "SSH_ASKPASS": str(answer),
                "SSH_ASKPASS_REQUIRE": "force",
                "DISPLAY": ":0",
                "TERM": "vt100",
            },
            start_new_session=True,
        )
        os.close(theirs)
        try:
            assert b"Welcome to the Platform Command Line Interface" in _read(ours, b"admin:")
            os.write(ours, b"show version active\r")
            assert b"Active Master Version: 12.5.1.14900-63" in _read(ours, b"admin:")
            os.write(ours, b"quit\r")
            assert process.wait(10) == 0
        finally:
            process.kill()
            process.wait()
            os.close(ours)


def _read(terminal: int, end: bytes) -> bytes:
    os.set_blocking(terminal, False)
    read, stop = b"", time.monotonic() + 10
    while not read.endswith(end):
        assert time.monotonic() < stop, read
        try:
            read += os.read(terminal, 4096)
        except BlockingIOError:
            time.sleep(0.01)
    return read
