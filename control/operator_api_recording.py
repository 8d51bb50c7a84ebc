"""The operator API: the sound of a call that was recorded, whole or in any part."""

from __future__ import annotations

from typing import Final

from control.operator_api_auth import User
from control.operator_api_calls import call_of
from control.operator_api_http import ApiAnswer, ApiError, ApiRequest
from control.operator_api_model import NoQuery
from control.operator_services import OperatorServices
from shared.calls import CallState
from shared.tape_wav import ByteRange, UnsatisfiableError, cut, read_range, samples_of, size_of
from shared.tapes import extent

CONTENT_TYPE: Final = "audio/wav"
MOST: Final = 4 * 1024 * 1024
"""Bytes of one answer, two minutes: what is longer comes in ranges."""


async def get_recording(
    ops: OperatorServices, _: User, request: ApiRequest, call_id: str, __: NoQuery
) -> ApiAnswer:
    """GET /calls/{id}/recording (RFC 9110, 14: ranges)"""
    call = await call_of(ops, call_id)
    if call.state is not CallState.ENDED:
        raise ApiError(409, "still_live", "the recording can be heard when the call has ended")
    samples = extent(await ops.tapes.spans(call.id)).samples
    if not samples:
        raise ApiError(404, "no_recording", "this call was not recorded, or its sound has been deleted")
    size = size_of(samples)
    # Pieces may still come in the first seconds after the end: then it is another file.
    tag = f'"{call.id}-{size}"'
    headers = {"Accept-Ranges": "bytes", "ETag": tag}
    part = _part(request, size, tag)
    if part is None:
        if size > MOST:
            raise ApiError(
                413,
                "too_large_at_once",
                f"the recording has {size} bytes",
                field="Range",
                fix=f"ask for ranges; each answer has {MOST} bytes at most",
            )
        return ApiAnswer(
            200, await _bytes(ops, call.id, ByteRange(0, size - 1), samples), CONTENT_TYPE, headers
        )
    headers["Content-Range"] = f"bytes {part.first}-{part.last}/{size}"
    return ApiAnswer(206, await _bytes(ops, call.id, part, samples), CONTENT_TYPE, headers)


def _part(request: ApiRequest, size: int, tag: str) -> ByteRange | None:
    if request.headers.get("if-range", tag) != tag:
        return None
    try:
        return read_range(request.headers.get("range", ""), size, MOST)
    except UnsatisfiableError as error:
        raise ApiError(
            416,
            "range_not_there",
            str(error),
            field="Range",
            fix=f"ask for bytes from 0 to {size - 1}",
            headers={"Content-Range": f"bytes */{size}"},
        ) from error


async def _bytes(ops: OperatorServices, call_id: str, part: ByteRange, samples: int) -> bytes:
    caller, agent = await ops.tapes.read(call_id, *samples_of(part))
    return cut(part, samples, caller, agent)
