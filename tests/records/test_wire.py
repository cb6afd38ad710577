"""Wire formats: what was framed comes out, and what was not is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.outcomes import Outcome, Reason
from streamer.records.schema import crc_64_avro, load_schema
from streamer.records.wire import Framed, SchemaKey, WireFormat, frame, unframe
from streamer.translate.engine import Refusal

REFUSED = Refusal(Outcome.DEAD_LETTERED, Reason.BAD_FRAMING)


@given(schema_id=st.integers(0, 2**32 - 1), body=st.binary())
def test_confluent_framing_comes_off_as_it_went_on(schema_id: int, body: bytes) -> None:
    assert unframe("confluent", frame("confluent", schema_id, body)) == Framed(schema_id, body)


@given(fingerprint=st.binary(min_size=8, max_size=8), body=st.binary())
def test_single_object_framing_comes_off_as_it_went_on(fingerprint: bytes, body: bytes) -> None:
    assert unframe("single-object", frame("single-object", fingerprint, body)) == Framed(fingerprint, body)


@given(body=st.binary())
def test_a_bare_record_is_its_body(body: bytes) -> None:
    assert unframe("bare", body) == Framed(None, body)


@pytest.mark.parametrize(
    ("wire_format", "value"),
    [
        ("confluent", b""),
        ("confluent", b"\x00\x00\x00\x01"),
        ("confluent", b"\x01\x00\x00\x00\x01body"),
        ("confluent", b'{"event_name": "Purchase"}'),
        ("single-object", b""),
        ("single-object", b"\xc3\x01\x00"),
        ("single-object", b"\xc3\x02" + bytes(8)),
        ("single-object", b"\x00\x00\x00\x00\x01" + bytes(8)),
    ],
)
def test_what_is_not_framed_so_is_refused(wire_format: WireFormat, value: bytes) -> None:
    assert unframe(wire_format, value) == REFUSED


@pytest.mark.parametrize(("wire_format", "key"), [("confluent", None), ("single-object", 1), ("bare", 1)])
def test_a_format_is_not_framed_with_the_key_of_another(wire_format: WireFormat, key: SchemaKey) -> None:
    with pytest.raises(ValueError, match=wire_format):
        frame(wire_format, key, b"")


def test_the_schema_id_is_big_endian_and_the_fingerprint_little_endian() -> None:
    assert unframe("confluent", b"\x00\x00\x00\x01\x02rest") == Framed(258, b"rest")
    assert frame("single-object", crc_64_avro(load_schema()), b"")[2:] == crc_64_avro(load_schema())
