"""Every setting, once: typed and documented. Loading and its errors live in :mod:`streamer.config`."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from streamer.kinds import Address, Addresses, ByteSize, PartnerAgent, Properties, Source, Text, Topic


class Section(BaseModel):
    """A section of the configuration: immutable, and closed to keys it does not know."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
        allow_inf_nan=False,
    )

    @field_validator("*", mode="before")
    @classmethod
    def _of_its_kind(cls, value: object, info: ValidationInfo) -> object:
        """Refuse a flag where a number is due, and a number where a flag is: pydantic would convert them."""
        due = cls.model_fields[info.field_name or ""].annotation
        if due is bool and isinstance(value, int | float) and not isinstance(value, bool):
            raise ValueError("must be true or false")
        if due in (int, float) and isinstance(value, bool):
            raise ValueError("must be a number")
        return value


class KafkaSettings(Section):
    """Where the records come from, and where the product's own topics are."""

    bootstrap_servers: Text = "localhost:9092"
    """Brokers to start from: ``host:port``, several separated by commas."""
    topics: list[Source] = Field(default=["tag-events"], min_length=1)
    """Topics to read: names, or regular expressions that begin with ``^`` (KIP-848 brokers match the whole name)."""
    group_id: Text = "streamer"
    """The consumer group."""
    group_protocol: Literal["consumer", "classic"] = "consumer"
    """``consumer`` (KIP-848, brokers from 4.0 on) or ``classic`` (cooperative-sticky)."""
    group_instance_id: str | None = None
    """Static membership: an id that stays with this replica through restarts, such as the pod's name."""
    start_from: Literal["earliest", "latest"] = "earliest"
    """Where a group that has never committed begins."""
    on_out_of_range: Literal["fail", "earliest", "latest"] = "fail"
    """What to do when a committed offset is no longer in the topic: stop with an error, or jump, counted and logged."""
    session_timeout_seconds: float = Field(default=45, gt=0)
    """How long a silent member stays in a classic group. In a KIP-848 group the broker decides."""
    commit_interval_seconds: float = Field(default=1, ge=0.05)
    """Offsets are committed at most this often."""
    recommit_interval_seconds: float = Field(default=3600, gt=0)
    """The offset of an idle partition is committed anew this often, so that the broker does not forget it."""
    dead_letter_topic: Topic = "streamer.dead-letters"
    """Takes copies of records that can never be sent."""
    parked_topic: Topic = "streamer.parked"
    """Takes copies of records that cannot be sent now."""
    receipts_topic: Topic = "streamer.receipts"
    """Takes a small record of what became of which offsets."""
    connections_topic: Topic = "streamer.connections"
    """Compacted: the state of each pixel's connection."""
    client: Properties = Field(default_factory=dict, repr=False)
    """Passed to librdkafka as it is written: ``security.protocol``, ``sasl.*``, ``ssl.*``."""


class SchemaRegistrySettings(Section):
    """The Confluent-compatible registry that holds the writers' schemas; asked for the format ``confluent``."""

    url: Addresses = "http://localhost:8081"
    """Base address; several separated by commas."""
    username: str | None = None
    """For HTTP basic authentication."""
    password: SecretStr | None = None
    """For HTTP basic authentication."""
    bearer_token: SecretStr | None = None
    """For bearer authentication."""
    ca_file: Path | None = None
    """Certificate authorities to trust, PEM."""
    cert_file: Path | None = None
    """This client's certificate, PEM."""
    key_file: Path | None = None
    """This client's private key, PEM."""
    timeout_seconds: float = Field(default=5, gt=0)
    """For one request."""


class RecordsSettings(Section):
    """How a record's bytes are to be read."""

    format: Literal["confluent", "single-object", "bare"] = "confluent"
    """Avro wire format: Confluent framing, Avro's single-object encoding, or no framing at all."""
    schema_file: Path | None = Field(default=None, alias="schema")
    """Reader schema, an .avsc file; the writer's too when the format is ``bare``. None: the one that the preset in
    ``mapping`` is made for, else the tag event's."""
    writer_schemas: Path | None = None
    """For ``single-object``: an .avsc file, or a folder of them, with the writers' schemas beside the reader's own."""
    mapping: str | None = None
    """How a record becomes server events: a preset's name (``streamer mapping`` lists them), or a file. None: the
    preset ``tag-event``."""


class MetaSettings(Section):
    """Meta's Conversions API."""

    base_url: Address = "https://graph.facebook.com"
    """Where the Graph API is."""
    api_version: str = Field(default="v26.0", pattern=r"^v\d+\.\d+$")
    """Version of the Graph API."""
    partner_agent: PartnerAgent | None = "datapartner"
    """Names the platform to Meta, as agreed with it: at most 22 characters, at least 2 of them letters."""
    access_token: SecretStr | None = None
    """The platform's own system-user token, the default of every pixel."""
    app_id: str | None = None
    """The platform's app."""
    app_secret: SecretStr | None = None
    """For ``appsecret_proof``, sent with tokens of the platform's app."""
    token_in: Literal["header", "body"] = "header"  # noqa: S105 - a place, no token
    """Where the token travels; never in a URL."""
    test_event_code: str | None = None
    """Sends everything to Events Manager's Test Events. Not for production."""


