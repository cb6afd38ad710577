"""A copy that was parked for one pixel is tried again for that one alone: its other pixels had their outcome. Pure."""

from streamer.outcomes import Outcome, Reason
from streamer.translate.engine import Refusal, Translation


def for_pixel(answer: Translation, pixel_id: str) -> Translation:
    """Return what of a record's translation is one pixel's: exactly one entry.

    What holds now counts: a pixel that the record is not routed to any more gets nothing, as policy has it today.
    """
    for result in answer:
        if result.pixel_id == pixel_id:
            return (result,)
    whole = answer[0]
    if isinstance(whole, Refusal) and whole.pixel_id is None:
        return (whole._replace(pixel_id=pixel_id),)
    return (Refusal(Outcome.SKIPPED, Reason.NO_PIXEL, pixel_id=pixel_id),)
