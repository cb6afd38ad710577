"""Random schedules: a seed gives a scenario, with faults, loads and deeds that nobody thought of.

What it does heals in the end, so that every event must have come to its end when it is over.
"""

import random
from typing import Any

from tests.simulation.scenario import Scenario

_ERRORS = (
    {"code": 1, "status": 500},
    {"code": 2, "transient": True},
    {"code": 4},
    {"code": 17, "subcode": 2446079},
    {"code": 613},
    {"code": 80004},
    {"code": 190, "subcode": 463, "status": 401},
    {"code": 10, "status": 403},
    {"code": 100, "subcode": 33},
    {"code": 368},
    {"code": 100, "subcode": 2804050, "transient": True},
)
_NAMED = (
    *("timeout", "timeout_lost", "closed", "refused", "cut_off", "html", "redirect", "unavailable", "unknown_code"),
    *("no_trace", "half_taken", "short_count", "too_large", "bad_events"),
)
_KINDS = ("good", "good", "good", "bad", "junk", "tombstone", "no_consent", "old", "without_id")
_MOST_RECORDS = 250
_HEALED_SECONDS = 20_000.0
"""Long enough for a hold that has doubled up to an hour; a run is over when everything has its end."""


def schedule(seed: int) -> Scenario:
    """Return the scenario of a seed: always the same."""
    draw = random.Random(seed)
    seconds = draw.choice((30, 120, 400))
    pixels = draw.randint(1, 8)
    replicas = draw.choice((1, 1, 2, 3))
    return Scenario.model_validate(
        {
            "title": f"The random schedule of seed {seed}.",
            "seconds": seconds,
            "rest": _HEALED_SECONDS,
            "ends_early": True,
            "pixels": pixels,
            "tokens": {"token-shared": _some(draw, pixels)} if draw.random() < 0.4 else {},
            "apps": {"app-shared": _some(draw, pixels)} if draw.random() < 0.4 else {},
            "partitions": draw.randint(1, 4),
            "gap": draw.choice((1, 1, 3)),
            "replicas": replicas,
            "tick": 0.5,
            "broker_seconds": draw.choice((0, 0.01, 2)),
            "budget": draw.choice((20_000, 200_000, 2**26)),
            "settings": _settings(draw),
            "load": [_load(draw, pixels, seconds) for _ in range(draw.randint(1, 4))],
            "meta": {
                "latency": draw.choice((0, 0.1, 1)),
                "jitter": draw.choice((0, 0.5)),
                "rules": [_rule(draw, pixels, seconds) for _ in range(draw.randint(0, 5))],
                "limits": [_limit(draw, pixels)] if draw.random() < 0.2 else [],
                "names": draw.choice(("nobody", "nobody", "the_culprit", "anybody")),
                "capacity": [_capacity(draw, pixels)] if draw.random() < 0.2 else [],
            },
            "changes": [
                *_deeds(draw, replicas, seconds),
                *_tokens(draw, pixels, seconds),
                *_outage(draw, seconds, "broker"),
                *_outage(draw, seconds, "schemas"),
            ],
        }
    )


def _some(draw: random.Random, pixels: int) -> str:
    first = draw.randint(1, pixels)
    return f"p{first}-p{draw.randint(first, pixels)}"


def _span(draw: random.Random, seconds: float) -> dict[str, float]:
    begins = draw.uniform(0, seconds)
    return {"from": round(begins, 2), "until": round(draw.uniform(begins, seconds), 2)}


def _settings(draw: random.Random) -> dict[str, Any]:
    return {
        "window": {"seconds": draw.choice((0, 1, 5)), "max_events": draw.choice((1, 5, 1000))},
        "delivery": {
            "max_in_flight": draw.randint(1, 8),
            "max_in_flight_per_pixel": draw.randint(1, 4),
            "probe_seconds": draw.choice((20, 120)),
            "refused_share_limit": 1,  # else many bad events would end the process, as they should
            "refused_share_minimum": draw.choice((1, 100)),  # but what is refused must never exceed what was seen
            "backoff_max_seconds": draw.choice((5, 60)),
        },
        "parking": {"sweep_hours": 0.1, "pass_pause_seconds": draw.choice((0, 10))},
        "stop": {"drain_seconds": draw.choice((0.5, 25))},
    }


