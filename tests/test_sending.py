"""What ``run`` and ``replay`` share, before it is connected to anything."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from streamer.errors import UserError
from streamer.replay.rehearsal import NoMeta, NoTopics
from streamer.sending import Edges, Sending
from streamer.settings import Settings


def _settings(**sections: object) -> Settings:
    return Settings.model_validate({"records": {"format": "bare"}, **sections})


def test_to_start_without_any_token_is_refused_since_everything_would_be_parked(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no token at all"):
        Sending(_settings()).check_tokens()
    Sending(_settings(meta={"access_token": "invented"})).check_tokens()
    (tmp_path / "token").write_text("invented")
    pixels = tmp_path / "pixels.yaml"
    pixels.write_text('pixels: {"1001": {token: {file: token}}}')
    Sending(_settings(pixels={"file": pixels})).check_tokens()


def test_what_ends_the_pipeline_ends_the_process_with_its_sentence() -> None:
    async def run() -> None:
        # Nobody listens there: what follows the connections topic is cancelled in the end.
        kafka = {"bootstrap_servers": "127.0.0.1:1", "client": {"log_level": 0}}
        sending = Sending(_settings(kafka=kafka), Edges(NoMeta, NoTopics))
        async with AsyncExitStack() as closing:
            sending.open(closing)
            asyncio.get_running_loop().call_later(0.05, sending.pipeline.failed, UserError("That is why."))
            await sending.run(asyncio.sleep(10))

    with pytest.raises(UserError, match="That is why"):
        asyncio.run(run())
