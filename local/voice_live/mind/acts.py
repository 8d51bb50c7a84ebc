"""What a caller does beside giving facts: agrees, refuses, greets, thanks, asks to repeat, says goodbye."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto

from local.voice_live.mind.patterns import line_of, pattern_of
from local.voice_live.mind.spans import at, has_any, texts
from local.voice_live.mind.vocabulary import FILLERS
from local.voice_live.mind.words import Token, phrases, word_set


class Act(Enum):
    """One thing done by speaking."""

    YES = auto()
    NO = auto()
    HEDGE = auto()
    """Holds back from a plain yes: "but", "wait", "maybe"."""
    HELLO = auto()
    GOODBYE = auto()
    THANKS = auto()
    REPEAT = auto()
    WAIT = auto()
    CANCEL = auto()
    HELP = auto()
    QUESTION = auto()
    ANYTHING = auto()
    """Leaves the choice open: "I don't mind", "anything"."""
    DONE = auto()
    """Wants nothing more: "that's all"."""
    COMPARE = auto()
    PERSON = auto()
    """Asks to be put through to a human."""
    SMALL_TALK = auto()


_YES = phrases(
    """
    yes | yeah | yep | yup | ya | yea | yah | sure | ok | okay | correct | right | thats right | exactly |
    perfect | great | sounds good | sounds great | sounds lovely | go ahead | please do | book it | do it
    | of course | absolutely | fine | thats fine | that works | works for me | lovely | confirm | i
    confirm | definitely | indeed | all right | alright | thats correct | thats it | that is right | that
    is correct | that will do | thatll do | good | please | certainly | spot on | brilliant | excellent |
    confirmed | uh huh | mm hmm | mhm | lets do it | lets do that | id love that | id love to |
    that would be great | that would be lovely | that would be good | thatd be great | thatd be lovely |
    thats lovely | thats brilliant | thats wonderful | thats excellent | thats fantastic | thats super |
    thats spot on | go for it | you bet | thats all correct | that is all correct | all correct |
    its right | it is right |
    yes i would | i would please | that suits | thats perfect | thats great | thats good | all good |
    looks
    good | thats the one | you got it | cool | super | wonderful | fantastic | aye | that is fine
    """
)
_YES_FIRST = word_set(
    """
    yes yeah yep yup yea ya yah sure ok okay correct right exactly perfect great absolutely definitely
    indeed lovely fine alright certainly confirm confirmed good brilliant excellent corrects mhm aye cool
    super wonderful fantastic
    """
)
_YES_PHRASES = tuple(phrase for phrase in _YES if " " in phrase)
_NO_FIRST = word_set("no nope nah know not wrong incorrect never")
_NO_PHRASES = phrases(
    """
    no thanks | no thank you | not really | thats wrong | that is wrong | not right | not correct | thats
    not | dont book | do not book | not quite | not yet | i dont want | i do not want | dont do | id
    rather not | i dont think so | rather not | not that one | isnt right | is incorrect
    """
)
_HEDGES = phrases(
    """
    but | wait | hold on | actually | not | dont | cant | wont | maybe | unless | except | different |
    change | instead | hmm | not sure | another | other | before | first | almost | nearly | if | wrong |
    nope | no | never | think about | later | hang on | however | cancel | stop | forget
    """
)
_HELLO = word_set("hello hi hey hiya greetings hallo hola")
_GOODBYE = phrases(
    """
    bye | goodbye | bye bye | see you | good night | hang up |
    thats all for now | end the call | cheerio | talk to you later | farewell | take care |
    speak soon | see ya | ill leave it there | must dash | ill call back | ill call again | ring off |
    ciao
    """
)
_GOOD_WISHES = """
    have a/an (really/very) good/nice/great/lovely/wonderful/pleasant
    day/evening/night/one/weekend/time/afternoon/morning/week/rest
