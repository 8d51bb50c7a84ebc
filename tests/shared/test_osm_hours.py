"""Hours in the grammar of OpenStreetMap, a service day at a time."""

from __future__ import annotations

from datetime import date

import pytest

from shared.osm_hours import written_spans

FRIDAY, SATURDAY, SUNDAY = date(2026, 11, 27), date(2026, 11, 28), date(2026, 11, 29)
CHRISTMAS = date(2026, 12, 25)


@pytest.mark.parametrize(
    ("text", "day", "spans"),
    [
        ("Mo-Fr 12:00-14:30,18:00-22:00", FRIDAY, ["12:00-14:30", "18:00-22:00"]),
        ("Mo-Fr 12:00-14:30,18:00-22:00", SATURDAY, []),
        ("Fr 18:00-02:00; Sa 18:00-02:00", FRIDAY, ["18:00-02:00"]),
        ("Fr-Sa 18:00-02:00; Su 12:00-20:00", SATURDAY, ["18:00-02:00"]),
        ("Fr-Sa 18:00-02:00; Su 12:00-20:00", SUNDAY, ["12:00-20:00"]),
        ("Mo-Su 11:00-23:00; PH off", CHRISTMAS, []),
        ("Mo-Su 11:00-23:00; PH off", FRIDAY, ["11:00-23:00"]),
        ("Mo-Su 11:00-23:00; PH 12:00-16:00", CHRISTMAS, ["12:00-16:00"]),
        ("Mo-Su 11:00-23:00; Dec 25-26 off; Dec 25 12:00-16:00", CHRISTMAS, ["12:00-16:00"]),
        ("24/7", SATURDAY, ["00:00-00:00"]),
        ("24/7; Dec 25 off", CHRISTMAS, []),
        ("Fr 12:00-24:00; Sa 00:00-24:00; Su 00:00-03:00", FRIDAY, ["12:00-00:00"]),
        ("Mo-Su 10:00-22:00; Mo-Fr 14:00-17:00 off", FRIDAY, ["10:00-14:00", "17:00-22:00"]),
        ("Apr-Oct 10:00-22:00; Nov-Mar Sa-Su 12:00-20:00", FRIDAY, []),
        ("Apr-Oct 10:00-22:00; Nov-Mar Sa-Su 12:00-20:00", SUNDAY, ["12:00-20:00"]),
        ("off", FRIDAY, []),
    ],
)
def test_a_day_has_the_spans_that_begin_on_it(text: str, day: date, spans: list[str]) -> None:
    assert [span.text for span in written_spans(text, "IE", day)] == spans


def test_holidays_are_those_of_the_country() -> None:
    assert written_spans("Mo-Su 11:00-23:00; PH off", "US", date(2026, 11, 26)) == ()
    assert written_spans("Mo-Su 11:00-23:00; PH off", "IE", date(2026, 11, 26)) != ()
    assert written_spans("Mo-Su 11:00-23:00; PH off", None, CHRISTMAS) != ()


def test_a_mistake_is_shown_with_its_text() -> None:
    with pytest.raises(ValueError, match="openingHours 'Mo-Fr 9-17' cannot be read"):
        written_spans("Mo-Fr 9-17", "IE", FRIDAY)
