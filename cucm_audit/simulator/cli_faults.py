"""What can go wrong with a node's SSH door and CLI: every key of ``SimNode.faults`` that this half obeys, in one place.

All are read when they matter (at a connection, at a command), so a test may set or remove them while the server runs.
Where a key speaks of a COMMAND, its value is a pattern, a list of them, or a dictionary pattern -> value; a pattern is
the command's text, ``*`` stands for anything, ``True`` for every command.

The door
    ssh_refuse            True: the port is closed
    ssh_drop              "connect" or True: closed before the first byte; "login": when a shell is asked for
    ssh_silent            True: the connection is taken and nothing is ever said
    ssh_prelines          lines before the version string: a number, or "endless"
    ssh_version           the version string after "SSH-2.0-" (default by release: OpenSSH_5.3, 7.4 or 8.8)
    ssh_banner            text that is shown before the authentication
    ssh_host_key          any value: another generation of host keys (a reinstalled node, or somebody in the middle)
    ssh_host_key_types    tuple of "rsa", "ecdsa", "ed25519" (default: rsa alone before 12.0, then all three)
    ssh_algorithms        "legacy": SHA-1 key exchange and ssh-rsa only; or a dictionary of lists under "kex",
                          "key_types", "ciphers", "digests"
    ssh_auth              "both" (default), "password", "keyboard", "refused", "expired" (asks for a new password),
                          "expired_shell" (the same, as the shell's first question), "two_factor"
    ssh_session_limit     how many sessions at once (default 10); one more is closed without a word

The session
    cli_slow_start        seconds from "starting up" to the welcome (default 0.05)
    cli_never_prompt      True: the welcome, but no prompt ever
    cli_banner            lines (text or list) below the welcome: a warning, a disclaimer, one that holds "admin:"
    cli_prompt            the prompt (default "admin:"); with {count} in it, the commands are counted
    cli_no_pagination     True: "set cli pagination" is no known command
    cli_page_lines        lines a page of the output pager (default 23; 0 = the terminal's height less one)
    cli_ctrl_c            False: Ctrl-C is not heard while a command runs

An answer (COMMAND)
    cli_delay             {COMMAND: seconds} before the answer
    cli_hang              COMMAND: no answer ever
    cli_cut               COMMAND: half of the answer, then the connection breaks; {COMMAND: "eof"}: the channel ends
    cli_reboot            COMMAND: after its answer the node restarts, once, and the session breaks; {COMMAND: release}:
                          it comes up in another release
    cli_endless           COMMAND: lines without end
    cli_garbage           {COMMAND: [lines]}: strewn into the answer, the first at the top, the others further down
    cli_question          {COMMAND: question} instead of an answer
    cli_answer            {COMMAND: text}: this answer, whatever the state of the world
    cli_error             {COMMAND: text}: this text, then "Executed command unsuccessfully"
    cli_pager_lost        True: a pager swallows its second page; a list of True and False: of the next answers that are
                          paged, these (the list grows shorter)
    cli_chunk             bytes a packet
    cli_wrap              columns: longer lines are broken
    cli_noise             True: CR CR LF, lone CR, control sequences and backspaces in the output
    cli_busy              True: an upgrade runs, what is not allowed meanwhile is refused; a text: answers everything
    cli_locked            True or a text: another session holds the lock, nothing is answered

Facts that the state of the world has no place for (not faults; the defaults are healthy)
    cli_disk              {"active": (total, free, used in K)} and so on for inactive and logging
    cli_cores             [(kilobytes or None, datetime UTC or days ago, name)]
    cli_backups           [{"at": datetime UTC or days ago, "ok": bool, "type": .., "device": .., "failed": ..,
                          "without": [hosts], "bad": [components]}], the oldest first
    cli_hardware          {"Processors": 1, "Memory": 4096}: numbers of show hardware
    cli_load              {"cpu_idle": "03.10", "load": "9.81"}: numbers of show status
    cli_diagnose          {module: what it says instead of Passed}
    cli_certificates      {"tomcat/tomcat.pem": {"issuer": .., "from": datetime, "to": datetime}}, over the usual ones
    cli_upgrade           {"status": "Failed", "file": .., "log": .., "message": ..}
    cli_fips, cli_os_mode True; "enforcing" or "permissive"
    cli_vmtools_old       True: VMware Tools are out of date
    cli_options_indented, cli_license_mac, cli_history_headers, cli_trailing_blank   True: a form of some releases
"""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

#: Every key above.
KEYS: frozenset[str] = frozenset(
    (
        "ssh_refuse",
        "ssh_drop",
        "ssh_silent",
        "ssh_prelines",
        "ssh_version",
        "ssh_banner",
        "ssh_host_key",
        "ssh_host_key_types",
        "ssh_algorithms",
        "ssh_auth",
        "ssh_session_limit",
        "cli_slow_start",
        "cli_never_prompt",
        "cli_banner",
        "cli_prompt",
        "cli_no_pagination",
        "cli_page_lines",
        "cli_ctrl_c",
        "cli_delay",
        "cli_hang",
        "cli_cut",
        "cli_reboot",
        "cli_endless",
        "cli_garbage",
        "cli_question",
        "cli_answer",
        "cli_error",
        "cli_pager_lost",
        "cli_chunk",
        "cli_wrap",
        "cli_noise",
        "cli_busy",
        "cli_locked",
        "cli_disk",
        "cli_cores",
        "cli_hardware",
        "cli_load",
        "cli_backups",
        "cli_diagnose",
        "cli_certificates",
        "cli_upgrade",
        "cli_fips",
        "cli_vmtools_old",
        "cli_os_mode",
        "cli_options_indented",
        "cli_license_mac",
        "cli_history_headers",
        "cli_trailing_blank",
    )
)


class Faults:
    """The faults of one node, read live."""

    def __init__(self, faults: Mapping[str, Any]) -> None:
        self._faults = faults

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of ``key``. KeyError for a key that nobody knows: a fault that would never happen."""
        if key not in KEYS:
            raise KeyError(key)
        return self._faults.get(key, default)

    def hit(self, key: str, command: str) -> Any:
        """Return the value of ``key`` for ``command``: None when it does not concern it."""
        wanted = self.get(key)
        if wanted is None or wanted is False:
            return None
        if wanted is True:
            return True
        if isinstance(wanted, str):
            wanted = {wanted: True}
        elif not isinstance(wanted, Mapping):
            wanted = dict.fromkeys(_strings(wanted), True)
        return next((value for pattern, value in wanted.items() if fnmatchcase(command, pattern)), None)


def _strings(values: Iterable[Any]) -> list[str]:
    return [str(value) for value in values]
