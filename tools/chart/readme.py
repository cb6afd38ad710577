"""README.md of the chart: what was written by hand, and a table of the values for each section of values.yaml."""

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from tools.chart.comments import Value

_HEAD = Path(__file__).with_name("readme_head.md")
_LONGEST = 60


def readme(values: list[Value]) -> str:
    """Return the whole page, Markdown."""
    return "\n".join([_HEAD.read_text(encoding="utf-8").rstrip(), *_tables(values)]) + "\n"


def _tables(values: list[Value]) -> Iterator[str]:
    for section, part in groupby(values, lambda value: value.section):
        yield from ("", f"### {section}", "", "| value | default | |", "|---|---|---|")
        yield from map(_row, part)


def _row(value: Value) -> str:
    default = json.dumps(value.default, ensure_ascii=False)
    shown = f"`{default}`" if len(default) <= _LONGEST else "see `values.yaml`"
    return f"| `{'.'.join(value.path)}` | {shown} | {value.description.replace('|', chr(92) + '|')} |"
