from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Optional, Union, overload

if TYPE_CHECKING:
    import pandas
    import polars

Event = dict[str, Any]
"""An event as the server tells it: the fields of its layout, flat, and event_type, signature, slot, ordinal, timestamp."""


@dataclass(frozen=True)
class Candle:
    """A candle. Prices are in what the coin is paid in per whole coin, volumes in whole coins."""

    time: int
    """Where it begins, Unix seconds."""
    open: float
    high: float
    low: float
    close: float
    volume: float
    quote_volume: float
    """Whole SOL, or of what else the coin is paid in."""
    buy_volume: float
    trades: int
    """0: the candle is gone."""
    is_final: bool
    """Chain time has passed its end."""
    corrected: bool = False
    """It changed after it was final."""
    provisional: bool = False
    """The time of a trade in it is an estimate."""

    @classmethod
    def read(cls, wire: dict[str, Any]) -> Candle:
        known = {name: wire[name] for name in _CANDLE if name in wire}
        known.update((name, float(wire[name])) for name in _FRACTIONS)  # JSON has 0 for 0.0
        return cls(**known)


_FRACTIONS = ("open", "high", "low", "close", "volume", "quote_volume", "buy_volume")
_CANDLE = tuple(field.name for field in fields(Candle))


@dataclass(frozen=True)
class Gap:
    """A stretch of slots of which trades may be missing: between `from_time` and `to_time`, as far as these are known."""

    from_slot: int
    to_slot: int
    state: str
    """open, or unfillable."""
    cause: str
    seq: int
    mint: Optional[str] = None
    """None: of the whole program."""
    from_time: Optional[int] = None
    """Unix seconds of the event stored before it. None: there is none."""
    to_time: Optional[int] = None
    """Unix seconds of the event stored after it. None: there is none."""

    @classmethod
    def read(cls, wire: dict[str, Any]) -> Gap:
        return cls(**{name: wire[name] for name in _GAP if name in wire})


_GAP = tuple(field.name for field in fields(Gap))


@dataclass(frozen=True)
class Position:
    """Where to go on from: everything up to this commit of this store was taken."""

    seq: int
    store: Optional[str] = None


@dataclass(frozen=True)
class Greeting:
    """What the server says first."""

    symbols: list[str]
    """The mints traded last, newest first, 100 at most."""
    intervals: list[str]
    store: Optional[str]


@dataclass(frozen=True)
class Bars(Sequence[Candle]):
    """Candles of a stretch of time, oldest first, and what may be missing among them."""

    candles: list[Candle]
    gaps: list[Gap]
    seq: int
    """All of it is as of this commit or a later one: a `Position` of it goes on from here."""
    store: Optional[str]

    @overload
    def __getitem__(self, at: int) -> Candle: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Candle]: ...
    def __getitem__(self, at: Union[int, slice]) -> Union[Candle, Sequence[Candle]]:
        return self.candles[at]

    def __len__(self) -> int:
        return len(self.candles)

    def __iter__(self) -> Iterator[Candle]:
        return iter(self.candles)

    @property
    def position(self) -> Position:
        return Position(self.seq, self.store)

    def to_pandas(self) -> pandas.DataFrame:
        """A frame by time (datetime64[s, UTC]): float64, and int64 trades. Its attrs["gaps"] are the gaps."""
        import numpy
        import pandas

        times = numpy.array([candle.time for candle in self.candles], dtype="datetime64[s]")
        index = pandas.DatetimeIndex(times, name="time").tz_localize("UTC")
        columns = {name: numpy.array([getattr(c, name) for c in self.candles], dtype=kind) for name, kind in _COLUMNS.items()}
        frame = pandas.DataFrame(columns, index=index)
        frame.attrs["gaps"] = [asdict(gap) for gap in self.gaps]
        return frame

    def to_polars(self) -> polars.DataFrame:
        """A frame with the column time (milliseconds, UTC), Float64, and Int64 trades."""
        import polars

        kinds = {"float64": polars.Float64, "int64": polars.Int64, "bool": polars.Boolean}
        time = polars.Series("time", [1000 * c.time for c in self.candles], dtype=polars.Int64)
        columns = [polars.Series(name, [getattr(c, name) for c in self.candles], dtype=kinds[kind]) for name, kind in _COLUMNS.items()]
        return polars.DataFrame([time.cast(polars.Datetime("ms", "UTC")), *columns])


_COLUMNS = {
    **dict.fromkeys(_FRACTIONS, "float64"),
    "trades": "int64",
    **dict.fromkeys(("is_final", "corrected", "provisional"), "bool"),
}


@dataclass(frozen=True)
class CandleUpdate:
    """A candle in its present state. It replaces the one of the same time; with trades 0 there is none any more."""

    type: ClassVar[Literal["candle"]] = "candle"
    candle: Candle
    seq: int
    """The state is that of this commit, or of a later one. It never goes back but after a reset."""
    store: Optional[str]


@dataclass(frozen=True)
class Reset:
    """What was told from a time on is void: it is told anew, as it stands now, by the updates that follow."""

    type: ClassVar[Literal["reset"]] = "reset"
    cause: Literal["gap", "store", "history"]
    """gap: changes were missed that the server cannot replay. store: the server has another store. history: the older history of
    a coin, which is followed because a client asked for it, was read."""
    reason: str
    start: Optional[int]
    """Unix seconds: nothing older is void. None: everything is."""
    store: Optional[str]


@dataclass(frozen=True)
class WatchUpdate:
    """How far a coin is that is followed because a client asked for it."""

    type: ClassVar[Literal["watch"]] = "watch"
    symbol: str
    state: Literal["reading", "live", "refused", "unknown"]
    done: int
    total: int
    message: str

    @classmethod
    def read(cls, wire: dict[str, Any]) -> WatchUpdate:
        return cls(wire["symbol"], wire["state"], wire["done"], wire["total"], wire["message"])


FollowUpdate = Union[CandleUpdate, Reset, WatchUpdate]


@dataclass(frozen=True)
class EventUpdate:
    """Something that happened. The same (signature, ordinal) comes again only when something about it has changed."""

    type: ClassVar[Literal["event"]] = "event"
    event: Event
    seq: int
    store: Optional[str]


@dataclass(frozen=True)
class EventGap:
    """Events were missed that the server cannot replay: those of some commits, or all of another store."""

    type: ClassVar[Literal["gap"]] = "gap"
    cause: Literal["gap", "store"]
    from_seq: int
    to_seq: int
    reason: str
    store: Optional[str]


EventsUpdate = Union[EventUpdate, EventGap, WatchUpdate]


@dataclass(frozen=True)
class Price:
    """The price of a coin after a trade."""

    symbol: str
    price: float
    exact: Decimal
    side: str
    """buy or sell."""
    block_time: int
    """Unix seconds."""
    slot: int
    signature: str
    seq: int
