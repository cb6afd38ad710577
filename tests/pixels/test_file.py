from pathlib import Path

import pytest

from streamer.errors import ConfigError
from streamer.pixels.file import NOTHING, PixelEntry, SecretSource, read_pixels
from streamer.translate.plan import PixelRules

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ALL_KEYS = (
    "client, token, app_secret, containers, partner_agent, test_event_code, region, enabled, external_id, opt_out, "
    "suppression, consent, limited_data_use, origins, events, properties"
)


def _write(folder: Path, text: str) -> Path:
    path = folder / "pixels.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def _faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read_pixels(_write(folder, text))
    return [fault.removeprefix(f"{folder}/pixels.yaml:") for fault in caught.value.faults]


def test_everything_that_can_be_said_of_a_pixel_is_read(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        """
pixels:
  "1234567890123456":
    client: acme
    token: {file: tokens/acme}
    app_secret: {env: ACME_SECRET}
    containers: [GTM-ACME1, GTM-ACME2, GTM-ACME1]
    partner_agent: acme_1_0
    test_event_code: TEST1
    region: de
    enabled: false
""",
    )
    assert read_pixels(path).pixels == {
        "1234567890123456": PixelEntry(
            client="acme",
            token=SecretSource(f"{path}:5", file=tmp_path / "tokens" / "acme"),
            app_secret=SecretSource(f"{path}:6", env="ACME_SECRET"),
            containers=("GTM-ACME1", "GTM-ACME2"),
            partner_agent="acme_1_0",
            test_event_code="TEST1",
            rules=PixelRules(phone_region="de", enabled=False),
        )
    }


def test_the_example_of_the_project_can_be_used() -> None:
    pixels = read_pixels(EXAMPLES / "pixels.yaml").pixels
    assert [entry.client for entry in pixels.values()] == ["acme", "bolt", "cedar"]
    assert pixels["1234567890123456"].token == SecretSource(
        f"{EXAMPLES}/pixels.yaml:13", file=EXAMPLES / "tokens" / "acme"
    )


@pytest.mark.parametrize("text", ["", "pixels:\n", "pixels: {}\n", "# nothing yet\n"])
def test_a_file_without_a_pixel_yet_is_no_error(tmp_path: Path, text: str) -> None:
    assert read_pixels(_write(tmp_path, text)) == NOTHING


def test_a_pixel_of_which_nothing_is_said_has_the_defaults(tmp_path: Path) -> None:
    assert read_pixels(_write(tmp_path, "pixels:\n  1001:\n")).pixels == {"1001": PixelEntry()}


def test_every_fault_is_told_at_once_each_with_its_line_and_what_was_meant(tmp_path: Path) -> None:
    assert _faults(
        tmp_path,
        """pixel: {}
pixels:
  "1001":
    clinet: acme
    tokens: {file: x}
    containers: GTM-ACME1
  abc:
    client: bolt
  "1002":
    region: Germany
    enabled: maybe
    containers: [GTM-1, 7, ""]
  "1003": acme
  "1004":
    token: {path: x}
  "1005":
    token: {file: x, env: X}
  "1006":
    token: {}
""",
    ) == [
        "1: there is no key pixel. Did you mean pixels?",
        "4: there is no key pixels.1001.clinet. Did you mean client?",
        "5: there is no key pixels.1001.tokens. Did you mean token?",
        "6: pixels.1001.containers must be a list, such as [GTM-ACME1].",
        "7: pixels.abc is no pixel id: 1 to 20 digits, the first of which is not 0.",
        "10: pixels.1002.region must be a country's two letters (ISO 3166-1), such as US.",
        "11: pixels.1002.enabled must be true or false.",
        "12: pixels.1002.containers[1] must be text: put it in quotes.",
        "12: pixels.1002.containers[2] must be text that is not empty.",
        f"13: pixels.1003 must hold keys ({ALL_KEYS}), indented below it.",
        "15: there is no key pixels.1004.token.path. There are: file, env.",
        "17: pixels.1005.token must name one place: {file: …} or {env: …}.",
        "19: pixels.1006.token must name one place: {file: …} or {env: …}.",
    ]


@pytest.mark.parametrize("text", ["[1, 2]", "just text", "pixels: [1001]", "pixels: 5"])
def test_a_file_of_another_shape_is_told_what_it_must_hold(tmp_path: Path, text: str) -> None:
    (fault,) = _faults(tmp_path, text)
    assert "must hold" in fault


@pytest.mark.parametrize("key", ["token", "app_secret"])
@pytest.mark.parametrize("value", ["EAAB-invented-secret", "[EAAB-invented-secret]", "{file: [EAAB-invented-secret]}"])
def test_a_secret_that_was_written_into_the_file_is_refused_and_not_repeated(
    tmp_path: Path, key: str, value: str
) -> None:
    other = "token: {env: T}" if key == "app_secret" else "client: a"
    faults = _faults(tmp_path, f"pixels:\n  '1001':\n    {other}\n    {key}: {value}\n")
    assert len(faults) == 1
    assert faults[0].startswith(f"4: pixels.1001.{key}")
    assert "EAAB" not in faults[0]


def test_a_pixel_that_stands_there_twice_is_refused_instead_of_the_last_one_winning(tmp_path: Path) -> None:
    faults = _faults(tmp_path, "pixels:\n  1001: {client: a}\n  '1001': {region: DE}\n")
    assert faults == ["3: pixels.1001 stands there twice. Keep one."]


def test_a_container_goes_to_255_pixels_and_not_to_one_more(tmp_path: Path) -> None:
    lines = "".join(f"  '{1000 + number}': {{containers: [GTM-WIDE]}}\n" for number in range(255))
    assert len(read_pixels(_write(tmp_path, f"pixels:\n{lines}")).pixels) == 255
    with pytest.raises(ConfigError, match="container GTM-WIDE goes to 256 pixels, and a record can go to at most 255"):
        read_pixels(_write(tmp_path, f"pixels:\n{lines}  '9': {{containers: [GTM-WIDE]}}\n"))


def test_a_file_that_is_not_there_is_a_sentence_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: cannot be read \(No such file or directory\)"):
        read_pixels(tmp_path / "nowhere.yaml")
