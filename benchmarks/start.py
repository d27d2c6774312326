"""``--help``: beside an empty script, and beside the same program that imports everything at its start.

--help is a page that stands ready; ``audit --help`` is built by click, as every other command is.
"""

from benchmarks.measure import interleaved, process, table

_EAGER = (
    "import zeep, paramiko, requests, lxml.etree, rich.console, tabulate, cryptography.x509, tenacity;"
    "from cucm_audit.cli import run; run(['--help'])"
)
CASES = {
    "an empty script": ("-c", "pass"),
    "cucm-audit --help": ("-m", "cucm_audit", "--help"),
    "cucm-audit --version": ("-m", "cucm_audit", "--version"),
    "cucm-audit audit --help": ("-m", "cucm_audit", "audit", "--help"),
    "--help, everything imported": ("-c", _EAGER),
}


def run(*, quick: bool) -> str:
    """Measure whole processes, start to end."""
    cases = {name: lambda words=words: process(*words) for name, words in CASES.items()}
    return table("Start: --help", interleaved(cases, 1 if quick else 11), ["cpu ms", "wall ms"])
