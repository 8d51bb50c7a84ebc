"""What the operator API takes and gives. The OpenAPI document is made from these.

Times are UTC in RFC 3339; days are days of the restaurants' time zone. Money is in the currency of the
answer, an estimate by the table of prices. What a viewer may not see is empty, and `masked` says so.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from shared.call_facts import CallerOutcome, Carrier
from shared.calls import CallState, TransferState
from shared.intents import Intent

type CallId = Annotated[str, Meta(pattern=r"^\d{8}-\d{8}-[0-9a-f]{16}$")]
type Milliseconds = Annotated[int, Meta(ge=0, le=600_000)]
type Hour = Annotated[int, Meta(ge=0, le=23)]
type Token = Annotated[str, Meta(max_length=300)]
type Text = Annotated[str, Meta(min_length=1, max_length=100)]


class NoQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing to choose."""


# --- calls ---------------------------------------------------------------------------------------------


class CallsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which calls. What is left out does not matter; all that is given must hold."""

    from_: Annotated[date | None, Meta(description="First day; 29 days before `to` when left out.")] = (
        msgspec.field(name="from", default=None)
    )
    to: Annotated[date | None, Meta(description="Last day; today when left out.")] = None
    state: Annotated[
        Literal["live", "ended"],
        Meta(description="live: those in progress; of the filters only `text` and `carrier` go with it."),
    ] = "ended"
    outcome: CallerOutcome | None = None
    intent: Intent | None = None
    reached: Annotated[bool | None, Meta(description="Whether the caller got what they wanted.")] = None
    contained: Annotated[bool | None, Meta(description="Whether the agent brought it to its end alone.")] = (
        None
    )
    restaurant: Annotated[Text | None, Meta(description="Id of a restaurant that was spoken of.")] = None
    wish: Annotated[Text | None, Meta(description="Something asked for and not found.")] = None
    hour: Annotated[Hour | None, Meta(description="Of the day, in which the call rang.")] = None
    carrier: Carrier | None = None
    talked: Annotated[bool | None, Meta(description="Whether it became a conversation.")] = None
    made: Annotated[
        Literal["booking", "order"] | None,
        Meta(description="What was made in it; with `restaurant`, made there."),
    ] = None
    tool: Annotated[Text | None, Meta(description="Name of a tool that ran in it.")] = None
    priced: Annotated[bool | None, Meta(description="Whether there is a price for its model.")] = None
    interrupted: Annotated[bool | None, Meta(description="Whether the caller cut the agent short.")] = None
    misunderstood: Annotated[bool | None, Meta(description="Whether one did not get the other's words.")] = (
        None
    )
    tool_fault: Annotated[
        Text | None, Meta(description='Name of a tool that failed; "any" for whichever.')
    ] = None
    greeting_over: Annotated[Milliseconds | None, Meta(description="The greeting took longer.")] = None
    reply_over: Annotated[Milliseconds | None, Meta(description="A reply took longer.")] = None
    text: Annotated[
        Text | None,
        Meta(description="Part of an id or a wish; for operators also of a number or a code."),
    ] = None
    said: Annotated[
        Text | None,
        Meta(
            description="Words that were said in the call, by either side: each as the beginning of a word, "
            'those in quotes whole and one after the other, as in `vegan "table for two"`. For operators.'
        ),
    ] = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    continuation: Annotated[Token | None, Meta(description="As the page before gave it.")] = None


class ExcerptView(Struct, frozen=True, kw_only=True):
    """Where what was searched for was said."""

    seq: int
    """Of the turn."""
    role: Literal["caller", "agent"]
    text: str


class CallItem(Struct, frozen=True, kw_only=True):
    """One call in a list. Of a live call what is not known yet is null."""

    id: str
    state: CallState
    waiting: bool = False
    """In line for a place, and not talking yet."""
    carrier: Carrier
    rang_at: datetime
    ended_at: datetime | None = None
    caller: str = ""
    """Number or id; masked for viewers."""
    called: str = ""
    outcome: CallerOutcome | None = None
    intent: Intent | None = None
    reached: bool | None = None
    seconds: int | None = None
    greeting_ms: int | None = None
    slowest_reply_ms: int | None = None
    interruptions: int | None = None
    misunderstandings: int | None = None
    tool_faults: int | None = None
    restaurants: list[str] = []
    wishes: list[str] = []
    bookings: list[str] = []
    orders: list[str] = []
    cost: float | None = None
    excerpts: list[ExcerptView] = []
    """Of a search for something said: up to three turns in which it was."""


class CallPage(Struct, frozen=True, kw_only=True):
    """Calls, the newest first. A page may hold fewer than asked for, none even, and have a next one."""

    calls: list[CallItem]
    continuation: str | None
    """Hand it back for the next page; null on the last."""
    back_to: date | None = None
    """The day that the search has come to; null when it looked at all of them."""
    currency: str
    masked: bool


class TurnView(Struct, frozen=True, kw_only=True):
    """What one side said in one go."""

    seq: int
    role: Literal["caller", "agent"]
    text: str
    """As it was heard: what was cut off is not in it."""
    started_at: datetime
    ended_at: datetime
    interrupted: bool
    latency_ms: int | None = None
    """Agent: from the caller's last speech to the first audio written to the carrier."""
    first_audio_ms: int | None = None
    transcript_ms: int | None = None
    tool_ms: int | None = None
    filler: bool | None = None
    heard_ms: int | None = None
    interrupted_ms: int | None = None
    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None


