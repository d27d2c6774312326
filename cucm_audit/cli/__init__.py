"""The command line: one module a family of commands. The only room that prints, prompts and knows exit codes."""

import contextlib
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import click

from cucm_audit import __version__
from cucm_audit.cli.console import Problem, complain, steady_streams
from cucm_audit.shortage import gasp, shortage

#: Command, its module, and its line in --help (so that --help need not import them all).
COMMANDS = {
    "audit": ("audit", "Collect, judge, report. The default: `cucm-audit --node pub` is an audit."),
    "explain": ("explain", "Explain what a phone shows, a row, a check; on a cluster, for one phone and user."),
    "checks": ("checks", "List the checks; --coverage prints every row of every document."),
    "checklist": ("checklist", "Before an upgrade: go or no-go. After it: what is different, what did not come back."),
    "diff": ("diff", "Compare two snapshots: new, gone, changed, no longer known."),
    "trust": ("trust", "Accept certificates and SSH host keys: add, list, remove, check."),
    "doctor": ("doctor", "Before the first run: what each source lacks, and which checks that costs."),
    "snapshot": ("snapshot", "Save what a cluster tells, to be judged later; show, redact what is in a file."),
    "fleet": ("fleet", "Many clusters at once, and one picture of them; merge: of several parts."),
    "report": ("report", "Render a saved JSON report or a snapshot again, offline."),
    "demo": ("demo", "Audit a simulated cluster on this machine, for real."),
    "simulate": ("simulate", "Run the simulated cluster alone, for training and tests."),
    "schema": ("schema", "Print the JSON Schema of the report."),
    "completion": ("completion", "Print the completion script for bash, zsh or fish."),
}


class _Commands(click.Group):
    """The group: imports a command when it is called, and takes a bare call for ``audit``."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the commands in the order in which a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command, now that it is wanted."""
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        command: click.Command = import_module(f"cucm_audit.cli.{COMMANDS[cmd_name][0]}").command
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``audit`` before the arguments of a bare call."""
        if not args or (args[0].startswith("-") and args[0] not in ("--help", "-h", "--version")):
            args = ["audit", *args]
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, then the options of a bare call."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in COMMANDS.items()])
        audit = self.get_command(ctx, "audit")
        assert audit is not None
        with formatter.section("Options of audit, and of a bare call"):
            formatter.write_dl([line for option in audit.params if (line := option.get_help_record(ctx))])


@click.command(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit: 0 complete and clean, 1 findings, 2 usage or nothing could be audited, 3 something could not be "
    "checked, 130 interrupted. Every long option is also read from the environment: CUCM_AUDIT_NODE for --node.",
)
@click.version_option(__version__, prog_name="cucm-audit")
def group() -> None:
    """Read-only auditor for Cisco Unified Communications Manager clusters."""


def run(argv: Sequence[str]) -> int:
    """Run the command line and return its exit code. Nothing but the code and what was printed leaves here."""
    steady_streams()
    debug = "--debug" in argv
    with _quiet(debug=debug):
        return _as_plugin(argv) if _is_plugin(argv) else _run(argv, debug=debug)


def _is_plugin(argv: Sequence[str]) -> bool:
    """Say whether a monitoring system called: a mistake is then told on standard output, and is UNKNOWN, not 2."""
    import os
    from itertools import pairwise

    words = " ".join(argv).replace("=", " ").split()
    asked = [after for word, after in pairwise(words) if word in ("-f", "--format")]
    short = [word[2:] for word in words if word.startswith("-f") and len(word) > len("-f")]
    return "nagios" in (*asked, *short, *([] if asked or short else [os.environ.get("CUCM_AUDIT_FORMAT", "")]))


def _as_plugin(argv: Sequence[str]) -> int:
    """Run as a monitoring plugin."""
    from cucm_audit.cli.console import say
    from cucm_audit.reports.nagios import UNKNOWN, unknown_line

    try:
        code = group.main(list(argv), prog_name="cucm-audit", standalone_mode=False)
    except click.ClickException as error:
        says = error.format_message()
    except (KeyboardInterrupt, click.Abort):
        says = "interrupted"
    except Exception as error:
        says = str(error) if isinstance(error, (Problem, *foreseen())) else f"{type(error).__name__}: {error}"
    else:
        return code if isinstance(code, int) else 0
    say(unknown_line(says))
    return UNKNOWN


def _run(argv: Sequence[str], *, debug: bool) -> int:
    try:
        code = group.main(list(argv), prog_name="cucm-audit", standalone_mode=False)
    except (KeyboardInterrupt, click.Abort):
        complain("interrupted")
        return 130
    except click.ClickException as error:
        return _usage(error)
    except BrokenPipeError:
        return 2
    except Problem as error:
        complain(f"cucm-audit: {error}")
        return error.code
    except Exception as error:  # the last net: one line, no traceback, no secret
        if says := shortage(error):
            return _short(says, error, debug=debug)
        return _unforeseen(error, debug=debug)
    return code if isinstance(code, int) else 0


def _short(says: str, error: Exception, *, debug: bool) -> int:
    """Say what there is too little of. With no memory at all even the mask and the sanitiser cannot be had."""
    try:
        if debug:
            import traceback

            complain("".join(traceback.format_exception(error)))
        complain(f"cucm-audit: {says}")
    except Exception:  # whatever printing needed was not there either
        gasp(says)
    return 2


def _usage(error: click.ClickException) -> int:
    context = getattr(error, "ctx", None)
    if context is not None:
        complain(context.get_usage())
    complain(f"cucm-audit: {error.format_message()}")
    return 2


def _unforeseen(error: Exception, *, debug: bool) -> int:
    if debug:
        import traceback

        complain("".join(traceback.format_exception(error)))
    if isinstance(error, foreseen()):
        complain(f"cucm-audit: {error}" + (f"; {hint}" if (hint := getattr(error, "hint", "")) else ""))
    else:
        more = "" if debug else " (say --debug for the details)"
        complain(f"cucm-audit: this should not have happened: {type(error).__name__}: {error}{more}")
    return 2


def foreseen() -> tuple[type[Exception], ...]:
    """Return the errors whose text is meant for a person. Imported only when something went wrong."""
    from cucm_audit.checks import CheckError
    from cucm_audit.clients import ClientError, WriteBlocked
    from cucm_audit.config import ConfigError
    from cucm_audit.reports.json import ReportError
    from cucm_audit.secrets import SecretError
    from cucm_audit.snapshot import SnapshotError
    from cucm_audit.trust import TrustError
    from cucm_audit.waivers import WaiverError

    return (
        CheckError,
        ClientError,
        ConfigError,
        ReportError,
        SecretError,
        SnapshotError,
        TrustError,
        WaiverError,
        WriteBlocked,
    )


@contextlib.contextmanager
def _quiet(*, debug: bool) -> Iterator[None]:
    """See to it that no library and no thread prints past the mask: a log line or a traceback may hold anything."""
    import logging
    import threading

    before = logging.lastResort, sys.excepthook, threading.excepthook
    logging.lastResort = logging.NullHandler()  # None would say on stderr that there is nobody to tell
    sys.excepthook = _say_kind
    if not debug:
        threading.excepthook = lambda lost: _say_kind(lost.exc_type, lost.exc_value or lost.exc_type(), None)
    try:
        yield
    finally:
        logging.lastResort, sys.excepthook, threading.excepthook = before


def _say_kind(kind: type[BaseException], error: BaseException, _trace: Any) -> None:
    complain(f"cucm-audit: this should not have happened: {kind.__name__}: {error}")
