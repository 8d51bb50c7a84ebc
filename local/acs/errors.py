"""Errors of the Call Automation REST API."""

from typing import Any

from local.decoding import FieldError


class ServiceError(Exception):
    """A request that is refused, as `{"error": {"code", "message", "target"}}` with an HTTP status.

    Codes that are numbers are the service's own (8522 call not found, 8535 bad audio file ...); the others
    are words.
    """

    def __init__(self, status: int, code: str, message: str, target: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.target = target

    @classmethod
    def of_field(cls, error: FieldError) -> "ServiceError":
        """400 for a field that does not fit."""
        return cls(400, "BadRequest", f"The field {error.field} is invalid: {error.reason}", error.field)

    @classmethod
    def call_not_found(cls, detail: str = "") -> "ServiceError":
        """404 for a call that is not there, no longer or never."""
        return cls(404, "8522", f"Call not found.{' ' + detail if detail else ''}")

    def body(self) -> dict[str, Any]:
        """The JSON error body."""
        error = {"code": self.code, "message": str(self)}
        if self.target is not None:
            error["target"] = self.target
        return {"error": error}
