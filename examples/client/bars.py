"""Prints the stored candles of a mint as CSV, and where they may be incomplete: python bars.py MINT [INTERVAL] [LIMIT]

SPINSCOPE_URL and SPINSCOPE_TOKEN say where the server is. With pandas or polars installed, bars.to_pandas() or bars.to_polars() is a
frame of the same.
"""

import os
import sys

import spinscope

mint, interval, limit = [*sys.argv[1:4], *("", "", "")[len(sys.argv) - 1 :]]
with spinscope.Client(os.environ.get("SPINSCOPE_URL", "http://127.0.0.1:5051"), token=os.environ.get("SPINSCOPE_TOKEN", "")) as market:
    bars = market.bars(mint, interval or "m1", limit=int(limit or 0) or None)

print("time,open,high,low,close,volume")
for c in bars:
    print(c.time, c.open, c.high, c.low, c.close, c.volume, sep=",")
for gap in bars.gaps:
    print("slots", gap.from_slot, "to", gap.to_slot, "may be incomplete:", gap.cause, file=sys.stderr)
