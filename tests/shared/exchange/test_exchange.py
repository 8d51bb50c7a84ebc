"""Restaurants of others put into a catalogue, and ours given to others."""

# ruff: noqa: E501 - tables of what is written and read are clearer a row a line

from __future__ import annotations

import copy
import json
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.exchange.commands import main
from shared.exchange.merging import Merge
from shared.exchange.writing import catalogue_text, jsonld_text
from shared.restaurant import Restaurant
from shared.restaurants import Catalogue
from shared.settings import DEFAULT_RESTAURANTS_FILE

CATALOGUE = Catalogue.load(DEFAULT_RESTAURANTS_FILE)
HERE = Path(__file__).parent
_MAY_BE_UNKNOWN = (
    *("description", "servesCuisine", "geo", "telephone", "priceRange", "aggregateRating", "hasMenu"),
    *("paymentAccepted", "stepFreeAccess", "atmosphere", "address", "reservations", "delivery"),
    *("gettingThere", "alternateName", "specialOpeningHoursSpecification", "offersDelivery"),
)
JSONLD, OVERPASS, GEOJSON = (HERE / name for name in ("wild.jsonld", "overpass.json", "places.geojson"))


def merged(*documents: Any, onto: tuple[Restaurant, ...] = ()) -> Merge:
    merge = Merge(CATALOGUE.city, onto)
    for document in documents:
        merge.document("file", document)
    return merge


def one(**fields: Any) -> tuple[Restaurant | None, list[str]]:
    """A restaurant of JSON-LD with these fields, and what the report says."""
    merge = merged({"@context": "https://schema.org", "@type": "Restaurant", "name": "Casa Blanca", **fields})
    return next(iter(merge.restaurants), None), merge.report.lines


def field(name: str, value: Any) -> Any:
    restaurant, lines = one(**{name: value})
    assert restaurant is not None
    assert lines == []
    return msgspec.to_builtins(restaurant)


