"""Generated parts of pages: the help text in README.md. Run it to check them, with --write to renew them."""

import os
import re
import sys
from pathlib import Path

from click.testing import CliRunner

README = Path(__file__).parent.parent / "README.md"
_HELP = re.compile(r"(?<=<!-- help -->\n```\n).*?(?=```\n<!-- /help -->)", re.DOTALL)


def program_help() -> str:
    """What ``cucm-audit --help`` prints on a terminal of 100 columns, as every Python and terminal gives it."""
    from cucm_audit.cli import group

    os.environ["COLUMNS"] = "100"
    made = CliRunner().invoke(group, ["--help"], prog_name="cucm-audit", terminal_width=100)
    assert made.exit_code == 0, made.output
    return made.output


def readme_help() -> str:
    found = _HELP.search(README.read_text(encoding="utf-8"))
    assert found, "README.md has no help block"
    return found[0]


def same(one: str, other: str) -> bool:
    """Compare words, not the breaks between them: versions of click break lines at different places."""
    return one.split() == other.split()


def main() -> int:
    if "--write" in sys.argv:
        text = README.read_text(encoding="utf-8")
        README.write_text(_HELP.sub(lambda _: program_help(), text), encoding="utf-8")
    stale = not same(readme_help(), program_help())
    if stale:
        print("README.md: the help text is stale: make pages")
    return int(stale)


if __name__ == "__main__":
    sys.exit(main())