def _load(draw: random.Random, pixels: int, seconds: float) -> dict[str, Any]:
    some = _some(draw, pixels)
    kind = draw.choice(_KINDS)
    load: dict[str, Any] = {
        "pixels": some,
        "kind": kind,
        "bad_every": draw.choice((0, 0, 7, 40)) if kind == "good" else 0,
        "together": draw.choice((1, 1, 2, 3)) if kind not in {"junk", "tombstone"} else 1,
        "expires_in": draw.choice((5, 100, 3000)),
        "padding": draw.choice((0, 0, 2000)),
    }
    if draw.random() < 0.3:
        return load | {"at_once": draw.choice((1, 10, 40, 300)), "from": round(draw.uniform(0, seconds), 2)}
    return load | _span(draw, seconds) | {"every": max(0.2, seconds * pixels / draw.randint(10, _MOST_RECORDS))}


def _rule(draw: random.Random, pixels: int, seconds: float) -> dict[str, Any]:
    rule: dict[str, Any] = {"pixels": _some(draw, pixels), "share": draw.choice((0.1, 0.5, 1, 1))} | _span(
        draw, seconds
    )
    if draw.random() < 0.2:
        rule["latency"] = draw.choice((3, 9.9, 15))
    elif draw.random() < 0.5:
        rule["answer"] = draw.choice(_NAMED)
    else:
        error: dict[str, Any] = dict(draw.choice(_ERRORS))
        if draw.random() < 0.5:
            error["headers"] = {"Retry-After": str(draw.randint(1, 300))}
        rule["answer"] = error
    return rule


def _limit(draw: random.Random, pixels: int) -> dict[str, Any]:
    return {
        "per": draw.choice(("pixel", "token", "app")),
        "pixels": _some(draw, pixels),
        "calls": draw.randint(20, 60),
        "seconds": draw.choice((30, 60)),
        "blocked_seconds": draw.choice((10, 60, 300)),
        "code": draw.choice((4, 17, 613, 80004)),
        "header": draw.choice(("app", "account", "business", "none")),
    }


def _capacity(draw: random.Random, pixels: int) -> dict[str, Any]:
    """Return a limit that slows requests down, but never so far that all of them time out, which would have no end."""
    slower, refused_above = draw.choice(((0, None), (0, 4), (0.3, None), (0.3, 4), (2, 4)))
    return {
        "pixels": _some(draw, pixels),
        "requests": draw.randint(1, 3),
        "slower": slower,
        "refused_above": refused_above,
    }


def _deeds(draw: random.Random, replicas: int, seconds: float) -> list[dict[str, Any]]:
    """Return what is done to the replicas; in the end the first of them runs."""
    deeds = [
        {
            "at": round(draw.uniform(0, seconds), 2),
            "replicas": draw.choice(("stop", "kill", "start", "lose", "revoke")),
            "replica": draw.randrange(replicas),
        }
        for _ in range(draw.choice((0, 0, 1, 2, 6)))
    ]
    return [*deeds, {"at": seconds + 60, "replicas": "start", "replica": 0}]


def _tokens(draw: random.Random, pixels: int, seconds: float) -> list[dict[str, Any]]:
    """Return tokens that go and come; in the end every pixel has one."""
    if draw.random() < 0.7:
        return []
    some, (begins, until) = _some(draw, pixels), sorted((draw.uniform(0, seconds), draw.uniform(0, seconds)))
    return [
        {"at": round(begins, 2), "pixels": some, "token": draw.choice(("none", "token-other"))},
        {"at": round(until, 2), "pixels": some, "token": "token-new"},
    ]


def _outage(draw: random.Random, seconds: float, of: str) -> list[dict[str, Any]]:
    if draw.random() < 0.8:
        return []
    span = _span(draw, seconds)
    return [{"at": span["from"], of: "down"}, {"at": span["until"], of: "up"}]
