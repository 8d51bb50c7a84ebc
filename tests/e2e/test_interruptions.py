"""Callers talk over the agent: real calls, in audio, through the whole system.

An interruption is yielded to when the agent is silent within 600 ms of the caller's first sound and answers.
A sign of listening, a cough or a noise is survived when the agent goes on and says all of its turn, sample
for sample what it would have said, but for a pause.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from itertools import batched, cycle
from statistics import median

import numpy as np
import pytest

from local.call import CALLED, somebody
from local.driver import System
from local.follow import POLL_SECONDS, Follower
from local.line import Progress, place_call
from local.speech import FloatAudio, Speaker, float_to_pcm16
from shared.call_store import CallStore
from shared.settings import StoreSettings
from shared.tables import Tables
from tests.e2e.interruptions import sounds
from tests.e2e.interruptions.caller import Act, Interrupter
from tests.e2e.interruptions.cases import BACKCHANNELS, COUGHS, INTERRUPTIONS, NOISES, Kind
from tests.e2e.interruptions.verdicts import Case, Talk, judge, speech_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

CALLS = 5
"""At once."""
RESTAURANTS = ("Golden Lotus", "Sakura House", "Bombay Palace", "Cedar Grill", "Thai Orchid")
"""With menus that take the agent ten seconds and more to tell of."""
FIRST_MS, APART_MS = 800, 2_400
IN_ONE_REPLY = 4
"""When, in a reply that is heard to its end, the caller shows to be listening, and how often."""
CUTS_IN_MS = (1_300, 2_100, 3_000)
"""When, in one that is not, the caller interrupts."""
VOICES = ("low", "bright", "old")

HEARD_AS_SPEECH = (
    "a knock",
    "a chair",
    "a door",
    "1 x cough, tract 1.3, 120 Hz",
    "2 x cough, tract 1.2, 120 Hz",
)
"""Noises that reach the rules: others do not even pause the agent."""
LISTENED = len(BACKCHANNELS) + len(HEARD_AS_SPEECH)
INTERRUPTED = 27
"""Replies that are not heard to their end; some turn out too short to be interrupted."""
LEADS_AWAY = (
    "Can I speak to a person?",
    "That's enough, thank you.",
    "Book that one.",
    "Yes, book it.",
    "For two people.",
)
"""After these there is no talk of menus any more."""


@pytest.fixture(scope="module")
def speaker() -> Speaker:
    return Speaker()


@pytest.fixture(scope="module")
async def cases(system: System, speaker: Speaker) -> list[Case]:
    """All cases, in two calls at once: more would wait for each other's recognition on a busy machine."""
    plans, at_once = await asyncio.to_thread(planned, speaker), asyncio.Semaphore(2)

    async def in_turn(plan: list[Act]) -> Talk:
        async with at_once:
            return await talk_over(system, plan)

    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(in_turn(plan)) for plan in plans]
    talks = [call.result() for call in calls]
    replies = {reply for talk in talks for reply in talk.replies}
    speak = speech_of(speaker)
    judged = [await asyncio.to_thread(judge, talk, replies, speak) for talk in talks]
    return [case for cases in judged for case in cases]


async def talk_over(system: System, plan: Sequence[Act]) -> Talk:
    """Place a call in which the caller does what is planned."""
    phone, progress = Interrupter(plan), Progress()
    async with Tables(StoreSettings(system.addresses.tables, endpoint=None, prefix="")) as tables:
        follower = Follower(CallStore(tables), phone, progress, print)
        replies: set[str] = set()
        async with asyncio.TaskGroup() as group:
            watching = [group.create_task(follower.follow()), group.create_task(note(replies, follower))]
            await place_call(system.addresses.acs, phone, progress, caller=somebody(), called=CALLED)
            for task in watching:
                task.cancel()
        await follower.settle()
    assert follower.sound is not None
    assert phone.uttered, f"the agent was not heard: {progress.ended}"
    return Talk(phone, sorted(follower.turns, key=lambda turn: turn.seq), replies, follower.sound)


async def note(replies: set[str], follower: Follower) -> None:
    """Note what the agent is about to say: once interrupted, a turn keeps only the words that were heard."""
    while True:
        whole = (turn for turn in follower.turns if turn.role == "agent" and not turn.interrupted)
        replies.update(turn.text for turn in whole)
        await asyncio.sleep(POLL_SECONDS)


def planned(speaker: Speaker) -> list[list[Act]]:
    """What each caller does: hear two replies to their end with signs of listening, then interrupt others."""
    listening, interrupting = listening_acts(speaker), interrupting_acts(speaker)
    plans: list[list[Act]] = []
    for number in range(CALLS):
        questions = cycle(asked(speaker, number))
        plan: list[Act] = []
        first_ms = FIRST_MS + number * APART_MS // CALLS  # so that not all recognition falls into one moment
        for over_one in batched(listening[number::CALLS], IN_ONE_REPLY, strict=False):
            plan.append(next(questions))
            plan += [replace(act, after_ms=first_ms + APART_MS * i) for i, act in enumerate(over_one)]
        for act, after_ms in zip(interrupting[number::CALLS], cycle(CUTS_IN_MS), strict=False):
            plan += [next(questions), replace(act, after_ms=after_ms)]
        plans.append(plan)
    return plans


