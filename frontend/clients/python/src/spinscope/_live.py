"""The live side: one connection, which comes back by itself and asks again for everything that is wanted."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Optional, Protocol

import aiohttp

from ._errors import Code, RequestError
from ._types import Greeting, Position, WatchUpdate

NAMESPACE = "/ws/kline"
ATTEMPT_SECONDS = 20
FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 5.0
LARGEST_MESSAGE = 64 << 20

Wire = dict[str, Any]


class Listener(Protocol):
    """Who hears what comes of a topic. Calls come one at a time, in the server's order."""

    def on_push(self, push: Wire) -> None: ...
    def on_history(self, history: Wire) -> None: ...
    def on_whole(self, history: Wire) -> None: ...
    def on_gap(self, gap: Wire) -> None: ...
    def on_watch(self, status: WatchUpdate) -> None: ...
    def on_error(self, error: RequestError) -> None: ...


@dataclass(eq=False)
class Feed:
    """A subscription: how far it has come, and whom it tells."""

    topic: str
    kind: str
    """As in subscribe_kline."""
    payload: Wire
    listener: Listener
    at: Optional[Position]
    resumes: bool = True
    asked: int = 0
    """Requests that were not acknowledged yet: not all that came before has been sent."""
    ready: bool = field(init=False)
    """It takes pushes: what comes before its history is in the history."""

    def __post_init__(self) -> None:
        self.ready = self.kind != "kline"


@dataclass(eq=False)
class _Request:
    feed: Feed
    answered: bool


class _Refused(Exception):
    """The server lets nobody in with this token."""


