"""Who is on a call: joining, leaving, muting, holding. Added participants are simulated and say nothing.

Wire facts: participant operations of Call Automation REST 2026-03-12 and the events they lead to.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from local.acs.bodies import Operation
from local.acs.errors import ServiceError
from local.acs.events import COMPLETED, UNREACHABLE, CallEvent, Participant, Result
from local.acs.identifiers import Identifier
from local.acs.line import Line
from local.acs.operations import Emit

Later = Callable[[int, Callable[[], None]], None]
"""Run an action after so many ticks, unless the call has ended."""

REACH_TICKS = 25
"""How long a simulated callee takes to pick up, in ticks of 20 ms."""


@dataclass(slots=True)
class _Invitation:
    identifier: Identifier
    open: bool = True


@dataclass(slots=True)
class Roster:
    """The participants of one call and the changes under way."""

    line: Line
    emit: Emit
    later: Later
    unreachable: frozenset[str]
    _people: dict[str, Participant] = field(default_factory=dict)
    _invitations: dict[str, _Invitation] = field(default_factory=dict)
    _caller: str = ""
    _sequence: int = 0

    def open(self, caller: Identifier, app: Identifier) -> None:
        """The call is connected: the far end and the app are on it."""
        self._caller = caller.key
        self._people = {person.key: Participant(person) for person in (caller, app)}
        self.announce()

    def announce(self) -> None:
        """Send ParticipantsUpdated. Its sequence number orders it among its kind."""
        self._sequence += 1
        data = {"participants": self.wire(), "sequenceNumber": self._sequence}
        self.emit(CallEvent("ParticipantsUpdated", data=data), None)

    def wire(self) -> list[dict[str, Any]]:
        """Everybody, as the participants' list and the event write it."""
        return [person.wire() for person in self._people.values()]

    def get(self, identifier: Identifier, field_name: str) -> Participant:
        """Somebody on the call. Raises `ServiceError`."""
        person = self._people.get(identifier.key)
        if person is None:
            raise ServiceError(404, "8522", "Participant not found in this call.", field_name)
        return person

    def is_caller(self, identifier: Identifier) -> bool:
        """Whether this is the phone at the far end."""
        return identifier.key == self._caller

    def add(self, identifier: Identifier, operation: Operation) -> dict[str, Any]:
        """Invite somebody. They join, or cannot be reached, a little later."""
        if identifier.key in self._people:
            raise ServiceError(
                400, "ParticipantInCall", "Participant is in this call already.", "participantToAdd"
            )
        invitation_id = str(uuid4())
        invitation = self._invitations[invitation_id] = _Invitation(identifier)
        self.later(REACH_TICKS, lambda: self._settle(invitation, operation))
        return {"participant": Participant(identifier).wire(), "invitationId": invitation_id}

    def _settle(self, invitation: _Invitation, operation: Operation) -> None:
        if not invitation.open:
            return
        invitation.open = False
        identifier = invitation.identifier
        if identifier.address in self.unreachable:
            self._report("AddParticipantFailed", UNREACHABLE, operation, participant=identifier)
            return
        self._people[identifier.key] = Participant(identifier)
        self._report("AddParticipantSucceeded", COMPLETED, operation, participant=identifier)
        self.announce()

    def cancel_add(self, invitation_id: str, operation: Operation) -> None:
        """Withdraw an invitation that is still open; the event says whether it was."""
        invitation = self._invitations.get(invitation_id)
        if invitation is None or not invitation.open:
            gone = Result(400, 8522, "The invitation is not open.")
            self._report("CancelAddParticipantFailed", gone, operation, invitationId=invitation_id)
            return
        invitation.open = False
        self._report("CancelAddParticipantSucceeded", COMPLETED, operation, invitationId=invitation_id)

    def remove(self, identifier: Identifier, operation: Operation) -> None:
        """Take somebody off the call."""
        self.get(identifier, "participantToRemove")
        del self._people[identifier.key]
        self._report("RemoveParticipantSucceeded", COMPLETED, operation, participant=identifier)
        self.announce()

    def mute(self, identifier: Identifier) -> None:
        """Carry somebody's words no longer. There is no way back through the API."""
        self.get(identifier, "targetParticipants[0]").is_muted = True
        if self.is_caller(identifier):
            self.line.muted = True
        self.announce()

    def hold(self, identifier: Identifier, *, on_hold: bool) -> None:
        """Put somebody on hold or take them back."""
        self.get(identifier, "targetParticipant").is_on_hold = on_hold
        if self.is_caller(identifier):
            self.line.on_hold = on_hold
        self.announce()

    def _report(self, kind: str, result: Result, operation: Operation, **data: Any) -> None:
        self.emit(
            CallEvent(kind, result, operation.operation_context, data), operation.operation_callback_uri
        )
