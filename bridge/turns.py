"""Who said what and when, and how long it took: turns as they happen, in the order they began.

No I/O and no clock: `now` is a monotonic time in seconds, handed in.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from bridge.heard_words import TimedWord, heard_words
from bridge.playout import Heard
from bridge.reply_waits import ReplyWaits, Tokens
from bridge.voicelive.wire import Usage

_KEPT = 16
"""Turns remembered for late transcripts and interruptions; older ones are in the store."""


@dataclass(frozen=True, slots=True)
class CallerTurn:
    """What the caller said. Times are monotonic seconds, taken from the audio that was appended."""

    seq: int
    item_id: str
    started_at: float
    ended_at: float
    text: str = ""
    transcript_ms: int | None = None
    """From the end of the speech to its words; None when the words came before the end was known."""


@dataclass(frozen=True, slots=True)
class AgentTurn:
    """What the agent said, as far as the caller heard it. Times are monotonic seconds of playback."""

    seq: int
    item_id: str
    response_id: str
    text: str = ""
    started_at: float | None = None
    ended_at: float | None = None
    first_audio_ms: int | None = None
    """From the caller's last speech to the model's first audio; None for what answers nobody."""
    latency_ms: int | None = None
    """From the caller's last speech to the first audio written to the carrier; None as above."""
    tool_ms: int | None = None
    """How long tools ran for it; several at once count once. None without a tool."""
    filler: bool = False
    """Whether the caller heard a filler while waiting for it."""
    broken_off: bool = False
    """Whether its response was given up or failed before all of it was said."""
    interrupted: bool = False
    interrupted_ms: int | None = None
    """After how much of it the caller cut in; None when the call ended under it."""
    heard_ms: int | None = None
    """How much of it was heard, when interrupted: the caller cuts in, then the agent falls silent."""
    lost_ms: int = 0
    """Audio of it that there was no room for, so that nobody hears it."""
    tokens: Tokens | None = None
    """Of its response, and of those before it that only asked for tools or were never heard."""
    complete: bool = False
    """Whether all its words and audio have been generated."""
    over: bool = False
    """Whether nothing of it will change any more: the time to count it."""

    @property
    def is_cut(self) -> bool:
        """Whether it holds all the words that it will ever have."""
        return self.interrupted or self.broken_off

    @property
    def kept(self) -> bool:
        """Whether it belongs into the store: something of it was heard, or it may stand there already."""
        unheard = self.interrupted and self.heard_ms == 0
        return self.started_at is not None and (self.complete or not unheard)


