from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Optional, TypeVar, Union

import aiohttp

from ._errors import HTTPError, SpinscopeError, StoreChangedError, UnreachableError, passing
from ._types import Bars, Candle, Gap

T = TypeVar("T")
Query = Mapping[str, Union[str, int, None]]

TIMEOUT_SECONDS = 15
PAGE = 1000
ATTEMPTS = 5
FIRST_DELAY_SECONDS = 0.25
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


class HTTP:
    """The REST side of a server."""

    def __init__(self, session: aiohttp.ClientSession, base: str, token: str) -> None:
        self._session = session
        self._base = base
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def text(self, path: str, query: Query) -> str:
        params = {name: str(value) for name, value in query.items() if value is not None}
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        try:
            request = self._session.get(self._base + path, params=params, headers=self._headers, timeout=timeout)
            async with request as answer:
                text = await answer.text()
        except (aiohttp.ClientError, asyncio.TimeoutError) as error:
            raise UnreachableError(f"{self._base} does not answer: {error}") from error
        if answer.status != 200:
            raise HTTPError(answer.status, _message(text))
        return text

    async def data(self, path: str, query: Optional[Query] = None) -> dict[str, Any]:
        try:
            answer = json.loads(await self.text(path, query or {}))
            data = answer["data"]
        except (ValueError, KeyError, TypeError) as error:
            raise SpinscopeError("the answer is not one of Spinscope") from error
        if not isinstance(data, dict):
            raise SpinscopeError(str(answer.get("message")))
        return data

    async def page(
        self, mint: str, interval: str, start: Optional[int], end: Optional[int], limit: int = PAGE, ascending: bool = False
    ) -> dict[str, Any]:
        """One page of candles, 1000 at most."""
        order = "time_asc" if ascending else "time_desc"
        query = {"mint": mint, "interval": interval, "order_by": order, "from": start, "to": end, "limit": min(limit, PAGE)}
        return await patiently(lambda: self.data("/api/kline", query))

    async def bars(self, mint: str, interval: str, start: Optional[int], end: Optional[int], limit: Optional[int]) -> Bars:
        for _ in range(3):
            bars = await self._bars_once(mint, interval, start, end, limit)
            if bars is not None:
                return bars
        raise StoreChangedError("the server has another store than when reading began")

    async def _bars_once(
        self, mint: str, interval: str, start: Optional[int], end: Optional[int], limit: Optional[int]
    ) -> Optional[Bars]:
        """None: the store changed on the way."""
        candles: list[Candle] = []
        first: Optional[dict[str, Any]] = None

        # From the newest back: what trades meanwhile moves no page that is still to be read.
        before = end
        while True:
            rest = PAGE if limit is None else limit - len(candles)
            page = await self.page(mint, interval, start, before, rest)
            if first is None:
                first = page
            elif page.get("store") != first.get("store"):
                return None
            candles += map(Candle.read, page["klines"])
            if not page["klines"] or not page["has_next"] or (limit is not None and len(candles) >= limit):
                break
            before = candles[-1].time - 1
        candles.reverse()

        begin = start
        if limit is not None and candles:
            begin = max(candles[0].time, start if start is not None else candles[0].time)
        until = None if end is None else end + UNITS.get(interval[:1], 0) * int(interval[1:] or 0)
        gaps = await self._gaps(mint, begin, until)
        return Bars(candles, gaps, first["seq"], first.get("store"))

    async def _gaps(self, mint: str, start: Optional[int], end: Optional[int]) -> list[Gap]:
        """Gaps that were not filled, of the program and of a mint, as far as they may lie in a stretch of time."""
        query: Query = {"mint": mint, "kind": "gaps", "format": "jsonl", "from": start, "to": end}
        text = await patiently(lambda: self.text("/api/export", query))
        gaps = [Gap.read(json.loads(line)) for line in text.splitlines() if line]
        return [gap for gap in gaps if gap.state != "filled"]


async def patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """Tries again what may succeed later, a few times."""
    for attempt in range(1, ATTEMPTS):
        try:
            return await ask()
        except SpinscopeError as error:
            if not passing(error):
                raise
        await asyncio.sleep(FIRST_DELAY_SECONDS * 2 ** (attempt - 1))
    return await ask()


def _message(text: str) -> str:
    try:
        answer = json.loads(text)
        return str(answer.get("message") or answer.get("detail"))
    except (ValueError, AttributeError):
        return text[:200]
