"""The reply to each thing a caller can want."""

from __future__ import annotations

from typing import Any

from local.voice_live.mind.acts import Act, read_acts
from local.voice_live.mind.advice import to_caller
from local.voice_live.mind.again import narrowest_question, said_again
from local.voice_live.mind.asked import last_question
from local.voice_live.mind.chat import chat, introduce_self
from local.voice_live.mind.errand_replies import next_for
from local.voice_live.mind.hand_over import hand_over
from local.voice_live.mind.heard import Heard, Want
from local.voice_live.mind.memory_replies import may_keep, next_for_memory, say_memory, worth_asking
from local.voice_live.mind.order_replies import after_review, next_for_order, say_added
from local.voice_live.mind.outputs import CallFunction, Output, Say
from local.voice_live.mind.preparing import Preparing
from local.voice_live.mind.refer import most_wanted
from local.voice_live.mind.results import Result, Thing, in_short, say_result
from local.voice_live.mind.roles import ON_EXISTING, Role
from local.voice_live.mind.schema import Kind, Parameter, Tool
from local.voice_live.mind.slots import missing
from local.voice_live.mind.spoken import join_words
from local.voice_live.mind.talk import spoken_values
from local.voice_live.mind.wording import (
    ANYTHING_ELSE,
    LOST,
    NOT_DONE,
    ONE_MOMENT,
    STILL_THERE,
    TAKE_YOUR_TIME,
    WHAT_ELSE,
    WHAT_TO_CHANGE,
    YOU_ARE_WELCOME,
    abilities,
    action,
    farewell,
    offer,
    question,
)
from local.voice_live.mind.words import tokenise


