"""What a dashboard is made of, whatever draws it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from streamer import measures

Kind = Literal["timeseries", "stat", "table", "bargauge"]
Limits = tuple[tuple[float, str], ...]
"""From which value on something has which colour; below the first it is green."""

_PART = re.compile(r"_(?:bucket|sum|count)$")


@dataclass(frozen=True, slots=True)
class Query:
    """A PromQL expression, in which ``$$`` stands for the labels that the dashboard's variables pick."""

    text: str
    legend: str = ""
    """``{{label}}`` stands for a label's value."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture."""

    title: str
    queries: tuple[Query, ...]
    unit: str = "short"
    kind: Kind = "timeseries"
    width: int = 8
    """Of 24."""
    height: int = 8
    note: str = ""
    """What the sentences of its metrics do not say: what is good."""
    stacked: bool = False
    limits: Limits = ()
    names: Mapping[str, str] = field(default_factory=dict)
    """Of values that stand for a word."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Columns of a table, by label; ``Value`` is the value."""
    links: bool = False
    """A pixel in a row leads to its client's dashboard."""
    highest: float | None = None

    @property
    def instant(self) -> bool:
        """Whether it shows the present alone."""
        return self.kind in {"table", "bargauge"}

    @property
    def description(self) -> str:
        """What its metrics are, in their own sentences, and what is good."""
        sentences = [f"`{one.full_name}`: {one.sentence}" for one in self._metrics()]
        return "\n\n".join([*([self.note] if self.note else []), *sentences])

    def _metrics(self) -> Iterator[measures.Declared]:
        known = {one.full_name: one for section in measures.SECTIONS.values() for one in section}
        asked = (name for query in self.queries for name in re.findall(r"\bstreamer_\w+", query.text))
        for name in dict.fromkeys(name if name in known else _PART.sub("", name) for name in asked):
            yield known[name]


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under one heading."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """A choice at the head of the dashboard."""

    name: str
    label: str
    text: str
    """The query that lists what there is to choose from."""
    many: bool = True
    """Several may be chosen, and all; else one."""
    pattern: str = ""
    """A regular expression for what is listed."""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A page of them."""

    name: str
    title: str
    description: str
    variables: tuple[Variable, ...]
    picked: str
    """The labels that its variables pick: what ``$$`` stands for."""
    rows: tuple[Row, ...]
    since: str = "now-6h"

    def expression(self, query: Query) -> str:
        """Return a query as Prometheus gets it, but for the variables' values."""
        return query.text.replace("$$", self.picked)


NAMESPACE = Variable("namespace", "Namespace", "label_values(streamer_build_info, namespace)")
JOB = Variable("job", "Deployment", 'label_values(streamer_build_info{namespace=~"$namespace"}, job)')
DEPLOYMENT = 'namespace=~"$namespace",job=~"$job"'
