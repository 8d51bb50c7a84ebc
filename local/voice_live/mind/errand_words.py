"""How callers speak of what they have: in set phrases, in the notation of `pattern_of`."""

from __future__ import annotations

from local.voice_live.mind.roles import EXISTING
from local.voice_live.mind.words import word_set

THING = f"{'/'.join(sorted(EXISTING))}/table/tables"
UNDO = f"""
    cancel/delete/drop * {THING} | call off * {THING} | call * {THING} off | cancel for tonight/tomorrow |
    get rid of * {THING} | (i/we) want/need/like/have to cancel | can/could i/we/you cancel it/that/for |
    can not make it | will not make it | can not come | do not need * {THING} anymore
"""
UNDO_THAT = "cancel it/that/this | cancel the (first/second/third/last/other) one"
CHANGE = f"""
    move/change/shift/reschedule/push/bring/postpone/amend/alter/update/rebook/switch/edit * {THING} |
    make a change to * {THING} | make my/our/the/that/this * {THING} for/later/earlier/bigger/smaller |
    add * to my/our/the/that {THING}
"""
CHANGE_THAT = """
    move/change/shift/reschedule/push/postpone/switch it/that/this |
    move/change/shift/reschedule/push/postpone/switch the (first/second/third/last/other) one |
    would * be possible | make it/that | we move/come/change | actually | add a/an/that/one/two |
    (so/now) we/it will be | there will be | that makes us/it
"""
"""Ways to change what was just booked or told; only with a new value in the sentence."""
CHANGE_THAT_PLAINLY = (
    "move/change/shift/reschedule/push/postpone/switch it/that/this | make it/that | have it/that"
)
ONE_MORE = """
    book/reserve (me/us) a/an/another/one (more/other/new/second) table/booking/reservation |
    new table/booking
"""
SOMETHING_NEW = """
    book/reserve/find/another | is it | are they | do they | does it |
    what/when/where/which/how/does/do/is/are (time) * it/they/there/is/does/do/are
"""
RECALL = f"""
    what/which/when/where (time/day) is/was my/our/the {THING} | have my/our {THING} |
    do/did i/we have/make (a/any) (other) {THING} | have i/we (got) (a/any) {THING} |
    if/whether i/we have (got) a/any {THING} |
    check/confirm/find/see/hear/verify * my/our {THING} | look up * my/our {THING} |
    look my/our {THING} up | about my/our {THING} | details of/for my/our {THING} |
    what/how {THING} do/have i/we | what/which {THING} i/we have/made/got | how many {THING} |
    is my/our {THING} |
    when/where did i/we book/reserve |
    what did i/we book/reserve | i/we have a {THING} with/at/for/under/on
"""
ASKS_FOR_ONE = f"can/could/may/might/shall i/we (please) have/get a/the (nice) {THING}"
WHICH_CODE = (
    "what/which * code/reference | have/repeat/say/read/tell/forgot * (booking/reservation) code/reference"
)
CODE_SAID = "my/the/our (booking/reservation) code/reference (number) is"
DROPPED = (
    "never mind | forget it | leave it | forget about it | changed my mind | keep it | leave it as it is"
)
NO_CODE = "do not have/know/remember | no idea | have not got | lost it | lost the | forgot the/it"
CANCELS = word_set("cancel cancelled delete")
MOVES = word_set("move change moved changed")
DOES_IT = word_set("it the my our that booking reservation table do so please for me")
"""Words beside a yes that only say what is agreed to."""

# --- where the thing itself is "it" in the line ---

UNDO_IT = """
    cancel/cancelled/canceled/delete/drop/scrap/undo/annul/withdraw * it | call it off | call off it |
    it * cancelled/canceled/deleted/scrapped/off | take it off | get rid of it | do not need/want it |
    not be needing/using/requiring/wanting it | will not need it | no longer need/want it |
    give up it | give it up |
    release it | let it go | it * too late to cancel | want/need/like/have to cancel
"""
CHANGE_IT = """
    move/change/shift/reschedule/push/bring/postpone/amend/alter/update * it |
    rebook/switch/edit/extend/modify/adjust * it |
    it * moved/changed/shifted/rescheduled/postponed/updated/switched/amended | make it |
    put it back/forward/off |
    change/changes/adjustment/amendment to it | add * to it | change the * of it | swap it |
    i/we would like to move/change/shift/reschedule it | move/change/shift/reschedule it
"""
VERIFIES = "is/was/were it | did/do/does * it | what/when/where/which/who/how * it"
"""Questions that ask about the thing rather than for a change of it."""
KNOW_OF_IT = """
    forgot/forget/forgotten/remember/remind/know/check/confirm/see/hear * it |
    verify/details/about/look/find/tell/recall * it | it confirmed/booked/still |
    calling/ringing/phoning about/regarding it |
    what/which/when/where/how * it |
    information/info about/on it | code/reference of/for it
"""
BOOKED = """
    are/were/am i/we (still) booked/down |
    have/do you (got/have) (a/any/my/our) booking/reservation/table for me/us |
    lost/forgot/forgotten/misplaced * code/reference | what did i/we book |
    what (have) i/we (got) booked/reserved |
    what/which (restaurant/restaurants/place/places) have/did i/we (got) booked/reserved/book |
    have i/we (got) anything/something booked/reserved |
    have i/we booked/reserved anything/something/anywhere |
    where/when/what * did i/we book | do you have me/us down
"""
FOLLOWS = """
    where is * order/food/delivery/driver | how far is * order/food/delivery | status of * order/delivery |
    when will/is/does * order/food/delivery * (come/arrive/here/get/coming/arriving/there) |
    track * order/delivery |
    has * order/food/delivery * left/arrived/started/gone | order/food/delivery is late/late/not |
    still waiting for |
    what about my order/food/delivery | how long * order/food/delivery |
    is my/our order/food * coming/ready/way
"""
"""How callers ask after an order that is on its way."""