class Replies(Preparing):
    """Chooses the reply for one state of a talk."""

    def outputs(self) -> list[Output]:
        """What comes next; never empty."""
        talk = self._talk
        if talk.directive:
            return [Say(self._directed(talk.directive))]
        unclear = talk.heard is None or talk.heard.want in (Want.REPEAT, Want.LOST)
        if talk.hint and unclear and not talk.results:
            return [Say(self._hinted(talk.hint))]
        if talk.heard is not None:
            return self._to(talk.heard)
        if talk.results:
            if (goes_on := self._errand_goes_on() or self._order_goes_on()) is not None:
                return [goes_on]
            if self._leaves_after_this():
                return [Say(f"{say_result(talk.results[-1][1])} {farewell()}"), *self._goodbye()[1:]]
            return [Say(self._about_results())]
        if talk.running:
            return [Say(ONE_MOMENT)]
        if not talk.said:
            return [Say(self._greeting())]
        return [Say(last_question(talk.last_said) or STILL_THERE)]

    def forced_call(self, name: str) -> CallFunction | None:
        """A call that the client insists on, with what is known; `name` empty means any tool."""
        talk = self._talk
        heard = talk.heard
        chosen = self._schema.tool(name) if name else (heard.tool if heard else None)
        if chosen is None and not name:
            chosen = next(iter(t for t in self._schema.tools if t.role is not Role.END), None)
        if chosen is None:
            return None
        known: dict[str, Any] = dict(talk.memory)
        if talk.goal is not None and talk.goal.tool is chosen:
            known |= talk.goal.given
        if heard is not None:
            known |= heard.values
        return CallFunction(
            chosen.name, {p.name: known[p.name] for p in chosen.parameters if p.name in known}
        )

    # --- openings ---

    def _greeting(self) -> str:
        can = abilities(self._schema)
        return f"Hello! I can {can}. What would you like?" if can else "Hello! How can I help you?"

    def _directed(self, directive: str) -> str:
        if directive == "greet":
            return self._greeting()
        if directive.startswith("tell:"):
            text = to_caller(directive.removeprefix("tell:"))
            return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
        return directive

    def _hinted(self, hint: str) -> str:
        """After a misunderstanding that the client has noticed."""
        if hint == "narrow":
            return narrowest_question(self._talk) or self._yes_or_no()
        return said_again(self._talk)

    # --- what the caller wants ---

    def _to(self, heard: Heard) -> list[Output]:
        match heard.want:
            case Want.CONFIRM if self._talk.goal is not None:
                return [self._unless_it_failed(self._talk.goal.call)]
            case Want.REQUEST if heard.tool is not None:
                return self._request(heard.tool, heard)
            case Want.PREPARE | Want.ANSWER if self._talk.goal is not None:
                return self._go_on(self._talk.goal, heard)
            case Want.ERRAND if self._talk.errand is not None:
                return [next_for(self._talk, self._talk.errand)]
            case Want.ORDER if self._talk.cart is not None:
                return [next_for_order(self._talk, self._talk.cart)]
            case Want.PERSON if heard.tool is not None:
                return [self._unless_it_failed(hand_over(self._talk, heard.tool, heard))]
            case Want.RECORD if heard.tool is not None:
                return [self._unless_it_failed(CallFunction(heard.tool.name, dict(heard.values)))]
            case Want.KEEP | Want.FORGET if heard.tool is not None:
                following = next_for_memory(heard.tool, heard)
                return [
                    self._unless_it_failed(following) if isinstance(following, CallFunction) else following
                ]
            case Want.LEAVE if worth_asking(self._talk, heard):
                return [Say(worth_asking(self._talk, heard))]
            case Want.LEAVE:
                return self._goodbye()
            case _:
                return [Say(self._answer(heard))]

    def _answer(self, heard: Heard) -> str:
        talk = self._talk
        match heard.want:
            case Want.REFUSE:
                return f"Sorry. {WHAT_TO_CHANGE}"
            case Want.CANCEL:
                return f"{NOT_DONE if talk.left_open else 'All right.'} {WHAT_ELSE}"
            case Want.SELECT:
                return self._selected(heard)
            case Want.COMPARE:
                return self._comparison(heard.text)
            case Want.REPEAT:
                return said_again(talk)
            case Want.WAIT:
                return TAKE_YOUR_TIME
            case Want.GREET:
                return f"Hello again! {WHAT_ELSE}" if len(talk.caller_turns) > 2 else self._hello()
            case Want.THANK:
                return f"{YOU_ARE_WELCOME} {ANYTHING_ELSE}"
            case Want.INTRODUCE:
                name = next(iter(heard.values.values()), "")
                return f"Hi {name}, nice to meet you! {self._resume() or 'How can I help you today?'}"
            case Want.DECLINE:
                return f"All right. {ANYTHING_ELSE}"
            case Want.KNOWN:
                return say_memory(talk, heard)
            case Want.NO_USUAL:
                return f"{say_memory(talk, heard)} {self._resume() or 'What would you like?'}"
            case Want.GO_ON:
                return self._where_we_were()
            case Want.ASK_MORE:
                return self._resume() or WHAT_ELSE
            case Want.HERE:
                return self._resume() or last_question(talk.last_said) or WHAT_ELSE
            case Want.HELP:
                return self._help()
            case Want.CHAT:
                said = chat(heard.text, self._instructions, talk.caller_turns[:-1])
                return f"{said} {self._resume()}".strip()
            case Want.OFF_TOPIC:
                return self._off_topic()
            case _:
                return self._lost()

    def _hello(self) -> str:
        talk = self._talk
        if not talk.said:
            return self._greeting()
        return f"Hello! {last_question(talk.last_said) or 'What can I do for you?'}"

    def _help(self) -> str:
        asking = self._resume() or "What would you like?"
        return f"{introduce_self(self._instructions)} I can {abilities(self._schema)}. {asking}".strip()

    def _off_topic(self) -> str:
        can = abilities(self._schema)
        asking = self._resume() or "What would you like?"
        return f"I am afraid I cannot help with that, but I can {can}. {asking}"

    def _lost(self) -> str:
        """Not understood: say it differently each time in a row and make the question narrower."""
        talk = self._talk
        times = min(talk.lost, len(LOST) - 1)
        if talk.goal is not None and talk.goal.tool.role is Role.COMMIT and not talk.goal.missing:
            return f"{LOST[times]} {self._resume()}"
        if talk.goal is None and (open_question := self._resume()):
            return f"{LOST[times]} {open_question}"
        asked = talk.expected
        if asked is not None:
            return f"{LOST[times]} {question(asked, self._schema, again=times)}"
        can = abilities(self._schema)
        narrower = ("Could you say it again?", f"I can {can}. Which would you like?", self._yes_or_no())
        return f"{LOST[times]} {narrower[times]}"

    def _yes_or_no(self) -> str:
        first = next((tool for tool in self._schema.tools if tool.role is not Role.END), None)
        if first is None:
            return "Could you say it in other words?"
        return f"Shall I {action(first)}? Please say yes or no."

    def _goodbye(self) -> list[Output]:
        talk = self._talk
        outputs: list[Output] = [Say(farewell(unfinished=talk.left_open))]
        tool = self._schema.with_role(Role.END)
        if tool is not None and not talk.ended:
            given = {p.name: _reason(p) for p in tool.required}
            outputs.append(CallFunction(tool.name, given))
        return outputs

    def _where_we_were(self) -> str:
        goal = self._talk.goal
        told = ", ".join(spoken_values(goal.tool, goal.given)) if goal is not None else ""
        return (
            f"We had {told}. {self._resume()}"
            if told and goal is not None and goal.missing
            else (self._resume() or WHAT_ELSE)
        )

    # --- things told before ---

    def _selected(self, heard: Heard) -> str:
        if heard.rivals:
            return f"Do you mean {join_words(heard.rivals, 'or')}?"
        talk = self._talk
        if talk.goal is not None:
            return self._resume()
        commit = self._schema.with_role(Role.COMMIT)
        follow = offer(commit, self._schema) if commit else "What would you like to know?"
        return f"{talk.focus}. {follow}"

    def _comparison(self, text: str) -> str:
        things = self._talk.things
        best = most_wanted(text, things)
        if best is not None:
            return f"That is {best.name}. {self._offer_for(best)}".strip()
        return " ".join([*(in_short(thing) for thing in things[:3]), "Which one would you like?"])

    def _offer_for(self, thing: Thing) -> str:
        commit = self._schema.with_role(Role.COMMIT)
        return f"Shall I {action(commit)} at {thing.name}?" if commit else "Would you like to hear more?"

    # --- lookups ---

    def _request(self, tool: Tool, heard: Heard) -> list[Output]:
        talk = self._talk
        values = dict(heard.values)
        anything = heard.anything or bool(talk.search)
        if heard.rivals:
            return [Say(f"Do you mean {join_words(heard.rivals, 'or')}?")]
        lacking = missing(tool, values)
        if lacking:
            return [Say(question(lacking[0], self._schema, self._times_asked(lacking[0])))]
        if tool.role is Role.SEARCH and not values and not anything and tool.parameters:
            first = tool.parameters[0]
            if not self._times_asked(first):
                return [Say(question(first, self._schema))]
        return [self._unless_it_failed(CallFunction(tool.name, values))]

    # --- results ---

    def _about_results(self) -> str:
        talk = self._talk
        if talk.ended:
            return farewell()
        tool = self._schema.tool(talk.results[-1][0].name)
        if tool is not None and tool.role is Role.HAND_OVER and not talk.results[-1][1].failed:
            return ONE_MOMENT  # the caller is on the way to a person
        back = tool is not None and tool.role is Role.HAND_OVER
        if talk.cart is not None and tool is not None and not talk.results[-1][1].failed:
            if tool.role is Role.REVIEW:
                return after_review(talk, talk.cart, talk.results[-1][1])
            if tool.role in (Role.BEGIN, Role.ADD):
                following = next_for_order(talk, talk.cart)
                added = [result for _, result in talk.results if not result.failed]
                return f"{say_added(added)} {following.text if isinstance(following, Say) else ''}".strip()
        said = [
            self._failure(result, handed_over=back) if result.failed else say_result(result)
            for _, result in talk.results
        ]
        text = " ".join(said)
        last_call, last = talk.results[-1]
        if last.failed or text.endswith("?"):
            return text
        return f"{text} {self._follow_up(last_call, last)}".strip()

    def _leaves_after_this(self) -> bool:
        """ "No thank you, that's all" to "Shall I remember that?": nothing more is wanted either."""
        talk = self._talk
        tool = self._schema.tool(talk.results[-1][0].name)
        if tool is None or tool.role is not Role.KEEP or talk.results[-1][1].failed or not talk.caller_turns:
            return False
        last = talk.caller_turns[-1]
        return bool(read_acts(tokenise(last), last) & {Act.DONE, Act.GOODBYE}) and self._resume() == ""

    def _errand_goes_on(self) -> Output | None:
        """After a look-up for something that is wanted with what it found: that comes next."""
        talk = self._talk
        call, result = talk.results[-1]
        tool = self._schema.tool(call.name)
        if talk.errand is None or tool is None or tool.role is not Role.RECALL or result.failed:
            return None
        return next_for(talk, talk.errand)

    def _order_goes_on(self) -> Output | None:
        """After a step of an order: the next call without a word, where one is due."""
        talk = self._talk
        tool = self._schema.tool(talk.results[-1][0].name)
        if talk.cart is None or tool is None or tool.role not in (Role.BEGIN, Role.ADD, Role.PLACE):
            return None
        if talk.results[-1][1].failed:
            again = tool.role is Role.PLACE and "read" in talk.results[-1][1].code
            review = self._schema.with_role(Role.REVIEW)
            return CallFunction(review.name) if again and review is not None else None
        following = next_for_order(talk, talk.cart)
        return following if isinstance(following, CallFunction) else None

    def _follow_up(self, call: CallFunction, result: Result) -> str:
        """The next helpful question after a result."""
        talk = self._talk
        tool = self._schema.tool(call.name)
        if tool is None:
            return ""
        if tool.role in {Role.COMMIT, Role.PLACE} and (asking := may_keep(talk)):
            return asking
        if tool.role is Role.RECORD:
            return self._resume() or WHAT_ELSE
        if tool.role in {Role.COMMIT, Role.PLACE, Role.KEEP, Role.FORGET, *ON_EXISTING}:
            return self._resume() or ANYTHING_ELSE
        if (more := self._resume()) or talk.goal is not None:
            return more
        commit = self._schema.with_role(Role.COMMIT)
        if commit is None:
            return ""
        if tool.role is Role.SEARCH and len(result.things) > 1:
            return "Which one would you like?"
        if tool.role is Role.SEARCH and not result.things:
            return WHAT_ELSE
        proposal = offer(commit, self._schema)
        lately = any(proposal in text for text in talk.said[-3:])
        return ANYTHING_ELSE if lately or not talk.focus else proposal


def _reason(parameter: Parameter) -> str | bool:
    """A reason for hanging up, where a tool insists on one."""
    if parameter.kind is Kind.FLAG:
        return True
    return parameter.options[0] if parameter.options else "The caller is done."
