"""A mapping held against a schema: what is filled in, and what is said of what can never fit."""

import json

import pytest

from streamer.records.schema import parse_schema
from streamer.translate.plan import Condition, ConsentMap, Source, TranslationMap
from tests.translate.mapping.shop import BASE, compiled, faults, logical, record, rule_of, sources_of

UNITS = "seconds, milliseconds, microseconds, nanoseconds, days, iso8601"
FIELD = "Name one of its fields. There are: email, emails, phone, vip, born, address, friends."
LINE = "There are: sku, quantity, price_cents, tags."
LIST = "a list of text, and text is"
LINES = "a list of records, and text or a number is"
FIRST = "for its first item."
TABLE = "A table can say what stands for it: {path: PATH, values: {…}}."


@pytest.mark.parametrize(
    ("value", "source"),
    [
        ("created_at", Source("created_at", unit="milliseconds")),
        ("seen_at", Source("seen_at", unit="microseconds")),
        ("exact_at", Source("exact_at", unit="nanoseconds")),
        ("local_at", Source("local_at", unit="microseconds")),
        ("person.born", Source("person.born", unit="days")),
        ("written_at", Source("written_at", unit="iso8601")),
        ("{path: plain_at, unit: seconds}", Source("plain_at", unit="seconds")),
        ("{path: written_at, unit: milliseconds}", Source("written_at", unit="milliseconds")),
        ("{path: created_at, unit: milliseconds}", Source("created_at", unit="milliseconds")),
        ("{path: payload|json.at, unit: iso8601}", Source("payload|json.at", unit="iso8601")),
        ("{path: attributes.at, unit: seconds}", Source("attributes.at", unit="seconds")),
    ],
)
def test_a_time_has_the_unit_of_the_schema_or_its_own(value: str, source: Source) -> None:
    assert sources_of(f"attribution_data: {{visit_time: {value}}}", "attribution_data.visit_time") == (source,)


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("plain_at", f"needs a unit for plain_at, which is a number: {{path: plain_at, unit: milliseconds}}. {UNITS}"),
        ("share", f"needs a unit for share, which is a number: {{path: share, unit: milliseconds}}. {UNITS}"),
        (
            "payload|json.at",
            f"needs a unit for payload|json.at, which is JSON: {{path: payload|json.at, unit: milliseconds}}. {UNITS}",
        ),
        (
            "mixed_at",
            "needs a unit for mixed_at, which is more than one kind of time: {path: mixed_at, unit: milliseconds}. "
            + UNITS,
        ),
        (
            "{path: created_at, unit: seconds}",
            "cannot have the unit seconds: by the schema, created_at is in milliseconds.",
        ),
        ("{path: plain_at, unit: iso8601}", "cannot have the unit iso8601: plain_at is a number, and no text."),
        ("clock", "cannot be clock: that is a time of day, and a time is wanted."),
        ("person.vip", "cannot be person.vip: that is true or false, and a time is wanted."),
        (
            "person",
            f"cannot be person: that is a record, and a time is wanted. {FIELD}",
        ),
    ],
)
def test_a_time_whose_unit_nothing_tells_is_asked_for_it(value: str, fault: str) -> None:
    sentence = fault.replace(UNITS, f"There are: {UNITS}.")
    assert faults(f"{BASE}attribution_data: {{visit_time: {value}}}\n") == [
        f"4: attribution_data.visit_time {sentence}"
    ]


def test_a_birthday_is_a_date_or_written_out() -> None:
    assert sources_of("user_data: {db: person.born}", "user_data.db") == (Source("person.born", unit="days"),)
    assert sources_of("user_data: {db: person.email}", "user_data.db") == (Source("person.email"),)
    assert sources_of("user_data: {db: plain_at}", "user_data.db") == (Source("plain_at"),)
    assert sources_of("user_data: {db: person.emails}", "user_data.db") == (Source("person.emails"),)
    assert faults(BASE + "user_data: {db: {path: person.emails, unit: days}}\n") == [
        f"4: user_data.db cannot be person.emails: that is {LIST[:-3]} or a number is wanted. Write person.emails[0] "
        + FIRST
    ]


