"""What is said and done when caller and agent do not understand each other. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Callable

from bridge.commands import AskForPerson, Command, Send
from bridge.misunderstandings import Misunderstandings, Rung
from bridge.replies import Kind, Replies
from bridge.voicelive import wire
from shared.agent_tables import Keypad
from shared.phrases import Phrases

_HINTS = {
    Rung.REPHRASE: "(The caller did not understand you. Say it again in other, shorter words.)",
    Rung.NARROW: (
        "(You and the caller do not understand each other. Ask one question that one word can answer.)"
    ),
}


class Clarifying:
    """Turns each rung of the ladder into words, hints for the model, keys or a person.

    Args:
        keypad: what the keys mean that are offered.
        person_there: whether the caller could be handed over to somebody now.
        event_id: makes the id of a client event out of its type.
    """

    def __init__(
        self,
        keypad: Keypad,
        replies: Replies,
        event_id: Callable[[str], str],
        *,
        person_there: Callable[[], bool],
    ) -> None:
        self._menu = {str(key): meaning for key, meaning in keypad.menu.items()}
        self._person_there = person_there
        self._replies = replies
        self._event_id = event_id
        self._ladder = Misunderstandings()
        self._menu_offered = False

    def not_heard(self, phrases: Phrases) -> list[Command]:
        """Nobody can make out what the caller said: the agent says so, in fixed words."""
        rung = self._ladder.not_heard()
        if rung is Rung.REPHRASE:
            self._replies.say(Kind.NOT_HEARD, phrases.not_heard)
        elif rung is Rung.NARROW:
            self._replies.say(Kind.NOT_HEARD, phrases.not_heard_again)
        else:
            return self._climb(rung, phrases)
        return []

    def caller_said(self, text: str, language: str, phrases: Phrases) -> list[Command]:
        """Words of the caller; "sorry?" asks for more than a plain answer."""
        return self._climb(self._ladder.caller_said(text, language), phrases)

    def agent_said(self, text: str, phrases: Phrases) -> list[Command]:
        """Words of the model; the same again and again are a loop to get out of."""
        return self._climb(self._ladder.agent_said(text), phrases)

    def pressed(self, keys: str) -> Command:
        """Tells the model what was pressed, and what that means if keys were offered."""
        meaning = self._menu.get(keys) if self._menu_offered else None
        self._menu_offered = False
        text = f"(The caller pressed keys: {' '.join(keys)}{f', which means: {meaning}' if meaning else ''})"
        return self._note("user", text)

    def _climb(self, rung: Rung | None, phrases: Phrases) -> list[Command]:
        if rung is None:
            return []
        if rung in _HINTS:
            return [self._note("system", _HINTS[rung])]
        # While nobody is there the keys are the last rung: they get through where words do not.
        person = self._person_there()
        if rung is Rung.PERSON and person:
            return [AskForPerson()]
        self._menu_offered = True
        self._replies.say(Kind.NOT_HEARD, phrases.key_offer(person=person))
        return []

    def _note(self, role: wire.Role, text: str) -> Command:
        item = wire.MessageItem(role, [wire.TextPart("input_text", text)])
        return Send(wire.ItemCreate(event_id=self._event_id("conversation.item.create"), item=item))
