"""Prints live candles: python candles.py [MINT] [INTERVAL] [--url URL] [--token TOKEN]

URL and TOKEN may also come from SPINSCOPE_URL and SPINSCOPE_TOKEN.
"""

import argparse
import asyncio
import os
import sys
from datetime import datetime, timezone

import aiohttp
import socketio

parser = argparse.ArgumentParser(description="Prints live candles from Spinscope")
parser.add_argument("symbol", nargs="?", help="the mint's address; without it the one traded last")
parser.add_argument("interval", nargs="?", default="m1")
parser.add_argument("--url", default=os.environ.get("SPINSCOPE_URL", "http://127.0.0.1:5051"))
parser.add_argument("--token", default=os.environ.get("SPINSCOPE_TOKEN", ""))
args = parser.parse_args()
if not args.url.startswith(("http://", "https://")):
    parser.error(f"--url {args.url}: an address such as http://127.0.0.1:5051 is needed")


class Client(socketio.AsyncClient):
    """Reconnects by itself. A namespace has 30 s to answer, each time; the library would give it one second.

    It hands over messages in the order in which they came, which socketio.Client does not: that starts a thread for each.
    """

    async def connect(self, *args, **options):
        await super().connect(*args, **{"wait_timeout": 30, **options})


class Candles(socketio.AsyncClientNamespace):
    """Prints what comes of one mint and interval."""

    seen = {}  # the newest commit seen, and of which store: a reconnect resumes from there
    refusal = None  # what ended the program

    async def follow(self, mint):
        args.symbol = args.symbol or mint
        if args.symbol:
            await self.emit("subscribe_kline", {"symbol": args.symbol, "interval": args.interval, **self.seen})
        else:  # nothing was traded yet: the first mint will do
            await self.emit("subscribe_token_events", {"since_seq": 1})

    async def on_connection_success(self, info):
        await self.follow(next(iter(info["supportedSymbols"]), None))  # the mint traded last

    async def on_token_created(self, token):
        if not args.symbol:
            await self.follow(token["mint_account"])

    def on_history_data(self, answer):
        print(answer["symbol"], answer["interval"], len(answer["data"]), "candles of history", file=sys.stderr)
        for candle in answer["data"]:
            row(candle)
        self.seen = {"since_seq": answer["seq"], "store": answer.get("store")}

    def on_kline_data(self, push):
        row(push["data"])
        self.seen["since_seq"] = push["seq"]

    def on_gap(self, missed):
        print("missed commits", missed["from_seq"], "to", missed["to_seq"], missed["reason"], file=sys.stderr)

    async def on_error(self, error):
        await self.end(f"refused ({error['code']}): {error['message']}")

    async def on_connect_error(self, reason):
        if isinstance(reason, dict):  # the server's own words: a wrong token, most likely
            await self.end(f"{args.url} refused the connection (--token): {reason['message']}")
        else:
            print(f"cannot connect to {args.url} ({reason}): is Spinscope running there? Trying again", file=sys.stderr)

    def on_disconnect(self, reason):
        if reason != self.client.reason.CLIENT_DISCONNECT:
            print("disconnected:", reason, file=sys.stderr)

    async def end(self, refusal):
        self.refusal = self.refusal or refusal
        await self.client.shutdown()


def row(candle):
    time = datetime.fromtimestamp(candle["time"], timezone.utc).isoformat()
    fields = ("open", "high", "low", "close", "volume", "update_type")
    print(time, *(candle[name] for name in fields), sep="\t", flush=True)


async def main():
    candles = Candles("/ws/kline")
    async with aiohttp.ClientSession() as session:
        client = Client(http_session=session, handle_sigint=False)  # Ctrl-C ends the program, not one of its tasks
        client.register_namespace(candles)
        try:
            await client.connect(args.url, auth={"token": args.token}, transports=["websocket"], retry=True)
            await client.wait()
        except socketio.exceptions.ConnectionError:
            pass  # it was refused, and why is known
        finally:
            await client.disconnect()
    return candles.refusal


try:
    sys.exit(asyncio.run(main()))
except KeyboardInterrupt:
    pass
