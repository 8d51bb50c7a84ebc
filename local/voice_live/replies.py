"""The responses of one session, one at a time: waiting for the caller's words, thinking, speaking, ending."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from local.voice_live.conversation import Conversation, Item
from local.voice_live.errors import ClientError
from local.voice_live.ids import Ids
from local.voice_live.mind.outputs import Output, Say
from local.voice_live.outbox import Abandon, Outbox, Speak, Think
from local.voice_live.plans import Plan
from local.voice_live.playback import Playback
from local.voice_live.reply import Reply
from local.voice_live.usage import input_tokens, output_tokens, wire

_BYTES_PER_MS = 48


class Replies:
    """Runs the active response, if there is one."""

    def __init__(
        self, conversation: Conversation, outbox: Outbox, ids: Ids, clock: Callable[[], float]
    ) -> None:
        self._conversation = conversation
        self._outbox = outbox
        self._ids = ids
        self._clock = clock
        self._conversation_id = ids.conversation()
        self._tokens_before = 0
        self._last_spoken: Item | None = None
        self._playback = Playback()
        self._interims = 0
        self.active: Reply | None = None

    @property
    def audible(self) -> bool:
        """Whether a response runs, or the caller should still be hearing one."""
        return self.active is not None or self._playback.remaining_ms(self._clock()) > 0

    @property
    def audio_sent(self) -> bool:
        return self._last_spoken is not None

    def start(self, plan: Plan, cause: str | None = None) -> None:
        """`response.created`, and on from there. Raises `ClientError` while another response is active."""
        if self.active is not None:
            raise ClientError(
                "conversation_already_has_active_response",
                f"Conversation already has an active response in progress: {self.active.id}. "
                "Wait until the response is finished before creating a new one.",
            )
        reply = Reply(
            plan,
            self._ids.response(),
            self._conversation_id,
            self._outbox,
            self._conversation,
            self._ids,
            cause,
        )
        self.active = reply
        reply.begin()
        if plan.fixed_text is not None:
            reply.to_come.append(Say(plan.fixed_text))
            self._go_on(reply)
            return
        reply.waited_for = {item.id for item in self._context(plan) if item.awaits_recognition}
        reply.waits_for = set(reply.waited_for)
        self._think_if_ready(reply)

    def will_answer(self, item_id: str) -> bool:
        """Whether the active response is about this item of the caller and has said nothing yet."""
        reply = self.active
        return reply is not None and item_id in reply.waited_for and not reply.has_content

    def understood(self, item_id: str) -> None:
        """Recognition of a caller's item is over, or the item is gone."""
        reply = self.active
        if reply is not None and item_id in reply.waits_for:
            reply.waits_for.discard(item_id)
            self._think_if_ready(reply)

    def thought(self, response_id: str, outputs: Sequence[Output]) -> None:
        """The answer to a `Think`. Ignored when that response has ended meanwhile."""
        reply = self._current(response_id)
        if reply is not None:
            reply.thinks = False
            reply.to_come.extend(outputs)
            if not reply.speaks:
                self._go_on(reply)

    def overdue(self, response_id: str) -> None:
        """Thinking takes longer than the session has patience for: something is said meanwhile."""
        reply = self._current(response_id)
        if reply is None or not reply.thinks or reply.plan.interim is None:
            return
        texts = reply.plan.interim.texts
        self._say(reply, texts[self._interims % len(texts)])
        self._interims += 1

    def spoken(self, response_id: str, words: str, audio: bytes) -> None:
        """A piece of an answer to `Speak`: PCM16LE 24 kHz mono, and the words that begin with it."""
        reply = self._current(response_id)
        if reply is None:
            return
        if words:
            reply.write(words)
        if audio:
            reply.sound(audio)
            self._last_spoken = reply.items[-1]
            self._playback.sent(len(audio) / _BYTES_PER_MS, self._clock())

    def speech_ended(self, response_id: str) -> None:
        """All of a `Speak` was handed over."""
        reply = self._current(response_id)
        if reply is not None:
            reply.close_message()
            if not reply.thinks:
                self._go_on(reply)

    def failed(self, response_id: str, message: str) -> None:
        """Thinking or speaking went wrong; the response ends as failed."""
        reply = self._current(response_id)
        if reply is not None:
            error = {"type": "server_error", "code": "server_error", "message": message}
            self._end(reply, "failed", {"type": "failed", "error": error})

    def cancel(self, reason: str, response_id: str | None = None) -> None:
        """End the active response early. Raises `ClientError` when that one is not active."""
        reply = self.active
        if reply is None or response_id not in (None, reply.id):
            message = "Cancellation failed: no active response found."
            raise ClientError("response_cancel_not_active", message, "response_id" if response_id else None)
        self._outbox.do(Abandon(reply.id))
        self._end(reply, "cancelled", {"type": "cancelled", "reason": reason})

    def truncate_unheard(self) -> None:
        """Cut the last reply where the caller, hearing it in real time, has interrupted it."""
        item = self._last_spoken
        remaining = self._playback.remaining_ms(self._clock())
        if item is None or not remaining or self._conversation.find(item.id) is not item:
            return
        self._conversation.cut(item, max(0, item.audio_ms - remaining))

    def interrupted(self) -> None:
        """The client stopped playing: the caller spoke."""
        self._playback.stop(self._clock())

    def _current(self, response_id: str) -> Reply | None:
        return self.active if self.active is not None and self.active.id == response_id else None

    def _context(self, plan: Plan) -> list[Item]:
        return [*(self._conversation.items if plan.context is None else plan.context), *plan.appended]

    def _think_if_ready(self, reply: Reply) -> None:
        if reply.waits_for:
            return
        said = self._conversation.find(reply.cause) if reply.cause else None
        if said is not None and not said.heard:
            self._end(reply, "completed", None)  # a cough or a click: there is nothing to answer
            return
        plan = reply.plan
        items = [item.as_input() for item in self._context(plan)]
        patience_ms = None if plan.interim is None else plan.interim.after_ms
        reply.thinks = True
        self._outbox.do(Think(reply.id, plan.instructions, plan.tools, items, plan.tool_choice, patience_ms))

    def _go_on(self, reply: Reply) -> None:
        """Give the outputs that need no waiting; stop at one that has to be spoken first."""
        while reply.to_come:
            output = reply.to_come.popleft()
            if not isinstance(output, Say):
                reply.call_function(output)
                continue
            self._say(reply, reply.within_limit(output.text))
            if reply.speaks:
                return
        if reply.is_cut:
            self._end(reply, "incomplete", {"type": "incomplete", "reason": "max_output_tokens"})
        else:
            self._end(reply, "completed", None)

    def _say(self, reply: Reply, text: str) -> None:
        """Open a message with this text; as long as it is spoken it stays open."""
        reply.open_message()
        if reply.plan.speaks:
            self._outbox.do(Speak(reply.id, text, reply.plan.speech_rate))
            return
        reply.write(text)
        reply.close_message()

    def _end(self, reply: Reply, status: str, details: dict[str, Any] | None) -> None:
        reply.break_off()
        written = output_tokens(reply.items)
        read_items = [item for item in self._context(reply.plan) if item not in reply.items]
        read = input_tokens(reply.plan.instructions, reply.plan.tools, read_items)
        reply.end(status, details, wire(read, written, self._tokens_before))
        self._tokens_before = read.text + written.text
        self.active = None
