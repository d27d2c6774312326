"""``cucm-audit explain``: what a phone shows, a row, a check, a document; on a cluster for one phone and one user."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from cucm_audit import __version__
from cucm_audit.cli.audit import Wishes, asking_options, load_checks
from cucm_audit.cli.console import say, width, write_file
from cucm_audit.cli.options import Once, checks_option, file_path, option, output_options, talk_options, together

if TYPE_CHECKING:
    from cucm_audit.answer import Told, Topic
    from cucm_audit.checks import Checks
    from cucm_audit.explain import Desk
    from cucm_audit.lookup import Found
    from cucm_audit.snapshot import Snapshot

#: The document whose explanation on a cluster is a picture.
PICTURED = "scenario-45"
MOST_NAME = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was typed beside the options that every run has."""

    text: str
    device: str
    user: str


#: Whom a question is about. ``--user`` is the end user here, so the application user has another option.
about_options = together(
    click.option("--device", metavar="NAME", default="", help="The phone, as SEP001122334455."),
    click.option("--user", metavar="ID", default="", help="The end user who logs in."),
    option("--from", "from_file", cls=Once, type=file_path(exists=True, dir_okay=False), metavar="FILE",
           help="Ask a saved snapshot; nothing is sent."),
)  # fmt: skip
door = together(
    option("--node", metavar="NAME", help="The door: a cluster or node name of the cluster file, or an address."),
    click.option("--api-user", "account", metavar="NAME", envvar="CUCM_AUDIT_USER",
                 help="Application user (AXL, serviceability); the password is asked for."),
    option("--os-user", metavar="NAME", help="OS administrator (SSH); the password is asked for."),
    option("--config", "config_file", type=file_path(dir_okay=False), metavar="FILE", help="The cluster file."),
    option("--state-dir", type=file_path(file_okay=False), metavar="DIR", help="Where trust.toml and locks are."),
    option("--ca-file", type=file_path(dir_okay=False), metavar="FILE", help="Certificate authorities to trust (PEM)."),
    option("--no-input", is_flag=True, help="Never ask; fail instead."),
    option("--without", type=click.Choice(["ris", "services", "ssh", "web"]), multiple=True,
           help="Leave a source out (repeatable)."),
)  # fmt: skip


class _Explain(click.Command):
    """Takes -32 for what a phone shows, not for an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put negative numbers behind the two hyphens after which there is no option any more."""
        numbers = [word for word in args if re.fullmatch(r"-\d+", word)]
        if numbers and "--" not in args:
            args = [*(word for word in args if word not in numbers), "--", *numbers]
        return super().parse_args(ctx, args)


@click.command("explain", cls=_Explain)
@click.argument("thing", nargs=-1, required=True)
@about_options
@door
@checks_option
@asking_options
@output_options
@talk_options
def command(*, thing: tuple[str, ...], device: str, user: str, account: str | None, **given: Any) -> int:
    """Explain a code (23), what a phone shows ("Login is unavailable (23)"), a row, a check, a document, or "login".

    With --node or --from: what it means on that cluster, with --device and --user for that phone and person.
    """
    wishes = Wishes(**given, user=account)
    question = Question(text=" ".join(thing), device=_name(device, "--device"), user=_name(user, "--user"))
    wishes.refuse_losses()
    if (question.device or question.user) and not (wishes.node or wishes.from_file):
        raise click.UsageError("--device and --user ask a cluster: say --node NAME or --from FILE too")
    if wishes.node and wishes.from_file:
        raise click.UsageError("--node asks the cluster, --from a file: one of them")
    checks = _checks(wishes)
    found = _found(question.text, checks)
    if found.login and not (question.device and question.user):
        _refuse_half_a_login(wishes)
    if not (wishes.node or wishes.from_file):
        return _out(_offline(question, found, checks), wishes)
    with _snapshot(wishes, checks, found) as snapshot:
        return _on_cluster(question, found, checks, snapshot, wishes)


def _name(text: str, word: str) -> str:
    """Return a name as it was typed; what no phone and no user can be called is refused before it goes into a query."""
    name = text.strip()
    if len(name) > MOST_NAME or not name.isprintable():
        raise click.UsageError(f"{word}: no phone and no user has such a name")
    return name


