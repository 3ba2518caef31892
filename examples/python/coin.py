"""Follows a coin, also one that nobody follows yet: python coin.py MINT"""
import os, sys, socketio

symbol, url = sys.argv[1], os.environ.get("SPINSCOPE_URL", "http://127.0.0.1:5051")
client, space = socketio.Client(), "/ws/kline"
client.on("connect", lambda: client.emit("subscribe_kline", {"symbol": symbol, "interval": "m1"}, space), space)
client.on("watch_status", lambda s: print(s["state"], s["done"], "of", s["total"], flush=True), space)
client.on("history_data", lambda h: print(len(h["data"]), "candles", flush=True), space)  # again, when it is whole
client.on("kline_data", lambda k: print(k["data"]["time"], k["data"]["close"], k["data"]["update_type"], flush=True), space)
client.on("error", lambda e: (print(e["message"], file=sys.stderr), client.shutdown()), space)  # such as: it is a wallet
client.connect(url, auth={"token": os.environ.get("SPINSCOPE_TOKEN")}, namespaces=[space], wait_timeout=30)
client.wait()
