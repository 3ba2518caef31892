package program

import (
	"encoding/base64"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"spinscope/backend/market"
)

// toy is a program with one event: its discriminator and a mint.
type toy struct {
	Plug    // nil: only what a Reader asks is there
	address market.Pubkey
	first   uint16
	disc    uint64
}

// toyBody is its event.
type toyBody struct{ mint market.Pubkey }

func (*toyBody) Kind() market.Kind            { return market.KindOf(200, 1) }
func (b *toyBody) MintAccount() market.Pubkey { return b.mint }

func (p toy) ID() market.Program            { return market.Program(p.disc) } //nolint:gosec // small
func (p toy) Address() market.Pubkey        { return p.address }
func (p toy) FirstOrdinal() uint16          { return p.first }
func (p toy) Known(disc uint64) bool        { return disc == p.disc }
func (toy) Owner(market.Body) market.Pubkey { return market.Pubkey{} }
func (p toy) event(mint byte) string {
	return DataPrefix + base64.StdEncoding.EncodeToString(p.bytes(mint))
}
func (p toy) bytes(mint byte) []byte { return append(binary.BigEndian.AppendUint64(nil, p.disc), mint) }
func (p toy) invoke(depth string) string {
	return "Program " + p.address.String() + " invoke [" + depth + "]"
}
func (p toy) success() string { return "Program " + p.address.String() + " success" }
func (p toy) Decode(data []byte) (market.Body, error) {
	if len(data) < DiscriminatorSize || binary.BigEndian.Uint64(data) != p.disc {
		return nil, ErrUnknown
	}
	if len(data) != DiscriminatorSize+1 {
		return nil, ErrLayout
	}
	return &toyBody{market.Pubkey{data[DiscriminatorSize]}}, nil
}

// TestProgramsSideBySide reads the events of three programs from one log. The second and third are one family, whose
// events count on from each other; the first counts by itself, and keeps its ordinals when it is read alone.
func TestProgramsSideBySide(t *testing.T) {
	alone := toy{nil, market.Pubkey{1}, 0, 77}
	curve, pool := toy{nil, market.Pubkey{2}, 0x4000, 77}, toy{nil, market.Pubkey{3}, 0x4000, 88}
	logs := []string{
		curve.invoke("1"), curve.event(21),
		alone.invoke("2"), alone.event(11), alone.success(),
		pool.invoke("2"), pool.event(31), curve.event(99), pool.success(), // the curve's event, by the pool: foreign to it
		curve.event(22), curve.event(23) + "=", curve.success(), // padded too much
		alone.invoke("1"), alone.event(12), alone.success(),
	}
	type found struct {
		mint    byte
		ordinal uint16
	}
	read := func(r *Reader) (list []found, report Report) {
		events, report := r.Read(nil, &market.Transaction{Logs: logs})
		for i := range events {
			list = append(list, found{events[i].Mint()[0], events[i].Ordinal})
		}
		return list, report
	}

	all, report := read(NewReader(alone, curve, pool))
	if want := []found{{21, 0x4000}, {11, 0}, {31, 0x4001}, {22, 0x4002}, {12, 1}}; !slices.Equal(all, want) {
		t.Errorf("read %v, want %v", all, want)
	}
	want := Report{Malformed: 1, Foreign: 1}
	for p := range report.Undecoded.All() {
		want.Undecoded.Add(p)
	}

	if report != want || want.Undecoded == (Programs{}) {
		t.Errorf("report %+v, want %+v", report, want)
	}
	if got, _ := read(NewReader(alone)); !slices.Equal(got, []found{{11, 0}, {12, 1}}) {
		t.Errorf("the first program alone: %v", got)
	}

	if got, report := read(NewReader()); got != nil || report != (Report{}) {
		t.Errorf("no program: %v, %+v", got, report)
	}
}

// TestReaderKeepsLittle reads long and short lines in turn: the buffer that is reused follows the longest of them, and
// nothing of a log is kept.
func TestReaderKeepsLittle(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	p := toy{nil, market.Pubkey{1}, 0, 77}
	reader := NewReader(p)
	longest := 0
	for range 200 {
		size := r.IntN(20_000)
		longest = max(longest, size)
		tx := market.Transaction{Logs: []string{p.invoke("1"), DataPrefix + strings.Repeat("A", size), p.success()}}
		if events, _ := reader.Read(nil, &tx); len(events) != 0 {
			t.Fatalf("%d events in zeros", len(events))
		}

		if got := cap(reader.buffer); got > max(1024, 2*longest) {
			t.Fatalf("buffer of %d bytes, the longest line had %d", got, longest)
		}
		if kept := reader.stack.ids[:cap(reader.stack.ids)]; slices.ContainsFunc(kept, func(id string) bool { return id != "" }) {
			t.Fatal("an address of the log is kept alive")
		}
	}
}
