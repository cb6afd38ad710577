"""The Java programs of the tests: resolved once by Maven from the poms under tools/, then used offline from a cache.

``python -m tests.support.jars`` resolves them all, which is what ``make test`` does before pytest starts.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from tests.support.cache import ROOT, MissingToolError, kept, told

_TOOLS = ROOT / "tools"
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies"
_OLDEST_JAVA = 17


def java() -> str:
    """Path of a Java that can run the servers.

    Raises MissingToolError when there is none, or only an older one.
    """
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin") if home else None
    found = found or shutil.which("java")
    needed = f"The tests start a real Apache Kafka and need Java {_OLDEST_JAVA} or newer"
    if found is None:
        raise MissingToolError(
            f"{needed}, but there is no java on PATH. On Debian: apt-get install openjdk-17-jre-headless"
        )
    said = subprocess.run([found, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < _OLDEST_JAVA:
        raise MissingToolError(f"{needed}, but {found} says: {(said.splitlines() or ['nothing'])[0]}")
    return found


def kafka_classpath() -> str:
    """Class path of Apache Kafka: of ``KAFKA_HOME`` where that is set, else of the cached jars."""
    home = os.environ.get("KAFKA_HOME")
    return f"{home}/libs/*" if home else f"{_resolve('kafka')}/*"


def registry_jar() -> Path:
    """Path of the schema registry's runnable jar."""
    return next(_resolve("registry").glob("apicurio-registry-app-*-runner.jar"))


def _resolve(name: str) -> Path:
    """Folder that holds the files of tools/<name>/pom.xml. A changed pom gets a folder of its own."""
    pom = _TOOLS / name / "pom.xml"
    named = f"{name}-{hashlib.sha256(pom.read_bytes()).hexdigest()[:12]}"
    return kept(named, lambda target: _download(pom, target))


def _download(pom: Path, target: Path) -> None:
    """Copy what the pom names into the target, which appears whole or not at all."""
    maven = shutil.which("mvn")
    if maven is None:
        raise MissingToolError(
            "The tests get Apache Kafka and a schema registry from Maven once, but there is no mvn on PATH. "
            "On Debian: apt-get install maven"
        )
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        files = Path(folder, "files")
        command = [maven, "-q", "-B", "-C", "-f", str(pom), _COPY, f"-DoutputDirectory={files}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise MissingToolError(f"Maven could not get the files of {pom.relative_to(ROOT)}:\n{done.stdout[-2000:]}")
        for archive in list(files.glob("*.tar.gz")):
            with tarfile.open(archive) as tar:
                tar.extractall(files, filter="data")
            archive.unlink()
        files.rename(target)


def main() -> int:
    """Resolve everything; see :func:`told`."""
    cluster = () if os.environ.get("STREAMER_TEST_BOOTSTRAP") else (kafka_classpath,)
    return told(java, *cluster, registry_jar)


if __name__ == "__main__":
    sys.exit(main())
