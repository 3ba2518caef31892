package program

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"spinscope/backend/market"
)

// grown is a layout with everything a layout can have, which has grown twice.
type grown struct {
	flag   bool
	small  uint8
	medium uint16
	large  uint64
	time   int64
	wide   market.I128
	key    market.Pubkey
	text   string
	list   []uint16
	last   uint8
}

func (g *grown) layout(c *Codec) {
	c.Bool(&g.flag)
	c.U8(&g.small)
	c.U16(&g.medium)
	c.U64(&g.large)
	c.I64(&g.time)
	c.I128(&g.wide)
	c.Key(&g.key)
	if c.Ends() {
		return
	}

	c.Text(&g.text, "buy")
	n := c.Count(len(g.list), 2)
	if len(g.list) != n {
		g.list = make([]uint16, n)
	}

	for i := range g.list {
		c.U16(&g.list[i])
	}
	if c.Ends() {
		return
	}
	c.U8(&g.last)
}

// TestWritingChangesNothing writes one event in several goroutines; the race detector watches.
func TestWritingChangesNothing(t *testing.T) {
	g := grown{time: -5, wide: market.I128{Hi: -1, Lo: 7}, text: "buy", list: []uint16{1, 2}}
	want := write(&g, 2, nil)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if got := write(&g, 2, nil); !bytes.Equal(got, want) {
				t.Errorf("wrote %x, want %x", got, want)
			}
		})
	}
	group.Wait()
}

func read(data []byte) (grown, uint8, []byte, error) {
	var g grown
	c := ReadCodec(data)
	g.layout(&c)
	parts, tail, err := c.Done()
	return g, parts, tail, err
}

func write(g *grown, parts uint8, tail []byte) []byte {
	c := WriteCodec(nil, parts)
	g.layout(&c)
	return append(c.Written(), tail...)
}

// TestCodecReadsWhatItWrote goes through all generations, with and without a tail, and cuts each at every byte: only
// where a generation ended may the data end.
func TestCodecReadsWhatItWrote(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const first = 1 + 1 + 2 + 8 + 8 + 16 + 32
	for range 300 {
		g := grown{
			flag: r.IntN(2) == 1, small: uint8(r.Uint32()), medium: uint16(r.Uint32()), large: r.Uint64(), time: int64(r.Uint64()),
			wide: market.I128{Hi: int64(r.Uint64()), Lo: r.Uint64()}, text: []string{"", "buy", "sell", "é"}[r.IntN(4)], last: uint8(r.Uint32()),
		}
		for range r.IntN(4) {
			g.list = append(g.list, uint16(r.Uint32()))
		}

		second := first + 4 + len(g.text) + 4 + 2*len(g.list)
		whole := write(&g, 2, []byte{1, 2, 3})
		if len(whole) != second+1+3 {
			t.Fatalf("%d bytes written", len(whole))
		}

		for end := range len(whole) + 1 {
			_, parts, tail, err := read(whole[:end])
			want := map[int]uint8{first: 0, second: 1}
			generation, fits := want[end]
			if end > second {
				generation, fits = 2, true
			}

			if !fits {
				if !errors.Is(err, ErrLayout) {
					t.Fatalf("cut at %d of %d: %v", end, len(whole), err)
				}
				continue
			}

			if err != nil || parts != generation || len(tail) != max(0, end-second-1) {
				t.Fatalf("cut at %d: %d parts, tail %v, %v", end, parts, tail, err)
			}
			back, parts, tail, _ := read(whole[:end])
			if again := write(&back, parts, tail); !bytes.Equal(again, whole[:end]) {
				t.Fatalf("%x was written back as %x", whole[:end], again)
			}
		}
	}
}

func TestCodecRefuses(t *testing.T) {
	good := write(&grown{text: "ab", list: []uint16{1}}, 2, nil)
	const text = 68 // where its length stands
	for name, change := range map[string]func(b []byte){
		"a flag of 2":                  func(b []byte) { b[0] = 2 },
		"a text longer than the data":  func(b []byte) { b[text] = 200 },
		"a text of four gigabytes":     func(b []byte) { copy(b[text:], "\xff\xff\xff\xff") },
		"a text that is not UTF-8":     func(b []byte) { b[text+4] = 0xff },
		"a list longer than the data":  func(b []byte) { b[text+6] = 2 },
		"a list of four billion parts": func(b []byte) { copy(b[text+6:], "\xff\xff\xff\xff") },
	} {
		data := bytes.Clone(good)
		change(data)
		if _, _, _, err := read(data); !errors.Is(err, ErrLayout) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzCodec(f *testing.F) {
	f.Add(write(&grown{text: "buy", list: []uint16{1, 2}}, 2, []byte{9}))
	f.Fuzz(func(t *testing.T, data []byte) {
		g, parts, tail, err := read(data)
		if err != nil {
			return
		}
		if again := write(&g, parts, tail); !bytes.Equal(again, data) {
			t.Fatalf("%x was written back as %x", data, again)
		}
	})
}

func TestSelfCall(t *testing.T) {
	data := []byte{0xe4, 0x45, 0xa5, 0x2e, 0x51, 0xcb, 0x9a, 0x1d, 7, 8}
	if event, ok := SelfCall(data); !ok || !bytes.Equal(event, []byte{7, 8}) {
		t.Errorf("%v, %v", event, ok)
	}
	for _, other := range [][]byte{nil, data[:7], data[1:]} {
		if _, ok := SelfCall(other); ok {
			t.Errorf("%v is taken for a self-call", other)
		}
	}
}