class ToolView(Struct, frozen=True, kw_only=True):
    """One tool the agent ran."""

    seq: int
    name: str
    arguments: msgspec.Raw
    """JSON, as the model gave it; null for viewers."""
    result: msgspec.Raw
    error: str | None
    """Code of what went wrong, such as "full" or "timeout"."""
    fault: bool
    """Whether that is a fault of ours or the model's, and no answer."""
    ms: int
    started_at: datetime


class IntentView(Struct, frozen=True, kw_only=True):
    """What the caller wanted."""

    intent: Intent
    reached: bool
    reason: str
    by: str
    """"rules", "model", or who corrected it."""


class TransferView(Struct, frozen=True, kw_only=True):
    """The latest hand-over to a person."""

    number: int
    state: TransferState
    detail: str
    at: datetime | None
    summary: str
    """What the person was told."""


class BookingView(Struct, frozen=True, kw_only=True):
    """A booking made in the call, as it stands now."""

    code: str
    restaurant: str
    restaurant_name: str
    on: date
    at: str
    party_size: int
    name: str
    status: str


class OrderLineView(Struct, frozen=True, kw_only=True):
    """One dish of an order."""

    name: str
    quantity: int
    options: list[str]
    note: str
    amount: str
    """Decimal, in the currency of the city."""


class OrderView(Struct, frozen=True, kw_only=True):
    """An order placed in the call, as it stands now."""

    code: str
    restaurant: str
    restaurant_name: str
    due: datetime
    address: str
    name: str
    lines: list[OrderLineView]
    fee: str
    total: str
    currency: str
    status: str


class UsageView(Struct, frozen=True, kw_only=True):
    """What the call took."""

    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost: float | None
    currency: str
    prices_as_of: str


class Fault(Struct, frozen=True, kw_only=True):
    """Something that went wrong in the call."""

    at: datetime
    what: str


class RecordingView(Struct, frozen=True, kw_only=True):
    """What was recorded of the call. Its sound is at /calls/{id}/recording."""

    refused: bool
    """Whether the caller did not want it: then there is none."""
    began_at: datetime
    """When its first sample was."""
    seconds: float
    """0 also when the sound has been deleted."""
    complete: bool
    """Whether nothing is missing; of a live call there is more to come. What is missing is silent."""
    bytes: int
    """Of the file."""


class Actions(Struct, frozen=True, kw_only=True):
    """What can be done to the call now, by the one who asks."""

    end: bool
    transfer: bool
    correct: bool
    listen: bool


class CallDetail(Struct, frozen=True, kw_only=True):
    """Everything about one call, live or past."""

    call: CallItem
    masked: bool
    answered_at: datetime | None
    live_from: datetime | None
    """When the conversation began: zero of the timeline."""
    end_reason: str
    model: str
    language: str
    """Chosen for a talk from the page; empty for the agent's own choice."""
    intent: IntentView | None
    """Null while the call is live."""
    transfer: TransferView | None
    turns: list[TurnView]
    tools: list[ToolView]
    bookings: list[BookingView]
    orders: list[OrderView]
    recording: RecordingView | None
    """Null when the caller was neither told nor asked."""
    usage: UsageView
    faults: list[Fault]
    actions: Actions


class LiveCalls(Struct, frozen=True, kw_only=True):
    """Calls in progress, the newest first."""

    calls: list[CallItem]
    masked: bool


class Correction(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The intent of a call as an operator has it."""

    intent: Intent
    reached: bool
    reason: Annotated[str, Meta(min_length=1, max_length=200, description="Why, for whoever reads it later.")]


class TransferOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """To whom a call is to be put through."""

    to: Annotated[
        str,
        Meta(
            max_length=300, description="One of `transfer_targets` of /options; left out, as the agent would."
        ),
    ] = ""
    summary: Annotated[
        str, Meta(max_length=800, description="What the person is told; left out, a summary.")
    ] = ""


class Accepted(Struct, frozen=True, kw_only=True):
    """The call was told; its record shows what comes of it."""

    id: str
    accepted: Literal["end", "transfer"]


# --- talk ----------------------------------------------------------------------------------------------


class TalkOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody who wants to talk has chosen; what is left out is as the agent is configured."""

    language: Annotated[str, Meta(max_length=20, description="One of `languages` of /options.")] = ""
    voice: Annotated[str, Meta(max_length=100, description="One of `voices` of /options.")] = ""
    prompt: Annotated[str, Meta(max_length=12_000, description="In place of prompt.md.")] = ""


class TalkTicket(Struct, frozen=True, kw_only=True):
    """Leave to open one media socket, once, from this page, before it runs out."""

    id: str
    """Of the call, as it will stand among the calls."""
    url: str
    """Where to open the websocket. It holds the secret: keep it to yourself."""
    expires_at: datetime
    sample_rate: int


class Target(Struct, frozen=True, kw_only=True):
    """Somebody a call can be put through to."""

    to: str
    name: str


class Named(Struct, frozen=True, kw_only=True):
    """A restaurant."""

    id: str
    name: str


class Options(Struct, frozen=True, kw_only=True):
    """What there is to choose from, and who asks."""

    user: str
    role: Literal["viewer", "operator"]
    time_zone: str
    today: date
    languages: list[str]
    default_language: str
    voices: list[str]
    default_voice: str
    prompt: str
    transfer_targets: list[Target]
    restaurants: list[Named]
    outcomes: list[CallerOutcome]
    intents: list[Intent]
    currency: str
    most_days: int
    """Days that figures and lists go over at once."""