class WindowSettings(Section):
    """How server events are grouped into requests. A window is sealed by whichever bound it meets first."""

    seconds: float = Field(default=5, ge=0)
    """Age of the first event in it."""
    max_events: int = Field(default=1000, ge=1, le=1000)
    """Events; Meta takes no more than 1000 a request."""
    max_bytes: ByteSize = Field(default=4 * 2**20, ge=2**10)
    """Bytes of JSON."""


class DeliverySettings(Section):
    """How requests are sent and tried again."""

    max_in_flight: int = Field(default=256, ge=1)
    """Requests at the same time, over all pixels."""
    max_in_flight_per_app: int = Field(default=192, ge=1)
    """Requests at the same time for one app, so that a slow one leaves some to the others. Pixels with the same app
    secret share an app; one without is taken to share it with those that have the same token."""
    max_in_flight_per_token: int = Field(default=128, ge=1)
    """Requests at the same time with one token."""
    max_in_flight_per_pixel: int = Field(default=16, ge=1)
    """Requests at the same time for one pixel, at most: below this, the limit adapts to how the pixel answers."""
    timeout_seconds: float = Field(default=10, gt=0)
    """For one request, from the first byte sent to the last byte of the answer."""
    backoff_base_seconds: float = Field(default=0.5, gt=0)
    """Bound of the first wait before a new try; it doubles with each, and the wait is drawn at random below it."""
    backoff_max_seconds: float = Field(default=60, gt=0)
    """Upper bound of any wait that Meta did not ask for."""
    gzip: bool = False
    """Compress request bodies."""
    age_margin_seconds: int = Field(default=3600, ge=0)
    """An event this close to Meta's age limit counts as too old."""
    probe_seconds: float = Field(default=300, gt=0)
    """A parked pixel is tried anew with one request this often."""
    stuck_seconds: float = Field(default=30, gt=0)
    """A pixel without a success for this long, while others have some, is parked when it holds too much memory."""
    pixel_refused_share_limit: float = Field(default=0.5, gt=0, le=1)
    """When Meta refuses more than this share of a pixel's newest events, the pixel is parked: its events are kept."""
    pixel_refused_share_minimum: int = Field(default=50, ge=1)
    """Events of the pixel that must have been judged before that share counts."""
    refused_share_limit: float = Field(default=0.9, gt=0, le=1)
    """When more than this share of the newest events is dead-lettered, stop: a bad deploy, not bad data. 1: never."""
    refused_share_minimum: int = Field(default=1000, ge=1)
    """Events that must have been seen before that share counts; a record for three pixels is three."""
    refused_share_hold_seconds: float = Field(default=10, ge=0)
    """How long dead letters are held back while the share is above the limit, of too few records to judge by."""


class MemorySettings(Section):
    """Memory is bounded in bytes from the fetch to the last retry."""

    budget: ByteSize = Field(default=256 * 2**20, ge=16 * 2**20)
    """For all of it: librdkafka's fetched records (an eighth), requests being sent (a quarter), and what is held."""
    pixel_share: float = Field(default=0.25, gt=0, le=1)
    """What a pixel without success may hold of it while more than half is used; one that holds more is parked."""


class ParkingSettings(Section):
    """How events of parked pixels come back."""

    sweep_hours: float = Field(default=6, gt=0)
    """The parked topic is gone over this often even if no pixel came back: what has grown too old is dead-lettered."""
    pass_pause_seconds: float = Field(default=10, ge=0)
    """The shortest time between two passes over a partition of the parked topic. One that took longer rests as long."""
    probes: bool = True
    """Ask Meta about a parked pixel of which nothing comes, every ``delivery.probe_seconds``, and about one that has
    got another token: one request with an empty event, which Meta refuses. Meta does not document this."""


class PixelsSettings(Section):
    """What differs from pixel to pixel."""

    file: Path | None = None
    """A YAML file of pixels; reloaded when it changes."""
    reload_seconds: float = Field(default=5, gt=0)
    """How often that file and the token files it names are looked at."""


class AdminSettings(Section):
    """Health, metrics and the status page."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(default=8080, ge=0, le=65535)
    """Port to listen on; 0 takes a free one."""
    live_seconds: float = Field(default=30, gt=0)
    """Not live when the loop or the Kafka thread has not turned for this long."""


class LogSettings(Section):
    """Logs, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least that is logged."""
    format: Literal["auto", "json", "pretty"] = "auto"
    """``auto`` is pretty on a terminal and JSON elsewhere."""


class StopSettings(Section):
    """How the process stops."""

    drain_seconds: float = Field(default=25, gt=0)
    """How long a SIGTERM, and a revoked partition, waits for what is in flight."""


class Settings(Section):
    """The whole configuration."""

    kafka: KafkaSettings = KafkaSettings()
    schema_registry: SchemaRegistrySettings = SchemaRegistrySettings()
    records: RecordsSettings = RecordsSettings()
    meta: MetaSettings = MetaSettings()
    window: WindowSettings = WindowSettings()
    delivery: DeliverySettings = DeliverySettings()
    memory: MemorySettings = MemorySettings()
    parking: ParkingSettings = ParkingSettings()
    pixels: PixelsSettings = PixelsSettings()
    admin: AdminSettings = AdminSettings()
    log: LogSettings = LogSettings()
    stop: StopSettings = StopSettings()
