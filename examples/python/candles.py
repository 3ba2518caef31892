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
if not args.url.startswith(("http://", "https://")):
    parser.error(f"--url {args.url}: an address such as http://127.0.0.1:5051 is needed")


class Client(socketio.Client):
    """Reconnects by itself. A namespace has 30 s to answer, each time; the library would give it one second."""

    def connect(self, *args, **options):
        super().connect(*args, **{"wait_timeout": 30, **options})


client = Client()
seen = {}  # the newest commit seen, and of which store: a reconnect resumes from there
refusals = []  # what ended the program


def row(candle):
    time = datetime.fromtimestamp(candle["time"], timezone.utc).isoformat()
    fields = ("open", "high", "low", "close", "volume", "update_type")
    print(time, *(candle[name] for name in fields), sep="\t", flush=True)


def follow(mint):
    args.symbol = args.symbol or mint
    if args.symbol:
        request = {"symbol": args.symbol, "interval": args.interval, **seen}
        client.emit("subscribe_kline", request, namespace="/ws/kline")
    else:  # nothing was traded yet: the first mint will do
        client.emit("subscribe_token_events", {"since_seq": 1}, namespace="/ws/kline")


@client.on("connection_success", namespace="/ws/kline")
def connected(info):
    follow(next(iter(info["supportedSymbols"]), None))  # the mint traded last


@client.on("token_created", namespace="/ws/kline")
def created(token):
    if not args.symbol:
        follow(token["mint_account"])


@client.on("history_data", namespace="/ws/kline")
def history(answer):
    print(answer["symbol"], answer["interval"], len(answer["data"]), "candles of history", file=sys.stderr)
    for candle in answer["data"]:
        row(candle)
    seen.update(since_seq=answer["seq"], store=answer.get("store"))


@client.on("kline_data", namespace="/ws/kline")
def live(push):
    row(push["data"])
    seen["since_seq"] = push["seq"]


@client.on("gap", namespace="/ws/kline")
def gap(missed):
    print("missed commits", missed["from_seq"], "to", missed["to_seq"], missed["reason"], file=sys.stderr)


@client.on("error", namespace="/ws/kline")
def refused(error):
    refusals.append(f"refused ({error['code']}): {error['message']}")
    client.shutdown()


@client.on("connect_error", namespace="/ws/kline")
def unreachable(reason):
    if isinstance(reason, dict):  # the server's own words: a wrong token, most likely
        refusals.append(f"{args.url} refused the connection (--token): {reason['message']}")
        client.shutdown()
    else:
        print(f"cannot connect to {args.url} ({reason}): is Spinscope running there? Trying again", file=sys.stderr)


@client.on("disconnect", namespace="/ws/kline")
def lost(reason):
    if reason != client.reason.CLIENT_DISCONNECT:
        print("disconnected:", reason, file=sys.stderr)


try:
    client.connect(args.url, auth={"token": args.token}, transports=["websocket"], namespaces=["/ws/kline"], retry=True)
    client.wait()
except (KeyboardInterrupt, socketio.exceptions.ConnectionError):
    client.disconnect()
if refusals:
    sys.exit(refusals[0])
