"""``cucm-audit schema``: the JSON Schema of the report."""

import json

import click

from cucm_audit.cli.console import say


@click.command("schema")
@click.option("--fleet", is_flag=True, help="That of a fleet instead.")
def command(*, fleet: bool) -> None:
    """Print the JSON Schema of the report (made from the program's own types)."""
    if fleet:
        from cucm_audit.reports.fleet_document import schema
    else:
        from cucm_audit.reports.document import schema

    say(json.dumps(schema(), indent=2, sort_keys=True))
