"""Every reader of what others wrote, for a moment: good input, spoilt. ``make fuzz`` goes on for longer.

What was found is in FOUND, or beside the tests of its reader.
"""

import contextlib
import os
import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import Target, targets

TARGETS = targets()
#: What earlier programs fell over.
FOUND = [
    *((name, b"a = " + b"9" * 5000) for name in ("cluster-file", "check-file", "knowledge", "waivers", "trust-file")),
    *((name, b"a = " + b"[" * 50_000) for name in ("cluster-file", "check-file", "waivers", "trust-file")),
    *((name, b'a = """\n"\\q" = \n"""') for name in ("cluster-file", "waivers")),
    ("screen", b"\r" * 100_000),
    ("screen", b"\x08\r\x08"),
    ("ris", TARGETS["ris"].seeds[0].replace(b"</s:Envelope>", b"<CmDevices><item/></CmDevices></s:Envelope>")),
]
#: Of these one trial costs more than a millisecond.
SLOW = {"snapshot": 5, "check-file": 15, "report": 25, "screen": 60}
#: So many instead, for the night (make nightly).
ALL_NIGHT = int(os.environ.get("FUZZ_EXAMPLES", "0"))


@st.composite
def spoilt(draw: Callable[..., object], target: Target) -> bytes:
    """A seed with a few places cut out, doubled, overwritten, or filled with what trouble is made of."""
    data = bytearray(draw(st.sampled_from(target.seeds)))  # type: ignore[arg-type]
    for _ in range(draw(st.integers(0, 4))):  # type: ignore[arg-type, call-overload]
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.sampled_from([0, 0, 1, 1, 2, 7, 40, 400])))  # type: ignore[operator]
        piece = draw(st.sampled_from([b"", *target.pieces]) | st.binary(max_size=4))
        data[start:end] = piece if draw(st.booleans()) else bytes(data[start:end]) + piece  # type: ignore[operator, index]
    return bytes(data)


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_but_what_is_promised_comes_out(name: str) -> None:
    target = TARGETS[name]

    @settings(
        max_examples=ALL_NIGHT or SLOW.get(name, 40),
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(spoilt(target))
    def trial(data: bytes) -> None:
        target.run(data)

    for seed in target.seeds:
        target.run(seed)
    trial()


@pytest.mark.parametrize(
    ("name", "data"), FOUND, ids=lambda value: value if isinstance(value, str) else value[:9].hex()
)
@pytest.mark.timeout(20)
def test_what_was_found_before(name: str, data: bytes) -> None:
    TARGETS[name].run(data)


@pytest.mark.parametrize("name", sorted(set(TARGETS) - {"snapshot", "check-file", "knowledge"}))
def test_time_grows_with_the_input_only(name: str) -> None:
    """Twice the input may take a little more than twice the time, not four times: for the seeds and for each piece."""
    target = TARGETS[name]
    if name.startswith("cli:"):
        return  # tests/facts/platform/test_every_answer.py, with sharper pieces
    for piece in {target.seeds[0], *target.pieces, b"a", b" ", b"("}:
        many = max(1, 60_000 // max(1, len(piece)))
        for _ in range(4):  # the machine may be busy with something else
            once, twice = (_seconds(target, piece * (many * times)) for times in (1, 2))
            if twice < 3 * once + 0.02:
                break
        else:
            pytest.fail(f"{piece[:40]!r}: {once:.3f} s, twice as much {twice:.3f} s")


def _seconds(target: Target, data: bytes) -> float:
    begun = time.process_time()
    with contextlib.suppress(RecursionError):
        target.run(data)
    return time.process_time() - begun
