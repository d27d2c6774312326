"""``cucm-audit completion``: what a shell needs to complete our words."""

import click

from cucm_audit.cli.console import say

VARIABLE = "_CUCM_AUDIT_COMPLETE"


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script, e.g. for bash: eval "$(cucm-audit completion bash)"."""
    from click.shell_completion import get_completion_class

    from cucm_audit.cli import group

    made = get_completion_class(shell)
    assert made is not None
    say(made(group, {}, "cucm-audit", VARIABLE).source())
