"""What fixed choices are commonly about, and the ways people speak of it. No place or product is named.

A choice is recognised by the words of its option: `hours`, `opening_hours` and "Opening times" all mean
when a place is open, and a caller asks for that with "how late can we come".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from local.voice_live.mind.patterns import pattern_of
from local.voice_live.mind.words import stem


@dataclass(frozen=True, slots=True)
class Wording:
    """Ways to speak of a choice. `vague` ones give way to any other wording in the same sentence."""

    pattern: re.Pattern[str]
    vague: bool


_CONCEPTS: dict[str, tuple[str, str]] = {
    "hours hour opening times": (
        """
        hours | opening/closing hours/time/times | what are the times | times for/of it |
        the latest/earliest (time) (that) i/we/you can | how late/long/early is/are it/they |
        serve/serves/serving/do/does/doing (a) lunch/dinner/breakfast/brunch/supper/food
        on/at/until/till |
        (serve/serves/do/does) lunch/dinner/breakfast/brunch served | open/opens/opened/opening |
        close/closes/closed/closing/clothes | shut/shuts/shutting |
        how late/early (can/could/do/does/are/is) (i/we/you/they/it) | until/till when/what/how |
        last orders/seating | too late/early
        """,
        """
        what time can/could/do/does/is/are/will/should i/we/you/they/it |
        when can/could/do/does/is/are/will/should/may i/we/one/it/they
        """,
    ),
    "address location where": (
        """
        address | located/location/situated | directions | postcode | post/zip code | whereabouts |
        where abouts |
        how can/could/do/would/should i/we/you/one (best) get/come/go/drive/walk (over) to/there |
        get/getting to it | way to (get/reach) (to) it/there | find it | how far/close/near | the street |
        walk/drive/cycle to it | easy/hard/difficult/tricky (for) (us/me) to find/reach/miss |
        which/what part/side/bit/end/area/street/road/district/neighbourhood/neighborhood/quarter |
        close to | on a/the map
        """,
        "where | is it (very/really) far/near/close/in/by/on/around/next",
    ),
    "phone telephone number contact": (
        """
        phone/telephone (number) | contact | its/their/the/a/what/which number |
        number for/of/to/at it/them | it (phone/telephone) number |
        what/which number (do/can/should) i/we | number to call/ring |
        call/ring/wring/phone/reach it/them |
        speak/talk to/with it/them | get hold of it/them | in touch with it/them
        """,
        "",
    ),
    "menu food": (
        """
        menu/menus | dishes | dessert/desserts/starter/starters/mains/specials | wine/wines (list) |
        what food/foods/meals | what kind/kinds/sort/sorts/type/types of food/cuisine/cooking/things |
        what (else) do/does/can/could/would they/it/you/i/we/one
        serve/do/cook/make/offer/eat/order/have/get |
        what/anything/something to eat | what is there/for to eat | what is there/good at it/there |
        what is for dinner/lunch/breakfast/pudding/afters | on/an offer | food like |
        has/have/got/do/does/is/good/nice to eat | what is the food
        """,
        "serve/serves | the food at/in it",
    ),
    "price cost": (
        """
        price/prices (range/level) | pricey/expensive/cheap/costly/dear/deer/affordable/reasonable |
        cost/costs | how much/expensive/pricey/dear/cheap | good/great/decent/poor value |
        value for money |
        per/a head/person | the bill | what would/will/do/does/should/might * pay/cost/spend/charge/set
        """,
        "",
    ),
    "diet diets dietary": (
        """
        vegan/vegans | vegetarian/vegetarians | veggie/veggies | gluten (free) | halal | kosher |
        dietary | diet/diets | coeliac/celiac/coeliacs/celiacs/ciliac | plant based | meat free
        """,
        """
        dairy | lactose | nut free | allergy/allergies/allergic/allergen/allergens | intolerance/intolerant
        """,
    ),
    "allergens allergen allergies allergy": (
        """
        allergy/allergies/allergic/allergen/allergens | intolerance/intolerant | dairy (free) |
        lactose (free) |
        nut/nuts/peanut/peanuts/sesame/shellfish/egg/eggs/soy/soya/milk (free) |
        contain/contains * nuts/peanuts/gluten/milk/egg/eggs/sesame/soy/soya/fish/shellfish/dairy/wheat |
        gluten/wheat in the
        """,
        "",
    ),
    "delivery deliver": (
        """
        deliver/delivers/delivered/delivering/delivery/deliveries | takeaway/takeout | take away/out |
        bring food |
        deliver/delivers/delivery * * charge/charges/cost/costs/fee
        """,
        "",
    ),
    "atmosphere ambience vibe": (
        """
        atmosphere | ambience/ambiance | vibe |
        romantic/quiet/noisy/loud/lively/cosy/cozy/elegant/casual/formal |
        live music | outdoor/outside seating/seats/tables/area | terrace/garden/patio |
        sit/eat/dine outside/outdoors | family/kid/kids/child/children friendly | dress code | music |
        (good/suitable/nice/great) for/with kids/children/families/groups/toddlers | high chairs
        """,
        "",
    ),
    "rating ratings stars": (
        "rating/ratings/rated | how many stars | stars | review/reviews",
        "how good is it",
    ),
    "payment pay": (
        """
        (by/with/my/your) (credit/debit/bank) card/cards (only) | cash (only) | cheque/cheques | visa |
        mastercard | amex | american express | contactless | apple/google pay | payment/payments |
        how (can/do) i/we/you/one pay | pay by/with/in
        """,
        "pay/pays/paying",
    ),
    "access accessibility": (
        """
        wheelchair/wheelchairs (access/accessible/friendly) | wheel chair | step free |
        (any/a) stairs/steps/step | accessible | disabled | ramp/ramps |
        pram/prams/buggy/buggies/stroller/strollers/pushchair | access | crutches | walking frame/stick |
        lift/elevator | level access
        """,
        "",
    ),
    "about overview general summary description": (
        "",
        """
        tell me/us (a/something/anything/more) (bit/little/lot) (more) about | what about | any good |
        hear/know/learn/find (out) (a/something/more) (bit/little/lot) (more) about | describe | details |
        what (is/are) it/they/that/there like | what kind/sort/type of place/restaurant/spot |
        hear/know more | more/some information/info | more about/on | all/special about |
        what can/could you tell/say | what do you know/think |
        (do/have) you know/heard (of/about) it/them |
        is it (any/really/a) good/nice/decent/recommended | recommend/recommended it/them |
        say/says/saying/think/thinks about/of it/them |
        worth it/going/visiting/trying/a (visit/try/go/trip) |
        review/reviews/rating/rated | known/famous for | how is it/the |
        good/suitable/right for kids/children/families/groups | specialise/specialize/speciality
        """,
    ),
    "centre center central": ("city/town/the centre/center | downtown | central", ""),
    "river riverside": ("river/riverside/riverbank/riverfront (bank/side)", ""),
    "harbour harbor quay waterfront": (
        """
        harbour/harbor/harbourside/waterfront/seafront/seaside/docks/quay/quayside/marina |
        by/near/on/at/along the sea/ships/boats/coast/port/dock/docks
        """,
        "",
    ),
    "old historic": (
        "old/historic/historical town/part/quarter/city/centre/center/district (of) (the) (town/city)",
        "",
    ),
    "university campus": ("university/uni/campus/college | student/students area/quarter/district", ""),
    "station railway": ("(train/railway/central) station | the train/trains | railway", ""),
    "parking": ("parking | car park | park the/my/our/a car | where * park", ""),
    "cheap low budget inexpensive": (
        """
        cheap/cheaper/cheapest/cheaply | inexpensive | affordable | (tight/small/student) budget |
        short of money/cash |
        good value | low budget/cost/price/priced | value for money | bargain | broke | skint |
        easy/kind on the wallet/pocket |
        no/not/nothing/never * expensive/pricey/dear/costly/posh/fancy/upmarket |
        not/without * much money | not/without * break/breaking the bank |
        not/without * cost/spend/spending/pay/paying (too/so) much |
        not/without * cost/costing/spend/spending/pay/paying a/the/an (small) fortune/lot/earth/arm/bomb
        """,
        "less * expensive/pricey/dear/costly",
    ),
    "moderate medium mid average": (
        """
        moderate/moderately (priced) | mid/middle (of) (the) range/price/priced/road |
        medium (price/priced/range) | reasonable/reasonably (price/priced) | average (price/priced) |
        normal/fair/decent price/prices/priced | in between
        """,
        "",
    ),
    "expensive high upscale fancy": (
        """
        (more/most/really/very) expensive | pricey/pricier | fancier/posher/swankier | more upmarket/upscale |
        upscale/posh/posher/swanky/classy/luxury/luxurious/upmarket |
        a/something/somewhere/really/very/quite/more/bit/anything/anywhere fancy | fine dining |
        fancy restaurant/place/dinner/meal/one/spot | high/top end/class/notch | special occasion |
        splurge | splash out | no object | proper/real/big treat | treat myself/ourselves/my/her/him/them
        """,
        "",
    ),
    "cheaper": (
        """
        cheaper | less expensive/pricey/costly/dear | lower price/prices | more affordable/reasonable |
        not as/so/that/quite expensive/pricey/dear/costly/posh/fancy
        """,
        "",
    ),
    "quiet": ("quiet/quieter/peaceful/calm/calmer/tranquil | not/nothing (too) loud/noisy/busy", ""),
    "lively": ("lively/livelier/buzzing/bustling/vibrant | a/some buzz | fun", ""),
    "romantic": (
        "romantic | romance | (first) date | date night | candlelit/candlelight/candles | propose/proposal",
        "",
    ),
    "cosy cozy": ("cosy/cozy/cosier/cozier/intimate/snug/homely", ""),
    "elegant": ("elegant/stylish/smart/chic/classy/sophisticated/glamorous", ""),
    "casual": ("casual/relaxed/informal | laid back | nothing/not (too) fancy/formal/posh", ""),
    "family friendly": (
        """
        family/kid/kids/child/children friendly |
        good/suitable/nice/great/fine/ok/okay for/with (the/my/our/small)
        kids/children/families/family/toddlers | bring/take (the/my/our) kids/children | kids/children welcome
        """,
        "",
    ),
    "good groups": (
        "good/suitable/great/nice/room for (a/big/large) groups/group | a big/large group/party",
        "",
    ),
    "outdoor seating": (
        """
        outdoor/outdoors | outside | al fresco | terrace/patio | a garden | beer garden | in the sun |
        sit/eat/dine/tables/seats/seating (in the) outside/outdoors/garden
        """,
        "",
    ),
    "waterside": (
        """
        waterside | by/near/on/at/along/beside/overlooking the water |
        water/sea/river/harbour/lake view/views | view/views of/over the *
        """,
        "",
    ),
    "live music": ("live music/band/jazz | (a) band/music playing | jazz", ""),
    "vegan": (
        """
        vegan/vegans | plant based | no/not/never/without * animal products |
        no/not/never/without * meat or/and dairy
        """,
        "",
    ),
    "vegetarian": (
        "vegetarian/vegetarians | veggie/veggies | meat free | meatless | no/not/never/without * meat",
        "",
    ),
    "gluten": (
        """
        gluten/wheat (free/intolerance/intolerant/allergy) | no/not/never/without * gluten/wheat |
        coeliac/celiac/coeliacs/celiacs/ciliac (disease)
        """,
        "",
    ),
    "dairy lactose": (
        "dairy/lactose/milk free/intolerance/intolerant/allergy | no/not/without * dairy/lactose",
        "",
    ),
    "nut nuts": ("nut free/allergy | no/not/without * nuts | allergic to nuts | nuts", ""),
    "halal": ("halal | hallal | hello food/meat/restaurant/restaurants", ""),
    "kosher": ("kosher | cosher", ""),
}
"""Names that a fixed choice may have, and the ways people speak of it: the plain ones, then the vague.

See `pattern_of` for the notation.
"""


PLAIN_WORDS = frozenset(
    word for both in _CONCEPTS.values() for word in re.findall(r"[a-z]+", " ".join(both)) if len(word) > 2
)
"""The words of all these ways of speaking, which are no misheard names."""


@lru_cache(maxsize=1024)
def wordings(choice_words: tuple[str, ...]) -> tuple[Wording, ...]:
    """Ways to speak of a fixed choice whose own words are `choice_words`."""
    wanted = {stem(word) for word in choice_words}
    return tuple(
        Wording(pattern_of(written), bool(vague))
        for names, both in _CONCEPTS.items()
        if wanted & {stem(name) for name in names.split()}
        for vague, written in enumerate(both)
        if written
    )
