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
        hang morning week weekend day days time hour hours minute minutes people person party family friend
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
        fancy fancies fancied craving crave kill die dying climb climbing lift loud fancying starving
        peanut peanuts sesame milk egg eggs soy shellfish wheat allergy allergies allergic
        anybody nobody everybody try trying again reach
        contain contains containing include includes including along beside beyond across opposite
        behind above below between among against towards within without
        joint joints spot spots venue venues eatery eateries pub pubs hotel hostel church cinema
        hospital airport office school beach
        dial fill view deal meal real role side site size rate late date gate state wait great
        big bigger huge tiny short long tall wide deep high low full empty busy loud noisy calm warm
        cool dark
        light bright clean dirty rich poor easy hard soft strong weak safe dangerous simple plain modern
        car bus train taxi bike drive walk walking ride park parking stop station
        head hand foot eyes face body mouth hair arm leg feet knee back
        boy girl man men woman women mother father son daughter brother sister child baby aunt uncle
        cousin
        parents grandma grandpa grandmother grandfather boyfriend girlfriend partner fiance colleague
        colleagues boss mate mates guests guest group party couple birthday anniversary wedding date
        occasion
        celebrate celebrating celebration business trip visit visiting tourist tourists holiday
        bring take carry keep leave left stay staying start begin finish end live living move moving turn
        ask asking tell telling told use using used seem become happen happens show showing bring buy sell
        spend spending send win lose lost meet meeting follow learn allow add pick choose decide expect
        year years month months season spring summer autumn winter january february march july
        september october november december monday tuesday wednesday thursday friday saturday sunday
        class course courses way ways kind kinds sort sorts type types style lot lots bunch pair piece
        bit couple rest part parts middle top bottom front inside outside outdoors indoors upstairs
        downstairs
        problem trouble reason idea ideas fact example case point matter issue
        news story music film show game games team match sport football
        true false sad happy glad keen afraid worried angry tired bored ready able likely certain possible
        probably perhaps definitely certainly exactly especially usually often sometimes once twice soon
        recently straight away together apart alone both either neither several enough almost quite pretty
        though although while whether unless except besides however therefore
        whole own main local famous popular favourite favorite usual proper decent fair honest
        able allowed available included charge fee fees tip tips service staff manager waiter chef
        owner owners
        chair chairs seat seats seating window door floor garden terrace balcony toilet toilets wifi
        """
    )
)
"""Words too ordinary to be a misheard name."""


@lru_cache(maxsize=8192)
def ordinary(word: str) -> bool:
    """True for an everyday word in any of its forms: "thinking" as well as "think"."""
    if word in COMMON:
        return True
    for ending in ("ing", "ed", "es", "er", "s", "ly"):
        base = word.removesuffix(ending)
        if base != word and len(base) > 2 and (base in COMMON or f"{base}e" in COMMON):
            return True
    return False


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
