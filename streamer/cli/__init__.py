"""The commands, one file a command; a command's file is imported when the command is called."""

import importlib
import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import click

from streamer.errors import UserError

COMMANDS: Mapping[str, str] = {
    "demo": "Run the whole product on this machine, with nothing else installed.",
    "run": "Read tag events from Kafka and send them to Meta.",
    "replay": "Send a range of the topics once more, in a group of its own.",
    "translate": "Show what tag events in a file become; nothing is sent.",
    "mapping": "List the mappings that ship, print one, or draft one for a schema of your own.",
    "check": "Check the configuration and everything it names, a line each.",
    "pixels": "List the pixels and how their connections stand; test one and bring it back.",
    "sandbox": "Serve the stand-in for Meta alone.",
}
"""Each command with its sentence: ``--help`` shows them without importing one."""

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""
TERMINATED = 143
"""Exit status after SIGTERM, where a command does not stop by it in a way of its own."""


class _Commands(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own signature
        """Return the names in the order of :data:`COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's own signature
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"streamer.cli.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's own signature
        """List the commands, each with its sentence."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:  # noqa: ANN401 - click's own signature
        """Run a command and end the process with its exit status: a user's fault is a sentence, never a traceback."""
        _heed_sigterm(os.getpid())
        sys.exit(_status_of(lambda: super(_Commands, self).main(*args, **{**kwargs, "standalone_mode": False})))


def _heed_sigterm(pid: int) -> None:
    """Let SIGTERM end a container's first process, which the kernel keeps from it while nobody has asked for it.

    Commands that stop politely take it over; until they have, and in all others, this holds.
    """
    if pid == 1:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))


def _status_of(command: Callable[[], object]) -> int:
    """Call a command and return the process's exit status."""
    try:
        result = command()
    except UserError as error:
        return _say(str(error), error.exit_status)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return _say("Interrupted.", INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - the last place to catch one
        return _unexpected(error)
    return result if isinstance(result, int) else 0


def _say(text: str, status: int) -> int:
    click.echo(text, err=True)
    return status


def _unexpected(error: Exception) -> int:
    import structlog  # noqa: PLC0415 - not needed when all goes well, and --help must be quick

    from streamer.logs import configure_logs  # noqa: PLC0415 - the same
    from streamer.settings import LogSettings  # noqa: PLC0415 - the same

    if not structlog.is_configured():
        configure_logs(LogSettings())
    structlog.get_logger(__name__).error("unexpected_error", exc_info=error)
    return _say("This is a fault in Streamer, not in what you did; the log above says where.", 1)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="streamer", prog_name="streamer")
def main() -> None:
    """Send tag events from Kafka to Meta's Conversions API."""