def _refuse_half_a_login(wishes: Wishes) -> None:
    if wishes.node or wishes.from_file:
        raise click.UsageError("the way of a login is that of one phone and one user: say --device and --user")


def _checks(wishes: Wishes) -> "Checks":
    from cucm_audit.cli import door as doors

    if wishes.node is None and wishes.from_file is None:
        return load_checks(wishes, ())
    return load_checks(wishes, doors.load(wishes.config_file, quiet=wishes.quiet).checks)


def _found(text: str, checks: "Checks") -> "Found":
    from cucm_audit.lookup import find, near

    found = find(text, checks) if text.strip() else None
    if found is None:
        close = near(text, checks)
        hint = f"; perhaps {', '.join(repr(one) for one in close)}" if close else ""
        raise click.UsageError(f"nothing is known about {text!r}{hint}; codes: cucm-audit explain em-error-codes")
    return found


@contextlib.contextmanager
def _snapshot(wishes: Wishes, checks: "Checks", found: "Found") -> "Iterator[Snapshot]":
    """Yield the saved snapshot, or one of what the question needs, asked now."""
    if wishes.from_file is not None:
        from cucm_audit.snapshot import Snapshot

        saved = Snapshot.open(wishes.from_file)
        try:
            checks.lend(saved)
            yield saved
        finally:
            saved.close()
        return
    from cucm_audit.cli import door as doors
    from cucm_audit.cli.gather import gather
    from cucm_audit.told import needed

    config = doors.load(wishes.config_file, quiet=True)
    less = replace(wishes, tables=needed(checks, found))
    with gather(doors.resolve(wishes.node, config), config, checks, less) as snapshot:
        yield snapshot


# -------------------------------------------------------------------------------------------------------- the answer


def _offline(question: Question, found: "Found", checks: "Checks") -> "Told":
    from cucm_audit.told import offline

    return offline(question.text, found, checks)


def _on_cluster(question: Question, found: "Found", checks: "Checks", snapshot: "Snapshot", wishes: Wishes) -> int:
    from cucm_audit.explain import Desk
    from cucm_audit.told import on_cluster

    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    desk = Desk(
        snapshot, checks, judged_at=now, version=__version__, device=question.device, user=question.user
    )  # fmt: skip
    if found.document is not None and found.document.id == PICTURED:
        return _picture(desk, checks, snapshot, wishes)
    told = on_cluster(question.text, found, checks, snapshot, desk)
    code = _out(told, wishes)
    return 130 if snapshot.get_meta("interrupted") == "1" else code


def _picture(desk: "Desk", checks: "Checks", snapshot: "Snapshot", wishes: Wishes) -> int:
    from cucm_audit.pack_picture import picture
    from cucm_audit.reports import pictured

    drawn = picture(snapshot, checks, desk)
    title = (
        f"Device packs and reboots, cluster {snapshot.get_meta('cluster')}, taken {snapshot.get_meta('taken_at')} UTC"
    )
    _write(pictured.as_json(drawn, title) if wishes.kind == "json" else pictured.text(drawn, title, width()), wishes)
    if snapshot.get_meta("interrupted") == "1":
        return 130
    if drawn.avoiding or any(line.done == "no" for line in drawn.packs):
        return 1
    return 3 if drawn.unknown or any(line.done == "unknown" for line in drawn.packs) else 0


def _out(told: "Told", wishes: Wishes) -> int:
    """Print or write an explanation; 1 when something is wrong here, 3 when nobody could tell, else 0."""
    from cucm_audit.model import Severity, Verdict
    from cucm_audit.reports import explained

    _write(
        explained.as_json(told) if wishes.kind == "json" else explained.text(told, width(), verbose=wishes.verbose),
        wishes,
    )

    def counts(topic: "Topic") -> bool:
        failing = [a for a in topic.answers if a.verdict is Verdict.FAIL and a.here]
        return any(answer.severity is not Severity.NOTE for answer in failing)

    if any(counts(topic) for topic in told.topics):
        return 1
    return 3 if told.gaps or any(topic.verdict is Verdict.UNKNOWN for topic in told.topics) else 0


def _write(text: str, wishes: Wishes) -> None:
    if wishes.output is None:
        say(text)
    else:
        write_file(wishes.output, text, force=wishes.force)
