"""What the chart says to others: the program's commands, and the page that people copy from."""

import re
import textwrap
from collections.abc import Iterator
from importlib import import_module

import click
import yaml

from streamer.cli import COMMANDS
from tests.helm.conftest import EVERYTHING
from tests.support.chart import CHART, EXAMPLES, ROOT, example, render

PAGE = (ROOT / "docs" / "kubernetes.md").read_text()


def _calls() -> Iterator[list[str]]:
    """Find what the program is called with, by all pods of all examples."""
    for made in (*map(example, EXAMPLES), render(EVERYTHING)):
        for _, spec in made.pods():
            (ours,) = (each for each in spec["containers"] if each["name"] == "streamer")
            yield ours["args"]


def test_the_program_has_every_command_and_option_that_pods_use() -> None:
    seen = set()
    for name, *options in _calls():
        if name in COMMANDS:
            command: click.Command = getattr(import_module(f"streamer.cli.{name}"), name)
            command.make_context(name, list(options))
            seen.add(name)
    assert {"run", "check"} <= seen


def test_what_the_page_shows_can_be_installed() -> None:
    blocks = re.findall(r"^( *)```yaml\n(.*?)^\1```", PAGE, re.MULTILINE | re.DOTALL)
    values = [yaml.safe_load(textwrap.dedent(text)) for _, text in blocks]
    assert len(values) == 4
    for each in values:
        assert render(each).workload()


def test_values_that_the_pages_name_are_there() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    pages = [PAGE, (CHART / "UPGRADING.md").read_text(), (ROOT / "tools" / "chart" / "readme_head.md").read_text()]
    named = {name for page in pages for name in re.findall(r"`((?:\w+\.)+\w+)`", page) if name.split(".")[0] in values}
    own = {name for name in named if name.split(".")[0] not in ("config", "pixels")}
    assert own, "names are looked for in the wrong way"
    assert {name for name in own if not _is_there(values, name.split("."))} == set()


def _is_there(values: object, path: list[str]) -> bool:
    return not path or (isinstance(values, dict) and path[0] in values and _is_there(values[path[0]], path[1:]))
