// Command follow prints candles and each change of them, through restarts: go run ./follow [-url URL] [-token TOKEN] [-from TIME]
// [-json] [-events] [MINT] [INTERVAL]. URL and TOKEN may also come from SPINSCOPE_URL and SPINSCOPE_TOKEN.
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
	"time"

	spinscope "spinscope/client"
)

func main() {
	log.SetFlags(0)
	url := flag.String("url", cmp.Or(os.Getenv("SPINSCOPE_URL"), "http://127.0.0.1:5051"), "the server")
	token := flag.String("token", os.Getenv("SPINSCOPE_TOKEN"), "its token, if it has one")
	from := flag.Int64("from", 0, "from there on, Unix seconds")
	asJSON := flag.Bool("json", false, "one JSON object a line")
	events := flag.Bool("events", false, "what happens in place of candles")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	market, err := spinscope.New(*url, spinscope.Options{Token: *token, OnLink: func(link, reason string) { log.Print(link, " ", reason) }})
	if err != nil {
		log.Fatalf("%s: %v", *url, err)
	}
	defer market.Close()

	mint := flag.Arg(0)
	if mint == "" {
		greeting, err := market.Greeting(ctx)
		if err != nil || len(greeting.Symbols) == 0 {
			log.Fatalf("no mint was traded yet: %v", err)
		}
		mint = greeting.Symbols[0] // the mint traded last
	}

	show := text
	if *asJSON {
		show = line
	}
	if *events {
		err = each(ctx, market.Events(mint, nil), show)
	} else {
		options := spinscope.FollowOptions{}
		if *from != 0 {
			options.From = from
		}
		err = each(ctx, market.Follow(mint, cmp.Or(flag.Arg(1), "m1"), options), show)
	}
	if !errors.Is(err, context.Canceled) { // Ctrl-C
		log.Fatal(err)
	}
}

// each reads a stream to its end.
func each[T any](ctx context.Context, stream interface {
	Next(context.Context) (T, error)
}, show func(any)) error {
	for {
		update, err := stream.Next(ctx)
		if err != nil {
			return err
		}
		show(update)
	}
}

func text(update any) {
	switch u := update.(type) {
	case spinscope.CandleUpdate:
		c := u.Candle
		state := map[bool]string{true: "final", false: "open"}[c.IsFinal]
		fmt.Println(time.Unix(c.Time, 0).UTC().Format(time.RFC3339), c.Open, c.High, c.Low, c.Close, c.Volume, state)
	case spinscope.Event:
		fmt.Println(u.Type, u.Signature)
	case spinscope.Reset:
		log.Printf("anew: %s", u.Reason)
	case spinscope.EventGap:
		log.Printf("commits %d to %d were missed: %s", u.FromSeq, u.ToSeq, u.Reason)
	case spinscope.WatchUpdate:
		log.Printf("%s: %d of %d transactions read", u.State, u.Done, u.Total)
	}
}

func line(update any) {
	kind := map[string]any{}
	switch u := update.(type) {
	case spinscope.CandleUpdate:
		kind["type"] = "candle"
	case spinscope.Reset:
		kind["type"] = "reset"
	case spinscope.WatchUpdate:
		kind["type"] = "watch"
	case spinscope.EventGap:
		kind["type"] = "gap"
	case spinscope.Event:
		kind["type"], kind["event"], kind["seq"], kind["store"] = "event", u.Fields, u.Seq, u.Store
		update = map[string]any{}
	}
	fields, err := json.Marshal(update)
	if err != nil {
		log.Fatal(err)
	}
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(fields, &members); err != nil {
		log.Fatal(err)
	}
	for name, value := range members {
		kind[name] = value
	}
	out, err := json.Marshal(kind)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(out))
}
