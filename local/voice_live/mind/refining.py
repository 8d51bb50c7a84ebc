"""Going on from the last search: "something cheaper", "not that one", "in the old town instead"."""

from __future__ import annotations

from typing import Any

from local.voice_live.mind.acts import Act
from local.voice_live.mind.heard import Heard, Want
from local.voice_live.mind.lexicon import lexicon
from local.voice_live.mind.reading import Reading
from local.voice_live.mind.roles import Role
from local.voice_live.mind.schema import Kind, Parameter, Tool
from local.voice_live.mind.slots import values_in
from local.voice_live.mind.talk import Talk
from local.voice_live.mind.words import word_set

_ELSE = """
    something/anything/somewhere/anywhere/someplace else |
    other options/places/restaurants/ones/choices | any others |
    another one/place/restaurant/option/suggestion | a different one/place/restaurant |
    different ones/places |
    none of those/them/these | what else is there | what else do/have you | not those/these/any of those |
    do not like any of | some more options | more options/choices/suggestions | anything different |
    the next one
"""
_NOT_ONE = """
    not that one/place/restaurant | not it/there | do not like/want/fancy that/it/them/the |
    i would rather not |
    except/besides/other than/apart from it/that | besides it |
    anything but it/that | not the first/second/third/last |
    been there/to it (already/before) | not it again
"""
_COMPARES = word_set(
    """
    cheaper closer nearer pricier fancier posher nicer better quieter livelier bigger smaller cosier cozier
    livelier calmer smarter
    """
)
_MORE_SO = """
    less/more
    expensive/pricey/formal/central/upmarket/relaxed/romantic/lively/quiet/affordable/reasonable/casual |
    not as/so/that/quite expensive/pricey/dear/fancy/posh | lower price/prices
"""
_INSTEAD = "instead | rather | what/how about"
_GOES_ON = word_set("refine refinement continue narrow")
_LEAVES_OUT = word_set("exclude except without excluding")
_MOST_WORDS = 9


def refines(talk: Talk, reading: Reading, subject: str) -> Heard | None:
    """A sentence that goes on from the last search; None when it does not."""
    tool = talk.schema.with_role(Role.SEARCH)
    if tool is None or (not talk.search and not talk.things):
        return None
    line = reading.line
    other = line.has(_ELSE)
    values = values_in(reading, tool, talk.schema, talk.now)
    unwanted = _unwanted(talk, reading, subject)
    if len(reading.words) > _MOST_WORDS and not (other and unwanted):
        return None
    compares = bool(_COMPARES & set(reading.words)) or line.has(_MORE_SO)
    compares = compares and Act.COMPARE not in reading.acts
    if not other and not unwanted and not (compares and values and not subject):
        return None
    if other and not unwanted and not values:
        unwanted = list(talk.names)
    return Heard(Want.REQUEST, reading.text, tool, gone_on(talk, tool, values, unwanted))


def gone_on(talk: Talk, tool: Tool, values: dict[str, Any], unwanted: list[str]) -> dict[str, Any]:
    """The arguments of a search that goes on: what changes and a sign of it, or all where there is none."""
    flag, leaves_out = goes_on_flag(tool), _leaves_out(tool)
    left = {leaves_out.name: ", ".join(unwanted)} if leaves_out is not None and unwanted else {}
    if flag is not None:
        return {**values, **left, flag.name: True}
    return {**talk.search, **values, **left}


def goes_on_flag(tool: Tool) -> Parameter | None:
    """The parameter that says that a search goes on from the last one."""
    return next((p for p in tool.parameters if p.kind is Kind.FLAG and _GOES_ON & set(p.label.split())), None)


def _leaves_out(tool: Tool) -> Parameter | None:
    return next((p for p in tool.parameters if _LEAVES_OUT & set(p.label.split())), None)


def _unwanted(talk: Talk, reading: Reading, subject: str) -> list[str]:
    """What the caller does not want of what was told."""
    named = lexicon(talk.schema).choices(reading.tokens, talk.names).get(talk.schema.subject, [])
    meant = {match.option for match in reading.choices.get(talk.schema.subject, ())}
    if denied := [match.option for match in named if match.option not in meant]:  # "not the Golden Lotus"
        return denied
    if not reading.line.has(_NOT_ONE):
        return []
    if subject:
        return [subject]
    if talk.focus:
        return [talk.focus]
    return [talk.names[0]] if talk.names else []
