"""Who is let in when the bridges hold all they can, or the store is away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from shared.handover import is_target
from shared.settings.reading import SettingError, integer


class WhenFull(StrEnum):
    """What becomes of a call that no bridge can hold."""

    REJECT = "reject"
    """The caller hears that the line is busy."""
    REDIRECT = "redirect"
    """It rings elsewhere."""
    QUEUE = "queue"
    """It is answered, and waits in line for a place."""
    ANSWER = "answer"
    """It is answered as if there were room."""


class WhenStoreDown(StrEnum):
    """What becomes of a call that rings while the store is away. Without it none can be answered."""

    REJECT = "reject"
    """The caller hears that the line is busy."""
    REDIRECT = "redirect"
    """It rings elsewhere."""


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """The queue in which callers wait for a place."""

    length: int = 5
    """Callers who may wait at once."""
    longest: timedelta = timedelta(seconds=180)
    """Somebody waits, from the ring on."""
    every: timedelta = timedelta(seconds=20)
    """From the end of an announcement to the next."""
    person: bool = False
    """Whether who has waited so long is put through to a person of `[transfer]`; else they hear a goodbye."""

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> QueueSettings:
        then = env.get("ADMISSION_QUEUE_THEN", "").strip().lower() or "goodbye"
        if then not in ("goodbye", "person"):
            raise SettingError(f"ADMISSION_QUEUE_THEN: {then!r} is neither goodbye nor person")
        return cls(
            length=_queue_length(env),
            longest=timedelta(seconds=integer(env, "ADMISSION_QUEUE_SECONDS", 180, 10, 1800)),
            every=timedelta(seconds=integer(env, "ADMISSION_QUEUE_EVERY_SECONDS", 20, 5, 120)),
            person=then == "person",
        )


@dataclass(frozen=True, slots=True)
class AdmissionSettings:
    """Who is let in when the bridges hold all they can, or the store is away."""

    when_full: WhenFull = WhenFull.REJECT
    redirect_to: str = ""
    """E.164, or a raw id."""
    queue: QueueSettings = QueueSettings()
    when_store_down: WhenStoreDown = WhenStoreDown.REJECT

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> AdmissionSettings:
        text = env.get("ADMISSION_WHEN_FULL", "").strip().lower() or WhenFull.REJECT
        if text not in WhenFull:
            raise SettingError(f"ADMISSION_WHEN_FULL: {text!r} is none of {', '.join(WhenFull)}")
        down = env.get("ADMISSION_WHEN_STORE_DOWN", "").strip().lower() or WhenStoreDown.REJECT
        if down not in WhenStoreDown:
            raise SettingError(f"ADMISSION_WHEN_STORE_DOWN: {down!r} is none of {', '.join(WhenStoreDown)}")
        target = env.get("ADMISSION_REDIRECT_TO", "").strip()
        if "redirect" in (text, down) and not target:
            name = "ADMISSION_WHEN_FULL" if text == WhenFull.REDIRECT else "ADMISSION_WHEN_STORE_DOWN"
            raise SettingError(
                "ADMISSION_REDIRECT_TO: missing; set it to where calls ring that are redirected, "
                f"or {name} to reject"
            )
        if target and not is_target(target):
            raise SettingError(
                f"ADMISSION_REDIRECT_TO: {target!r} is neither a phone number such as +15550100 "
                "nor a raw id that begins with 8:acs: or 8:orgid:"
            )
        return cls(WhenFull(text), target, QueueSettings.from_env(env), WhenStoreDown(down))

    @property
    def places_in_line(self) -> int:
        """How many callers may wait in line; 0 when none is put there."""
        return self.queue.length if self.when_full is WhenFull.QUEUE else 0


def places_in_line(env: Mapping[str, str]) -> int:
    """How many callers the control plane may put in line; 0 when it puts none there."""
    wanted = env.get("ADMISSION_WHEN_FULL", "").strip().lower()
    return _queue_length(env) if wanted == WhenFull.QUEUE else 0


def _queue_length(env: Mapping[str, str]) -> int:
    return integer(env, "ADMISSION_QUEUE_LENGTH", 5, 1, 20)
