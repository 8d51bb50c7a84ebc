"""The language a caller is greeted in, and the languages that can be spoken together."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import config_check
from shared.agent_config import Agent, load_agent
from shared.agent_tables import Languages
from shared.config_check import ConfigError
from shared.settings import DEFAULT_AGENT_DIR

SHIPPED = load_agent(DEFAULT_AGENT_DIR)
LINE = "+442055501"


def with_languages(languages: Languages) -> Agent:
    """The shipped agent, with phrases for every language that one of these tests speaks."""
    spanish = SHIPPED.phrases["es"]
    return msgspec.structs.replace(
        SHIPPED, languages=languages, phrases=SHIPPED.phrases | {"pt": spanish, "nl": spanish}
    )


class TestTheGreeting:
    agent = with_languages(
        Languages(
            spoken=("en-US", "de-DE", "fr-FR", "it-IT"),
            callers={"+41": "de-DE", "+4122": "fr-FR", "+4191": "it-IT", "+33": "fr-FR", "+35": "de-DE"},
            called={"+442055502": "it-IT", "+4420555021": "fr-FR"},
        )
    )

    @pytest.mark.parametrize(
        ("caller", "language"),
        [
            ("4:+33155501", "fr-FR"),
            ("+33155501", "fr-FR"),
            ("4:+41445501", "de-DE"),
            ("4:+41225501", "fr-FR"),
            ("4:+41915501", "it-IT"),
            ("4:+15550100", "en-US"),
            ("4:+3", "en-US"),
            ("4:anonymous", "en-US"),
            ("", "en-US"),
            ("8:acs:33_41", "en-US"),
            ("8:acs:+33155501", "en-US"),
            ("4133155501", "en-US"),
        ],
    )
    def test_is_in_the_language_of_the_callers_number(self, caller: str, language: str) -> None:
        assert self.agent.language_for(caller, f"4:{LINE}") == language
        assert self.agent.language_for(caller, "") == language

    @pytest.mark.parametrize("caller", ["4:+41225501", "4:+15550100", "", "8:orgid:1"])
    def test_is_in_that_of_the_number_called_before_all(self, caller: str) -> None:
        assert self.agent.language_for(caller, "4:+44205550299") == "it-IT"
        assert self.agent.language_for(caller, "4:+44205550213") == "fr-FR"

    @given(
        callers=st.dictionaries(
            st.from_regex(r"\A\+[12][12]{0,4}\Z"), st.sampled_from(["en-US", "de-DE", "fr-FR"])
        ),
        number=st.from_regex(r"\A\+[12]{1,6}\Z"),
    )
    def test_the_longest_beginning_counts(self, callers: dict[str, str], number: str) -> None:
        languages = Languages(spoken=("en-US", "de-DE", "fr-FR"), callers=callers)
        agent = with_languages(languages)
        cuts = [number[:length] for length in range(len(number), 1, -1)]
        expected = next((callers[cut] for cut in cuts if cut in callers), "en-US")
        assert agent.language_for(f"4:{number}", "") == expected

    @pytest.mark.parametrize(
        ("caller", "word"),
        [
            ("4:+4930123", "Hallo"),
            ("4:+43123", "Hallo"),
            ("4:+33123", "Bonjour"),
            ("4:+34123", "Hola"),
            ("4:+39123", "Buongiorno"),
            ("4:+353123", "Hello"),
        ],
    )
    def test_each_that_is_shipped_is_said_to_somebody(self, caller: str, word: str) -> None:
        assert SHIPPED.phrases_for(SHIPPED.language_for(caller, "")).greeting.startswith(word)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            {"callers": {"+49": "de-DE"}},
            'languages.callers.+49: "de-DE" is not in languages.spoken; use one of "en-US"',
        ),
        (
            {"called": {"+49301234": "fr-FR"}},
            'languages.called.+49301234: "fr-FR" is not in languages.spoken; use one of "en-US"',
        ),
        (
            {"callers": {"0049": "en-US"}},
            "languages.callers: {'0049': 'en-US'} is not allowed; use a table whose keys are the beginning "
            'of a phone number such as "+49", each a language such as "en-US"',
        ),
        (
            {"called": {"+1": "english"}},
            "languages.called: {'+1': 'english'} is not allowed; use a table whose keys are the beginning of "
            'a phone number such as "+49", each a language such as "en-US"',
        ),
    ],
)
def test_a_wrong_table_is_refused(table: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        config_check.convert(table, Languages, "languages.")
    assert str(refusal.value) == message


class TestSpokenTogether:
    """Only languages that are told apart; a single one needs no telling."""

    @pytest.mark.parametrize("other", ["de-DE", "fr-FR", "es-ES", "it-IT", "pt-PT", "pt-BR", "en-GB"])
    def test_known_ones(self, other: str) -> None:
        agent = with_languages(Languages(spoken=("en-US", other)))
        assert agent.phrases_for(other)

    @pytest.mark.parametrize("spoken", [("nl-NL",), ("nl-NL", "nl-BE")])
    def test_an_unknown_one_alone(self, spoken: tuple[str, ...]) -> None:
        assert with_languages(Languages(default=spoken[0], spoken=spoken)).languages.spoken == spoken

    @pytest.mark.parametrize("default", ["en-US", "nl-NL"])
    def test_not_an_unknown_one_among_others(self, default: str) -> None:
        message = (
            r"^languages\.spoken: nl-NL cannot be told apart from the others, so its phrases would not be "
            r"said; use en, de, fr, es, it, pt, or nl-NL alone$"
        )
        with pytest.raises(ValueError, match=message):
            with_languages(Languages(default=default, spoken=("en-US", "nl-NL")))
