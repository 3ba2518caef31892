from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    """The codes of docs/protocol.md."""

    INVALID = 1001
    REFUSED = 1002
    HISTORY_FAILED = 1003
    UNAUTHORIZED = 1004
    RATE_LIMITED = 1005


class SpinscopeError(Exception):
    """Whatever this package raises of its own."""


class RequestError(SpinscopeError):
    """A request over the connection that the server refused. `code` is one of `Code`, as far as it is known."""

    def __init__(self, code: int, message: str, topic: str = "") -> None:
        super().__init__(f"{message} ({code})")
        self.code = code
        self.message = message
        self.topic = topic


class HTTPError(SpinscopeError):
    """A failure that the REST API answered with."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{message} ({status})")
        self.status = status
        self.message = message


class UnreachableError(SpinscopeError):
    """The server does not answer, or the answer broke off. Only single questions end with it: what is followed waits."""


class StoreChangedError(SpinscopeError):
    """The server had another store each time that reading began anew."""


def passing(error: BaseException) -> bool:
    """Whether the same request may succeed later."""
    if isinstance(error, HTTPError):
        return error.status == 429 or error.status >= 500
    return isinstance(error, UnreachableError)
