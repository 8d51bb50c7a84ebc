"""The operator's page: the files of web/, as they are.

They hold nothing of anybody, so on a laptop everyone on it may load them; what they show they ask the
operator API for, with the token that stands behind the # of the page's address. In Azure nobody gets them
without having signed in.
"""

from __future__ import annotations

import hashlib
import mimetypes
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import azure.functions as func

from control.operator_api_auth import authenticate
from control.operator_api_http import ApiError, answer_problem, respond
from control.services import services
from shared.settings import ControlSettings, SettingError

WEB: Final = Path(__file__).parent.parent / "web"
_ADDRESS: Final = "/api/page/"
_INDEX: Final = "index.html"
_TYPES: Final = {".js": "text/javascript", ".mjs": "text/javascript"}
"""Whatever the machine's own table says: a script of another type is not run."""

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # its __init__ has no annotations


@blueprint.function_name("page")
@blueprint.route("page/{*file}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def page(req: func.HttpRequest) -> func.HttpResponse:
    """One file of the page."""
    try:
        settings = services().settings
    except SettingError:
        return respond(answer_problem(ApiError(503, "settings", "a setting is missing or wrong").problem))
    file = req.route_params.get("file") or ""
    if settings.operator.easy_auth:
        try:
            authenticate({name.lower(): value for name, value in req.headers.items()}, settings.operator)
        except ApiError as error:
            return respond(answer_problem(error.problem)) if error.problem.status != 401 else _sign_in()
    if not file and not req.url.partition("?")[0].endswith("/"):
        return func.HttpResponse(status_code=308, headers={"Location": _ADDRESS})  # its links are relative
    return _file(file or _INDEX, req.headers.get("if-none-match", ""), settings)


def _file(name: str, known: str, settings: ControlSettings) -> func.HttpResponse:
    path = (WEB / name).resolve()
    if not path.is_relative_to(WEB.resolve()) or not path.is_file():
        return respond(answer_problem(ApiError(404, "no_file", "there is no such file of the page").problem))
    content = path.read_bytes()
    tag = f'"{hashlib.sha256(content).hexdigest()[:24]}"'
    headers = {
        "ETag": tag,
        "Cache-Control": "no-cache",
        "Content-Security-Policy": policy(settings.media_base_url),
        "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    if tag in {part.strip().removeprefix("W/") for part in known.split(",")}:
        return func.HttpResponse(status_code=304, headers=headers)
    mimetype = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return func.HttpResponse(content, headers=headers, mimetype=mimetype)


def policy(media_base_url: str) -> str:
    """The content security policy: our own files, our own API, and the media socket of the bridge."""
    parts = urlsplit(media_base_url)
    rules = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "media-src": "'self' blob:",
        "connect-src": f"'self' {parts.scheme}://{parts.netloc}",
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _sign_in() -> func.HttpResponse:
    """To the sign-in of the platform, and back."""
    location = f"/.auth/login/aad?post_login_redirect_uri={_ADDRESS}"
    return func.HttpResponse(status_code=302, headers={"Location": location, "Cache-Control": "no-store"})
