"""Everyday words, by what they mean in a conversation. No place, person or product is named here."""

from __future__ import annotations

from functools import lru_cache

from local.voice_live.mind.words import CARDINALS, ORDINALS, phrases, stem, word_set

FILLERS = word_set(
    """
    um uh er erm hmm mm mhm ah oh well so like please just maybe actually basically okay ok right then now
    yes yeah thanks thank you hi hello hey
    """
)

STOPWORDS = word_set(
    """
    a an the and or but if of to in on at for with from by as is are was were be been am do does did doing
    has have had having i im ive id ill me my mine we us our ours you your yours he she they them their
    its it this that these those there here what which who whom when where why how can could would should
    will shall may might must not no yes so too very just also only than then now all any some each every
    one ones other another up down out about into over under again please thanks thank ok okay well um uh
    hello hi hey like want need get got give let lets us go going know tell say said see make made take
    whats wheres whens hows whos dont doesnt didnt isnt arent cant couldnt wont wouldnt theyre youre thats
    theres were hasnt havent
    """
)

COMMON = (
    STOPWORDS
    | FILLERS
    | frozenset(CARDINALS)
    | frozenset(ORDINALS)
    | word_set(
        """
        table tables book booking booked reserve reservation restaurant restaurants place places food eat
        eating dinner lunch breakfast brunch supper menu dish dishes kitchen house home garden grill bar
        cafe room corner market street road town city park night tonight today tomorrow evening afternoon
        morning week weekend day days time hour hours minute minutes people person party family friend
        friends wife husband name number phone address price prices cost cheap cheaper cheapest expensive
        moderate good great nice best better lovely perfect fine sure right wrong correct yep nope change
        cancel stop help find look looking search recommend suggest serve serves served open opens opened
        close closes closed closing opening near nearby around close late later early earlier first second
        third last next green blue red black white big small old new quiet spicy hot cold fresh free fast
        slow sorry pardon repeat wait hold moment bye goodbye maybe thing things something anything
        nothing everything someone anyone else more less much many few lot little bit half quarter past
        noon midnight card cash pay money euro euros pound pounds dollar dollars call calling called hear
        heard come coming came work works please pleased police palace place plan plans mean means meant
        think thought feel love hungry thirsty kids children wheelchair vegan vegetarian special different
        same weather make makes put sit sitting lets until till before after since because actually
        instead rather really still yet already always never question questions answer talk speak speaking
        listen understand read write spell letter letters word words
        france china japan italy spain mexico india thailand greece capital country
        order orders delivery deliver takeaway joke robot human
        """
    )
)
"""Words too ordinary to be a misheard name."""

SYNONYMS: tuple[frozenset[str], ...] = tuple(
    frozenset(stem(word) for word in group.split())
    for group in (
        "book reserve reservation booking table",
        "find search recommend recommendation suggest suggestion look discover list somewhere hungry craving "
        "fancy option options choose place eat",
        "details info information describe tell fact",
        "weather forecast temperature rain raining sunny cold warm umbrella",
        "cancel undo",
        "order takeaway delivery deliver pickup",
        "transfer human agent operator manager colleague staff",
        "message text sms note",
        "hours open opening close closing",
        "address location located directions where street",
        "price cost costs expensive cheap pricey",
    )
)
"""Groups of words that ask for the same thing; a word counts as a weaker form of the others in its group."""

CONCEPTS: dict[str, str] = {
    "hours hour opening times": """
        hours | opening hours | opening times | open | opens | opened | opening | close | closes |
        closed | closing | how late | what time do they | what time does it
        """,
    "address location where": """
        where | wheres | address | located | location | directions | get there | find it | which street |
        how far
        """,
    "phone telephone number contact": """
        phone | telephone | phone number | telephone number | contact | call them | their number
        """,
    "menu food": """
        menu | on the menu | what do they serve | what do they have | what food | what dishes | dishes |
        serve | what can i eat | what can we eat | what kind of food | what sort of food | dessert |
        desserts | starters | mains | wine | wines
        """,
    "price cost": """
        price | prices | pricey | price range | price level | expensive | cheap | how much | cost | costs
        | dear
        """,
    "diet diets dietary allergens": """
        vegan | vegetarian | veggie | gluten | gluten free | halal | kosher | dairy | lactose | nut free |
        allergy | allergies | allergic | dietary | diets | vegans | vegetarians | coeliac | celiac
        """,
    "payment pay": """
        pay | payment | card | cards | credit card | credit cards | cash | visa | mastercard | amex |
        american express
        """,
    "access accessibility": """
        wheelchair | step free | stairs | steps | accessible | disabled | ramp | pram | buggy | access
        """,
    "about overview general summary description": """
        tell me about | what about | tell me more | more about | what is it like | whats it like |
        describe | know more | hear more | what are they like | more information | some information |
        details
        """,
    "centre center central": """
        city centre | city center | downtown | town centre | the centre | the center | central
        """,
    "river riverside": "river | the river | by the river | river bank | riverbank",
    "harbour harbor quay waterfront": """
        harbour | harbor | waterfront | by the water | docks | quay | by the sea
        """,
    "parking": "parking | park | car park",
    "cheap low budget inexpensive": """
        cheap | cheaper | cheapest | inexpensive | affordable | budget | low budget | low cost | good
        value | not too expensive | not expensive | not very expensive | not too pricey | on a budget |
        less expensive
        """,
    "moderate medium mid average": """
        moderate | moderately priced | mid range | medium | medium priced | reasonable | reasonably priced
        | average | mid price
        """,
    "expensive high upscale fancy": """
        expensive | a fancy | something fancy | somewhere fancy | fancy restaurant | fancy place | upscale
        | posh | fine dining | high end | luxury | luxurious | upmarket | special occasion | splurge |
        more expensive
        """,
    "vegan": "vegan | vegans | plant based",
    "vegetarian": """
        vegetarian | vegetarians | veggie | veggies | meat free | meatless | no meat | without meat
        """,
    "gluten": "gluten free | no gluten | without gluten | gluten | coeliac | celiac",
    "dairy lactose": """
        dairy free | no dairy | lactose free | lactose intolerant | lactose | without dairy | dairy
        """,
    "nut nuts": "nut free | no nuts | nut allergy | without nuts | nuts",
    "halal": "halal | hallal | hello food",
    "kosher": "kosher | cosher",
}
"""Names that a fixed choice may have, and the ways people speak of it (`|` between them)."""


@lru_cache(maxsize=1024)
def related(word: str) -> frozenset[str]:
    """The stems that mean much the same as `word` (a stem itself), without it."""
    return frozenset().union(*(group for group in SYNONYMS if word in group)) - {word}


def phrases_for(choice_words: tuple[str, ...]) -> tuple[str, ...]:
    """Ways to speak of a fixed choice whose own words are `choice_words`."""
    wanted = {stem(word) for word in choice_words}
    return tuple(
        phrase
        for names, said in CONCEPTS.items()
        if wanted & {stem(name) for name in names.split()}
        for phrase in phrases(said)
    )
