from pathlib import Path

import pytest

from streamer.pixels.file import SecretSource
from streamer.pixels.secrets import Secrets


def test_white_space_that_an_editor_leaves_at_the_end_is_no_part_of_a_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("  invented \n\n")
    assert Secrets({}).get(SecretSource("here", file=tmp_path / "token")) == "invented"
    assert Secrets({"TOKEN": " invented\n"}).get(SecretSource("here", env="TOKEN")) == "invented"


def test_a_secret_that_is_not_there_is_none_and_never_an_empty_token(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    secrets = Secrets({"EMPTY": ""})
    for name in ("empty", "binary", "nowhere", "."):
        assert secrets.get(SecretSource("here", file=tmp_path / name)) is None
    for name in ("EMPTY", "NOWHERE"):
        assert secrets.get(SecretSource("here", env=name)) is None


def test_a_token_that_is_replaced_by_one_of_the_same_length_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("invented-1")
    secrets, source = Secrets({}), SecretSource("here", file=path)
    assert secrets.get(source) == "invented-1"
    (tmp_path / "new").write_text("invented-2")
    (tmp_path / "new").replace(path)
    assert secrets.get(source) == "invented-2"
    path.unlink()
    assert secrets.get(source) is None
    path.write_text("invented-3")
    assert secrets.get(source) == "invented-3"


def test_thousands_of_tokens_are_not_read_again_and_again_while_they_stay_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("invented")
    secrets, source = Secrets({}), SecretSource("here", file=tmp_path / "token")
    secrets.get(source)
    monkeypatch.setattr(Path, "read_text", None)
    assert secrets.get(source) == "invented"
