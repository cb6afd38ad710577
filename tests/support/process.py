"""A server that tests start as a process of their own, and end by its process id."""

import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

_TAIL = 3000


class ServerProcess:
    """One server process, with its output in a log file."""

    def __init__(self, name: str, log: Path) -> None:
        self.name = name
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        if self._process is None:
            raise RuntimeError(f"{self.name} is not running")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self, command: Sequence[str], ready: Callable[[], bool], timeout: float = 90) -> None:
        """Start it and wait until it is ready.

        Raises RuntimeError, with the end of its log, when it ends first or takes longer than the time-out in seconds.
        """
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        deadline = time.monotonic() + timeout
        while not ready():
            if not self.running:
                raise RuntimeError(f"{self.name} ended while it started. {self._tail()}")
            if time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"{self.name} was not ready within {timeout} s. {self._tail()}")
            time.sleep(0.05)

    def stop(self, timeout: float = 20) -> None:
        """Ask it to end (SIGTERM), and kill it when it has not after the time-out in seconds."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """End it at once (SIGKILL)."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._process = None

    def _tail(self) -> str:
        return f"The end of {self.log}:\n{self.log.read_text(errors='replace')[-_TAIL:]}"
