"""What holds for every conversation, whatever is said in it."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local.voice_live.mind import CallFunction, Output, PolicyMind, Say
from local.voice_live.mind.words import plain, word_set
from tests.local.mind.world import (
    GREETING,
    INSTRUCTIONS,
    TOOLS,
    WEATHER,
    Talk,
    answer,
    assistant,
    think,
    user,
)

SAID = """
    book a table for four at the golden lotus on friday at eight under smith | yes | yeah sure | no |
    no, make it five | actually saturday | at casa verde | what time do they close | i feel like thai food |
    the second one | book it | two people | seven thirty | tomorrow | sarah | sorry? | thank you |
    never mind | hold on | maybe | that's right | yes but for two | do they have vegan food | goodbye |
    hello | flim flam | the time | eight | ok | | is it far
"""
WORDS = (
    "for four the of at to table book yes no not friday eight half past lotus golden under name thai 7 30 one"
)
SENTENCES = st.sampled_from([said.strip() for said in SAID.split("|")])
JUMBLES = st.lists(st.sampled_from(WORDS.split()), max_size=12).map(" ".join)
ANYTHING = st.one_of(SENTENCES, JUMBLES, st.text(max_size=60))
AGREEMENTS = word_set(
    """
    yes yeah yep yup ya yea yah sure right ok okay correct corrects thats it exactly perfect great good
    absolutely definitely certainly indeed lovely fine alright confirm confirmed brilliant excellent mhm aye
    cool super wonderful fantastic uh mm please ahead works do love suits would one got that looks spot
    """
)
"""One word of every way to agree."""

relaxed = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
ITEMS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["message", "function_call", "function_call_output", "mcp_call"]) | JSON,
        "role": st.sampled_from(["user", "assistant", "system", "tool"]) | JSON,
        "content": st.lists(
            st.fixed_dictionaries({"type": st.just("input_text"), "text": ANYTHING}), max_size=2
        )
        | JSON,
        "name": st.sampled_from([tool["name"] for tool in TOOLS]) | JSON,
        "call_id": st.sampled_from(["a", "b"]) | JSON,
        "arguments": JSON.map(json.dumps) | JSON,
        "output": JSON.map(json.dumps) | JSON,
    },
)
SCHEMAS = st.one_of(
    st.just(TOOLS),
    st.just(WEATHER),
    st.just([]),
    st.lists(st.dictionaries(st.text(max_size=10), JSON), max_size=2),
)


@relaxed
@given(items=st.lists(ITEMS, max_size=6), tools=SCHEMAS, instructions=st.text(max_size=40), choice=JSON)
def test_any_conversation_gets_a_reply(
    items: list[Any], tools: list[Any], instructions: str, choice: Any
) -> None:
    """Whatever stands in items, tools and instructions, there is an output and no exception."""
    outputs = PolicyMind().reply(instructions, tools, items, choice)
    assert outputs
    assert all(output.text.strip() if isinstance(output, Say) else output.name for output in outputs)


@relaxed
@given(st.lists(ANYTHING, min_size=1, max_size=8))
def test_the_same_conversation_gets_the_same_reply(sentences: list[str]) -> None:
    """A mind that has just spoken with others answers as a fresh one does, twice, and changes no item."""
    items = [assistant(GREETING), *(user(text) for text in sentences)]
    before = json.dumps(items)
    mind = PolicyMind()
    first = mind.reply(INSTRUCTIONS, TOOLS, items)
    mind.reply(INSTRUCTIONS, WEATHER, items[:1])
    assert mind.reply(INSTRUCTIONS, TOOLS, items) == first == think(items)
    assert json.dumps(items) == before


@relaxed
@given(st.lists(ANYTHING, min_size=1, max_size=14))
def test_nothing_is_committed_without_a_yes_to_its_read_back(sentences: list[str]) -> None:
    """A booking follows a read-back of its values that was answered with agreement."""
    talk = Watched()
    for sentence in ["book a table at casa verde", *sentences]:
        talk.says(sentence)


class Watched(Talk):
    """A talk that looks at what was said before each booking."""

    def take(self, output: Output) -> None:
        if isinstance(output, CallFunction) and output.name == "book_table":
            texts = [part.get("transcript", "") for item in self.items for part in item.get("content", ())]
            roles = [item.get("role") for item in self.items]
            assert roles[-1] == "user"
            assert roles[-2] == "assistant"
            read_back, agreement = texts[-2], plain(texts[-1])
            arguments = output.arguments
            assert arguments["restaurant"] in read_back
            assert arguments["name"] in read_back
            assert read_back.endswith("Is that right?")
            assert AGREEMENTS & set(re.findall(r"[a-z]+", agreement)), agreement
            assert len(output.arguments) == 5
        super().take(output)


@relaxed
@given(st.lists(SENTENCES, min_size=1, max_size=12))
def test_what_failed_is_not_called_again_with_the_same_arguments(sentences: list[str]) -> None:
    """However a caller insists, no call that failed is made twice."""

    def run(name: str, arguments: dict[str, Any]) -> object:
        if name == "end_call":
            return answer(name, arguments)
        return {"error": "closed", "message": "It is closed then. Ask the caller for another day or time."}

    talk = Talk(run=run)
    for sentence in sentences:
        talk.says(sentence)
    keys = [
        json.dumps([call.name, call.arguments], sort_keys=True)
        for call in talk.calls
        if call.name != "end_call"
    ]
    assert len(keys) == len(set(keys))


@relaxed
@given(st.lists(SENTENCES, min_size=1, max_size=12))
def test_each_sentence_leads_to_at_most_one_call(sentences: list[str]) -> None:
    """No chain of calls runs on without the caller."""
    talk = Talk()
    for sentence in sentences:
        before = len(talk.calls)
        talk.says(sentence)
        assert len(talk.calls) - before <= 1


def test_think_is_reply() -> None:
    """The awaitable form gives the same outputs."""
    items = [user("hello")]
    assert asyncio.run(PolicyMind().think(INSTRUCTIONS, TOOLS, items)) == think(items)
