"""``python -m streamer.cli.docs``: prints docs/configuration.md, made from the settings."""

import re
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import click
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from streamer.kinds import parse_bytes
from streamer.layers import FILE_SUFFIX, KEYS, PREFIX, is_secret
from streamer.settings import Section, Settings

_HEAD = """\
# Configuration

<!-- Made from streamer/settings.py by `python -m streamer.cli.docs`. Change it there. -->

One YAML file, given as `streamer run -c streamer.yaml`. What it leaves out has the default named here.

- Any key can be set by environment: `STREAMER__SECTION__KEY`, in capitals. Lists and maps are written as YAML:
  `STREAMER__KAFKA__TOPICS='[web, app]'`. A key of `kafka.client` has underscores for dots:
  `STREAMER__KAFKA__CLIENT__SASL_USERNAME`. A variable that begins with `STREAMER__` and names no setting is an error.
- A flag, `--set section.key=value`, comes before the environment, and the environment before the file.
- A secret can be the content of a file: `access_token_file: …` in YAML, `STREAMER__META__ACCESS_TOKEN_FILE` in the
  environment. The same holds for every key of `kafka.client`: `sasl.password_file: …`. White space around it is
  dropped.
- Relative paths in the file are relative to its folder; those elsewhere and in `kafka.client`, to the folder Streamer
  runs in.
- Sizes are bytes, or a number with a unit: `256MiB`, `1GB`.
- A value is taken as it is written, never turned into another: `1.10`, `no` and `12:30` stay text, `010` is ten. `true`
  and `false` are the only flags in YAML. Text that is all digits, such as `app_id: "1234"`, belongs in quotes; in
  `kafka.client` everything is text, with quotes or without.
- An unknown key, a wrong type or a missing secret is an error that names file, line and key, at start, before anything
  is read. `streamer check -c streamer.yaml` finds them beforehand; with `--offline` it asks no broker, no registry and
  not Meta.
"""

_WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "file", SecretStr: "secret"}


def page() -> str:
    """Return the whole page, Markdown."""
    return "\n".join([_HEAD, *(line for section in KEYS for line in _section(section))]).rstrip() + "\n"


def _section(section: str) -> Iterator[str]:
    model = Settings.model_fields[section].annotation
    if not (isinstance(model, type) and issubclass(model, Section)):
        raise TypeError(section)
    yield from (f"## {section}", "", _one_line(model.__doc__), "")
    yield from ("| key | type | default | environment | |", "|---|---|---|---|---|")
    for key, info in KEYS[section].items():
        name = f"{PREFIX}{section}__{key}".upper()
        names = f"`{name}`, `{name}{FILE_SUFFIX.upper()}`" if is_secret(info) else f"`{name}`"
        default = info.get_default(call_default_factory=True)
        yield f"| `{key}` | {_type(info)} | {_default(default, info)} | {names} | {_one_line(info.description)} |"
    yield ""


def _type(info: FieldInfo) -> str:
    """Name a type in plain words, with its bounds."""
    if any(getattr(meta, "func", None) is parse_bytes for meta in info.metadata):
        return "size"
    return _words(info.annotation) + "".join(_bounds(info))


def _words(annotation: Any) -> str:  # noqa: ANN401 - any type's annotation
    arguments = [each for each in get_args(annotation) if each is not type(None)]
    if get_origin(annotation) is Annotated:
        return _words(arguments[0])
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{each}`" for each in arguments)
    if get_origin(annotation) in (Union, types.UnionType):
        return " or ".join(map(_words, arguments))
    if get_origin(annotation) is list:
        return f"list of {_words(arguments[0])}"
    return "map" if get_origin(annotation) is dict else _WORDS[annotation]


def _bounds(info: FieldInfo) -> Iterator[str]:
    for meta in info.metadata:
        for name, sign in (("gt", ">"), ("ge", "≥"), ("le", "≤")):
            if getattr(meta, name, None) is not None:
                yield f" {sign} {getattr(meta, name)}"


def _default(value: Any, info: FieldInfo) -> str:  # noqa: ANN401 - any default
    if value is None:
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, list):
        return f"`[{', '.join(map(str, value))}]`"
    if _type(info) == "size":
        return f"`{value // 2**20}MiB`"
    return f"`{value}`"


def _one_line(text: str | None) -> str:
    plain = re.sub(r"\s+", " ", text or "").strip().replace("``", "`")
    return plain.replace("None:", "Left out:").replace("|", "\\|")


if __name__ == "__main__":
    click.echo(page(), nl=False)