"""
_BEFORE_BY = word_set("near close stop drop come pass go to pay") | {""}
_LEAVING = phrases(
    """
    have to go | got to go | gotta go | need to go | have to run | got to run | should go | must go |
    better go | should be off | have to leave
    """
)
"""Goodbyes where nothing but "now" follows: "I have to go to the station" is none."""
_DONE = phrases(
    """
    thats all | that is all | thats everything | that is everything | nothing else | nothing more |
    thatll be all | that will be all | im done | we are done | were done | im good | i am good |
    im all set | all set | no more | im fine thanks | thats all thanks | all sorted | im sorted |
    that covers it | thats the lot | everything i need | everything i needed | what i needed |
    all i needed | all i wanted | no further questions | dont need anything else |
    dont need anything more |
    dont want anything else | not anything else | were good | we are good | thatll do | that will do
    """
)
_THATS_IT = ("thats it", "that is it", "thatll be it", "that will be it")
"""Agreement after a yes, but the end of a talk after a no or with thanks."""
_THANKS = ("thanks", "thank you", "cheers", "much appreciated", "thank")
_REPEAT = phrases(
    """
    sorry | pardon | pardon me | what was that | say that again | repeat | come again | what did you say |
    i didnt catch | didnt hear | could not hear | couldnt hear | cant hear | once more | one more time |
    say again | excuse me | what | huh | again please | can you repeat | i missed that | eh | sorry what |
    you what | say what | what is that | i dont understand | i didnt understand | i didnt get that |
    i cant
    hear you | speak up | whats that | say that slowly | more slowly | slower please | louder please
    """
)
_REPEAT_ANYWHERE = phrases(
    """
    say that again | repeat that | repeat it | what did you say | didnt catch that | come again |
    what was that | didnt hear | couldnt hear you | say it again | i missed that | repeat please |
    please repeat | you repeat | beg your pardon | one more time | once more please | didnt quite catch |
    didnt catch what | didnt get that | didnt understand | dont understand you | cant hear you |
    cannot hear you | speak up | speak more slowly | speak slower | say that slower | run that by me |
    say that one more time | say that slowly
    """
)
_WAIT = phrases(
    """
    hold on | one moment | just a moment | one second | just a second | wait | hang on | just a sec | one
    sec | let me think | let me see | give me a second | give me a moment | just a minute | one minute |
    bear with me | um | uh | hmm | er
    """
)
_CANCEL = phrases(
    """
    never mind | nevermind | forget it | forget about it | cancel | cancel that | changed my mind | leave
    it | dont book | do not book | dont bother | scrap that | start over | stop that | not any more | dont
    want to book | dont want a table | dont want the table | dont need a table
    """
)
_HELP = phrases(
    """
    what can you do | help | how does this work | who are you | are you a robot | are you a machine |
    are you a computer | are you a bot | are you an ai | are you human | are you real | what are you |
    can you help me | could you help me | i need help | am i speaking to | is this a robot |
    how can you help | what do you do | what is this | whos this | who is this
    """
)
_ANYTHING = phrases(
    """
    anything | i dont mind | dont mind | i dont care | dont care | no preference | surprise me | whatever
    | up to you | you choose | not fussy | any kind | not sure | i dont know | dont know | doesnt matter |
    anything is fine | something nice | something good | im easy | im open | open to anything
    """
)
_QUESTION_FIRST = word_set(
    """
    what whats when where which who whose why how is are was do does did can could would will has have
    wheres whens hows may should
    """
)
_WH_WORDS = word_set("what whats when where wheres which who whose how hows why")
_QUESTION_PHRASES = phrases(
    """
    tell me | i want to know | id like to know | do you know | can you tell | could you tell | what about
    | how about | i wonder | i was wondering
    """
)
_PERSON = """
    speak/talk/word/chat/speaking/talking to/with *
    person/human/someone/somebody/anyone/anybody/manager/operator/agent |
    speak/talk/word/chat/speaking/talking to/with *
    staff/boss/owner/team/supervisor/colleague/charge/management/employee |
    speak/talk/speaking/talking to/with (a/an/the)
    representative/receptionist/waiter/host/people/customer |
    human being | a/the real/actual/living/proper person/human | put/send me/us (straight) through |
    connect/transfer/pass me/us (to/with/on/over/the) | operator |
    get me/us (a/an/the/your) (real/actual) person/human/manager/someone/somebody |
    customer service/services/support | want/need/like/prefer a (real) human/person/manager |
    is the manager there/in/available | is there a/any/some (real/actual/living) person/human/manager |
    reach * someone/somebody/person/human |
    someone/somebody/anyone/anybody (else) (that/who) i/we can/could speak/talk (to/with) |
    i want/need/would the manager | get/fetch the manager | not * to a/this machine/robot/computer/bot |
    a person not a machine/robot/computer |
    give me (to) (a/the/your) (real) human/person/manager/colleague |
    someone/somebody/human/person * call/ring/phone me/us back | call/ring me/us back |
    human/person/somebody/someone help/assist (me/us) |
    someone/somebody/person from the/your team/restaurant/staff |
    human help/assistance/agent/operator | a human
