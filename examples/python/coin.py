"""Follows a coin, also one that nobody follows yet: python coin.py MINT"""
import asyncio, os, sys, socketio

async def main(symbol, url=os.environ.get("SPINSCOPE_URL", "http://127.0.0.1:5051")):
    client, space = socketio.AsyncClient(), "/ws/kline"  # socketio.Client would give each message a thread, in no order
    client.on("watch_status", lambda s: print(s["state"], s["done"], "of", s["total"], flush=True), space)
    client.on("history_data", lambda h: print(len(h["data"]), "candles", flush=True), space)  # again, when it is whole
    client.on("kline_data", lambda k: print(k["data"]["time"], k["data"]["close"], k["data"]["update_type"], flush=True), space)
    client.on("error", lambda e: refused.set_result(e["message"]), space)  # such as: it is a wallet
    client.on("connect", lambda: asyncio.ensure_future(client.emit("subscribe_kline", {"symbol": symbol, "interval": "m1"}, space)), space)
    refused = asyncio.get_running_loop().create_future()
    await client.connect(url, auth={"token": os.environ.get("SPINSCOPE_TOKEN")}, namespaces=[space], wait_timeout=30)
    sys.exit(await refused)

asyncio.run(main(*sys.argv[1:]))
