"""The queue of callers who wait for a place: rules, with callbacks that come late, twice or never, and
processes that die between two steps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
from hypothesis import given, settings

from shared.telephony import DEADLINE
from shared.waiting_queue import (
    ANSWERED_WITHIN,
    DONE_WITHIN,
    FORGOTTEN_AFTER,
    MOST_FAILURES,
    SPOKEN_WITHIN,
    TAKEN_WITHIN,
    Act,
    News,
    Rules,
    Stage,
    Step,
    Waiting,
    ahead_of,
    context_of,
    heard,
    in_line,
    is_context,
    put_back,
    steps,
)

NOW = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)
RULES = Rules(longest=timedelta(seconds=180), every=timedelta(seconds=20), person=False)
PERSON = replace(RULES, person=True)


def rings(number: int = 0) -> Waiting:
    since = NOW + timedelta(seconds=number)
    return Waiting(number, f"call-{number}", since, "en", "secret", since + ANSWERED_WITHIN, connection="c")


def waits(number: int = 0) -> Waiting:
    one = rings(number)
    return heard(one, News.CONNECTED, one.since)


def acts(*rows: Waiting, places: int = 0, at: datetime = NOW, rules: Rules = RULES) -> list[tuple[str, Act]]:
    return [(step.before.call_id, step.act) for step in steps(rows, places, at, rules)]


def only(row: Waiting, *, places: int = 0, at: datetime = NOW, rules: Rules = RULES) -> Step:
    [step] = steps([row], places, at, rules)
    return step


class TestTheLine:
    def test_who_is_up_hears_at_once_where_they_stand(self) -> None:
        assert acts(rings()) == []
        assert acts(waits(1), waits(0), at=NOW + timedelta(seconds=1)) == [
            ("call-0", Act.ANNOUNCE),
            ("call-1", Act.ANNOUNCE),
        ]
        assert [step.place for step in steps([waits(1), waits(0)], 0, NOW + timedelta(seconds=1), RULES)] == [
            1,
            2,
        ]

    def test_a_free_place_is_the_first_ones(self) -> None:
        assert acts(waits(1), waits(0), places=1)[0] == ("call-0", Act.CALL)

    def test_also_when_the_first_is_not_up_yet(self) -> None:
        assert acts(rings(0), waits(1), places=1) == []

    def test_they_hear_it_again_when_it_is_over(self) -> None:
        first = only(waits()).after
        over = NOW + timedelta(seconds=25)
        assert acts(first, at=over) == []
        again = heard(first, News.PLAYED, over, context=context_of(first))
        assert acts(again, at=over) == [("call-0", Act.ANNOUNCE)]

    def test_news_of_an_earlier_announcement_means_nothing(self) -> None:
        first = only(waits()).after
        second = only(heard(first, News.PLAYED, NOW, context=context_of(first))).after
        for news in (News.PLAYED, News.NOT_PLAYED):
            assert heard(second, news, NOW, context=context_of(first)) == second
        assert heard(second, News.CONNECTED, NOW) == second

    def test_without_a_callback_they_hear_it_again_a_little_later(self) -> None:
        first = only(waits()).after
        assert acts(first, at=NOW + RULES.every + SPOKEN_WITHIN) == [("call-0", Act.ANNOUNCE)]

    def test_a_call_of_which_nobody_heard_that_it_is_up_is_spoken_to_all_the_same(self) -> None:
        assert acts(rings(), at=NOW + ANSWERED_WITHIN) == [("call-0", Act.ANNOUNCE)]

    def test_one_that_was_never_answered_goes(self) -> None:
        assert acts(replace(rings(), connection=""), at=NOW + ANSWERED_WITHIN) == [("call-0", Act.FORGET)]


class TestTooLong:
    late = NOW + RULES.longest

    def test_a_goodbye_then_the_end(self) -> None:
        goodbye = only(waits(), at=self.late)
        assert goodbye.act is Act.GOODBYE
        assert acts(goodbye.after, at=self.late) == []
        over = heard(goodbye.after, News.PLAYED, self.late, context=context_of(goodbye.after))
        assert acts(over, at=self.late) == [("call-0", Act.HANG_UP)]
        assert acts(goodbye.after, at=self.late + SPOKEN_WITHIN) == [("call-0", Act.HANG_UP)]

    def test_a_place_that_is_free_goes_first(self) -> None:
        assert only(waits(), places=1, at=self.late).act is Act.CALL

    def test_or_a_person_and_a_goodbye_when_nobody_is_there(self) -> None:
        words = only(waits(), at=self.late, rules=PERSON)
        assert words.act is Act.HAND_OVER
        spoken = heard(words.after, News.PLAYED, self.late, context=context_of(words.after))
        ringing = only(spoken, at=self.late, rules=PERSON)
        assert ringing.act is Act.RING
        assert acts(ringing.after, at=self.late, rules=PERSON) == []
        alone = heard(ringing.after, News.NOBODY_THERE, self.late)
        assert only(alone, at=self.late, rules=PERSON).act is Act.GOODBYE
        assert only(ringing.after, at=self.late + TAKEN_WITHIN, rules=PERSON).act is Act.GOODBYE

    def test_nobody_is_left_on_a_silent_line(self) -> None:
        one = waits()
        for _ in range(MOST_FAILURES):
            one = only(one, at=one.due_at).after
            one = heard(one, News.NOT_PLAYED, one.due_at, context=context_of(one))
        assert only(one, at=one.due_at).act is Act.HANG_UP


class TestKey:
    """A key puts who waits through to a person, if that is offered."""

    offered = replace(waits(), offers_person=True)

    def test_only_where_it_is_offered(self) -> None:
        assert heard(waits(), News.PRESSED, NOW) == waits()

    def test_a_place_that_is_free_goes_first(self) -> None:
        pressed = heard(self.offered, News.PRESSED, NOW)
        assert only(pressed, places=1).act is Act.CALL
        assert only(pressed).act is Act.HAND_OVER

    def test_who_finds_nobody_there_is_in_line_again_where_they_were(self) -> None:
        words = only(heard(self.offered, News.PRESSED, NOW)).after
        ringing = only(heard(words, News.PLAYED, NOW, context=context_of(words))).after
        assert ringing.stage is Stage.RINGING
        alone = heard(ringing, News.NOBODY_THERE, NOW)
        back = only(alone)
        assert back.act is Act.RETURN
        assert in_line([waits(1), back.after])[0].call_id == alone.call_id
        assert only(back.after).act is Act.ANNOUNCE


class TestCalled:
    def test_who_died_over_it_is_stood_in_for(self) -> None:
        called = only(waits(), places=1).after
        assert acts(called, places=1) == []
        assert acts(called, at=NOW + DONE_WITHIN) == [("call-0", Act.CALL)]

    def test_an_act_may_take_as_long_as_its_requests_to_the_phone_network(self) -> None:
        assert timedelta(seconds=3 * DEADLINE) < DONE_WITHIN

    def test_when_the_place_is_gone_they_are_where_they_were(self) -> None:
        called = only(waits(), places=1)
        assert put_back(called, NOW) == called.before
        failed = heard(called.after, News.NOT_BEGUN, NOW)
        again = put_back(only(failed, at=failed.due_at), failed.due_at)
        assert in_line([waits(1), again])[0] == again
        assert only(again, at=failed.due_at).act is Act.ANNOUNCE

    def test_when_the_audio_cannot_be_begun_it_is_tried_again_and_then_the_call_ends(self) -> None:
        one = only(waits(), places=1).after
        for _ in range(MOST_FAILURES):
            assert only(one, at=one.due_at).act is Act.CALL
            one = heard(one, News.NOT_BEGUN, one.due_at)
        assert only(one, at=one.due_at).act is Act.GOODBYE

    def test_a_phone_that_rings_leaves_a_place_to_each_in_line(self) -> None:
        queue = [waits(0), waits(1)]
        assert ahead_of("fresh", queue, (), NOW) == 2
        assert [ahead_of(one.call_id, queue, (), NOW) for one in queue] == [0, 1]

    def test_and_to_who_was_called_until_they_have_it(self) -> None:
        called = only(waits(), places=1).after
        assert ahead_of("fresh", [called], (), NOW) == 1
        assert ahead_of("fresh", [called], ("call-0",), NOW) == 0
        assert ahead_of("call-0", [called], (), NOW) == 0

    def test_a_line_that_nobody_looks_after_keeps_nobody_out(self) -> None:
        assert ahead_of("fresh", [waits()], (), NOW + FORGOTTEN_AFTER) == 0


@given(st.sampled_from(Stage), st.integers(0, 99_999))
def test_contexts_are_known_again(stage: Stage, rounds: int) -> None:
    context = context_of(replace(waits(), stage=stage, rounds=rounds))
    assert context == "" or is_context(context)
    assert not is_context("transfer-1")


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_whatever_happens_everybody_gets_a_place_in_turn_or_an_end_in_time(data: st.DataObject) -> None:
    """Callers come, hang up, places become free, callbacks are lost, doubled and late, and a step is taken
    but now and then not done. Nobody is passed over, nobody is called twice, nobody waits for ever."""
    rules = data.draw(st.sampled_from([RULES, PERSON]))
    rows: dict[str, Waiting] = {}
    called: list[str] = []
    played: list[tuple[str, str]] = []
    now, places, number = NOW, 0, 0
    for _ in range(data.draw(st.integers(5, 40))):
        now += timedelta(seconds=data.draw(st.sampled_from([0, 0.2, 3, 15, 90])))
        match data.draw(
            st.sampled_from(["ring", "connect", "played", "nobody", "press", "leave", "free", "look", "look"])
        ):
            case "ring":
                one = replace(rings(number), since=now, due_at=now + ANSWERED_WITHIN)
                one = replace(one, offers_person=data.draw(st.booleans()))
                rows[one.call_id], number = one, number + 1
            case "free":
                places += 1
            case event if rows:
                call_id = data.draw(st.sampled_from(sorted(rows)))
                one = rows[call_id]
                if event == "connect":
                    rows[call_id] = heard(one, News.CONNECTED, now, connection="c")
                elif event == "press":
                    rows[call_id] = heard(one, News.PRESSED, now)
                elif event == "nobody":
                    rows[call_id] = heard(one, News.NOBODY_THERE, now)
                elif event == "leave":
                    del rows[call_id]
                elif event == "played" and played:
                    of, context = data.draw(st.sampled_from(played))
                    news = data.draw(st.sampled_from([News.PLAYED, News.NOT_PLAYED]))
                    if of in rows:
                        rows[of] = heard(rows[of], news, now, context=context)
                elif event == "look":
                    waiting = in_line(rows.values())
                    due = steps(rows.values(), places, now, rules)
                    calls = [step for step in due if step.act is Act.CALL and step.place]
                    first = [one for one in waiting[:places] if one.stage is Stage.WAITING]
                    assert [step.before for step in calls] == first, "passed over"
                    for step in due:
                        one, lives = step.after, data.draw(st.booleans())
                        rows[one.call_id] = one
                        assert one.due_at > now or step.act in (Act.FORGET, Act.RETURN)
                        if step.act is Act.CALL and lives and (places or not step.place):
                            assert one.call_id not in called
                            called.append(one.call_id)
                            places = max(0, places - 1)
                            del rows[one.call_id]
                        elif step.act in (Act.HANG_UP, Act.FORGET) and lives:
                            del rows[one.call_id]
                        elif context_of(one):
                            played.append((one.call_id, context_of(one)))
    # No news any more, and nobody dies: all of them come to an end by themselves.
    for _ in range(60):
        now += timedelta(seconds=90)
        for step in steps(rows.values(), 0, now, rules):
            if step.act in (Act.HANG_UP, Act.FORGET, Act.CALL):
                del rows[step.after.call_id]
            else:
                rows[step.after.call_id] = step.after
    assert not rows
