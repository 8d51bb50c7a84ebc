"""One Voice Live session without I/O: client events, recognition, thoughts and speech in; server events out.

Every method that takes something in may queue events and effects; `outbox` hands them over. Time comes
from the clock given, and from the audio itself, so a session runs the same in a test as on a socket.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

from local.speech.transcript import Transcript
from local.voice_live.admission import FoundryAgent
from local.voice_live.audio_formats import InputDecoder
from local.voice_live.client_events import (
    CLIENT_EVENTS,
    AppendAudio,
    CancelResponse,
    ClearAudio,
    ClearOutputAudio,
    ClientEvent,
    CommitAudio,
    ConnectAvatar,
    CreateItem,
    CreateResponse,
    DeleteItem,
    RetrieveItem,
    SessionUpdate,
    TruncateItem,
)
from local.voice_live.conversation import Conversation, Item
from local.voice_live.ear import Ear, Heard, Started, Stopped, Understood, Utterance, Words
from local.voice_live.errors import ClientError, client_event_id, decode_event, error_details
from local.voice_live.faults import NO_FAULTS, Faults
from local.voice_live.ids import Ids
from local.voice_live.mind.outputs import Output
from local.voice_live.outbox import Close, Outbox
from local.voice_live.plans import make_plan
from local.voice_live.replies import Replies
from local.voice_live.seams import VoiceActivity
from local.voice_live.settings import Settings
from local.voice_live.transcripts import is_filler, spoken_text

LARGEST_APPEND = 15 * 1024 * 1024
"""Bytes of audio one `input_audio_buffer.append` may carry."""

_SESSION_EXPIRED = 1001
"""Close code at the end of a session's life, as the sibling realtime service gives it."""


