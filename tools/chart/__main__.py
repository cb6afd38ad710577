"""``python -m tools.chart``: makes values.schema.json and README.md from values.yaml and the settings."""

import json
from collections.abc import Mapping
from pathlib import Path

from tools.chart.comments import read_values
from tools.chart.readme import readme
from tools.chart.schema import values_schema

CHART = Path(__file__).resolve().parents[2] / "helm" / "streamer"


def made_files() -> Mapping[Path, str]:
    """Return the generated files, by where they belong."""
    values = read_values(CHART / "values.yaml")
    schema = json.dumps(values_schema(values), indent=1, ensure_ascii=False)
    return {CHART / "values.schema.json": f"{schema}\n", CHART / "README.md": readme(values)}


def main() -> None:
    """Write them."""
    for path, text in made_files().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
