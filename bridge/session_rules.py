"""The rules for a call that goes through several sessions of Voice Live. No I/O, no clock.

A session may refuse, break, fall silent or come to its end by the clock. Another one takes over in the same
call: it is told what was said and done, hears again what the caller was just saying, and the agent goes on.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection, Iterable, Iterator

from bridge.agent_voice import RECORDED
from bridge.commands import Command, DropSession, OpenSession, SaveTurn, Send, SwitchSession, Why
from bridge.goodbye import Reason
from bridge.last_resort import LastResort
from bridge.parts import Parts
from bridge.patience import is_due
from bridge.replies import Kind, Words
from bridge.rest_of import rest_of
from bridge.voicelive import wire
from bridge.voicelive.session_settings import SessionSettings

_GIVE_UP = 12.0
"""Seconds without a session after which the call has to do without."""

_HEARS_OUT = 4.0
"""Seconds longer for a caller who is speaking then: nobody hears an apology over their own words."""
_LOOKS_AGAIN = 0.3

_MOST_LOSSES = 8
_LOSSES_WITHIN = 60.0
"""So many sessions lost in so many seconds, and there is no use in another."""

_RENEW_BEFORE = 120.0
"""Seconds before its end in which a session is replaced in the first pause of the talk; half of its life
where that is shorter."""
_LAST_MOMENT = 3.0
"""Seconds before its end in which it is replaced, pause or not."""

_CONTEXT = 0.5
"""Seconds of audio before a sound that the service is given, too."""
_UNNOTICED = 1.0
"""Seconds in which the caller may have begun to speak before the service tells."""
_UNANSWERED = 4.0
"""The same where a session stands still, which takes a while to notice."""
_CATCHES_UP = 3.0
"""Seconds that another session may take to tell of what it was given to hear again."""
_LONGEST = 20.0
"""Seconds of the caller's audio that are kept for another session."""

_GO_ON = (
    "(The line broke off while you were speaking. The caller has heard your words up to where they end. "
    "Go on from there as if nothing had happened: do not greet, do not say again what was heard.)"
)
_SENTENCE_ENDS = (".", "!", "?", "…")


