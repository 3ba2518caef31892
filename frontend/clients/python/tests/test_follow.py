"""The streams, with a connection whose pushes the tests make: python -m unittest discover -s tests"""

from __future__ import annotations

import asyncio
import unittest
from typing import Any, Optional

from spinscope import CandleUpdate, EventGap, EventUpdate, HTTPError, Position, RequestError, Reset, UnreachableError
from spinscope._follow import MAX_WAITING, CandleFollower, EventFollower
from spinscope._live import Feed
from spinscope._types import WatchUpdate


class FakeLive:
    def __init__(self) -> None:
        self.store: Optional[str] = "A"
        self.asked: list[Feed] = []
        self.ended = 0

    def subscribe(self, feed: Feed) -> None:
        self.asked.append(feed)

    def unsubscribe(self, feed: Feed) -> None:
        self.ended += 1


class FakeHTTP:
    """Answers with what `pages` gives, or raises it."""

    def __init__(self, *pages: Any) -> None:
        self.pages = list(pages)
        self.asked: list[tuple[Any, ...]] = []

    async def page(self, mint: str, interval: str, *query: Any) -> Any:
        self.asked.append(query)
        return self._next()

    async def data(self, path: str) -> Any:
        return self._next()

    def _next(self) -> Any:
        page = self.pages.pop(0)
        if isinstance(page, Exception):
            raise page
        return page


def candle(time: int, close: float = 1.0, final: bool = False) -> dict[str, Any]:
    prices = dict.fromkeys(("open", "high", "low", "volume", "quote_volume", "buy_volume"), 1.0)
    return {"time": time, "close": close, "trades": 1, "is_final": final, "update_type": "realtime", **prices}


def history(seq: int, *times: int, more: bool = False, store: str = "A") -> dict[str, Any]:
    return {"data": [candle(time) for time in times], "seq": seq, "store": store, "has_more": more}


def page(seq: int, *candles: dict[str, Any], more: bool = False, store: str = "A") -> dict[str, Any]:
    return {"klines": list(candles), "seq": seq, "store": store, "has_next": more}


