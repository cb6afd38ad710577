from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from streamer.errors import ConfigError
from streamer.pixels.book import FilePixelBook
from streamer.pixels.pixel import Pixel
from streamer.settings import MetaSettings, PixelsSettings
from streamer.translate.plan import PixelRules

META = MetaSettings(
    access_token=SecretStr("invented-platform-token"),
    app_secret=SecretStr("invented-platform-secret"),
    partner_agent="platform_1_0",
    test_event_code="TEST0",
)


def _write(path: Path, text: str) -> None:
    """Replace a file at once, as Kubernetes does."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(text)
    fresh.replace(path)


def _book(
    folder: Path, pixels: str, meta: MetaSettings = META, environ: Mapping[str, str] | None = None
) -> FilePixelBook:
    _write(folder / "pixels.yaml", f"pixels:\n{pixels}")
    return FilePixelBook(PixelsSettings(file=folder / "pixels.yaml"), meta, environ or {})


def _refreshed(book: FilePixelBook) -> bool:
    """Look twice: a change is taken up when the file has been left alone from one look to the next."""
    return any([book.refresh(), book.refresh()])


def test_without_a_file_every_pixel_has_the_defaults() -> None:
    book = FilePixelBook(PixelsSettings(), META, {})
    assert book.get("1001") == Pixel(
        "1001", None, "invented-platform-token", "invented-platform-secret", "platform_1_0", "TEST0"
    )
    assert (book.pixels(), book.containers(), book.enabled("1001")) == ([], {}, True)
    assert (book.rules(), book.suppressed()) == ((PixelRules(), {}), {})
    assert not book.refresh()


def test_a_pixel_that_the_file_does_not_name_has_the_defaults_beside_those_it_names(tmp_path: Path) -> None:
    book = _book(tmp_path, "  1001: {client: acme}\n")
    assert book.get("1002") == FilePixelBook(PixelsSettings(), META, {}).get("1002")
    assert [pixel.pixel_id for pixel in book.pixels()] == ["1001"]


def test_what_a_pixel_has_of_its_own_comes_before_the_defaults(tmp_path: Path) -> None:
    entry = "{client: acme, token: {env: T}, app_secret: {env: S}, partner_agent: acme_2_0, test_event_code: TEST9}"
    book = _book(tmp_path, f"  1001: {entry}\n", environ={"T": "invented-own", "S": "invented-own-secret"})
    assert book.get("1001") == Pixel("1001", "acme", "invented-own", "invented-own-secret", "acme_2_0", "TEST9")


def test_no_proof_is_made_with_the_platforms_secret_for_a_token_that_is_not_the_platforms(tmp_path: Path) -> None:
    book = _book(tmp_path, "  1001: {token: {env: T}}\n  1002: {client: bolt}\n", environ={"T": "invented-own"})
    assert (book.get("1001").access_token, book.get("1001").app_secret) == ("invented-own", None)
    assert book.get("1002").app_secret == "invented-platform-secret"


def test_without_a_platform_token_its_secret_is_not_used_at_all() -> None:
    book = FilePixelBook(PixelsSettings(), MetaSettings(app_secret=SecretStr("invented-platform-secret")), {})
    assert (book.get("1001").access_token, book.get("1001").app_secret) == (None, None)


def test_one_clients_missing_token_stops_neither_the_start_nor_another_client_and_is_logged_once(
    tmp_path: Path,
) -> None:
    with capture_logs() as logs:
        book = _book(tmp_path, "  1001: {token: {file: nowhere}}\n  1002: {token: {env: T}}\n", environ={"T": "own"})
        book.refresh()
    assert book.get("1001").access_token is None, "the platform's token must not be tried in its place"
    assert book.get("1002").access_token == "own"
    assert [(log["name"], log["at"]) for log in logs] == [
        ("1001.token", f"{tmp_path}/pixels.yaml:2: file {tmp_path}/nowhere")
    ]


def test_a_token_that_changes_vanishes_and_comes_back_is_taken_up_each_time(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("invented-1")
    book = _book(tmp_path, "  1001: {token: {file: token}}\n")
    assert not book.refresh()
    _write(token, "invented-2")
    assert book.refresh()
    assert book.get("1001").access_token == "invented-2"
    token.unlink()
    assert book.refresh()
    assert (book.get("1001").access_token, book.missing) == (None, 1)
    _write(token, "invented-3")
    assert book.refresh()
    assert (book.get("1001").access_token, book.missing) == ("invented-3", 0)
    assert not book.refresh()


def test_a_pixel_that_is_added_or_taken_away_needs_no_restart(tmp_path: Path) -> None:
    book = _book(tmp_path, "  1001: {containers: [GTM-1]}\n")
    _write(tmp_path / "pixels.yaml", "pixels:\n  1002: {containers: [GTM-1], region: FR}\n")
    assert _refreshed(book)
    assert book.containers() == {"GTM-1": ("1002",)}
    assert book.rules() == (PixelRules(), {"1002": PixelRules(phone_region="fr")})


def test_a_file_that_is_touched_but_says_the_same_changes_nothing(tmp_path: Path) -> None:
    book = _book(tmp_path, "  1001: {client: acme}\n")
    _write(tmp_path / "pixels.yaml", "# the same, with a remark\npixels:\n  1001: {client: acme}\n")
    assert not _refreshed(book)


@pytest.mark.parametrize("broken", ["pixels: [nonsense", "pixels:\n  1001: {clinet: acme}\n", None])
def test_a_broken_file_keeps_what_was_known_says_so_once_and_is_taken_up_when_it_is_mended(
    tmp_path: Path, broken: str | None
) -> None:
    path = tmp_path / "pixels.yaml"
    book = _book(tmp_path, "  1001: {client: acme, containers: [GTM-1]}\n")
    if broken is None:
        path.unlink()
    else:
        _write(path, broken)
    with capture_logs() as logs:
        assert not _refreshed(book)
        assert not _refreshed(book)
    assert [log["log_level"] for log in logs] == ["error"]
    assert str(path) in logs[0]["faults"][0]
    assert book.faults == len(logs[0]["faults"]), "an alert must last until it is mended"
    assert book.get("1001").client == "acme"
    _write(path, "pixels:\n  1001: {client: bolt}\n")
    assert _refreshed(book)
    assert book.get("1001").client == "bolt"
    assert book.faults == 0


def test_a_broken_file_keeps_no_client_from_a_new_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("invented-1")
    book = _book(tmp_path, "  1001: {token: {file: token}}\n")
    _write(tmp_path / "pixels.yaml", "pixels: [nonsense")
    _write(tmp_path / "token", "invented-2")
    assert book.refresh()
    assert book.get("1001").access_token == "invented-2"


def test_a_broken_file_at_the_start_is_told_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"pixels\.yaml:2: there is no key pixels\.1001\.clinet"):
        _book(tmp_path, "  1001: {clinet: acme}\n")


def test_nothing_is_sent_to_a_pixel_that_is_not_enabled(tmp_path: Path) -> None:
    book = _book(tmp_path, "  1001: {enabled: false, containers: [GTM-1]}\n  1002: {containers: [GTM-1]}\n")
    assert (book.enabled("1001"), book.enabled("1002"), book.enabled("1003")) == (False, True, True)
    assert book.get("1001").access_token is None
    _write(tmp_path / "pixels.yaml", "pixels:\n  1001: {containers: [GTM-1]}\n")
    assert _refreshed(book)
    assert book.get("1001").access_token == "invented-platform-token"


def test_a_container_goes_to_its_pixels_in_the_order_of_the_file(tmp_path: Path) -> None:
    book = _book(tmp_path, "  1002: {containers: [GTM-1, GTM-2]}\n  1001: {containers: [GTM-1]}\n")
    assert book.containers() == {"GTM-1": ("1002", "1001"), "GTM-2": ("1002",)}


def test_no_secret_is_in_the_picture_of_a_pixel(tmp_path: Path) -> None:
    book = _book(tmp_path, "  1001: {token: {env: T}, app_secret: {env: S}}\n", environ={"T": "hide-t", "S": "hide-s"})
    assert "hide" not in repr(book.get("1001"))


def test_where_nothing_is_sent_by_default_only_pixels_that_say_so_are_sent_to(tmp_path: Path) -> None:
    path = tmp_path / "pixels.yaml"
    path.write_text("defaults: {enabled: false}\npixels:\n  1001: {enabled: true}\n  1002: {client: bolt}\n")
    book = FilePixelBook(PixelsSettings(file=path), META, {})
    assert [book.enabled(pixel) for pixel in ("1001", "1002", "1003")] == [True, False, False]
    tokens = [book.get(pixel).access_token for pixel in ("1001", "1002", "1003")]
    assert tokens == ["invented-platform-token", None, None]


def test_a_policy_that_changes_is_taken_up(tmp_path: Path) -> None:
    book = _book(tmp_path, "  1001: {client: acme}\n")
    (tmp_path / "pixels.yaml").write_text("defaults: {opt_out: true}\npixels:\n  1001: {client: acme}\n")
    assert _refreshed(book)
    assert book.rules() == (PixelRules(opt_out=True), {"1001": PixelRules(opt_out=True)})


def test_a_file_that_is_still_being_written_does_not_lift_what_it_forbids(tmp_path: Path) -> None:
    whole = "defaults: {opt_out: true}\npixels:\n  1001: {enabled: false}\n  1002: {enabled: false}\n"
    path = tmp_path / "pixels.yaml"
    book = _book(tmp_path, "  1001: {enabled: false}\n  1002: {enabled: false}\n")
    for length in (0, whole.index("pixels"), whole.index("  1002")):
        path.write_text(whole[:length])
        assert not book.refresh()
        assert not book.enabled("1002")
    path.write_text(whole)
    assert _refreshed(book)
    assert book.rules()[0] == PixelRules(opt_out=True)


def test_a_file_that_is_emptied_lifts_nothing_and_is_told(tmp_path: Path) -> None:
    book = _book(tmp_path, "  1001: {enabled: false}\n")
    (tmp_path / "pixels.yaml").write_text("")
    with capture_logs() as logs:
        assert not _refreshed(book)
    assert not book.enabled("1001")
    assert "is empty" in logs[0]["faults"][0]
