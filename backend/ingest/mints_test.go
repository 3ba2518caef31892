package ingest_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

// created is how many mints the writer meets here; 100,000 in `make soak`, or SPINSCOPE_MINTS.
func created() int {
	if n, err := strconv.Atoi(os.Getenv("SPINSCOPE_MINTS")); err == nil {
		return n
	}
	if os.Getenv("SPINSCOPE_SOAK") != "" {
		return 100_000
	}
	return 3000
}

// TestMemoryOfManyMints creates mints over hours of chain time, each with a few trades and then silence, and expects that
// only those of the last hour are held: the overlay of open candles and the heap do not grow with the market's age.
func TestMemoryOfManyMints(t *testing.T) {
	mints := created()
	k := keep(t, t.TempDir(), 0)
	program := spinpet.ProgramID.String()
	now, slot := int64(1_760_000_000), market.Slot(1000)
	n := uint64(0)
	var signature uint64
	transaction := func(body market.Body) market.Transaction {
		signature++
		slot++
		tx := market.Transaction{Slot: slot, BlockTime: now, Logs: []string{
			"Program " + program + " invoke [1]", spinpet.LogLine(body), "Program " + program + " success",
		}}
		binary.BigEndian.PutUint64(tx.Signature[:], signature)
		return tx
	}
	heap := func() int64 {
		var stats runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&stats)
		return int64(stats.HeapAlloc) //nolint:gosec // a heap
	}
	const perHour = 500 // the clock runs so that this many mints appear in each hour
	peak, lookedAt := 0, 0
	var busy, busyResident int64 // the most seen while writing
	before := resident()
	start := time.Now()
	for done := 0; done < mints; done += 25 {
		var b market.Batch
		for range 25 {
			n++
			mint := market.Pubkey{31: 7}
			binary.BigEndian.PutUint64(mint[:], n)
			b.Transactions = append(b.Transactions, transaction(&spinpet.TokenCreated{Payer: market.Pubkey{1}, Mint: mint, Name: "n", Symbol: "s", URI: "u"}))
			for range 3 {
				price := market.U128{Hi: 15, Lo: n}
				b.Transactions = append(b.Transactions, transaction(&spinpet.BuySell{
					Payer: market.Pubkey{2}, Mint: mint, IsBuy: true, TokenAmount: 1_000_000_000, SolAmount: 27_960, LatestPrice: price,
				}))
			}
			now += 3600 / perHour
		}

		b.ChainTime = now
		if err := k.writer.Apply(context.Background(), b); err != nil {
			t.Fatal(err)
		}
		if done%500 == 0 {
			stats, err := k.DBStats()
			if err != nil {
				t.Fatal(err)
			}
			peak = max(peak, stats.OpenMints)
		}

		if done*20/mints != lookedAt {
			busy, busyResident = max(busy, heap()), max(busyResident, resident())
		}
		lookedAt = done * 20 / mints
	}

	stats, took := k.Stats(), time.Since(start)
	// Badger keeps the buffers of the tables it builds while writing goes on and gives one back every two seconds: what
	// stays is seen once it rests. A short run ends before it has made its first tables.
	limit, residentLimit := int64(mints)*500+(160<<20), int64(mints)*1000+(256<<20)
	rest, restResident := heap(), resident()
	for end := time.Now().Add(2 * time.Minute); (rest > limit || mints >= 20_000 && restResident > residentLimit) && time.Now().Before(end); {
		time.Sleep(500 * time.Millisecond)
		debug.FreeOSMemory()
		rest, restResident = heap(), resident()
	}

	t.Logf("%d mints, %d events in %v: at most %d mints in memory; heap %d MB at most and %d MB at rest; resident, without files, %d MB before, %d MB at most, %d MB at rest",
		stats.Mints, stats.Total, took.Round(time.Millisecond), peak, busy>>20, rest>>20, before>>20, busyResident>>20, restResident>>20)
	// An hour's mints, and those of the five minutes to the next checkpoint; open days come back to be closed.
	if limit := 4 * perHour; peak > limit {
		t.Errorf("%d mints were held in memory, want %d at most", peak, limit)
	}

	if rest > limit {
		t.Errorf("the heap is %d bytes at rest, want %d at most", rest, limit)
	}
	if mints >= 20_000 && restResident > residentLimit {
		t.Errorf("resident memory is %d bytes at rest, want %d at most", restResident, residentLimit)
	}
}

// resident is this process's own memory in bytes; 0 where that cannot be read. Badger's mapped files, which the system
// takes back when it likes, are not in it.
func resident() int64 {
	text, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(text), "RssAnon:")
	var kilobytes int64
	_, _ = fmt.Sscan(rest, &kilobytes)
	return kilobytes << 10
}
