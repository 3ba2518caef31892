"""Follows the candles of a coin over a plain WebSocket, without Socket.IO: python plain.py MINT"""
import asyncio, json, os, sys, websockets

async def follow(symbol, url):
    place = {}  # the newest commit seen, and of which store: a new connection goes on from there
    async for socket in websockets.connect(url, max_size=None):  # again, whenever it was lost
        try:
            for event, data in ("auth", {"token": os.environ.get("SPINSCOPE_TOKEN", "")}), ("subscribe_kline", {"symbol": symbol, "interval": "m1", **place}):
                await socket.send(json.dumps({"event": event, "data": data}))
            async for message in socket:
                event, data = (m := json.loads(message))["event"], m["data"]
                if event == "connection_success": store = data["store"]
                if event == "history_data": print(len(data["data"]), "candles", flush=True)
                if event == "kline_data": print(data["data"]["time"], data["data"]["close"], data["data"]["update_type"], flush=True)
                if event == "error": return data["message"]
                place = {} if event == "gap" else {"since_seq": data["seq"], "store": store} if "seq" in data else place
        except websockets.ConnectionClosed:
            print("lost the connection", file=sys.stderr, flush=True)

sys.exit(asyncio.run(follow(sys.argv[1], os.environ.get("SPINSCOPE_URL", "http://127.0.0.1:5051").replace("http", "ws", 1) + "/ws")))