"""
_PERSON_ALONE = (
    "human",
    "a human",
    "person",
    "a person",
    "person plays",
    "a person plays",
    "manager",
    "the manager",
)
_IS_IT_A_PERSON = (
    "are you a/an/really | am i speaking/talking | is this a | speaking/talking to a robot/machine"
)
_COMPARE = phrases(
    """
    compare | difference | which is | which one is | which of | which ones | whats better | better one
    """
)
_SMALL_TALK = phrases(
    """
    how are you | how are you doing | hows it going | how do you do | whats up | nice to meet you |
    pleased to meet you | good to talk | are you there | can you hear me | anybody there
    """
)
_POLITE = word_set(
    """
    please thanks thank you very much so then it that thats this is all the a an i id ill lets go ahead do
    book and for me to be would like of course just now my we us great good perfect lovely yes yeah sure
    ok okay right correct sounds works fine one will really absolutely looks in with there everything
    confirm would love thatd like suits do uh huh mm hmm mhm
    """
)


def read_acts(tokens: Sequence[Token], text: str) -> frozenset[Act]:
    """All acts of a sentence.

    Short answers and long sentences are judged differently: "right" alone agrees, "the one on the right"
    does not.
    """
    words = texts(tokens)
    if not words:
        return frozenset()
    short = len(words) <= 4
    found: set[Act] = set()
    opening = next(
        (w for w in words if w not in ("um", "uh", "oh", "ah", "well", "er", "and", "so")), words[0]
    )
    if opening in _YES_FIRST or has_any(words, _YES_PHRASES) or (short and words == ["please"]):
        found.add(Act.YES)
    if (opening in _NO_FIRST and not _knowing(words, opening)) or has_any(words, _NO_PHRASES):
        found.add(Act.NO)
    if has_any(words, _HEDGES):
        found.add(Act.HEDGE)
    found |= _courtesies(words, short)
    if has_any(words, _CANCEL):
        found.add(Act.CANCEL)
    line = line_of(tokens)
    if has_any(words, _HELP) or (line.has(_PERSON) and line.has(_IS_IT_A_PERSON)):
        found.add(Act.HELP)
    if has_any(words, _ANYTHING):
        found.add(Act.ANYTHING)
    if (
        words[0] in _QUESTION_FIRST
        or _first_content(words) in _WH_WORDS
        or text.rstrip().endswith("?")
        or has_any(words, _QUESTION_PHRASES)
    ):
        found.add(Act.QUESTION)
    if has_any(words, _COMPARE):
        found.add(Act.COMPARE)
    if (line.has(_PERSON) or line.text in _PERSON_ALONE) and not line.has(_IS_IT_A_PERSON):
        found.add(Act.PERSON)
    return frozenset(found)


def _first_content(words: list[str]) -> str:
    """The first word after openings such as "ok" and "well": "ok, what else is there" asks."""
    return next((word for word in words if word not in FILLERS and word not in ("and", "but")), "")


def _courtesies(words: list[str], short: bool) -> set[Act]:
    found: set[Act] = set()
    if set(words[:2]) & _HELLO or has_any(
        words[:3], ("good morning", "good evening", "good afternoon", "good day")
    ):
        found.add(Act.HELLO)
    line = " ".join(words)
    by = words[-1] in ("by", "buy") and at(words, len(words) - 2) not in _BEFORE_BY  # heard for "bye"
    wishes = pattern_of(_GOOD_WISHES).search(line) is not None
    if by or wishes or has_any(words, _GOODBYE) or line.removesuffix(" now").endswith(_LEAVING):
        found.add(Act.GOODBYE)
    ends = has_any(words, _THATS_IT) and (
        words[0] in _NO_FIRST or has_any(words, ("thanks", "thank you", "think"))
    )
    if has_any(words, _DONE) or ends:
        found.add(Act.DONE)
    if has_any(words, _THANKS):
        found.add(Act.THANKS)
    if has_any(words, _SMALL_TALK):
        found.add(Act.SMALL_TALK)
    if (
        line in _REPEAT
        or has_any(words, _REPEAT_ANYWHERE)
        or (short and words[0] in ("sorry", "pardon") and "what" in words)
    ):
        found.add(Act.REPEAT)
    if (
        line in _WAIT
        or (short and has_any(words, _WAIT[:-4]))
        or set(words) <= {"um", "uh", "hmm", "er", "erm", "mm"}
    ):
        found.add(Act.WAIT)
    return found


def _knowing(words: list[str], opening: str) -> bool:
    """ "know" alone is a misheard "no"; in "know what" it is itself. "not" opens a refusal only as such."""
    if opening == "know":
        return len(words) > 1
    return opening == "no" and at(words, 1) in ("problem", "worries", "idea")


def plainly_agrees(tokens: Sequence[Token], acts: frozenset[Act]) -> bool:
    """True for a yes with nothing held back, the only answer on which something may be committed."""
    if Act.YES not in acts or acts & {Act.NO, Act.HEDGE, Act.CANCEL, Act.WAIT, Act.REPEAT}:
        return False
    rest = [word for word in texts(tokens) if word not in _POLITE and word not in _YES_FIRST]
    return len(rest) <= 2
