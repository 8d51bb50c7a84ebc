"""Spoken clock times.

A bare hour is one at which people dine: "at eight" is 20:00 unless morning is meant.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta

from local.voice_live.mind.spans import Found, at, has_any, texts
from local.voice_live.mind.words import CARDINALS, HOMOPHONES, Token, word_set

_MORNING = ("morning", "breakfast", "brunch")
_EVENING = ("evening", "tonight", "night", "dinner", "supper")
_PREPOSITIONS = word_set("at around about by near from until till say like between")
_ONLY_NUMBERS = word_set("ate sicks fife adate nein tin")
"""Homophones that are hardly anything else after "about" and the like."""
_COUNTED = word_set(
    """
    people persons person guests adults of friends pax kids children seats ladies days day weeks week
    minutes hours euros stars others places
    """
)
_BEFORE_AN_IDLE_NOW = word_set("us it that this right fine good correct perfect better done")
_AGREES_WITH = word_set("thats is its all")
"""Words before a "right" that agrees: "that's right now"."""
_QUARTERS = {
    "past": 15,
    "passed": 15,
    "after": 15,
    "to": -15,
    "two": -15,
    "too": -15,
    "before": -15,
    "til": -15,
    "till": -15,
    "2": -15,
}

_MINUTE_HOMOPHONES = {"party": 30, "dirty": 30, "thirsty": 30}
"""Words a recogniser writes for minutes: "seven party". Only believed in the answer to "What time?"."""


def find_times(
    tokens: Sequence[Token],
    now: datetime,
    used: frozenset[int] = frozenset(),
    *,
    loose: bool = False,
    for_hours: bool = False,
) -> list[Found[time]]:
    """Every clock time in a sentence, in order, skipping the positions in `used`.

    With `loose` a bare number counts too: it is the answer to "What time would you like?". With `for_hours`
    so does "for seven": the people have been counted already.
    """
    reader = _Reader(tokens, now, used, loose, for_hours)
    found: list[Found[time]] = []
    index = 0
    while index < len(tokens):
        one = reader.read(index) if index not in used else None
        if one is None:
            index += 1
        else:
            found.append(one)
            index = one.end
    # "six tonight at seven": a bare hour beside a day gives way to one that is said as a time.
    return [one for one in found if one.start not in reader.doubtful] or found


class _Reader:
    def __init__(
        self, tokens: Sequence[Token], now: datetime, used: frozenset[int], loose: bool, for_hours: bool
    ) -> None:
        self._tokens = tokens
        self._words = texts(tokens)
        self._without_greeting = _without_greeting(self._words)
        self._now = now
        self._used = used
        self._loose = loose
        self._for_hours = for_hours
        self.doubtful: set[int] = set()
        """Where hours stand that are only taken for such because a day is beside them."""

    def read(self, i: int) -> Found[time] | None:
        return self._named(i) or self._from_now(i) or self._past_or_to(i) or self._digital(i) or self._hour(i)

    def _named(self, i: int) -> Found[time] | None:
        """ "noon", "midnight", and "now" where it is a time and no filler."""
        word = self._words[i]
        if word in ("noon", "midday"):
            return Found(time(12), i, i + 1)
        if word == "midnight":
            return Found(time(0), i, i + 1)
        if (self._words[i : i + 3] == ["at", "the", "moment"] or word == "currently") and {
            "open",
            "opened",
        } & set(self._words[:i]):
            return Found(self._clock_now, i, i + (1 if word == "currently" else 3))
        if word == "now" and (
            (at(self._words, i - 1) in ("right", "open") and at(self._words, i - 2) not in _AGREES_WITH)
            or (0 < i == len(self._words) - 1 and self._not_counted(i - 1))
        ):
            return Found(self._clock_now, i, i + 1)
        return None

    @property
    def _clock_now(self) -> time:
        return self._now.time().replace(second=0, microsecond=0)

    def _not_counted(self, i: int) -> bool:
        """False after people, and after what is agreed to: "we'll be six now", "that's it now"."""
        return self._tokens[i].number is None and self._words[i] not in _COUNTED | _BEFORE_AN_IDLE_NOW

    def _from_now(self, i: int) -> Found[time] | None:
        """ "in an hour", "in half an hour", "in two hours", "in twenty minutes"."""
        if self._words[i] != "in":
            return None
        rest = self._words[i + 1 : i + 4]
        minutes, length = None, 0
        if rest == ["half", "an", "hour"]:
            minutes, length = 30, 4
        elif rest[:2] in (["an", "hour"], ["one", "hour"]):
            minutes, length = 60, 3
        elif (
            i + 1 < len(self._tokens) and (count := self._tokens[i + 1].cardinal) is not None and count <= 90
        ):
            unit = {"hours": 60, "minutes": 1}.get(at(self._words, i + 2))
            minutes, length = (count * unit, 3) if unit else (None, 0)
        if minutes is None:
            return None
        then = self._now + timedelta(minutes=minutes)
        return Found(then.time().replace(second=0, microsecond=0), i, i + length)

    def _past_or_to(self, i: int) -> Found[time] | None:
        """ "half past seven", "half seven", "quarter to eight", "twenty past six", "ten minutes to nine"."""
        word, following = self._words[i], at(self._words, i + 1)
        j = i + 1
        heard_as_half = word in ("have", "halve", "harp") and following in ("past", "passed", "pass")
        if heard_as_half or (word == "half" and following not in ("an", "hour")):
            minutes, j = 30, i + (2 if following in ("past", "passed", "after", "pass") else 1)
        elif word == "quarter" and following in _QUARTERS:
            minutes, j = _QUARTERS[following], i + 2
        elif (count := self._tokens[i].cardinal) is not None and count % 5 == 0 and 5 <= count <= 25:
            j = i + (2 if following == "minutes" else 1)
            sign = {"past": 1, "after": 1, "to": -1, "before": -1}.get(at(self._words, j))
            if sign is None:
                return None
            minutes, j = sign * count, j + 1
        else:
            return None
        hour = self._number(j, homophones=True)
        if hour is None or not 1 <= hour <= 23:
            return None
        end = j + 1
        total = self._day_hour(hour, end) * 60 + minutes
        return Found(_clock(total), i, self._past_suffix(end))

    def _digital(self, i: int) -> Found[time] | None:
        """ "7:30", "7.30 pm", "7 30", "seven thirty", "eight oh five", "730", "1930"."""
        token = self._tokens[i]
        if match := re.fullmatch(r"(\d{1,2})[:.](\d{2})", token.text):
            hour, minute, end = int(match[1]), int(match[2]), i + 1
            if hour > 23 or minute > 59:
                return None
            written_24h = len(match[1]) == 2 and match[1][0] == "0"
            return self._at(hour, minute, i, end, exact=written_24h or hour == 0)
        compact = token.cardinal
        if compact is not None and token.text.isdigit() and len(token.text) in (3, 4):
            hour, minute = divmod(compact, 100)
            usual = 6 <= hour <= 23 and minute % 5 == 0 and at(self._words, i + 1) not in _COUNTED
            if (
                hour <= 23
                and minute <= 59
                and (self._loose or usual or at(self._words, i + 1) in ("am", "pm"))
            ):
                return self._at(hour, minute, i, i + 1, exact=token.text[0] == "0")
            return None
        sounds_like_one = self._loose or at(self._words, i - 1) == "at" or self._words[i] == "ate"
        hour_number = self._number(i, homophones=sounds_like_one)
        if hour_number is None or not 1 <= hour_number <= 23 or token.ordinal:
            return None
        minute_number, end = self._minutes(i + 1)
        if minute_number is None or at(self._words, end) in _COUNTED:
            return None
        return self._at(hour_number, minute_number, i, end)

    def _minutes(self, j: int) -> tuple[int | None, int]:
        """Minutes after the hour, 10 to 59 or "oh five", with the position that follows them."""
        if j in self._used or j >= len(self._tokens) or (j and self._tokens[j - 1].mark):
            return None, j
        if (
            self._words[j] in ("oh", "o", "zero")
            and (digit := self._number(j + 1)) is not None
            and digit <= 9
        ):
            return digit, j + 2
        value = self._tokens[j].cardinal
        if value is None and self._loose:
            value = _MINUTE_HOMOPHONES.get(self._words[j])
        return (value, j + 1) if value is not None and 10 <= value <= 59 else (None, j)

    def _hour(self, i: int) -> Found[time] | None:
        """ "at eight", "8 pm", "eight o'clock", "eight in the evening", "eight-ish", or bare when loose."""
        before, following = at(self._words, i - 1), at(self._words, i + 1)
        word = self._words[i]
        sounds_like_one = before == "at" or self._alone(i) or following in ("oclock", "am", "pm")
        sounds_like_one |= word in _ONLY_NUMBERS and before in _PREPOSITIONS
        heard_as_it = before == "it" and word in ("ate", "adate") and self._day_follows(i)
        sounds_like_one |= heard_as_it or (word == "ate" and self._part_of_day(i + 1))
        ish = word.endswith("ish") and len(word) > 5
        hour = CARDINALS.get(word.removesuffix("ish")) if ish else self._number(i, homophones=sounds_like_one)
        if hour is None or self._tokens[i].ordinal or not 0 <= hour <= 23 or following in _COUNTED:
            return None
        counted = before in ("for", "of") and not self._loose  # "for two tonight" counts people
        clock_word = following in ("am", "pm", "oclock", "ish", "sharp") or (
            self._part_of_day(i + 1) and not counted
        )
        misheard_at = before in ("a", "that") and i - 2 in self._used  # "tonight a ten"
        introduced = (
            before in _PREPOSITIONS
            or misheard_at
            or (before == "for" and self._for_hours)
            or (before in ("to", "for", "its", "it") and self._loose)
        )
        if before in ("after", "before") and (self._loose or at(self._words, i - 2) not in ("the", "day")):
            introduced = True
        said = clock_word or introduced or heard_as_it or ish
        if not said and self._beside_day(i):
            self.doubtful.add(i)
        elif not said and not (self._loose and self._stands_free(i)):
            return None
        if hour == 0 and not clock_word:
            return None
        return self._at(hour, 0, i, i + 1)

    def _alone(self, i: int) -> bool:
        """The whole answer is this word, so that a homophone can only be a number."""
        return self._loose and i == 0 and (len(self._tokens) == 1 or at(self._words, 1) == "please")

    def _beside_day(self, i: int) -> bool:
        """ "tonight eight" and "seven on Friday": an hour at which people dine, beside a day."""
        if self._tokens[i].number not in range(5, 12) or self._tokens[i].mark in (".", "?"):
            return False
        counted = at(self._words, i - 1) in ("for", "of", "table", "book", "us", "make")
        return i - 1 in self._used or (self._day_follows(i) and not counted)

    def _day_follows(self, i: int) -> bool:
        day = i + 2 if at(self._words, i + 1) == "on" else i + 1
        return day in self._used or at(self._words, day) in ("tonight", "tomorrow")

    def _stands_free(self, i: int) -> bool:
        """A number that counts nothing: "eight, please" but not "a table for eight people"."""
        return (
            at(self._words, i - 1) not in ("table", "party", "number", "the")
            or at(self._words, i - 2) == "make"
        )

    def _at(self, hour: int, minute: int, start: int, end: int, *, exact: bool = False) -> Found[time]:
        full = hour if exact else self._day_hour(hour, end)
        return Found(_clock(full * 60 + minute), start, self._past_suffix(end))

    def _number(self, i: int, *, homophones: bool = False) -> int | None:
        if not 0 <= i < len(self._tokens) or i in self._used:
            return None
        value = self._tokens[i].cardinal
        return HOMOPHONES.get(self._words[i]) if value is None and homophones else value

    def _part_of_day(self, i: int) -> bool:
        words = self._words[i : i + 3]
        return (words[:2] == ["in", "the"] and at(words, 2) in ("morning", "evening", "afternoon")) or (
            words[:2] in (["this", "evening"], ["at", "night"])
        )

    def _day_hour(self, hour: int, end: int) -> int:
        """The hour of the day that a caller means by `hour`, from am and pm or from what is being planned."""
        following = at(self._words, end)
        if hour > 12:
            return hour
        if following in ("am", "pm"):
            return hour % 12 + (12 if following == "pm" else 0)
        if has_any(self._without_greeting, _MORNING):
            return hour
        if hour <= 5 and has_any(self._words, ("at night",)):
            return hour
        if hour == 12:
            return 0 if has_any(self._words, ("night", "at night")) else 12
        if hour == 11 and not has_any(self._without_greeting, _EVENING):
            return 11  # nobody sits down at 23:00 without saying so
        return hour + 12

    def _past_suffix(self, end: int) -> int:
        return end + 1 if at(self._words, end) in ("am", "pm", "oclock", "ish", "sharp") else end


def tells_morning(words: Sequence[str]) -> bool:
    """Whether a sentence speaks of the morning, as in "tomorrow morning", and greets nobody with it."""
    return has_any(_without_greeting(words), _MORNING)


def tells_evening(words: Sequence[str]) -> bool:
    """Whether it speaks of the evening, or of hours after noon."""
    return has_any(_without_greeting(words), (*_EVENING, "pm", "afternoon"))


def _without_greeting(words: Sequence[str]) -> list[str]:
    """ "Good morning, a table at seven" is no table in the morning."""
    greets = {
        place
        for i, word in enumerate(words)
        if word == "good" and at(words, i + 1) in _MORNING + _EVENING
        for place in (i, i + 1)
    }
    return [word for i, word in enumerate(words) if i not in greets]


def _clock(minutes: int) -> time:
    hour, minute = divmod(minutes % (24 * 60), 60)
    return time(hour, minute)
