"""Identifiers in the forms the service uses."""

import random
import string

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase


class Ids:
    """Makes identifiers for one session. A seeded source makes them repeatable in tests."""

    def __init__(self, source: random.Random | None = None) -> None:
        self._source = source or random.SystemRandom()

    def event(self) -> str:
        return self._make("event_", 22)

    def session(self) -> str:
        return self._make("sess_", 21)

    def conversation(self) -> str:
        return self._make("conv_", 21)

    def item(self) -> str:
        return self._make("item_", 21)

    def response(self) -> str:
        return self._make("resp_", 21)

    def call(self) -> str:
        """The `call_id` that joins a function call to its output."""
        return self._make("call_", 16)

    def _make(self, prefix: str, length: int) -> str:
        return prefix + "".join(self._source.choices(_ALPHABET, k=length))