def asked(speaker: Speaker, number: int) -> list[Act]:
    """The questions of a caller, each one's in another order."""
    texts = [f"What is on the menu at {name}?" for name in (*RESTAURANTS[number:], *RESTAURANTS[:number])]
    return [act(text, sounds.words(speaker, text, VOICES[number % len(VOICES)])) for text in texts]


def listening_acts(speaker: Speaker) -> list[Act]:
    """Signs of listening, and the noises that a service takes for speech."""
    noises = [act(case.name, sounds.noise(case), "noise") for case in NOISES if case.name in HEARD_AS_SPEECH]
    coughs = [
        act(case.name, sounds.over_the_telephone(sounds.cough(case)), "noise")
        for case in COUGHS
        if case.name in HEARD_AS_SPEECH
    ]
    return said(speaker, BACKCHANNELS, "backchannel") + noises + coughs


def interrupting_acts(speaker: Speaker) -> list[Act]:
    texts = [text for text in INTERRUPTIONS if text not in LEADS_AWAY]
    return said(speaker, texts[:INTERRUPTED], "interruption")


def said(speaker: Speaker, texts: Sequence[str], kind: Kind) -> list[Act]:
    """Each in one of the callers' voices, every second one over a telephone line."""
    acts: list[Act] = []
    for number, (text, voice) in enumerate(zip(texts, cycle(VOICES), strict=False)):
        audio = sounds.words(speaker, text, voice)
        acts.append(act(text, sounds.over_the_telephone(audio) if number % 2 else audio, kind))
    return acts


def act(name: str, audio: FloatAudio, kind: Kind | None = None) -> Act:
    return Act(name, np.frombuffer(float_to_pcm16(audio), "<i2"), kind)


def told(cases: Sequence[Case]) -> str:
    """Those that went wrong, a line each."""
    return "\n".join(f"  {case.kind} {case.text!r}: {case.fault}" for case in cases if case.fault)


def test_interruptions_are_yielded_to(cases: list[Case]) -> None:
    """95 of 100: silent within 600 ms of the caller's first sound, and answered."""
    own = [case for case in cases if case.kind == "interruption"]
    wrong = [case for case in own if case.fault]
    silent = [case.silent_ms for case in own if case.silent_ms is not None]
    print(f"{len(own)} interruptions, {len(wrong)} not yielded to\n{told(own)}")
    print(f"silent after {median(silent):.0f} ms, at most {max(silent)} ms")
    assert len(own) >= INTERRUPTED / 2
    assert len(wrong) <= 0.05 * len(own)


def test_signs_of_listening_are_survived(cases: list[Case]) -> None:
    """85 of 100: the agent goes on and no word of its turn is lost or said twice."""
    own = [case for case in cases if case.kind != "interruption"]
    wrong = [case for case in own if case.fault]
    pauses = [case.pause_ms for case in own if not case.fault and case.pause_ms is not None]
    print(f"{len(own)} signs of listening and noises, {len(wrong)} not survived\n{told(own)}")
    print(f"paused for {median(pauses):.0f} ms, at most {max(pauses)} ms")
    assert len(own) >= LISTENED * 0.7, "what follows a miss in a reply is left out"
    # The target of 85 % is held where time is that of the audio: tests/local/understanding. Here the load of
    # the machine decides with which words an "mm" is recognised, and when.
    assert len(wrong) <= 0.3 * len(own)
    assert not [case for case in own if case.fault.startswith("words")]


def test_there_are_enough_cases(cases: list[Case]) -> None:
    assert len(cases) >= 40


def test_what_was_heard_of_an_interrupted_turn_is_known(cases: list[Case]) -> None:
    """Counted at the phone, sample by sample. The rules never credit more than was heard as long as the audio
    reaches the line within a frame, which a busy machine does not always grant."""
    off = [case.heard_off_ms for case in cases if case.heard_off_ms is not None]
    print(f"stored less heard: {min(off):.1f} to {max(off):.1f} ms, median {median(off):.1f} ms")
    assert len(off) >= INTERRUPTED / 2
    assert max(abs(ms) for ms in off) < 41, "the store holds whole milliseconds"
    assert median(off) <= 0


def test_the_agent_is_silenced_at_once(cases: list[Case]) -> None:
    """From the bridge's knowing of the caller's sound to the agent's last at the phone, on one clock."""
    took = [case.stop_ms for case in cases if case.stop_ms is not None]
    print(f"silenced after {median(took):.0f} ms, at most {max(took)} ms")
    assert max(took) <= 150
