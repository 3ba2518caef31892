"""What is read in a loop, by one reader."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, Literal, Optional, TypeVar

from ._errors import Code, RequestError, SpinscopeError, passing
from ._http import HTTP, PAGE
from ._live import Feed, Live, Wire
from ._types import (
    Candle,
    CandleUpdate,
    EventGap,
    EventsUpdate,
    EventUpdate,
    FollowUpdate,
    Position,
    Price,
    Reset,
    WatchUpdate,
)

T = TypeVar("T")

MAX_WAITING = 10_000
"""So much waits for the reader."""
MAX_SENT = 10_000
"""So many candles are remembered, to tell none twice."""
RETRY_SECONDS = 1.0


class Follower(Generic[T]):
    """Is read with `async for`. What comes meanwhile waits in a queue that has a bound; a reader that falls behind it loses
    nothing: the subscription is given up, and resumed from the reader's position once the queue is empty."""

    def __init__(self, live: Live, topic: str, kind: str, payload: Wire, since: Optional[Position], ended: Callable[[Follower[T]], None]) -> None:
        self._live = live
        self._topic, self._kind, self._payload = topic, kind, payload
        self._position = since
        self._ended = ended
        self._feed: Optional[Feed] = None
        self._resumes = True
        self._behind = False
        self._closed = False
        self._error: Optional[BaseException] = None
        self._woken = asyncio.Event()
        self._retry: Optional[asyncio.TimerHandle] = None

    @property
    def position(self) -> Optional[Position]:
        """Where a later reader is to go on. None as long as less was taken than makes one commit whole."""
        return self._position

    def __aiter__(self) -> Follower[T]:
        return self

    async def __anext__(self) -> T:
        while not self._closed:
            self._woken.clear()
            update = self._take()
            if update is not None:
                return update
            if self._error is not None:
                error = self._error
                self.close()
                raise error
            if self._behind:
                self._behind = False
                self.start()
            if not await self._fetch():
                await self._woken.wait()
        raise StopAsyncIteration

    def close(self) -> None:
        """Ends it; what waits is dropped."""
        if self._closed:
            return
        self._closed = True
        self._drop()
        if self._retry is not None:
            self._retry.cancel()
        self._clear()
        self._ended(self)
        self._woken.set()

    async def aclose(self) -> None:
        self.close()

    def fail(self, error: BaseException) -> None:
        """Ends it with an error, which the reader gets after what waits."""
        if self._error is None:
            self._error = error
        self._drop()
        self._woken.set()

    def start(self) -> None:
        """Asks for it (again)."""
        if self._closed or self._error is not None:
            return
        self._drop()
        self._feed = Feed(self._topic, self._kind, self._payload, self, self._position, self._resumes)
        self._live.subscribe(self._feed)

    def _drop(self) -> None:
        if self._feed is not None:
            self._live.unsubscribe(self._feed)
            self._feed = None

    def _overflow(self) -> None:
        self._drop()
        self._behind = True
        self._clear()
        self._woken.set()

    def _take(self) -> Optional[T]:
        """What comes next, if it is there."""
        raise NotImplementedError

    async def _fetch(self) -> bool:
        """Gets more; False when there is nothing to get but what is pushed."""
        return False

    def _clear(self) -> None:
        """Forgets what waits."""
        raise NotImplementedError

    def on_push(self, push: Wire) -> None:
        raise NotImplementedError

    def on_history(self, history: Wire) -> None:
        """Only candles have one."""

    def on_whole(self, history: Wire) -> None:
        """Only candles have one."""

    def on_gap(self, gap: Wire) -> None:
        """Prices have none."""

    def on_watch(self, status: WatchUpdate) -> None:
        """Prices do not tell."""

    def on_error(self, error: RequestError) -> None:
        if error.code != Code.RATE_LIMITED:
            self.fail(error)
            return
        self._feed = None
        self._retry = asyncio.get_running_loop().call_later(RETRY_SECONDS, self.start)


@dataclass
class _Entry:
    candle: Candle
    seq: int
    whole: Optional[int] = None
    """When this was taken, everything up to this commit was."""