class Candles(unittest.IsolatedAsyncioTestCase):
    def follow(self, http: Optional[FakeHTTP] = None, **options: Any) -> CandleFollower:
        self.live, self.http = FakeLive(), http or FakeHTTP()
        wanted = {"start": None, "limit": None, "since": None, **options}
        follower = CandleFollower(self.live, self.http, "M", "s1", ended=lambda _: None, **wanted)  # type: ignore[arg-type]
        follower.start()
        return follower

    async def read(self, follower: CandleFollower, count: int) -> list[Any]:
        seen: list[Any] = []
        while len(seen) < count:
            update = await asyncio.wait_for(follower.__anext__(), 30)
            if isinstance(update, CandleUpdate):
                seen.append((update.candle.time, update.candle.close, update.seq))
            elif isinstance(update, Reset):
                seen.append((update.cause, update.start))
            else:
                seen.append(update.state)
        return seen

    async def test_newest_state_of_each_candle_and_the_position(self) -> None:
        follower = self.follow()
        follower.on_history(history(5, 1, 2))
        follower.on_push({"data": candle(2, 2), "seq": 6})
        follower.on_push({"data": candle(3), "seq": 7})
        follower.on_push({"data": candle(2, 3, final=True), "seq": 8})
        self.assertEqual(await self.read(follower, 1), [(1, 1, 5)])
        self.assertIsNone(follower.position)  # of commit 5 only a part was taken
        self.assertEqual(await self.read(follower, 2), [(3, 1, 7), (2, 3, 8)])
        self.assertEqual(follower.position, Position(8, "A"))

    async def test_nothing_comes_twice_when_a_resume_brings_it_again(self) -> None:
        follower = self.follow()
        follower.on_history(history(5, 1, 2))
        await self.read(follower, 2)
        follower.on_history(history(7, 2, 3))
        self.assertEqual(await self.read(follower, 1), [(3, 1, 7)])

    async def test_what_lies_before_is_read_and_pushes_that_are_in_it_are_left_out(self) -> None:
        http = FakeHTTP(page(9, candle(1), candle(2), more=True), UnreachableError(), page(9, candle(3, 7)))
        follower = self.follow(http, start=1)
        follower.on_history(history(5, 4, 5, more=True))
        follower.on_push({"data": candle(2, 6), "seq": 8})
        follower.on_push({"data": candle(3, 8), "seq": 10})
        want = [(1, 1, 5), (2, 1, 5), (3, 7, 5), (4, 1, 5), (5, 1, 5), (3, 8, 10)]
        self.assertEqual(await self.read(follower, 6), want)
        self.assertEqual([query[0] for query in http.asked], [1, 3, 3])

    async def test_so_many_as_were_wanted(self) -> None:
        follower = self.follow(FakeHTTP(page(5, candle(2), more=True), page(5, candle(1), more=True)), limit=4)
        follower.on_history(history(5, 3, 4, more=True))
        self.assertEqual([time for time, _, _ in await self.read(follower, 4)], [1, 2, 3, 4])

    async def test_what_does_not_pass_ends_it(self) -> None:
        follower = self.follow(FakeHTTP(HTTPError(401, "no")), start=1)
        follower.on_history(history(5, 3, more=True))
        with self.assertRaises(HTTPError):
            await self.read(follower, 1)

    async def test_anew_after_a_gap_from_the_first_that_was_told(self) -> None:
        follower = self.follow(FakeHTTP(page(20, candle(1, 5))))
        follower.on_history(history(5, 1, 2))
        await self.read(follower, 2)
        follower.on_gap({"reason": "too much"})
        follower.on_history(history(20, 2, 3, more=True))
        self.assertEqual(await self.read(follower, 4), [("gap", 1), (1, 5, 20), (2, 1, 20), (3, 1, 20)])

    async def test_a_gap_in_the_midst_of_things_asks_anew(self) -> None:
        follower = self.follow()
        follower.on_history(history(5, 1))
        self.live.asked[0].ready = True
        follower.on_gap({"reason": "too much"})
        self.assertIsNone(self.live.asked[1].at)

    async def test_another_store_and_a_coin_that_was_read(self) -> None:
        follower = self.follow(start=4)
        follower.on_history(history(50, 4, 5))
        await self.read(follower, 2)
        follower.on_history(history(3, 8, store="B"))
        self.assertEqual(await self.read(follower, 2), [("store", None), (8, 1, 3)])
        self.assertEqual(follower.position, Position(3, "B"))
        follower.on_watch(WatchUpdate("M", "live", 1, 1, ""))
        follower.on_whole(history(9, 7, 8, store="B"))
        self.assertEqual(await self.read(follower, 3), ["live", ("history", 8), (8, 1, 9)])

    async def test_a_slow_reader_is_resumed_from_where_it_is(self) -> None:
        follower = self.follow()
        follower.on_history(history(5, 1))
        await self.read(follower, 1)
        for time in range(2, MAX_WAITING + 3):
            follower.on_push({"data": candle(time), "seq": time + 5})
        self.assertEqual(self.live.ended, 1)
        waiting = asyncio.ensure_future(self.read(follower, 1))
        await asyncio.sleep(0)
        while len(self.live.asked) < 2:
            await asyncio.sleep(0.01)
        self.assertEqual(self.live.asked[1].at, Position(5, "A"))
        follower.on_history(history(20_000, 1, 2))
        self.assertEqual(await waiting, [(2, 1, 20_000)])

    async def test_a_refusal_ends_it_and_closing_too(self) -> None:
        follower = self.follow()
        follower.on_error(RequestError(1001, "no coin"))
        with self.assertRaises(RequestError):
            await self.read(follower, 1)
        with self.assertRaises(StopAsyncIteration):
            await follower.__anext__()


class Events(unittest.IsolatedAsyncioTestCase):
    async def test_from_the_next_commit_on_and_through_a_slow_reader(self) -> None:
        live, http = FakeLive(), FakeHTTP(UnreachableError(), {"seq": 4, "store": "A"})
        follower = EventFollower(live, http, "events", "events", {}, None, lambda _: None)  # type: ignore[arg-type]
        follower.start()
        while not live.asked:
            await asyncio.sleep(0.01)
        self.assertEqual(live.asked[0].at, Position(5, "A"))

        def event(seq: int, signature: str) -> None:
            follower.on_push({"seq": seq, "event_data": {"signature": signature, "ordinal": 0}})

        async def signature() -> Any:
            update = await asyncio.wait_for(follower.__anext__(), 30)
            return update.event["signature"] if isinstance(update, EventUpdate) else update

        event(7, "a")
        event(7, "a")
        self.assertEqual(await signature(), "a")
        for i in range(MAX_WAITING + 1):
            event(8 + i, f"b{i}")
        waiting = asyncio.ensure_future(signature())
        while len(live.asked) < 2:
            await asyncio.sleep(0.01)
        self.assertEqual(live.asked[1].at, Position(7, "A"))
        event(7, "a")
        event(8, "b0")
        self.assertEqual(await waiting, "b0")

        live.store = "B"
        follower.on_gap({"from_seq": 1, "to_seq": 9, "reason": "another"})
        self.assertEqual(await signature(), EventGap("store", 1, 9, "another", "B"))
        self.assertEqual(follower.position, Position(10, "B"))
        follower.close()


if __name__ == "__main__":
    unittest.main()
