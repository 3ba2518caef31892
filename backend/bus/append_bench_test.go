package bus_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"spinscope/backend/market"
)

// BenchmarkAppend is what the log costs a commit: of a live trade, and of history read in bulk. Three servers, three replicas, each message
// through to the disk.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1 << 10, 500 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s := newSite(b)
			log := s.open(s.connect("bench"), 1)
			payload := make([]byte, size)
			for i := range payload {
				payload[i] = byte(rand.Uint32()) //nolint:gosec // what cannot be packed
			}

			var took []time.Duration
			for seq := market.Seq(1); b.Loop(); seq++ {
				began := time.Now()
				if err := log.Append(b.Context(), seq, payload); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-p50")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
		})
	}
}
