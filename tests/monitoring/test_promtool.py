"""How Prometheus' programs are found."""

from pathlib import Path

import pytest

from tests.support.promtool import PROGRAMS, main, program


def test_where_it_cannot_be_fetched_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("STREAMER_TEST_CACHE", str(tmp_path))
    for name in PROGRAMS:
        monkeypatch.delenv(f"STREAMER_TEST_{name.upper()}", raising=False)
    assert main() == 1
    assert "Take them from a release of Prometheus" in capsys.readouterr().err


def test_a_program_that_is_named_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAMER_TEST_PROMTOOL", "/opt/prometheus/promtool")
    assert program("promtool") == "/opt/prometheus/promtool"
