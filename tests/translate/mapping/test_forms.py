"""Where a value comes from: what can be written, and what is said of what cannot."""

import pytest

from streamer.translate.plan import Source, Table
from tests.translate.mapping.shop import BASE, faults_of_file, rule_of, sources_of

UNITS = "seconds, milliseconds, microseconds, nanoseconds, days, iso8601"
CONSTANT = "A value that is always the same is written {constant: "
SOURCES = "app, business_messaging, chat, email, other, phone_call, physical_store, system_generated, website"
IN_LIST = "has a list in a list. Write its items out in one list."
NOWHERE = "does not say where its value comes from: give it a path, or a constant."


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ("event_id: order.id", "event_id", (Source("order.id"),)),
        ("event_id: [order.id, {constant: 7}]", "event_id", (Source("order.id"), Source(constant=7))),
        ("event_id: {first: [order.id, payload]}", "event_id", (Source("order.id"), Source("payload"))),
        ("user_data: {country: {constant: de}}", "user_data.country", (Source(constant="de"),)),
        ("opt_out: {constant: true}", "opt_out", (Source(constant=True),)),
        ("custom_data: {value: {constant: '1.50'}}", "custom_data.value", (Source(constant=1.5),)),
        ("custom_data: {value: {constant: 2}}", "custom_data.value", (Source(constant=2.0),)),
        ("custom_data: {tier: {constant: 2}}", "custom_data.tier", (Source(constant=2),)),
        (
            "opt_out: {path: payload, values: {denied: true, 0: false, '': ''}, otherwise: drop}",
            "opt_out",
            (Source("payload", table=Table((("denied", "true"), ("0", "false"), ("", "")), "drop")),),
        ),
        ("custom_data: {value: {path: share, scale: 2}}", "custom_data.value", (Source("share", scale=2),)),
        ("custom_data: {margin: {path: plain_at, scale: 0}}", "custom_data.margin", (Source("plain_at", scale=0),)),
        (
            "custom_data: {'*': {path: attributes, without: [note, 5]}}",
            "custom_data.*",
            (Source("attributes"),),
        ),
        (
            "custom_data: {'*': {all: [attributes, order.extra]}}",
            "custom_data.*",
            (Source("attributes"), Source("order.extra")),
        ),
    ],
)
def test_what_can_be_written_is_what_the_engine_gets(text: str, key: str, expected: tuple[Source, ...]) -> None:
    assert sources_of(text, key) == expected


def test_all_of_several_places_and_what_is_left_out_go_with_the_rule() -> None:
    assert rule_of("user_data: {em: {all: [person.email, person.emails]}}", "user_data.em").every
    assert not rule_of("user_data: {em: [person.email, person.emails]}", "user_data.em").every
    assert rule_of("custom_data: {'*': {path: attributes, without: [note, 5]}}", "custom_data.*").without == (
        "note",
        "5",
    )


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("", "holds nothing. Write where its value comes from, or leave the key out."),
        ("5", f"must be a path, such as customer.email. {CONSTANT}5}}."),
        ("Order Completed", f"has 'Order Completed', which is no path: see character 6. {CONSTANT}…}}."),
        ("[]", "has an empty list. Write where its value comes from, or leave the key out."),
        ("[a, [b]]", IN_LIST),
        ("[a, {first: [b]}]", IN_LIST),
        ("{first: [a, {all: [b]}]}", IN_LIST),
        ("{first: [a], path: b}", "has more beside first: write it inside, with the path that it is for."),
        ("{first: a}", "must have a list in first, such as {first: [customer.email, order.email]}."),
        ("{all: [a, b]}", "holds one value: write first in place of all."),
        ("{pth: a}", "cannot have pth. Did you mean path?"),
        ("{5: a}", "cannot have 5. There are: path, values, otherwise, unit, scale, constant, first, all."),
        ("{otherwise: keep}", NOWHERE),
        ("{}", NOWHERE),
        ("{path: [a]}", "must be a path, such as customer.email."),
        ("{path: a, otherwise: drop}", "has otherwise without values, of which it says what becomes of others."),
        ("{path: a, values: {}}", "must have a table in values, such as {order: Purchase, cart: AddToCart}."),
        ("{path: a, values: {x: [y]}}", "must say what becomes of x: text, a number, true or false."),
        ("{path: a, values: {~: y}}", "has a value in its table that is no text, number, true or false."),
        ("{path: a, values: {x: y}, otherwise: kep}", "cannot have kep in otherwise. Did you mean keep?"),
        (
            "{path: a, values: {x: y}, otherwise: skip}",
            "cannot have skip in otherwise: an event is skipped by event_name, or by when.",
        ),
        ("{path: a, unit: seconds}", "is no time, and has no unit."),
        ("{path: a, scale: 2}", "is no number, and has no scale."),
        ("{constant: [a]}", "must have text, a number, true or false in constant."),
        ("{constant: ' '}", "cannot be empty. It must be text that is not empty."),
        ("{constant: a, values: {a: b}}", "has more beside its constant, which is sent as it is."),
    ],
)
def test_where_a_value_comes_from_is_a_path_a_constant_or_several(value: str, fault: str) -> None:
    assert faults_of_file(f"{BASE}event_id: {value}\n") == [f"4: event_id {fault}"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("action_source: {constant: web}", "action_source cannot be web. Did you mean website?"),
        (
            "action_source: {path: a, values: {s: shop}}",
            f"action_source cannot be shop. There are: {SOURCES}.",
        ),
        ("origin: {constant: Browser}", "origin cannot be Browser. Did you mean browser?"),
        ("opt_out: {path: a, values: {denied: yess}}", "opt_out cannot be yess. There are: true, false."),
        ("messaging_channel: {constant: whatsap}", "messaging_channel cannot be whatsap. Did you mean whatsapp?"),
        (
            "customer_segmentation: {constant: customer_in_programm}",
            "customer_segmentation cannot be customer_in_programm. Did you mean customer_in_loyalty_program?",
        ),
    ],
)
def test_a_key_that_takes_certain_words_gets_no_other(text: str, fault: str) -> None:
    assert faults_of_file(f"{BASE}{text}\n") == [f"4: {fault}"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("currency: {constant: EURO}", "currency cannot be EURO. Did you mean EUR?"),
        (
            "currency: {constant: '€'}",
            "currency cannot be €. It must be a code of ISO 4217 that Meta takes, such as EUR.",
        ),
        ("content_type: {constant: products}", "content_type cannot be products. Did you mean product?"),
        (
            "delivery_category: {constant: home}",
            "delivery_category cannot be home. There are: curbside, home_delivery, in_store.",
        ),
        ("value: {constant: much}", "value cannot be much. It must be a number."),
        ("value: {constant: true}", "value cannot be true. It must be a number."),
        ("value: {path: a, values: {gold: much}}", "value cannot be much. It must be a number."),
        ("num_items: {constant: -1}", "num_items cannot be -1. It must be a whole number of at least 0."),
        (
            "value: {path: a, scale: -1}",
            "value must have a whole number from 0 to 30 as its scale: the digits behind the point.",
        ),
        ("value: {path: a, scale: 2, values: {a: 1}}", "value has values and scale: there can be one of them."),
    ],
)
def test_custom_data_gets_nothing_that_meta_refuses(text: str, fault: str) -> None:
    assert faults_of_file(f"{BASE}custom_data: {{{text}}}\n") == [f"4: custom_data.{fault}"]


