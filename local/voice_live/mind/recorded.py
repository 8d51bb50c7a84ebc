"""What callers want with the recording of their call."""

from __future__ import annotations

from typing import Final

from local.voice_live.mind.acts import Act
from local.voice_live.mind.asked import Wanted
from local.voice_live.mind.heard import Heard, Want
from local.voice_live.mind.reading import Reading
from local.voice_live.mind.roles import Role
from local.voice_live.mind.schema import Kind
from local.voice_live.mind.talk import Talk

_NO: Final = """
    dont/not/stop/without/no/never/rather * record/recorded/recording/recordings |
    turn/switch * off * recording | turn/switch * recording off | delete/erase (the/this/that/my) recording |
    recording * off
"""


def about_recording(talk: Talk, reading: Reading) -> Heard | None:
    """A no to being recorded, whenever it comes, or the answer to whether the call may be; else None."""
    tool = talk.schema.with_role(Role.RECORD)
    flag = tool.of_kind(Kind.FLAG) if tool is not None else None
    if tool is None or flag is None:
        return None
    asked = talk.asked is not None and talk.asked.wanted is Wanted.RECORD
    if reading.line.has(_NO) or (asked and Act.NO in reading.acts):
        return Heard(Want.RECORD, reading.text, tool, {flag.name: False})
    if asked and Act.YES in reading.acts:
        return Heard(Want.RECORD, reading.text, tool, {flag.name: True})
    return None
