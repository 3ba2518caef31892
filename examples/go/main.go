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

const unauthorized = 1004

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
}

func main() {
	log.SetFlags(0)
	url := flag.String("url", cmp.Or(os.Getenv("SPINSCOPE_URL"), "http://127.0.0.1:5051"), "the server")
	token := flag.String("token", os.Getenv("SPINSCOPE_TOKEN"), "its token, if it has one")
	flag.Parse()
	f := &follower{symbol: flag.Arg(0), interval: cmp.Or(flag.Arg(1), "m1")}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	for wait := time.Second; ctx.Err() == nil; wait = min(2*wait, 30*time.Second) {
		began := time.Now()
		err := f.follow(ctx, *url, *token)
		var refused *Refused
		if errors.As(err, &refused) && refused.Data.Code == unauthorized {
			log.Fatal(err) // trying again will not help
		}
		log.Printf("disconnected: %v", err)
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
		if f.symbol == "" {
			if len(greeting.SupportedSymbols) == 0 {
				return errors.New("the server knows no mint yet")
			}
			f.symbol = greeting.SupportedSymbols[0] // the mint traded last
		}
		request := map[string]any{"symbol": f.symbol, "interval": f.interval}
		if f.seq != nil {
			request["since_seq"] = *f.seq
		}
		return client.Emit(ctx, "subscribe_kline", request)
	case "history_data":
		var history struct {
			Data []candle
			Seq  uint64
		}
		if err := json.Unmarshal(payload, &history); err != nil {
			return err
		}
		log.Printf("%s %s: %d candles of history", f.symbol, f.interval, len(history.Data))
		for _, c := range history.Data {
			c.print()
		}
		f.seq = &history.Seq
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
	case "gap", "error":
		log.Printf("%s: %s", event, payload)
	}
	return nil
}
