"""One live call: a task group that owns the sockets and the clock of a caller and a model."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable

from bridge.call_line import CallLine
from bridge.call_log import CallLog
from bridge.carriers import BYTES_PER_MS, Audio, KeyPressed, Told, ToolStarted, audio_bytes
from bridge.commands import (
    AskForPerson,
    CancelTool,
    Command,
    DropSession,
    HandOver,
    HangUp,
    OpenSession,
    Play,
    Record,
    RunTool,
    SaveTurn,
    Send,
    StopPlayback,
    SwitchSession,
)
from bridge.conversation import Conversation
from bridge.line import CallOverError, Line
from bridge.media_owner import MediaOwner
from bridge.metrics import Metrics
from bridge.model_session import ModelSession
from bridge.recorder import Recorder
from bridge.tape_writer import TapeWriter
from bridge.tools import ToolBox, ToolResult, failure
from bridge.transfers import Transfers
from bridge.voicelive import wire
from bridge.voicelive.connection import VoiceLiveError
from bridge.voicelive.pool import Trouble
from bridge.voicelive.pulse import Doubt
from bridge.voicelive.session_settings import SessionSettings
from bridge.voicelive.source import Source
from shared.calls import EventKind
from shared.clock import utc_now
from shared.commands import CallCommand, Order
from shared.handover import Transfer

_WANTED = 8
"""Commands of operators that may wait: somebody clicks again."""
_OUR_EVENT_ID = re.compile(
    r"(session\.update|input_audio_buffer\.append|response\.(create|cancel)|"
    r"conversation\.item\.(create|truncate|delete))-\d{1,7}"
)

_ON_RECORD_WITHIN = 2.0
"""Seconds that the store has to take what is to be known to another bridge."""
_PAUSE_WITHIN = 3.0
"""Seconds that a call which must go to another bridge may take to come to a pause."""

log = logging.getLogger(__name__)


class Call:
    """Connects one caller with Voice Live until the call ends, through as many sessions as that takes.

    Args:
        owner: tells whether another bridge has taken the call.
        resumed: another bridge has begun it.
        source: where its sessions of Voice Live come from.
        settings: what a session is given that begins now; its argument is the language of the fixed phrases.
        answers: what answers, for the record: a model, or an agent.
        tape: records the call's sound, as long as it may.
        tool_seconds: how long a tool may take.
    """

    def __init__(
        self,
        line: Line,
        *,
        owner: MediaOwner,
        resumed: bool,
        source: Source,
        settings: Callable[[str], SessionSettings],
        answers: str,
        conversation: Conversation,
        tools: ToolBox,
        transfers: Transfers,
        recorder: Recorder,
        tape: TapeWriter,
        metrics: Metrics,
        tool_seconds: float,
    ) -> None:
        self._line = CallLine(line, owner, on_lost=self._line_lost, on_back=self._line_back)
        self._model = ModelSession(source, recorder.session)
        self._settings = settings
        self._answers = answers
        self._conversation = conversation
        self._tools = tools
        self._transfers = transfers
        self.recorder = recorder
        """Writes the call's record."""
        self._tape = tape
        self._metrics = metrics
        self._log = CallLog(recorder, metrics, line.call_connection_id, resumed=resumed)
        self._tool_seconds = tool_seconds
        self._in_order = asyncio.Lock()
        self._changed = asyncio.Event()
        self._running: dict[str, asyncio.Task[None]] = {}
        """Tools that run, by tool call."""
        self._wanted: asyncio.Queue[CallCommand] = asyncio.Queue(_WANTED)

    async def run(self) -> EventKind:
        """Run the call to its end; the phone call is over when this returns. Returns what ended it."""
        end = EventKind.FAILED
        self._log.event(EventKind.MEDIA_CONNECTED, self._answers)
        try:
            await self._talk()
        except* CallOverError as group:
            first = next(error for error in group.exceptions if isinstance(error, CallOverError))
            end, reason = first.kind, first.reason
            if end is not EventKind.TRANSFER_ACCEPTED and await self._transfers.taken_after_all():
                end, reason = EventKind.TRANSFER_ACCEPTED, ""  # which is why the media went away
            log.info("call over", extra={"kind": str(end), "reason": reason})
            if end is not EventKind.MOVED:
                self._log.event(end, reason)
        except* Exception:
            log.exception("call failed")
            self._log.event(EventKind.FAILED, "bridge")
        finally:
            for save in self._conversation.on_end(time.monotonic()):
                self._log.turn(save.turn)
            # Whatever happened, nobody is left on a silent line; but who talks with a person is not cut off,
            # nor who talks over another bridge.
            if end is not EventKind.MOVED and not self._transfers.may_have_taken_it:
                await self._line.hang_up()
        return end

    @property
    def waits_for_line(self) -> bool:
        """Whether the media socket broke and another one of the same call may take its place."""
        return self._line.waits

    @property
    def can_move(self) -> bool:
        """Whether another bridge can go on with the call: not while a person is being called."""
        return self._line.carrier.reconnects and not self._transfers.may_have_taken_it

    def take_line(self, line: Line) -> None:
        """Go on over another media socket."""
        self._line.take(line)

    async def give_away(self) -> None:
        """Have another bridge go on with the call, in a pause if there is one soon."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PAUSE_WITHIN):
                while not self._conversation.is_in_a_pause(time.monotonic()):
                    self._changed.clear()
                    await self._changed.wait()
        for save in self._conversation.on_end(time.monotonic()):
            self._log.turn(save.turn)
        await self.recorder.settle(_ON_RECORD_WITHIN)
        self._line.give_away()

    def obey(self, command: CallCommand) -> None:
        """Do what an operator wants done with the call."""
        try:
            self._wanted.put_nowait(command)
        except asyncio.QueueFull:
            log.warning("operator's command dropped, too many wait", extra={"order": str(command.order)})

    async def _talk(self) -> None:
        async with contextlib.AsyncExitStack() as after, asyncio.TaskGroup() as self._tasks:
            # After the group, so that no task of it meets a session closed under its hands.
            after.push_async_callback(self._model.close)
            self._tasks.create_task(self._line.watch())
            # Already now: a socket that nobody reads fills up, and then hides that the caller has left.
            self._tasks.create_task(self._caller_to_model())
            await self._do(self._conversation.begin(time.monotonic()))
            self._tasks.create_task(self._keep_time())
            self._tasks.create_task(self._obey())

    # --- the pumps ------------------------------------------------------------------------------------

    async def _caller_to_model(self) -> None:
        async for frame in self._line.frames():
            match frame:
                case Audio(base64):
                    self._tape.caller(base64, time.monotonic())
                    if not self._conversation.listening:
                        continue
                    # Silent frames too: the service's clock and its silence timer run on audio alone.
                    seconds = audio_bytes(base64) / BYTES_PER_MS / 1000
                    now = time.monotonic()
                    self._conversation.caller_audio(seconds, now)
                    await self._model.hear(base64, now, self._conversation.keeps_audio_since(now))
                    commands = self._conversation.listen(base64, time.monotonic())
                    if commands is not None:
                        await self._do(commands)
                case KeyPressed(key):
                    await self._do(self._conversation.on_key(key, time.monotonic()))
                case _:
                    pass

    async def _line_lost(self) -> None:
        self._tape.stopped(time.monotonic())
        await self._do(self._conversation.on_line_lost(time.monotonic()))

    async def _line_back(self) -> None:
        await self._do(self._conversation.on_line_back(time.monotonic()))

    async def _open_session(self) -> None:
        number = await self._model.connect()
        self._tasks.create_task(self._model_to_caller(number, self._model.events(number)))
        settings = self._settings(self._conversation.phrases_language)
        now, wall = time.monotonic(), utc_now().timestamp()
        await self._do(self._conversation.on_session_open(number, settings, now, wall))

    async def _model_to_caller(self, session: int, events: AsyncIterator[wire.ServerEvent | Doubt]) -> None:
        try:
            async for event in events:
                if self._conversation.session_id != session:
                    continue  # not used yet, or not any more
                if isinstance(event, Doubt):
                    log.info("a session gives no sign of life" if event.since else "it lives after all")
                    await self._do(self._conversation.on_doubt(event.since, time.monotonic()))
                    continue
                match event:
                    case wire.Error() | wire.ServiceWarning():
                        _log_report(event)
                    case wire.ResponseDone(wire.FinishedResponse(usage=wire.Usage() as usage)):
                        self._model.used(usage)
                await self._do(self._conversation.on_event(event, time.monotonic()))
        except VoiceLiveError as error:
            in_use = self._conversation.session_id == session
            self._model.broke(session, error, time.monotonic(), in_use=in_use)
            await self._do(self._conversation.on_session_lost(session, time.monotonic(), error.still_since))

    async def _keep_time(self) -> None:
        """Call the conversation when one of its timers is due."""
        loop = asyncio.get_running_loop()
        while True:
            due = self._conversation.timer()
            self._changed.clear()
            try:
                async with asyncio.timeout_at(None if due is None else due - time.monotonic() + loop.time()):
                    await self._changed.wait()
            except TimeoutError:
                await self._do(self._conversation.on_timer(time.monotonic()))

    # --- commands -------------------------------------------------------------------------------------

    async def _do(self, commands: list[Command]) -> None:
        """Carry out what the rules decided, in the order in which they decided it, whichever task asked.

        Else audio that one task has in hand could follow the stop that another sends.
        """
        async with self._in_order:
            for command in commands:
                await self._do_one(command)
        self._changed.set()

    async def _do_one(self, command: Command) -> None:
        match command:
            case Send(event):
                await self._model.send(event)
            case OpenSession(why):
                log.info("a session is needed", extra={"why": str(why)})
                self._metrics.session_needed(why)
                self._tasks.create_task(self._open_session())
            case SwitchSession():
                await self._model.switch(command)
            case DropSession():
                self._model.drop(Trouble.SILENT)
            case Play(pcm, starts_at):
                await self._line.write(self._line.carrier.encode_audio(b64encode(pcm).decode()))
                self._tape.agent(pcm, starts_at)
                self._log.greeted()
            case StopPlayback():
                await self._line.write(self._line.carrier.encode_stop())
                self._tape.stopped(time.monotonic())
            case Record():
                self._tape.start()
            case RunTool(call_id=call_id):
                if not self._tools.is_read_only(command.name):
                    self._log.tool_begins(command)
                await self._tell(ToolStarted(command.seq, command.name, command.arguments))
                self._running[call_id] = self._tasks.create_task(self._run_tool(command))
            case CancelTool(call_id) if call_id in self._running:  # else it has just ended
                self._running[call_id].cancel()
            case AskForPerson():
                self._tasks.create_task(self._find_person())
            case HandOver():
                self._tasks.create_task(self._hand_over(command))
            case SaveTurn(turn):
                await self._tell(self._log.turn(turn))
            case HangUp(reason, failed):
                raise CallOverError(EventKind.FAILED if failed else EventKind.HUNG_UP, reason)

    async def _tell(self, told: Told) -> None:
        """Show the caller what happens, where the carrier can."""
        frame = self._line.carrier.encode_told(told)
        if frame is not None:
            await self._line.write(frame)

    async def _obey(self) -> None:
        while True:
            command = await self._wanted.get()
            log.info("operator's command", extra={"order": str(command.order)})
            if command.order is Order.END:
                raise CallOverError(EventKind.HUNG_UP, "operator")
            summary = command.summary or self._log.summary()
            chosen = self._tools.hand_over(summary).transfer
            transfer = Transfer(command.to, summary) if command.to else chosen
            if transfer is None:
                log.warning("nobody can be reached for the operator")
            else:
                await self._do(self._conversation.on_person(transfer, time.monotonic()))

    async def _run_tool(self, tool: RunTool) -> None:
        began = time.monotonic()
        # When it is given up or the call ends, what it commits may stand all the same: the record says so.
        result, fault = failure("given_up", "This was given up before it had ended."), False
        try:
            result, fault = await self._result(tool)
        finally:
            self._running.pop(tool.call_id, None)
            run = self._log.tool(tool, result.output, began, fault=fault)
        await self._tell(run)
        commands: list[Command] = []
        if result.tools is not None:
            commands = self._conversation.on_tools_changed(result.tools)
        commands += self._conversation.on_tool_result(
            tool.call_id,
            result.output,
            ends_call=result.ends_call,
            transfer=result.transfer,
            now=time.monotonic(),
        )
        await self._do(commands)

    async def _result(self, tool: RunTool) -> tuple[ToolResult, bool]:
        """The tool's result, and whether the tool is at fault: that is told to the model, never raised."""
        try:
            async with asyncio.timeout(self._tool_seconds):
                return await self._tools.run(tool.name, tool.arguments), False
        except TimeoutError:
            log.warning("tool too slow", extra={"tool": self._log.tool_label(tool.name)})
            message = "That takes too long right now. Apologise and offer to try once more."
            return failure("timeout", message), True
        except Exception:
            log.exception("tool failed", extra={"tool": self._log.tool_label(tool.name)})
            message = "That does not work right now. Apologise and offer something else."
            return failure("unavailable", message), True

    async def _find_person(self) -> None:
        result = self._tools.hand_over(self._log.summary())
        await self._do(self._conversation.on_person(result.transfer, time.monotonic()))

    async def _hand_over(self, command: HandOver) -> None:
        with self._line.pausing():
            taken = await self._transfers.run(command.target, command.summary)
        if taken:
            raise CallOverError(EventKind.TRANSFER_ACCEPTED, "")
        await self._do(self._conversation.on_hand_over_failed(time.monotonic()))


def _log_report(event: wire.Error | wire.ServiceWarning) -> None:
    report = event.error if isinstance(event, wire.Error) else event.warning
    # A report may echo anything, so its cause is named only when it can be nothing but an id of ours.
    ours = _OUR_EVENT_ID.fullmatch(report.event_id or "")
    log.warning("Voice Live reports", extra={"code": report.code, "cause": ours and ours[0]})
