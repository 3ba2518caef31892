package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"strconv"
	"time"

	"spinscope/backend/socketio"
	"spinscope/backend/wire"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address to serve on")
	dist := flag.String("dist", "../frontend/dist", "the built page")
	count := flag.Int("tokens", 60, "tokens in the list")
	bars := flag.Int("bars", 110_000, "candles that the first token has in each interval; the others have 1,500")
	flag.Parse()

	sockets := socketio.New(socketio.Options{MaxQueuedMessages: 1 << 20, MaxQueuedBytes: 1 << 30, StallTimeout: time.Hour})
	f := &feed{tokens: tokens(max(2, *count))}
	f.mount(sockets)
	go func() { log.Fatal(sockets.Run(context.Background())) }()
	go f.run()

	mux := http.NewServeMux()
	mux.Handle("/socket.io/", sockets)
	mux.Handle("/", http.FileServer(http.Dir(*dist)))
	mux.HandleFunc("/bench/feed", f.control)
	f.answer(mux, *bars)

	listener, err := net.Listen("tcp", *listen) //nolint:noctx // a benchmark's server
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s\n", listener.Addr())
	log.Fatal(http.Serve(listener, mux)) //nolint:gosec // on loopback, for as long as the measurement takes
}

// control sets the rates, and tells what was pushed and what is left of it.
func (f *feed) control(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		number := func(name string) float64 {
			n, _ := strconv.ParseFloat(r.FormValue(name), 64)
			return n
		}
		set := rates{Shown: number("shown"), Listed: int(number("listed")), Trades: -1}
		if trades := number("trades"); trades > 0 {
			set.Trades = int64(trades)
			if span, err := time.ParseDuration(r.FormValue("span")); err == nil {
				set.Span = max(0, span.Seconds()/trades-1/set.Shown)
			}
		}
		f.set(set)
	}
	_ = json.NewEncoder(w).Encode(map[string]int64{"pushed": f.pushed.Load(), "left": f.left()})
}

// answer serves what the page asks of /api.
func (f *feed) answer(mux *http.ServeMux, bars int) {
	mints := make([]string, len(f.tokens))
	byMint := map[string]token{}
	for i, t := range f.tokens {
		mints[i], byMint[t.mint] = t.mint, t
	}

	get := func(path string, make func(*http.Request) any) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(map[string]any{"success": true, "message": "", "data": make(r)})
		})
	}
	get("/api/", func(*http.Request) any { return map[string]any{} })
	get("/api/mints", func(*http.Request) any { return map[string]any{"mints": mints, "next_cursor": nil} })
	get("/api/gaps", func(*http.Request) any { return wire.Gaps{Gaps: []wire.Gap{}} })
	get("/api/mint_orders", func(*http.Request) any { return map[string]any{"orders": []any{}, "total": 0} })
	get("/api/kline/status", func(*http.Request) any { return wire.KlineStatus{Enabled: true} })
	get("/api/events/status", func(*http.Request) any {
		now := int64(f.now())
		return wire.Status{IsRunning: true, ConnectionStatus: "connected", Cluster: "bench", Slot: f.seq.Load(), ChainTime: now, Seq: f.seq.Load(), TotalEventsProcessed: uint64(f.pushed.Load())} //nolint:gosec // counts up from 0
	})
	get("/api/details", func(r *http.Request) any {
		var asked struct{ Mints []string }
		_ = json.NewDecoder(r.Body).Decode(&asked)
		details := []map[string]any{}
		for _, mint := range asked.Mints {
			if t, ok := byMint[mint]; ok {
				details = append(details, map[string]any{
					"mint_account": mint, "name": "Token " + t.symbol, "symbol": t.symbol, "create_timestamp": 1.7e12,
					"price_exact": strconv.FormatFloat(t.price(f.now()), 'f', 20, 64), "total_sol_amount": "1000000000000",
					"total_trades": 1000, "latest_trade_time": int64(f.now()) * 1000,
				})
			}
		}

		return map[string]any{"details": details, "total": len(details)}
	})
	get("/api/tickers", func(r *http.Request) any {
		asked := mints
		if _ = r.ParseForm(); len(r.Form["mint"]) > 0 {
			asked = r.Form["mint"]
		}
		list := []wire.Ticker{}
		for _, mint := range asked {
			if t, ok := byMint[mint]; ok {
				list = append(list, t.ticker(f.now(), r.FormValue("spark") != ""))
			}
		}
		return wire.Tickers{Tickers: list, ChainTime: int64(f.now())}
	})
	get("/api/events", func(*http.Request) any {
		list := []map[string]any{}
		for i := range uint64(100) {
			list = append(list, f.tokens[0].event(f.seq.Load()-min(i, f.seq.Load()), f.now()))
		}
		return map[string]any{"events": list, "total": len(list)}
	})
	get("/api/kline", func(r *http.Request) any {
		limit, _ := strconv.Atoi(r.FormValue("limit"))
		to, _ := strconv.ParseInt(r.FormValue("to"), 10, 64)
		t, total := byMint[r.FormValue("mint")], 1500
		if t.mint == f.tokens[0].mint {
			total = bars
		}
		list, more := t.page(lengthOf(r.FormValue("interval")), int64(f.now()), to, max(1, limit), total)
		return map[string]any{
			"klines": list, "seq": f.seq.Load(), "total": total, "page": 1, "limit": limit, "has_next": more,
			"interval": r.FormValue("interval"), "mint_account": t.mint,
		}
	})
}