@pytest.mark.parametrize("form", ["{path: order.extra, witout: [note]}", "{all: [order.extra], witout: [note]}"])
def test_a_slip_in_what_is_left_out_of_all_properties_is_found(form: str) -> None:
    (fault,) = faults_of_file(f'{BASE}custom_data:\n  "*": {form}\n')
    assert fault == "5: custom_data.* cannot have witout. Did you mean without?"


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("{constant: 1}", "cannot be constant. A time comes from a path."),
        ("{path: a, values: {a: b}}", "cannot have values: they are for texts."),
        ("{path: a, unit: second}", "cannot have second as its unit. Did you mean seconds?"),
        ("{path: a, unit: [s]}", f"cannot have this as its unit. There are: {UNITS}."),
    ],
)
def test_a_time_has_a_unit_and_no_table(value: str, fault: str) -> None:
    text = f"{BASE}attribution_data: {{visit_time: {value}}}\n"
    assert faults_of_file(text) == [f"4: attribution_data.visit_time {fault}"]


@pytest.mark.parametrize(("key", "value"), [("country", "Germny"), ("ge", "x"), ("em", "nobody"), ("dobm", "13")])
def test_nothing_is_hashed_that_meta_could_never_match(key: str, value: str) -> None:
    fault = f"user_data.{key} cannot be {value}. Nothing that Meta knows can be made of it: see docs/normalising.md."
    assert faults_of_file(f"{BASE}user_data: {{{key}: {{constant: {value}}}}}\n") == [f"4: {fault}"]
    assert faults_of_file(f"{BASE}user_data: {{{key}: {{path: a, values: {{b: {value}}}}}}}\n") == [f"4: {fault}"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("em", "shop@example.com"),
        ("external_id", "1"),
        ("client_ip_address", "203.0.113.7"),
        ("fbp", "fb.1.1596403881668.1116446470"),
        ("fn", "maria"),
        ("madid", "38400000-8cf0-11bd-b23e-10b96e40000d"),
    ],
)
def test_not_all_events_are_made_one_person_s(key: str, value: str) -> None:
    fault = f"user_data.{key} cannot be constant: it would make one person of all events. "
    constant = f"{{constant: '{value}'}}"
    for written in (constant, f"[person.email, {constant}]"):
        assert faults_of_file(f"{BASE}user_data: {{{key}: {written}}}\n") == [
            f"4: {fault}Write its path, or leave it out."
        ]


@pytest.mark.parametrize(("key", "value"), [("country", "de"), ("ct", "berlin"), ("page_id", "1234")])
def test_what_all_people_of_a_shop_share_may_be_constant(key: str, value: str) -> None:
    assert sources_of(f"user_data: {{{key}: {{constant: '{value}'}}}}", f"user_data.{key}")[0].constant == value
