"""What a user asks to be replayed: said in two ways it is the same replay, and what cannot be meant is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.errors import UserError
from streamer.replay.span import Bound, Span, check_order, group_of, iso, make_bound, make_only
from streamer.translate.plan import Only

BOUNDS = st.builds(
    Bound,
    st.none() | st.integers(0, 10**6),
    st.dictionaries(st.integers(0, 9), st.integers(0, 10**6), max_size=3),
    st.none() | st.integers(0, 2 * 10**12),
)
NAMES = st.lists(st.text(max_size=5), max_size=2).map(tuple)
SPANS = st.builds(Span, NAMES, BOUNDS, BOUNDS, st.builds(Only, NAMES, NAMES, NAMES))


def test_an_offset_holds_for_all_partitions_or_each_has_its_own() -> None:
    assert make_bound("from", "1000", None).of(7) == 1000
    bound = make_bound("to", "0:5, 3:900", None)
    assert [bound.of(partition) for partition in (0, 1, 3)] == [5, None, 900]
    assert Span(("t",), end=bound).partitions == frozenset({0, 3})
    assert Span(("t",), start=Bound(offset=3)).partitions is None


@pytest.mark.parametrize("text", ["", "-1", "1.5", "0:1,", "0:1,2", "x", "0:1;1:2", "1" * 30])
def test_what_is_no_offset_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UserError, match=r"--from-offset: write an offset .* 0:1000,3:500"):
        make_bound("from", text, None)


def test_a_partition_with_two_offsets_is_refused() -> None:
    with pytest.raises(UserError, match="two offsets"):
        make_bound("to", "1:5,1:6", None)


@pytest.mark.parametrize(
    "text", ["2026-11-01T00:00Z", "2026-11-01T01:00+01:00", "2026-10-31T19:00:00-05:00", "20261101T000000Z"]
)
def test_a_time_is_the_same_in_any_zone(text: str) -> None:
    bound = make_bound("from", None, text)
    assert bound.at_ms == 1_793_491_200_000
    assert iso(bound.at_ms) == "2026-11-01T00:00:00Z"


@pytest.mark.parametrize("text", ["2026-11-01T00:00", "2026-11-01"])
def test_a_time_without_a_zone_is_refused_since_nobody_knows_which_hour_is_meant(text: str) -> None:
    with pytest.raises(UserError, match="--to: has no zone"):
        make_bound("to", None, text)


@pytest.mark.parametrize("text", ["yesterday", "", "2026-13-01T00:00Z", "1790000000"])
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UserError, match="2026-11-01T00:00Z"):
        make_bound("from", None, text)


def test_a_time_and_an_offset_for_the_same_side_are_refused() -> None:
    with pytest.raises(UserError, match="give one of the two"):
        make_bound("from", "1", "2026-11-01T00:00Z")


@pytest.mark.parametrize(
    ("start", "end", "fault"),
    [
        (Bound(at_ms=5), Bound(at_ms=5), "--to: is not later than --from"),
        (Bound(offset=5), Bound(offset=5), "5 is not greater than --from-offset 5"),
        (Bound(by_partition={1: 7}), Bound(by_partition={1: 6}), "6 of partition 1 is not greater"),
        (Bound(offset=9), Bound(by_partition={2: 9, 3: 10}), "9 of partition 2"),
    ],
)
def test_a_range_that_ends_before_it_begins_is_refused(start: Bound, end: Bound, fault: str) -> None:
    with pytest.raises(UserError, match=fault):
        check_order(Span(("t",), start, end))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (Bound(), Bound()),
        (Bound(offset=5), Bound()),
        (Bound(offset=9), Bound(at_ms=1)),
        (Bound(by_partition={1: 7}), Bound(by_partition={2: 6})),
    ],
)
def test_a_range_that_may_hold_something_is_taken(start: Bound, end: Bound) -> None:
    check_order(Span(("t",), start, end))


@given(SPANS, SPANS)
def test_two_ranges_share_a_group_only_if_they_are_the_same(one: Span, other: Span) -> None:
    def plain(span: Span) -> object:
        only = [sorted(each) for each in (span.only.pixels, span.only.containers, span.only.events)]
        return sorted(span.topics), span.start, span.end, only

    assert (group_of("g", None, one) == group_of("g", None, other)) == (plain(one) == plain(other))


def test_the_order_of_filters_and_topics_makes_no_other_replay() -> None:
    one = Span(("a", "b"), only=Only(("1", "2"), ("X", "Y"), ("Lead", "Purchase")))
    other = Span(("b", "a"), only=Only(("2", "1"), ("Y", "X"), ("Purchase", "Lead")))
    assert one.digest == other.digest


def test_a_group_stays_the_same_from_version_to_version_so_that_a_replay_can_go_on_after_an_upgrade() -> None:
    span = Span(("tag-events",), Bound(offset=5), Bound(at_ms=1_793_491_200_000), Only(("11",), (), ("Lead",)))
    assert group_of("streamer", None, span) == "streamer.replay.0ba4726d48"
    assert group_of("streamer", "november", span) == "streamer.replay.november"


@pytest.mark.parametrize("name", ["", "a b", "ä", "a/b", "x" * 101])
def test_a_name_that_no_group_should_have_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="--name: write"):
        group_of("streamer", name, Span(("t",)))


@pytest.mark.parametrize("pixel_id", ["", "abc", "0123", "1" * 21])
def test_a_pixel_id_that_is_none_is_refused(pixel_id: str) -> None:
    with pytest.raises(UserError, match="--pixel"):
        make_only((pixel_id,), (), ())


def test_a_choice_that_is_named_twice_counts_once() -> None:
    assert make_only(("11", "11"), ("A", "A"), ("Lead", "Lead")) == Only(("11",), ("A",), ("Lead",))
