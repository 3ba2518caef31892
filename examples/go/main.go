// Command candles prints live candles: go run . [-url URL] [-token TOKEN] [MINT] [INTERVAL]. URL and TOKEN may also come
// from SPINSCOPE_URL and SPINSCOPE_TOKEN.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"
)

type candle struct {
	Time       int64   `json:"time"` // Unix seconds
	Open       float64 `json:"open"`
	High       float64 `json:"high"`
	Low        float64 `json:"low"`
	Close      float64 `json:"close"`
	Volume     float64 `json:"volume"`
	UpdateType string  `json:"update_type"` // realtime, final or correction
}

func (c candle) print() {
	words := []string{time.Unix(c.Time, 0).UTC().Format(time.RFC3339)}
	for _, n := range []float64{c.Open, c.High, c.Low, c.Close, c.Volume} {
		words = append(words, strconv.FormatFloat(n, 'g', -1, 64))
	}
	fmt.Println(strings.Join(append(words, c.UpdateType), "\t"))
}

// follower subscribes to one topic and remembers how far it has come.
type follower struct {
	symbol, interval string
	seq              *uint64 // the newest commit seen: a reconnect resumes from there
	store            string  // that seq is of
}

func main() {
	log.SetFlags(0)
	url := flag.String("url", cmp.Or(os.Getenv("SPINSCOPE_URL"), "http://127.0.0.1:5051"), "the server")
	token := flag.String("token", os.Getenv("SPINSCOPE_TOKEN"), "its token, if it has one")
	flag.Parse()
	if flag.NArg() > 2 {
		log.Fatal("options stand before the mint: go run . [-url URL] [-token TOKEN] [MINT] [INTERVAL]")
	}

	f := &follower{symbol: flag.Arg(0), interval: cmp.Or(flag.Arg(1), "m1")}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	for wait := time.Second; ctx.Err() == nil; wait = min(2*wait, 30*time.Second) {
		began := time.Now()
		err := f.follow(ctx, *url, *token)
		var refused *Refused
		switch {
		case ctx.Err() != nil:
			return // Ctrl-C
		case errors.As(err, &refused), errors.Is(err, ErrURL):
			log.Fatalf("%s: %v", *url, err) // trying again will not help
		}

		log.Printf("%s: %v: is Spinscope running there? Trying again", *url, err)
		if time.Since(began) > time.Minute {
			wait = time.Second
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// follow serves one connection until it ends.
func (f *follower) follow(ctx context.Context, url, token string) error {
	client, err := Dial(ctx, url, "/ws/kline", map[string]string{"token": token})
	if err != nil {
		return err
	}
	defer client.Close()
	for {
		event, payload, err := client.Next(ctx)
		if err != nil {
			return err
		}
		if err := f.handle(ctx, client, event, payload); err != nil {
			return fmt.Errorf("%s: %w", event, err)
		}
	}
}

func (f *follower) handle(ctx context.Context, client *Client, event string, payload json.RawMessage) error {
	switch event {
	case "connection_success":
		var greeting struct{ SupportedSymbols []string }
		if err := json.Unmarshal(payload, &greeting); err != nil {
			return err
		}
		mint := f.symbol
		if mint == "" && len(greeting.SupportedSymbols) > 0 {
			mint = greeting.SupportedSymbols[0] // the mint traded last
		}
		return f.subscribe(ctx, client, mint)
	case "token_created":
		var token struct {
			Mint string `json:"mint_account"`
		}
		if err := json.Unmarshal(payload, &token); err != nil || f.symbol != "" {
			return err
		}
		return f.subscribe(ctx, client, token.Mint)
	case "history_data":
		var history struct {
			Data  []candle
			Seq   uint64
			Store string
		}
		if err := json.Unmarshal(payload, &history); err != nil {
			return err
		}
		log.Printf("%s %s: %d candles of history", f.symbol, f.interval, len(history.Data))
		for _, c := range history.Data {
			c.print()
		}
		f.seq, f.store = &history.Seq, history.Store
	case "kline_data":
		var push struct {
			Data candle
			Seq  uint64
		}
		if err := json.Unmarshal(payload, &push); err != nil {
			return err
		}
		push.Data.print()
		f.seq = &push.Seq
	case "gap":
		log.Printf("%s: %s", event, payload)
	case "error":
		refused := &Refused{}
		if err := json.Unmarshal(payload, refused); err != nil {
			return err
		}
		return refused
	}

	return nil
}

// subscribe asks for the mint's candles; without a mint, as nothing was traded yet, for the first mint.
func (f *follower) subscribe(ctx context.Context, client *Client, mint string) error {
	if f.symbol = mint; mint == "" {
		return client.Emit(ctx, "subscribe_token_events", map[string]any{"since_seq": 1})
	}
	request := map[string]any{"symbol": mint, "interval": f.interval}
	if f.seq != nil {
		request["since_seq"], request["store"] = *f.seq, f.store
	}
	return client.Emit(ctx, "subscribe_kline", request)
}
