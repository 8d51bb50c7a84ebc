"""Which records wait where, whatever the store and the disk do, and whenever the process dies."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bridge.backlog import Backlog

MOST = 4


class Waiting(RuleBasedStateMachine):
    """A store and a disk that fail at any time. Records are numbers; every fifth cannot be saved."""

    def __init__(self) -> None:
        super().__init__()
        self.backlog: Backlog[int] = Backlog(MOST, can_save=True, is_saved=lambda item: item % 5 != 0)
        self.made = 0
        self.taken: list[int] = []
        """Records that the backlog took."""
        self.written: list[int] = []
        self.disk: list[int] = []
        self.batch: list[int] | None = None
        """What is being saved."""

    @rule(count=st.integers(1, 6))
    def come(self, count: int) -> None:
        for _ in range(count):
            self.made += 1
            if self.backlog.add(self.made):
                self.taken.append(self.made)

    @rule()
    def the_store_is_away(self) -> None:
        self.backlog.save()

    @precondition(lambda self: self.batch is None)
    @rule()
    def begin_to_save(self) -> None:
        self.batch = self.backlog.begin_to_save()

    @precondition(lambda self: self.batch is not None)
    @rule(works=st.booleans())
    def end_of_saving(self, works: bool) -> None:
        if works:
            self.disk += self.batch or []
            self.backlog.saved()
        else:
            self.backlog.not_saved()
        self.batch = None

    @precondition(lambda self: self.batch is None)
    @rule()
    def read(self) -> None:
        if count := self.backlog.to_read:
            first = len(self.disk) - count
            self.backlog.read(self.disk[first : first + MOST])

    @rule()
    def write(self) -> None:
        item = self.backlog.next
        if item is not None:
            self.written.append(item)
            self.backlog.done()

    @precondition(lambda self: self.batch is None)
    @rule()
    def settle(self) -> None:
        if self.backlog.settle():
            assert set(self.taken) == set(self.written)
            self.disk.clear()

    @invariant()
    def what_waits_is_known(self) -> None:
        assert len(self.backlog) == len(self.taken) - len(self.written)

    @invariant()
    def memory_is_bounded(self) -> None:
        assert len(self.backlog) <= len(self.disk) + 3 * MOST

    @invariant()
    def order_is_kept(self) -> None:
        """Of what can be saved; the rest waits in memory, where it may come to stand before others."""
        written = [item for item in self.written if item % 5]
        assert written == sorted(written)
        assert self.disk == sorted(self.disk)

    @invariant()
    def a_crash_now_loses_what_is_told_to_be_unsaved_at_most(self) -> None:
        gone = set(self.taken) - set(self.written) - set(self.disk)
        assert len(gone) <= self.backlog.unsaved()

    def teardown(self) -> None:
        """Once store and disk answer, everything that was taken is written, each once."""
        if self.batch is not None:
            self.end_of_saving(works=True)
        while len(self.backlog):
            self.begin_to_save()
            self.end_of_saving(works=True)
            self.read()
            self.write()
        assert sorted(self.written) == self.taken


TestWaiting = Waiting.TestCase


def test_without_a_disk_the_newest_are_given_up() -> None:
    backlog: Backlog[int] = Backlog(MOST, can_save=False)
    assert [backlog.add(item) for item in range(6)] == [True] * MOST + [False] * 2
    backlog.save()
    assert (backlog.saving, backlog.unsaved()) == (False, MOST)
