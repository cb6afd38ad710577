"""Lists of people who asked to be forgotten: taken up when they change, and never lost."""

import re
from hashlib import sha256
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from streamer.errors import ConfigError
from streamer.pixels.book import FilePixelBook
from streamer.pixels.suppressed import read_list
from streamer.settings import MetaSettings, PixelsSettings

JANE, JOE = (sha256(f"{name}@example.com".encode()) for name in ("jane", "joe"))
PIXELS = "pixels:\n  1001: {suppression: {file: lists/acme.txt}}\n"


def _write(path: Path, text: str) -> None:
    """Replace a file at once."""
    path.parent.mkdir(exist_ok=True)
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(text)
    fresh.replace(path)


def _book(folder: Path, pixels: str = PIXELS) -> FilePixelBook:
    _write(folder / "pixels.yaml", pixels)
    return FilePixelBook(PixelsSettings(file=folder / "pixels.yaml"), MetaSettings(), {})


def _acme(book: FilePixelBook) -> set[bytes]:
    """Return whom the rules of pixel 1001 skip."""
    name = book.rules()[1]["1001"].suppression
    assert name is not None
    return set(book.suppressed()[name])


def _look_twice(book: FilePixelBook) -> bool:
    """Look as often as it takes until a change of a list is taken up."""
    return any([book.refresh(), book.refresh()])


def test_a_list_is_read_at_start_and_again_when_it_has_changed(tmp_path: Path) -> None:
    _write(tmp_path / "lists" / "acme.txt", f"# asked by mail\n{JANE.hexdigest()}\n")
    book = _book(tmp_path)
    assert _acme(book) == {JANE.digest()}
    assert not _look_twice(book)
    _write(tmp_path / "lists" / "acme.txt", f"{JANE.hexdigest()}\nem:{JOE.hexdigest()}\n")
    with capture_logs() as logs:
        assert _look_twice(book)
    assert _acme(book) == {JANE.digest(), JOE.digest()}
    assert [(log["before"], log["now"]) for log in logs] == [(1, 2)]
    assert not _look_twice(book)


def test_a_list_that_is_still_being_written_is_not_taken_up_half(tmp_path: Path) -> None:
    path = tmp_path / "lists" / "acme.txt"
    _write(path, f"{JANE.hexdigest()}\n")
    book = _book(tmp_path)
    with path.open("w") as slow:
        assert not book.refresh()
        for _ in range(3):
            slow.write(f"{JOE.hexdigest()}\n")
            slow.flush()
            assert not book.refresh()
            assert _acme(book) == {JANE.digest()}
    assert book.refresh()
    assert _acme(book) == {JOE.digest()}


def test_a_list_that_is_touched_but_holds_the_same_people_changes_nothing(tmp_path: Path) -> None:
    _write(tmp_path / "lists" / "acme.txt", f"{JANE.hexdigest()}\n")
    book = _book(tmp_path)
    _write(tmp_path / "lists" / "acme.txt", f"# the same\n{JANE.hexdigest().upper()}\n")
    assert not _look_twice(book)


@pytest.mark.parametrize("broken", ["jane@example.com\n", None])
def test_a_list_that_is_broken_or_gone_stays_in_force_as_it_was_and_that_is_said_once(
    tmp_path: Path, broken: str | None
) -> None:
    path = tmp_path / "lists" / "acme.txt"
    _write(path, f"{JANE.hexdigest()}\n")
    book = _book(tmp_path)
    if broken is None:
        path.unlink()
    else:
        _write(path, broken)
    with capture_logs() as logs:
        assert not any(book.refresh() for _ in range(4))
    assert _acme(book) == {JANE.digest()}
    assert [log["log_level"] for log in logs] == ["error"]
    assert str(path) in logs[0]["faults"][0]
    assert "jane@example.com\n" not in str(logs), "what stands in the list may be a person's address"
    _write(path, f"{JOE.hexdigest()}\n")
    assert _look_twice(book)
    assert _acme(book) == {JOE.digest()}