@pytest.mark.parametrize(
    ("text", "key", "source"),
    [
        ("custom_data: {value: order.total}", "custom_data.value", Source("order.total", scale=2)),
        ("custom_data: {value: {path: order.total, scale: 4}}", "custom_data.value", Source("order.total", scale=4)),
        ("custom_data: {value: {path: raw, scale: 1}}", "custom_data.value", Source("raw", scale=1)),
        ("custom_data: {margin: order.total}", "custom_data.margin", Source("order.total", scale=2)),
        ("user_data: {external_id: order.total}", "user_data.external_id", Source("order.total", scale=2)),
        ("custom_data: {value: share}", "custom_data.value", Source("share")),
    ],
)
def test_a_decimal_brings_its_scale(text: str, key: str, source: Source) -> None:
    assert sources_of(text, key) == (source,)


@pytest.mark.parametrize(
    ("key", "path", "kinds", "advice"),
    [
        ("event_id", "person", "a record, and text or a number is", FIELD),
        (
            "event_id",
            "raw",
            "bytes, and text or a number is",
            "If it holds JSON, name what is in it, as in raw|json.NAME.",
        ),
        ("event_source_url", "person.friends[].email", LIST, "Write person.friends[0].email for its first item."),
        ("action_source", "plain_at", "a whole number, and text is", TABLE),
        ("opt_out", "share", "a number, and true or false is", ""),
        ("data_processing_options_country", "share", "a number, and a whole number is", ""),
        ("consent", "kind", "text, and a map or a record is", ""),
        ("user_data.fbp", "cookies", "a map, and text is", "Name one of its keys, as in cookies.NAME."),
        ("user_data.client_ip_address", "person.emails", LIST, "Write person.emails[0] for its first item."),
        ("user_data.fi", "person.emails", f"{LIST[:-3]} or a number is", "Write person.emails[0] for its first item."),
        ("user_data.ge", "person.vip", "true or false, and text or a number is", TABLE),
        ("user_data.db", "clock", "a time of day, and text or a number is", ""),
        ("custom_data.content_ids", "order.lines", LINES, f"Name a field of its items: order.lines[].sku, say. {LINE}"),
        (
            "custom_data.search_string",
            "order.lines",
            LINES,
            f"Name a field of its items: order.lines[0].sku, say. {LINE}",
        ),
        ("custom_data.margin", "person", "a record, and one value, or a list of values, is", FIELD),
        ("custom_data.*", "kind", "text, and a map or a record is", ""),
    ],
)
def test_what_can_never_fit_is_told_with_what_could_be_written(key: str, path: str, kinds: str, advice: str) -> None:
    section, _, name = key.rpartition(".")
    text = f"{section}: {{'{name}': '{path}'}}" if section else f"{name}: {path}"
    advice = advice and f" {advice.replace('PATH', path)}"
    assert faults(f"{BASE}{text}\n") == [f"4: {key} cannot be {path}: that is {kinds} wanted.{advice}"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("event_id: nothing", "event_id can never have a value from nothing, which is always null."),
        (
            "event_id: {path: person, values: {a: b}}",
            f"event_id cannot be person: that is a record, and text or a number is wanted. {FIELD}",
        ),
        (
            "event_source_url: {path: person.emails, values: {a: 'https://example.com/'}}",
            f"event_source_url cannot be person.emails: that is {LIST} wanted. Write person.emails[0] {FIRST}",
        ),
        (
            "custom_data: {value: amount}",
            "custom_data.value cannot tell apart what amount may be, a decimal number or another: name one of them.",
        ),
        (
            "custom_data: {'*': {path: order.extra, without: [not]}}",
            "custom_data.* leaves out not, which order.extra does not have.",
        ),
        (
            "app_data: {extinfo: {platform: kind, os_version: persn}}",
            "app_data.extinfo.os_version leads nowhere: there is no persn. Did you mean person?",
        ),
        ("origin: {path: kind, values: {ordr: server}}", "origin has ordr, which kind never is. Did you mean order?"),
        (
            "user_data: {ge: {path: person.vip, values: {ja: f}}}",
            "user_data.ge has ja, which person.vip never is. There are: true, false.",
        ),
    ],
)
def test_a_form_that_can_never_give_anything_is_told(text: str, fault: str) -> None:
    assert faults(f"{BASE}{text}\n") == [f"4: {fault}"]


