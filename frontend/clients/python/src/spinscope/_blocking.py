from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from types import TracebackType
from typing import Any, Generic, Optional, TypeVar

from ._async import AsyncClient, Time
from ._follow import Follower
from ._types import Bars, EventsUpdate, FollowUpdate, Greeting, Position, Price

T = TypeVar("T")


class Stream(Generic[T]):
    """Is read with `for`, or by `next(timeout)`; `close` may be called from another thread."""

    def __init__(self, client: Client, follower: Follower[T]) -> None:
        self._client = client
        self._follower = follower

    @property
    def position(self) -> Optional[Position]:
        """Where a later reader is to go on. None as long as less was taken than makes one commit whole."""
        return self._follower.position

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        try:
            return self._client._wait(self._next())
        except _Ended:
            raise StopIteration from None

    def next(self, timeout: float) -> Optional[T]:
        """The next one, or None when there is none within so many seconds. Raises EOFError when it was closed."""

        async def within() -> Optional[T]:
            try:
                return await asyncio.wait_for(self._next(), timeout)
            except asyncio.TimeoutError:
                return None

        try:
            return self._client._wait(within())
        except _Ended:
            raise EOFError("it was closed") from None

    def close(self) -> None:
        """Ends it; a loop over it ends."""
        self._client._call(self._follower.close)

    async def _next(self) -> T:
        try:
            return await self._follower.__anext__()
        except StopAsyncIteration:
            raise _Ended from None  # which a future cannot carry itself


class _Ended(Exception):
    pass


class Client:
    """`AsyncClient` without asyncio: a thread of its own runs the connection. It may be used from several threads, each stream
    by one at a time. `on_link` is called by that thread."""

    def __init__(self, url: str, token: str = "", on_link: Optional[Callable[[str, str], None]] = None) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="spinscope", daemon=True)
        self._thread.start()

        async def make() -> AsyncClient:
            return AsyncClient(url, token, on_link)

        try:
            self._client = self._wait(make())
        except ValueError:
            self._stop()
            raise

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends everything; each loop ends."""
        if self._loop.is_closed():
            return
        self._wait(self._client.close())
        self._stop()

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def bars(
        self, mint: str, interval: str, *, start: Optional[Time] = None, end: Optional[Time] = None, limit: Optional[int] = None
    ) -> Bars:
        """See `AsyncClient.bars`."""
        return self._wait(self._client.bars(mint, interval, start=start, end=end, limit=limit))

    def follow(
        self,
        mint: str,
        interval: str,
        *,
        start: Optional[Time] = None,
        limit: Optional[int] = None,
        since: Optional[Position] = None,
    ) -> Stream[FollowUpdate]:
        """See `AsyncClient.follow`."""
        return self._stream(lambda: self._client.follow(mint, interval, start=start, limit=limit, since=since))

    def events(
        self, mint: Optional[str] = None, *, since: Optional[Position] = None
    ) -> Stream[EventsUpdate]:
        """See `AsyncClient.events`."""
        return self._stream(lambda: self._client.events(mint, since=since))

    def tokens(self, *, since: Optional[Position] = None) -> Stream[EventsUpdate]:
        """See `AsyncClient.tokens`."""
        return self._stream(lambda: self._client.tokens(since=since))

    def prices(self, mint: str) -> Stream[Price]:
        """See `AsyncClient.prices`."""
        return self._stream(lambda: self._client.prices(mint))

    def greeting(self) -> Greeting:
        """See `AsyncClient.greeting`."""
        return self._wait(self._client.greeting())

    def status(self) -> dict[str, Any]:
        """See `AsyncClient.status`."""
        return self._wait(self._client.status())

    def watched(self) -> list[dict[str, Any]]:
        """See `AsyncClient.watched`."""
        return self._wait(self._client.watched())

    def _stream(self, make: Callable[[], Follower[T]]) -> Stream[T]:
        return Stream(self, self._call(make))

    def _call(self, do: Callable[[], T]) -> T:
        async def inside() -> T:
            return do()

        return self._wait(inside())

    def _wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()  # such as Ctrl-C
            raise