@pytest.mark.parametrize("emptied", ["", "# nobody any more\n"])
def test_a_list_that_is_emptied_forgets_nobody_and_that_is_said_once(tmp_path: Path, emptied: str) -> None:
    path = tmp_path / "lists" / "acme.txt"
    _write(path, f"{JANE.hexdigest()}\n")
    book = _book(tmp_path)
    _write(path, emptied)
    with capture_logs() as logs:
        assert not any(book.refresh() for _ in range(4))
    assert (_acme(book), book.faults) == ({JANE.digest()}, 1)
    ((level, told),) = [(log["log_level"], log["event"]) for log in logs]
    assert level == "warning"
    assert told.startswith("a list of suppressed people was emptied: that of before stays in force")
    _write(path, f"{JOE.hexdigest()}\n")
    assert _look_twice(book)
    assert (_acme(book), book.faults) == ({JOE.digest()}, 0)


def test_a_list_may_be_empty_at_start_and_is_taken_up_when_somebody_is_on_it(tmp_path: Path) -> None:
    path = tmp_path / "lists" / "acme.txt"
    _write(path, "# nobody yet\n")
    book = _book(tmp_path)
    assert _acme(book) == set()
    _write(path, f"{JANE.hexdigest()}\n")
    assert _look_twice(book)
    assert _acme(book) == {JANE.digest()}


def test_a_list_that_is_not_there_at_start_is_an_error_with_its_name_and_the_line_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        _book(tmp_path)
    assert caught.value.faults == (
        f"{tmp_path}/pixels.yaml:2: suppression.file names a list that cannot be used:",
        f"{tmp_path}/lists/acme.txt: the list of suppressed people cannot be read (No such file or directory).",
    )


def test_a_raw_address_in_a_list_is_told_by_its_line_and_never_repeated(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text(f"{JANE.hexdigest()}\n" + "someone@example.org\n" * 12)
    with pytest.raises(ConfigError) as caught:
        read_list(path)
    faults = caught.value.faults
    assert faults[0] == f"{path}:2: is no SHA-256 of 64 hex digits, alone or after em:, ph: or external_id:."
    assert faults[10] == f"{path}: nor are 2 further lines."
    assert "sha256sum" in faults[11]
    assert "someone" not in str(caught.value)


def test_the_list_on_the_page_on_policies_can_be_read(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    (tmp_path / "list.txt").write_text(example)
    assert read_list(tmp_path / "list.txt") == {JANE.digest()}


def test_pixels_that_name_the_same_file_share_one_list(tmp_path: Path) -> None:
    _write(tmp_path / "lists" / "acme.txt", f"{JANE.hexdigest()}\n")
    book = _book(tmp_path, f"{PIXELS}  1002: {{suppression: {{file: lists/acme.txt}}}}\n")
    assert len({rules.suppression for rules in book.rules()[1].values()}) == len(book.suppressed()) == 1


def test_a_pixels_file_that_names_a_list_which_is_not_there_yet_waits_for_it(tmp_path: Path) -> None:
    """Else people on it would be sent to Meta in the meantime, or the new pixels file would never count."""
    book = _book(tmp_path, "pixels:\n  1001: {client: acme}\n")
    _write(tmp_path / "pixels.yaml", PIXELS)
    with capture_logs() as logs:
        assert not any(book.refresh() for _ in range(3))
    assert [log["event"] for log in logs] == ["the pixels file cannot be used: what it said before stays in force"]
    assert book.get("1001").client == "acme"
    _write(tmp_path / "lists" / "acme.txt", "nonsense\n")
    with capture_logs() as logs:
        assert not any(book.refresh() for _ in range(3))
    assert len(logs) == 1
    _write(tmp_path / "lists" / "acme.txt", f"{JANE.hexdigest()}\n")
    assert book.refresh()
    assert _acme(book) == {JANE.digest()}


def test_a_list_that_no_pixel_names_any_more_is_let_go(tmp_path: Path) -> None:
    _write(tmp_path / "lists" / "acme.txt", f"{JANE.hexdigest()}\n")
    book = _book(tmp_path)
    _write(tmp_path / "pixels.yaml", "pixels:\n  1001: {client: acme}\n")
    assert any([book.refresh(), book.refresh()])
    assert book.suppressed() == {}
