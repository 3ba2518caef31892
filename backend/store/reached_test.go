package store

import (
	"bytes"
	"reflect"
	"testing"

	"spinscope/backend/market"
)

// A commit keeps how far addresses have come, and gaps of addresses, in its encoding; one without any is as it was before
// there were addresses.
func TestCommitOfAddresses(t *testing.T) {
	plain := market.Commit{Seq: 3, Slot: 9, ChainTime: 5, Gaps: []market.Gap{{From: 1, To: 2, Cause: "c"}}}
	with := plain
	with.Reached = []market.Reached{
		{Address: market.Pubkey{1}, Slot: 1 << 40, ChainTime: -5, Checkpoint: 7}, {Address: market.Pubkey{2}},
	}
	with.Gaps = append([]market.Gap{}, plain.Gaps[0],
		market.Gap{From: 1, To: 2, Cause: "c", Address: market.Pubkey{1}, State: market.GapFilled},
		market.Gap{From: 3, To: 4, Mint: market.Pubkey{8}, Seq: 3, Address: market.Pubkey{2}})
	data := AppendCommit(nil, &with)
	again, err := DecodeCommit(data)
	if err != nil || !reflect.DeepEqual(again, &with) {
		t.Fatalf("%+v, %v", again, err)
	}

	short := AppendCommit(nil, &plain)
	if !bytes.HasPrefix(data, short) || len(data) == len(short) {
		t.Error("what is of addresses does not stand behind the rest")
	}
	whole := len(short) + sectionHeader + int(data[len(short)+sectionHeader-1]) // with its first further section, of some bytes
	for cut := len(short) + 1; cut < len(data); cut++ {
		if _, err := DecodeCommit(data[:cut]); err == nil && cut != whole {
			t.Fatalf("%d of %d bytes are a commit", cut, len(data))
		}
	}
}

// Gaps and records of addresses stay what they are in the store, and its check knows them.
func TestStoreOfAddresses(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}

	one, two := market.Pubkey{1}, market.Pubkey{2}
	gap := market.Gap{From: 1, To: 2, Cause: "c"}
	ofOne, ofTwo := gap, gap
	ofOne.Address, ofTwo.Address = one, two
	commits := []market.Commit{
		{Seq: 1, Gaps: []market.Gap{gap, ofOne, ofTwo}, Reached: []market.Reached{{Address: two, Slot: 5, ChainTime: 6, Checkpoint: 4}}},
		{Seq: 2, Reached: []market.Reached{{Address: two, Slot: 15, ChainTime: 16, Checkpoint: 14}, {Address: one}}},
	}
	ofOne.State = market.GapReplaced
	commits[1].Gaps = []market.Gap{ofOne}
	for i := range commits {
		if err := s.Commit(&commits[i]); err != nil {
			t.Fatal(err)
		}
	}

	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(Options{Dir: dir}); err != nil {
		t.Fatal(err)
	}

	defer s.Close() //nolint:errcheck // only read
	var list []market.Reached
	if err := s.Reached(func(r *market.Reached) error { list = append(list, *r); return nil }); err != nil {
		t.Fatal(err)
	}

	if want := []market.Reached{{Address: one}, {Address: two, Slot: 15, ChainTime: 16, Checkpoint: 14}}; !reflect.DeepEqual(list, want) {
		t.Errorf("%+v", list)
	}
	for address, want := range map[market.Pubkey]market.Reached{
		one: {Address: one}, two: {Address: two, Slot: 15, ChainTime: 16, Checkpoint: 14}, {3}: {},
	} {
		if r, found, err := s.ReachedBy(address); err != nil || r != want || found == (address == market.Pubkey{3}) {
			t.Errorf("%s: %+v, %t, %v", address, r, found, err)
		}
	}

	gaps, err := s.Gaps(t.Context(), nil, nil)
	if err != nil || len(gaps) != 2 || !gaps[0].Address.IsZero() || gaps[1].Address != two {
		t.Errorf("%+v, %v", gaps, err)
	}
	if problems, err := s.Audit(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("%q, %v", problems, err)
	}

	if stats := s.Stats(); stats.GapsOpen != 2 || s.State().Checkpoint != 0 {
		t.Errorf("%+v", stats)
	}
}
