"""The agent as somebody who talks from the page has chosen it. No I/O."""

from __future__ import annotations

import msgspec

from shared.agent_config import Agent, AgentError, check_placeholders


class TalkChoiceError(ValueError):
    """A choice is not among those that there are. `field` names it; the message says what is."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def voices(agent: Agent) -> list[str]:
    """Names of the voices that can be chosen, the agent's own first."""
    return list(dict.fromkeys([agent.voice.name, *agent.talk.voices]))


def for_talk(agent: Agent, *, language: str = "", voice: str = "", prompt: str = "") -> Agent:
    """The agent with what was chosen in its place; what is empty stays.

    Raises:
        TalkChoiceError
    """
    if language and language not in agent.languages.spoken:
        raise TalkChoiceError("language", f"{language!r} is not one of {', '.join(agent.languages.spoken)}")
    if voice and voice not in voices(agent):
        raise TalkChoiceError("voice", f"{voice!r} is not one of {', '.join(voices(agent))}")
    if prompt:
        try:
            check_placeholders("prompt", prompt)
        except AgentError as error:
            raise TalkChoiceError("prompt", str(error)) from error
    chosen = agent
    if voice:
        chosen = msgspec.structs.replace(chosen, voice=msgspec.structs.replace(agent.voice, name=voice))
    if prompt:
        chosen = msgspec.structs.replace(chosen, prompt=prompt)
    return chosen
