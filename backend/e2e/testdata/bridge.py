"""python-socketio behind a pipe; the lines are those of bridge.mjs. Usage: python bridge.py URL"""

import json
import sys
import threading

import socketio

url = sys.argv[1]
lock = threading.Lock()
client = socketio.Client(reconnection_delay=0.05, reconnection_delay_max=0.2)


def say(**message):
    with lock:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


def listen(ns):
    client.on("connect", lambda: say(ns=ns, event="@connect", args=[client.get_sid(ns)]), namespace=ns)
    client.on("disconnect", lambda *reason: say(ns=ns, event="@disconnect", args=list(reason)), namespace=ns)
    client.on("connect_error", lambda *data: say(ns=ns, event="@connect_error", args=list(data)), namespace=ns)
    client.on("*", lambda event, *args: say(ns=ns, event=event, args=list(args)), namespace=ns)


def connect(command):
    for ns in command["namespaces"]:
        listen(ns)
    try:
        client.connect(url, namespaces=command["namespaces"], **command["options"])
    except socketio.exceptions.ConnectionError as error:
        for ns in command["namespaces"]:
            say(ns=ns, event="@failed", args=[str(error)])


def emit(command):
    ns, ack = command["ns"], command.get("ack")
    callback = (lambda *reply: say(ns=ns, event="@ack", ack=ack, args=list(reply))) if ack else None
    args = command["args"]
    client.emit(command["event"], tuple(args) if args else None, namespace=ns, callback=callback)


for line in sys.stdin:
    command = json.loads(line)
    {"connect": connect, "emit": emit, "close": lambda _: client.disconnect()}[command["op"]](command)
client.disconnect()
