"""Generated pages: the help text in README.md and for --help itself, the tables of checks/README.md.

Run it to check them, with --write to renew them.
"""

import os
import re
import sys
from pathlib import Path

from click.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent.parent))  # run as a program, it is no part of a package
from tests.checks_page import PARTS

README = Path(__file__).parent.parent / "README.md"
CHECKS = README.parent / "checks" / "README.md"
#: What the program itself prints for --help, so that it need not build it.
HELP = README.parent / "cucm_audit" / "help.txt"
_WHOLE = re.compile(r"\A.*\Z", re.DOTALL)
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


def pages() -> list[tuple[Path, "re.Pattern[str]", str]]:
    """Each generated part: its page, where it stands in it, and what should be there."""
    made = [(README, _HELP, program_help()), (HELP, _WHOLE, program_help())]
    made += [(CHECKS, _between(name), text()) for name, text in PARTS.items()]
    return made


def _between(name: str) -> "re.Pattern[str]":
    return re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", re.DOTALL)


def main() -> int:
    stale = False
    for page, place, text in pages():
        have = page.read_text(encoding="utf-8")
        if "--write" in sys.argv:
            page.write_text(place.sub(lambda _, new=text: new, have), encoding="utf-8")
        elif (found := place.search(have)) is None or not same(found[0], text):
            print(f"{page.name}: its generated part is stale: make pages")
            stale = True
    return int(stale)


if __name__ == "__main__":
    sys.exit(main())
