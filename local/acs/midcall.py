"""Operations on a connected call, by name: which body each takes, what it does, what it answers.

Wire fact: the `:operation` paths of Call Automation REST 2026-03-12.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.acs import bodies
from local.acs.background import Background
from local.acs.call import Call
from local.acs.callbacks import Faults
from local.acs.errors import ServiceError
from local.acs.identifiers import complete, identify
from local.acs.operations import MAX_WAITING, MediaOperation
from local.acs.prompts import Prompts
from local.acs.tones import sound
from local.decoding import decode

Result = dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class _Operation[B: bodies.Body]:
    """`run` takes the call and the body; its result goes into the answer beside the operation context."""

    body: type[B]
    status: int
    run: Callable[[Call, B], Result]


def participant(call: Call, raw_id: str) -> dict[str, Any]:
    """One participant by raw id. Raises `ServiceError` 404, `FieldError` for what is no id."""
    identifier = identify(raw_id.removeprefix("4:"), "participantRawId")
    return call.roster.get(identifier, "participantRawId").wire()


class MidCall:
    """Runs operations by name."""

    def __init__(self, prompts: Prompts, work: Background, faults: Faults) -> None:
        self._prompts = prompts
        self._work = work
        self._faults = faults
        target = bodies.TargetOperation
        self._operations: dict[str, _Operation[Any]] = {
            "transferToParticipant": _Operation(bodies.Transfer, 202, self._transfer),
            "play": _Operation(bodies.Play, 202, self._play),
            "cancelAllMediaOperations": _Operation(bodies.Operation, 202, _cancel_media),
            "sendDtmfTones": _Operation(bodies.SendDtmfTones, 202, _send_tones),
            "startContinuousDtmfRecognition": _Operation(target, 200, _start_dtmf),
            "stopContinuousDtmfRecognition": _Operation(target, 200, _stop_dtmf),
            "hold": _Operation(target, 200, lambda call, body: _hold(call, body, on_hold=True)),
            "unhold": _Operation(target, 200, lambda call, body: _hold(call, body, on_hold=False)),
            "startMediaStreaming": _Operation(bodies.Operation, 202, _start_streaming),
            "stopMediaStreaming": _Operation(bodies.Operation, 202, _stop_streaming),
            "participants:add": _Operation(bodies.AddParticipant, 202, _add),
            "participants:remove": _Operation(bodies.RemoveParticipant, 202, _remove),
            "participants:mute": _Operation(bodies.MuteParticipants, 200, _mute),
            "participants:cancelAddParticipant": _Operation(bodies.CancelAddParticipant, 202, _cancel_add),
        }

    def run(self, call: Call, name: str, body: bytes) -> tuple[int, Result]:
        """Do it. Returns the HTTP status and the answer's body. Raises `ServiceError` and `FieldError`."""
        operation = self._operations.get(name)
        if operation is None:
            raise ServiceError(501, "NotImplemented", f"The stand-in has no operation {name}.")
        request = decode(body or b"{}", operation.body)
        call.require_connected()
        result = operation.run(call, request)
        context = getattr(request, "operation_context", None)
        if result is not None and context is not None:
            result["operationContext"] = context
        return operation.status, result

    def _play(self, call: Call, body: bodies.Play) -> Result:
        """Loading takes time; the place in the queue is taken now."""
        _require_room(call, interrupt=body.interrupt_call_media_operation)
        audience = [complete(person, f"playTo[{index}]") for index, person in enumerate(body.play_to)]
        operation = MediaOperation(
            "play",
            body.operation_context,
            body.operation_callback_uri,
            loop=body.play_options.loop,
            audible=not audience or any(call.roster.is_caller(person) for person in audience),
        )
        call.operations.add(operation, interrupt=body.interrupt_call_media_operation)
        self._work.start(self._prompts.load(operation, body.play_sources))
        return None

    def _transfer(self, call: Call, body: bodies.Transfer) -> Result:
        call.transfer(body, picked_up=not self._faults.spend("transfer_fails"))
        return {}


def _require_room(call: Call, *, interrupt: bool = False) -> None:
    if call.operations.full and not interrupt:
        raise ServiceError(
            429, "TooManyRequests", f"{MAX_WAITING} media operations are waiting in this call."
        )


def _cancel_media(call: Call, _body: bodies.Operation) -> Result:
    call.operations.cancel_all()
    return None


def _send_tones(call: Call, body: bodies.SendDtmfTones) -> Result:
    _require_room(call)
    target = complete(body.target_participant, "targetParticipant")
    call.roster.get(target, "targetParticipant")
    operation = MediaOperation(
        "tones", body.operation_context, body.operation_callback_uri, audible=call.roster.is_caller(target)
    )
    operation.load(sound(body.tones))
    call.operations.add(operation)
    return {}


def _start_dtmf(call: Call, body: bodies.TargetOperation) -> Result:
    call.roster.get(complete(body.target_participant, "targetParticipant"), "targetParticipant")
    call.start_dtmf(body)
    return None


def _stop_dtmf(call: Call, body: bodies.TargetOperation) -> Result:
    call.stop_dtmf(body)
    return None


def _hold(call: Call, body: bodies.TargetOperation, *, on_hold: bool) -> Result:
    call.roster.hold(complete(body.target_participant, "targetParticipant"), on_hold=on_hold)
    return None


def _start_streaming(call: Call, body: bodies.Operation) -> Result:
    call.start_streaming(body)
    return None


def _stop_streaming(call: Call, body: bodies.Operation) -> Result:
    call.stop_streaming(body)
    return None


def _add(call: Call, body: bodies.AddParticipant) -> Result:
    return call.roster.add(complete(body.participant_to_add, "participantToAdd"), body)


def _remove(call: Call, body: bodies.RemoveParticipant) -> Result:
    call.remove(complete(body.participant_to_remove, "participantToRemove"), body)
    return {}


def _mute(call: Call, body: bodies.MuteParticipants) -> Result:
    call.roster.mute(complete(body.target_participants[0], "targetParticipants[0]"))
    return {}


def _cancel_add(call: Call, body: bodies.CancelAddParticipant) -> Result:
    call.roster.cancel_add(body.invitation_id, body)
    return {"invitationId": body.invitation_id}
