"""All phones over AXL into memory or a file: ours, ciscoaxl, and zeep on Cisco's schema. Whole processes.

ciscoaxl and Cisco's schema come with the test extra; without them only ours is measured.
"""

import importlib.util
import json
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

from benchmarks import lab
from benchmarks.measure import child, cpu, interleaved, peak, table


def run(*, quick: bool) -> str:
    """Measure each in a process of its own. The server is Python too: its time is in "wall s", not in "cpu s"."""
    phones = 300 if quick else 10_000
    names = ["ours", "ciscoaxl", "zeep"] if importlib.util.find_spec("ciscoaxl") else ["ours"]
    told = {"ours": "ours: SQL, streamed into SQLite", "ciscoaxl": "ciscoaxl get_phones, 6 columns",
            "zeep": "zeep on Cisco's schema, the same SQL"}  # fmt: skip
    with lab.lab(phones) as folder:
        cases = {told[n]: lambda n=n: child("benchmarks.phones", n, str(folder), str(phones)) for n in names}
        seen = interleaved(cases, 1 if quick else 3)
    return table(f"{phones} phones over AXL", seen, ["wall s", "cpu s", "peak MB"])


def _ours(folder: Path) -> int:
    from cucm_audit.clients.axl import Axl
    from cucm_audit.clients.pace import Gate
    from cucm_audit.facts import Ask
    from cucm_audit.facts.axl import FACTS
    from cucm_audit.snapshot import Snapshot

    node, account, trust, journal = lab.ours(folder, "app")
    axl = Axl(node, account, trust, journal, gate=Gate(1e6))  # what is measured is the client, not its good manners
    axl.discover()
    fact = next(fact for fact in FACTS if fact.table == "phone")
    with tempfile.TemporaryDirectory() as place:
        snapshot = Snapshot.create(Path(place) / "phones.db")
        ask = Ask(node=None, nodes=(), release=axl.release, select=snapshot.select, axl=axl)
        return snapshot.write("phone", fact.gather(ask))


def _ciscoaxl(folder: Path) -> int:
    from ciscoaxl import axl

    door = lab.publisher(folder)
    client = axl("auditor", lab.password(folder, "app"), door["address"], "12.5", door["https_port"])
    return len(client.get_phones())


def _zeep(folder: Path) -> int:
    import ciscoaxl
    import requests
    import zeep

    door = lab.publisher(folder)
    session = requests.Session()
    session.auth, session.verify, session.trust_env = ("auditor", lab.password(folder, "app")), False, False
    schema = Path(ciscoaxl.__file__).parent / "schema" / "12.5" / "AXLAPI.wsdl"
    client = zeep.Client(schema.as_uri(), transport=zeep.Transport(session=session))
    address = f"https://{door['address']}:{door['https_port']}/axl/"
    service = client.create_service("{http://www.cisco.com/AXLAPIService/}AXLAPIBinding", address)
    return len(_all_rows(service))


def _all_rows(service: Any) -> list[dict[str, str | None]]:
    from cucm_audit.clients.statements import for_release

    statement = for_release("phone", (12, 5))
    assert statement is not None
    rows: list[dict[str, str | None]] = []
    while True:
        sql = f"select skip {len(rows)} first 5000 {statement.sql[len('select ') :]}"
        answer = service.executeSQLQuery(sql=sql)["return"]
        found = [{cell.tag: cell.text for cell in row} for row in (answer["row"] if answer else [])]
        rows += found
        if len(found) < 5000:
            return rows


def _case(name: str, folder: Path, expected: int) -> None:
    warnings.simplefilter("ignore")
    found = {"ours": _ours, "ciscoaxl": _ciscoaxl, "zeep": _zeep}[name](folder)
    assert found == expected, f"{found} phones instead of {expected}"
    print(json.dumps({"cpu s": cpu(), "peak MB": peak()}))


if __name__ == "__main__":
    _case(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
