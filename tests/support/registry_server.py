"""A real schema registry that speaks Confluent's API (Apicurio Registry, in memory) on a free port of 127.0.0.1."""

import json
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from tests.support.jars import java, registry_jar
from tests.support.ports import answers, free_ports
from tests.support.process import ServerProcess


class RegistryServer:
    """A registry of one's own. What it holds is gone when it stops."""

    def __init__(self, folder: Path) -> None:
        (self._port,) = free_ports(1)
        self._path = "/apis/ccompat/v7"
        self.url = f"http://127.0.0.1:{self._port}{self._path}"
        self.log = folder / "registry.log"
        self._process = ServerProcess("Apicurio Registry", self.log)

    def start(self) -> None:
        """Start it, wait until it answers, and set the compatibility that Confluent's own registry has."""
        options = ["-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        address = ["-Dquarkus.http.host=127.0.0.1", f"-Dquarkus.http.port={self._port}"]
        self._process.start([java(), *options, *address, "-jar", str(registry_jar())], self._answers)
        self.set_compatibility("BACKWARD")

    def stop(self) -> None:
        """End it."""
        self._process.stop()

    def set_compatibility(self, level: str) -> None:
        """Set the global compatibility: NONE, BACKWARD, FORWARD, FULL, or one of these with _TRANSITIVE."""
        status = self._call("PUT", "/config", json.dumps({"compatibility": level}))
        assert status == 200, f"the registry answered {status} to a change of its compatibility"

    def _answers(self) -> bool:
        if not answers(self._port):
            return False
        try:
            return self._call("GET", "/subjects") == 200
        except (OSError, HTTPException):
            return False

    def _call(self, method: str, path: str, body: str | None = None) -> int:
        """Make one request, and return the status of its answer."""
        with closing(HTTPConnection("127.0.0.1", self._port, timeout=10)) as connection:
            connection.request(method, self._path + path, body, {"Content-Type": "application/json"})
            return connection.getresponse().status
