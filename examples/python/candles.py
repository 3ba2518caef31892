"""Prints live candles: python candles.py [MINT] [INTERVAL] [--url URL] [--token TOKEN]

URL and TOKEN may also come from SPINSCOPE_URL and SPINSCOPE_TOKEN.
"""

import argparse
import os
import sys
from datetime import datetime, timezone

import socketio

parser = argparse.ArgumentParser(description="Prints live candles from Spinscope")
parser.add_argument("symbol", nargs="?", help="the mint's address; without it the one traded last")
parser.add_argument("interval", nargs="?", default="m1")
parser.add_argument("--url", default=os.environ.get("SPINSCOPE_URL", "http://127.0.0.1:5051"))
parser.add_argument("--token", default=os.environ.get("SPINSCOPE_TOKEN", ""))
args = parser.parse_args()


class Client(socketio.Client):
    """Reconnects by itself. A namespace has 30 s to answer, each time; the library would give it one second."""

    def connect(self, *args, **options):
        super().connect(*args, **{"wait_timeout": 30, **options})


client = Client()
seen = {}  # the newest commit seen: a reconnect resumes from there


def row(candle):
    time = datetime.fromtimestamp(candle["time"], timezone.utc).isoformat()
    fields = ("open", "high", "low", "close", "volume", "update_type")
    print(time, *(candle[name] for name in fields), sep="\t", flush=True)


@client.on("connection_success", namespace="/ws/kline")
def connected(info):
    args.symbol = args.symbol or next(iter(info["supportedSymbols"]), None)
    if not args.symbol:
        print("the server knows no mint yet", file=sys.stderr)
        return client.disconnect()
    request = {"symbol": args.symbol, "interval": args.interval, **seen}
    client.emit("subscribe_kline", request, namespace="/ws/kline")


@client.on("history_data", namespace="/ws/kline")
def history(answer):
    print(answer["symbol"], answer["interval"], len(answer["data"]), "candles of history", file=sys.stderr)
    for candle in answer["data"]:
        row(candle)
    seen["since_seq"] = answer["seq"]


@client.on("kline_data", namespace="/ws/kline")
def live(push):
    row(push["data"])
    seen["since_seq"] = push["seq"]


@client.on("gap", namespace="/ws/kline")
def gap(missed):
    print("missed commits", missed["from_seq"], "to", missed["to_seq"], missed["reason"], file=sys.stderr)


@client.on("error", namespace="/ws/kline")
def refused(error):
    print("refused", error["code"], error["message"], file=sys.stderr)


try:
    client.connect(args.url, auth={"token": args.token}, transports=["websocket"], namespaces=["/ws/kline"])
    client.wait()
except socketio.exceptions.ConnectionError as error:
    sys.exit(f"cannot connect to {args.url}: {error}")
except KeyboardInterrupt:
    client.disconnect()
