"""One cluster of a fleet, as a worker audits it: on a thread here, or in a dask worker elsewhere.

A task tells names, options and paths. Passwords are read where the work is done, from where that machine's cluster file
says; no task, no result and no scheduler ever holds one.
"""

import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from cucm_audit.cli.audit import Wishes, asked, code_of, load_checks
from cucm_audit.cli.console import Problem, masked

if TYPE_CHECKING:
    from cucm_audit.checks import Checks


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Audit ``cluster`` of the file that ``wishes`` names. ``run`` is the id of this run of it."""

    cluster: str
    run: str
    wishes: Wishes


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of it: the JSON report and its exit code, or '' and why there is none."""

    task: Task
    report: str = ""
    code: int = 2
    says: str = ""


def audit_one(task: Task, stop: threading.Event | None = None, folder: Path | None = None) -> Done:
    """Audit one cluster. Whatever happens to it is a result: an exception means that the worker is gone."""
    from cucm_audit.cli import foreseen

    try:
        return _audited(task, stop, folder)
    except KeyboardInterrupt:
        return Done(task=task, code=130, says="interrupted")
    except Problem as error:
        return Done(task=task, says=masked(str(error)))
    except foreseen() as error:
        hint = getattr(error, "hint", "")
        return Done(task=task, says=masked(f"{error}; {hint}" if hint else str(error)))
    except Exception as error:  # one cluster must not cost the others theirs
        return Done(task=task, says=masked(f"this should not have happened: {type(error).__name__}: {error}"))


def _audited(task: Task, stop: threading.Event | None, folder: Path | None) -> Done:
    from cucm_audit.cli import door
    from cucm_audit.reports import REPORTS, Style

    wishes = task.wishes
    config = door.load(wishes.config_file, quiet=True)
    if task.cluster not in config.clusters:
        raise Problem(f"{config.path} of this worker has no cluster {task.cluster}")
    checks = _checks(config.checks, wishes.check_folders, wishes.documents, wishes.wanted)
    report, remember = asked(
        config.clusters[task.cluster], config, checks, wishes, tell_cost=False, stop=stop, folder=folder
    )
    text = REPORTS["json"](report, Style())
    remember()
    return Done(task=task, report=masked(text), code=code_of(report, wishes))


@lru_cache(maxsize=4)
def _checks(
    configured: tuple[Path, ...], folders: tuple[Path, ...], documents: tuple[str, ...], wanted: tuple[str, ...]
) -> "Checks":
    """Read the checks once for all clusters that a worker audits."""
    return load_checks(Wishes(check_folders=folders, documents=documents, wanted=wanted), configured)