@pytest.mark.parametrize(
    ("each", "sku", "fault"),
    [
        ("person.emails", "sku", " cannot be person.emails: that is a list of text, and a list of records is wanted."),
        ("order.lines", "skuu", ".id leads nowhere: there is no skuu. Did you mean sku?"),
        ("order.lines", "order.id", f".id leads nowhere: there is no order. {LINE}"),
        (
            "order.lines",
            "tags",
            f".id cannot be tags: that is {LIST[:-3]} or a number is wanted. Write tags[0] {FIRST}",
        ),
    ],
)
def test_paths_of_contents_begin_at_an_item(each: str, sku: str, fault: str) -> None:
    text = f"{BASE}custom_data: {{contents: {{each: {each}, id: {sku}, quantity: {{constant: 1}}}}}}\n"
    assert faults(text) == [f"4: custom_data.contents{fault}"]


@pytest.mark.parametrize(
    "text",
    [
        "user_data: {em: person.emails}",
        "user_data: {ph: person.phone}",
        "user_data: {external_id: plain_at}",
        "user_data: {em: 'person.friends[].email'}",
        "user_data: {fbc: payload|json.fbc}",
        "user_data: {ge: {path: person.vip, values: {TRUE: f, 'false': m}}}",
        "custom_data: {content_ids: 'order.lines[].sku'}",
        "custom_data: {content_ids: kind}",
        "custom_data: {order_id: attributes.order}",
        "custom_data: {margin: attributes.margin}",
        "custom_data: {'*': person}",
        "custom_data: {'*': payload|json}",
        "custom_data: {contents: {each: payload|json.lines, id: a, quantity: b.c}}",
        "custom_data: {contents: {each: order, id: id, quantity: {constant: 1}}}",
        "custom_data: {contents: {each: [order.lines, order], id: [sku, id], quantity: {constant: 1}}}",
        "custom_data: {contents: {each: [order.gifts, order.stages.packed], id: sku, quantity: quantity}}",
        "opt_out: person.vip",
        "opt_out: kind",
        "data_processing_options: person.emails",
        "data_processing_options: kind",
        "consent: cookies",
        "consent: {'*': attributes, ad_storage: [person.vip, person.emails, cookies.gcs]}",
    ],
)
def test_what_can_fit_is_let_pass_also_if_only_one_branch_of_a_union_does(text: str) -> None:
    assert compiled(f"{BASE}{text}\n").left_out == ()


@pytest.mark.parametrize(
    ("condition", "fault"),
    [
        ("{path: knd, in: [order]}", "leads nowhere: there is no knd. Did you mean kind?"),
        ("{path: kind, in: [ordr]}", "has ordr, which kind never is. Did you mean order?"),
        ("{path: kind, in: [Order]}", "has Order, which kind never is. Did you mean order?"),
        ("{path: person.vip, not_in: [yes]}", "has yes, which person.vip never is. There are: true, false."),
        ("{path: person, in: [x]}", "cannot compare person: that is a record, and no single value."),
        (
            "{path: person.emails, in: [x]}",
            "cannot compare person.emails: that is a list of text, and no single value.",
        ),
    ],
)
def test_a_condition_that_says_nothing_is_told(condition: str, fault: str) -> None:
    assert faults(f"{BASE}when: [{condition}]\n") == [f"4: when {fault}"]


def test_a_whole_mapping_is_compiled() -> None:
    text = """
when: [{path: kind, in: [order, cart]}, {path: person, present: true}]
route: {pixel_id: [shop.pixel, {constant: 1234567890123456}], container_id: shop.container}
origin: {path: attributes.from, values: {app: browser}, otherwise: drop}
consent: {"*": attributes, ad_storage: cookies.gcs}
event_name: {path: kind, values: {order: Purchase}, otherwise: skip}
event_time: [created_at, seen_at]
custom_data:
  contents:
    each: order.lines
    id: sku
    quantity: [quantity, {constant: 1}]
    item_price: {path: price_cents, scale: 2}
app_data:
  extinfo: {os_version: attributes.os, platform: {constant: ios}}
follow: [value, content_ids]
"""
    made = compiled(text).mapping
    assert (
        made._replace(rules=())
        if isinstance(made, tuple)
        else made
        == TranslationMap(
            rules=made.rules,
            pixel_id=(Source("shop.pixel"), Source(constant="1234567890123456")),
            container_id=(Source("shop.container"),),
            origin=made.origin,
            consent=ConsentMap("attributes", (("ad_storage", (Source("cookies.gcs"),)),)),
            when=(Condition("kind", "in", ("order", "cart")), Condition("person", "present")),
            follow=("content_ids", "value"),
        )
    )
    assert [rule.key for rule in made.rules] == ["event_name", "event_time", "custom_data.contents", "app_data.extinfo"]
    assert [(rule.key, rule.sources) for rule in made.rules[2].fields] == [
        ("id", (Source("sku"),)),
        ("quantity", (Source("quantity"), Source(constant=1))),
        ("item_price", (Source("price_cents", scale=2),)),
    ]
    assert [rule.key for rule in made.rules[3].fields] == ["platform", "os_version"]


