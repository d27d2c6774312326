"""Options that several commands share. Each is read from the environment too: CUCM_AUDIT_NODE for --node."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from cucm_audit.reports import REPORTS

PREFIX = "CUCM_AUDIT_"
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def option(*names: str, **attributes: Any) -> Decorator:
    """Make an option of which the environment may hold a value. Precedence: option, environment, file."""
    long = next(name for name in names if name.startswith("--")).partition("/")[0]
    return click.option(*names, envvar=PREFIX + long[2:].replace("-", "_").upper(), **attributes)


class Once(click.Option):
    """An option that names one thing. Given twice it is refused: of two files the first would silently not be read."""

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        """Refuse the second one while the words are read; afterwards nobody knows of the first any more."""
        super().add_to_parser(parser, ctx)
        for name in self.opts:
            known = parser._long_opt.get(name) or parser._short_opt[name]  # click has no other way
            known.process = _refusing_a_second(known.process, name)


def _refusing_a_second(process: Callable[[Any, Any], None], name: str) -> Callable[[Any, Any], None]:
    given: list[Any] = []

    def once(value: Any, state: Any) -> None:
        if given:
            raise click.UsageError(f"{name} is given twice ({given[0]}, {value}): one at a time, nothing is merged")
        given.append(value)
        process(value, state)

    return once


def file_path(**attributes: Any) -> click.Path:
    """Return the type of an option that names a file."""
    return click.Path(path_type=Path, **attributes)


class Number(click.FloatRange):
    """A number of a range. Neither nan nor inf is one: nothing is above the one, so no limit would ever be reached."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number; a usage error for what is none."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is no number that could be reached", param, ctx)
        return number


def together(*decorators: Decorator) -> Decorator:
    """Make one decorator of several, keeping their order in --help."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


#: Who is asked, and as whom.
door_options = together(
    option("--node", metavar="NAME", help="The door: a cluster or node name of the cluster file, or an address."),
    option("--user", metavar="NAME", help="Application user (AXL, serviceability); the password is asked for."),
    option("--os-user", metavar="NAME", help="OS administrator (SSH); the password is asked for."),
    option("--config", "config_file", type=file_path(dir_okay=False), metavar="FILE", help="The cluster file."),
    option(
        "--state-dir",
        type=file_path(file_okay=False),
        metavar="DIR",
        help="Where trust.toml, locks and the history are.",
    ),
    option("--ca-file", type=file_path(dir_okay=False), metavar="FILE", help="Certificate authorities to trust (PEM)."),
    option("--no-input", is_flag=True, help="Never ask; fail instead."),
)

#: Read by run() itself, before any command.
debug_option = click.option(
    "--debug", is_flag=True, expose_value=False, help="Show where an unforeseen error happened."
)

#: How much is said.
talk_options = together(
    option("-q", "--quiet", is_flag=True, help="No progress, no notices."),
    option("-v", "--verbose", is_flag=True, help="All subjects, columns and requests."),
    option("--color", "colour", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True,
           help="Colour on standard output."),
    debug_option,
)  # fmt: skip

checks_option = option(
    "--checks", "check_folders", type=file_path(exists=True, file_okay=False), multiple=True, metavar="DIR",
    help="A folder of further checks (repeatable).",
)  # fmt: skip


def _format(*kinds: str) -> Decorator:
    return option("-f", "--format", "kind", type=click.Choice(kinds), default="table", show_default=True,
                  help="How the report is written.")  # fmt: skip


_place = together(
    option("-o", "--output", type=file_path(dir_okay=False), metavar="FILE", help="Where to (standard output)."),
    option("--force", is_flag=True, help="Replace files that exist."),
)  # fmt: skip
#: What every command can write, and what an audit can.
output_options = together(_format("table", "json"), _place)
report_options = together(_format(*REPORTS), _place)


def state_folder(state_dir: Path | None) -> Path:
    """Return the folder of trust.toml and the locks; the user's state folder unless told."""
    if state_dir is not None:
        return state_dir
    import platformdirs

    return Path(platformdirs.user_state_dir("cucm-audit", appauthor=False))


def strange_variables(environment: dict[str, str]) -> list[str]:
    """Return CUCM_AUDIT_ variables that no option reads: a misspelt one must not be silently without effect."""
    from cucm_audit.cli import COMMANDS, group

    known = set()
    context = click.Context(group)
    for name in COMMANDS:
        command = group.get_command(context, name)
        family = [command, *getattr(command, "commands", {}).values()]
        known |= {param.envvar for member in family if member is not None for param in member.params}
    return sorted(name for name in environment if name.startswith(PREFIX) and name not in known)
