"""What pixels.yaml can say of a pixel's events, and what is wrong in it."""

import re
from pathlib import Path

import pytest

from streamer.errors import ConfigError
from streamer.pixels.file import PixelsFile, read_pixels
from streamer.pixels.policy import _SECTIONS, _SIMPLE, ListSource
from streamer.translate.plan import ConsentPolicy, EventPolicy, Limited, PixelRules, PropertyPolicy

PAGE = Path(__file__).resolve().parents[2] / "docs" / "policy.md"


def _read(folder: Path, text: str) -> PixelsFile:
    path = folder / "pixels.yaml"
    path.write_text(text, encoding="utf-8")
    return read_pixels(path)


def _rules(folder: Path, entry: str, defaults: str = "{}") -> PixelRules:
    return _read(folder, f"defaults: {defaults}\npixels:\n  1001: {entry}\n").pixels["1001"].rules


def _faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        _read(folder, text)
    return [fault.removeprefix(f"{folder}/pixels.yaml:") for fault in caught.value.faults]


def test_all_that_can_be_said_of_a_pixels_events_is_read(tmp_path: Path) -> None:
    said = """
    consent: {require: {ad_storage: granted, ad_user_data: [Granted, yes, true, 1]}, missing: denied}
    limited_data_use: {regions: [us-ca, US-CO], unknown: "off"}
    opt_out: true
    origins: {allow: [server, offline], events: {Purchase: [browser, server]}}
    events: {allow: [order, Lead], deny: [PageView], rename: {order: Purchase}}
    properties: {allow: [margin, tier], deny: [tier], server_only: [predicted_ltv, margin]}
    external_id: hashed_lowercase
    suppression: {file: suppressed/acme.txt}
    region: de
    enabled: false
"""
    file = _read(tmp_path, f"pixels:\n  1001:{said}")
    assert file.pixels["1001"].rules == PixelRules(
        phone_region="de",
        enabled=False,
        external_id="hashed_lowercase",
        opt_out=True,
        consent=ConsentPolicy(
            (("ad_storage", ("granted",)), ("ad_user_data", ("granted", "yes", "true", "1"))), "denied"
        ),
        limited=Limited(("us-ca", "us-co"), "off"),
        events=EventPolicy(
            allow=("order", "Lead"),
            deny=("PageView",),
            rename=(("order", "Purchase"),),
            origins=("server", "offline"),
            origins_by_event=(("Purchase", ("browser", "server")),),
        ),
        properties=PropertyPolicy(("margin", "tier"), ("tier",), ("predicted_ltv", "margin")),
        suppression=f"{tmp_path}/suppressed/acme.txt",
    )
    assert file.lists == (ListSource(tmp_path / "suppressed" / "acme.txt", f"{tmp_path}/pixels.yaml:10"),)
    assert file.defaults == PixelRules()


