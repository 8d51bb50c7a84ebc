"""What a model can be told of temperature and reasoning, and what it would refuse."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest
from azure.ai.voicelive.models import ReasoningEffort

from shared.agent_config import Agent, load_agent
from shared.agent_tables import FoundryAgent
from shared.models import EFFORTS, Effort, Model
from shared.settings import DEFAULT_AGENT_DIR

SHIPPED = load_agent(DEFAULT_AGENT_DIR)
MODELS = get_args(Model.__value__)
TEXT_MODELS = [model for model in MODELS if not model.startswith("gpt-realtime")]


def with_keys(**keys: Any) -> Agent:
    return msgspec.structs.replace(SHIPPED, **keys)


def test_the_efforts_are_those_of_the_client_library() -> None:
    assert set(get_args(Effort.__value__)) == {effort.value for effort in ReasoningEffort}


def test_the_models_that_reason_are_those_of_one_family() -> None:
    assert set(EFFORTS) == {model for model in MODELS if model.startswith("gpt-5")}


@pytest.mark.parametrize("model", TEXT_MODELS)
def test_callers_wait_as_little_as_the_model_can(model: Model) -> None:
    """The first models would reason at length if nothing were said."""
    agent = with_keys(model=model, temperature=None)
    efforts = EFFORTS.get(model)
    assert agent.effort == (efforts[0] if efforts else None)
    assert agent.effort in ("none", "minimal", None)


@pytest.mark.parametrize("model", TEXT_MODELS)
def test_an_effort_is_taken_if_the_model_has_it(model: Model) -> None:
    for effort in get_args(Effort.__value__):
        if effort in EFFORTS.get(model, ()):
            assert with_keys(model=model, temperature=None, reasoning_effort=effort).effort == effort
        else:
            message = rf'^reasoning_effort: "{effort}" does not work with model "{model}"; (use one|leave)'
            with pytest.raises(ValueError, match=message):
                with_keys(model=model, temperature=None, reasoning_effort=effort)


def test_an_agent_of_a_foundry_project_reasons_as_it_was_made() -> None:
    foundry = FoundryAgent(name="host", project="tables")
    assert with_keys(model=None, foundry_agent=foundry).effort is None
    with pytest.raises(ValueError, match=r'^reasoning_effort: "low" does not work with foundry_agent; leave'):
        with_keys(model=None, foundry_agent=foundry, reasoning_effort="low")


@pytest.mark.parametrize("model", EFFORTS)
def test_a_model_that_reasons_takes_no_temperature(model: Model) -> None:
    with pytest.raises(ValueError, match=rf'^temperature: model "{model}" takes none; leave it out$'):
        with_keys(model=model, temperature=0.7)
