from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Any, Optional, TypeVar, Union

import aiohttp

from ._errors import Code, RequestError
from ._follow import CandleFollower, EventFollower, Follower, PriceFollower
from ._http import HTTP
from ._live import Live
from ._types import Bars, Greeting, Position

Time = Union[int, float, datetime]
"""Unix seconds, or a datetime: one without a zone is local time."""

F = TypeVar("F", bound="Follower[Any]")


class AsyncClient:
    """A server, such as http://127.0.0.1:5051: its history and what happens.

    One connection serves everything that is followed; it is made when something is, comes back by itself, and goes on where it
    was. `on_link` hears how it stands: connecting, connected, offline or unauthorized, and why. Make it where a loop runs.
    """

    def __init__(self, url: str, token: str = "", on_link: Optional[Callable[[str, str], None]] = None) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"{url}: an address such as http://127.0.0.1:5051 is needed")
        base = url.rstrip("/")
        self._session = aiohttp.ClientSession()
        self._http = HTTP(self._session, base, token)
        self._live = Live(self._session, base, token, self._linked)
        self._on_link = on_link
        self._followers: set[Follower[Any]] = set()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends everything; each loop ends."""
        for follower in list(self._followers):
            follower.close()
        await self._live.close()
        await self._session.close()

    async def bars(
        self, mint: str, interval: str, *, start: Optional[Time] = None, end: Optional[Time] = None, limit: Optional[int] = None
    ) -> Bars:
        """Stored candles with start <= time <= end, the newest `limit` of them, however many pages that takes, and the gaps that
        may lie among them. Without bounds and a limit, all that are stored. What passes by itself is tried again."""
        return await self._http.bars(mint, interval, _seconds(start), _seconds(end), limit)

    def follow(
        self,
        mint: str,
        interval: str,
        *,
        start: Optional[Time] = None,
        limit: Optional[int] = None,
        since: Optional[Position] = None,
    ) -> CandleFollower:
        """The candles that are there (the newest as many as the server gives, or `limit`, or all from `start` on), then each change.
        With `since` it goes on where an earlier reader stopped; `start` then says where what that one holds begins."""
        return self._start(CandleFollower(self._live, self._http, mint, interval, _seconds(start), limit, since, self._gone))

    def events(self, mint: Optional[str] = None, *, since: Optional[Position] = None) -> EventFollower:
        """The events of a mint, or of all, from now on or from a position."""
        topic, payload = (f"events:{mint}", {"symbol": mint}) if mint is not None else ("events", {})
        return self._start(EventFollower(self._live, self._http, topic, "events", payload, since, self._gone))

    def tokens(self, *, since: Optional[Position] = None) -> EventFollower:
        """New tokens, from now on or from a position."""
        return self._start(EventFollower(self._live, self._http, "token_events", "token_events", {}, since, self._gone))

    def prices(self, mint: str) -> PriceFollower:
        """The price of a mint: the last one, then the newest whenever the reader asks."""
        return self._start(PriceFollower(self._live, mint, self._gone))

    async def greeting(self) -> Greeting:
        """What the server says first: its intervals, and the mints traded last. Waits for a connection."""
        return await self._live.greeting()

    async def status(self) -> dict[str, Any]:
        """What the server reads, how far it is, and its store: /api/events/status."""
        return await self._http.data("/api/events/status")

    async def watched(self) -> list[dict[str, Any]]:
        """The coins that are followed by their own addresses, and how far each is: /api/watch."""
        coins: list[dict[str, Any]] = (await self._http.data("/api/watch"))["coins"]
        return coins

    def _start(self, follower: F) -> F:
        self._followers.add(follower)
        if self._live.refusal is None:
            follower.start()
        else:
            follower.fail(RequestError(Code.UNAUTHORIZED, self._live.refusal))
        return follower

    def _gone(self, follower: Follower[Any]) -> None:
        self._followers.discard(follower)

    def _linked(self, link: str, reason: str) -> None:
        if link == "unauthorized":
            for follower in list(self._followers):
                follower.fail(RequestError(Code.UNAUTHORIZED, reason))
        if self._on_link is not None:
            self._on_link(link, reason)


def _seconds(time: Optional[Time]) -> Optional[int]:
    if isinstance(time, datetime):
        return int(time.timestamp())
    return None if time is None else int(time)
