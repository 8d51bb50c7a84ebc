"""Everyday words, by what they mean in a conversation. No place, person or product is named here."""

from __future__ import annotations

from functools import lru_cache

from local.voice_live.mind.words import CARDINALS, ORDINALS, stem, word_set

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
        somewhere anywhere nowhere everywhere elsewhere
        anybody nobody everybody try trying again reach
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


@lru_cache(maxsize=1024)
def related(word: str) -> frozenset[str]:
    """The stems that mean much the same as `word` (a stem itself), without it."""
    return frozenset().union(*(group for group in SYNONYMS if word in group)) - {word}
