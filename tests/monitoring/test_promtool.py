"""How Prometheus' programs are found."""

import pytest

from tests.support.promtool import program


@pytest.mark.parametrize("name", ["promtool", "prometheus"])
def test_a_program_that_is_not_there_is_a_failure_that_says_what_to_install(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv(f"STREAMER_TEST_{name.upper()}", raising=False)
    with pytest.raises(RuntimeError, match=f"{name} is not there. On Debian: apt-get install .* prometheus"):
        program(name)


def test_a_program_that_is_named_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAMER_TEST_PROMTOOL", "/opt/prometheus/promtool")
    assert program("promtool") == "/opt/prometheus/promtool"