class TestJsonLd:
    """As it is found on the pages of restaurants."""

    def test_a_page_with_all_its_habits(self) -> None:
        merge = merged(json.loads(JSONLD.read_bytes()))
        assert merge.report.counts == "2 added, 0 changed, 0 same, 1 refused"
        blue, grill = merge.restaurants
        assert (blue.id, blue.telephone, blue.price_range) == ("the-blue-door", "+353 1 234 5678", "€€")
        assert blue.rating == 4.4
        assert [dish.id for dish in blue.dishes] == ["soup-of-the-day", "steak-pie"]
        assert str(blue.dishes[1].price) == "14.50"
        (size,) = blue.dishes[1].options
        assert [(choice.name, str(choice.price)) for choice in size.choices] == [
            ("Small", "0.00"),
            ("Large", "4.50"),
        ]
        assert blue.hours(CATALOGUE.zone).said(date.fromisoformat("2026-11-27")) == (
            "from noon to half past two and from six o'clock to two o'clock in the morning"
        )
        assert blue.hours(CATALOGUE.zone).spans(date.fromisoformat("2026-12-25")) == ()
        assert blue.occasion(date.fromisoformat("2026-12-25")) == "Christmas Day"
        assert grill.reservations is None
        assert grill.address.area == "Harbour", "by its coordinates"

    @pytest.mark.parametrize(
        ("name", "value", "read"),
        [
            ("servesCuisine", "italian, pizza", ["Italian", "Pizza"]),
            ("priceRange", "$$$", "€€€"),
            ("priceRange", "€10-€30", "€€"),
            ("priceRange", "Moderate", "€€"),
            ("telephone", "00353 1 2345678", "+353 1 2345678"),
            ("telephone", "(01) 234 5678", "+353 1 234 5678"),
            ("telephone", "+353 (0)1 234-5678", "+353 1 234 5678"),
            ("description", "  Two\n lines ", "Two lines"),
            ("geo", {"latitude": "52.9", "longitude": "-6.05"}, {"latitude": 52.9, "longitude": -6.05}),
            ("paymentAccepted", "Cash, Credit Card", ["Cash", "Credit Card"]),
            ("aggregateRating", {"ratingValue": "9", "bestRating": 10, "ratingCount": "12"}, {"ratingValue": 4.5, "reviewCount": 12}),
        ],
    )  # fmt: skip
    def test_a_field_is_read_however_it_is_written(self, name: str, value: Any, read: Any) -> None:
        assert json.loads(json.dumps(field(name, value)[name])) == read

    @pytest.mark.parametrize(
        ("name", "value", "line"),
        [
            ("priceRange", "ask us", "priceRange: 'ask us' left out: write one to four of the sign €"),
            ("telephone", "call me", "telephone: 'call me' left out: write it with its country code"),
            ("openingHours", "whenever", "openingHours: left out: openingHours 'whenever' cannot be read"),
            ("openingHoursSpecification", [{"dayOfWeek": "Caturday", "opens": "12:00", "closes": "13:00"}], "openingHoursSpecification[0]: dayOfWeek 'Caturday' left out: use Monday to Sunday"),
            ("openingHoursSpecification", [{"dayOfWeek": "Monday", "opens": "noon", "closes": "13:00"}], "openingHoursSpecification[0]: left out: opens 'noon' and closes '13:00' are not HH:MM"),
            ("geo", {"latitude": "north"}, "geo: left out: latitude and longitude are not degrees"),
            ("hasMenu", {"hasMenuItem": [{"name": "Soup"}]}, "hasMenu.hasMenuItem[0]: 'Soup' left out: it has no offers.price above 0"),
            ("hasMenu", {"hasMenuItem": [{"name": "Soup", "offers": {"price": 5, "priceCurrency": "USD"}}]}, "'Soup' left out: prices are in EUR here"),
            ("hasMenu", {"hasMenuItem": [{"name": "Soup", "offers": {"price": 5}, "allergens": ["wheat"]}]}, "hasMenu.hasMenuItem[0].allergens: not recorded: 'wheat' is not one of celery"),
            ("description", "word " * 80, "description: cut to 200 characters"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_read_is_left_out_and_named(self, name: str, value: Any, line: str) -> None:
        restaurant, lines = one(**{name: value})
        assert restaurant is not None
        assert len(lines) == 1
        assert lines[0].startswith("file: item 1 (Casa Blanca): ")
        assert line in lines[0]

    @pytest.mark.parametrize(
        ("fields", "line"),
        [
            ({"name": ""}, "file: item 1: name: missing; a restaurant needs one"),
            ({"delivery": {"radiusKm": 3, "minutes": 30}}, "delivery needs geo"),
            ({"reservations": {"tables": []}}, "reservations.tables: Expected `array` of length >= 1"),
            (
                {"openingHoursSpecification": [{"dayOfWeek": "Monday", "opens": "12:00", "closes": "15:00"},
                                               {"dayOfWeek": "Monday", "opens": "14:00", "closes": "16:00"}]},
                "opening hours overlap: the span from Monday 14:00",
            ),
            (
                {"hasMenu": {"hasMenuItem": [{"name": "Tofu", "offers": {"price": 5}, "allergens": ["milk"], "suitableForDiet": "https://schema.org/VeganDiet"}]}},
                "'Tofu' claims VeganDiet but lists milk",
            ),
        ],
    )  # fmt: skip
    def test_what_cannot_be_used_is_refused_with_its_field(self, fields: dict[str, Any], line: str) -> None:
        restaurant, lines = one(**fields)
        assert restaurant is None
        assert line in lines[0]

    def test_a_document_without_restaurants_says_what_is_expected(self) -> None:
        merge = merged({"@type": "Person", "name": "Kim"})
        assert merge.report.refused == 1
        assert "expected schema.org JSON-LD with @type Restaurant" in merge.report.lines[0]


class TestOpenStreetMap:
    """Overpass JSON and GeoJSON of the same places."""

    @pytest.mark.parametrize("path", [OVERPASS, GEOJSON], ids=lambda path: path.suffix)
    def test_an_extract(self, path: Path) -> None:
        merge = merged(json.loads(path.read_bytes()))
        assert merge.report.counts == "3 added, 0 changed, 0 same, 1 refused"
        content = json.loads(catalogue_text(CATALOGUE.city, merge.restaurants))
        curry, chips, other = Catalogue.read(content, "town").restaurants
        assert curry.id == "osm-node-101"
        assert curry.serves_cuisine == ("Indian", "Fish and chips")
        assert curry.telephone == "+353 1 555 0101"
        assert [diet.said for diet in curry.suitable_for_diet] == ["vegan", "halal"]
        assert (curry.step_free_access, curry.offers_delivery) == (True, True)
        assert curry.payment_accepted == ("cash", "card")
        assert curry.address_said() == "twelve Quay Street, in the Harbour area"
        assert (
            curry.hours(CATALOGUE.zone).said(date.fromisoformat("2026-11-28"))
            == "from noon to one o'clock in the morning"
        )
        assert curry.hours(CATALOGUE.zone).spans(date.fromisoformat("2026-12-25")) == ()
        assert chips.opening_hours == "Apr-Oct Mo-Su 12:00-22:00; Nov-Mar Fr-Su 12:00-20:00"
        assert chips.hours(CATALOGUE.zone).spans(date.fromisoformat("2026-11-25")) == ()
        assert (
            chips.hours(CATALOGUE.zone).said(date.fromisoformat("2026-07-01")) == "from noon to ten o'clock"
        )
        assert other.name == "Chippy Dock Road", "a branch takes its street along"
        assert any("item 4: name: missing" in line for line in merge.report.lines)

    def test_no_menu_and_no_tables_are_no_hindrance(self) -> None:
        merge = merged(json.loads(OVERPASS.read_bytes()), onto=CATALOGUE.restaurants)
        content = json.loads(catalogue_text(CATALOGUE.city, merge.restaurants))
        assert len(Catalogue.read(content, "town").restaurants) == len(CATALOGUE.restaurants) + 3


class TestMerging:
    """By id, again and again."""

    @pytest.mark.parametrize("path", [JSONLD, OVERPASS, GEOJSON], ids=lambda path: path.name)
    def test_twice_is_once(self, path: Path) -> None:
        document = json.loads(path.read_bytes())
        first = merged(document)
        again = merged(document, onto=tuple(first.restaurants))
        assert (again.report.added, again.report.changed) == (0, 0)
        assert again.restaurants == first.restaurants

    def test_what_an_import_does_not_know_is_kept(self) -> None:
        lotus = {"@type": "Restaurant", "@id": "golden-lotus", "name": "Golden Lotus", "priceRange": "€€€"}
        merge = merged(lotus, onto=CATALOGUE.restaurants)
        assert merge.report.counts == "0 added, 1 changed, 0 same, 0 refused"
        before, after = CATALOGUE.restaurants[0], merge.restaurants[0]
        assert after == msgspec.structs.replace(before, price_range="€€€")

    def test_two_by_one_name_without_a_street_are_refused(self) -> None:
        twins = [{"@type": "Restaurant", "@id": f"twin-{n}", "name": "Twin"} for n in (1, 2)]
        merge = merged(twins)
        assert merge.report.counts == "1 added, 0 changed, 0 same, 1 refused"
        assert "name: 'Twin' already belongs to 'Twin'; give it a name of its own" in merge.report.lines[0]


class TestExport:
    """What goes out comes back."""

    def test_the_shipped_city_comes_back_as_it_was(self) -> None:
        exported = json.loads(jsonld_text(CATALOGUE.city, CATALOGUE.restaurants))
        merge = merged(exported)
        assert merge.report.lines == []
        assert catalogue_text(CATALOGUE.city, merge.restaurants) == DEFAULT_RESTAURANTS_FILE.read_text(
            "utf-8"
        )
        again = merged(exported, onto=CATALOGUE.restaurants)
        assert again.report.counts == "0 added, 0 changed, 60 same, 0 refused"

    @settings(max_examples=40, deadline=None)
    @given(
        st.sampled_from(CATALOGUE.restaurants),
        st.sets(st.sampled_from(_MAY_BE_UNKNOWN)),
    )
    def test_whatever_is_not_known_comes_back_not_known(self, whole: Restaurant, gone: set[str]) -> None:
        raw = {key: value for key, value in msgspec.to_builtins(whole).items() if key not in gone}
        if "geo" in gone:
            raw.pop("delivery", None)
        restaurant = msgspec.convert(raw, Restaurant)
        merge = merged(json.loads(jsonld_text(CATALOGUE.city, [restaurant])))
        expected = msgspec.to_builtins(restaurant)
        expected.get("address", {}).pop("addressCountry", None)  # the city's goes without saying
        if "address" in gone and "geo" not in gone:
            assert merge.restaurants[0].address.area == whole.address.area
            expected["address"] = {"area": whole.address.area}
        assert msgspec.to_builtins(merge.restaurants[0]) == {k: v for k, v in expected.items() if v != {}}


class TestCommands:
    """python -m shared.restaurants"""

    @pytest.fixture
    def town(self, tmp_path: Path) -> Path:
        town = tmp_path / "town.json"
        town.write_text(catalogue_text(CATALOGUE.city, CATALOGUE.restaurants[:2]), "utf-8")
        return town

    def test_import_reports_and_writes(self, town: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["import", str(OVERPASS), "--into", str(town)]) == 1
        out, err = capsys.readouterr()
        assert "3 added, 0 changed, 0 same, 1 refused" in out
        assert "overpass.json: item 4: name: missing" in err
        assert len(Catalogue.load(town).restaurants) == 5
        before = town.read_bytes()
        assert main(["import", str(OVERPASS), "--into", str(town)]) == 1
        assert "0 added, 0 changed, 3 same" in capsys.readouterr().out
        assert town.read_bytes() == before

    def test_a_dry_run_writes_nothing(self, town: Path, capsys: pytest.CaptureFixture[str]) -> None:
        before = town.read_bytes()
        assert main(["import", str(JSONLD), "--into", str(town), "--dry-run"]) == 1
        assert "2 added" in capsys.readouterr().out
        assert town.read_bytes() == before

    def test_export_and_import_change_nothing(self, town: Path, tmp_path: Path) -> None:
        before, exported = town.read_bytes(), tmp_path / "out.jsonld"
        assert main(["export", "--from", str(town), "--to", str(exported)]) == 0
        assert main(["import", str(exported), "--into", str(town)]) == 0
        assert town.read_bytes() == before

    @pytest.mark.parametrize(("content", "message"), [(None, "cannot be read"), (b"{", "not JSON")])
    def test_a_file_that_cannot_be_read_changes_nothing(
        self,
        town: Path,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        content: bytes | None,
        message: str,
    ) -> None:
        file = tmp_path / "broken.json"
        if content is not None:
            file.write_bytes(content)
        assert main(["import", str(file), "--into", str(town)]) == 2
        assert message in capsys.readouterr().err


def test_documents_are_not_changed_by_reading_them() -> None:
    document = json.loads(JSONLD.read_bytes())
    before = copy.deepcopy(document)
    merged(document)
    assert document == before


@pytest.mark.parametrize(
    "document",
    [
        {"@type": "Restaurant", "name": "A", "hasMenu": {"@id": ["#menu"]}},
        {"@type": "Restaurant", "name": "half a character \ud800"},
        {"@type": "Restaurant", "name": "A", "address": {"addressLocality": ["Old Town"]}},
        {"type": "FeatureCollection", "features": [{"properties": {"amenity": ["cafe", "pub"]}}]},
        {"type": "FeatureCollection", "features": 7},
        {"elements": [{"tags": {"amenity": "cafe", "name": "A"}, "center": 3, "id": 1}]},
    ],
    ids=["@id", "text", "locality", "tag", "features", "center"],
)
def test_values_of_a_kind_that_a_field_never_has_cost_one_item_at_most(document: Any) -> None:
    other = {"@type": "Restaurant", "name": "Casa Blanca"}
    merge = merged(document, other)
    assert "casa-blanca" in {restaurant.id for restaurant in merge.restaurants}


def test_a_file_that_is_nested_without_end_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deep = tmp_path / "deep.json"
    deep.write_text('{"a":' * 100_000 + "1" + "}" * 100_000)
    into = tmp_path / "restaurants.json"
    into.write_bytes(DEFAULT_RESTAURANTS_FILE.read_bytes())
    assert main(["import", str(deep), "--into", str(into)]) == 2
    assert "deep.json" in capsys.readouterr().err
