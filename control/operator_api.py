"""Trigger of the operator API: one for all of its addresses, which `operator_api_routes` tells apart."""

from __future__ import annotations

import logging

import azure.functions as func
import msgspec
from azure.core.exceptions import AzureError

from control.operator_api_auth import authenticate, same_site
from control.operator_api_document import document
from control.operator_api_http import (
    ApiAnswer,
    ApiError,
    ApiRequest,
    answer_problem,
    read_request,
    respond,
)
from control.operator_api_routes import serve
from control.operator_services import NotReadyError, operator_services
from control.services import services
from shared.settings import SettingError

_log = logging.getLogger(__name__)

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # its __init__ has no annotations


@blueprint.function_name("operator_api")
@blueprint.route(
    "v1/{*path}", methods=["GET", "POST", "PATCH", "PUT", "DELETE"], auth_level=func.AuthLevel.ANONYMOUS
)
async def operator_api(req: func.HttpRequest) -> func.HttpResponse:
    """Answer operators. The key of the host opens nothing here: who asks proves it to `authenticate`."""
    try:
        return respond(await _answer(read_request(req, f"/{req.route_params.get('path') or ''}")))
    except ApiError as error:
        return respond(answer_problem(error.problem))


async def _answer(request: ApiRequest) -> ApiAnswer:
    try:
        if request.path == "/openapi.json" and request.method == "GET":
            same_site(request.headers)
            authenticate(request.headers, services().settings.operator)
            return ApiAnswer(200, msgspec.json.encode(document()), "application/json")
        return await serve(operator_services(), request)
    except SettingError as error:
        _log.error("operator API: %s", error)
        raise ApiError(503, "settings", "a setting is missing or wrong", fix="see /api/health") from error
    except NotReadyError as error:
        _log.error("operator API: %s", error)
        raise ApiError(503, "not_ready", str(error), fix="mend the file and restart") from error
    except AzureError as error:
        _log.warning("operator API: the store does not answer: %s", type(error).__name__)
        raise ApiError(503, "store", "the store does not answer", fix="try again in a moment") from error
