"""The scenario files that are quick; ``make simulate`` plays the others too."""

from pathlib import Path

import pytest

from tests.simulation.judge import play
from tests.simulation.scenario import load_scenario, scenario_files

_QUICK = [path for path in scenario_files() if load_scenario(path).quick]


@pytest.mark.parametrize("path", _QUICK, ids=[path.stem for path in _QUICK])
def test_a_scenario_ends_as_its_file_expects(path: Path) -> None:
    play(load_scenario(path))
