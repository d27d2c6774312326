"""Who may log in at a node's SSH door, and what is counted there (reference: cli.md section 2.2)."""

import queue
from dataclasses import dataclass
from typing import Any

import paramiko
from paramiko import common
from paramiko.server import InteractiveQuery

from cucm_audit.simulator import cli
from cucm_audit.simulator.cli_faults import Faults
from cucm_audit.simulator.world import Asked, SimNode, World

_METHODS = {
    "password": "password",
    "keyboard": "keyboard-interactive",
    "expired": "keyboard-interactive",
    "two_factor": "keyboard-interactive",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt to log in. ``method`` is password, keyboard-interactive or publickey; no secret is kept."""

    method: str
    user: str
    accepted: bool


@dataclass(slots=True)
class Window:
    """What a client said of its terminal. Without one (``pty`` False) nothing is echoed."""

    columns: int = 80
    rows: int = 24
    pty: bool = False


class Login(paramiko.ServerInterface):
    """One connection's authentication and channel requests. ``shells`` receives the channels that want a session."""

    def __init__(self, world: World, node: SimNode, attempts: list[Attempt]) -> None:
        self._world, self._node, self._attempts = world, node, attempts
        self._faults = Faults(node.faults)
        self._user, self._asked = "", ""
        self.windows: dict[int, Window] = {}
        self.shells: queue.Queue[paramiko.Channel] = queue.Queue()

    # ------------------------------------------------------------------------------------------------------- logging in
    def get_banner(self) -> tuple[str | None, str | None]:
        """Return the text that is shown before the authentication."""
        text = self._faults.get("ssh_banner")
        return (str(text), "en-US") if text else (None, None)

    def get_allowed_auths(self, username: str) -> str:  # noqa: ARG002 - the library's signature
        """Return the methods that this door offers."""
        return _METHODS.get(str(self._faults.get("ssh_auth", "both")), "password,keyboard-interactive")

    def _offers(self, method: str) -> bool:
        return method in self.get_allowed_auths("").split(",")

    def _right(self, user: str, password: str) -> bool:
        account = self._node.accounts.get("platform", self._world.platform)
        return self._faults.get("ssh_auth") != "refused" and (user, password) == tuple(account)

    def _count(self, method: str, user: str, accepted: bool) -> int:
        self._attempts.append(Attempt(method=method, user=user, accepted=accepted))
        if method != "publickey" and self._offers(method):  # a method that is not offered looks at no password
            self._world.load.login(self._node.name, f"the platform account {user}", accepted=accepted)
        return common.AUTH_SUCCESSFUL if accepted else common.AUTH_FAILED

    def check_auth_none(self, username: str) -> int:  # noqa: ARG002
        """Refuse, and do not count it: every client asks this first to learn the methods."""
        return common.AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:  # noqa: ARG002
        """Refuse: the platform knows passwords only."""
        return self._count("publickey", username, False)

    def check_auth_password(self, username: str, password: str) -> int:
        """Compare the password, unless this door does not offer the method."""
        accepted = self._offers("password") and self._right(username, password)
        return self._count("password", username, accepted)

    def check_auth_interactive(self, username: str, submethods: str) -> Any:  # noqa: ARG002
        """Ask for the password."""
        if not self._offers("keyboard-interactive"):
            return self._count("keyboard-interactive", username, False)
        self._user = username
        return self._ask("Password: ")

    def _ask(self, *prompts: str, instructions: str = "") -> InteractiveQuery:
        self._asked = prompts[0]
        query = InteractiveQuery("", instructions)
        for prompt in prompts:
            query.add_prompt(prompt, echo=False)
        return query

    def check_auth_interactive_response(self, responses: list[str]) -> Any:
        """Judge an answer; an expired or a two-factor account asks on."""
        method, mode = "keyboard-interactive", self._faults.get("ssh_auth")
        if self._asked != "Password: ":
            if self._asked.startswith(("New", "Retype")):  # somebody sets a new password: a write
                operation = f"answer to: {self._asked.strip()}"
                self._world.record(Asked(node=self._node.name, channel="ssh", operation=operation, write=True))
                if self._asked.startswith("New"):
                    return self._ask("Retype new password: ")
            return self._count(method, self._user, False)
        if not responses or not self._right(self._user, responses[0]):
            return self._count(method, self._user, False)
        if mode == "expired":
            return self._ask("New password: ", instructions="Your password has expired. Choose a new password.")
        if mode == "two_factor":
            return self._ask("Verification code: ")
        return self._count(method, self._user, True)

    # --------------------------------------------------------------------------------------------------------- channels
    def check_channel_request(self, kind: str, chanid: int) -> int:
        """Open sessions, and nothing else: no forwarding."""
        if kind != "session":
            return common.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        self.windows[chanid] = Window()
        return common.OPEN_SUCCEEDED

    def check_channel_pty_request(
        self,
        channel: paramiko.Channel,
        term: bytes,  # noqa: ARG002
        width: int,
        height: int,
        pixelwidth: int,  # noqa: ARG002
        pixelheight: int,  # noqa: ARG002
        modes: bytes,  # noqa: ARG002
    ) -> bool:
        """Note the size of the terminal."""
        self.windows[channel.chanid] = Window(columns=width, rows=height, pty=True)
        return True

    def check_channel_window_change_request(
        self,
        channel: paramiko.Channel,
        width: int,
        height: int,
        pixelwidth: int,  # noqa: ARG002
        pixelheight: int,  # noqa: ARG002
    ) -> bool:
        """Note the new size."""
        window = self.windows[channel.chanid]
        window.columns, window.rows = width, height
        return True

    def check_channel_shell_request(self, channel: paramiko.Channel) -> bool:
        """Hand the channel to the server, which starts a session on it."""
        self.shells.put(channel)
        return True

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:  # noqa: ARG002
        """Refuse: commands are typed into a session. It is recorded all the same."""
        text = command.decode("utf-8", "replace")
        self._world.record(
            Asked(
                node=self._node.name,
                channel="ssh",
                operation=f"exec: {text}",
                detail="refused",
                write=cli.is_write(text),
            )
        )
        return False
