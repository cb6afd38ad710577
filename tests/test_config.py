"""What people write into files, variables and flags: what becomes of it, and what they are told when it is wrong."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from streamer.config import load_settings, secrets_of
from streamer.errors import ConfigError
from streamer.settings import Settings

EXAMPLE = Path(__file__).parents[1] / "examples" / "streamer.yaml"


def _load(
    tmp_path: Path, text: str = "", overrides: Mapping[str, str] | None = None, environ: Mapping[str, str] | None = None
) -> Settings:
    path = tmp_path / "streamer.yaml"
    path.write_text(text)
    return load_settings(path, overrides or {}, environ or {})


def _faults(tmp_path: Path, text: str = "", **layers: Mapping[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        _load(tmp_path, text, **layers)
    return [fault.removeprefix(f"{tmp_path}/") for fault in caught.value.faults]


def test_the_example_is_a_configuration_that_loads() -> None:
    assert load_settings(EXAMPLE, {}, {}).kafka.topics == ["tag-events"]


@pytest.mark.parametrize("text", ["", "kafka:\n", "# nothing\n"], ids=["empty", "empty section", "comment"])
def test_what_is_left_out_has_its_default(tmp_path: Path, text: str) -> None:
    assert _load(tmp_path, text) == Settings()


def test_no_file_at_all_is_no_fault() -> None:
    assert load_settings(None, {}, {}) == Settings()


def test_flags_come_before_the_environment_and_the_environment_before_the_file(tmp_path: Path) -> None:
    text = "kafka: {group_id: file}\nwindow: {seconds: 1, max_events: 10}\nadmin: {port: 1}\n"
    environ = {"STREAMER__WINDOW__SECONDS": "2", "STREAMER__WINDOW__MAX_EVENTS": "20"}
    settings = _load(tmp_path, text, {"window.max_events": "30"}, environ)
    assert (settings.kafka.group_id, settings.window.seconds, settings.window.max_events) == ("file", 2, 30)


def test_lists_maps_sizes_and_flags_can_come_from_the_environment(tmp_path: Path) -> None:
    environ = {
        "STREAMER__KAFKA__TOPICS": "[web, ^app-.*]",
        "STREAMER__KAFKA__CLIENT": "{security.protocol: SSL}",
        "STREAMER__MEMORY__BUDGET": "1GiB",
        "STREAMER__DELIVERY__GZIP": "true",
        "STREAMER__META__PARTNER_AGENT": "",
    }
    settings = _load(tmp_path, environ=environ)
    assert settings.kafka.topics == ["web", "^app-.*"]
    assert settings.kafka.client == {"security.protocol": "SSL"}
    assert settings.memory.budget == 2**30
    assert settings.delivery.gzip
    assert settings.meta.partner_agent is None


def test_one_key_of_the_kafka_client_can_be_added_by_environment(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("invented-password\n")
    text = "kafka: {client: {security.protocol: SASL_SSL, sasl.username: file}}"
    environ = {
        "STREAMER__KAFKA__CLIENT__SASL_USERNAME": "environment",
        "STREAMER__KAFKA__CLIENT__SASL_PASSWORD_FILE": str(tmp_path / "password"),
    }
    assert _load(tmp_path, text, environ=environ).kafka.client == {
        "security.protocol": "SASL_SSL",
        "sasl.username": "environment",
        "sasl.password": "invented-password",
    }


@pytest.mark.parametrize("source", ["file", "environment", "flag"])
def test_a_secret_can_be_the_content_of_a_file(tmp_path: Path, source: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("invented-token\n")
    settings = {
        "file": lambda: _load(tmp_path, "meta: {access_token_file: secret}"),
        "environment": lambda: _load(tmp_path, environ={"STREAMER__META__ACCESS_TOKEN_FILE": str(secret)}),
        "flag": lambda: _load(tmp_path, overrides={"meta.access_token_file": str(secret)}),
    }[source]()
    assert settings.meta.access_token is not None
    assert settings.meta.access_token.get_secret_value() == "invented-token"


def test_a_secret_of_a_later_source_wins_however_it_is_given(tmp_path: Path) -> None:
    settings = _load(
        tmp_path, "meta: {access_token_file: gone}", environ={"STREAMER__META__ACCESS_TOKEN": "invented-token"}
    )
    assert set(secrets_of(settings)) == {"invented-token"}


def test_paths_in_the_file_are_relative_to_it(tmp_path: Path) -> None:
    settings = _load(tmp_path, "pixels: {file: pixels.yaml}\nrecords: {schema: /a/b.avsc, mapping: m/mine.yaml}\n")
    assert settings.pixels.file == tmp_path / "pixels.yaml"
    assert settings.records.schema_file == Path("/a/b.avsc")
    assert settings.records.mapping == str(tmp_path / "m" / "mine.yaml")


def test_a_path_in_the_environment_is_not_relative_to_the_file(tmp_path: Path) -> None:
    settings = _load(tmp_path, environ={"STREAMER__PIXELS__FILE": "pixels.yaml"})
    assert settings.pixels.file == Path("pixels.yaml")


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ("STREAMER__FOO__BAR", "environment, STREAMER__FOO__BAR: there is no section foo."),
        ("STREAMER__KAFKA__TOPIC", "there is no key kafka.topic. Did you mean kafka.topics?"),
        (
            "STREAMER__KAFKA",
            "environment, STREAMER__KAFKA: kafka is a section: name one of its keys too. There are: kafka.boots",
        ),
        ("STREAMER__META__ACCESS_TOKEN_FILE", "STREAMER__META__ACCESS_TOKEN_FILE: meta.access_token_file: the file x"),
        ("STREAMER__DELIVERY__GZIP", "environment, STREAMER__DELIVERY__GZIP: delivery.gzip must be true or false."),
        ("STREAMER__META__BASE_URL", "environment, STREAMER__META__BASE_URL: meta.base_url must be an address"),
        ("STREAMER__KAFKA__CLIENT__GROUP_ID", "CLIENT__GROUP_ID: kafka.client.group.id is not to be set there"),
        ("STREAMER__KAFKA__TOPICS__FIRST", "there is no key kafka.topics.first."),
        (
            "STREAMER__WINDOW__SECONDS",
            "environment, STREAMER__WINDOW__SECONDS: window.seconds must be a number.",
        ),
        ("STREAMER__KAFKA__TOPICS", "kafka.topics must be a list, such as [a, b]."),
    ],
)
def test_a_variable_that_sets_nothing_is_a_fault(tmp_path: Path, variable: str, expected: str) -> None:
    (fault,) = _faults(tmp_path, environ={variable: "x"})
    assert expected in fault


def test_a_flag_that_sets_nothing_is_a_fault(tmp_path: Path) -> None:
    assert _faults(tmp_path, overrides={"admin.prt": "1"}) == [
        "--set admin.prt: there is no key admin.prt. Did you mean admin.port?"
    ]


def test_a_flag_that_names_only_a_section_is_told_so(tmp_path: Path) -> None:
    (fault,) = _faults(tmp_path, overrides={"admin": "1"})
    assert fault.startswith("--set admin: admin is a section: name one of its keys too. There are: admin.host, ")


LITERAL = ["0123456", "1.10", "12:30", "1e5", "True", "true", "no", "NULLL", "007", "123456", "0x1F", "-0", "9" * 40]


@pytest.mark.parametrize("written", LITERAL)
def test_a_kafka_password_is_what_was_written_with_quotes_or_without(tmp_path: Path, written: str) -> None:
    in_file = _load(tmp_path, f"kafka: {{client: {{sasl.password: {written}}}}}")
    in_map = _load(tmp_path, environ={"STREAMER__KAFKA__CLIENT": f"{{sasl.password: {written}}}"})
    alone = _load(tmp_path, environ={"STREAMER__KAFKA__CLIENT__SASL_PASSWORD": written})
    for settings in (in_file, in_map, alone):
        assert settings.kafka.client == {"sasl.password": written}


@pytest.mark.parametrize("written", [each for each in LITERAL if each not in ("true", "123456")])
def test_a_token_without_quotes_is_what_was_written(tmp_path: Path, written: str) -> None:
    token = _load(tmp_path, f"meta: {{access_token: {written}}}").meta.access_token
    assert token is not None
    assert token.get_secret_value() == written


def test_a_number_that_begins_with_zeros_is_decimal(tmp_path: Path) -> None:
    assert _load(tmp_path, "admin: {port: 010}").admin.port == 10


@pytest.mark.parametrize("text", ["2.5", "'2.5'", "25e-1"])
def test_fractions_can_be_written_as_people_write_them(tmp_path: Path, text: str) -> None:
    assert _load(tmp_path, f"window: {{seconds: {text}}}").window.seconds == 2.5


@pytest.mark.parametrize("text", ["1", "true", "True", "yes", "on"])
def test_the_environment_knows_no_types_so_flags_there_may_have_any_common_form(tmp_path: Path, text: str) -> None:
    assert _load(tmp_path, environ={"STREAMER__DELIVERY__GZIP": text}).delivery.gzip


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = "kafka:\n  topic: [a]\n  group_protocol: none\nwindow: {max_events: 0}\nmeta: {access_token_file: gone}\n"
    faults = _faults(tmp_path, text, environ={"STREAMER__NO__KEY": "1"}, overrides={"admin.port": "x"})
    assert len(faults) == 6


@pytest.mark.parametrize(
    "text",
    [
        "meta: {access_token: [geheim]}",
        "meta: {access_token: {geheim: geheim}}",
        "meta: {access_token: *geheim}",
        "meta: {access_token: !geheim x}",
        "meta:\n  access_token: geheim: 5\n",
        'meta:\n  access_token: "geheim\n',
        "schema_registry: {password: geheim, passwort: geheim}",
        "kafka: {client: [geheim]}",
        "meta: {access_token: geheim, partner_agent: 5}",
        "log: {level: geheim}",
        "memory: {budget: geheim}",
        "window: {seconds: geheim}",
    ],
)
def test_no_message_quotes_a_value_since_it_may_be_a_secret_in_the_wrong_place(tmp_path: Path, text: str) -> None:
    assert "geheim" not in "\n".join(_faults(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "environ"),
    [
        ("meta: {access_token: ''}", {}),
        ("meta: {access_token_file: empty}", {}),
        ("", {"STREAMER__META__ACCESS_TOKEN": " "}),
    ],
)
def test_an_empty_secret_is_a_missing_one(tmp_path: Path, text: str, environ: Mapping[str, str]) -> None:
    (tmp_path / "empty").write_text("\n")
    (fault,) = _faults(tmp_path, text, environ=environ)
    assert "meta.access_token" in fault
    assert "empty" in fault


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.yaml: cannot be read \(No such file or directory\)"):
        load_settings(tmp_path / "gone.yaml", {}, {})


def test_settings_do_not_show_their_secrets_when_printed(tmp_path: Path) -> None:
    text = "meta: {access_token: geheim, app_secret: geheim}\nkafka: {client: {sasl.password: geheim}}"
    assert "geheim" not in repr(_load(tmp_path, text))


def test_the_logs_learn_every_secret_that_they_must_hide(tmp_path: Path) -> None:
    text = (
        "meta: {access_token: one, app_secret: two}\nschema_registry: {password: three, bearer_token: four}\n"
        "kafka: {client: {sasl.password: five, ssl.key.password: six, sasl.username: user}}\n"
    )
    assert set(secrets_of(_load(tmp_path, text))) == {"one", "two", "three", "four", "five", "six"}