class SessionRules:
    """Which session a conversation has, when it gets another, and what that one is told."""

    def __init__(self, parts: Parts, last_resort: LastResort) -> None:
        self._parts = parts
        self._last_resort = last_resort
        self._history = parts.history
        self._replies = parts.replies
        self._voice = parts.voice
        self._turns = parts.turns
        self._hearing = parts.hearing
        self._tools = parts.tools
        self._patience = parts.patience
        self.id: int | None = None
        """The session that counts; None while there is none."""
        self.settings_id = ""
        """Of the event that gave it its settings."""
        self._next: tuple[int, SessionSettings] | None = None
        """One that is connected and waits for a pause of the talk."""
        self._opening = False
        self._renew_due: float | None = None
        self._last_moment: float | None = None
        self._give_up_due: float | None = None
        self._heard_out = 0.0
        """For so many seconds a caller has been heard out since."""
        self._hears_since = math.inf
        """From when on the session has been given the caller's audio."""
        self._caught_up_at = -math.inf
        """When it has told of what was in it, if there was anything."""
        self._hear_since: float | None = None
        """From when on another session has to hear the caller."""
        self.still_since: float | None = None
        """Since when there was no sign of life of the session that is gone, if that is why."""
        self._elsewhere: Collection[str] = ()
        """Items of the agent that are of earlier sessions: no event may name them any more."""
        self._losses: deque[float] = deque(maxlen=_MOST_LOSSES)

    # --- what happens ---------------------------------------------------------------------------------

    def begin(self, now: float) -> list[Command]:
        """The call begins: it needs a session."""
        self._replies.connected = False
        self._give_up_due = now + _GIVE_UP
        return self._open(Why.BEGINS)

    def opened(self, session_id: int, settings: SessionSettings, now: float) -> list[Command]:
        """A session is connected."""
        self._opening = False
        if self._last_resort.taken:
            return []
        self._next = session_id, settings
        return self._switch(now) if self.id is None else []

    def gone(self, session_id: int, now: float, still_since: float | None = None) -> list[Command]:
        """A session has ended by itself, or has given no sign of life since `still_since`."""
        if session_id == self.id:
            if still_since is not None:
                self.still_since = still_since  # one that closes in doubt has told nothing since then either
            return self.lost(Why.LOST if still_since is None else Why.SILENT, now)
        if self._next is not None and self._next[0] == session_id:
            self._next = None
            return self._open(Why.EXPIRES)
        return []

    def ready(self, session: wire.SessionLife, now: float) -> None:
        """The session has taken its settings."""
        self._replies.connected = True
        self._give_up_due = self.still_since = None
        self._heard_out = 0.0
        self._caught_up_at = now + _CATCHES_UP
        ends_at = None if session.expires_at is None else self._patience.monotonic(session.expires_at)
        # One that has ended already, by the clock here, tells nothing: a clock is wrong.
        if ends_at is not None and ends_at > now:
            self._renew_due = ends_at - min(_RENEW_BEFORE, (ends_at - now) / 2)
            self._last_moment = max(self._renew_due, ends_at - _LAST_MOMENT)

    def useless(self, why: Why, now: float) -> list[Command]:
        """The session is there and of no use: have another."""
        return [DropSession(why), *self.lost(why, now)] if self.id is not None else []

    def give_up(self, reason: Reason, now: float) -> list[Command]:
        """No session is of any use any more."""
        if self._parts.handing_over.under_way:
            self._give_up_due = now + _GIVE_UP  # nobody needs the model meanwhile
            return []
        commands: list[Command] = []
        if self.id is not None:
            commands = [DropSession(Why.FAILED), *self._forget_session(now)]
        self._next = self._give_up_due = None
        return commands + self._last_resort.take(reason, now)

    def lost(self, why: Why, now: float) -> list[Command]:
        """The session is gone, in the middle of whatever it was doing."""
        if self.id is None or self._last_resort.taken:
            return []
        self._losses.append(now)
        many = len(self._losses) == _MOST_LOSSES and now - self._losses[0] < _LOSSES_WITHIN
        if many and not self._parts.handing_over.under_way:
            return self.give_up(Reason.NO_MODEL, now)
        self._give_up_due = now + _GIVE_UP
        self._hear_since = self.needs_audio_since(now)
        commands = self._forget_session(now)
        return commands + (self._switch(now) if self._next is not None else self._open(why))

    def addressed(self, commands: Iterable[Command]) -> Iterator[Command]:
        """The commands as they are to be carried out: what is for a session goes to one that understands it.

        Each is noted before the next, so that a session is told all that was decided before it took over.
        """
        for command in commands:
            self._history.follow(command)
            match command:
                case SwitchSession(session_id, (update, *_), since):
                    creates, calls = self._history.replay()
                    self._elsewhere = self._turns.agent_items()
                    self._tools.told(calls)
                    yield SwitchSession(session_id, (update, *creates), since)
                case Send() if self.id is None:
                    pass  # the next session is told of it
                case Send(wire.ItemDelete(item_id=item_id)) if self._is_elsewhere(item_id):
                    yield from map(Send, self._history.unsaid(item_id))
                case Send(wire.ItemTruncate(item_id=item_id)) if self._is_elsewhere(item_id):
                    pass  # the turn that goes with it says what was heard
                case SaveTurn(turn) if turn.item_id.startswith(RECORDED) and self.id is not None:
                    yield command
                    told = self._history.tell(turn.seq) or self._history.corrections(turn.seq)
                    yield from map(Send, told)
                case SaveTurn(turn):
                    yield command
                    if self.id is not None:
                        yield from map(Send, self._history.corrections(turn.seq))
                case _:
                    yield command

    # --- time -----------------------------------------------------------------------------------------

    def due(self) -> float | None:
        """When `on_timer` is to be called; None for never."""
        dues = (self._renew_due, self._last_moment, self._give_up_due)
        return min((due for due in dues if due is not None), default=None)

    def on_timer(self, now: float) -> list[Command]:
        """Do what is due."""
        if is_due(self._give_up_due, now):
            if self._parts.ear.sounds and self._heard_out < _HEARS_OUT:
                self._heard_out += _LOOKS_AGAIN
                self._give_up_due = now + _LOOKS_AGAIN
                return []
            self._give_up_due = None
            return self.give_up(Reason.NO_MODEL, now)
        if is_due(self._last_moment, now):
            return self.lost(Why.EXPIRES, now)
        if is_due(self._renew_due, now):
            self._renew_due = None
            return self._open(Why.EXPIRES)
        return []

    def in_a_pause(self, now: float) -> list[Command]:
        """Nobody has anything to say or do: the moment for a session that waits for it."""
        return [] if self._next is None or self.id is None else self._switch(now)

    def needs_audio_since(self, now: float) -> float:
        """From when on the caller's audio is of use to another session."""
        if self.id is None and self._hear_since is not None:
            return max(self._hear_since, now - _LONGEST)
        sounds = self._hearing.open_sounds(answered=self._reply_unheard)
        began = self._turns.caller_open_since(sounds)
        told_until = now if self.still_since is None else self.still_since
        since = told_until - _UNNOTICED if began is None else min(began - _CONTEXT, told_until - _UNNOTICED)
        if now < self._caught_up_at:
            since = min(since, self._hears_since)
        return max(since, self._turns.settled_until, now - _LONGEST)

    def keeps_audio_since(self, now: float) -> float:
        """From when on it may turn out to be."""
        return min(self.needs_audio_since(now), now - _UNANSWERED)

    # --- inside ---------------------------------------------------------------------------------------

    def _is_elsewhere(self, item_id: str) -> bool:
        """Whether the session knows an item of the agent by no such id."""
        return item_id in self._elsewhere or item_id.startswith(RECORDED)

    @property
    def _reply_unheard(self) -> bool:
        """Whether the caller waits for an answer of which nothing has been heard."""
        active = self._replies.active
        spoke = active is not None and self._voice.spoke(active)
        return self._parts.owes_answer or (self._replies.replying and not spoke)

    def _open(self, why: Why) -> list[Command]:
        if self._opening or self._next is not None:
            return []
        self._opening = True
        return [OpenSession(why)]

    def _switch(self, now: float) -> list[Command]:
        """Go over to the session that waits, and tell it everything."""
        assert self._next is not None  # noqa: S101 - the callers have looked
        since = now if self._voice.lost else self.needs_audio_since(now)
        self.id, settings = self._next
        self._next = self._hear_since = None
        self._hears_since, self._caught_up_at = since, math.inf
        self._renew_due = self._last_moment = None
        self._replies.connected = False  # until it has its settings
        if self._parts.heard_caller:
            self._turns.session_begins(since, now)
        self._patience.settings_sent(now)
        self.settings_id = self._parts.event_id("session.update")
        update = wire.SessionUpdate(event_id=self.settings_id, session=settings)
        return [SwitchSession(self.id, (update,), since)]

    def _forget_session(self, now: float) -> list[Command]:
        """All that the session knew, owed and was doing is void."""
        answered = self._hearing.open_sounds(answered=True)
        resent = self._hearing.open_sounds(answered=self._reply_unheard)
        reheard = set(resent) - set(self._hearing.open_sounds(answered=False))
        self.id = None
        self._renew_due = self._last_moment = None
        self._patience.settings_due = self._patience.answer_due = None
        self._hearing.session_lost()
        active = self._replies.active
        whole = active is not None and self._voice.is_whole(active)
        if active is not None and (fixed := self._replies.words(active)):
            self._turns.is_to_say(active, fixed)
        saves = self._voice.session_lost()
        for turn in self._turns.unheard():
            if self._voice.playout.whole(turn.item_id).received_ms:
                self._history.turn(turn)
        lost = self._replies.session_lost()
        if lost is not None:
            self._make_up_for(*lost, whole=whole)
        if reheard and answered:
            self._replies.wanted = False  # its answer comes once it has been heard again
        commands: list[Command] = list(saves)
        if self._voice.playout.paused and not self._voice.lost:
            commands += self._voice.go_on(now)
        return commands

    def _make_up_for(self, response_id: str, words: Words, *, whole: bool) -> None:
        """Have said what a lost response was for, as far as it is still to be said."""
        if self._voice.is_dropped(response_id):
            return
        if not self._voice.spoke(response_id):
            if words.text or not self._tools.run_for(response_id):
                self._replies.again(words)
            return
        said = self._turns.said(response_id)
        if words.text:
            rest = rest_of(words.text, said)
            if rest:
                self._replies.again(Words(words.kind, rest))
            elif words.kind is Kind.GOODBYE:
                self._parts.goodbye.word_said()
            elif words.kind is Kind.HAND_OVER:
                self._parts.handing_over.announced()
        elif not self._tools.run_for(response_id) and not (whole and said.endswith(_SENTENCE_ENDS)):
            self._history.note("system", _GO_ON)
            self._replies.wanted = True
