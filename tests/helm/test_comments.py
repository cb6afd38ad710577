"""values.yaml says by its comments what README and schema are made of: what it leaves out is an error."""

from pathlib import Path

import pytest

from tools.chart.comments import Value, read_values
from tools.chart.readme import readme
from tools.chart.schema import values_schema

TEXT = """\
# What the file is, which is no description.

# == Pods

# -- How many, in
# two lines.
# @schema {"type": "integer",
#   "minimum": 0}
replicas: 2
image:
  # -- A | B.
  tag: ""
# == Last
# -- Whole.
# @schema {"type": "object"}
open: {}
"""


def _read(folder: Path, text: str = TEXT) -> list[Value]:
    file = folder / "values.yaml"
    file.write_text(text)
    return read_values(file)


def test_a_value_has_what_its_comment_says(tmp_path: Path) -> None:
    assert _read(tmp_path) == [
        Value(("replicas",), 2, "How many, in two lines.", {"type": "integer", "minimum": 0}, "Pods"),
        Value(("image", "tag"), "", "A | B.", None, "Pods"),
        Value(("open",), {}, "Whole.", {"type": "object"}, "Last"),
    ]


def test_a_value_without_a_description_is_told_by_its_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"line 2: a\.b has no comment that begins with # --"):
        _read(tmp_path, "a:\n  b: 1\n")


def test_a_value_of_which_the_default_says_too_little_must_have_a_schema(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^a: say by # @schema"):
        values_schema(_read(tmp_path, "global:\n  # -- G.\n  x: 1\n# -- A.\na: null\n"))


def test_the_readme_has_a_table_a_section(tmp_path: Path) -> None:
    page = readme(_read(tmp_path))
    assert "### Pods\n\n| value | default | |\n|---|---|---|\n| `replicas` | `2` | How many, in two lines. |\n" in page
    assert '| `image.tag` | `""` | A \\| B. |\n\n### Last\n' in page
