"""How callers speak of ordering food, in the notation of `pattern_of`."""

from __future__ import annotations

BEGINS = """
    order/ordering (some/a/the) food/dinner/lunch/takeaway/takeout/delivery/in |
    order/ordering a/an/some/the/one/two/three/four/five/six/something/from/to/for/me/us |
    deliver/delivered |
    want/like/need/can/could/may/love/wish to/i/we order | place/make/start/put an/a/my order |
    takeaway/takeout |
    a/for/some/get delivery | home delivery | bring/send me/us | have/get * delivered/sent/brought |
    order me/us
"""
NO_ORDER = "order * table/booking/reservation | table * to order | in order to | out of order"
ASKS_WHETHER = """
    who/which/what/anyone/anybody/restaurants/places * deliver/delivers |
    do/does/can/will/would they/it deliver |
    is delivery | how much is delivery
"""
SO_FAR = """
    what do i/we have | have i/we (got) (ordered) | so far | how much is it/that/everything |
    what is (my/the) total |
    what does it/that come to | read * back | what is in my/the order | the total |
    how much * altogether/total |
    what did i/we order
"""
GIVES_UP = """
    cancel/forget/drop/stop/scrap/leave (the/my/our/that/this) (whole) order |
    cancel everything/it/all | forget it |
    never mind | forget about it | changed my mind | do not want to order | no order
"""
NO_MORE = """
    that is all/it/everything | that will be all/it | nothing else/more | no more | i am done |
    we are done | that will do |
    that is the lot | no thank you/thanks | no thats all | just that
"""
MAKE_THAT = """
    make it/that/them | of them/those/that/these | (i) meant/said | actually/rather | (no) just/only
"""
WISHES = """
    can/could/may i/we (please) (also) have/get/take/add/order/make | i/we would like/love |
    could/can you (please) add |
    could/can you make | i/we will have/take | what/how about (a/an/some/two/three/the) | would you add
"""
NAMED = "name is/it/to | under | (the) name"
