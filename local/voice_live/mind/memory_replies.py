"""The replies about what is kept of the caller."""

from __future__ import annotations

from local.voice_live.mind.acts import Act, read_acts
from local.voice_live.mind.heard import Heard, Want
from local.voice_live.mind.keeping import forget_question, keep_question
from local.voice_live.mind.outputs import CallFunction, Output, Say
from local.voice_live.mind.roles import Role
from local.voice_live.mind.schema import Tool
from local.voice_live.mind.talk import Talk
from local.voice_live.mind.wording import ANYTHING_ELSE, NO_USUAL, NOTHING_KNOWN, WHAT_ELSE
from local.voice_live.mind.words import tokenise


def next_for_memory(tool: Tool, heard: Heard) -> Output:
    """The call that keeps or deletes; what is deleted is said first, and waits for a yes."""
    if tool.role is Role.FORGET and not heard.agreed:
        return Say(forget_question(heard.values))
    return CallFunction(tool.name, dict(heard.values))


def say_memory(talk: Talk, heard: Heard) -> str:
    """What is known of the caller, or that their usual is not."""
    if heard.want is Want.NO_USUAL:
        return NO_USUAL
    told = talk.known.told()
    return f"I know this of you: {told}. {ANYTHING_ELSE}" if told else f"{NOTHING_KNOWN} {WHAT_ELSE}"


def worth_asking(talk: Talk, heard: Heard) -> str:
    """The question whether to keep something, before a caller who is done goes; empty for one in a hurry."""
    hurried = Act.GOODBYE in read_acts(tokenise(heard.text), heard.text)
    return may_keep(talk) if talk.noted and not hurried else ""


def may_keep(talk: Talk) -> str:
    """The question whether something may be kept; empty when it may not be asked."""
    tool = talk.schema.with_role(Role.KEEP)
    asks = talk.known.may_ask or (talk.known.kept and bool(talk.noted))
    return keep_question(talk.noted, tool) if tool is not None and asks and not talk.asked_to_keep else ""
