"""Keys and pauses, on a virtual clock: no key is lost or told twice, and 0 reaches a person."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.keypad import AskPerson, Keypad, Pressed

Entry = Pressed | AskPerson


def _press(keypad: Keypad, keys: str, now: float = 0.0) -> list[Entry]:
    """What keys pressed in one go complete."""
    entries = [keypad.press(key, now) for key in keys]
    return [entry for entry in entries if entry is not None]


def test_keys_belong_together_until_a_pause() -> None:
    """The pause is counted from the last key."""
    keypad = Keypad(pause=1.5)
    for when, key in enumerate("1930"):
        assert keypad.press(key, float(when)) is None
    assert keypad.due() == 4.5
    assert keypad.on_timer(4.4) is None
    assert keypad.on_timer(4.5) == Pressed("1930")
    assert keypad.due() is None


def test_hash_ends_an_entry_at_once() -> None:
    """And nothing is left for the timer."""
    keypad = Keypad()
    assert _press(keypad, "12AD#") == [Pressed("12AD")]
    assert keypad.due() is None
    assert _press(keypad, "#") == []


def test_star_clears_what_was_pressed() -> None:
    """The caller mistyped: what comes after is the entry."""
    keypad = Keypad()
    assert _press(keypad, "99*") == []
    assert keypad.due() is None
    assert _press(keypad, "42#") == [Pressed("42")]


@pytest.mark.parametrize("keys", ["0", "000", "12*0"])
def test_zeros_alone_ask_for_a_person(keys: str) -> None:
    """After a pause or with `#`, pressed once or impatiently, also after a cleared entry."""
    keypad = Keypad()
    assert _press(keypad, keys + "#") == [AskPerson()]
    _press(keypad, keys)
    assert keypad.on_timer(1.5) == AskPerson()


@pytest.mark.parametrize("keys", ["20", "08", "100"])
def test_a_zero_within_a_number_asks_for_nobody(keys: str) -> None:
    """Half past eight is typed with a zero too."""
    assert _press(Keypad(), keys + "#") == [Pressed(keys)]


def test_a_key_after_the_pause_begins_a_new_entry_even_when_the_timer_is_late() -> None:
    """The caller asked for a person and then typed a number; the two are not one."""
    keypad = Keypad(pause=1.5)
    keypad.press("0", 0.0)
    assert keypad.press("7", 3.0) == AskPerson()
    assert keypad.on_timer(4.5) == Pressed("7")


def test_a_full_entry_ends_by_itself() -> None:
    """Whoever leans on the phone is told to the model in pieces."""
    assert _press(Keypad(most=3), "1234567#") == [Pressed("123"), Pressed("456"), Pressed("7")]


_presses = st.lists(
    st.tuples(st.sampled_from("0012345AD#*"), st.one_of(st.floats(0.0, 1.0), st.floats(1.5, 4.0))),
    max_size=80,
)


def _entries(presses: list[tuple[str, float]], most: int) -> list[str]:
    """What belongs together: the keys between two pauses, or up to `#`, cut where an entry is full."""
    pieces = "".join((" " if pause >= 1.5 else "") + key for key, pause in presses).replace("#", " ").split()
    entries = []
    for piece in pieces:
        *cleared, last = piece.split("*")
        for part in cleared:  # a full entry was told before the `*`
            entries += [keys for keys in _cut(part, most) if len(keys) == most]
        entries += _cut(last, most)
    return entries


def _cut(keys: str, most: int) -> list[str]:
    return [keys[start : start + most] for start in range(0, len(keys), most)]


@given(presses=_presses, timely=st.booleans(), most=st.integers(1, 32))
def test_no_key_is_lost_or_told_twice(presses: list[tuple[str, float]], timely: bool, most: int) -> None:
    """Whatever the pauses, and whether the timer is on time or only called for with the next key."""
    keypad, now = Keypad(pause=1.5, most=most), 0.0
    told: list[Entry | None] = []
    for key, pause in presses:
        now += pause
        if timely:
            told.append(keypad.on_timer(now))
        told.append(keypad.press(key, now))
        due = keypad.due()
        assert due is None or due > now
    told.append(keypad.on_timer(now + 1.5))
    expected = [Pressed(keys) if keys.strip("0") else AskPerson() for keys in _entries(presses, most)]
    assert [entry for entry in told if entry is not None] == expected
    assert keypad.due() is None
