"""Trigger of the queue in which callers wait for a place: what they hear there."""

from __future__ import annotations

import azure.functions as func
from azure.core.exceptions import AzureError

from control.http import problem
from control.services import services
from shared.auth import same_text
from shared.calls import is_call_id

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # its __init__ has no annotations


@blueprint.function_name("waiting_audio")
@blueprint.route(
    "waiting/{call_id}/{secret}/{file}", methods=["GET", "HEAD"], auth_level=func.AuthLevel.ANONYMOUS
)
async def waiting_audio(req: func.HttpRequest) -> func.HttpResponse:
    """What Call Automation is to play to a caller in line. Their secret, in the address, is the proof: it
    fetches files without a token. Whatever is wrong, the answer is the same."""
    call_id, secret, file = (req.route_params[name] for name in ("call_id", "secret", "file"))
    queue, sound = services().line.queue, None
    try:
        one = await queue.store.find(call_id) if queue is not None and is_call_id(call_id) else None
        if queue is not None and one is not None and same_text(secret, one.secret):
            sound = await queue.sound(one, file)
    except AzureError:
        return problem(503, "store", "the store does not answer")
    if sound is None:
        return problem(404, "no_sound", "there is nothing to hear")
    return func.HttpResponse(sound, mimetype="audio/wav", headers={"Cache-Control": "no-store"})
