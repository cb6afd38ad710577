"""The file of a mapping: its keys, and what is said of those that are not there."""

from pathlib import Path

import pytest

from streamer.errors import ConfigError
from streamer.translate.mapping import parse_mapping, read_mapping
from streamer.translate.plan import Condition
from tests.translate.mapping.shop import BASE, PATH, faults_of_file

OWN = 'A custom property of this name can only come with others, by "*": the path of a map or record.'
ORIGINAL = ", ".join(f"original_event_data.{key}" for key in ("event_name", "event_time", "order_id", "event_id"))
ITEM = "each, the path of a list of records, and Meta's keys of an item"
NO_QUANTITY = "without which Meta takes no item: where the record does not say it, add {constant: 1}."
EXTINFO = (
    "platform, package_name, short_version, long_version, os_version, device_model, locale, timezone_abbreviation, "
    "carrier, screen_width, screen_height, screen_density, cpu_cores, storage_gb, free_storage_gb, timezone"
)
CONDITION = "when must have in each condition a path, and one of in, not_in and present."
ROUTE = "1: route must hold pixel_id, container_id, or both, indented below it."
EVERY = "{constant: Purchase} where every record is the same event"
CHOICES = (
    "consent must be one path, that of a map from purpose to choice. Of purposes that have places of their own, write "
    "the name too: {ad_storage: consent.ads, ad_user_data: [consent.user, consent.all]}."
)
CONSTANT = "A value that is always the same is written {constant: "


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("event_nam: kind", "there is no key event_nam. Did you mean event_name?"),
        ("roote: x", "there is no key roote. Did you mean route?"),
        ("user_dat: {}", "there is no key user_dat. Did you mean user_data?"),
        ("em: person.email", "there is no key em: em stands below user_data."),
        (
            "user_data: {event_id: x}",
            "there is no key user_data.event_id: event_id stands at the top of the file, below no other key.",
        ),
        ("user_data: {email: x}", "there is no key user_data.email. Did you mean user_data.em?"),
        ("user_data: {Emial: x}", "there is no key user_data.Emial. Did you mean user_data.em?"),
        ("page_url: x", "there is no key page_url. Did you mean event_source_url?"),
        ("user_data: {'*': person}", "there is no key user_data.*: only custom_data takes all there is."),
        ("original_event_data: {z: x}", f"there is no key original_event_data.z. There are: {ORIGINAL}."),
        ("user_data: person", "user_data must hold keys of Meta's, indented below it."),
        ("user_data: {~: x}", "user_data has a key that is no text."),
    ],
)
def test_a_key_that_is_not_there_is_named_with_the_one_that_was_meant(text: str, fault: str) -> None:
    assert faults_of_file(f"{BASE}{text}\n") == [f"4: {fault}"]


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("curency", f"is nearly currency. Did you mean that? {OWN}"),
        ("vlaue", f"is nearly value. Did you mean that? {OWN}"),
        ("contents_", f"is nearly contents. Did you mean that? {OWN}"),
        ("orderId", f"is nearly order_id. Did you mean that? {OWN}"),
        ("em", "would send it as it is, for all to see: write it as user_data.em, where it is hashed."),
        (
            "external_id",
            "would send it as it is, for all to see: write it as user_data.external_id, where it is hashed.",
        ),
        ("customer_segmentation", "stands at the top of the file, without custom_data."),
        ("a.b", "is no name for a custom property: it must have a character, and no point."),
    ],
)
def test_a_custom_property_is_never_a_slip_or_a_person_s_data(name: str, fault: str) -> None:
    assert faults_of_file(f"{BASE}custom_data: {{{name}: x}}\n") == [f"4: custom_data.{name} {fault}"]


