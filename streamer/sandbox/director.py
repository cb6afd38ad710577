"""Plays a fault script: says for each request which fault it meets. With one seed, always the same."""

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from streamer.sandbox.faults import Match, Rule, Script, Then


@dataclass(frozen=True, slots=True)
class Scene:
    """What a rule may ask of a request."""

    pixel_id: str
    token: str | None = field(repr=False)
    events: Sequence[Any] = field(repr=False)
    """As they came: whatever a JSON parser makes of them."""
    size: int
    """Bytes of the body, uncompressed."""


class Act(NamedTuple):
    """What a script has for a request."""

    delay: float = 0
    """Seconds to wait before the answer."""
    headers: tuple[tuple[str, Any], ...] = ()
    no_trace: bool = False
    rule: int | None = None
    """Number of the rule that decides how the request ends, counted from 1; ``None``: none does."""
    then: Then | None = None
    """That rule's end."""
    event: int | None = None
    """The first event that made that rule match."""


class Director:
    """Plays one script.

    :param started: the time from which its windows count, Unix seconds.
    """

    def __init__(self, script: Script, seed: int, started: float) -> None:
        self._rules = tuple(_Player(rule, index, seed, started) for index, rule in enumerate(script, 1))
        self.applied: Counter[int] = Counter()
        """How often each rule applied, by its number from 1."""

    def act(self, scene: Scene, now: float) -> Act:
        """Say what the request meets."""
        act = Act()
        for number, player in enumerate(self._rules, 1):
            index = player.match(scene, now)
            if index is None:
                continue
            self.applied[number] += 1
            act = player.add(act, number, index)
            if act.then is not None:
                break
        return act


_ANY = -1


class _Player:
    """One rule with what it has seen so far."""

    def __init__(self, rule: Rule, number: int, seed: int, started: float) -> None:
        self._rule = rule
        self._seed = seed
        self._started = started
        self._random = random.Random(f"{seed}:{number}")  # noqa: S311 - faults, repeatable with a seed
        self._seen = 0
        self._used = 0

    def match(self, scene: Scene, now: float) -> int | None:
        """Return ``None`` when the rule does not apply, else the event that made it, or -1 where no event did."""
        rule = self._rule
        if rule.times is not None and self._used >= rule.times:
            return None
        match = rule.match
        if not (_fits(match, scene, self._seed) and _in_window(match, now - self._started)):
            return None
        index = _find_event(match, scene.events, self._seed)
        if index is None:
            return None
        self._seen += 1
        if not self._drawn(match):
            return None
        self._used += 1
        return index

    def _drawn(self, match: Match) -> bool:
        return (
            (match.nth is None or self._seen in match.nth)
            and (match.every_nth is None or self._seen % match.every_nth == 0)
            and (match.share is None or self._random.random() < match.share)
        )

    def add(self, act: Act, number: int, index: int) -> Act:
        """Add what this rule does to what those before it do."""
        then = self._rule.then
        delay = act.delay + (self._random.uniform(*then.latency) if then.latency is not None else 0)
        act = act._replace(
            delay=delay,
            headers=act.headers + tuple(then.headers.items()),
            no_trace=act.no_trace or then.no_trace,
        )
        if then.ending is None:
            return act
        return act._replace(rule=number, then=then, event=None if index == _ANY else index)


def _fits(match: Match, scene: Scene, seed: int) -> bool:
    return (
        (match.pixel is None or scene.pixel_id in match.pixel)
        and (match.token is None or scene.token in match.token)
        and (match.min_events is None or len(scene.events) >= match.min_events)
        and (match.min_bytes is None or scene.size >= match.min_bytes)
        and (match.pixel_share is None or _falls(scene.pixel_id, match.pixel_share, seed))
    )


def _in_window(match: Match, elapsed: float) -> bool:
    moment = elapsed % match.every if match.every is not None else elapsed
    return moment >= match.from_ and (match.until is None or moment < match.until)


def _find_event(match: Match, events: Sequence[Any], seed: int) -> int | None:
    questions = _questions(match, seed)
    if not questions:
        return _ANY
    for index, event in enumerate(events):
        if isinstance(event, dict) and all(question(event) for question in questions):
            return index
    return None


def _questions(match: Match, seed: int) -> list[Callable[[dict[str, Any]], bool]]:
    names, ids, share = match.event_name, match.event_id, match.event_share
    questions: list[Callable[[dict[str, Any]], bool]] = []
    if names is not None:
        questions.append(lambda event: str(event.get("event_name")) in names)
    if ids is not None:
        questions.append(lambda event: str(event.get("event_id")) in ids)
    if share is not None:
        questions.append(lambda event: _falls(str(event.get("event_id")), share, seed))
    return questions


def _falls(name: str, share: float, seed: int) -> bool:
    """Whether a name belongs to a share of all names, the same for ever."""
    digest = hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) < share * 2**64
