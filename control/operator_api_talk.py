"""The operator API: talking to the agent from the page, and what there is to choose from."""

from __future__ import annotations

import re
import uuid

from control.operator_api_auth import Role, User
from control.operator_api_calls import MOST_DAYS
from control.operator_api_http import ApiAnswer, ApiError, ApiRequest, answer_if_new, answer_struct
from control.operator_api_model import Named, NoQuery, Options, TalkOrder, TalkTicket, Target
from control.operator_services import OperatorServices
from shared.admission import Full
from shared.agent_talk import TalkChoiceError, for_talk, voices
from shared.auth import new_secret, secret_hash
from shared.call_facts import CallerOutcome
from shared.calls import Call, Talk, derive_call_id
from shared.intents import Intent
from shared.talks import TOKEN_GOOD_FOR

_SAMPLE_RATE = 24_000


async def begin_talk(ops: OperatorServices, user: User, request: ApiRequest, order: TalkOrder) -> ApiAnswer:
    """POST /talk: a call from the page begins as a record with a token for its media socket."""
    origin = _origin(request.headers.get("origin", ""))
    try:
        for_talk(ops.agent, language=order.language, voice=order.voice, prompt=order.prompt)
    except TalkChoiceError as error:
        raise ApiError(400, "bad_body", str(error), field=error.field, fix="see /api/v1/options") from error
    now, token = ops.clock(), new_secret()
    call = Call(
        id=derive_call_id(now, str(uuid.uuid4())),
        rang_at=now,
        claimed_at=now,
        secret_hashes=(secret_hash(token),),
        talk=Talk(user.id, origin, order.language, order.voice, order.prompt),
    )
    admitted = None if ops.line.gate is None else await ops.line.gate.admit(call.id, now)
    if isinstance(admitted, Full):
        raise ApiError(
            503, "full", f"no bridge can hold another call: {admitted}", fix="try again in a minute"
        )
    await ops.line.calls.claim(call)
    return answer_struct(
        TalkTicket(
            id=call.id,
            url=f"{ops.line.media_base_url}/browser/{call.id}/{token}",
            expires_at=now + TOKEN_GOOD_FOR,
            sample_rate=_SAMPLE_RATE,
        ),
        201,
    )


async def get_options(ops: OperatorServices, user: User, request: ApiRequest, _: NoQuery) -> ApiAnswer:
    """GET /options"""
    agent, sees_all = ops.agent, user.role >= Role.OPERATOR
    names = {target: restaurant for restaurant, target in agent.transfer.restaurants.items()}
    restaurants = [Named(id=one.id, name=one.name) for one in ops.catalogue.restaurants]
    called = {one.id: one.name for one in restaurants}
    targets = [
        Target(to=target, name=called.get(names.get(target, ""), "everybody"))
        for target in agent.transfer.everybody
    ]
    options = Options(
        user=user.name,
        role="operator" if sees_all else "viewer",
        time_zone=ops.insights.zone.key,
        today=ops.insights.day_of(ops.clock()),
        languages=list(agent.languages.spoken),
        default_language=agent.languages.default,
        voices=voices(agent),
        default_voice=agent.voice.name,
        prompt=agent.prompt if sees_all else "",
        transfer_targets=targets if sees_all else [],
        restaurants=restaurants,
        outcomes=list(CallerOutcome),
        intents=list(Intent),
        currency=ops.prices.currency,
        most_days=MOST_DAYS,
    )
    return answer_if_new(options, request)


def _origin(header: str) -> str:
    """The origin of the page that asks: the socket is opened from there or not at all.

    Raises:
        ApiError: there is none, or it is not one.
    """
    if re.fullmatch(r"https?://[a-z0-9.-]+(:\d{1,5})?|https?://\[[0-9a-f:.]+\](:\d{1,5})?", header) is None:
        raise ApiError(
            400,
            "bad_origin",
            "a talk is bound to the page it is begun from",
            field="Origin",
            fix="send Origin: https://host, as browsers do",
        )
    return header
