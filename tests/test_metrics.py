import asyncio
import re
import threading
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from streamer import measures
from streamer.ledger import Ledger, LedgerSnapshot
from streamer.metrics import Levels, Metrics
from streamer.outcomes import Outcome, Reason
from streamer.translate.engine import MATCH_KEYS, Note, ServerEvent

DOCS = Path(__file__).resolve().parents[1] / "docs"


class Watched:
    def __init__(self) -> None:
        self.books = Ledger()

    def ledger(self) -> LedgerSnapshot:
        return self.books.snapshot()

    def levels(self) -> Levels:
        return Levels(  # in the order of its fields
            *("python", True, 4.5, 7, 3, 11, 2, 1024, 4096, 6, 8),
            scopes_slowed={("app", "held"): 1, ("pixel", "paced"): 2},
            kafka_thread_idle_seconds=0.5,
        )


def _text(metrics: Metrics) -> str:
    return asyncio.run(metrics.render()).decode()


def _samples(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels, in the order in which they are declared."""
    labels = {measures.PREFIX + one.name: one.labels for section in measures.SECTIONS.values() for one in section}
    return {
        (sample.name, *(sample.labels[label] for label in labels.get(family.name, ()))): sample.value
        for family in text_string_to_metric_families(_text(metrics))
        for sample in family.samples
        if not sample.name.endswith("_bucket")
    }


def _event(pixel_id: str, *keys: str) -> ServerEvent:
    matched = sum(1 << MATCH_KEYS.index(key) for key in keys)
    return ServerEvent(pixel_id, b"{}", "Purchase", "e-1", 0, 1, matched=matched)


def _exercised() -> Metrics:
    """Metrics of a consumer to which everything has happened once."""
    metrics, watched = Metrics("9.9"), Watched()
    metrics.watch(watched)
    watched.books.read(4)
    watched.books.translated("1001", 4)
    watched.books.settled("1001", Outcome.DELIVERED, None, 1)
    watched.books.forgotten("1001", 1)
    metrics.noted("1001", [Note("user_data.em", "malformed")])
    metrics.quality.saw([_event("1001", "em", "fbp")])
    metrics.quality.sent("1001", [0], 100)
    metrics.sent(10, 2000)
    metrics.answered("1001", "park", 190, 0.2)
    metrics.split("1001")
    metrics.parked("1001", "token_dead")
    metrics.probed("works")
    metrics.pass_began("resumed")
    metrics.parked_waits(0, 7)
    metrics.pixels_file(2, 3)
    metrics.committed("tag-events", 0, 5)
    metrics.commit_failed("REBALANCE_IN_PROGRESS")
    metrics.rebalanced("assigned", 3)
    metrics.jumped("tag-events", 0)
    metrics.paused(on=True)
    metrics.lag("tag-events", 0, 12)
    metrics.loop_lag(0.01)
    return metrics


def test_the_page_of_metrics_is_as_the_code_is() -> None:
    assert (DOCS / "metrics.md").read_text(encoding="utf-8") == measures.page(), (
        "run: python -m streamer.metrics > docs/metrics.md"
    )


def test_what_is_scraped_is_what_the_page_promises_with_the_same_sentence_type_and_labels() -> None:
    families = {
        family.name: family
        for family in text_string_to_metric_families(_text(_exercised()))
        if family.name.startswith(measures.PREFIX)
    }
    declared = [one for section in measures.SECTIONS.values() for one in section]
    assert sorted(families) == sorted(measures.PREFIX + one.name for one in declared)
    for one in declared:
        family = families[measures.PREFIX + one.name]
        assert (family.type, family.documentation) == (one.kind, one.sentence)
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        assert labels == set(one.labels), one.name
        if one.kind == "counter":
            assert {sample.name for sample in family.samples} == {one.full_name}


def test_a_pixels_file_that_is_not_taken_up_and_secrets_that_are_not_there_are_told_until_they_are_mended() -> None:
    metrics = Metrics()
    for faults, missing in ((2, 1), (0, 0)):
        metrics.pixels_file(faults, missing)
        now = _samples(metrics)
        assert (now["streamer_pixels_file_faults",], now["streamer_secrets_missing",]) == (faults, missing)


def test_the_ledger_is_scraped_as_it_is_and_balances_for_each_pixel() -> None:
    metrics, watched = Metrics(), Watched()
    metrics.watch(watched)
    watched.books.read(9)
    watched.books.already_settled(2)
    watched.books.translated("1001", 9)
    watched.books.settled("1001", Outcome.DELIVERED, None, 4)
    watched.books.settled("1001", Outcome.SKIPPED, Reason.NO_CONSENT, 2)
    watched.books.forgotten("1001", 1)
    for _ in range(2):  # a second scrape must not count anything again
        now = _samples(metrics)
        assert now["streamer_records_read_total",] == 9
        assert now["streamer_records_already_settled_total",] == 2
        assert now["streamer_events_translated_total", "1001"] == 9
        assert now["streamer_events_forgotten_total", "1001"] == 1
        assert now["streamer_outcomes_total", "1001", "delivered", ""] == 4
        assert now["streamer_outcomes_total", "1001", "skipped", "no_consent"] == 2
        assert now["streamer_events_in_flight", "1001"] == 2


def test_levels_are_read_at_the_scrape_each_under_its_own_name() -> None:
    now = _samples(_exercised())
    expected = {
        "ready": 1,
        "oldest_unsent_seconds": 4.5,
        "events_waiting": 7,
        "requests_in_flight": 3,
        "records_unsettled": 11,
        "settlements_under_way": 2,
        "memory_used_bytes": 1024,
        "memory_budget_bytes": 4096,
        "partitions_owned": 6,
        "connections_not_understood_total": 8,
        "kafka_thread_idle_seconds": 0.5,
    }
    assert {name: now[f"streamer_{name}",] for name in expected} == expected
    assert now["streamer_engine_info", "python"] == 1
    assert now["streamer_scopes_slowed", "app", "held"] == 1
    assert now["streamer_scopes_slowed", "pixel", "paced"] == 2
    assert now["streamer_build_info", "9.9"] == 1


def test_a_scrape_before_anything_runs_gives_what_there_is() -> None:
    now = _samples(Metrics("9.9"))
    assert now["streamer_build_info", "9.9"] == 1
    assert ("streamer_records_read_total",) not in now


def test_requests_are_counted_by_pixel_result_and_code_and_timed_once_each() -> None:
    metrics = Metrics()
    metrics.sent(1000, 500_000)
    metrics.answered("1001", "delivered", None, 0.4)
    metrics.sent(1, 900)
    metrics.answered("1001", "park", 190, 0.1)
    now = _samples(metrics)
    assert now["streamer_requests_total", "1001", "delivered", ""] == 1
    assert now["streamer_requests_total", "1001", "park", "190"] == 1
    assert now["streamer_request_seconds_count",] == 2
    assert now["streamer_request_seconds_sum",] == pytest.approx(0.5)
    assert now["streamer_request_events_sum",] == 1001
    assert now["streamer_request_bytes_sum",] == 500_900


def test_a_pixel_is_parked_for_one_reason_at_a_time_and_for_none_when_it_works_again() -> None:
    metrics = Metrics()
    metrics.parked("1001", "token_dead")
    metrics.parked("1001", "no_permission")
    metrics.parked("1002", "blocked")
    assert {key: 1 for key in _samples(metrics) if key[0] == "streamer_pixel_parked"} == {
        ("streamer_pixel_parked", "1001", "no_permission"): 1,
        ("streamer_pixel_parked", "1002", "blocked"): 1,
    }
    metrics.parked("1001", None)
    metrics.parked("1001", None)
    assert [key for key in _samples(metrics) if key[0] == "streamer_pixel_parked"] == [
        ("streamer_pixel_parked", "1002", "blocked")
    ]


def test_a_revoked_partition_leaves_no_lag_behind_that_would_alarm_for_ever() -> None:
    metrics = Metrics()
    for partition in (0, 1):
        metrics.committed("tag-events", partition, 40 + partition)
        metrics.lag("tag-events", partition, 7)
    metrics.gone("tag-events", 0)
    metrics.gone("tag-events", 5)
    assert metrics.partitions == [("tag-events", 1, 41, 7)]
    assert ("streamer_lag", "tag-events", "0") not in _samples(metrics)


def test_a_partition_of_which_only_one_figure_is_known_is_shown_all_the_same() -> None:
    metrics = Metrics()
    metrics.committed("b", 10, 3)
    metrics.lag("b", 9, 8)
    metrics.lag("a", 0, 0)
    assert metrics.partitions == [("a", 0, None, 0), ("b", 9, None, 8), ("b", 10, 3, None)]


def test_a_pixel_that_is_gone_takes_its_series_along_and_no_other_pixels() -> None:
    metrics = Metrics()
    for pixel_id in ("1001", "1002"):
        metrics.answered(pixel_id, "delivered", None, 0.1)
        metrics.split(pixel_id)
        metrics.parked(pixel_id, "blocked")
        metrics.noted(pixel_id, [Note("user_data.ph", "malformed")])
        metrics.quality.saw([_event(pixel_id, "em")])
    metrics.forget_pixel("1001")
    left = {key for key in _samples(metrics) if "1001" in key or "1002" in key}
    assert {key[1] for key in left} == {"1002"}
    assert {key[0] for key in left} >= {
        "streamer_requests_total",
        "streamer_splits_total",
        "streamer_pixel_parked",
        "streamer_fields_dropped_total",
        "streamer_match_key_events_total",
    }


def test_bad_fields_are_counted_by_pixel_field_and_reason() -> None:
    metrics = Metrics()
    bad = Note("user_data.ph", "malformed")
    metrics.noted("1001", (bad, bad, Note("custom_data.currency", "unknown")))
    metrics.noted("1002", (bad,))
    now = _samples(metrics)
    assert now["streamer_fields_dropped_total", "1001", "user_data.ph", "malformed"] == 2
    assert now["streamer_fields_dropped_total", "1001", "custom_data.currency", "unknown"] == 1
    assert now["streamer_fields_dropped_total", "1002", "user_data.ph", "malformed"] == 1


def test_the_coverage_of_a_match_key_is_one_count_over_another() -> None:
    metrics = Metrics()
    metrics.quality.saw([_event("1001", "em", "event_id"), _event("1001", "fbp", "event_id"), _event("1002")])
    metrics.noted("1001", [Note("user_data.ph", "malformed")])
    for _ in range(2):
        now = _samples(metrics)
        assert now["streamer_server_events_total", "1001"] == 2
        assert now["streamer_match_key_events_total", "1001", "em"] == 1
        assert now["streamer_match_key_events_total", "1001", "event_id"] == 2
        assert now["streamer_faulty_events_total", "1001"] == 1
        assert now["streamer_server_events_total", "1002"] == 1
    assert ("streamer_match_key_events_total", "1001", "ph") not in now, "thousands of pixels have no series in vain"


def test_freshness_is_a_histogram_whose_buckets_are_those_that_meta_names() -> None:
    metrics = Metrics()
    metrics.quality.sent("1001", [1_000_000 - age for age in (1, 10, 4000, 90_000)], 1_000_000)
    lines = [line for line in _text(metrics).splitlines() if line.startswith("streamer_event_age_seconds")]
    assert lines == [
        'streamer_event_age_seconds_bucket{le="300.0",pixel="1001"} 2.0',
        'streamer_event_age_seconds_bucket{le="3600.0",pixel="1001"} 2.0',
        'streamer_event_age_seconds_bucket{le="7200.0",pixel="1001"} 3.0',
        'streamer_event_age_seconds_bucket{le="86400.0",pixel="1001"} 3.0',
        'streamer_event_age_seconds_bucket{le="+Inf",pixel="1001"} 4.0',
        'streamer_event_age_seconds_count{pixel="1001"} 4.0',
        'streamer_event_age_seconds_sum{pixel="1001"} 94011.0',
    ]


def test_a_scrape_of_thousands_of_pixels_is_not_written_out_on_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []

    def writing(_: object) -> bytes:
        threads.append(threading.current_thread())
        return b""

    monkeypatch.setattr("streamer.metrics.generate_latest", writing)
    asyncio.run(Metrics().render())
    assert threads
    assert threading.main_thread() not in threads


QUERY = re.compile(r"```promql\n(.*?)```", re.DOTALL)


def test_the_queries_on_the_quality_of_data_name_metrics_and_labels_that_exist() -> None:
    known = {one.full_name: one.labels for section in measures.SECTIONS.values() for one in section}
    queries = "".join(QUERY.findall((DOCS / "quality.md").read_text(encoding="utf-8")))
    asked = re.findall(r"(streamer_\w+?)(?:_bucket|_sum|_count)?\b(?:{([^}]*)})?", queries)
    assert len(asked) > 10
    for name, labels in asked:
        assert name in known
        assert set(re.findall(r"(\w+)=", labels)) <= {*known[name], "le"}


def test_two_consumers_in_one_process_do_not_share_counts() -> None:
    first, second = Metrics(), Metrics()
    first.rebalanced("assigned", 2)
    assert ("streamer_rebalances_total", "assigned") not in _samples(second)