class CandleFollower(Follower[FollowUpdate]):
    """The candles of a mint: those that are there, then each change once, in order, whatever happens to connection and server."""

    def __init__(
        self,
        live: Live,
        http: HTTP,
        mint: str,
        interval: str,
        start: Optional[int],
        limit: Optional[int],
        since: Optional[Position],
        ended: Callable[[Follower[FollowUpdate]], None],
    ) -> None:
        super().__init__(live, f"kline:{mint}:{interval}", "kline", {"symbol": mint, "interval": interval}, since, ended)
        self._http, self._mint, self._interval = http, mint, interval
        self._wanted, self._limit = start, limit
        self._store = since.store if since else None
        self._begun = since is not None
        """The reader has candles of the store, or is being given them."""
        self._first = start if since else None
        """Where what the reader has begins, if that is known."""
        self._first_known = since is None or start is not None
        self._missed: Optional[str] = None
        """Why what the reader has cannot be brought up to date."""

        # What waits, in this order.
        self._watch: Optional[WatchUpdate] = None
        self._reset: Optional[Reset] = None
        self._front: deque[_Entry] = deque()
        self._older: Optional[AsyncIterator[list[_Entry]]] = None
        self._reading: Optional[asyncio.Future[list[_Entry]]] = None
        self._back: OrderedDict[int, _Entry] = OrderedDict()

        self._sent: OrderedDict[int, Candle] = OrderedDict()
        """The newest that was told, by time: a resume brings some of it again, and a change may come to nothing."""
        self._covered: list[tuple[int, int, int]] = []
        """Pages that were read by REST, from, to and seq: what was pushed up to their commits is in them."""

    def start(self) -> None:
        if self._begun and self._position is None and self._missed is None:
            self._missed = "the reader was too slow"
        super().start()

    def _take(self) -> Optional[FollowUpdate]:
        if self._watch is not None:
            status, self._watch = self._watch, None
            return status
        if self._reset is not None:
            reset, self._reset = self._reset, None
            return reset
        if self._front:
            return self._tell(self._front.popleft())
        if self._older is not None:
            return None
        while self._back:
            time, entry = self._back.popitem(last=False)
            if entry.whole is not None:
                self._position = Position(entry.whole, self._store)
            if not self._is_covered(entry) and self._sent.get(time) != entry.candle:
                return self._tell(entry)
        return None

    def _tell(self, entry: _Entry) -> CandleUpdate:
        time = entry.candle.time
        if self._first_known:
            self._first = time if self._first is None else min(self._first, time)
        self._sent.pop(time, None)
        self._sent[time] = entry.candle
        if len(self._sent) > MAX_SENT:
            self._sent.popitem(last=False)
        return CandleUpdate(entry.candle, entry.seq, self._store)

    async def _fetch(self) -> bool:
        older = self._older
        if older is None:
            return False
        if self._reading is None:
            self._reading = asyncio.ensure_future(older.__anext__())
        reading = self._reading
        await asyncio.wait({reading})  # which goes on if only the reader's own patience ends
        if self._older is not older:
            return True  # it began anew meanwhile
        self._reading = None
        try:
            self._front.extend(reading.result())
        except StopAsyncIteration:
            self._older = None
        except Exception as error:  # noqa: BLE001 - the reader gets it
            self._clear()
            self.fail(error)
        return True

    def _clear(self) -> None:
        self._front.clear()
        self._older = None
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        self._back.clear()
        self._covered.clear()

    def on_watch(self, status: WatchUpdate) -> None:
        self._watch = status
        self._woken.set()

    def on_history(self, history: Wire) -> None:
        store, missed, self._missed = history.get("store"), self._missed, None
        if not self._begun:
            self._begin(history)
        elif self._store is not None and store is not None and store != self._store:
            self._restart(history, "store", missed or "the server has another store")
        elif missed is not None:
            self._restart(history, "gap", missed)
        else:
            self._store = store
            self._queue_history(history["data"], history["seq"])
        self._bound()

    def on_whole(self, history: Wire) -> None:
        self._restart(history, "history", "the history of the coin was read")

    def on_push(self, push: Wire) -> None:
        self._queue(_Entry(Candle.read(push["data"]), push["seq"], push["seq"]))
        self._bound()

    def on_gap(self, gap: Wire) -> None:
        self._missed = gap["reason"]
        self._position = None
        if self._feed is not None and self._feed.ready:  # a history follows only where one was asked for
            self.start()

    def _bound(self) -> None:
        if len(self._back) > MAX_WAITING:
            self._overflow()
        self._woken.set()

    def _restart(self, history: Wire, cause: Literal["gap", "store", "history"], reason: str) -> None:
        if self._reset is not None and self._reset.cause == "store":
            cause = "store"
        if cause == "store":
            self._first = None
        self._clear()
        self._sent.clear()
        self._position = None
        self._reset = Reset(cause, reason, self._first, history.get("store"))
        self._begin(history)
        self._bound()

    def _begin(self, history: Wire) -> None:
        """Tells what there is: the history, and what lies before it as far as it is wanted."""
        start = self._first if self._first is not None else self._wanted
        self._store = history.get("store")
        self._begun = self._first_known = True

        data, seq = history["data"], history["seq"]
        begin = data[0]["time"] if data else None
        if start is not None:
            data = [candle for candle in data if candle["time"] >= start]
        elif self._limit is not None:
            data = data[max(0, len(data) - self._limit) :]
        if history["has_more"] and begin is not None:
            lacking = (self._limit or 0) - len(data)
            if start is not None and start < begin:
                self._older = self._pages(start, begin - 1, seq)
            elif start is None and lacking > 0:
                self._older = self._newest(lacking, begin - 1, seq)
        self._queue_history(data, seq)

    def _queue_history(self, data: list[Wire], seq: int) -> None:
        for candle in data:
            self._queue(_Entry(Candle.read(candle), seq))
        if self._back:  # with what waits now, everything up to this commit is told
            next(reversed(self._back.values())).whole = seq
        else:
            self._position = Position(seq, self._store)

    def _queue(self, entry: _Entry) -> None:
        self._back.pop(entry.candle.time, None)
        self._back[entry.candle.time] = entry

    async def _pages(self, start: int, end: int, seq: int) -> AsyncIterator[list[_Entry]]:
        """The candles of a stretch of time, oldest first, told as of a commit."""
        more = True
        while more:
            page = await self._page(start, end, PAGE, True)
            candles = [Candle.read(candle) for candle in page["klines"]]
            self._cover(candles, page["seq"])
            yield [_Entry(candle, seq) for candle in candles]
            more = page["has_next"] and bool(candles)
            start = candles[-1].time + 1 if candles else start

    async def _newest(self, count: int, end: int, seq: int) -> AsyncIterator[list[_Entry]]:
        """The newest so many candles up to a time, oldest first."""
        entries: list[_Entry] = []
        more = True
        while more:
            page = await self._page(None, end, count - len(entries), False)
            candles = [Candle.read(candle) for candle in page["klines"]]
            self._cover(candles, page["seq"])
            entries += [_Entry(candle, seq) for candle in candles]
            more = page["has_next"] and bool(candles) and len(entries) < count
            end = candles[-1].time - 1 if candles else end
        yield entries[::-1]

    async def _page(self, start: Optional[int], end: int, limit: int, ascending: bool) -> Wire:
        """A page, however long the server is away. When it comes back with another store, we shall hear of that."""
        while True:
            try:
                page = await self._http.page(self._mint, self._interval, start, end, limit, ascending)
                if page.get("store") == self._store:
                    return page
            except SpinscopeError as error:
                if not passing(error):
                    raise
            await asyncio.sleep(RETRY_SECONDS)

    def _cover(self, candles: list[Candle], seq: int) -> None:
        if candles:
            times = (candles[0].time, candles[-1].time)
            self._covered.append((min(times), max(times), seq))

    def _is_covered(self, entry: _Entry) -> bool:
        self._covered = [page for page in self._covered if page[2] >= entry.seq]
        return any(start <= entry.candle.time <= end for start, end, _ in self._covered)


