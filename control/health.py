"""Whether the control plane can work."""

from __future__ import annotations

import logging

import azure.functions as func
from azure.core.exceptions import AzureError

from control.http import answer_json
from control.services import services
from shared.settings import SettingError

_log = logging.getLogger(__name__)

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # its __init__ has no annotations


@blueprint.function_name("health")
@blueprint.route("health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def health(req: func.HttpRequest) -> func.HttpResponse:
    """200 when the settings are whole and the store answers; else 503 naming which of the two fails.

    `events` says whether events are published, or kept for want of a topic.
    """
    try:
        live = services()
        await live.tables.ping()
    except SettingError as error:
        _log.error("health: %s", error)
        return answer_json(503, {"status": "failing", "failing": "settings", "message": _setting(error)})
    except AzureError as error:
        _log.warning("health: the store does not answer: %s", type(error).__name__)
        return answer_json(503, {"status": "failing", "failing": "store", "message": type(error).__name__})
    events = "published" if live.events is not None else "kept: EVENTS_TOPIC_ENDPOINT is not set"
    return answer_json(200, {"status": "ok", "events": events})


def _setting(error: SettingError) -> str:
    """Which setting is wrong, without its value: anybody may ask for health."""
    return str(error).partition(":")[0]
