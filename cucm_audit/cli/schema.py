"""``cucm-audit schema``: the JSON Schema of the report."""

import json

import click

from cucm_audit.cli.console import say


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of the report (made from the program's own types)."""
    from cucm_audit.reports.document import schema

    say(json.dumps(schema(), indent=2, sort_keys=True))
