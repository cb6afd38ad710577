"""The records of the connections topic: what one replica writes another reads, and junk harms nobody."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.outcomes import Reason
from streamer.pixels.connection import Connection, State
from streamer.pixels.told import (
    LastTest,
    Told,
    decode_tested,
    decode_told,
    encode_tested,
    encode_told,
    fingerprint,
    key_of_test,
    read_board,
)

PIXEL = "1000000000000001"
PARKED = Told(
    Connection(State.PARKED, 1_790_000_000.25, Reason.TOKEN_DEAD, 190, 463, "Abc"),
    fingerprint("invented-token"),
    "replica-1",
    1_790_000_001.5,
)
WORKS = Told(Connection(State.WORKS, 1_790_000_000.0), "", "replica-2", 1_790_000_001.0)


@pytest.mark.parametrize("told", [PARKED, WORKS])
def test_what_one_replica_tells_another_understands(told: Told) -> None:
    assert decode_told(PIXEL, encode_told(told)) == told


def test_a_record_holds_no_token() -> None:
    assert b"invented-token" not in encode_told(PARKED)
    assert len(fingerprint("invented-token")) == 12
    assert fingerprint("invented-token") != fingerprint("invented-other")
    assert fingerprint(None) == fingerprint("") == ""


def _changed(**changes: object) -> bytes:
    return orjson.dumps(orjson.loads(encode_told(PARKED)) | changes)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"junk",
        b"7",
        b"[]",
        b"null",
        b"{}",
        _changed(v=2),
        _changed(state="asleep"),
        _changed(reason="of a later version"),
        _changed(reason=None),
        _changed(since="long ago"),
        _changed(at=None),
        _changed(at=[1]),
    ],
)
def test_a_record_that_is_not_understood_is_passed_over(value: bytes) -> None:
    assert decode_told(PIXEL, value) is None


@pytest.mark.parametrize("key", ["", "parked", "parked/0", "no number", f"test/{PIXEL}"])
def test_a_record_of_another_kind_is_no_pixels_state(key: str) -> None:
    assert decode_told(key, encode_told(PARKED)) is None


@given(st.binary() | st.recursive(st.none() | st.integers(-(2**60), 2**60) | st.text(), st.lists).map(orjson.dumps))
def test_no_record_whatever_it_holds_is_an_error(value: bytes) -> None:
    assert decode_told(PIXEL, value) is None
    assert decode_tested(key_of_test(PIXEL), value) is None


def test_a_test_is_remembered_with_what_it_said() -> None:
    tested = LastTest(1_790_000_000.0, works=True, said="Meta took the event.")
    assert decode_tested(key_of_test(PIXEL), encode_tested(tested)) == (PIXEL, tested)
    assert decode_tested(PIXEL, encode_tested(tested)) is None
    assert decode_tested("test/no number", encode_tested(tested)) is None


def test_the_newest_record_of_a_pixel_counts_and_one_that_was_taken_back_is_gone() -> None:
    tested = LastTest(1_790_000_000.0, works=False, said="It has no token.")
    board = read_board(
        [
            (PIXEL, encode_told(PARKED)),
            ("2", encode_told(PARKED)),
            (key_of_test("2"), encode_tested(tested)),
            (PIXEL, encode_told(WORKS)),
            ("parked/0", b"{}"),
            ("2", None),
        ]
    )
    assert board.states == {PIXEL: WORKS}
    assert board.tests == {"2": tested}
