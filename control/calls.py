"""Triggers of a call: it rings, the service reports on it, and forgotten ones are swept."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import timedelta

import azure.functions as func
from azure.core.exceptions import AzureError

from control.answering import follow, sweep
from control.http import answer_json, problem
from control.moving_up import hear
from control.services import Services, services
from control.store_down import answer_when_store_answers
from shared.acs_events import INCOMING_CALL, EventError, call_events, parse_callbacks, parse_incoming_call
from shared.auth import AuthError, KeysUnavailableError, TokenTimeError, secret_matches
from shared.calls import is_call_id
from shared.clock import utc_now

_log = logging.getLogger(__name__)

_BODY_LIMIT = 256 * 1024
"""Bytes of a callback request. One callback is about 1 kB."""

_PATIENCE = 2.0
"""Seconds for the store to tell the time while a phone rings, or a callback waits."""

_MOVE_LEASE = timedelta(minutes=1)
"""How old a move of a booking must be to be taken for left half done; it takes well under a second."""

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # its __init__ has no annotations


@blueprint.function_name("incoming_call")
@blueprint.event_grid_trigger(arg_name="event")
async def incoming_call(event: func.EventGridEvent) -> None:
    """Answer the phone.

    The worker hands over a CloudEvent instead when the subscription delivers CloudEvents; its indexer
    refuses an annotation that says so. An event that is not fit to answer is logged and done with: an
    error would only make Event Grid deliver it again.
    """
    kind, time = (
        (event.type, event.time)
        if isinstance(event, func.CloudEvent)
        else (event.event_type, event.event_time)
    )
    if kind != INCOMING_CALL:
        _log.warning("event %s: type %r is not ours; let the subscription filter", event.id, kind)
        return
    try:
        incoming = parse_incoming_call(time, event.get_json())
    except EventError as error:
        _log.error("event %s: %s", event.id, error)
        return
    with contextlib.suppress(AzureError, TimeoutError):  # then it is waited for
        async with asyncio.timeout(_PATIENCE):
            await services().tables.time()
    line, began, answer = services().line, utc_now(), "failed"
    try:
        answer = await answer_when_store_answers(line, incoming)
    finally:
        line.traces.answer(incoming.call_id, incoming.rang_at, began, answer)
    _log.info("call %s: event %s: %s", incoming.call_id, event.id, answer)


async def _verify(live: Services, authorization: str | None) -> None:
    """Check a token; where ours is the clock that may be wrong, once more by the store's.

    Raises what `AcsTokens.verify` does.
    """
    try:
        await live.tokens.verify(authorization)
    except TokenTimeError:
        if live.tables.knows_the_time:
            raise
        with contextlib.suppress(AzureError, TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await live.tables.time()
        await live.tokens.verify(authorization)


@blueprint.function_name("call_events")
@blueprint.route("calls/{call_id}/events/{secret}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def callbacks(req: func.HttpRequest) -> func.HttpResponse:
    """Follow the call. The token proves who sends; the secret ties the request to the call."""
    live, call_id, began = services(), req.route_params["call_id"], utc_now()
    try:
        await _verify(live, req.headers.get("authorization"))
        if len(req.get_body()) > _BODY_LIMIT:
            return problem(413, "too_large", f"send at most {_BODY_LIMIT} bytes")
        reported = parse_callbacks(req.get_body())
    except KeysUnavailableError as error:
        return problem(503, "keys_unavailable", error.reason)
    except AuthError as error:
        return problem(401, "unauthorized", error.reason)
    except EventError as error:
        return problem(400, "bad_event", str(error))
    call = await live.line.calls.get(call_id) if is_call_id(call_id) else None
    if call is None:
        return problem(404, "unknown_call", "there is no such call")
    if not secret_matches(req.route_params["secret"], call.secret_hashes):
        return problem(403, "wrong_secret", "the secret in the address is not one of this call")
    followed = await follow(live.line, call.id, call_events(reported, utc_now()))
    if followed is not None:
        await hear(live.line, followed, reported)
    live.line.traces.callbacks(call.id, began, len(reported))
    return answer_json(200, {"received": len(reported)})


@blueprint.function_name("sweep")
@blueprint.timer_trigger(arg_name="timer", schedule="0 * * * * *", run_on_startup=False)
async def sweep_calls(timer: func.TimerRequest) -> None:
    """Close calls whose end we were not told of, settle moves of bookings that were left half done, and throw
    away what operators wanted of calls that are over."""
    await services().tables.time()
    await sweep(services().line)
    settled = await services().bookings.finish_moves(utc_now() - _MOVE_LEASE)
    if settled:
        _log.warning("moves of bookings settled: %d", settled)
    await services().commands.throw_away(utc_now())
