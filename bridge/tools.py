"""What the model may do for this caller: look up restaurants, see to bookings and orders, hand over, hang up.

Facts come from the catalogue and the stores only. A result is short and carries `spoken`, words fit
for the ear; a failure carries `error` and a `message` that tells the model what to ask the caller next.
"""

from __future__ import annotations

import inspect
import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from azure.core.exceptions import AzureError

from bridge.tool_answers import absent
from bridge.tool_bookings import BookingTools
from bridge.tool_carts import CartTools
from bridge.tool_details import Question, UnknownDishError, described
from bridge.tool_memory import MemoryTools
from bridge.tool_order_parts import Ordering, OrderParts
from bridge.tool_orders import OrderTools
from bridge.tool_parameters import (
    BookTable,
    CancelBooking,
    EndCall,
    FindBookings,
    FindRestaurants,
    ForgetMe,
    MoveBooking,
    RecordCall,
    Remember,
    RestaurantDetails,
    TransferToPerson,
)
from bridge.tool_proof import Proof
from bridge.tool_recording import RecordingTools
from bridge.tool_results import Tool, ToolFailureError, ToolResult, failure, not_reached, result
from bridge.tool_schema import ToolArgumentError, parameters, parse
from bridge.tool_search import SearchTools
from bridge.tool_values import read_date
from shared import spoken
from shared.allergy_words import allergens_named
from shared.bookings import BookingStore
from shared.handover import Nobody, Targets, Transfer, choose, paragraph
from shared.ledger import ConflictError
from shared.menu import Allergen, Dish
from shared.restaurant import Restaurant
from shared.restaurants import Catalogue, UnknownRestaurantError

__all__ = ["TOOL_NAMES", "ToolBox", "ToolResult", "failure", "not_reached"]

_ENUM_LIMIT = 60
"""More names than this make the schema cost more tokens than the names are worth; then any text is taken."""

TOOL_NAMES = (
    "find_restaurants",
    "restaurant_details",
    "book_table",
    "find_bookings",
    "move_booking",
    "cancel_booking",
    "start_order",
    "order_item",
    "review_order",
    "place_order",
    "order_status",
    "cancel_order",
    "remember",
    "forget_me",
    "record_call",
    "transfer_to_person",
    "end_call",
)
"""Every tool there is; a call may have fewer."""

logger = logging.getLogger(__name__)


