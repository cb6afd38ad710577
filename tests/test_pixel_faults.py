"""What is wrong in pixels.yaml and must not pass for something else; and that its secrets stay out of the logs."""

import json
import logging
import os
from pathlib import Path

import pytest
import structlog
from pydantic import SecretStr

from streamer.errors import ConfigError
from streamer.logs import configure_logs
from streamer.pixels.book import FilePixelBook
from streamer.pixels.file import read_pixels
from streamer.settings import LogSettings, MetaSettings, PixelsSettings

META = MetaSettings(access_token=SecretStr("invented-platform-token"), app_secret=SecretStr("invented-platform-secret"))


def _write(folder: Path, entry: str) -> Path:
    path = folder / "pixels.yaml"
    path.write_text(f"pixels:\n  '1001':\n    {entry}\n")
    return path


def _book(folder: Path, entry: str) -> FilePixelBook:
    return FilePixelBook(PixelsSettings(file=_write(folder, entry)), META, os.environ)


FAULTS = {
    "token: ": "3: pixels.1001.token must name where the secret is, {file: …} or {env: …}; never write it here.",
    "app_secret: ~": "3: pixels.1001.app_secret must name where the secret is",
    "token: {file: }": "3: pixels.1001.token.file must be text that is not empty.",
    "token: {file: , env: X}": "3: pixels.1001.token must name one place",
    "client: ": "3: pixels.1001.client must be text that is not empty.",
    "client: 5": "3: pixels.1001.client must be text: put it in quotes.",
    "containers: ": "3: pixels.1001.containers must be a list",
    "enabled: ": "3: pixels.1001.enabled must be true or false.",
    "enabled: no": "3: pixels.1001.enabled must be true or false.",
    "partner_agent: '12345'": "3: pixels.1001.partner_agent must have at most 22 characters, at least 2 of them",
}


@pytest.mark.parametrize(("entry", "words"), FAULTS.items())
def test_a_key_without_a_value_or_with_one_of_another_kind_is_a_fault(tmp_path: Path, entry: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_pixels(_write(tmp_path, entry))
    assert str(caught.value).startswith(f"{tmp_path}/pixels.yaml:{words}")


def test_an_app_secret_without_a_token_of_the_pixels_own_is_a_fault_for_it_would_prove_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"pixels\.yaml:3: pixels\.1001\.app_secret has no token beside it\."):
        read_pixels(_write(tmp_path, "app_secret: {env: X}"))


def test_a_token_and_the_secret_that_goes_with_it_are_never_of_two_apps(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("invented-own-token\n")
    (tmp_path / "secret").write_text("invented-own-secret\n")
    pairs = {
        "client: acme": ("invented-platform-token", "invented-platform-secret"),
        "token: {file: token}": ("invented-own-token", None),
        "{token: {file: token}, app_secret: {file: secret}}": ("invented-own-token", "invented-own-secret"),
    }
    for entry, pair in pairs.items():
        pixel = _book(tmp_path, entry).get("1001")
        assert (pixel.access_token, pixel.app_secret) == pair


def test_norway_and_ids_need_no_quotes(tmp_path: Path) -> None:
    path = tmp_path / "pixels.yaml"
    path.write_text("pixels:\n  1001: {region: NO}\n  2002: {enabled: True}\n")
    pixels = read_pixels(path).pixels
    assert {key: (entry.rules.phone_region, entry.rules.enabled) for key, entry in pixels.items()} == {
        "1001": ("no", True),
        "2002": (None, True),
    }


@pytest.mark.usefixtures("logs_as_before")
def test_secrets_of_pixels_are_hidden_in_the_logs_and_new_ones_after_a_reload_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs(LogSettings(format="json"))
    first, secret, second = "invented-1001-first", "invented-1001-secret", "invented-1001-second"
    (tmp_path / "token").write_text(first)
    (tmp_path / "secret").write_text(secret)
    book = _book(tmp_path, "{token: {file: token}, app_secret: {file: secret}, enabled: false}")
    (tmp_path / "token").write_text(second)
    assert not book.refresh(), "a pixel that is not enabled has no token"
    structlog.get_logger("test").warning("refused", url=f"https://example.com/?x={first}", both=[secret, second])
    logging.getLogger("library").error("%s", ValueError(second))
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (lines[0]["url"], lines[0]["both"]) == ("https://example.com/?x=***", ["***", "***"])
    assert lines[1]["event"] == "***"