@pytest.mark.parametrize("name", ["margin", "country", "destination_airport", "vin", "_valueToSum", "5", "true"])
def test_any_other_name_is_a_custom_property(name: str) -> None:
    mapped = parse_mapping(f"{BASE}custom_data: {{{name}: x}}\n", PATH)
    assert [(entry.key, entry.holds) for entry in mapped.entries[2:]] == [(f"custom_data.{name}", "property")]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "event_name: a\nevent_time: b",
            "route is missing. Say in route.pixel_id or route.container_id where events go.",
        ),
        ("route: {}\nevent_name: a\nevent_time: b", ROUTE),
        ("route: a\nevent_name: a\nevent_time: b", ROUTE),
        ("route: {pixel: a}\nevent_name: a\nevent_time: b", "1: there is no key route.pixel. Did you mean pixel_id?"),
        (
            "route: {pixel_id: {constant: GTM-1}}\nevent_name: a\nevent_time: b",
            "1: route.pixel_id cannot be GTM-1. It must be a pixel's id: 1 to 20 digits.",
        ),
        (
            "route: {pixel_id: {all: [a, b]}}\nevent_name: a\nevent_time: b",
            "1: route.pixel_id holds one value: write first in place of all.",
        ),
        (
            "route: {pixel_id: a}\nevent_time: b",
            f"event_name is missing. Say where its name comes from, or write {EVERY}.",
        ),
        (
            "route: {pixel_id: a}\nevent_name: a",
            "event_time is missing. Say where the time comes from at which it happened.",
        ),
    ],
)
def test_every_event_has_somewhere_to_go_a_name_and_a_time(text: str, fault: str) -> None:
    assert faults_of_file(f"{text}\n") == [fault]


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "kind\n", "[kind]\n"])
def test_a_file_without_a_key_is_told_what_keys_are(text: str) -> None:
    assert faults_of_file(text) == ["1: the file must hold keys, such as event_name and user_data, indented below it."]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("when: {path: a, in: [b]}", "when must be a list of conditions, such as - {path: kind, in: [order, cart]}."),
        ("when: [a]", CONDITION),
        ("when: [{path: a}]", CONDITION),
        ("when: [{in: [a]}]", CONDITION),
        ("when: [{path: a, in: [b], present: true}]", CONDITION),
        ("when: [{path: a, inn: [b]}]", "when cannot have inn. Did you mean in?"),
        ("when: [{path: a, in: b}]", "when must have a list of values in in, such as [order, cart]."),
        ("when: [{path: a, not_in: [[b]]}]", "when must have a list of values in not_in, such as [order, cart]."),
        ("when: [{path: a, present: yes}]", "when must have true or false in present."),
        ("when: [{path: a b, present: true}]", "when has 'a b', which is no path: see character 2."),
        (
            "follow: value",
            "follow must be a list of what follows from contents: content_ids, num_items, value, content_type.",
        ),
        ("follow: [content_id]", "follow cannot have content_id. Did you mean content_ids?"),
        ("consent: 5", "consent must be a path, such as customer.email."),
        ("consent: {'*': {constant: x}}", "consent must be a path, such as customer.email."),
        ("consent: [consent.ads, consent.user]", CHOICES),
        ("consent: {'*': [consent.ads]}", CHOICES),
        ("consent: {path: a}", "consent has no forms: write the path itself, or purposes and their places."),
        ("origin: {constant: web}", "origin cannot be web. There are: browser, server, offline."),
    ],
)
def test_keys_of_ours_have_forms_of_their_own(text: str, fault: str) -> None:
    assert faults_of_file(f"{BASE}{text}\n") == [f"4: {fault}"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("custom_data: {contents: order.lines}", [f"custom_data.contents must hold {ITEM}, indented below it."]),
        (
            "custom_data: {contents: {id: sku, price: price, quantiti: q}}",
            [
                "custom_data.contents has no each, the path of the list of records.",
                f"custom_data.contents has no quantity, {NO_QUANTITY}",
                "there is no key custom_data.contents.price. Did you mean item_price?",
                "there is no key custom_data.contents.quantiti. Did you mean quantity?",
            ],
        ),
        (
            "custom_data: {contents: {each: {constant: 1}, id: sku, quantity: q}}",
            ["custom_data.contents cannot be constant. It comes from a path."],
        ),
        (
            "custom_data: {'*': [a, b]}",
            ["custom_data.* takes the properties of all that is named: write {all: [order.extra, page.extra]}."],
        ),
        (
            "custom_data: {'*': {path: a, without: note}}",
            ["custom_data.* must have a list of names in without, such as [internal_note]."],
        ),
        (
            "app_data: {extinfo: {os: a, platform: {constant: web}}}",
            [
                "app_data.extinfo has no os_version, without which Meta refuses the event.",
                "app_data.extinfo.platform cannot be web. There are: android, ios.",
                f"there is no key app_data.extinfo.os. There are: {EXTINFO}.",
            ],
        ),
    ],
)
def test_contents_properties_and_extinfo_have_what_meta_needs_of_them(text: str, expected: list[str]) -> None:
    assert faults_of_file(f"{BASE}{text}\n") == [f"4: {fault}" for fault in expected]


def test_every_fault_is_told_at_once_in_the_order_of_the_file() -> None:
    text = "rout: x\n\nevent_name:\nevent_time: 5\nuser_data:\n  em: [a, 7]\n  ph: b..c\n"
    assert faults_of_file(text) == [
        "route is missing. Say in route.pixel_id or route.container_id where events go.",
        "1: there is no key rout. Did you mean route?",
        "3: event_name holds nothing. Write where its value comes from, or leave the key out.",
        "4: event_time must be a path, such as customer.email.",
        f"6: user_data.em must be a path, such as customer.email. {CONSTANT}7}}.",
        f"7: user_data.ph has 'b..c', which is no path: a name is missing at character 3. {CONSTANT}…}}.",
    ]


def test_a_key_that_stands_there_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"shop\.yaml:4: event_name stands there twice"):
        parse_mapping(f"{BASE}event_name: x\n", PATH)


def test_a_section_whose_keys_are_all_comments_is_no_fault() -> None:
    assert len(parse_mapping(BASE + "user_data:\n  # em: person.email\n", PATH).entries) == 2


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read"):
        read_mapping(tmp_path / "none.yaml")


def test_a_fault_is_one_line_whatever_is_quoted_in_it() -> None:
    (fault,) = faults_of_file(BASE + '"a\\nb": x\n')
    assert fault.startswith("4: there is no key a b. There are: event_name")


def test_conditions_compare_flags_and_numbers_as_text() -> None:
    mapped = parse_mapping(BASE + "when: [{path: a, in: [true, 1, x]}, {path: b, present: false}]\n", PATH)
    assert [test.condition for test in mapped.when] == [
        Condition("a", "in", ("true", "1", "x")),
        Condition("b", "absent"),
    ]


def test_what_follows_from_contents_is_as_the_page_says_where_the_file_says_nothing() -> None:
    assert parse_mapping(BASE, PATH).follow == ("content_ids", "num_items")
    assert parse_mapping(BASE + "follow: []\n", PATH).follow == ()
