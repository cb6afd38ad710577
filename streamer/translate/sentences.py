"""Reasons of refusals as sentences, for people."""

from collections.abc import Mapping
from types import MappingProxyType

from streamer.outcomes import Reason

_SENTENCES: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.BAD_FRAMING: "The record does not begin as the wire format wants it.",
        Reason.UNKNOWN_SCHEMA: "The schema that the record names is not known.",
        Reason.INCOMPATIBLE_SCHEMA: "The record's own schema can't be resolved to the reader's{at}.",
        Reason.BAD_AVRO: "The record is not Avro of its schema: it is cut off or damaged.",
        Reason.TRAILING_BYTES: "There are bytes left after the end of the record.",
        Reason.BAD_PIXEL_ID: "{field} is not the id of a pixel: 1 to 20 digits.",
        Reason.TOO_MANY_PIXELS: "The record is for more than 255 pixels.",
        Reason.NO_EVENT_NAME: "{field} is empty.",
        Reason.BAD_EVENT_NAME: "{field} is none that Meta takes from business messaging.",
        Reason.NO_EVENT_TIME: "{field} is missing, or no time: what is read is a text of ISO 8601, such as "
        "2026-11-24T12:00:00Z, or a number counted from 1970 in the unit that the mapping says.",
        Reason.IN_FUTURE: "{field} is in the future, and Meta takes no such events. If it should be now, check its "
        "unit in the mapping.",
        Reason.BAD_ACTION_SOURCE: "{field} is none that Meta knows.",
        Reason.MISSING_FIELD: "{field} is missing, or was left out as malformed, and Meta requires it here.",
        Reason.TOO_LITTLE_USER_DATA: "{field} says too little of a person for Meta to match.",
        Reason.TOO_LARGE: "The event is too large for a request.",
        Reason.UNTRANSLATABLE: "The record can't be translated; this is a fault in Streamer.",
        Reason.TOO_OLD: "{field} is so long ago that Meta refuses the event, or will before it is sent. If it "
        "should be new, check its unit in the mapping: seconds that are read as milliseconds lie in 1970.",
    }
)

_INSTEAD: Mapping[str, str] = MappingProxyType(
    {
        "data_processing_options_state": " Or send user_data.client_ip_address, by which Meta finds out the state.",
    }
)
"""What will do in place of a field that is missing."""


def sentence(reason: Reason, field: str | None) -> str:
    """Say what is wrong with a record, by the field at fault where one is known. No value is in it."""
    text = _SENTENCES.get(reason, f"The record was refused: {reason}.")
    instead = _INSTEAD.get(field or "", "") if reason is Reason.MISSING_FIELD else ""
    return text.format(field=field or "A field", at=f" at {field}" if field else "") + instead
