"""Entry point of ``python -m cucm_audit`` and of the ``cucm-audit`` command."""

import os
import sys
from collections.abc import Sequence


def main() -> None:
    """Run the command line and leave with its exit code (architecture: 0, 1, 2, 3 or 130)."""
    if _said_at_once(sys.argv[1:]):
        return
    from cucm_audit.cli import run

    sys.exit(run(sys.argv[1:]))


def _said_at_once(argv: Sequence[str]) -> bool:
    """Answer --help and --version as the command line would, without importing it: that takes five times as long.

    help.txt is what it says on a terminal of 100 columns or more (tests/pages.py). Whatever stands in the way of saying
    it is met again, and told, by the command line.
    """
    try:
        if argv == ["--version"]:
            from cucm_audit import __version__

            sys.stdout.write(f"cucm-audit, version {__version__}\n")
        elif argv in (["--help"], ["-h"]) and _columns() >= 100:
            with open(os.path.join(os.path.dirname(__file__), "help.txt"), encoding="utf-8") as page:
                sys.stdout.write(page.read())
        else:
            return False
        sys.stdout.flush()
    except (OSError, ValueError, AttributeError):
        return False
    return True


def _columns() -> int:
    """Return the width of the terminal, 100 where there is none."""
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and int(told):
        return int(told)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 100
    except OSError:
        return 100


if __name__ == "__main__":
    main()
