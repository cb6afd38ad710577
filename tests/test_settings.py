"""The settings themselves, and the page that describes them."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from streamer.cli.docs import page
from streamer.layers import KEYS
from streamer.settings import MemorySettings, Settings

PAGE = Path(__file__).parents[1] / "docs" / "configuration.md"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("268435456", 2**28),
        ("256MiB", 2**28),
        (" 256 mib ", 2**28),
        ("0.5GiB", 2**29),
        ("1GB", 10**9),
        ("20000kB", 2 * 10**7),
        (2**28, 2**28),
    ],
)
def test_a_size_is_read_as_it_is_meant(text: object, expected: int) -> None:
    assert MemorySettings.model_validate({"budget": text}).budget == expected


@pytest.mark.parametrize("text", ["lots", "256 Mi", "-1MiB", "", "1e9", None, "1MiB"])
def test_what_is_no_size_or_too_small_a_one_is_refused(text: object) -> None:
    with pytest.raises(ValidationError):
        MemorySettings.model_validate({"budget": text})


def test_settings_cannot_be_changed_behind_the_back_of_who_holds_them() -> None:
    with pytest.raises(ValidationError):
        Settings().window.seconds = 1


@pytest.mark.parametrize("section", KEYS)
def test_every_setting_says_what_it_is_for(section: str) -> None:
    assert {key for key, info in KEYS[section].items() if not info.description} == set()


def test_the_page_on_configuration_is_not_stale() -> None:
    assert PAGE.read_text() == page(), "run: python -m streamer.cli.docs > docs/configuration.md"


def test_the_page_names_every_key_with_its_variable() -> None:
    text = page()
    missing = [f"STREAMER__{section}__{key}".upper() for section, keys in KEYS.items() for key in keys]
    assert [name for name in missing if f"`{name}`" not in text] == []
