"""Audio for `:play`: files fetched by address, words spoken by a synthesiser.

Wire facts: "Play audio" of Call Automation: a file must be WAV, mono, 16-bit, 16 kHz; 8535 and 8536 say
that it is not, or could not be had.
"""

import asyncio
import io
import wave
from collections.abc import Callable, Iterator, Sequence

import aiohttp

from local.acs.bodies import PlaySource
from local.acs.events import BAD_FILE, CANNOT_SPEAK, DOWNLOAD_FAILED, Result
from local.acs.line import RATE
from local.acs.operations import MediaOperation
from local.acs.rates import RateConverter

Synthesiser = Callable[[str], Iterator[bytes]]
"""Text in, PCM16LE 24 kHz mono out, in pieces. It blocks, so it runs in a thread."""

MAX_FILE = 20 * 1024 * 1024
_TIMEOUT = aiohttp.ClientTimeout(total=10)
_FILE_RATE = 16_000


class _SourceError(Exception):
    """A source that cannot be played."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.message)
        self.result = result


class Prompts:
    """Loads what media operations are to play."""

    def __init__(self, http: aiohttp.ClientSession, synthesiser: Synthesiser | None) -> None:
        self._http = http
        self._synthesiser = synthesiser

    async def load(self, operation: MediaOperation, sources: Sequence[PlaySource]) -> None:
        """Load all sources of an operation, in order, or fail it at the first that cannot be played."""
        pieces: list[bytes] = []
        for index, source in enumerate(sources):
            try:
                pieces.append(await self._load(source))
            except _SourceError as error:
                operation.fail(index, error.result)
                return
        operation.load(b"".join(pieces))

    async def _load(self, source: PlaySource) -> bytes:
        if source.kind == "file" and source.file is not None:
            return line_audio(await self._fetch(source.file.uri))
        if source.kind == "text" and source.text is not None and self._synthesiser is not None:
            return await asyncio.to_thread(_speak, self._synthesiser, source.text.text)
        raise _SourceError(CANNOT_SPEAK)

    async def _fetch(self, uri: str) -> bytes:
        try:
            async with self._http.get(uri, timeout=_TIMEOUT) as answer:
                if answer.status != 200:
                    raise _SourceError(DOWNLOAD_FAILED)
                data = bytearray()
                async for chunk in answer.content.iter_any():
                    data += chunk
                    if len(data) > MAX_FILE:
                        raise _SourceError(BAD_FILE)
                return bytes(data)
        except (aiohttp.ClientError, TimeoutError):
            raise _SourceError(DOWNLOAD_FAILED) from None


def line_audio(data: bytes) -> bytes:
    """The samples of a WAV file at the line's rate.

    Raises `_SourceError` for another format than the service takes.
    """
    try:
        with wave.open(io.BytesIO(data)) as file:
            if (file.getnchannels(), file.getsampwidth(), file.getframerate()) != (1, 2, _FILE_RATE):
                raise _SourceError(BAD_FILE)
            return RateConverter(_FILE_RATE, RATE).feed(file.readframes(file.getnframes()))
    except (wave.Error, EOFError):
        raise _SourceError(BAD_FILE) from None


def _speak(synthesiser: Synthesiser, text: str) -> bytes:
    return b"".join(synthesiser(text))