def test_the_example_of_the_page_on_policies_is_read_as_the_page_says(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    file = _read(tmp_path, example)
    acme, bolt = (entry.rules for entry in file.pixels.values())
    required = (
        ("ad_storage", ("granted",)),
        ("ad_user_data", ("granted", "yes")),
        ("advertising", ("granted", "true")),
        ("marketing", ("granted", "true")),
    )
    assert file.defaults == PixelRules(consent=ConsentPolicy(required, "granted"), limited=Limited(("us",)))
    assert (acme.consent, acme.limited) == (file.defaults.consent, file.defaults.limited)
    assert (bolt.consent, bolt.limited) == (ConsentPolicy(required, "denied"), Limited(("us-ca", "us-co"), "off"))


def test_the_page_on_policies_has_every_key() -> None:
    keys = {*_SIMPLE, *(f"{section}.{key}" for section, keys in _SECTIONS.items() for key in keys)}
    listed = re.findall(r"^\| ((?:`[\w.]+`(?:, )?)+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert {key.strip("` ") for cell in listed for key in cell.split(",")} == keys


def test_what_is_said_of_all_pixels_counts_for_each_and_for_those_that_are_not_named(tmp_path: Path) -> None:
    file = _read(tmp_path, "defaults: {opt_out: true, region: FR}\npixels:\n  1001:\n  1002: {opt_out: false}\n")
    assert file.defaults == PixelRules(opt_out=True, phone_region="fr")
    assert file.pixels["1001"].rules == file.defaults
    assert file.pixels["1002"].rules == PixelRules(phone_region="fr")


@pytest.mark.parametrize(
    ("defaults", "entry", "rules"),
    [
        (
            "{consent: {require: {ads: granted}, missing: denied}}",
            "{consent: {require: {marketing: yes}}}",
            PixelRules(consent=ConsentPolicy((("marketing", ("yes",)),), "denied")),
        ),
        ("{consent: {missing: denied}}", "{}", PixelRules(consent=ConsentPolicy(missing="denied"))),
        ("{}", "{consent: {require: {}}}", PixelRules(consent=ConsentPolicy(()))),
        (
            "{properties: {deny: [margin]}}",
            "{properties: {allow: [margin, tier]}}",
            PixelRules(properties=PropertyPolicy(("margin", "tier"), ("margin",))),
        ),
        ("{properties: {allow: []}}", "{properties: {allow: all}}", PixelRules()),
        ("{}", "{properties: {allow: []}}", PixelRules(properties=PropertyPolicy(allow=()))),
        ("{events: {allow: [Lead]}}", "{events: {allow: all}}", PixelRules()),
        ("{origins: {allow: [server]}}", "{origins: {allow: all}}", PixelRules()),
        (
            "{origins: {allow: [server]}}",
            "{origins: {events: {Lead: [browser]}}}",
            PixelRules(events=EventPolicy(origins=("server",), origins_by_event=(("Lead", ("browser",)),))),
        ),
        ("{limited_data_use: {regions: [us]}}", "{limited_data_use: {regions: []}}", PixelRules()),
        (
            "{limited_data_use: {unknown: off}}",
            "{limited_data_use: {regions: [us]}}",
            PixelRules(limited=Limited(("us",), "off")),
        ),
        ("{suppression: {file: all.txt}}", "{suppression: none}", PixelRules()),
        ("{enabled: false}", "{enabled: true}", PixelRules()),
        ("{external_id: plain}", "{external_id: Hashed}", PixelRules()),
        ("{events: {deny: [a, b]}}", "{events: {deny: [b]}}", PixelRules(events=EventPolicy(deny=("b",)))),
    ],
)
def test_a_pixel_overrides_the_defaults_key_by_key_and_keeps_the_others(
    tmp_path: Path, defaults: str, entry: str, rules: PixelRules
) -> None:
    assert _rules(tmp_path, entry, defaults) == rules


def test_a_list_that_many_pixels_share_is_named_once(tmp_path: Path) -> None:
    file = _read(
        tmp_path,
        "defaults: {suppression: {file: all.txt}}\n"
        "pixels:\n  1001:\n  1002: {suppression: {file: a.txt}}\n  1003: {suppression: {file: a.txt}}\n",
    )
    assert {(source.path.name, source.where.rpartition(":")[2]) for source in file.lists} == {
        ("all.txt", "1"),
        ("a.txt", "4"),
    }


def test_what_is_one_pixels_alone_is_refused_as_a_default_with_the_place_where_it_belongs(tmp_path: Path) -> None:
    text = (
        "defaults:\n  client: acme\n  containers: [GTM-1]\n  token: {env: T}\n  partner_agent: acme_1\n  regoin: DE\n"
    )
    one = "is of one pixel: write it below that pixel."
    assert _faults(tmp_path, text) == [
        "6: there is no key defaults.regoin. Did you mean region?",
        f"2: defaults.client {one}",
        f"3: defaults.containers {one}",
        f"4: defaults.token {one} What counts for all is meta.access_token in streamer.yaml.",
        f"5: defaults.partner_agent {one} What counts for all is meta.partner_agent in streamer.yaml.",
    ]


FAULTS = {
    "consent: granted": "consent must hold keys (require, missing), indented below it.",
    "consent: {requires: {}}": "there is no key consent.requires. Did you mean require?",
    "consent: {require: [ad_storage]}": (
        "consent.require must hold purposes with the choice that allows to send, such as {ad_storage: granted}."
    ),
    "consent: {require: {ad_storage: }}": "consent.require.ad_storage must be text that is not empty.",
    "consent: {require: {ad_storage: []}}": (
        "consent.require.ad_storage must have a choice that allows to send, such as granted."
    ),
    "consent: {require: {ad_storage: [granted, {}]}}": "consent.require.ad_storage[1] must be text that is not empty.",
    "consent: {missing: deny}": "consent.missing cannot be deny. Did you mean denied?",
    "limited_data_use: [us-ca]": "limited_data_use must hold keys (regions, unknown), indented below it.",
    "limited_data_use: {regions: us-ca}": "limited_data_use.regions must be a list, such as [us-ca].",
    "limited_data_use: {regions: [us-ny]}": (
        "limited_data_use.regions[0] cannot be us-ny: Meta limits data use in us, us-ca, us-co, us-ct, us-fl, us-or, "
        "us-tx, us-mt, us-de, us-ne, us-nh, us-nj, us-mn, us-md, us-ri."
    ),
    "limited_data_use: {unknown: askmeta}": "limited_data_use.unknown cannot be askmeta. Did you mean ask_meta?",
    "opt_out: maybe": "opt_out must be true or false.",
    "origins: {allow: server}": "origins.allow must be a list, such as [server].",
    "origins: {allow: [sever]}": "origins.allow[0] cannot be sever. Did you mean server?",
    "origins: {allow: []}": "origins.allow lets no event pass. To send all, say all; to send none, enabled: false.",
    "origins: {events: [Purchase]}": (
        "origins.events must hold event names with their origins, such as {Purchase: [server]}."
    ),
    "origins: {events: {Purchase: [web]}}": (
        "origins.events.Purchase[0] cannot be web. There are: browser, server, offline, unknown."
    ),
    "events: {allow: Purchase}": "events.allow must be a list, such as [Purchase].",
    "events: {allow: []}": "events.allow lets no event pass. To send all, say all; to send none, enabled: false.",
    "events: {deny: [7]}": "events.deny[0] must be text: put it in quotes.",
    "events: {rename: [order]}": "events.rename must hold event names with their new ones, such as {order: Purchase}.",
    "events: {rename: {order: }}": "events.rename.order must be text that is not empty.",
    "events: {allow: [Purchase], rename: {order: Purchase}}": (
        "events.rename.order is never used: events of the name order are not sent. allow and deny look at names as "
        "they are before they are changed."
    ),
    "events: {deny: [order], rename: {order: Purchase}}": "events.rename.order is never used:",
    "properties: {deny: margin}": "properties.deny must be a list, such as [margin].",
    "properties: {deny: [value]}": (
        "properties.deny cannot have value: Meta refuses events that need it and come without. To keep the events "
        "back, use events.deny or origins."
    ),
    "properties: {server_only: [currency]}": "properties.server_only cannot have currency:",
    "properties: {server-only: []}": "there is no key properties.server-only. Did you mean server_only?",
    "external_id: sha256": "external_id cannot be sha256. There are: hashed, hashed_lowercase, plain.",
    "suppression: acme.txt": "suppression must name a file of hashes, {file: …}, or be none.",
    "suppression: {path: acme.txt}": "there is no key suppression.path. There are: file.",
    "suppression: {file: }": "suppression.file must be text that is not empty.",
}


@pytest.mark.parametrize(("entry", "words"), FAULTS.items())
@pytest.mark.parametrize("whose", ["defaults", "pixels.1001"])
def test_what_is_wrong_is_said_with_line_and_key_whether_of_one_pixel_or_of_all(
    tmp_path: Path, entry: str, words: str, whose: str
) -> None:
    text = f"defaults:\n\n  {entry}\n" if whose == "defaults" else f"pixels:\n  1001:\n    {entry}\n"
    first = _faults(tmp_path, text)[0]
    unknown = "there is no key "
    told = f"{unknown}{whose}.{words.removeprefix(unknown)}" if words.startswith(unknown) else f"{whose}.{words}"
    assert first.startswith(f"3: {told}")


def test_a_name_that_the_defaults_filter_is_missed_where_a_pixel_gives_it_a_new_one(tmp_path: Path) -> None:
    text = "defaults: {events: {allow: [Purchase]}}\npixels:\n  1001: {events: {rename: {order: Purchase}}}\n  1002:\n"
    (fault,) = _faults(tmp_path, text)
    assert fault.startswith("3: pixels.1001.events.rename.order is never used")


def test_every_fault_of_a_policy_is_told_at_once(tmp_path: Path) -> None:
    text = """defaults:
  opt_out: maybe
pixels:
  1001:
    external_id: sha1
    origins:
      allow: [sever]
      events: {Lead: [browser, offlin]}
  1002:
    consent: {missing: no}
"""
    assert [fault.partition(" ")[0] for fault in _faults(tmp_path, text)] == ["2:", "5:", "7:", "8:", "10:"]


def test_a_purpose_that_is_nearly_a_known_one_is_told_and_not_silently_never_found(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"consent\.require\.ad_stroage is nearly ad_storage"):
        _read(tmp_path, "defaults: {consent: {require: {ad_stroage: granted}}}\n")
    assert _read(tmp_path, "defaults: {consent: {require: {newsletter: granted}}}\n").defaults.consent.require
