"""Prints candles and each change of them, through restarts: python follow.py [MINT] [INTERVAL] [--url URL] [--token TOKEN]

--json: one JSON object a line. --from TIME: from there on, Unix seconds. --events: what happens in place of candles. --asyncio: the
same with asyncio. URL and TOKEN may also come from SPINSCOPE_URL and SPINSCOPE_TOKEN.
"""

import argparse
import asyncio
import dataclasses
import json
import os
import sys
from datetime import datetime, timezone
from typing import Union

import spinscope

parser = argparse.ArgumentParser(description="Prints candles and each change of them")
parser.add_argument("mint", nargs="?", help="without it the one traded last")
parser.add_argument("interval", nargs="?", default="m1")
parser.add_argument("--url", default=os.environ.get("SPINSCOPE_URL", "http://127.0.0.1:5051"))
parser.add_argument("--token", default=os.environ.get("SPINSCOPE_TOKEN", ""))
parser.add_argument("--from", type=int, dest="start")
parser.add_argument("--json", action="store_true")
parser.add_argument("--events", action="store_true")
parser.add_argument("--asyncio", action="store_true")
args = parser.parse_args()


def link(state: str, reason: str) -> None:
    print(state, reason, file=sys.stderr)


def show(update: Union[spinscope.FollowUpdate, spinscope.EventsUpdate]) -> None:
    if args.json:
        print(json.dumps({"type": update.type, **dataclasses.asdict(update)}), flush=True)
    elif update.type == "candle":
        c = update.candle
        time = datetime.fromtimestamp(c.time, timezone.utc).isoformat()
        print(time, c.open, c.high, c.low, c.close, c.volume, "final" if c.is_final else "open", sep="\t", flush=True)
    elif update.type == "event":
        print(update.event["event_type"], update.event["signature"], flush=True)
    elif update.type == "gap":
        print("commits", update.from_seq, "to", update.to_seq, "were missed:", update.reason, file=sys.stderr)
    elif update.type == "reset":
        print("anew, from", update.start or "the first:", update.reason, file=sys.stderr)
    else:
        print(update.state, update.done, "of", update.total, "transactions read", file=sys.stderr)


def blocking() -> None:
    with spinscope.Client(args.url, token=args.token, on_link=link) as market:
        mint = args.mint or market.greeting().symbols[0]  # the mint traded last
        if args.events:
            for event in market.events(mint):
                show(event)
        for update in market.follow(mint, args.interval, start=args.start):
            show(update)


async def with_asyncio() -> None:
    async with spinscope.AsyncClient(args.url, token=args.token, on_link=link) as market:
        mint = args.mint or (await market.greeting()).symbols[0]
        if args.events:
            async for event in market.events(mint):
                show(event)
        async for update in market.follow(mint, args.interval, start=args.start):
            show(update)


try:
    asyncio.run(with_asyncio()) if args.asyncio else blocking()
except KeyboardInterrupt:
    pass
except spinscope.SpinscopeError as error:
    sys.exit(f"{type(error).__name__}: {error}")
