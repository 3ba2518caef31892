// Command bars prints the stored candles of a mint as CSV, and where they may be incomplete: go run ./bars MINT [INTERVAL] [LIMIT].
// SPINSCOPE_URL and SPINSCOPE_TOKEN say where the server is.
package main

import (
	"cmp"
	"context"
	"fmt"
	"log"
	"os"
	"strconv"

	spinscope "spinscope/client"
)

func main() {
	log.SetFlags(0)
	arguments := append(os.Args[1:], "", "", "")
	limit, err := strconv.Atoi(cmp.Or(arguments[2], "0"))
	if err != nil {
		log.Fatal(err)
	}
	url := cmp.Or(os.Getenv("SPINSCOPE_URL"), "http://127.0.0.1:5051")
	market, err := spinscope.New(url, spinscope.Options{Token: os.Getenv("SPINSCOPE_TOKEN")})
	if err != nil {
		log.Fatalf("%s: %v", url, err)
	}
	bars, err := market.Bars(context.Background(), arguments[0], cmp.Or(arguments[1], "m1"), spinscope.Range{Limit: limit})
	if err != nil {
		log.Fatal(err)
	}

	fmt.Println("time,open,high,low,close,volume")
	for _, c := range bars.Candles {
		fmt.Printf("%d,%v,%v,%v,%v,%v\n", c.Time, c.Open, c.High, c.Low, c.Close, c.Volume)
	}
	for _, gap := range bars.Gaps {
		log.Printf("slots %d to %d may be incomplete: %s", gap.FromSlot, gap.ToSlot, gap.Cause)
	}
}
