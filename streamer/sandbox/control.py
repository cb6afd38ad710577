"""The sandbox's own endpoints, all under ``/sandbox/``: look at what arrived, change the faults, kill tokens."""

import dataclasses
from typing import Any, Literal

import orjson
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from streamer.sandbox.faults import FaultScriptError, parse_text
from streamer.sandbox.sandbox import Sandbox
from streamer.sandbox.tokens import Death

SANDBOX = web.AppKey("sandbox", Sandbox)
"""Where the application keeps its sandbox."""

_DEATHS = {death.name.lower(): death for death in Death}


class _TokenOrder(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    kill: list[str] = Field(default=[], repr=False)
    revive: list[str] = Field(default=[], repr=False)
    death: Literal[
        "revoked",
        "app_removed",
        "checkpoint",
        "password_changed",
        "expired",
        "unconfirmed",
        "invalid",
        "session",
        "signature",
        "not_visible",
        "no_permission",
        "forbidden",
    ] = Field(default="revoked", alias="as")


def add_control(app: web.Application) -> None:
    """Add the endpoints to an application that has its sandbox under :data:`SANDBOX`."""
    app.router.add_get("/sandbox/ledger", _ledger)
    app.router.add_get("/sandbox/events", _events)
    app.router.add_get("/sandbox/ids", _ids)
    app.router.add_get("/sandbox/requests", _requests)
    app.router.add_put("/sandbox/faults", _faults)
    app.router.add_post("/sandbox/tokens", _tokens)
    app.router.add_post("/sandbox/reset", _reset)


def _json(value: Any, status: int = 200) -> web.Response:  # noqa: ANN401 - any JSON value
    body = orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    return web.Response(status=status, body=body, content_type="application/json")


def _wrong(sentence: str) -> web.Response:
    return _json({"error": sentence}, 400)


async def _ledger(request: web.Request) -> web.Response:
    return _json(dataclasses.asdict(request.app[SANDBOX].ledger()))


async def _events(request: web.Request) -> web.Response:
    sandbox = request.app[SANDBOX]
    if sandbox.options.keep != "bodies":
        return _wrong("The sandbox keeps no events; start it with --keep bodies.")
    pixel = request.query.get("pixel")
    if not pixel:
        return _wrong("Say which pixel: /sandbox/events?pixel=….")
    return _json(sandbox.events(pixel))


async def _ids(request: web.Request) -> web.Response:
    sandbox = request.app[SANDBOX]
    if sandbox.options.keep == "none":
        return _wrong("The sandbox keeps no ids; start it with --keep ids.")
    pixel = request.query.get("pixel")
    if not pixel:
        return _wrong("Say which pixel: /sandbox/ids?pixel=….")
    return _json(sorted(sandbox.ids(pixel)))


async def _requests(request: web.Request) -> web.Response:
    return _json([seen._asdict() for seen in request.app[SANDBOX].requests()])


async def _faults(request: web.Request) -> web.Response:
    try:
        script = parse_text(await request.read(), "the request's body")
    except FaultScriptError as error:
        return _wrong(str(error))
    request.app[SANDBOX].faults = script
    return _json({"rules": len(script)})


async def _tokens(request: web.Request) -> web.Response:
    try:
        order = _TokenOrder.model_validate_json(await request.read())
    except ValidationError:
        return _wrong(f'Send {{"kill": [token, …], "as": {" | ".join(_DEATHS)}, "revive": [token, …]}}.')
    sandbox = request.app[SANDBOX]
    for token in order.kill:
        sandbox.kill_token(token, _DEATHS[order.death])
    for token in order.revive:
        sandbox.revive_token(token)
    return _json({"killed": len(order.kill), "revived": len(order.revive)})


async def _reset(request: web.Request) -> web.Response:
    request.app[SANDBOX].reset()
    return _json({})
