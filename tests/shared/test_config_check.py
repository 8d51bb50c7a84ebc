"""Tables of a configuration: what is refused, and in which words."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import pytest

from shared import config_check
from shared.config_check import ConfigError, Table


class Cup(Table, frozen=True, kw_only=True):
    size: Literal["small", "large"]
    sugars: Annotated[tuple[Annotated[int, msgspec.Meta(ge=0, le=3)], ...], msgspec.Meta(max_length=2)] = ()
    rim: tuple[bool, bool] = (False, True)

    def __post_init__(self) -> None:
        if self.size == "small" and self.sugars:
            raise ValueError("sugars: do not fit into a small cup")


class Kitchen(Table, frozen=True, kw_only=True):
    cups: dict[Literal["tea", "coffee"], Cup] = msgspec.field(default_factory=dict)
    spare: Cup | None = None
    labels: dict[Literal["1", "2"], Annotated[str, msgspec.Meta(max_length=5)]] = msgspec.field(
        default_factory=dict
    )
    colour: Annotated[
        str, msgspec.Meta(pattern="^#[0-9a-f]{6}$", description='a colour such as "#ff8000"')
    ] = "#000000"


def test_every_key_is_listed_with_what_it_may_be() -> None:
    assert [(key.name, key.allowed, key.default) for key in config_check.keys(Kitchen)] == [
        ("cups.<name>.size", 'one of "large", "small"', "required"),
        ("cups.<name>.sugars", "a list of 0 to 2, each a whole number from 0 to 3", "[]"),
        ("cups.<name>.rim", "a list of 2, each true or false", "[false,true]"),
        ("spare.size", 'one of "large", "small"', "required"),
        ("spare.sugars", "a list of 0 to 2, each a whole number from 0 to 3", "[]"),
        ("spare.rim", "a list of 2, each true or false", "[false,true]"),
        ("labels", 'a table whose keys are one of "1", "2", each text of 1 to 5 characters', "{}"),
        ("colour", 'a colour such as "#ff8000"', '"#000000"'),
    ]


def test_tables_are_read_with_their_defaults() -> None:
    kitchen = config_check.convert({"cups": {"tea": {"size": "large", "sugars": [1]}}}, Kitchen)
    assert kitchen == Kitchen(cups={"tea": Cup(size="large", sugars=(1,))})


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"cups": 3}, "cups: 3 is not allowed; use a table [cups]"),
        ({"cups": {"tea": 3}}, "cups.tea: 3 is not allowed; use a table [cups.tea]"),
        ({"cups": {"milk": {}}}, 'cups.milk: \'milk\' is not allowed; use one of "coffee", "tea"'),
        ({"cups": {"tea": {}}}, 'cups.tea.size: missing; set it to one of "large", "small"'),
        ({"cups": {"tea": {"siez": 1}}}, "cups.tea.siez: unknown key; did you mean cups.tea.size?"),
        (
            {"cups": {"tea": {"size": "huge"}}},
            'cups.tea.size: \'huge\' is not allowed; use one of "large", "small"',
        ),
        (
            {"cups": {"tea": {"size": "small", "sugars": [1]}}},
            "cups.tea.sugars: do not fit into a small cup",
        ),
        ({"spare": {"size": "small", "sugars": [1]}}, "spare.sugars: do not fit into a small cup"),
        (
            {"spare": {"size": "large", "sugars": [4]}},
            "spare.sugars: [4] is not allowed; use a list of 0 to 2, each a whole number from 0 to 3",
        ),
        (
            {"spare": {"size": "large", "rim": [True]}},
            "spare.rim: [True] is not allowed; use a list of 2, each true or false",
        ),
        (
            {"labels": {"3": "x"}},
            "labels: {'3': 'x'} is not allowed; use a table whose keys are one of \"1\", \"2\", "
            "each text of 1 to 5 characters",
        ),
        ({"colour": "red"}, "colour: 'red' is not allowed; use a colour such as \"#ff8000\""),
        ({"lables": 1}, "lables: unknown key; did you mean labels?"),
        ({"zzz": 1}, "zzz: unknown key; the keys here are cups, spare, labels, colour"),
    ],
)
def test_a_refusal_names_the_key_the_value_and_what_is_allowed(raw: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        config_check.convert(raw, Kitchen)
    assert str(refusal.value) == message
