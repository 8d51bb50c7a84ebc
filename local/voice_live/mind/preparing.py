"""What is asked and read back while something is being prepared, and the way back to it."""

from __future__ import annotations

from local.voice_live.mind.advice import say_failure
from local.voice_live.mind.asked import Wanted, last_question, read_question
from local.voice_live.mind.errand_replies import next_for
from local.voice_live.mind.goal import Goal
from local.voice_live.mind.heard import Heard, Want
from local.voice_live.mind.keeping import keep_question
from local.voice_live.mind.order_replies import next_for_order
from local.voice_live.mind.outputs import CallFunction, Output, Say
from local.voice_live.mind.results import Result
from local.voice_live.mind.roles import Role
from local.voice_live.mind.schema import Parameter
from local.voice_live.mind.spoken import join_words
from local.voice_live.mind.talk import Talk, call_key, spoken_values
from local.voice_live.mind.wording import (
    MORE_FOOD,
    SHALL_I,
    WHAT_ELSE,
    WHAT_TO_CHANGE,
    offer,
    question,
    read_back,
)


class Preparing:
    """The replies about what is under way in one state of a talk."""

    def __init__(self, talk: Talk, instructions: str) -> None:
        self._talk = talk
        self._schema = talk.schema
        self._instructions = instructions

    def _unless_it_failed(self, call: CallFunction) -> Output:
        """The call, or why it cannot be: what failed once is not tried with the same arguments again."""
        failed = self._talk.failures.get(call_key(call))
        return call if failed is None else Say(self._failure(failed))

    def _times_asked(self, parameter: Parameter) -> int:
        """How many of our last sentences in a row asked for this parameter."""
        count = 0
        for text in reversed(self._talk.said[-4:]):
            asked = read_question(text, self._schema)
            if asked is None or asked.wanted is not Wanted.VALUE or asked.name != parameter.name:
                break
            count += 1
        return count

    def _go_on(self, goal: Goal, heard: Heard) -> list[Output]:
        if heard.rivals:
            return [Say(f"Do you mean {join_words(heard.rivals, 'or')}?")]
        if goal.tool.role is not Role.COMMIT:
            if goal.missing:
                return [Say(self._ask(goal))]
            return [self._unless_it_failed(goal.call)]
        if goal.missing:
            search = self._search_instead(goal, heard)
            if search is not None:
                return [search]
            return [Say(self._acknowledged(goal, heard, self._ask(goal)))]
        failed = self._talk.failures.get(call_key(goal.call))
        if failed is not None:
            return [Say(self._failure(failed))]
        return [Say(self._read_back(goal))]

    def _search_instead(self, goal: Goal, heard: Heard) -> CallFunction | None:
        """ "A table at an Italian place": which one is not known yet, so look for it first."""
        tool = self._schema.with_role(Role.SEARCH)
        if tool is None or goal.missing[0].name != self._schema.subject:
            return None
        call = CallFunction(tool.name, dict(heard.beside))
        return call if heard.beside and call_key(call) not in self._talk.failures else None

    def _ask(self, goal: Goal) -> str:
        parameter = goal.missing[0]
        names = self._talk.names
        if parameter.name == self._schema.subject and self._talk.results and names:
            if len(names) == 1:
                return offer(goal.tool, self._schema)
            return f"Which one would you like: {join_words(names[:4], 'or')}?"
        return question(parameter, self._schema, self._times_asked(parameter))

    def _acknowledged(self, goal: Goal, heard: Heard, asking: str) -> str:
        """The question, after a short sign of what was understood, which the caller can then correct."""
        told = goal.given if heard.want is Want.PREPARE else heard.values
        new = spoken_values(goal.tool, told)
        if not new:
            return asking if heard.values or heard.want is Want.ANSWER else f"Certainly. {asking}"
        said = ", ".join(new)
        return f"{said[:1].upper()}{said[1:]}. {asking}"

    def _read_back(self, goal: Goal) -> str:
        return f"{read_back(goal.tool, goal.given)} {SHALL_I}"

    def _resume(self) -> str:
        """Back to what was under way before a side question."""
        goal, errand = self._talk.goal, self._talk.errand
        if self._talk.cart is not None:
            following = next_for_order(self._talk, self._talk.cart)
            return following.text if isinstance(following, Say) else MORE_FOOD
        if goal is None:
            more = next_for(self._talk, errand) if errand is not None else None
            return more.text if isinstance(more, Say) else ""
        if goal.missing:
            return self._ask(goal)
        return self._read_back(goal) if self._talk.ready else self._ask_to_change(goal)

    def _under_way(self) -> str:
        """The open question as it is asked the first time: the caller only went aside."""
        goal = self._talk.goal
        missing_one = goal.missing[0] if goal is not None and goal.missing else None
        return question(missing_one, self._schema) if missing_one is not None else self._resume()

    def _ask_to_change(self, goal: Goal) -> str:
        """The question after a failure that nothing new has mended yet."""
        return question(goal.at_fault[0], self._schema) if goal.at_fault else WHAT_TO_CHANGE

    def _failure(self, result: Result, *, handed_over: bool = False) -> str:
        """Why it failed and what is asked for, with a question of our own where the tool gives none."""
        tool = self._schema.tool(self._talk.results[-1][0].name) if self._talk.results else None
        if tool is not None and tool.role is Role.KEEP and "consent" in result.code:
            return keep_question(self._talk.results[-1][0].arguments, tool)
        text = say_failure(result.message)
        if handed_over and (asking := self._under_way()):  # nobody was reached: on with what was open
            return f"{text.removesuffix(last_question(text)).strip()} {asking}"
        if text.endswith("?"):
            return text
        goal = self._talk.goal
        if goal is None:
            return f"{text} {self._resume() or WHAT_ELSE}"
        return f"{text} {self._ask(goal) if goal.missing else self._ask_to_change(goal)}"
