import re
from collections.abc import Sequence
from dataclasses import replace

from streamer.admin.html import NOTHING
from streamer.admin.quality_card import SHOWN, quality_card
from streamer.admin.status import PixelStatus
from streamer.quality import PixelQuality
from streamer.translate.engine import Note
from tests.support.statuses import pixel

SEEN = PixelQuality(
    events=1000,
    keys={"em": 640, "fbp": 1000, "event_id": 999, "country": 120},
    faulty=21,
    fields={Note("user_data.ph", "malformed"): 20, Note("custom_data.value", "incomplete"): 1},
    ages=(600, 200, 100, 50, 50),
    age_seconds=600_000,
)


def _one(pixel_id: str, quality: PixelQuality = SEEN, client: str | None = "acme") -> PixelStatus:
    return replace(pixel(pixel_id), client=client, quality=quality)


def _html(*pixels: PixelStatus) -> str:
    return "".join(quality_card(pixels, 2832.0))


def _words(pixels: Sequence[PixelStatus]) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", _html(*pixels)).split())


def test_a_row_tells_the_coverage_of_the_keys_that_matter_freshness_and_faults() -> None:
    words = _words([_one("1001")])
    assert "Data quality of the last 47 min 12 s" in words
    assert (
        "acme 1001 events 1,000 em 64 % ph 0 % external id 0 % fbp 100 % fbc 0 % ip 0 % agent 0 % event id 99 % "
        "within 1 h 80 % faulty 2.1 %" in words
    )


def test_an_open_row_tells_the_other_keys_how_late_events_are_and_which_fields_are_bad() -> None:
    words = _words([_one("1001")])
    assert "Other match keys country 12 %" in words
    assert "within 5 min 60 % within 1 h 20 % within 2 h 10 % within 24 h 5.0 % later 5.0 % on average 10 min" in words
    assert words.endswith("user_data.ph malformed 2.0 % custom_data.value incomplete 0.1 %")


def test_all_pixels_together_stand_first_and_then_the_busiest() -> None:
    quiet = replace(SEEN, events=10, keys={"em": 10})
    words = _words([_one("1001", quiet), _one("1002", client=None), _one("1003", PixelQuality())])
    assert "all 2 pixels events 1,010 em 64 %" in words
    assert words.index("all 2 pixels") < words.index("1002 events 1,000") < words.index("acme 1001 events 10 em 100 %")
    assert "1003" not in words, "nothing can be said of a pixel without events"


def test_a_single_pixel_is_not_told_twice() -> None:
    assert "all 1 pixels" not in _words([_one("1001")])


def test_what_is_not_known_yet_is_no_figure() -> None:
    words = _words([_one("1001", PixelQuality(events=3))])
    assert f"within 1 h {NOTHING} faulty 0 %" in words
    assert "Other match keys none" in words
    assert f"on average {NOTHING}" in words
    assert _words([]) == _words([_one("1001", PixelQuality())])
    assert _words([]).endswith("No event passed.")


def test_of_many_bad_fields_the_worst_are_told_and_how_many_more_there_are() -> None:
    fields = {Note(f"custom_data.{at}", "malformed"): 100 - at for at in range(12)}
    words = _words([_one("1001", replace(SEEN, fields=fields))])
    assert "custom_data.7 malformed 9.3 % and 4 more" in words
    assert "custom_data.8" not in words


def test_of_thousands_of_pixels_the_busiest_are_shown_and_all_are_summed() -> None:
    pixels = [_one(str(number), replace(SEEN, events=number)) for number in range(1, 1001)]
    card = _html(*pixels)
    assert card.count("<details") == SHOWN + 1
    assert "500,500" in card
    assert 'id="quality-1000"' in card
    assert 'id="quality-800"' not in card
    assert "and 800 more, in /status.json" in card