class TurnLog:
    """Keeps the turns of one call.

    A turn is handed out to be stored as soon as there is something to store, and again when it has changed;
    once with `over` set. It is over when it has been heard to its end or was cut short, and its response
    is done.

    Args:
        padding_ms: the audio before the speech that the service counts into `audio_start_ms`.
        silence_ms: the silence that ends a turn; the service counts it into `audio_end_ms`.
        voice_rate: how fast the agent speaks, 1 for the voice's own pace.
        first_seq: the place of the first turn.
    """

    def __init__(
        self, *, padding_ms: int, silence_ms: int, voice_rate: float = 1.0, first_seq: int = 0
    ) -> None:
        self._padding = padding_ms / 1000
        self._silence = silence_ms / 1000
        self._voice_rate = voice_rate
        self._appended = 0.0
        self._media_started_at = math.inf
        self._next_seq = first_seq
        self._caller: dict[str, CallerTurn] = {}
        self._stopped: set[str] = set()
        """Turns of `_caller` whose end is known."""
        self._agent: dict[str, AgentTurn] = {}
        self._timed: dict[str, list[TimedWord]] = {}
        """When the words of turns that are not over are said, where the service tells it."""
        self._waits = ReplyWaits()
        self.settled_until = -math.inf
        """Until when it is known what the caller said."""
        self._cut_in_at: float | None = None
        """When the caller last began to speak."""

    # --- the caller -----------------------------------------------------------------------------------

    def caller_audio(self, seconds: float, now: float) -> None:
        """Audio of the caller, `seconds` long, arrived at `now`: it moves the service's audio clock.

        Frames may come late but never early, so the earliest start that a frame proves is the true one.
        """
        self._appended += seconds
        self._media_started_at = min(self._media_started_at, now - self._appended)

    def caller_back(self, now: float) -> None:
        """Audio of the caller comes again after a break: the service's audio clock stood still meanwhile."""
        if math.isfinite(self._media_started_at):
            self._media_started_at = now - self._appended
        self.settled_until = max(self.settled_until, now)  # what was said before has a gap in it

    def session_begins(self, since: float, now: float) -> None:
        """Another session hears the caller's audio from `since` on: its audio clock begins there."""
        self._appended = now - since
        self._media_started_at = since
        self._caller.clear()
        self._stopped.clear()

    def caller_open_since(self, item_ids: Collection[str]) -> float | None:
        """When the first of these turns began whose words are not known; None without one."""
        began = [turn.started_at for item_id, turn in self._caller.items() if item_id in item_ids]
        return min(began, default=None)

    @property
    def caller_waits_since(self) -> float | None:
        """When the caller finished what nothing has been heard in answer to; None when nothing is owed."""
        return self._waits.since

    def caller_started(self, item_id: str, audio_start_ms: int) -> None:
        """The caller began to speak. In audio that never was, nobody did."""
        if math.isinf(self._media_started_at):
            return
        began = self._media_started_at + audio_start_ms / 1000 + self._padding
        self._cut_in_at = began
        self._caller[item_id] = CallerTurn(self.next_seq(), item_id, began, began)
        _forget_oldest(self._caller)
        self._stopped &= self._caller.keys()

    def caller_stopped(self, item_id: str, audio_end_ms: int) -> float:
        """The caller has been quiet for long enough; returns how many seconds of sound there were."""
        if math.isinf(self._media_started_at):
            return 0.0
        ended = self._media_started_at + audio_end_ms / 1000 - self._silence
        self._waits.caller_stopped(item_id, ended)
        turn = self._caller.get(item_id)
        if turn is not None:
            self._caller[item_id] = replace(turn, ended_at=max(ended, turn.started_at))
            self._stopped.add(item_id)
        return 0.0 if turn is None else max(0.0, ended - turn.started_at)

    def caller_text(self, item_id: str, text: str, now: float) -> CallerTurn | None:
        """The words of a turn; None when there are none (a cough) or the turn is not known."""
        words = text.strip()
        turn = self._caller.get(item_id)
        transcript_ms = None
        if turn is not None and item_id in self._stopped:
            transcript_ms = max(0, round((now - turn.ended_at) * 1000))
        if words:
            self._forget_caller(item_id)
        else:
            self.caller_dismissed(item_id)
        if turn is None or not words:
            return None
        return replace(turn, text=words, transcript_ms=transcript_ms)

    def caller_dismissed(self, item_id: str) -> None:
        """What the caller uttered wants no answer: a cough, an "mm-hm". No reply is measured from it."""
        self._forget_caller(item_id)
        self._waits.dismissed(item_id)

    # --- tools and fixed words ------------------------------------------------------------------------

    def tool_runs(self, call_id: str, now: float) -> None:
        """A tool has begun; others may be running."""
        self._waits.tool_runs(call_id, now)

    def tool_done(self, call_id: str, now: float) -> None:
        """A tool has ended, whatever came of it."""
        self._waits.tool_done(call_id, now)

    def aside(self, response_id: str, *, filler: bool) -> None:
        """This response is said in between and answers nobody: a filler, or a check into the silence.

        To be called before its audio comes.
        """
        self._waits.aside(response_id, filler=filler)

    # --- the agent ------------------------------------------------------------------------------------

    def agent_item(self, item_id: str, response_id: str) -> None:
        """The agent is about to say something."""
        self._agent[item_id] = AgentTurn(self.next_seq(), item_id, response_id)
        _forget_oldest(self._agent)
        self._forget_times()

    def first_audio(self, response_id: str, now: float) -> None:
        """The model delivered audio of a response at `now`; only the first time counts."""
        self._waits.first_audio(response_id, now)

    def agent_text_delta(self, item_id: str, delta: str) -> None:
        """More words of the agent."""
        turn = self._agent.get(item_id)
        if turn is not None and not turn.is_cut:
            self._agent[item_id] = replace(turn, text=turn.text + delta)

    def agent_text(self, item_id: str, text: str) -> None:
        """All words of the agent's turn."""
        turn = self._agent.get(item_id)
        if turn is not None and not turn.is_cut and text:
            self._agent[item_id] = replace(turn, text=text)

    def agent_word(self, item_id: str, word: str, ends_ms: int) -> None:
        """The service tells that a word of a turn has been said `ends_ms` into the turn's audio."""
        turn = self._agent.get(item_id)
        if turn is not None and not turn.over:
            self._timed.setdefault(item_id, []).append(TimedWord(word, ends_ms))

    def agent_audio_lost(self, item_id: str, ms: int) -> None:
        """There was no room for so much audio of a turn."""
        turn = self._agent.get(item_id)
        if turn is not None and ms:
            self._agent[item_id] = replace(turn, lost_ms=turn.lost_ms + ms)

    def agent_audio(self, item_id: str, starts_at: float, ends_at: float, now: float) -> None:
        """Audio of a turn was written at `now` and plays from `starts_at` to `ends_at`.

        A turn that was paused and goes on stays one turn, from its first sound to its last.
        """
        turn = self._agent.get(item_id)
        if turn is None or turn.interrupted:
            return
        if turn.started_at is None:
            wait = self._waits.heard(turn.response_id, now)
            turn = replace(
                turn,
                started_at=starts_at,
                first_audio_ms=wait.first_audio_ms,
                latency_ms=wait.latency_ms,
                tool_ms=wait.tool_ms,
                filler=wait.filler,
            )
        self._agent[item_id] = replace(turn, ended_at=ends_at)

    def heard_words(self, heard: Heard) -> str:
        """The words of a turn that were heard to their end; none of a turn that is not known."""
        turn = self._agent.get(heard.item_id)
        if turn is None:
            return ""
        return turn.text if turn.interrupted else self._words_of(turn, heard)

    def interrupted(self, heard: Heard, now: float) -> AgentTurn | None:
        """The caller cut a turn short: keeps the words heard. None when the turn is not known.

        Args:
            heard: how much of it.
            now: when the agent fell silent; while paused that is when the pause began.
        """
        return self._cut(heard, now, self._cut_in_at)

    def broken_off(self, whole: Heard) -> None:
        """No more of a turn will be said than `whole`, and not because the caller cut in."""
        turn = self._agent.get(whole.item_id)
        if turn is not None and not turn.interrupted:
            text = self._words_of(turn, whole)
            self._agent[whole.item_id] = replace(turn, text=text, broken_off=True)

    def finished(self, response_id: str, usage: Usage | None = None) -> list[AgentTurn]:
        """A response has been generated, or given up: its turns that are to be stored by now."""
        self._waits.used(None if usage is None else Tokens.of(usage))
        own = [turn for turn in self._agent.values() if turn.response_id == response_id]
        kept = [turn.item_id for turn in own if turn.kept]
        for turn in own:
            # What was cut before a word of it was heard is no turn of the store's: the next one pays for it.
            dropped = turn.interrupted and not turn.kept
            tokens = None if dropped else self._waits.tokens()
            self._agent[turn.item_id] = replace(turn, complete=True, over=turn.interrupted, tokens=tokens)
        self._forget_times()
        return [self._agent[item_id] for item_id in kept]

    def unheard(self) -> list[AgentTurn]:
        """Turns whose words are known and may not have been heard to their end."""
        return [turn for turn in self._agent.values() if turn.text and not (turn.over or turn.interrupted)]

    def agent_items(self) -> set[str]:
        """The items of the turns that are remembered."""
        return set(self._agent)

    def is_to_say(self, response_id: str, text: str) -> None:
        """A response is to say this word for word, whatever has been told of it so far."""
        for turn in self._agent.values():
            if turn.response_id == response_id:
                self.agent_text(turn.item_id, text)
                return

    def said(self, response_id: str) -> str:
        """All words of the turns of a response, heard or to be heard."""
        turns = [turn for turn in self._agent.values() if turn.response_id == response_id]
        return " ".join(turn.text for turn in turns if turn.text)

    def played_out(self) -> list[AgentTurn]:
        """All audio so far has been heard to its end: the turns that are over with that, each once."""
        return self._close([turn for turn in self._agent.values() if turn.complete])

    def end(self, cut: Sequence[Heard], now: float) -> list[AgentTurn]:
        """The call is over and cut these items short: the turns to store that were not over yet."""
        fresh = [self._cut(heard, now, None) for heard in cut]
        over = [turn for turn in fresh if turn is not None and turn.over and turn.kept]
        return over + self._close(list(self._agent.values()))

    def next_seq(self) -> int:
        """The next place in the order of turns and tools."""
        seq, self._next_seq = self._next_seq, self._next_seq + 1
        return seq

    # --- inside ---------------------------------------------------------------------------------------

    def _cut(self, heard: Heard, now: float, cut_in_at: float | None) -> AgentTurn | None:
        turn = self._agent.get(heard.item_id)
        if turn is None:
            return None
        cut = replace(
            turn,
            text=self._words_of(turn, heard),
            # For want of audio it may have fallen silent before it was cut.
            ended_at=now if turn.ended_at is None else min(now, turn.ended_at),
            interrupted=True,
            interrupted_ms=None if cut_in_at is None else _cut_in_ms(turn, heard, cut_in_at),
            heard_ms=heard.heard_ms,
            over=turn.complete,
        )
        if not cut.kept:
            self._waits.used(cut.tokens)
        self._agent[heard.item_id] = cut
        return cut

    def _close(self, turns: list[AgentTurn]) -> list[AgentTurn]:
        closed = [replace(turn, over=True) for turn in turns if turn.kept and not turn.over]
        self._agent.update((turn.item_id, turn) for turn in closed)
        self._forget_times()
        return closed

    def _words_of(self, turn: AgentTurn, heard: Heard) -> str:
        timed = self._timed.get(turn.item_id, ())
        return heard_words(turn.text, heard, timed=timed, complete=turn.complete, rate=self._voice_rate)

    def _forget_times(self) -> None:
        """When words are said is of no use for what is over."""
        turns = ((item_id, self._agent.get(item_id)) for item_id in self._timed)
        for item_id in [item_id for item_id, turn in turns if turn is None or turn.over]:
            del self._timed[item_id]

    def _forget_caller(self, item_id: str) -> None:
        turn = self._caller.pop(item_id, None)
        if turn is not None:
            self.settled_until = max(self.settled_until, turn.ended_at)
        self._stopped.discard(item_id)


def _cut_in_ms(turn: AgentTurn, heard: Heard, cut_in_at: float) -> int:
    """Where in the turn the caller began to speak. Keys cut in, too: then where the agent fell silent."""
    if turn.started_at is None or cut_in_at < turn.started_at:
        return heard.heard_ms
    return round(min(heard.heard_ms, (cut_in_at - turn.started_at) * 1000))


def _forget_oldest[Turn](turns: dict[str, Turn]) -> None:
    while len(turns) > _KEPT:
        del turns[next(iter(turns))]
