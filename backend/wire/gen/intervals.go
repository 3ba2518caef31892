package main

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"spinscope/backend/market"
)

// intervalType is the type of the names, for the page's wire types.
func intervalType() string {
	names := market.IntervalNames(market.AllIntervals())
	return fmt.Sprintf("\n/** Interval is the length of a candle. */\nexport type Interval = '%s'\n", strings.Join(names, "' | '"))
}

// intervalTable is what the page knows of each interval.
func intervalTable() []byte {
	var out bytes.Buffer
	out.WriteString("// Generated from backend/market/interval.go by `make gen`. Do not edit.\n\n")
	out.WriteString("/** The candle lengths by name, shortest first. Times are Unix seconds; `origin` is one at which a candle begins. */\n")
	out.WriteString("export const INTERVAL_TABLE = {\n")
	for _, i := range market.AllIntervals() {
		fmt.Fprintf(&out, "  %s: { seconds: %d, origin: %d, words: '%s', key: '%s' },\n", i, i.Seconds(), i.Origin(), i.Words(), i.Key())
	}
	out.WriteString("} as const\n")
	return out.Bytes()
}

// intervalPage is docs/intervals.md.
func intervalPage() []byte {
	var out bytes.Buffer
	out.WriteString(`# Intervals

Generated from backend/market/interval.go by ` + "`make gen`" + `. Do not edit.

Candles are as long as these, and begin at multiples of their length in UTC. A server has those that kline.intervals names
([configuration.md](configuration.md)); all of them unless told otherwise.

| name | length | seconds | candles |
|---|---|---|---|
`)
	for _, i := range market.AllIntervals() {
		how := "stored"
		if parts := market.PartsOf(i); len(parts) > 0 {
			how = "merged from the longest kept of " + strings.Join(market.IntervalNames(parts), ", ")
		}
		if i.Origin() != 0 {
			how += "; begin on " + time.Unix(i.Origin(), 0).UTC().Weekday().String()
		}
		fmt.Fprintf(&out, "| `%s` | %s | %d | %s |\n", i, i.Words(), i.Seconds(), how)
	}

	out.WriteString(`
Merged candles are made from the others when they are read and pushed, and stand in no record: a store that is older than
an interval has it at once, and what retention deleted of the parts is missing from the first one. One of them is final when
chain time (of a watched coin its own) has passed its end and its parts are final; a part without a trade does not keep it open. It is ` + "`corrected`" + ` when
it is final and one of its parts is.
`)
	return out.Bytes()
}
