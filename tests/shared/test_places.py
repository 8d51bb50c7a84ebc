"""Where addresses are: how callers say them, and what is asked back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.places import GeoCoordinates, UnknownPlaceError, distance_km
from tests.shared.booking_house import CATALOGUE

degrees = st.builds(
    GeoCoordinates, latitude=st.floats(-90, 90, width=32), longitude=st.floats(-180, 180, width=32)
)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("14 Lantern Street", "14 Lantern Street"),
        ("fourteen lantern street", "14 Lantern Street"),
        ("a hundred and twelve station road", "112 Station Road"),
        ("lantern street fourteen", "14 Lantern Street"),
        ("lantern street 14", "14 Lantern Street"),
        ("twenty two hawthorne avenue", "22 Hawthorn Avenue"),
        ("the station", "Central Station"),
        ("near the cathedral", "Saint Brendan's Cathedral"),
        ("the old town", "Old Town"),
        ("by the harbour", "Harbour"),
        ("seaview terrace", "Seaview Terrace"),
        ("sea view terrace", "Seaview Terrace"),
    ],
)
def test_a_place_is_found_as_it_is_said(said: str, name: str) -> None:
    assert CATALOGUE.place(said).name == name


@pytest.mark.parametrize("said", ["12 Nowhere Lane", "", "7", "the moon"])
def test_a_place_that_is_not_there_is_asked_about(said: str) -> None:
    with pytest.raises(UnknownPlaceError) as unknown:
        CATALOGUE.place(said)
    assert len(unknown.value.nearest) == 3


def test_a_house_that_a_street_does_not_have_is_not_made_up() -> None:
    with pytest.raises(UnknownPlaceError, match="a number up to 60"):
        CATALOGUE.place("900 Lantern Street")


def test_the_numbers_of_a_street_lie_along_it() -> None:
    first, last = CATALOGUE.place("1 Hawthorn Avenue").geo, CATALOGUE.place("160 Hawthorn Avenue").geo
    middle = CATALOGUE.place("80 Hawthorn Avenue").geo
    assert distance_km(first, middle) == pytest.approx(distance_km(first, last) / 2, rel=0.02)


def test_distances_are_those_of_the_earth() -> None:
    """A degree of latitude, and Dublin to London."""
    a, b = GeoCoordinates(latitude=53, longitude=-6), GeoCoordinates(latitude=54, longitude=-6)
    assert distance_km(a, b) == pytest.approx(111.195, abs=0.01)
    dublin = GeoCoordinates(latitude=53.3498, longitude=-6.2603)
    london = GeoCoordinates(latitude=51.5074, longitude=-0.1278)
    assert distance_km(dublin, london) == pytest.approx(463, abs=1)


@given(degrees, degrees)
def test_there_and_back_are_as_far(a: GeoCoordinates, b: GeoCoordinates) -> None:
    assert distance_km(a, b) == pytest.approx(distance_km(b, a), abs=1e-6)
    assert 0 <= distance_km(a, b) <= 20_038
