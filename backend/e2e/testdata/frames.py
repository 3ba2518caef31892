"""Fails when the frames of the Python client are not as its README says."""

import spinscope

candle = spinscope.Candle.read(
    {"time": 1796056440, "open": 1, "high": 2, "low": 1, "close": 1.5e-7, "volume": 3, "quote_volume": 0, "buy_volume": 0}
    | {"trades": 2, "is_final": True, "update_type": "final", "update_count": 2, "corrected": True}
)
gap = spinscope.Gap.read({"from_slot": 1, "to_slot": 2, "state": "open", "cause": "x", "seq": 3, "to_time": 4})
for candles in [[candle], []]:
    bars = spinscope.Bars(candles, [gap], 5, "A")
    floats = ["open", "high", "low", "close", "volume", "quote_volume", "buy_volume"]
    flags = ["is_final", "corrected", "provisional"]

    frame = bars.to_pandas()
    assert str(frame.index.dtype) == "datetime64[s, UTC]", frame.index.dtype
    kinds = {name: str(kind) for name, kind in frame.dtypes.items()}
    assert kinds == {**dict.fromkeys(floats, "float64"), "trades": "int64", **dict.fromkeys(flags, "bool")}, kinds
    assert len(frame) == len(candles) and frame.attrs["gaps"][0]["to_time"] == 4

    other = bars.to_polars()
    kinds = {name: str(kind) for name, kind in other.schema.items()}
    time = "Datetime(time_unit='ms', time_zone='UTC')"
    want = {"time": time, **dict.fromkeys(floats, "Float64"), "trades": "Int64", **dict.fromkeys(flags, "Boolean")}
    assert kinds == want, kinds
    if candles:
        assert frame.index[0].isoformat() == "2026-11-30T16:34:00+00:00" and frame["close"].iloc[0] == 1.5e-7, frame
        assert other["time"][0].isoformat() == "2026-11-30T16:34:00+00:00" and other["corrected"][0], other
