"""Who is on a call: communication identifiers, read and written.

Wire fact: `CommunicationIdentifierModel` of Call Automation REST 2026-03-12. Events carry `kind`; requests
from the SDK leave it out, so it is derived from the member that is present.
"""

import re

import msgspec

from local.decoding import FieldError

ANONYMOUS = "anonymous"
_E164 = re.compile(r"\+[1-9]\d{6,14}")


class PhoneNumber(msgspec.Struct, rename="camel", omit_defaults=True):
    """A number of the phone network, in E.164."""

    value: str
    is_anonymous: bool | None = None


class User(msgspec.Struct):
    """An identity of the communication resource, `8:acs:...`."""

    id: str


class Identifier(msgspec.Struct, rename="camel", omit_defaults=True):
    """One participant's identity."""

    kind: str | None = None
    raw_id: str | None = None
    phone_number: PhoneNumber | None = None
    communication_user: User | None = None

    @property
    def key(self) -> str:
        """What identifies a participant within a call: the raw id."""
        return self.raw_id or ""

    @property
    def address(self) -> str:
        """The number or user id, as it is dialled."""
        if self.phone_number is not None:
            return self.phone_number.value
        return self.communication_user.id if self.communication_user is not None else self.key


def identify(address: str, field: str) -> Identifier:
    """The identifier of a dialled address: `+E.164`, `anonymous` or `8:acs:...`. Raises `FieldError`."""
    if address == ANONYMOUS:
        number = PhoneNumber(value=ANONYMOUS, is_anonymous=True)
        return Identifier(kind="phoneNumber", raw_id=f"4:{ANONYMOUS}", phone_number=number)
    if address.startswith("8:acs:"):
        return Identifier(kind="communicationUser", raw_id=address, communication_user=User(id=address))
    if _E164.fullmatch(address):
        return Identifier(kind="phoneNumber", raw_id=f"4:{address}", phone_number=PhoneNumber(value=address))
    raise FieldError(field, "must be a number such as +15550100, or 8:acs:...")


def complete(identifier: Identifier, field: str) -> Identifier:
    """An identifier from a request with `kind` and `rawId` filled in. Raises `FieldError`."""
    if identifier.phone_number is not None:
        return identify(identifier.phone_number.value, f"{field}.phoneNumber.value")
    if identifier.communication_user is not None:
        return identify(identifier.communication_user.id, f"{field}.communicationUser.id")
    if identifier.raw_id:
        return identify(identifier.raw_id.removeprefix("4:"), f"{field}.rawId")
    raise FieldError(field, "needs rawId, phoneNumber or communicationUser")
