"""``cucm-audit demo``: the real audit, over real HTTPS and SSH, of a cluster that is not real."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cucm_audit.cli.audit import Wishes, judged, load_checks, rendered
from cucm_audit.cli.console import Problem, colour_wanted, complain, on_terminal, say, write_file
from cucm_audit.cli.exits import nothing_audited
from cucm_audit.cli.options import file_path, talk_options
from cucm_audit.model import Report, Verdict

if TYPE_CHECKING:
    from cucm_audit.simulator.cluster import Cluster

#: AXL requests a second: no phone waits for the simulated cluster, so nobody needs to wait for its audit.
DEMO_PACE = 1000
NEXT = """\
This was a simulated cluster on this machine; the audit was the real one. Now yours:
  cucm-audit trust add ADDRESS-OF-PUBLISHER --user NAME --os-user NAME
  cucm-audit --node ADDRESS-OF-PUBLISHER --user NAME --os-user NAME --dry-run
  cucm-audit --node ADDRESS-OF-PUBLISHER --user NAME --os-user NAME
"""


@click.command("demo")
@click.option("-o", "--output", type=file_path(dir_okay=False), default=Path("demo-report.json"), show_default=True,
              metavar="FILE", help="The JSON report; the HTML is beside it. Older ones are replaced.")  # fmt: skip
@talk_options
def command(output: Path, quiet: bool, verbose: bool, colour: str) -> int:
    """Start the simulated cluster on loopback, trust it, audit it over HTTPS and SSH, and show the report."""
    from cucm_audit.cli.simulate import running

    with tempfile.TemporaryDirectory(prefix="cucm-audit-demo-", ignore_cleanup_errors=True) as name:
        with running("demo") as cluster:
            if not quiet and on_terminal():
                complain("A simulated cluster is up: trusting its nodes, then auditing it ...")
            report = audited(cluster, Path(name), quiet=quiet)
            writes = cluster.world.writes()
        if writes:
            raise Problem(
                f"the audit sent {writes[0].operation}, which would have changed the cluster: please report it"
            )
    say(rendered(report, "table", colour=colour_wanted(colour), verbose=verbose))
    write_file(output, rendered(report, "json"), force=True)
    page = output.with_suffix(".html")
    write_file(page, rendered(report, "html"), force=True)
    say(f"Written: {output} (the same as JSON) and {page} (for a browser)")
    say(NEXT)
    _did_what_it_should(report)
    return 0


def audited(cluster: "Cluster", folder: Path, *, quiet: bool) -> Report:
    """Audit a simulated cluster the way a user would: cluster file, trust, run."""
    from cucm_audit.cli import door
    from cucm_audit.cli.gather import gather
    from cucm_audit.cli.trust import trusting

    wishes = Wishes(
        node="demo", state_dir=folder / "state", no_input=True, quiet=quiet, pace=1.0, axl_a_second=DEMO_PACE
    )
    cluster.world.load.limits.axl_a_second = DEMO_PACE
    config = door.load(cluster.toml(folder / "cucm-audit.toml", "demo"), quiet=True)
    meant = config.clusters["demo"]
    trusting(meant, config, folder / "state", yes=True, no_input=True, quiet=True)
    checks = load_checks(wishes, ())
    with gather(meant, config, checks, wishes, tell_cost=False) as snapshot:
        return judged(snapshot, checks, wishes)


def _did_what_it_should(report: Report) -> None:
    """Refuse to call a demo good that saw nothing, found nothing or knew everything: one node refuses SSH."""
    verdicts = {outcome.verdict for outcome in report.outcomes}
    if nothing_audited(report) or not {Verdict.FAIL, Verdict.PASS, Verdict.UNKNOWN} <= verdicts:
        seen = ", ".join(sorted(verdicts)) or "nothing"
        raise Problem(
            f"the demo did not go as it should: it has {seen}, but a finding, a pass and an unknown belong there"
        )
