"""What a caller shows before anything of a booking or an order is told or changed: number, call, or name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from bridge.tool_results import ToolFailureError
from shared.booking_access import Owned, is_named, is_own
from shared.booking_code import read_code

_MOST_GUESSES: Final = 5
"""Codes that were not the caller's, after which a call may name no more of them. Codes are short, so that
they can be said; guessing has to end early."""


class Proof:
    """Of one call: counts the codes that were guessed, of bookings and orders together."""

    def __init__(self, *, call_id: str, caller: str | None, person: bool) -> None:
        """`caller` is the number as the phone network gave it. `person`: callers can be put through."""
        self._call_id = call_id
        self._caller = caller
        self._person = person
        self._guesses = 0

    async def shown[T: Owned](
        self, get: Callable[[str], Awaitable[T | None]], said: str, name: str | None, what: str
    ) -> T:
        """What has this code, if it is the caller's: by their number, by this call, or by name.

        What is not theirs and what does not exist are told alike. `what` is "booking" or "order", and `get`
        finds one by its code.

        Raises:
            ToolFailureError: not shown; tells the model what to ask.
        """
        code = read_code(said)
        if code is None:
            raise ToolFailureError(
                "bad_code",
                f"The code of {_A[what]} has five letters, and these are none. Ask the caller to say it "
                "again, letter by letter.",
            )
        self._guesses += 1  # before the store is asked: calls of tools may run at once
        found = await get(code)
        if found is not None and is_own(found, self._caller, self._call_id):
            self._guesses -= 1
            return found
        if self._guesses > _MOST_GUESSES:
            raise ToolFailureError(
                "too_many_tries",
                f"Too many codes were tried in this call. Take no more of them. {self.offer_person()}",
            )
        if found is not None and name is not None and is_named(found, name):
            self._guesses -= 1
            return found
        if name is None:
            raise ToolFailureError(
                "name_needed",
                f"No {what} made from the number of this call has that code. Ask for the name on the {what} "
                "and call again with both. Nothing may be told about it before.",
            )
        raise ToolFailureError(
            "not_found",
            f"There is no {what} with that code and name. Say only that. Ask the caller to say the code "
            "letter by letter, and the family name as they gave it then.",
        )

    def offer_person(self) -> str:
        """What to offer when the tools are at their end."""
        if self._person:
            return "Say so, and offer to put the caller through to a person."
        return "Say so, and offer the phone number of the restaurant."


_A: Final = {"booking": "a booking", "order": "an order"}
