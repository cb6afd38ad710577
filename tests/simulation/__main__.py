"""Runs scenarios and random schedules: ``make simulate``, or ``python -m tests.simulation``; docs/simulation.md."""

import sys
import traceback
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import click
import yaml

from tests.simulation.judge import play
from tests.simulation.scenario import load_scenario, scenario_files
from tests.simulation.schedules import schedule


@click.command()
@click.option("--runs", default=3000, help="How many random schedules.")
@click.option("--first", default=0, help="The seed of the first of them.")
@click.option("--seed", type=int, help="Only the schedule of this seed, with a traceback if it fails.")
@click.option("--scenario", help="Only the scenario file of this name.")
@click.option("--show", is_flag=True, help="With --seed: print it as a scenario file, and run nothing.")
def simulate(*, runs: int, first: int, seed: int | None, scenario: str | None, show: bool) -> None:
    """Run every scenario and thousands of random schedules; exit status 0 if all kept every promise."""
    if seed is not None and show:
        click.echo(yaml.safe_dump(schedule(seed).model_dump(by_alias=True, exclude_defaults=True), sort_keys=False))
        return
    if seed is not None:
        play(schedule(seed), seed)
        click.echo(f"seed {seed}: all is well")
        return
    files = [path for path in scenario_files() if scenario in {None, path.stem}]
    with ProcessPoolExecutor() as pool:
        failed = _report("scenarios", pool.map(_of_file, files))
        if scenario is None:
            failed += _report("schedules", pool.map(_of_seed, range(first, first + runs), chunksize=20))
    sys.exit(1 if failed else 0)


def _report(name: str, ends: Iterable[str | None]) -> int:
    """Print what is wrong as it comes; return how many runs failed."""
    count = failed = 0
    for end in ends:
        count += 1
        if end is not None:
            failed += 1
            click.echo(end)
    click.echo(f"{count} {name}, {failed} failed")
    return failed


def _run(named: str, make: Callable[[], object]) -> str | None:
    try:
        make()
    except Exception:  # noqa: BLE001 - whatever it is, the other runs go on
        return f"{named}\n{traceback.format_exc(limit=-3)}"
    return None


def _of_file(path: Path) -> str | None:
    return _run(f"scenario {path.stem}", partial(play, load_scenario(path)))


def _of_seed(seed: int) -> str | None:
    return _run(f"seed {seed} (repeat it: --seed {seed})", partial(play, schedule(seed), seed))


if __name__ == "__main__":
    simulate()
