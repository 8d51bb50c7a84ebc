"""The real recogniser and the real synthesiser, loaded once."""

from __future__ import annotations

import pytest

from local.speech import Recognizer, Speaker


@pytest.fixture(scope="session")
def recognizer() -> Recognizer:
    return Recognizer()


@pytest.fixture(scope="session")
def speaker() -> Speaker:
    return Speaker()
