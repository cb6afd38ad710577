"""The card of the status page that shows the quality of each pixel's data."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from streamer.admin.html import NOTHING, duration, heading, percent, sliver
from streamer.admin.status import PixelStatus
from streamer.quality import PixelQuality, together

SHOWN = 200
"""Pixels that are shown; all of them are in /status.json."""

_HOUR = 3600
_FIELDS_SHOWN = 8
_KEYS = {
    "em": "em",
    "ph": "ph",
    "external_id": "external id",
    "fbp": "fbp",
    "fbc": "fbc",
    "client_ip_address": "ip",
    "client_user_agent": "agent",
    "event_id": "event id",
}
"""The match keys that have a column, and its heading."""
_RIGHT = ("within 1 h", "faulty")
"""Headings of the columns after those."""
_AGES = ("fresh", "good", "late", "old", "lost")
"""Colours of what was delivered, by age."""
_AGE_NAMES = ("within 5 min", "within 1 h", "within 2 h", "within 24 h", "later")


def quality_card(pixels: Sequence[PixelStatus], seconds: float) -> Iterator[str]:
    """Yield the card's HTML.

    :param seconds: how far the figures look back.
    """
    seen = [one for one in pixels if one.quality.events or one.quality.delivered]
    seen.sort(key=lambda one: (-one.quality.events, one.pixel_id))
    yield heading("Data quality", f"of the last {duration(seconds)}; open a row for more")
    if not seen:
        yield '<p class="quiet">No event passed.</p>'
        return
    names = "".join(f"<span>{escape(name)}</span>" for name in ("pixel", "events", *_KEYS.values(), *_RIGHT))
    yield f'<div class="scroll tall"><div class="quality"><div class="line names">{names}</div>'
    if len(seen) > 1:
        yield from _pixel("all", f"<b>all {len(seen):,} pixels</b>", together(one.quality for one in seen))
    for one in seen[:SHOWN]:
        name = (f"<b>{escape(one.client)}</b>" if one.client else "") + f"<code>{escape(one.pixel_id)}</code>"
        yield from _pixel(one.pixel_id, name, one.quality)
    yield "</div></div>"
    if len(seen) > SHOWN:
        yield f'<p class="quiet">and {len(seen) - SHOWN:,} more, in /status.json</p>'


def _pixel(pixel_id: str, name: str, quality: PixelQuality) -> Iterator[str]:
    yield f'<details id="quality-{escape(pixel_id)}"><summary class="line"><span>{name}</span>'
    yield f"<span><i>events</i>{quality.events:,}</span>"
    for key, label in _KEYS.items():
        yield _share(label, quality.coverage(key), [("key", quality.keys.get(key, 0))], quality.events)
    fresh, faulty = _RIGHT
    yield _share(fresh, quality.within(_HOUR), zip(_AGES, quality.ages, strict=True), quality.delivered)
    yield _share(faulty, quality.faulty_share, [("lost", quality.faulty)], quality.events)
    yield f'</summary><div class="more">{"".join(_more(quality))}</div></details>'


def _share(name: str, share: float | None, parts: Iterable[tuple[str, int]], whole: int) -> str:
    return f"<span><i>{escape(name)}</i>{percent(share)}{sliver(parts, whole)}</span>"


def _more(quality: PixelQuality) -> Iterator[str]:
    yield "<div><h3>Other match keys</h3>"
    others = [key for key in quality.keys if key not in _KEYS]
    yield "".join(_line(key, percent(quality.coverage(key))) for key in others) or _line("none", "")
    yield "</div><div><h3>Delivered, from event to Meta\N{RIGHT SINGLE QUOTATION MARK}s answer</h3>"
    for colour, name, count in zip(_AGES, _AGE_NAMES, quality.ages, strict=True):
        share = count / quality.delivered if quality.delivered else None
        yield _line(name, percent(share), colour)
    yield _line("on average", NOTHING if quality.mean_age is None else duration(quality.mean_age))
    yield "</div><div><h3>Fields left out, repaired or missed</h3>"
    noted = sorted(quality.fields.items(), key=lambda item: (-item[1], item[0]))
    for note, count in noted[:_FIELDS_SHOWN]:
        share = count / quality.events if quality.events else None
        yield _line(f"{note.field} {note.reason.replace('_', ' ')}", percent(share))
    if len(noted) > _FIELDS_SHOWN:
        yield _line(f"and {len(noted) - _FIELDS_SHOWN:,} more", "")
    yield _line("none", "") if not noted else ""
    yield "</div>"


def _line(name: str, value: str, dot: str = "") -> str:
    mark = f'<span class="dot {dot}"></span>' if dot else ""
    return f"<p>{mark}{escape(name)}<b>{value}</b></p>"