class Live:
    """Connects once something is wanted; `close` ends it."""

    def __init__(self, session: aiohttp.ClientSession, base: str, token: str, on_link: Callable[[str, str], None]) -> None:
        self._session = session
        self._url = f"{base}/socket.io/?EIO=4&transport=websocket"
        self._token = token
        self._on_link = on_link
        self._feeds: dict[str, list[Feed]] = {}
        self._task: Optional[asyncio.Task[None]] = None
        self._socket: Optional[aiohttp.ClientWebSocketResponse] = None
        self._outbox: list[str] = []
        self._outgoing = asyncio.Event()
        self._requests: dict[int, _Request] = {}
        self._acks = 0
        self._seen = 0
        """The newest commit of which all topics that are live have been told."""
        self._delay = FIRST_DELAY_SECONDS
        self._greeted: Optional[asyncio.Future[Greeting]] = None
        self.store: Optional[str] = None
        self.refusal: Optional[str] = None

    def open(self) -> None:
        """Connects, if that was not done yet."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        self._feeds.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def greeting(self) -> Greeting:
        """What the server says first. Waits for a connection."""
        self.open()
        if self._greeted is None:
            self._greeted = asyncio.get_running_loop().create_future()
        if self.refusal is not None:
            raise RequestError(Code.UNAUTHORIZED, self.refusal)
        return await asyncio.shield(self._greeted)

    def subscribe(self, feed: Feed) -> None:
        self._feeds.setdefault(feed.topic, []).append(feed)
        self.open()
        if self._socket is not None:
            self._ask(feed)

    def unsubscribe(self, feed: Feed) -> None:
        feeds = self._feeds.get(feed.topic, [])
        if feed not in feeds:
            return
        feeds.remove(feed)
        if feeds:
            return
        del self._feeds[feed.topic]
        if self._socket is not None:
            self._send(f"unsubscribe_{feed.kind}", feed.payload)

    async def _run(self) -> None:
        self._on_link("connecting", "")
        while True:
            try:
                reason = await self._connection()
            except _Refused as error:
                self.refusal = str(error)
                self._on_link("unauthorized", self.refusal)
                if self._greeted is not None and not self._greeted.done():
                    self._greeted.set_exception(RequestError(Code.UNAUTHORIZED, self.refusal))
                return
            except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError, KeyError, TypeError) as error:
                reason = str(error) or type(error).__name__
            self._on_link("offline", reason)
            await asyncio.sleep(self._delay * (0.5 + random.random()))
            self._delay = min(2 * self._delay, LONGEST_DELAY_SECONDS)

    async def _connection(self) -> str:
        """One connection until it ends; says why it ended."""
        joining = asyncio.get_running_loop().time() + ATTEMPT_SECONDS
        connect = self._session.ws_connect(self._url, max_msg_size=LARGEST_MESSAGE, autoping=True)
        socket = await asyncio.wait_for(connect, ATTEMPT_SECONDS)
        sender: Optional[asyncio.Task[None]] = None
        patience = float(ATTEMPT_SECONDS)
        try:
            while True:
                if self._socket is None:  # so long as the server has not let us in
                    patience = max(0.0, joining - asyncio.get_running_loop().time())
                message = await socket.receive(patience)
                if message.type is not aiohttp.WSMsgType.TEXT:
                    return f"the connection ended ({socket.close_code or message.type.name})"
                text = str(message.data)
                if text == "2":
                    await socket.send_str("3")
                elif text.startswith("0"):
                    opening = json.loads(text[1:])
                    silence = (opening["pingInterval"] + opening["pingTimeout"]) / 1000
                    await socket.send_str(f"40{NAMESPACE},{json.dumps({'token': self._token} if self._token else {})}")
                elif text.startswith(f"40{NAMESPACE},"):
                    patience = silence
                    self._socket = socket
                    self._joined()
                    sender = asyncio.get_running_loop().create_task(self._write(socket))
                elif text.startswith(f"44{NAMESPACE},"):
                    self._turned_away(json.loads(text[3 + len(NAMESPACE) :]))
                elif text.startswith(f"42{NAMESPACE},"):
                    self._delay = FIRST_DELAY_SECONDS
                    name, *payload = json.loads(text[3 + len(NAMESPACE) :])
                    self._receive(name, payload[0] if payload else {})
                elif text.startswith(f"43{NAMESPACE},"):
                    number, _, answer = text[3 + len(NAMESPACE) :].partition("[")
                    self._acknowledged(int(number), json.loads("[" + answer)[0])
                elif text == "1" or text.startswith("41"):
                    return "the server ended the session"
        finally:
            if sender is not None:
                sender.cancel()
            self._lost()
            await socket.close()

    def _turned_away(self, answer: Wire) -> None:
        if (answer.get("data") or {}).get("code") == Code.UNAUTHORIZED:
            raise _Refused(answer.get("message", ""))
        raise ValueError(answer.get("message", "the server refused"))  # too many connections

    async def _write(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            await self._outgoing.wait()
            self._outgoing.clear()
            outbox, self._outbox = self._outbox, []
            for text in outbox:
                await socket.send_str(text)

    def _send(self, event: str, payload: Wire, number: str = "") -> None:
        self._outbox.append(f"42{NAMESPACE},{number}{json.dumps([event, payload])}")
        self._outgoing.set()

    def _ask(self, feed: Feed) -> None:
        feed.asked += 1
        payload = dict(feed.payload)
        if feed.resumes and feed.at is not None:
            payload["since_seq"] = feed.at.seq
            if feed.at.store is not None:
                payload["store"] = feed.at.store  # the one that was told from: whether it is this one, the server knows
        self._acks += 1
        self._requests[self._acks] = _Request(feed, feed.kind != "kline")
        self._send(f"subscribe_{feed.kind}", payload, str(self._acks))

    def _joined(self) -> None:
        self._outbox = []
        self._seen = 0
        self._on_link("connected", "")
        for feeds in self._feeds.values():
            for feed in feeds:
                feed.asked = 0
                self._ask(feed)

    def _lost(self) -> None:
        if self._socket is None:
            return
        self._socket = None
        self._requests.clear()
        for feeds in self._feeds.values():
            for feed in feeds:
                # Pushes never go back over all topics: what was live has been told of everything up to here.
                if feed.asked == 0 and feed.at is not None and self._seen > feed.at.seq:
                    feed.at = Position(self._seen, self.store)
                feed.ready = feed.kind != "kline"

    def _acknowledged(self, number: int, answer: Wire) -> None:
        request = self._requests.pop(number, None)
        if request is None:
            return
        feed = request.feed
        feed.asked -= 1
        if answer.get("success"):
            return
        if feed in self._feeds.get(feed.topic, []):
            self._feeds[feed.topic].remove(feed)
            feed.listener.on_error(RequestError(answer.get("code", 0), answer.get("message", ""), feed.topic))

    def _receive(self, name: str, payload: Wire) -> None:
        if name == "kline_data":
            self._push(f"kline:{payload['symbol']}:{payload['interval']}", payload)
        elif name == "history_data":
            self._history(payload)
        elif name == "price_update":
            self._push(f"price:{payload['symbol']}", payload)
        elif name == "event_data":
            self._push(f"events:{payload['symbol']}", payload)
            self._push("events", payload)
        elif name == "token_created":
            self._push("token_events", payload)
        elif name == "gap":
            self._gap(payload)
        elif name == "watch_status":
            status = WatchUpdate.read(payload)
            for feeds in list(self._feeds.values()):
                for feed in list(feeds):
                    if feed.payload.get("symbol") == status.symbol:
                        feed.listener.on_watch(status)
        elif name == "connection_success":
            self.store = payload.get("store")
            greeting = Greeting(payload["supportedSymbols"], payload["supportedIntervals"], self.store)
            if self._greeted is None or self._greeted.done():
                self._greeted = asyncio.get_running_loop().create_future()
            self._greeted.set_result(greeting)

    def _push(self, topic: str, push: Wire) -> None:
        feeds = list(self._feeds.get(topic, []))
        seq = push.get("seq", 0)
        if feeds and all(feed.asked == 0 for feed in feeds):
            self._seen = max(self._seen, seq)
        for feed in feeds:
            if not feed.ready or (feed.at is not None and seq < feed.at.seq):
                continue
            feed.at = Position(seq, self.store)
            feed.listener.on_push(push)

    def _waiting(self, topic: str) -> Optional[_Request]:
        """The first request for a history of a topic that has not come: they are answered in order."""
        return next((r for r in self._requests.values() if r.feed.topic == topic and not r.answered), None)

    def _history(self, history: Wire) -> None:
        topic = f"kline:{history['symbol']}:{history['interval']}"
        at = Position(history["seq"], history.get("store"))
        request = self._waiting(topic)
        if request is None:  # that of a coin which was read meanwhile
            for feed in list(self._feeds.get(topic, [])):
                if feed.ready:
                    feed.at = at
                    feed.listener.on_whole(history)
            return
        request.answered = True
        if request.feed in self._feeds.get(topic, []):
            request.feed.ready = True
            request.feed.at = at
            request.feed.listener.on_history(history)

    def _gap(self, gap: Wire) -> None:
        request = self._waiting(gap["topic"])
        for feed in list(self._feeds.get(gap["topic"], [])):
            if request is None or request.feed is feed:
                feed.at = None
                feed.listener.on_gap(gap)
