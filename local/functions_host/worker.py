"""The worker: indexes the app and runs its functions, by Microsoft's azure-functions-runtime 1.3.0."""

from __future__ import annotations

import asyncio
import logging
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import azure_functions_runtime as runtime
import msgspec
from azure_functions_runtime.bindings.datumdef import Datum
from azure_functions_runtime.native_invocation import invocation_request_native

from local.functions_host import protos

_log = logging.getLogger(__name__)


class IndexingError(Exception):
    """The worker cannot load the app; the message is the worker's own, with where it happened."""


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the app."""

    name: str
    id: str
    trigger: Mapping[str, Any]
    """The trigger's binding as in function.json: type, name and its settings."""

    @property
    def kind(self) -> str:
        """Type of the trigger in lower case: "httptrigger", "eventgridtrigger", "timertrigger"."""
        return str(self.trigger["type"]).lower()


@dataclass(frozen=True, slots=True)
class Result:
    """What a function came to."""

    ok: bool
    returned: Datum | None = None
    error: str = ""


class Worker:
    """The indexed app. There is one per process: the worker library keeps what it indexed in its modules."""

    def __init__(self, functions: tuple[Function, ...], timeout: float) -> None:
        self.functions = functions
        self._timeout = timeout
        self._runs: set[asyncio.Task[Result]] = set()

    @classmethod
    async def start(cls, app_dir: Path, *, timeout: float) -> Self:
        """Index the app in `app_dir`; `timeout` (seconds) bounds each run of a function.

        Raises:
            IndexingError: the app cannot be loaded.
        """
        if str(app_dir) not in sys.path:
            sys.path.insert(0, str(app_dir))
        runtime.start_threadpool_executor()
        request = protos.WorkerInitRequest(function_app_directory=str(app_dir))
        init = await runtime.worker_init_request(
            protos.WorkerRequest(
                protos.StreamingMessage(worker_init_request=request),
                {"host": "127.0.0.1", "protos": protos},
            )
        )
        if init.result.status != protos.StatusResult.Success:
            fault = init.result.exception
            raise IndexingError(f"{fault.message}\n{fault.stack_trace}".rstrip())
        answer = await runtime.functions_metadata_request(protos.WorkerRequest())
        if not answer.function_metadata_results:
            raise IndexingError(f"{app_dir}: no functions found; expected some in function_app.py")
        return cls(tuple(_function(metadata) for metadata in answer.function_metadata_results), timeout)

    def find(self, name: str, kind: str | None = None) -> Function | None:
        """The function of that name, whatever its case, and of that kind if one is given."""
        for function in self.functions:
            if function.name.lower() == name.lower() and kind in (None, function.kind):
                return function
        return None

    def begin(
        self,
        function: Function,
        value: Datum,
        metadata: Mapping[str, Datum] | None = None,
        trace_parent: str = "",
    ) -> asyncio.Task[Result]:
        """Start to run a function on what triggered it. The task never raises: a failure is logged and
        returned.

        The run is the worker's own: it goes on when whoever began it is cancelled, as in Azure.
        """
        run = asyncio.create_task(
            self._run(function, value, metadata or {}, trace_parent), name=function.name
        )
        self._runs.add(run)
        run.add_done_callback(self._runs.discard)
        return run

    async def run(
        self,
        function: Function,
        value: Datum,
        metadata: Mapping[str, Datum] | None = None,
        trace_parent: str = "",
    ) -> Result:
        """`begin`, and wait for the end."""
        return await asyncio.shield(self.begin(function, value, metadata, trace_parent))

    async def drain(self, seconds: float) -> None:
        """Wait until nothing runs, at most `seconds`; what still runs then is cancelled."""
        if not self._runs:
            return
        _, late = await asyncio.wait(self._runs, timeout=seconds)
        for run in late:
            _log.warning("function %s: still running after %g s, cancelled", run.get_name(), seconds)
            run.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _run(
        self, function: Function, value: Datum, metadata: Mapping[str, Datum], trace_parent: str
    ) -> Result:
        try:
            async with asyncio.timeout(self._timeout):
                ok, returned, _, error, trace = await invocation_request_native(
                    str(uuid.uuid4()),
                    function.id,
                    [(function.trigger["name"], value)],
                    dict(metadata),
                    trace_parent,
                )
        except TimeoutError:
            ok, returned, error, trace = False, None, f"functionTimeout of {self._timeout:g} s exceeded", ""
        if not ok:
            _log.error("function %s failed: %s\n%s", function.name, error, trace)
        return Result(bool(ok), returned, error or "")

    def close(self) -> None:
        """Stop the threads that run functions which are not async."""
        runtime.stop_threadpool_executor()


def _function(metadata: protos.RpcFunctionMetadata) -> Function:
    if metadata.retry_options is not None:
        raise IndexingError(f"function {metadata.name}: this host runs no retry policies; remove @retry")
    bindings = [msgspec.json.decode(raw) for raw in metadata.raw_bindings]
    trigger = next(binding for binding in bindings if str(binding["type"]).lower().endswith("trigger"))
    return Function(metadata.name, metadata.function_id, trigger)
