"""Runs of offsets and the metadata of a commit."""

import base64
import random
import zlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.kafka.ranges import METADATA_LIMIT, Range, decode_completed, encode_completed, runs


@st.composite
def _completed(draw: st.DrawFn) -> tuple[int, list[Range]]:
    committed = draw(st.integers(0, 2**62))
    position = committed
    found: list[Range] = []
    for gap, length in draw(st.lists(st.tuples(st.integers(1, 10**6), st.integers(1, 10**6)), max_size=60)):
        found.append((position + gap, position + gap + length - 1))
        position += gap + length
    return committed, found


@given(st.sets(st.integers(0, 200)))
def test_runs_cover_exactly_the_offsets_they_were_made_of(offsets: set[int]) -> None:
    folded = runs(sorted(offsets))
    assert [offset for first, last in folded for offset in range(first, last + 1)] == sorted(offsets)
    assert all(b[0] > a[1] + 1 for a, b in pairwise(folded))


@given(_completed())
def test_completions_survive_the_commit_metadata(case: tuple[int, list[Range]]) -> None:
    committed, completed = case
    metadata = encode_completed(committed, completed)
    assert len(metadata) <= METADATA_LIMIT
    assert decode_completed(committed, metadata) == completed


@pytest.mark.parametrize("seed", range(4))
def test_metadata_never_exceeds_the_brokers_limit_however_ragged_the_completions(seed: int) -> None:
    draw = random.Random(seed)
    position, completed = 10, []
    for _ in range(50_000):
        first = position + draw.randint(1, 2 ** draw.randint(1, 40))
        position = first + draw.randint(1, 2 ** draw.randint(1, 20))
        completed.append((first, position - 1))
    metadata = encode_completed(10, completed)
    kept = decode_completed(10, metadata)
    assert len(metadata.encode()) <= METADATA_LIMIT
    assert len(kept) > 100
    assert kept == completed[: len(kept)], "the runs nearest to the committed offset are kept"


def test_a_regular_pattern_of_tens_of_thousands_of_runs_fits_whole() -> None:
    completed = [(offset, offset + 38) for offset in range(1, 40 * 20_000, 40)]
    assert decode_completed(0, encode_completed(0, completed)) == completed


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        "",
        "another program's note",
        "streamer1:",
        "streamer1:!!!",
        "streamer1:" + base64.b64encode(b"not deflated").decode(),
        "streamer1:" + base64.b64encode(zlib.compress(b"\x80\x80")).decode(),
    ],
)
def test_metadata_of_others_or_damaged_skips_nothing(metadata: str | None) -> None:
    assert decode_completed(5, metadata) == []
