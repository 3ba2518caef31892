"""bulk.mjs with python-socketio: usage python bulk.py URL TRANSPORTS [asyncio]"""

import asyncio
import json
import sys
import threading
import time

import socketio

url, transports, *style = sys.argv[1:]
options = {"reconnection_delay": 0.1, "reconnection_delay_max": 0.5}
lock, counting = threading.Lock(), threading.Lock()
seen, last, told = set(), 0, 0
namespace = "/ws/kline"


def say(**message):
    with lock:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


def requests(greeting):
    say(connected=True)
    resume = {"since_seq": last, "store": greeting["store"]} if last else {"since_seq": 1}
    history = {"symbol": greeting["supportedSymbols"][0], "interval": "m1", "limit": 5000}
    return ("subscribe_events", resume, None), ("get_history", history, lambda answer: say(acknowledged=len(answer["data"])))


def on_event(event):
    global last
    with counting:
        if event["seq"] < last and style:  # without it, the library hands messages over by a thread each, in any order
            say(back=event["seq"])
        last = max(last, event["seq"])
        seen.add((event["signature"], event["ordinal"]))


def tell():
    global told
    if len(seen) != told:
        told = len(seen)
        say(events=told)


def listen(client):
    client.on("event_data", on_event, namespace=namespace)
    client.on("history_data", lambda history: say(history=len(history["data"])), namespace=namespace)
    client.on("gap", lambda gap: say(gap=gap), namespace=namespace)
    client.on("disconnect", lambda *reason: say(disconnected=str(reason)), namespace=namespace)


def main():
    client = socketio.Client(**options)
    listen(client)

    def greet(greeting):
        for event, payload, callback in requests(greeting):
            client.emit(event, payload, namespace=namespace, callback=callback)

    client.on("connection_success", greet, namespace=namespace)
    client.connect(url, namespaces=[namespace], transports=transports.split(","))
    while True:
        time.sleep(0.05)
        tell()


async def main_async():
    client = socketio.AsyncClient(**options)
    listen(client)

    async def greet(greeting):
        for event, payload, callback in requests(greeting):
            await client.emit(event, payload, namespace=namespace, callback=callback)

    client.on("connection_success", greet, namespace=namespace)
    await client.connect(url, namespaces=[namespace], transports=transports.split(","))
    while True:
        await asyncio.sleep(0.05)
        tell()


if style:
    asyncio.run(main_async())
else:
    main()
