"""Parameters of tools: the schema that the model sees and the check of what it sends."""

from __future__ import annotations

import json

import pytest

from bridge.tool_order_parameters import OrderItem, StartOrder
from bridge.tool_schema import ToolArgumentError, parameters, parse


def test_the_values_of_a_list_stand_with_its_items() -> None:
    schema = parameters(OrderItem, {"item": ["cola"], "options": ["large", "small"]})["properties"]
    assert schema["item"]["enum"] == ["cola"]
    assert schema["options"] == {
        "type": "array",
        "items": {"type": "string", "enum": ["large", "small"]},
        "description": schema["options"]["description"],
    }


def test_a_parameter_without_values_of_its_own_takes_any() -> None:
    schema = parameters(OrderItem, {"item": []})["properties"]
    assert "enum" not in schema["item"]
    assert schema["options"]["items"] == {"type": "string"}


def test_one_text_is_a_list_of_one() -> None:
    order = parse(OrderItem, json.dumps({"item": "cola", "options": "large", "quantity": "2"}))
    assert (order.options, order.quantity) == (["large"], 2)


@pytest.mark.parametrize("value", [7, {"milk": True}, [1]])
def test_what_is_no_list_of_texts_is_asked_for(value: object) -> None:
    arguments = json.dumps({"restaurant": "Tokyo Corner", "address": "1 Quay Road", "allergies": value})
    with pytest.raises(ToolArgumentError, match="Ask the caller which allergies there are"):
        parse(StartOrder, arguments)
