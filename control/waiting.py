"""The queue in which callers wait for a place: who gets a seat, and what is heard there.

Call Automation fetches what it plays from an address of ours, so each caller in line has one that nobody can
guess, good while they wait. It plays recordings of the agent's own voice; without them nobody is put in line.
"""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from azure.core.exceptions import AzureError

from control.waiting_audio import wav
from shared.agent_config import Agent, AgentError, load_agent
from shared.auth import new_secret
from shared.calls import Call
from shared.handover import Nobody, choose
from shared.recorded_lines import RecordedLines, texts_in_line
from shared.restaurants import Catalogue, CatalogueError
from shared.settings import OperatorSettings, QueueSettings
from shared.waiting_queue import ANSWERED_WITHIN, Rules, Waiting
from shared.waiting_store import WaitingStore

_log = logging.getLogger(__name__)

_SECONDS: Final = 2.0
"""A seat may take to be had: the phone rings meanwhile."""

_FILE: Final = re.compile(r"(?:announcement-(?P<round>\d{1,5})-(?P<place>\d{1,2})|goodbye|person)\.wav")

GOODBYE: Final = "goodbye.wav"
PERSON: Final = "person.wav"


def announcement(rounds: int, place: int) -> str:
    """The file of the `rounds`th announcement, from 1, to who stands at `place`."""
    return f"announcement-{rounds}-{place}.wav"


class Files:
    """What an operator configured, read when it is first needed: a fault in it keeps nobody from being
    answered."""

    def __init__(self, settings: OperatorSettings) -> None:
        self._settings = settings
        self._agent: Agent | None = None
        self._zone: ZoneInfo | None = None
        self._told = False

    def agent(self) -> Agent | None:
        """None when its files cannot be used."""
        if self._agent is None:
            try:
                self._agent = load_agent(self._settings.agent_dir)
            except AgentError as error:
                if not self._told:
                    _log.error("nobody is put in line: %s", error)
                self._told = True
        return self._agent

    def person(self, now: datetime) -> str | None:
        """Whom to call at `now` for whoever wants a person; None when nobody is there."""
        agent = self.agent()
        if agent is None or agent.transfer.to is None:
            return None
        try:
            self._zone = self._zone or Catalogue.load(self._settings.restaurants_file).zone
        except CatalogueError as error:
            _log.error("nobody is called: %s", error)
            return None
        target = choose(agent.transfer, None, self._zone, now)
        return None if isinstance(target, Nobody) else target


@dataclass(frozen=True, slots=True)
class Queue:
    """The queue as the control plane runs it."""

    store: WaitingStore
    recorded: RecordedLines
    settings: QueueSettings
    files: Files
    base_url: str
    """Where Call Automation reaches the Functions app."""
    _sounds: dict[str, bytes] = field(default_factory=dict)
    """Recordings by text, as they were when they were first needed."""

    def rules(self, now: datetime) -> Rules:
        """As they are at `now`: nobody is promised a person who is not there."""
        person = self.settings.person and self.files.person(now) is not None
        return Rules(self.settings.longest, self.settings.every, person)

    async def join(self, call: Call, now: datetime) -> Waiting | None:
        """A seat for a call that rings; None when all are taken, there is nothing to hear, or the store
        does not answer in time."""
        try:
            async with asyncio.timeout(_SECONDS):
                language = await self._language(call)
                if language is None:
                    return None
                one = Waiting(
                    seat=0,
                    call_id=call.id,
                    since=call.rang_at,
                    language=language,
                    secret=new_secret(),
                    due_at=now + ANSWERED_WITHIN,
                    # Keys are those of a caller who is known by an id.
                    offers_person=call.caller != "" and self.files.person(now) is not None,
                )
                return await self.store.join(one, self.settings.length)
        except (AzureError, TimeoutError) as error:
            _log.warning("call %s: no seat: %s", call.id, type(error).__name__)
            return None

    def url(self, one: Waiting, file: str) -> str:
        """Where Call Automation finds what a caller is to hear."""
        return f"{self.base_url}/api/waiting/{one.call_id}/{one.secret}/{file}"

    async def sound(self, one: Waiting, file: str) -> bytes | None:
        """What is behind `url`; None when there is no such thing.

        Raises:
            azure.core.exceptions.AzureError: the store fails.
        """
        agent, asked = self.files.agent(), _FILE.fullmatch(file)
        if agent is None or asked is None:
            return None
        phrases, tone = agent.phrases_for(one.language), timedelta(0)
        if asked["round"] is not None:
            first = [phrases.waiting] if int(asked["round"]) == 1 else []
            offer = [phrases.press_zero] if one.offers_person else []
            texts = [*first, phrases.waiting_at(int(asked["place"])), *offer]
            tone = self.settings.every
        else:
            texts = [phrases.waiting_goodbye if file == GOODBYE else phrases.transferring]
        words = await self._all(texts)
        return None if words is None else await asyncio.to_thread(wav, words, tone)

    async def _language(self, call: Call) -> str | None:
        """The call's, or the agent's default when that is not recorded; None when neither is."""
        agent = self.files.agent()
        if agent is None:
            return None
        for language in dict.fromkeys(
            [agent.language_for(call.caller, call.called), agent.languages.default]
        ):
            if await self._all(texts_in_line(agent, language, self.settings.length)) is not None:
                return language
        _log.warning("call %s: not put in line: nothing is recorded that it could hear", call.id)
        return None

    async def _all(self, texts: list[str]) -> list[bytes] | None:
        async def sound(text: str) -> bytes | None:
            if (known := self._sounds.get(text)) is None and (known := await self.recorded.get(text)):
                self._sounds[text] = known
            return known

        found = await asyncio.gather(*map(sound, texts))
        words = [pcm for pcm in found if pcm is not None]
        return words if len(words) == len(texts) else None