class EventFollower(Follower[EventsUpdate]):
    """Events of a topic, each once and in order, whatever happens to connection and server."""

    def __init__(
        self,
        live: Live,
        http: HTTP,
        topic: str,
        kind: str,
        payload: Wire,
        since: Optional[Position],
        ended: Callable[[Follower[EventsUpdate]], None],
    ) -> None:
        super().__init__(live, topic, kind, payload, since, ended)
        self._http = http
        self._store = since.store if since else None
        self._waiting: deque[EventsUpdate] = deque()
        self._newest = 0
        """The newest commit of which something was queued, and what of it: a resume brings it again."""
        self._queued: set[tuple[object, object]] = set()
        self._taken: set[tuple[object, object]] = set()
        """What was taken of the position's commit."""
        self._beginning: Optional[asyncio.Task[None]] = None

    def start(self) -> None:
        """A reader without a position begins with the next commit: so it misses nothing, also if the server ends before anything
        came."""
        if self._position is not None:
            self._newest, self._queued = self._position.seq, set(self._taken)
            super().start()
        elif self._beginning is None:
            self._beginning = asyncio.get_running_loop().create_task(self._begin())

    async def _begin(self) -> None:
        while not self._closed and self._error is None:
            try:
                status = await self._http.data("/api/events/status")
            except SpinscopeError as error:
                if not passing(error):
                    self.fail(error)
                    return
                await asyncio.sleep(RETRY_SECONDS)
                continue
            self._position = Position(status["seq"] + 1, status.get("store"))
            self._store = status.get("store")
            self.start()
            return

    def close(self) -> None:
        if self._beginning is not None:
            self._beginning.cancel()
        super().close()

    def _take(self) -> Optional[EventsUpdate]:
        if not self._waiting:
            return None
        update = self._waiting.popleft()
        if isinstance(update, EventGap):
            self._position = Position(update.to_seq + 1, update.store)
            self._taken.clear()
        elif isinstance(update, EventUpdate):
            if self._position is None or update.seq != self._position.seq:
                self._taken.clear()
            self._position = Position(update.seq, update.store)
            self._taken.add(_identity(update.event))
        return update

    def _clear(self) -> None:
        self._waiting.clear()

    def _add(self, update: EventsUpdate) -> None:
        self._store = self._live.store or self._store
        self._waiting.append(update)
        if len(self._waiting) > MAX_WAITING:
            self._overflow()
        self._woken.set()

    def on_watch(self, status: WatchUpdate) -> None:
        self._add(status)

    def on_gap(self, gap: Wire) -> None:
        store = self._live.store
        other = self._store is not None and store is not None and store != self._store
        self._newest = 0
        self._queued.clear()
        self._add(EventGap("store" if other else "gap", gap["from_seq"], gap["to_seq"], gap["reason"], store))

    def on_push(self, push: Wire) -> None:
        event = push.get("event_data", push)  # a new token is an event itself
        seq, identity = push["seq"], _identity(event)
        if seq < self._newest or (seq == self._newest and identity in self._queued):
            return
        if seq > self._newest:
            self._queued.clear()
        self._newest = seq
        self._queued.add(identity)
        self._add(EventUpdate(event, seq, self._live.store))


def _identity(event: Wire) -> tuple[object, object]:
    return event.get("signature"), event.get("ordinal")


class PriceFollower(Follower[Price]):
    """The price of a mint: the newest that is known whenever the reader asks, and nothing twice."""

    def __init__(self, live: Live, mint: str, ended: Callable[[Follower[Price]], None]) -> None:
        super().__init__(live, f"price:{mint}", "price", {"symbol": mint}, None, ended)
        self._resumes = False
        self._newest: Optional[Price] = None
        self._last: Optional[Price] = None

    def _take(self) -> Optional[Price]:
        price, self._newest = self._newest, None
        return price

    def _clear(self) -> None:
        self._newest = None

    def on_push(self, push: Wire) -> None:
        price = Price(
            push["symbol"],
            push["price"],
            Decimal(push["price_exact"]),
            push["side"],
            push["block_time"],
            push["slot"],
            push["signature"],
            push["seq"],
        )
        if price != self._last:  # a new connection begins with the last one
            self._newest = self._last = price
            self._woken.set()
