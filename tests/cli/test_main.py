"""``streamer`` itself: what it lists, and how it ends when something is wrong."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
import structlog

from streamer.cli import COMMANDS, TERMINATED, _heed_sigterm, main
from streamer.errors import UserError

FOLDER = Path(__file__).parents[2] / "streamer" / "cli"


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "streamer", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], int]:
    """Give a way to run ``streamer run`` with other work in it, and get its exit status."""

    structlog.reset_defaults()  # as it is before a command has configured the logs

    def call(work: Callable[[], object]) -> int:
        monkeypatch.setattr(main, "get_command", lambda _context, _name: click.Command("run", callback=work))
        with pytest.raises(SystemExit) as ended:
            main.main(["run"], prog_name="streamer")
        assert isinstance(ended.value.code, int)
        return ended.value.code

    return call


def test_help_lists_every_command_with_its_sentence() -> None:
    done = _run("--help")
    text = " ".join(done.stdout.split())
    assert done.returncode == 0
    for name, sentence in COMMANDS.items():
        assert f"{name} {sentence}" in text


def test_help_and_version_load_no_command_and_no_library_but_the_command_lines() -> None:
    """What makes it quick; the time itself depends on the machine."""
    show = "import sys, streamer.cli; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True).stdout.split()
    slow = {"aiohttp", "confluent_kafka", "fastavro", "pydantic", "structlog", "rich", "yaml", "streamer.settings"}
    assert slow.intersection(loaded) == set()


def test_version_is_told() -> None:
    done = _run("--version")
    assert (done.returncode, done.stdout.split()[:2]) == (0, ["streamer,", "version"])


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_that_is_listed_is_there_and_helps(name: str) -> None:
    done = _run(name, "--help")
    assert done.returncode == 0, done.stderr
    assert "Usage:" in done.stdout


def test_a_command_that_is_not_there_is_refused_with_status_2() -> None:
    done = _run("rum")
    assert done.returncode == 2
    assert "No such command 'rum'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_users_fault_ends_with_its_sentence_and_status_2(
    command: Callable[[Callable[[], object]], int], capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> None:
        raise UserError("kafka.topics: there is no topic x.")

    assert command(work) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "kafka.topics: there is no topic x.\n")


def test_ctrl_c_ends_with_the_status_that_shells_expect(
    command: Callable[[Callable[[], object]], int], capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> None:
        raise KeyboardInterrupt

    assert command(work) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_what_nobody_expected_is_logged_with_its_place_but_no_values(
    command: Callable[[Callable[[], object]], int], capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> None:
        person = "maria"
        raise ZeroDivisionError(len(person))

    assert command(work) == 1
    text = capsys.readouterr().err
    assert "ZeroDivisionError" in text
    assert "test_main.py" in text
    assert "maria" not in text
    assert text.splitlines()[-1].startswith("This is a fault in Streamer")


@pytest.mark.parametrize(("returned", "status"), [(None, 0), (0, 0), (1, 1)])
def test_a_command_ends_with_the_status_it_returns(
    command: Callable[[Callable[[], object]], int], returned: int | None, status: int
) -> None:
    assert command(lambda: returned) == status


def test_every_file_of_a_command_is_listed() -> None:
    helpers = {"__init__", "docs", "options"}
    assert {path.stem for path in FOLDER.glob("*.py")} - helpers == set(COMMANDS)


def test_the_first_process_of_a_container_ends_by_sigterm_before_and_without_a_polite_stop() -> None:
    """The kernel gives process 1 no signal that it has not asked for: each stop would take the whole grace period."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        _heed_sigterm(4711)
        assert signal.getsignal(signal.SIGTERM) is before
        _heed_sigterm(1)
        with pytest.raises(SystemExit) as ended:
            signal.raise_signal(signal.SIGTERM)
        assert ended.value.code == TERMINATED
    finally:
        signal.signal(signal.SIGTERM, before)
