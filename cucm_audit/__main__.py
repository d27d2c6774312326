"""Entry point of ``python -m cucm_audit`` and of the ``cucm-audit`` command."""

import sys


def main() -> None:
    """Run the command line and leave with its exit code (architecture: 0, 1, 2, 3 or 130)."""
    from cucm_audit.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
