"""``python -m benchmarks [--quick] [start] [phones] [ssh] [ris] [readers] [fleet]``: run some of them, or all."""

import argparse
import importlib

NAMES = ("start", "phones", "ssh", "ris", "readers", "fleet")


def main() -> None:
    words = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    words.add_argument("--quick", action="store_true", help="one small round: only shows that they run")
    words.add_argument("names", nargs="*", metavar="NAME", help=f"which ones: {', '.join(NAMES)} (all)")
    given = words.parse_args()
    if strange := set(given.names) - set(NAMES):
        words.error(f"no benchmark is called {', '.join(sorted(strange))}: {', '.join(NAMES)}")
    for name in given.names or NAMES:
        print(importlib.import_module(f"benchmarks.{name}").run(quick=given.quick), flush=True)


if __name__ == "__main__":
    main()
