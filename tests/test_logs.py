"""Logs: one form for the product and its libraries, and nothing in them that must not be seen."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from streamer.logs import MASK, configure_logs, redactor
from streamer.settings import LogSettings


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


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
    assert "value" not in str(redactor(())(None, "", event))


@pytest.mark.parametrize("key", ["token_in", "tokens_dead", "fbtrace_id", "key", "author"])
def test_a_key_that_merely_sounds_like_a_secret_is_shown(key: str) -> None:
    assert redactor(())(None, "", {key: "value"}) == {key: "value"}


@pytest.mark.parametrize("text", ["maria@example.com", "to <Maria.B+x@mail.example.co.uk>", "a=maria@example.com&b"])
def test_what_looks_like_an_email_address_is_hidden(text: str) -> None:
    cleaned = redactor(())(None, "", {"event": text, text: [text], "object": Exception(text)})
    assert "example" not in str(cleaned)


def test_an_empty_or_tiny_secret_does_not_blank_the_logs() -> None:
    assert redactor(["", "a"])(None, "", {"event": "a banana"}) == {"event": "a banana"}
