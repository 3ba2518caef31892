// Package serve is what the benchmarked servers have in common: the pushes they send, and the commands they take.
//
// A server prints its address, HOST:PORT, as its first line and then serves one command per line of standard input, each
// answered with one line:
//
//	burst COUNT            push COUNT times as fast as it goes; answered when the last was handed over
//	rate PER_SECOND COUNT  push at a steady rate
//	stats                  a JSON object of Stats, after a garbage collection
//
// FANOUT_SNDBUF is how many bytes the kernel is to hold for each connection, if it is set.
//
// Pushes carry a seq, +1 each from 1 on, and the Unix nanoseconds of their start as slot. A server ends with its input.
package serve

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/wire"
)

// Mint is the token whose candles are pushed, Room its topic and Namespace the Socket.IO namespace.
var (
	Mint      = market.Pubkey{7, 7, 7}
	Symbol    = Mint.String()
	Room      = "kline:" + Symbol + ":m1"
	Namespace = "/ws/kline"
)

// Stats is a server process's own view of itself.
type Stats struct {
	Resident    int64 // bytes, after a collection that gave free memory back
	Uncollected int64 // bytes, as it was before that
	Heap        int64 // bytes in use after a collection; 0 where there is none to tell
	Stack       int64 // bytes of goroutines' stacks, the same
	Goroutines  int
	Connections int   // -1 unknown
	Cut         int64 // slow clients cut
	Queued      int64 // pushes that wait for clients
}

// Change is the candle of push number seq: closed, so that no server may leave it out.
func Change(seq uint64, slot int64) market.CandleChange {
	price := func(n int64) market.Price { return market.Price(market.U64(uint64(28_000_000_000_000 + n))) }
	start := int64(1_755_000_000/60*60) + int64(seq)*60
	return market.CandleChange{
		Mint: Mint, Interval: market.M1, Type: market.Final,
		Stamp: market.Stamp{Slot: market.Slot(slot), BlockTime: start + 59, ReceivedAt: slot / 1e6},
		Candle: market.Candle{
			Time: start, Open: price(11), High: price(900_000), Low: price(5), Close: price(7_000), Final: true, Trades: 3,
		},
	}
}

// Payload is the same push as the product writes it, for the servers that are not it.
func Payload(seq uint64) []byte {
	slot := time.Now().UnixNano()
	c := Change(seq, slot)
	at := slot / 1e6
	data := wire.KlineData{
		Symbol: Symbol, Interval: "m1", Data: wire.NewCandle(c.Candle, market.Pair{}, c.Type), Timestamp: at, Seq: seq, Slot: uint64(slot),
		Stamps: wire.Stamps{BlockTime: c.Stamp.BlockTime, ReceivedAt: at, PublishedAt: at},
	}
	return data.AppendJSON(make([]byte, 0, 512))
}

// Server is one that is measured.
type Server struct {
	Handler     http.Handler
	Push        func(seq uint64)           // called from one goroutine
	Connections func() int                 // may be nil
	Slow        func() (cut, queued int64) // may be nil
}

// Run listens on a free port of the loopback and serves commands until the input ends.
func Run(s Server) {
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	if kernel, err := strconv.Atoi(os.Getenv("FANOUT_SNDBUF")); err == nil {
		listener = narrow{listener, kernel}
	}

	go func() {
		srv := &http.Server{Handler: s.Handler, ReadHeaderTimeout: time.Minute}
		log.Fatal(srv.Serve(listener))
	}()
	fmt.Println(listener.Addr())
	seq := uint64(0)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		words := strings.Fields(lines.Text())
		switch {
		case len(words) == 2 && words[0] == "burst":
			for range number(words[1]) {
				seq++
				s.Push(seq)
			}
			fmt.Println("ok")
		case len(words) == 3 && words[0] == "rate":
			tick := time.NewTicker(time.Second / time.Duration(number(words[1])))
			for range number(words[2]) {
				<-tick.C
				seq++
				s.Push(seq)
			}
			tick.Stop()
			fmt.Println("ok")
		case len(words) == 1 && words[0] == "stats":
			text, _ := json.Marshal(s.stats())
			fmt.Println(string(text))
		default:
			log.Fatalf("unknown command %q", lines.Text())
		}
	}
}

// narrow accepts connections for which the kernel holds little.
type narrow struct {
	net.Listener
	bytes int
}

func (n narrow) Accept() (net.Conn, error) {
	c, err := n.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(n.bytes)
	}
	return c, err
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		log.Fatalf("%q is no count", text)
	}
	return n
}

func (s Server) stats() Stats {
	uncollected := Resident()
	runtime.GC()
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	st := Stats{Resident: Resident(), Uncollected: uncollected, Heap: int64(m.HeapAlloc), Stack: int64(m.StackInuse), Goroutines: runtime.NumGoroutine(), Connections: -1}
	if s.Connections != nil {
		st.Connections = s.Connections()
	}
	if s.Slow != nil {
		st.Cut, st.Queued = s.Slow()
	}
	return st
}

// Resident is the process's resident memory as Linux counts it, 0 elsewhere.
func Resident() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	words := strings.Fields(string(text))
	if len(words) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(words[1], 10, 64)
	return pages * int64(os.Getpagesize())
}
