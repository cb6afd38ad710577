import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from click.testing import CliRunner

from streamer.cli.sandbox import sandbox

pytestmark = pytest.mark.timeout(60)


@contextmanager
def running(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the command in a process of its own; give it and the address it printed."""
    command = [sys.executable, "-c", "from streamer.cli.sandbox import sandbox; sandbox()", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://[\d.]+:\d+", process.stdout.readline())
            assert found is not None
            yield process, found[0]
        finally:
            process.kill()


def ask(
    url: str, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = MappingProxyType({})
) -> Any:
    with closing(HTTPConnection(url.removeprefix("http://"), timeout=20)) as connection:
        connection.request(method, path, body, dict(headers))
        return json.load(connection.getresponse())


def ledger(url: str) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = ask(url, "GET", "/sandbox/ledger")
    return found


def post(url: str, token: str) -> int:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    code: int = ask(url, "POST", "/v26.0/1/events", b'{"data": [{}]}', headers)["error"]["code"]
    return code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_listens_and_ends_cleanly(number: signal.Signals) -> None:
    with running() as (process, url):
        assert ledger(url)["total"]["requests"] == 0
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert err == ""
    assert out.startswith("0 requests, 0 of them refused; 0 events taken")


def test_its_options_reach_the_sandbox(tmp_path: Path) -> None:
    faults = tmp_path / "faults.yaml"
    faults.write_text("- match: {token: good}\n  then: {code: 368}\n")
    with running("--faults", str(faults), "--token", "good", "--verbose") as (process, url):
        assert (post(url, "good"), post(url, "other")) == (368, 190)
        process.terminate()
        out, err = process.communicate(timeout=20)
    assert out.startswith("2 requests, 2 of them refused")
    assert len(re.findall(r"^streamer\.sandbox pixel 1: \d+ bytes, answer 400$", err, re.MULTILINE)) == 2
    assert "good" not in out + err


def test_an_app_secret_asks_for_proofs(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("invented\n")
    with running("--app-secret-file", str(secret)) as (_, url):
        assert post(url, "any") == 104


@pytest.mark.parametrize(
    ("name", "content", "option", "sentence"),
    [
        ("faults.yaml", "- then: {cod: 2}", "--faults", "faults.yaml: rule 1, then.cod: there is no such key."),
        ("faults.yaml", None, "--faults", "faults.yaml: cannot be read: No such file or directory."),
        ("secret", None, "--app-secret-file", "secret cannot be read: No such file or directory."),
        ("secret", " \n", "--app-secret-file", "secret is empty; it must hold the app's secret."),
    ],
)
def test_a_file_that_cannot_be_used_ends_in_a_sentence(
    tmp_path: Path, name: str, content: str | None, option: str, sentence: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    result = CliRunner().invoke(sandbox, [option, str(path)])
    assert result.exit_code == 1
    assert sentence in result.output
    assert "Traceback" not in result.output


def test_a_port_in_use_ends_in_a_sentence() -> None:
    with running() as (_, url):
        port = url.rpartition(":")[2]
        result = CliRunner().invoke(sandbox, ["--port", port])
    assert result.exit_code == 1
    assert f"Cannot listen on 127.0.0.1, port {port}:" in result.output
    assert "Choose another --port or --host." in result.output


def test_a_host_that_is_not_ours_ends_in_a_sentence() -> None:
    result = CliRunner().invoke(sandbox, ["--host", "203.0.113.7", "--port", "0"])
    assert result.exit_code == 1
    assert "Cannot listen on 203.0.113.7, port 0" in result.output
