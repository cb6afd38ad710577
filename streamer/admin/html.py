"""Pieces of HTML. Whatever is put into one is escaped here, and nowhere else."""

from collections.abc import Iterable, Sequence
from html import escape

NOTHING = "\N{EN DASH}"
"""Stands where there is no value."""

_UNIT = 1024
_SPANS = ((86_400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s"))
_PRECISE_BELOW = 10


def text(value: str, dot: str | None = None) -> str:
    """Return a cell of text, after a dot in the colour of ``dot``."""
    mark = f'<span class="dot {escape(dot)}"></span>' if dot else ""
    return f"<td>{mark}{escape(value)}</td>"


def code(value: str) -> str:
    """Return a cell of something that is copied rather than read."""
    return f"<td><code>{escape(value)}</code></td>"


def number(value: float | None) -> str:
    """Return a cell of a number; what is nought or not known stands back."""
    shown = NOTHING if value is None else f"{value:,}"
    return f'<td class="n">{shown}</td>' if value else f'<td class="n zero">{shown}</td>'


def right(value: str) -> str:
    """Return a cell of text that stands at the right, as numbers do."""
    return f'<td class="n">{escape(value)}</td>'


def row(*cells: str, kind: str = "") -> str:
    """Return a row of cells."""
    return f'<tr class="{escape(kind)}">{"".join(cells)}</tr>'


def head(texts: Sequence[str], numbers: Sequence[str]) -> str:
    """Return a table's first row: headings of columns of text, then of numbers."""
    left = "".join(f"<th>{escape(each)}</th>" for each in texts)
    others = "".join(f'<th class="n">{escape(each)}</th>' for each in numbers)
    return f"<tr>{left}{others}</tr>"


def figure(value: str, name: str) -> str:
    """Return a large number with its name."""
    return f'<div class="figure"><b>{escape(value)}</b><span>{escape(name)}</span></div>'


def heading(name: str, beside: str) -> str:
    """Return a card's heading, with a quieter word beside it."""
    return f"<h2>{escape(name)}<small>{escape(beside)}</small></h2>"


def bar(parts: Iterable[tuple[str, int]], whole: int, name: str) -> str:
    """Return a bar whose parts, each with its colour's name, fill it as far as they fill ``whole``."""
    pieces, at = [], 0.0
    for colour, value in parts:
        width = 100 * max(0, value) / whole if whole > 0 else 0.0
        if width:
            pieces.append(f'<rect class="{escape(colour)}" x="{at:.3f}" width="{width:.3f}" height="10"/>')
        at += width
    drawn = "".join(pieces)
    return (
        f'<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="{escape(name)}">'
        f"{drawn}</svg>"
    )


def sliver(parts: Iterable[tuple[str, int]], whole: int) -> str:
    """Return a thin bar for beside a number that says the same, drawn with as few bytes as can be."""
    pieces, at = [], 0.0
    for colour, value in parts:
        width = 100 * value / whole if whole else 0.0
        if width:
            pieces.append(f'<rect class="{escape(colour)}" x="{at:.1f}%" width="{width:.1f}%" height="4"/>')
        at += width
    return f"<svg>{''.join(pieces)}</svg>"


def percent(share: float | None) -> str:
    """Return a share in percent, rounded down, so that only all of it is 100 % and only nothing is 0 %."""
    if share is None:
        return NOTHING
    tenths = int(share * 1000)
    if share > 0 and not tenths:
        return "<0.1 %"
    exact = 0 < tenths < _PRECISE_BELOW * 10
    return f"{tenths / 10:.1f} %" if exact else f"{tenths // 10} %"


def duration(seconds: float) -> str:
    """Return a length of time in at most two units, rounded down, such as ``3 d 4 h``."""
    if seconds < _PRECISE_BELOW:
        return f"{int(seconds * 10) / 10:.1f} s"
    for span, name, part, part_name in _SPANS:
        if seconds >= span:
            return f"{seconds // span:.0f} {name} {seconds % span // part:.0f} {part_name}"
    return f"{int(seconds)} s"


def size(value: float) -> str:
    """Return a number of bytes in the unit that fits."""
    for unit in ("B", "KiB", "MiB"):
        if value < _UNIT:
            return f"{value:.0f} {unit}"
        value /= _UNIT
    return f"{value:.1f} GiB"
