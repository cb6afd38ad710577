import re
from dataclasses import replace
from html.parser import HTMLParser

from streamer.admin.page import SHOWN, render_page
from streamer.admin.status import PartitionStatus, Status
from streamer.quality import PixelQuality
from streamer.translate.engine import Note
from tests.support.statuses import NOW, pixel, status

VOID = {"meta", "link", "rect"}


class _Tags(HTMLParser):
    """Checks that tags close in order, and collects what might load something or carry a style or a script."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def _words(shown: Status | None) -> str:
    """All that a person can read on the page, on one line."""
    page = render_page(shown, "nonce", NOW)
    main = page[page.index("<header>") : page.index("<script")]
    return " ".join(re.sub(r"<[^>]*>", " ", main).split())


def test_the_page_is_well_formed_and_loads_nothing_from_elsewhere() -> None:
    for shown in (status(), status(not_ready_because=["it is early"]), status(pixels=[], partitions=[]), None):
        tags = _Tags()
        tags.feed(render_page(shown, "a-nonce", NOW))
        tags.close()
        assert tags.open == []
        assert {value for _, name, value in tags.attributes if name in {"src", "href"}} == {"data:,"}
        assert {tag for tag, name, value in tags.attributes if (name, value) == ("nonce", "a-nonce")} == {
            "style",
            "script",
        }
        forbidden = [name for _, name, _ in tags.attributes if name == "style" or name.startswith("on")]
        assert forbidden == [], "the content security policy would block it"


def test_whoever_looks_sees_the_figures_that_matter_at_once() -> None:
    words = _words(status())
    assert words.startswith("Streamer ready version 0.1.0 · python engine · up 1 h 1 min")
    for figure in (
        "10/s delivered to Meta",
        "12/s records read",
        "1 events in flight",
        "4.5 s oldest unsent event",
        "3 requests in flight",
        "1 of 2 pixels in trouble",
        "Ledger it balances",
        "Records read 10",
        "Settled before a restart 1",
        "Left to the next owner 1",
        "Delivered 5",
        "Dead-lettered 1 too old 1",
        "Parked 2 token dead 2",
        "Memory 250 B of 1000 B",
        "Partitions 2, together 5 records behind",
    ):
        assert figure in words


def test_a_parked_pixel_stands_first_with_its_reason_its_last_success_and_metas_code() -> None:
    words = _words(status())
    assert "acme 1002 parked, token dead 0 0 0 0 0 1 min 30 s ago 190 acme 1001 works" in words


def test_a_ledger_that_does_not_balance_is_not_called_balanced() -> None:
    good = status()
    row = replace(good.ledger.pixels[0], delivered=99)
    bad = replace(good, ledger=replace(good.ledger, pixels=(row,)))
    assert "it does NOT balance" in _words(bad)


def test_the_page_says_why_the_process_is_not_ready() -> None:
    words = _words(status(not_ready_because=["the group has not been joined yet", "the registry does not answer"]))
    assert "not ready version" in words
    assert "Not ready: the group has not been joined yet; the registry does not answer." in words


def test_the_page_can_be_opened_while_the_process_is_starting() -> None:
    assert _words(None) == "Streamer starting"


def test_names_of_clients_topics_and_states_cannot_put_markup_into_the_page() -> None:
    evil = '"><script>alert(1)</script>'
    quality = PixelQuality(1, {evil: 1}, 1, {Note(evil, evil): 1})
    shown = status(
        pixels=[replace(pixel(evil, evil), client=evil, reason=evil, quality=quality)],
        partitions=[PartitionStatus(evil, 0, 1, 1)],
        not_ready_because=[evil],
    )
    page = render_page(replace(shown, version=evil, engine=evil), "nonce", NOW)
    assert "<script>" not in page
    assert evil not in page


def test_an_open_row_stays_open_when_the_page_refreshes_itself() -> None:
    page = render_page(status(pixels=[replace(pixel("1001"), quality=PixelQuality(events=1))]), "nonce", NOW)
    assert '<details id="quality-1001">' in page
    assert 'fresh.getElementById(each.id)?.setAttribute("open", "")' in page


def test_of_thousands_of_pixels_the_page_shows_the_first_and_says_where_the_others_are() -> None:
    shown = status(pixels=[pixel(str(number), delivered=number) for number in range(1, 1001)])
    page = render_page(shown, "nonce", NOW)
    assert page.count("<code>") == SHOWN
    assert "<code>1000</code>" in page
    assert "and 800 more, in /status.json" in page


def test_the_partition_that_is_furthest_behind_stands_first() -> None:
    partitions = [PartitionStatus("t", number, 7, number * 10) for number in range(3)]
    assert "t 2 7 20 t 1 7 10 t 0 7 0" in _words(status(partitions=partitions))
