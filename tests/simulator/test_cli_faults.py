"""What goes wrong in a session, one fault at a time: cli_faults.py is the list."""

import re
import time

import pytest

from cucm_audit.simulator.world import SimEvent, World
from tests.simulator.cli_typist import MORE, OPTIONS, PROMPT, Typist, connected, logged_in, serving, typing, utc, world


def faulty(**faults: object) -> World:
    cluster = world()
    cluster.nodes[0].faults |= faults
    return cluster


def test_faults_that_nobody_knows_are_an_error():
    from cucm_audit.simulator.cli_faults import Faults

    with pytest.raises(KeyError):
        Faults({}).get("cli_hnag")


def test_never_a_prompt():
    cluster = faulty(cli_never_prompt=True)
    with serving(cluster) as server:
        transport = connected(server)
        transport.auth_password(*cluster.platform)
        with Typist(transport) as typist:
            assert "Welcome" in typist.until("RAM\r\n\r\n")
            assert typist.silent(0.5)


def test_a_banner_with_a_prompt_in_it():
    with typing(faulty(cli_banner=["WARNING: the last shutdown was ungraceful", "admin:", ""]), pager=True) as typist:
        typist.type("\r")
        typist.until("\r\n\radmin:")
        assert "RAM\r\n\r\nWARNING: the last shutdown was ungraceful\r\nadmin:\r\n\r\n\radmin:" in typist.said


def test_another_prompt_and_a_counted_one():
    cluster = faulty(cli_prompt="{count} admin:")
    with serving(cluster) as server:
        transport = connected(server)
        transport.auth_password(*cluster.platform)
        with Typist(transport) as typist:
            typist.until("\r1 admin:")
            typist.type("show version active\r")
            typist.until("\r2 admin:")


def test_hanging_for_good():
    with typing(faulty(cli_hang=["utils service*"], cli_ctrl_c=False)) as typist:
        assert typist.run("show version inactive") == ["No inactive version"]
        typist.type("utils service list\r")
        typist.until("list\r\n")
        typist.type("\x03")
        assert typist.silent(0.5)


def test_an_answer_takes_its_time():
    with typing(faulty(cli_delay={"show version *": 0.3})) as typist:
        before = time.monotonic()
        typist.run("show version active")
        assert time.monotonic() - before >= 0.3


@pytest.mark.parametrize("how", [True, "eof"])
def test_cut_in_the_middle(how: object):
    with typing(faulty(cli_cut={"show hardware": how})) as typist:
        typist.type("show hardware\r")
        read = typist.ended().decode()
        assert "HW Platform" in read
        assert "Partition Details" not in read
        assert "admin:" not in read
        assert typist.transport.is_active() is (how == "eof")


def test_endless_until_somebody_stops_it():
    with typing(faulty(cli_endless="utils service list")) as typist:
        typist.type("utils service list\r")
        read = 0
        while read < 2_000_000:
            read += len(typist.channel.recv(1 << 20))
        typist.type("\x03")
        typist.until(seconds=10)


def test_garbage_in_an_answer():
    with typing(faulty(cli_garbage={"show version active": ["kernel: oops", "admin:"]})) as typist:
        typist.type("show version active\r")
        said = typist.until("Options:\r\nadmin:\r\nNo Installed Software Options Found.\r\n\radmin:")
        assert said.startswith("show version active\r\nkernel: oops\r\nActive Master")


def test_a_question_instead_of_an_answer():
    cluster = faulty(cli_question={"show status": "Enter password: "})
    with serving(cluster) as server, logged_in(server) as typist:
        typist.type("show status\r")
        typist.until("Enter password: ")
        assert typist.silent()
        assert bytes(server.terminals[0].received) == b"show status\r", "nothing was typed after the question"


def test_another_answer_and_an_error():
    with typing(faulty(cli_answer={"show status": "one\ntwo"}, cli_error={"show hardware": "It is broken"})) as typist:
        assert typist.run("show status") == ["one", "two"]
        assert typist.run("show hardware") == ["It is broken", "Executed command unsuccessfully"]


def test_pagers_lose_their_second_page():
    cluster = faulty(cli_pager_lost=True, cli_page_lines=10)
    cluster.nodes[0].events = [
        SimEvent(at=utc(2026, 2, 1, 0, 0, second), action="Boot", subject="x", result="Start") for second in range(55)
    ]
    with typing(cluster, pager=True) as typist:
        typist.type("file view install system-history.log\r")
        assert "(lines 1 - 20 of 60)" in typist.until(OPTIONS)
        typist.type("n")
        assert "(lines 41 - 60 of 60)" in typist.until(OPTIONS)
        typist.type("q")
        typist.until()
        typist.type("file dump install system-history.log\r")
        typist.until(MORE)
        typist.type(" ")
        typist.until(MORE)
        dumped = typist.said.rpartition("file dump")[2]
        seconds = [second for second in range(55) if f" 01:00:{second:02} |" in dumped]
        assert seconds == [*range(5), *range(15, 25)]


def test_chunks():
    with typing(faulty(cli_chunk=7), pager=True) as typist:
        typist.type("show version active\r")
        sizes, read = [], b""
        while not read.endswith(PROMPT.encode()):
            data = typist.channel.recv(65536)
            sizes.append(len(data))
            read += data
        assert len(sizes) > 5
        assert b"Active Master Version: 12.5.1.14900-63\r\n" in read


def test_wrapped_lines():
    with typing(faulty(cli_wrap=30), pager=True) as typist:
        lines = typist.run("show network cluster")
        assert max(map(len, lines)) == 30
        assert "192.0.2.11 cucm-pub.example.co" in lines


def test_noise_is_noise_and_hides_nothing():
    with typing(faulty(cli_noise=True), pager=True) as typist:
        typist.type("show hardware\r")
        typist.until(MORE)
        typist.type(" ")
        typist.until()
        said = typist.said.rpartition("show hardware")[2]
        assert "\r\r\n" in said
        assert "\x1b[24;1H" in said
        clean = re.sub(r"\x1b\[[\d;]*[A-Za-z]", "", said)
        clean = re.sub(r".\x08", "", clean).replace("\r", "\n")
        assert "Processors        : 2" in clean.split("\n")
        assert "CPU Speed         : 2200" in clean.split("\n")


def test_busy_upgrading():
    with typing(faulty(cli_busy=True), pager=True) as typist:
        refused = ["Command not allowed during upgrade", "Executed command unsuccessfully"]
        assert typist.run("set cli pagination off") == refused
        assert typist.run("run sql select name from device") == refused
        assert typist.run("show version inactive") == ["No inactive version"]


def test_busy_altogether_and_locked():
    with typing(faulty(cli_busy="The system is busy"), pager=True) as typist:
        assert typist.run("show version active") == ["The system is busy", "Executed command unsuccessfully"]
    with typing(faulty(cli_locked=True), pager=True) as typist:
        assert "lock" in typist.run("show version active")[0]


def test_faults_come_and_go_while_it_runs():
    cluster = world()
    with typing(cluster) as typist:
        good = typist.run("show version active")
        cluster.nodes[0].faults["cli_error"] = {"show version *": True}
        assert typist.run("show version active") == ["Executed command unsuccessfully"]
        del cluster.nodes[0].faults["cli_error"]
        assert typist.run("show version active") == good
