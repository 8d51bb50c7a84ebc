"""Whether the control plane can work."""

from __future__ import annotations

import logging
import os

import azure.functions as func
from azure.core.exceptions import AzureError

from control.http import answer_json
from control.operator_api_auth import authenticate
from control.operator_api_http import ApiError, answer_problem, respond
from control.services import services
from shared.settings import OperatorSettings, SettingError

_log = logging.getLogger(__name__)

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # its __init__ has no annotations


@blueprint.function_name("health")
@blueprint.route("health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def health(req: func.HttpRequest) -> func.HttpResponse:
    """200 when the settings are whole and the store answers; else 503 naming which of the two fails.

    `events` says whether events are published, or kept for want of a topic. `?deep=1` asks the doctor, which
    costs the services some requests and tells a lot: for operators only.
    """
    if req.params.get("deep", "").lower() in ("1", "true"):
        try:
            authenticate(req.headers, OperatorSettings.from_env(os.environ))
        except SettingError as error:
            return answer_json(503, {"status": "failing", "failing": "settings", "message": _setting(error)})
        except ApiError as error:
            return respond(answer_problem(error.problem))
        return await _deep()
    try:
        live = services()
        await live.store.beat()
    except SettingError as error:
        _log.error("health: %s", error)
        return answer_json(503, {"status": "failing", "failing": "settings", "message": _setting(error)})
    except AzureError as error:
        _log.warning("health: the store does not answer: %s", type(error).__name__)
        return answer_json(503, {"status": "failing", "failing": "store", "message": type(error).__name__})
    events = "published" if live.events is not None else "kept: EVENTS_TOPIC_ENDPOINT is not set"
    return answer_json(200, {"status": "ok", "events": events})


@blueprint.function_name("health_deep")
@blueprint.route("health/deep", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
async def health_deep(req: func.HttpRequest) -> func.HttpResponse:
    """The same as `health?deep=1` for `python -m doctor`, which has the function's key from Azure."""
    return await _deep()


async def _deep() -> func.HttpResponse:
    # Imported here: a call that rings must not wait for it when the app starts.
    from doctor.control_plane import check_control
    from doctor.report import Report

    report = Report.of(await check_control(os.environ))
    status = 503 if report.status else 200
    return func.HttpResponse(report.json(), status_code=status, mimetype="application/json")


def _setting(error: SettingError) -> str:
    """Which setting is wrong, without its value: anybody may ask for health."""
    return str(error).partition(":")[0]
