"""One function of each kind, telling what it was given."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
SEEN: list[Any] = []


def _json(body: Any, status: int = 200) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(body), status_code=status, mimetype="application/json")


@app.route("echo/{name}", methods=["POST", "PUT"])
async def echo(req: func.HttpRequest) -> func.HttpResponse:
    """Everything the request held."""
    return _json(
        {
            "method": req.method,
            "url": req.url,
            "headers": dict(req.headers),
            "query": dict(req.params),
            "values": dict(req.route_params),
            "body": req.get_body().decode(),
        },
        status=201,
    )


@app.route("echo/literal", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def literal(req: func.HttpRequest) -> str:
    """Beats the route above."""
    return "literal"


@app.route("admin_only", auth_level=func.AuthLevel.ADMIN)
async def admin_only(req: func.HttpRequest) -> str:
    """Text."""
    return "admin"


@app.route("numbers/{n:int}/{rest?}", auth_level=func.AuthLevel.ANONYMOUS)
def numbers(req: func.HttpRequest) -> func.HttpResponse:
    """Not async: runs on a thread."""
    return _json(dict(req.route_params))


@app.route("cookies", auth_level=func.AuthLevel.ANONYMOUS)
async def cookies(req: func.HttpRequest) -> func.HttpResponse:
    """Two cookies and a header."""
    response = func.HttpResponse("eaten", headers={"x-sample": "1"})
    response.headers.add("Set-Cookie", "a=1; Path=/")
    response.headers.add("Set-Cookie", "b=2; HttpOnly")
    return response


@app.route("boom", auth_level=func.AuthLevel.ANONYMOUS)
async def boom(req: func.HttpRequest) -> str:
    """Fails."""
    raise ValueError("boom")


@app.route("settings", auth_level=func.AuthLevel.ANONYMOUS)
async def settings(req: func.HttpRequest) -> func.HttpResponse:
    """What the environment holds."""
    return _json({name: os.environ.get(name) for name in ("FROM_FILE", "FROM_BOTH")})


@app.route("seen", auth_level=func.AuthLevel.ANONYMOUS)
async def seen(req: func.HttpRequest) -> func.HttpResponse:
    """What the triggers without an answer were given, and forget it."""
    told = list(SEEN)
    SEEN.clear()
    return _json(told)


@app.route("wait", auth_level=func.AuthLevel.ANONYMOUS)
async def wait(req: func.HttpRequest) -> str:
    """Answers with what is written into a named pipe."""
    return await asyncio.to_thread(Path(req.params["pipe"]).read_text)


@app.event_grid_trigger(arg_name="event")
async def event_grid(event: func.EventGridEvent) -> None:
    """Either schema; fails on request."""
    SEEN.append([type(event).__name__, event.id, event.get_json()])
    if event.id == "boom":
        raise ValueError("boom")


@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 Jan *", run_on_startup=True)
async def timer(timer: func.TimerRequest) -> None:
    """At startup, by hand, and on New Year's Day."""
    SEEN.append(["timer", timer.past_due])


@app.queue_trigger(arg_name="message", queue_name="jobs", connection="AzureWebJobsStorage")
async def job(message: func.QueueMessage) -> None:
    """A trigger that this host does not serve."""
