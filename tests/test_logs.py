"""Logs: one form for the product and its libraries, and nothing in them that must not be seen."""

import json
import logging
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from streamer.logs import MASK, Redactor, configure_logs, hide
from streamer.settings import LogSettings

pytestmark = pytest.mark.usefixtures("logs_as_before")


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    captured = capsys.readouterr()
    assert captured.out == "", "logs belong on standard error"
    return [json.loads(line) for line in captured.err.splitlines()]


def _log() -> structlog.typing.FilteringBoundLogger:
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger("streamer.test")
    return logger


def test_a_line_is_one_json_object_with_time_level_logger_and_values(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(LogSettings(format="json"))
    _log().info("window sealed", pixel="123", events=5)
    (line,) = _lines(capsys)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "window sealed", "pixel": "123", "events": 5, "level": "info", "logger": "streamer.test"}


def test_libraries_log_in_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(LogSettings(format="json"))
    logging.getLogger("aiohttp.server").warning("took %d ms", 5)
    (line,) = _lines(capsys)
    assert (line["event"], line["level"], line["logger"]) == ("took 5 ms", "warning", "aiohttp.server")


def test_less_than_the_level_is_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(LogSettings(format="json", level="warning"))
    _log().info("no")
    logging.getLogger("asyncio").info("no")
    _log().warning("yes")
    assert [line["event"] for line in _lines(capsys)] == ["yes"]


def test_what_is_not_a_terminal_gets_json(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(LogSettings(format="auto"))
    _log().info("hello")
    assert len(_lines(capsys)) == 1


@pytest.mark.parametrize("form", ["json", "pretty"])
def test_a_traceback_shows_no_values_of_variables(capsys: pytest.CaptureFixture[str], form: Any) -> None:
    configure_logs(LogSettings(format=form))
    _fail("maria", _log().exception)
    text = capsys.readouterr().err
    assert "ZeroDivisionError" in text
    assert "maria" not in text


def _fail(name: str, tell: Any) -> None:
    assert name
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        tell("failed")


@pytest.mark.parametrize("form", ["json", "pretty"])
def test_a_given_secret_is_hidden_wherever_it_stands(capsys: pytest.CaptureFixture[str], form: Any) -> None:
    configure_logs(LogSettings(format=form), ["invented-token"])
    _log().info("sent invented-token", url="https://example.com/?t=invented-token", parts=["invented-token"])
    logging.getLogger("aiohttp").error("refused %s", "invented-token")
    _fail_with("invented-token", _log().exception)
    text = capsys.readouterr().err
    assert "invented" not in text
    assert text.count(MASK) >= 5


def _fail_with(secret: str, tell: Any) -> None:
    try:
        int(secret)  # whose message quotes it
    except ValueError:
        tell("failed")


@pytest.mark.parametrize(
    "key", ["access_token", "token", "app_secret", "password", "Authorization", "sasl.password", "appsecret_proof"]
)
def test_a_key_that_names_a_secret_hides_its_value_at_any_depth(key: str) -> None:
    event = {"event": "x", key: "value", "inner": {"list": [{key: "value"}]}}
    assert "value" not in str(Redactor()(None, "", event))


@pytest.mark.parametrize("key", ["token_in", "tokens_dead", "fbtrace_id", "key", "author"])
def test_a_key_that_merely_sounds_like_a_secret_is_shown(key: str) -> None:
    assert Redactor()(None, "", {key: "value"}) == {key: "value"}


@pytest.mark.parametrize("text", ["maria@example.com", "to <Maria.B+x@mail.example.co.uk>", "a=maria@example.com&b"])
def test_what_looks_like_an_email_address_is_hidden(text: str) -> None:
    cleaned = Redactor()(None, "", {"event": text, text: [text], "object": Exception(text)})
    assert "example" not in str(cleaned)


def test_an_empty_or_tiny_secret_does_not_blank_the_logs() -> None:
    assert Redactor(["", "a"])(None, "", {"event": "a banana"}) == {"event": "a banana"}


def test_a_secret_that_is_learnt_later_is_hidden_from_then_on(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(LogSettings(format="json"), ["invented-early-one"])
    _log().info("still unknown: invented-later-one")
    hide(["invented-later-one"])
    configure_logs(LogSettings(format="json"))
    _log().info("invented-later-one, invented-early-one")
    assert [line["event"] for line in _lines(capsys)] == ["still unknown: invented-later-one", "***, ***"]


def test_secrets_that_begin_alike_or_hold_one_another_are_hidden_whole() -> None:
    redact = Redactor(["EAAGabc", "EAAGabcdef", "EAAGxyz"])
    assert redact(None, "", {"event": "EAAGabcdefEAAGabc EAAGxyz. EAAGabz"}) == {"event": "****** ***. EAAGabz"}


@given(st.lists(st.text("ab", min_size=6, max_size=9), max_size=5), st.text("abc", max_size=60))
def test_no_known_secret_is_left_in_any_text(secrets: list[str], text: str) -> None:
    cleaned = Redactor(secrets)(None, "", {"event": text})["event"]
    assert not any(secret in cleaned for secret in secrets)
    if not any(secret in text for secret in secrets):
        assert cleaned == text


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        (
            "https://example.com/v/1/events?access_token=EAAx|y&limit=1",
            "https://example.com/v/1/events?access_token=***&limit=1",
        ),
        ("a=1&appsecret_proof=0a1b", "a=1&appsecret_proof=***"),
        ("?input_token=unknown&fb_exchange_token=unknown#x", "?input_token=***&fb_exchange_token=***"),
        ("client_secret=unknown, then", "client_secret=*** then"),
        ("next=access_token%3Dunknown", "next=access_token%3D***"),
        ('body {"access_token": "unknown", "data": []}', 'body {"access_token": "***", "data": []}'),
        (r'"{\"access_token\":\"unknown\"}"', r'"{\"access_token\":\"***\"}"'),
        ("{'app_secret': 'unknown'}", "{'app_secret': '***'}"),
        ("Authorization: Bearer unknown-token.x", "Authorization: Bearer ***"),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic ***"),
    ],
)
def test_a_token_that_nobody_knows_is_hidden_by_what_stands_before_it(text: str, cleaned: str) -> None:
    assert Redactor()(None, "", {"event": text}) == {"event": cleaned}


@pytest.mark.parametrize(
    "text",
    [
        "meta.access_token: the file x cannot be read",
        "access_token is not set",
        "bearer_token or username",
        "token_in=x",
    ],
)
def test_a_sentence_about_tokens_is_shown_whole(text: str) -> None:
    assert Redactor()(None, "", {"event": text}) == {"event": text}
