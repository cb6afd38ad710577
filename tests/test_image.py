"""The image: what can be told without building one. docs/image.md says how one was built and tried."""

import re
import subprocess
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "Dockerfile").read_text()
INSTRUCTIONS = [line for line in re.sub(r"\\\n", " ", TEXT).splitlines() if line and not line.startswith("#")]
LAST = INSTRUCTIONS[max(at for at, line in enumerate(INSTRUCTIONS) if line.startswith("FROM")) :]
IGNORED = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
KEPT = {line.removeprefix("!") for line in IGNORED if line.startswith("!")}


def _copied() -> list[str]:
    """Paths of the project that the image is made of."""
    copies = [line.split()[1:-1] for line in INSTRUCTIONS if line.startswith("COPY") and "--from=" not in line]
    return [path for sources in copies for path in sources]


def test_hadolint_finds_nothing_to_say_against_the_dockerfile() -> None:
    program = Path(sysconfig.get_path("scripts")) / "hadolint"
    done = subprocess.run([program, ROOT / "Dockerfile"], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_whatever_the_image_is_made_of_is_there_and_gets_past_the_list_of_what_stays_out() -> None:
    assert _copied()
    assert [path for path in _copied() if not (ROOT / path).exists()] == []
    assert set(_copied()) == KEPT


def test_everything_stays_out_unless_it_is_named_so_that_no_secret_or_test_slips_in_by_being_new() -> None:
    assert IGNORED[0] == "*"
    assert KEPT.isdisjoint({"tests", "secrets", ".git", ".env", "examples", ".", "*"})
    assert IGNORED[-2:] == ["**/__pycache__", "**/*.pyc"], "what is taken back comes last: the last match counts"


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-build.lock"])
def test_every_package_of_the_image_has_its_version_and_its_hashes(lock: str) -> None:
    text = re.sub(r"\\\n", " ", (ROOT / lock).read_text())
    packages = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert packages
    assert [
        line for line in packages if not re.match(r"[\w.-]+(\[[\w,-]+\])?==\S+ .*--hash=sha256:[0-9a-f]{64}", line)
    ] == []


def test_every_install_asks_for_hashes_or_for_what_was_built_here() -> None:
    installs = [
        part for line in INSTRUCTIONS for part in line.split("&&") if re.search(r"pip\b.* (install|wheel) ", part)
    ]
    assert len(installs) == 4
    for install in installs:
        assert "--require-hashes --only-binary :all: -r" in re.sub(r"\s+", " ", install) or "--no-index" in install


def test_what_ships_builds_and_installs_nothing() -> None:
    runs = [line for line in LAST if line.startswith("RUN")]
    assert [re.sub(r"\s+", " ", line).split(" /")[0] for line in runs] == ["RUN rm -rf"]
    for tool in ("bin/pip*", "ensurepip", "site-packages/*", "python-wheels"):
        assert tool in runs[0]
    assert "--without-pip /opt/streamer" in TEXT


def test_it_runs_as_a_user_that_kubernetes_can_tell_from_root_and_gets_its_signals_itself() -> None:
    users = [line.split()[1] for line in LAST if line.startswith("USER")]
    assert len(users) == 1
    assert re.fullmatch(r"[1-9]\d{4,}:[1-9]\d{4,}", users[0])
    assert "STOPSIGNAL SIGTERM" in LAST
    assert 'ENTRYPOINT ["streamer"]' in LAST
    assert not [line for line in INSTRUCTIONS if line.startswith("HEALTHCHECK")], "probes are Kubernetes' business"


def test_a_base_can_be_pinned_by_its_digest_and_both_stages_stand_on_it() -> None:
    assert INSTRUCTIONS[0].startswith("ARG BASE=")
    assert [line.split()[1] for line in INSTRUCTIONS if line.startswith("FROM")] == ["${BASE}", "${BASE}"]


def test_the_image_says_what_it_is_by_the_labels_that_tools_look_for() -> None:
    labels = set(re.findall(r"org\.opencontainers\.image\.(\w+)=", TEXT))
    assert labels >= {"title", "description", "licenses", "version", "revision", "created", "source"}


def test_without_an_engine_the_build_says_what_to_install(tmp_path: Path) -> None:
    done = subprocess.run(
        ["/bin/sh", ROOT / "tools" / "image.sh"],
        env={"PATH": "/usr/bin:/bin", "ENGINE": "no-such-engine"},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 1
    assert "No no-such-engine is there to build an image with." in done.stderr
