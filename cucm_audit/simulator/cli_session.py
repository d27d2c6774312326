"""One session on a node's CLI, from "starting up" to "quit" (reference: cli.md section 2)."""

from collections.abc import Callable

from cucm_audit.simulator import cli
from cucm_audit.simulator.cli_answer import UNSUCCESSFUL, Answer, Call, State
from cucm_audit.simulator.cli_faults import Faults
from cucm_audit.simulator.cli_pager import page_file, page_output
from cucm_audit.simulator.cli_terminal import GoneError, InterruptedByKeyError, Terminal
from cucm_audit.simulator.world import Asked, SimNode, World

STARTING = "Command Line Interface is starting up, please wait ..."
WELCOME = (
    "",
    "   Welcome to the Platform Command Line Interface",
    "",
    "VMware Installation:",
    "\t2 vCPU: Intel(R) Xeon(R) CPU E5-2650 v4 @ 2.20GHz",
    "\tDisk 1: 110GB, Partitions aligned",
    "\t8192 Mbytes RAM",
    "",
)
EXPIRED = "WARNING: Your password has expired.\r\nYou must change your password now and login again!"
_FOREVER = 10.0**9  # seconds


class Session:
    """The dialogue. ``cut`` breaks the connection, ``end`` ends the channel: only faults use them."""

    def __init__(
        self, world: World, node: SimNode, terminal: Terminal, *, cut: Callable[[], None], end: Callable[[], None]
    ) -> None:
        self._world, self._node, self._terminal = world, node, terminal
        self._cut, self._end = cut, end
        self._faults = Faults(node.faults)
        self._state = State()
        self._typed = 0

    def run(self) -> None:
        """Serve until somebody leaves."""
        try:
            if self._faults.get("ssh_auth") == "expired_shell":
                self._expired()
                return
            self._welcome()
            while self._one():
                pass
        except GoneError:
            return

    def _expired(self) -> None:
        """Ask for a new password, as the login shell of an expired account does. An answer is a write."""
        self._terminal.write(f"{EXPIRED}\r\n")
        self._terminal.echo = False
        for question in ("(current) UNIX password: ", "New password: ", "Retype new password: "):
            self._ask(question, write=True)
            self._terminal.write("\r\n")

    def _welcome(self) -> None:
        self._terminal.write(f"{STARTING}\r\n")
        self._terminal.wait(float(self._faults.get("cli_slow_start", 0.05)), typed_ahead=True)
        self._terminal.lines(list(WELCOME))
        more = self._faults.get("cli_banner", ())
        self._terminal.lines(more.splitlines() if isinstance(more, str) else list(more))
        if self._faults.get("cli_never_prompt"):
            self._terminal.wait(_FOREVER, typed_ahead=True)

    def _one(self) -> bool:
        """Prompt, read a line, answer it. Return whether the session goes on."""
        prompt = str(self._faults.get("cli_prompt", "admin:")).replace("{count}", str(self._state.commands + 1))
        self._terminal.write(f"\r{prompt}")
        try:
            command = self._terminal.line(len(prompt)).strip()
            if command in ("quit", "exit"):
                return False
            if command:
                self._answer(command)
        except InterruptedByKeyError:
            self._terminal.forget()
        return True

    def _answer(self, command: str) -> None:
        self._typed += 1
        pager = bool(self._faults.get("cli_no_pagination"))
        self._world.load.command(self._node.name, self._typed, pager=pager)
        call = Call(world=self._world, node=self._node, text=command, state=self._state)
        answer = cli.answer(call)
        self._terminal.wait(float(self._faults.hit("cli_delay", command) or 0))
        if self._faults.hit("cli_hang", command):
            self._terminal.wait(_FOREVER)
        if self._faults.hit("cli_endless", command):
            self._pour()
        self._print(command, answer)
        reboot = self._faults.hit("cli_reboot", command)
        if reboot:
            self._reboot(reboot)
        if answer.question:
            self._question(command, answer)

    def _reboot(self, release: object) -> None:
        """Come up anew, in no time at all."""
        self._node.faults.pop("cli_reboot")
        self._node.booted_at = self._node.now()
        if isinstance(release, str):
            self._node.release = release
        self._cut()
        raise GoneError

    def _question(self, command: str, answer: Answer) -> None:
        """Ask until somebody says yes or no; only a yes goes on."""
        while True:
            said = self._ask(answer.question, write=answer.write)
            if said in ("y", "yes"):
                if answer.then is not None:
                    self._print(command, answer.then())
                return
            if said in ("n", "no"):
                self._terminal.lines([UNSUCCESSFUL])
                return
            self._terminal.lines(["Please answer 'y' for <yes> or 'n' for <no>"])

    def _ask(self, question: str, *, write: bool) -> str:
        self._terminal.write(question)
        said = self._terminal.line(len(question)).strip()
        shown = said if self._terminal.echo else "(not shown)"
        asked = Asked(
            node=self._node.name, channel="ssh", operation=f"answer to: {question.strip()}", detail=shown, write=write
        )
        self._world.record(asked)
        return said

    def _print(self, command: str, answer: Answer) -> None:
        lines = [*answer.lines, *([UNSUCCESSFUL] if answer.failed else [])]
        lines = self._wrapped(self._strewn(command, lines))
        how = self._faults.hit("cli_cut", command)
        if how:
            self._break_off(lines, polite=how == "eof")
        elif answer.pager == "file" and not answer.failed:
            page_file(self._terminal, self._faults, lines)
        elif answer.pager == "output" and self._state.pagination:
            page_output(self._terminal, self._faults, lines)
        else:
            self._write_all(lines)

    def _write_all(self, lines: list[str]) -> None:
        for start in range(0, len(lines), 500):
            if self._terminal.heard_ctrl_c():
                raise InterruptedByKeyError
            self._terminal.lines(lines[start : start + 500])

    def _break_off(self, lines: list[str], *, polite: bool) -> None:
        text = "\r\n".join(lines)
        self._terminal.write(text[: len(text) // 2])
        (self._end if polite else self._cut)()
        raise GoneError

    def _pour(self) -> None:
        """Write lines until somebody stops it."""
        number = 0
        while True:
            self._write_all([f"{number + line:012} 0123456789 0123456789 0123456789 0123456789" for line in range(200)])
            number += 200

    def _strewn(self, command: str, lines: list[str]) -> list[str]:
        garbage = self._faults.hit("cli_garbage", command)
        if not garbage:
            return lines
        strewn = list(lines)
        pieces = (
            ["%% kernel: unexpected message"] if garbage is True else [garbage] if isinstance(garbage, str) else garbage
        )
        for number, piece in enumerate(pieces):
            strewn.insert(number * 3, str(piece))
        return strewn

    def _wrapped(self, lines: list[str]) -> list[str]:
        width = int(self._faults.get("cli_wrap") or 0)
        if not width:
            return lines
        return [line[start : start + width] for line in lines for start in range(0, max(len(line), 1), width)]
