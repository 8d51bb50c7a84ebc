"""The agent's side of a conversation: what it says, as far as the caller hears it. No I/O, no clock.

The model generates faster than it is heard, so a reply lives on here after its response is done: its audio is
paced to the carrier, paused, gone on with or given up, and the model's history is cut to what was heard.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bridge.commands import Command, Play, SaveTurn, Send, StopPlayback
from bridge.playout import Heard, Playout
from bridge.replies import Replies
from bridge.turns import AgentTurn, TurnLog
from bridge.voicelive import wire

RECORDED = "recorded-"
"""How the items begin that no session has made."""


@dataclass(slots=True)
class _Generating:
    """A response that is being generated."""

    silent: list[str] = field(default_factory=list)
    """Its items without audio so far."""
    growing: list[str] = field(default_factory=list)
    """Its items of which audio has come and more may."""
    cuts: dict[str, Command] = field(default_factory=dict)
    """By item: how the model's history is cut to what was heard. The service may refuse to have an item
    changed that it is still writing, so that has to wait for the end of the response."""


class AgentVoice:
    """What one agent says.

    Args:
        turns: is told what is heard.
        event_id: makes the id of a client event out of its type.
    """

    def __init__(self, turns: TurnLog, event_id: Callable[[str], str]) -> None:
        self.replies = Replies()
        self.playout = Playout()
        self._turns = turns
        self._event_id = event_id
        self._dropped: set[str] = set()
        """Responses whose audio must not be heard any more."""
        self._spoke: set[str] = set()
        """Responses that have given audio."""
        self._generating: dict[str, _Generating] = {}
        """Responses that are being generated: one, by the rules of the service."""
        self._playing_item: str | None = None
        self._heard_out_due: float | None = None
        self._recordings = 0
        self._silent_since = 0.0
        """When a pause began."""
        self.lost = False
        """Whether there is no carrier to write to."""
        self.ends_at = 0.0
        """When all that is there will have been heard; stays in the past until there is more."""

    def busy(self, now: float) -> bool:
        """Whether there is something that the caller has not heard, or that is being made."""
        return self.replies.under_way or self.playout.is_playing(now)

    def is_dropped(self, response_id: str) -> bool:
        """Whether a response has been given up."""
        return response_id in self._dropped

    def spoke(self, response_id: str) -> bool:
        """Whether a response has said anything aloud."""
        return response_id in self._spoke

    # --- what Voice Live tells -------------------------------------------------------------------------

    def created(self, response_id: str) -> list[Command]:
        """A response begins; it is called off at once when nobody wants it any more."""
        commands: list[Command] = []
        for lost in list(self._generating):  # one whose end was never told is over, too
            commands += self._settle(lost, completed=False)
        if not self.replies.created(response_id):
            commands += self.call_off()
        return commands

    def item_added(self, response_id: str, item: wire.OutputItem) -> None:
        """A response is about to say or do something."""
        self._generating.setdefault(response_id, _Generating()).silent.append(item.id)
        if item.type == "message":
            self._turns.agent_item(item.id, response_id)

    def audio(self, delta: wire.AudioDelta, now: float) -> list[Command]:
        """Audio of a response: what of it is to be written now."""
        if delta.response_id in self._dropped:
            return []
        self._spoke.add(delta.response_id)
        generating = self._generating.get(delta.response_id)
        if generating is not None and delta.item_id in generating.silent:
            generating.silent.remove(delta.item_id)
            generating.growing.append(delta.item_id)
        self._turns.first_audio(delta.response_id, now)
        lost_ms = self.playout.add(delta.response_id, delta.item_id, delta.delta, now)
        self._turns.agent_audio_lost(delta.item_id, lost_ms)
        return self.play(now)

    def audio_done(self, response_id: str, item_id: str) -> None:
        """All audio of an item has come."""
        generating = self._generating.get(response_id)
        if generating is not None and item_id in generating.growing:
            generating.growing.remove(item_id)

    def done(self, response: wire.FinishedResponse, *, acted: bool, now: float) -> list[Command]:
        """A response is generated; `acted` when a tool runs for it."""
        did_something = acted or response.id in self._spoke or response.id in self._dropped
        failed = response.status in ("failed", "incomplete") and not did_something
        self.replies.done(response.id, failed=failed, now=now)
        completed = response.status == "completed"
        if not completed:
            self._break_off(response.id)
        commands: list[Command] = [
            SaveTurn(turn) for turn in self._turns.finished(response.id, response.usage)
        ]
        return commands + self._settle(response.id, completed=completed)

    def acted(self, response_id: str, item_id: str) -> None:
        """A response called a tool, which runs: that item of it stays in the history."""
        generating = self._generating.get(response_id)
        if generating is not None and item_id in generating.silent:
            generating.silent.remove(item_id)

    def forget(self, response_id: str) -> None:
        """A response and its tools are done: memory stays bounded."""
        self._spoke.discard(response_id)
        self._dropped.discard(response_id)
        self.replies.forget(response_id)

    def recorded(self, text: str, pcm: bytes, now: float, *, aside: bool) -> list[Command]:
        """Say what was recorded, behind what is still to be heard; `aside` when it answers nobody."""
        self._recordings += 1
        item_id = f"{RECORDED}{self._recordings}"
        if aside:
            self._turns.aside(item_id, filler=True)
        self._turns.agent_item(item_id, item_id)
        self._turns.agent_text(item_id, text)
        lost_ms = self.playout.add(item_id, item_id, pcm, now)
        self._turns.agent_audio_lost(item_id, lost_ms)
        commands = self.play(now)
        return commands + [SaveTurn(turn) for turn in self._turns.finished(item_id)]

    def session_lost(self) -> list[SaveTurn]:
        """The session is gone: what has come of its audio will be heard, and no more."""
        saves: list[SaveTurn] = []
        for response_id in self._generating:
            self._break_off(response_id)
            saves += [SaveTurn(turn) for turn in self._turns.finished(response_id)]
        self._generating.clear()
        return saves

    def is_whole(self, response_id: str) -> bool:
        """Whether all audio has come of all that a response was heard to begin."""
        generating = self._generating.get(response_id)
        return generating is None or not generating.growing

    # --- what the rules decide -------------------------------------------------------------------------

    def due(self) -> float | None:
        """When there is something to write, or the end of what is there has been heard."""
        # While more may come, the end is not known yet.
        dues = (self.playout.timer(), self._heard_out_due if self.replies.active is None else None)
        return min((due for due in dues if due is not None), default=None)

    def heard_out(self, now: float) -> list[AgentTurn]:
        """The turns that have now been heard to their end."""
        if self.playout.is_playing(now):
            self._heard_out_due = None if self.playout.paused else self.playout.ends_at(now)
            return []
        if self.replies.active is not None:
            return []
        self._heard_out_due = None
        return self._turns.played_out()

    def play(self, now: float) -> list[Command]:
        """Write what is due."""
        if self.lost:
            self.hold(now)
            return []
        commands: list[Command] = []
        for write in self.playout.due(now):
            self._playing_item = write.item_id
            self._turns.agent_audio(write.item_id, write.starts_at, write.ends_at, now)
            commands.append(Play(write.pcm, write.starts_at))
        if self.playout.is_playing(now):
            self.ends_at = self._heard_out_due = self.playout.ends_at(now)
        return commands

    def hold(self, now: float) -> list[Command]:
        """Fall silent at once, ready to go on."""
        sounding = self.playout.is_playing(now) and not self.playout.paused
        if not self.playout.paused:
            self._silent_since = now
        self.playout.pause(now)
        self._heard_out_due = None
        return [StopPlayback()] if sounding else []

    def line_lost(self, now: float) -> None:
        """The carrier is gone, with what it had queued: hold until there is another."""
        self.hold(now)
        self.lost = True

    def line_back(self, now: float) -> None:
        """There is a carrier again; whether to go on is for others to say."""
        self.lost = False
        self.ends_at = max(self.ends_at, now)  # the caller is not silent for as long as nobody could be heard

    def go_on(self, now: float) -> list[Command]:
        """Go on where `hold` cut in."""
        if self.lost:
            return []
        self.playout.resume(now)
        return self.play(now)

    def give_way(self, now: float) -> list[Command]:
        """Stop for good: silence, and the history cut to what was heard."""
        commands = self.hold(now)
        cut = self._stop(now)
        commands += self.call_off()
        for heard in cut:
            commands += self._cut(heard, self._silent_since)
        self.ends_at = now
        return commands

    def call_off(self) -> list[Command]:
        """Give up the response that is being generated or was asked for; what it has said already stays."""
        self.replies.call_off()
        active = self.replies.active
        if active is None or active in self._dropped:
            return []
        self._dropped.add(active)
        self._break_off(active)
        return [Send(wire.ResponseCancel(event_id=self._event_id("response.cancel"), response_id=active))]

    def unheard(self, now: float) -> float:
        """Seconds of a reply that is being heard still to come; 0 when none of it has been heard."""
        item_id = self._playing_item
        if item_id is None or self.playout.heard(item_id, now).heard_ms == 0:
            return 0.0
        return self.playout.unheard(now)

    def asked(self, now: float) -> bool:
        """Whether what the caller has heard ends in a question."""
        item_id = self._playing_item
        if item_id is None:
            return False
        return self._turns.heard_words(self.playout.heard(item_id, now)).rstrip().endswith("?")

    def delete(self, item_id: str) -> Command:
        """Take an item out of the model's history."""
        event_id = self._event_id("conversation.item.delete")
        return Send(wire.ItemDelete(event_id=event_id, item_id=item_id))

    def ended(self, now: float) -> list[SaveTurn]:
        """The call is over: what was heard of turns that were still playing."""
        return [SaveTurn(turn) for turn in self._turns.end(self._stop(now), now)]

    # --- inside ---------------------------------------------------------------------------------------

    def _stop(self, now: float) -> list[Heard]:
        """Drop all audio; how much was heard of each item that has or may get more, in order."""
        cut = self.playout.stop(now)
        known = {heard.item_id for heard in cut}
        growing = [item_id for generating in self._generating.values() for item_id in generating.growing]
        for generating in self._generating.values():
            generating.growing.clear()
        return cut + [self.playout.heard(item_id, now) for item_id in growing if item_id not in known]

    def _break_off(self, response_id: str) -> None:
        """No more audio of a response will be heard than there is: that is all of what was to have more."""
        generating = self._generating.get(response_id)
        if generating is None:
            return
        for item_id in generating.growing:
            whole = self.playout.whole(item_id)
            self._turns.broken_off(whole)
            generating.cuts[item_id] = self._to_heard(whole)
        generating.growing.clear()

    def _cut(self, heard: Heard, now: float) -> list[Command]:
        turn = self._turns.interrupted(heard, now)
        if turn is None:
            return []
        # A turn nobody heard a word of is no turn, unless it stands in the store already.
        save: list[Command] = [SaveTurn(turn)] if turn.kept else []
        cut = self._to_heard(heard)
        generating = self._generating.get(turn.response_id)
        if generating is None:
            return [cut, *save]
        generating.cuts[heard.item_id] = cut
        return save

    def _to_heard(self, heard: Heard) -> Command:
        """Cut the model's history of an item to what was heard."""
        if heard.heard_ms == 0:
            return self.delete(heard.item_id)
        cut = wire.ItemTruncate(
            event_id=self._event_id("conversation.item.truncate"),
            item_id=heard.item_id,
            content_index=0,
            audio_end_ms=heard.heard_ms,
        )
        return Send(cut)

    def _settle(self, response_id: str, *, completed: bool) -> list[Command]:
        """A response is not being generated any more: bring the history to what was heard and done of it."""
        generating = self._generating.pop(response_id, None)
        if generating is None:
            return []
        commands = list(generating.cuts.values())
        if response_id in self._dropped or not completed:
            # Neither words that were not heard nor a tool that was not run may stand in the history.
            commands += [self.delete(item_id) for item_id in generating.silent]
        return commands
