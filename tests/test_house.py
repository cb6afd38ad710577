"""The house rules that neither ruff nor mypy can check."""

import ast
import re
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("streamer", "tests", "benchmarks", "docs", "schemas", "tools", "helm", ".ci")

OUTSIDE_WORLD = ("aiohttp", "confluent_kafka", "http.client", "socket", "subprocess", "threading", "urllib.request")
"""A module that imports one of these talks to something, or has to do with threads."""

VALUES = {"confluent_kafka.Message"}
"""What may be imported of it all the same: a record as Kafka gave it, which is looked at and handed on."""

CLOCKS = {"time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns", "datetime.now", "datetime.utcnow"}
"""To call one of these is to have a clock of one's own. To take one as an argument is not: a test can pass another."""

EDGES = {
    "streamer/admin/": "serves health, metrics and the status page",
    "streamer/cli/": "what a person starts",
    "streamer/delivery/capi.py": "asks Meta",
    "streamer/demo/": "has a Kafka and a load of its own",
    "streamer/kafka/assigning.py": "answers the consumer's rebalances",
    "streamer/kafka/commits.py": "commits through the consumer",
    "streamer/kafka/consumer.py": "the Kafka thread",
    "streamer/kafka/follower.py": "follows the connections topic",
    "streamer/kafka/gate.py": "asks where parked partitions end",
    "streamer/kafka/taps.py": "pauses and resumes the consumer's partitions",
    "streamer/kafka/writer.py": "the producer",
    "streamer/memory.py": "the budget, which the Kafka thread and the loop share under a lock",
    "streamer/overview.py": "tells the status page the time",
    "streamer/preflight/": "asks brokers, registry and Meta what is there before anything is read",
    "streamer/records/registry.py": "asks the schema registry",
    "streamer/sandbox/control.py": "serves the sandbox's own commands",
    "streamer/sandbox/reading.py": "reads a request from its socket",
    "streamer/sandbox/server.py": "listens",
    "streamer/sandbox/user_data.py": "asks inet_pton whether an address is one, and opens nothing",
    "streamer/reader.py": "makes a consumer",
    "streamer/replay/replay.py": "tells how long a replay takes",
    "streamer/replay/survey.py": "asks what there is to be replayed, and fixes its ends",
    "streamer/resuming.py": "makes the consumer that follows the connections topic",
    "streamer/sending.py": "puts the edges and the core together",
    "streamer/trial.py": "tells the replicas of a test by hand",
    "streamer/translate/identifiers.py": "asks inet_pton whether an address is one, and opens nothing",
}
"""Who may do what the pure core may not, and why. A folder, which ends in a slash, is an edge as a whole."""


def _modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


MODULES = _modules("streamer")


def _imports(path: Path) -> Iterator[str]:
    """Full names of all that a module imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _impurities(path: Path) -> set[str]:
    """What a module does that the pure core may not do."""
    imports = set(_imports(path)) - VALUES
    talks = {name for name in imports if f"{name}.".startswith(tuple(f"{world}." for world in OUTSIDE_WORLD))}
    calls = (node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    return talks | (CLOCKS & {ast.unparse(function) for function in calls})


def _edge_of(path: Path) -> str | None:
    name = _name(path)
    return next((edge for edge in EDGES if name == edge or (edge.endswith("/") and name.startswith(edge))), None)


def test_the_core_has_no_socket_no_thread_and_no_clock() -> None:
    core = [path for path in MODULES if _edge_of(path) is None]
    assert {_name(path): found for path in core if (found := _impurities(path))} == {}


def test_nothing_is_allowed_that_nobody_needs() -> None:
    impure = {_name(path) for path in MODULES if _impurities(path)}
    assert {edge for edge in EDGES if edge.endswith(".py")} - impure == set()


def _part(dotted: str) -> str:
    """Folder or module right below the package; records and translate count as one, for the record path is one seam."""
    part = dotted.split(".")[1]
    return "record path" if part in {"records", "translate"} else part


def test_imports_flow_one_way() -> None:
    needs: dict[str, set[str]] = {}
    for path in MODULES:
        part = _part(".".join(path.relative_to(ROOT).with_suffix("").parts))
        imported = {_part(name) for name in _imports(path) if name.startswith("streamer.")}
        needs.setdefault(part, set()).update(imported - {part})
    TopologicalSorter(needs).prepare()  # raises CycleError, which names the circle


def test_the_sandbox_shares_no_rule_with_what_it_checks() -> None:
    shared = {name for path in _modules("streamer/sandbox") for name in _imports(path) if name.startswith("streamer.")}
    assert {name for name in shared if _part(name) not in {"sandbox", "errors"}} == set()


@pytest.mark.parametrize("folder", ["streamer", "tests", "benchmarks"])
def test_no_file_is_too_long_to_be_read_in_one_go(folder: str) -> None:
    lengths = {_name(path): len(path.read_text().splitlines()) for path in _modules(folder)}
    assert {name: length for name, length in lengths.items() if length > 400} == {}


MACHINES = re.compile(r"(?<![\w.$}])/(?:home|root|Users|work)/\w|[A-Z]:\\Users")
REGISTRIES = re.compile(
    r"(?:files\.pythonhosted|pypi|repo1?\.maven\.apache|repo1\.maven|registry\.npmjs|proxy\.golang|deb\.debian)\.org"
)


def _texts() -> Iterator[tuple[str, str]]:
    """Name and text of every file of the project."""
    below = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))
    for path in sorted({*below, *ROOT.iterdir()}):
        if path.is_file() and path.name != ".git" and path.suffix != ".pyc":
            yield _name(path), path.read_text(errors="replace")


@pytest.mark.parametrize("tie", [MACHINES, REGISTRIES], ids=["path", "registry"])
def test_no_file_ties_the_project_to_a_machine_or_a_registry(tie: re.Pattern[str]) -> None:
    assert {name: found[0] for name, text in _texts() if (found := tie.search(text))} == {}


@pytest.mark.parametrize(("lock", "groups"), [("requirements.lock", []), ("requirements-dev.lock", ["dev", "bench"])])
def test_a_lock_knows_everything_that_is_asked_for(lock: str, groups: list[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [
        *project["project"]["dependencies"],
        *(each for group in groups for each in project["dependency-groups"][group]),
    ]
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / lock).read_text(), re.MULTILINE))
    assert {re.split(r"[^\w-]", each)[0] for each in asked} - locked == set()