def test_faults_of_the_file_and_of_the_schema_are_told_together() -> None:
    text = (
        "rout: x\nroute: {pixel_id: shp.pixel}\nevent_name: knd\nevent_time: plain_at\naction_source: {constant: web}\n"
    )
    assert [fault.split(" ")[0] + fault.split(" ")[1] for fault in faults(text)] == [
        "1:there",
        "2:route.pixel_id",
        "3:event_name",
        "4:event_time",
        "5:action_source",
    ]


OTHER = parse_schema(
    json.dumps(
        record("Other", kind="string", created_at=logical("long", "timestamp-millis"), shop=record("S", pixel="string"))
    ),
    "a test",
)


def test_for_somebody_else_s_schema_what_it_does_not_have_is_left_out_and_told() -> None:
    text = BASE + (
        "event_id: [order.id, kind]\nuser_data: {em: {all: [person.email, person.emails]}}\n"
        "custom_data: {contents: {each: order.lines, id: sku, quantity: {constant: 1}}, '*': order.extra}\n"
        "app_data: {extinfo: {platform: {constant: ios}, os_version: os}}\nwhen: [{path: platform, not_in: [IOS]}]\n"
        "consent: {'*': consent, ad_storage: ads}\norigin: [origin, {constant: server}]\n"
    )
    made = compiled(text, OTHER, strict=False)
    assert [rule.key for rule in made.mapping.rules] == ["event_name", "event_time", "event_id"]
    assert made.mapping.rules[2].sources == (Source("kind"),)
    assert made.mapping.origin == (Source(constant="server"),)
    assert (made.mapping.when, made.mapping.consent) == ((), ConsentMap())
    assert set(made.left_out) == {
        ("event_id", "order.id"),
        ("user_data.em", "person.email"),
        ("user_data.em", "person.emails"),
        ("custom_data.contents", "order.lines"),
        ("custom_data.*", "order.extra"),
        ("app_data.extinfo.os_version", "os"),
        ("when", "platform"),
        ("consent", "consent"),
        ("consent.ad_storage", "ads"),
        ("origin", "origin"),
    }


def test_an_event_keeps_a_name_a_time_and_somewhere_to_go_whatever_the_schema_lacks() -> None:
    text = "route: {pixel_id: pixel, container_id: container}\nevent_name: [name, type]\nevent_time: at\n"
    lost, draft = "cannot be read from records of Other: there is no", "`streamer mapping --draft` makes a start."
    assert faults(text, OTHER, strict=False) == [
        f"1: route.container_id {lost} container. Write a mapping for them: {draft}",
        f"1: route.pixel_id {lost} pixel. Write a mapping for them: {draft}",
        f"2: event_name {lost} name and no type. Write a mapping for them: {draft}",
        f"3: event_time {lost} at. Write a mapping for them: {draft}",
    ]


@pytest.mark.parametrize("condition", ["{path: platform, in: [WEB]}", "{path: platform, present: true}"])
def test_a_condition_that_no_record_of_the_schema_meets_is_a_fault_also_of_a_preset(condition: str) -> None:
    (fault,) = faults(f"{BASE}when: [{condition}]\n", OTHER, strict=False)
    assert fault.startswith("4: when leads nowhere: there is no platform.")


def test_what_can_never_fit_is_a_fault_also_of_a_preset() -> None:
    (fault,) = faults(f"{BASE}event_id: shop\n", OTHER, strict=False)
    assert fault.startswith("4: event_id cannot be shop: that is a record")


def test_a_table_may_know_more_than_an_enum_of_somebody_else_s_schema() -> None:
    made = compiled(
        BASE.replace("event_name: kind", "event_name: {path: kind, values: {refund: Refund}}"), strict=False
    )
    assert made.mapping.rules[0].key == "event_name"


def test_nothing_is_carried_that_costs_a_record_time() -> None:
    assert rule_of("event_id: order.id", "event_time").sources == (Source("created_at", unit="milliseconds"),)
    assert rule_of("event_id: order.id", "event_id").sources == (Source("order.id"),)