class Session:
    """The protocol of one connection. `lifetime_s` is what `expires_at` promises; the caller keeps it."""

    def __init__(
        self,
        *,
        target: str | FoundryAgent,
        make_activity: Callable[[], VoiceActivity],
        clock: Callable[[], float],
        lifetime_s: float = 3600,
        faults: Faults = NO_FAULTS,
        ids: Ids | None = None,
    ) -> None:
        ids = ids or Ids()
        self.outbox = Outbox(ids)
        self._faults = faults
        self._errors_left = faults.error_times
        self._settings = Settings(
            target=target, session_id=ids.session(), expires_at=round(clock() + lifetime_s)
        )
        self._conversation = Conversation(self.outbox, ids)
        self._replies = Replies(self._conversation, self.outbox, ids, clock)
        self._ear = Ear(make_activity, self.outbox, ids, self._conversation.last_said)
        self._untold: list[Utterance] = []
        """Turns understood but not told yet."""
        self._configure_ear()
        self.outbox.send("session.created", session=self._settings.wire())

    def shown(self) -> dict[str, Any]:
        """The session as its client has set it up."""
        return self._settings.wire()

    def receive(self, frame: str | bytes) -> None:
        """One websocket message. Mistakes in it become `error` events; nothing is raised."""
        try:
            if isinstance(frame, bytes):
                raise ClientError(
                    "invalid_json", "Binary frames are not accepted; send each event as JSON text."
                )
            event = decode_event(frame, CLIENT_EVENTS)
            self._forced_error(str(event.__struct_config__.tag))
            self._handle(event)
        except ClientError as error:
            self._send_error(error, client_event_id(frame) if isinstance(frame, str) else None)
        self._tell_transcripts()

    def recognized(self, job: int, result: Transcript | str | None) -> None:
        """The answer to a `Recognize` effect: a transcript, the reason it failed, or None when dropped."""
        self._hear(self._ear.recognized(job, result))
        self._tell_transcripts()

    def thought(self, response_id: str, outputs: Sequence[Output]) -> None:
        """The answer to a `Think` effect."""
        self._replies.thought(response_id, outputs)
        self._tell_transcripts()

    def overdue(self, response_id: str) -> None:
        """A `Think` effect takes longer than its patience."""
        self._replies.overdue(response_id)
        self._tell_transcripts()

    def spoken(self, response_id: str, words: str, audio: bytes) -> None:
        """A piece of the answer to a `Speak` effect: PCM16LE 24 kHz mono, and the words that begin in it."""
        self._replies.spoken(response_id, words, audio)
        self._tell_transcripts()

    def speech_ended(self, response_id: str) -> None:
        """A `Speak` effect is done."""
        self._replies.speech_ended(response_id)
        self._tell_transcripts()

    def failed(self, response_id: str, message: str) -> None:
        """A `Think` or `Speak` effect could not be done."""
        self._replies.failed(response_id, message)
        self._tell_transcripts()

    def expire(self) -> None:
        """The session has reached its `expires_at`."""
        message = "Your session hit the maximum duration."
        self.outbox.send("error", error=error_details("session_expired", message))
        self.outbox.do(Close(_SESSION_EXPIRED, "session_expired"))

    def _handle(self, event: ClientEvent) -> None:
        match event:
            case AppendAudio():
                self._append(event.audio)
            case SessionUpdate():
                self._update(event)
            case CommitAudio():
                self._commit()
            case ClearAudio():
                self._ear.clear()
                self.outbox.send("input_audio_buffer.cleared")
            case CreateItem():
                self._conversation.create(event.item, event.previous_item_id)
            case DeleteItem():
                self._replies.understood(self._conversation.delete(event.item_id).id)
            case RetrieveItem():
                self._conversation.retrieve(event.item_id)
            case TruncateItem():
                self._conversation.truncate(event)
            case CreateResponse():
                self._create_response(event)
            case CancelResponse():
                self._replies.cancel("client_cancelled", event.response_id)
            case ClearOutputAudio() | ConnectAvatar():
                raise ClientError("avatar_not_configured", "Avatar is not configured for this session.")

    def _update(self, event: SessionUpdate) -> None:
        self._settings.update(
            event.session,
            audio_received=self._ear.received_audio,
            audio_sent=self._replies.audio_sent,
        )
        self._configure_ear()
        self.outbox.send("session.updated", session=self._settings.wire())

    def _configure_ear(self) -> None:
        settings = self._settings
        decoder = InputDecoder(
            str(settings.fields.input_audio_format), int(settings.fields.input_audio_sampling_rate or 24000)
        )
        self._ear.configure(
            settings.turn_rules,
            decoder,
            settings.phrases,
            wants_partials=settings.tells_partials or settings.removes_fillers,
        )

    def _append(self, audio: bytes) -> None:
        if len(audio) > LARGEST_APPEND:
            message = f"The audio of one event may be at most {LARGEST_APPEND} bytes; this has {len(audio)}."
            raise ClientError("invalid_value", message, "audio")
        self._hear(self._ear.append(audio))

    def _commit(self) -> None:
        utterance = self._ear.commit()
        if utterance is None:
            message = "Error committing input audio buffer: the buffer holds less than 100 ms of audio."
            raise ClientError("input_audio_buffer_commit_empty", message)
        self._add_turn(utterance)

    def _create_response(self, event: CreateResponse) -> None:
        fields = event.response or None
        if fields is not None and fields.cancel_previous and self._replies.active is not None:
            self._replies.cancel("client_cancelled")
        plan = make_plan(self._settings, self._conversation, fields, event.additional_instructions)
        if not self._faults.no_reply:
            self._replies.start(plan)

    def _hear(self, heard: Sequence[Heard]) -> None:
        for event in heard:
            utterance = event.utterance
            match event:
                case Started():
                    if not (self._settings.removes_fillers and self._replies.audible):
                        self._announce(utterance)
                case Words():
                    self._hear_words(utterance, event.text)
                case Stopped():
                    if utterance.announced:
                        self._end_turn(utterance)
                case Understood():
                    self._understand(utterance)

    def _hear_words(self, utterance: Utterance, text: str) -> None:
        if not utterance.announced and not is_filler(text):
            self._announce(utterance)
        if utterance.announced and self._settings.tells_partials:
            delta = utterance.partials.add(text)
            if delta and not self._faults.transcription_failed:
                self._send_transcription("delta", utterance, delta=delta)

    def _announce(self, utterance: Utterance) -> None:
        """Tell that the caller speaks, and stop the reply being given if the session says so."""
        utterance.announced = True
        self.outbox.send(
            "input_audio_buffer.speech_started", audio_start_ms=utterance.start_ms, item_id=utterance.item_id
        )
        detection = self._settings.turn_detection
        if detection is None or not detection.interrupt_response:
            return
        if self._replies.active is not None:
            self._replies.cancel("turn_detected")
        if detection.auto_truncate:
            self._replies.truncate_unheard()
        self._replies.interrupted()

    def _end_turn(self, utterance: Utterance) -> None:
        """The caller has stopped: commit the turn, and answer it if the session says so."""
        self._add_turn(utterance)
        detection = self._settings.turn_detection
        if detection is None or not detection.create_response or self._faults.no_reply:
            return
        try:
            self._forced_error("response.create")
            plan = make_plan(self._settings, self._conversation)
            self._replies.start(plan, cause=utterance.item_id)
        except ClientError as error:
            self._send_error(error, None)

    def _add_turn(self, utterance: Utterance) -> None:
        if utterance.announced:
            self.outbox.send(
                "input_audio_buffer.speech_stopped", audio_end_ms=utterance.end_ms, item_id=utterance.item_id
            )
        utterance.committed = True
        previous = self._conversation.last_id
        self.outbox.send("input_audio_buffer.committed", previous_item_id=previous, item_id=utterance.item_id)
        wire: dict[str, Any] = {
            "id": utterance.item_id,
            "object": "realtime.item",
            "type": "message",
            "status": "completed",
            "role": "user",
            "content": [{"type": "input_audio", "transcript": None}],
        }
        self._conversation.add(Item(wire, audio_ms=utterance.audio_ms, spoken_by_caller=True))
        # Not in the client library, but the service sends it for committed audio (recorded frames).
        self.outbox.send("conversation.item.done", previous_item_id=previous, item=copy.deepcopy(wire))

    def _understand(self, utterance: Utterance) -> None:
        text = spoken_text(utterance.transcript) if utterance.transcript else ""
        if not utterance.committed:
            if is_filler(text):
                return  # "mm" while a reply is given: the session asked not to hear it
            self._announce(utterance)
            self._end_turn(utterance)
        item = self._conversation.find(utterance.item_id)
        if item is not None:
            item.heard = text
        # Else the client has deleted it meanwhile: it is told what was said all the same.
        self._untold.append(utterance)
        self._replies.understood(utterance.item_id)

    def _tell_transcripts(self) -> None:
        """What was said is told at once, but for what a model that hears by itself is about to answer: it
        needs no transcript, and that comes after the first words of the reply (recorded frames)."""
        held: list[Utterance] = []
        for utterance in self._untold:
            if self._settings.hears_by_itself and self._replies.will_answer(utterance.item_id):
                held.append(utterance)
            elif self._settings.transcribes:
                self._tell_transcript(utterance)
        self._untold = held

    def _tell_transcript(self, utterance: Utterance) -> None:
        failure = "forced by a fault" if self._faults.transcription_failed else utterance.failure
        if failure is not None or utterance.transcript is None:
            error = {"type": "transcription_error", "code": "audio_unintelligible", "message": failure}
            self._send_transcription("failed", utterance, error=error)
            return
        text = spoken_text(utterance.transcript)
        if rest := utterance.partials.finish(text):
            self._send_transcription("delta", utterance, delta=rest)
        item = self._conversation.find(utterance.item_id)
        if item is not None:
            item.wire["content"][0]["transcript"] = text
        self._send_transcription("completed", utterance, transcript=text)

    def _send_transcription(self, kind: str, utterance: Utterance, **fields: Any) -> None:
        self.outbox.send(
            f"conversation.item.input_audio_transcription.{kind}",
            item_id=utterance.item_id,
            content_index=0,
            **fields,
        )

    def _forced_error(self, client_event: str) -> None:
        faults = self._faults
        if faults.error_code is not None and self._errors_left and client_event == faults.error_on:
            self._errors_left -= 1
            raise ClientError(faults.error_code, "This error was asked for.")

    def _send_error(self, error: ClientError, event_id: str | None) -> None:
        details = error_details(error.code, error.message, param=error.param, client_event_id=event_id)
        self.outbox.send("error", error=details)