class ToolBox:
    """The tools of one call. Acts for this caller only and keeps nothing beyond the call."""

    def __init__(
        self,
        catalogue: Catalogue,
        bookings: BookingStore,
        *,
        call_id: str,
        caller: str | None,
        now: Callable[[], datetime],
        ordering: Ordering | None = None,
        allergies: Iterable[Allergen] = (),
        transfer: Targets = Targets(),  # noqa: B008 - a frozen value
        by_phone: bool = True,
        memory: MemoryTools | None = None,
        recording: RecordingTools | None = None,
    ) -> None:
        """`caller` is the number as the phone network gave it; `now` returns an aware time. `ordering` is
        what orders are made with, left out, none are taken; `allergies` of the caller are known from before.
        `transfer` is to whom callers are handed over, which needs a call of the phone network
        (`by_phone`). Without `memory` nothing is kept about callers, without `recording` no
        sound."""
        self._catalogue = catalogue
        self._now = now
        self._transfer = transfer
        self._by_phone = by_phone
        self._search = SearchTools(catalogue, bookings, now)
        self._about: Restaurant | None = None
        """The restaurant that was spoken of last."""
        person = transfer.any and by_phone
        proof = Proof(call_id=call_id, caller=caller, person=person)
        own = BookingTools(
            catalogue, bookings, call_id=call_id, caller=caller, now=now, proof=proof, person=person
        )
        self._tools: dict[str, Tool[Any]] = {
            "find_restaurants": Tool(FindRestaurants, self._find_restaurants, read_only=True),
            "restaurant_details": Tool(RestaurantDetails, self._restaurant_details, read_only=True),
            "book_table": Tool(BookTable, own.book),
            "find_bookings": Tool(FindBookings, own.find, read_only=True),
            "move_booking": Tool(MoveBooking, own.move),
            "cancel_booking": Tool(CancelBooking, own.cancel),
        }
        self._cart: CartTools | None = None
        if ordering is not None and any(r.delivery is not None for r in catalogue.restaurants):
            parts = OrderParts(
                catalogue,
                ordering,
                call_id=call_id,
                caller=caller,
                now=now,
                proof=proof,
                allergies=allergies,
                named=self._search.named,
            )
            self._cart = CartTools(parts)
            self._tools |= self._cart.tools() | OrderTools(parts).tools()
        self._memory = memory
        if memory is not None:
            self._tools["remember"] = Tool(Remember, self._remember)
            self._tools["forget_me"] = Tool(ForgetMe, self._forget_me)
        self._recording = recording
        if recording is not None:
            self._tools["record_call"] = Tool(RecordCall, recording.decide)
        if person:
            self._tools["transfer_to_person"] = Tool(TransferToPerson, self._transfer_to_person)
        self._tools["end_call"] = Tool(EndCall, self._end_call)

    def definitions(self) -> list[dict[str, Any]]:
        """The tools as Voice Live takes them in `session.tools`; names are enums read off the catalogue."""
        enums = {
            "restaurant": [restaurant.name for restaurant in self._catalogue.restaurants],
            "cuisine": self._catalogue.cuisines,
            "area": list(self._catalogue.city.areas),
            "diet": [diet.said for diet in self._catalogue.diets],
            **({"language": self._memory.languages} if self._memory is not None else {}),
            **(self._cart.enums() if self._cart is not None else {}),
        }
        small = {name: values for name, values in enums.items() if len(values) <= _ENUM_LIMIT}
        return [
            {
                "type": "function",
                "name": name,
                "description": " ".join(inspect.cleandoc(tool.parameters.__doc__ or "").split()),
                "parameters": parameters(tool.parameters, small),
            }
            for name, tool in self._tools.items()
        ]

    @property
    def _menu(self) -> tuple[Dish, ...]:
        """What can be ordered now; its names stand in the definitions."""
        return () if self._cart is None else self._cart.menu

    async def know_cart(self) -> None:
        """The call has a cart that it did not begin: know its menu. Await it before `definitions`."""
        if self._cart is not None:
            await self._cart.know_menu()

    def know_allergies(self, allergies: Iterable[Allergen]) -> None:
        """The caller must not eat these: from now on dishes with them are warned of."""
        if self._cart is not None:
            self._cart.know_allergies(allergies)

    def phrases(self) -> list[str]:
        """Restaurant, cuisine, area and dish names for the recogniser, at most 500."""
        return self._catalogue.phrases()

    def is_read_only(self, name: str) -> bool:
        """Whether running the tool changes nothing, so that it may be given up half done."""
        tool = self._tools.get(name)
        return tool is not None and tool.read_only

    def hand_over(self, summary: str) -> ToolResult:
        """What `transfer_to_person` does, without a model: the caller asked by key, or cannot be understood.

        Without a `transfer` in it, nobody can be reached; its output says why.
        """
        return self._hand_over(summary, self._about)

    def person_there(self) -> bool:
        """Whether `hand_over` would find somebody now, at this hour."""
        return self.hand_over("").transfer is not None

    async def run(self, name: str, arguments: str) -> ToolResult:
        """Run one tool. `arguments` is JSON text from the model, right or wrong.

        Never raises for what the model or the store did: the trouble goes to the model in words. Cancelling
        is safe at any point; a booking or order that was being saved then stands or does not, and the same
        call again finds out.
        """
        tool = self._tools.get(name)
        if tool is None:
            return failure("unknown_tool", f"There is no tool {name}. There are {', '.join(self._tools)}.")
        menu = self._menu
        try:
            done = await tool.run(parse(tool.parameters, arguments))
            if self._memory is not None:
                self._memory.noted(name, done.output)
            return done if self._menu == menu else replace(done, tools=self.definitions())
        except ToolArgumentError as error:
            return failure("bad_arguments", str(error))
        except UnknownDishError as error:
            return failure("unknown_dish", str(error))
        except UnknownRestaurantError as error:
            nearest = spoken.listing(error.nearest, "or")
            return failure(
                "unknown_restaurant",
                f"No restaurant is clearly meant by {error.said!r}. Ask whether the caller means {nearest}.",
            )
        except ToolFailureError as error:
            return error.result
        except ConflictError:
            return failure(
                "busy", "Many people are doing the same right now; nothing was saved. Offer to try once more."
            )
        except AzureError as error:
            logger.warning("tool failed: tool=%s error=%s", name, type(error).__name__)
            return failure(
                "unavailable",
                "Our system does not answer and it is not certain what was saved. Say so, and offer to try "
                "again: the same booking or order cannot be made twice.",
            )

    async def _find_restaurants(self, wish: FindRestaurants) -> ToolResult:
        self.know_allergies(allergens_named(wish.avoid or ""))
        return await self._search.find(wish)

    async def _restaurant_details(self, asked: RestaurantDetails) -> ToolResult:
        restaurant = self._about = self._search.named(asked.restaurant)
        now = self._local_now()
        day = read_date(asked.date) if asked.date else now.date()
        question = Question(self._catalogue, restaurant, asked.dish, day, now)
        return result(described(question, asked.topic))

    async def _remember(self, wish: Remember) -> ToolResult:
        if self._memory is None:
            raise TypeError("remember: there is no memory")  # then there is no such tool
        # For the orders of this call, whatever the caller says to keeping it.
        self.know_allergies(allergens_named(wish.allergies or ""))
        return await self._memory.remember(wish)

    async def _forget_me(self, wish: ForgetMe) -> ToolResult:
        if self._memory is None:
            raise TypeError("forget_me: there is no memory")  # then there is no such tool
        if self._recording is not None and wish.only is None:
            await self._recording.refuse()  # what is said from now on is not to be forgotten later
        return await self._memory.forget(wish)

    async def _transfer_to_person(self, wish: TransferToPerson) -> ToolResult:
        restaurant = self._catalogue.get(wish.restaurant) if wish.restaurant else None
        return self._hand_over(f"{wish.reason.rstrip('. ')}. {wish.summary}", restaurant)

    def _hand_over(self, summary: str, restaurant: Restaurant | None) -> ToolResult:
        if not self._transfer.any:
            return failure(
                "no_person", "There is no person to put callers through to. Say so, and offer help."
            )
        if not self._by_phone:
            return failure(
                "not_by_phone",
                "This caller talks from a web page and cannot be put through. Say so, and offer to help "
                "yourself or to give the restaurant's phone number.",
            )
        now = self._local_now()
        target = choose(self._transfer, restaurant, self._catalogue.zone, now)
        if isinstance(target, Nobody):
            return failure("nobody_there", absent(target, restaurant, now))
        message = "The caller has been told and is put through now. Say nothing more."
        output = json.dumps({"transferring": True, "message": message})
        return ToolResult(output, transfer=Transfer(target, paragraph(summary)))

    async def _end_call(self, _: EndCall) -> ToolResult:
        message = "The call ends now. If you have not said goodbye yet, say one short goodbye."
        return ToolResult(json.dumps({"ended": True, "message": message}), ends_call=True)

    def _local_now(self) -> datetime:
        return self._now().astimezone(self._catalogue.zone)
