"""Client of a Spinscope server: its candles, prices and events, stored and live.

It comes back after a lost connection, a restart or a crash of the server, goes on where it was, and says when it cannot.
`Client` is for ordinary programs, `AsyncClient` for asyncio; both have the same calls.
"""

from ._async import AsyncClient
from ._blocking import Client
from ._errors import Code, HTTPError, RequestError, SpinscopeError, StoreChangedError, UnreachableError
from ._types import (
    Bars,
    Candle,
    CandleUpdate,
    Event,
    EventGap,
    EventsUpdate,
    EventUpdate,
    FollowUpdate,
    Gap,
    Greeting,
    Position,
    Price,
    Reset,
    WatchUpdate,
)

__all__ = [
    "AsyncClient",
    "Bars",
    "Candle",
    "CandleUpdate",
    "Client",
    "Code",
    "Event",
    "EventGap",
    "EventsUpdate",
    "EventUpdate",
    "FollowUpdate",
    "Gap",
    "Greeting",
    "HTTPError",
    "Position",
    "Price",
    "RequestError",
    "Reset",
    "SpinscopeError",
    "StoreChangedError",
    "UnreachableError",
    "WatchUpdate",
]
