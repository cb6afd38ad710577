"""The reader of PromQL that the other tests trust."""

from tests.support.promql import Named, Pick, grouped, named


def test_metrics_are_found_with_their_conditions_and_without() -> None:
    expression = 'sum by (pixel) (rate(streamer_a_total{x="}{",y=~"b|c"}[5m])) / streamer_b and up == 0'
    assert list(named(expression)) == [
        Named("streamer_a_total", (Pick("x", "=", "}{"), Pick("y", "=~", "b|c"))),
        Named("streamer_b", ()),
        Named("up", ()),
    ]


def test_labels_are_found_wherever_they_group_or_match() -> None:
    assert grouped("sum by (a, b) (x) / on (c) group_left max without (d) (y)") == {"a", "b", "c", "d"}


def test_the_values_of_a_condition_are_those_it_spells_out() -> None:
    assert Pick("x", "=~", "b|c").values == ["b", "c"]
    assert Pick("x", "=", "7200.0").values == ["7200.0"]
    assert Pick("x", "=", "$pixel").values == []
    assert Pick("x", "=~", ".*").values == []
