package store

import (
	"bytes"
	"fmt"

	"spinscope/backend/market"
)

// DecodeCommit reads what AppendCommit wrote; the commit keeps nothing of data. It returns ErrFormat for what a newer
// program wrote and this one does not know, and ErrCorrupt for what no program wrote.
func DecodeCommit(data []byte) (*market.Commit, error) { return decodeCommit(data, nil) }

// decodeCommit reads a commit. created gives the stored TokenCreated of a mint, where the store's own log is read.
func decodeCommit(data []byte, created func(*market.Pubkey) (market.Creation, error)) (*market.Commit, error) {
	if len(data) > 0 && data[0] > commitVersion {
		return nil, fmt.Errorf("%w: commit in encoding %d, this program knows %d", ErrFormat, data[0], commitVersion)
	}
	d := &commitDecoder{fields: fields{rest: data}, created: created}
	if d.u8() != commitVersion {
		d.bad = true
	}

	if err := d.split(); err != nil {
		return nil, err
	}

	c := &market.Commit{}
	for _, part := range [...]struct {
		id   byte
		read func(*market.Commit) error
	}{
		{sectionMints, d.list},
		{sectionHead, d.head},
		{sectionEvents, d.events},
		{sectionRemoved, d.removed},
		{sectionCandles, d.candles},
		{sectionOrders, d.orders},
		{sectionTokens, d.tokens},
		{sectionPairs, d.pairs},
		{sectionOpen, d.openCandles},
		{sectionEvicted, d.evicted},
		{sectionGaps, d.gaps},
		{sectionReplay, d.replay},
		{sectionReached, d.reached},
		{sectionAddressGaps, d.addressGaps},
	} {
		d.fields = fields{rest: d.sections[part.id]}
		if len(d.rest) == 0 {
			continue
		}
		if err := part.read(c); err != nil {
			return nil, err
		}
		if err := d.err("commit"); err != nil {
			return nil, err
		}
	}

	return c, nil
}

// commitDecoder reads one section after the other.
type commitDecoder struct {
	fields
	sections [numSections][]byte
	mints    []market.Pubkey
	created  func(*market.Pubkey) (market.Creation, error)
}

// split finds the sections, whose numbers rise.
func (d *commitDecoder) split() error {
	for last := byte(0); len(d.rest) > 0 && !d.bad; {
		id := d.u8()
		body := d.take(int(d.u32()))
		if id <= last || len(body) == 0 {
			d.bad = true
		}

		switch last = id; {
		case d.bad || id >= firstOptional:
		case id >= numSections:
			return fmt.Errorf("%w: commit with a section %d, which this program does not know", ErrFormat, id)
		default:
			d.sections[id] = body
		}
	}

	if d.sections[sectionHead] == nil {
		d.bad = true
	}
	d.rest = nil
	return d.err("commit")
}

func (d *commitDecoder) list(*market.Commit) error {
	for len(d.rest) > 0 && !d.bad {
		d.mints = append(d.mints, d.key())
	}
	return nil
}

func (d *commitDecoder) mintOf(id mintID) (market.Pubkey, bool) {
	switch {
	case id == 0:
		return market.Pubkey{}, true
	case int(id) > len(d.mints):
		return market.Pubkey{}, false
	}
	return d.mints[id-1], true
}

// mint reads a mint's place.
func (d *commitDecoder) mint() market.Pubkey {
	mint, ok := d.mintOf(mintID(d.u32Varint()))
	d.bad = d.bad || !ok
	return mint
}

// record reads what sized wrote.
func (d *commitDecoder) record() []byte { return d.take(d.count(1)) }

func (d *commitDecoder) head(c *market.Commit) error {
	c.Seq, c.Slot = market.Seq(d.uvarint()), market.Slot(d.uvarint())
	c.ChainTime, c.Checkpoint = d.varint(), market.Slot(d.uvarint())
	return nil
}

func (d *commitDecoder) replay(c *market.Commit) error {
	c.Replay = d.position()
	return nil
}

func (d *commitDecoder) events(c *market.Commit) (err error) {
	c.Events, err = d.eventList()
	return err
}

func (d *commitDecoder) removed(c *market.Commit) (err error) {
	c.Removed, err = d.eventList()
	return err
}

func (d *commitDecoder) eventList() ([]market.Event, error) {
	const least = 80 // bytes of an event: its signature alone has 64
	n := d.count(least)
	list := make([]market.Event, 0, n)
	var last market.Event
	for range n {
		at := market.Position{Slot: last.Slot + market.Slot(d.varint()), Index: d.u32Varint()} //nolint:gosec // wraps both ways alike
		ordinal := d.u32Varint()
		if ordinal > 1<<16-1 {
			d.bad = true
		}

		at.Ordinal = uint16(ordinal) //nolint:gosec // checked
		received := last.ReceivedAt + d.varint()
		record, liquidated := d.record(), d.record()
		if d.bad {
			break
		}

		e, err := decodeEvent(at, record, d.mintOf)
		if err != nil {
			return nil, err
		}

		if len(liquidated) > 0 {
			o, err := d.order(liquidated)
			if err != nil {
				return nil, err
			}
			e.Liquidated = &o
		}

		e.ReceivedAt = received
		list = append(list, e)
		last.Slot, last.ReceivedAt = at.Slot, received
	}

	return list, nil
}

func (d *commitDecoder) candles(c *market.Commit) error {
	const least = 11 // bytes of a candle's change
	n := d.count(least)
	c.Candles = make([]market.CandleChange, 0, n)
	var mint market.Pubkey
	var stamp market.Stamp
	for range n {
		flags, interval := d.u8(), market.Interval(d.u8())
		one := market.CandleChange{Interval: interval, Type: market.UpdateType(flags & changeTypeMask), Removed: flags&changeRemoved != 0}
		if !d.bad && interval >= market.NumStored {
			return fmt.Errorf("%w: candle of interval number %d, which this program does not know", ErrFormat, interval)
		}

		if flags&^changeFlags != 0 || one.Type > market.Correction {
			d.bad = true
		}
		if flags&changeSameMint == 0 {
			mint = d.mint()
		}

		if flags&changeSameStamp == 0 {
			stamp = market.Stamp{Slot: market.Slot(d.uvarint()), BlockTime: d.varint(), ReceivedAt: d.varint()}
		}
		one.Mint, one.Stamp = mint, stamp
		one.Candle, _ = d.candle(stamp.BlockTime + d.varint())
		if d.bad {
			break
		}
		c.Candles = append(c.Candles, one)
	}

	return nil
}

// order reads an order's record, whose mint must be the one it names.
func (d *commitDecoder) order(record []byte) (market.Order, error) {
	o, id, err := decodeOrder(record)
	if mint, ok := d.mintOf(id); err == nil && (!ok || mint != o.MintAccount) {
		d.bad = true
	}
	return o, err
}

func (d *commitDecoder) orders(c *market.Commit) error {
	const least = 130 // bytes of an order: four addresses
	for range d.count(least) {
		closed, record := d.u8(), d.record()
		if d.bad || closed > 1 {
			d.bad = true
			break
		}
		o, err := d.order(record)
		if err != nil {
			return err
		}
		c.Orders = append(c.Orders, market.OrderChange{Order: o, Closed: closed == 1})
	}
	return nil
}

func (d *commitDecoder) tokens(c *market.Commit) error {
	const least = 20 // bytes of a token
	for range d.count(least) {
		mint := d.mint()
		one := d.token()
		one.Mint = mint
		record := d.record()
		if d.bad {
			break
		}

		var err error
		switch {
		case len(record) == 0:
		case bytes.Equal(record, createdStored) && d.created != nil:
			one.Created, err = d.created(&mint)
		default:
			one.Created, err = decodeCreated(record)
		}

		if err != nil {
			return err
		}
		c.Tokens = append(c.Tokens, one)
	}

	return nil
}

// pairs reads those of the tokens, which were read before.
func (d *commitDecoder) pairs(c *market.Commit) error {
	const least = 37 // bytes of a pair with a token
	for range d.count(least) {
		pair := d.pair()
		for range d.count(1) {
			at := d.uvarint()
			if d.bad || at >= uint64(len(c.Tokens)) || c.Tokens[at].Pair != (market.Pair{}) {
				d.bad = true
				break
			}
			c.Tokens[at].Pair = pair
		}
	}
	return nil
}

func (d *commitDecoder) openCandles(c *market.Commit) error {
	const least = 50 // bytes of a mint's
	for range d.count(least) {
		record := d.record()
		if d.bad {
			break
		}
		b, err := decodeOpenCandles(record)
		if err != nil {
			return err
		}
		c.OpenCandles = append(c.OpenCandles, b.OpenCandles)
	}
	return nil
}

func (d *commitDecoder) evicted(c *market.Commit) error {
	for range d.count(1) {
		c.Evicted = append(c.Evicted, d.mint())
	}
	return nil
}

func (d *commitDecoder) reached(c *market.Commit) error {
	const least = 32 + 1 // bytes of one
	for range d.count(least) {
		address := d.key()
		one, err := decodeReached(appendReachedKey(nil, &address), d.record())
		if err != nil {
			return err
		}
		c.Reached = append(c.Reached, one)
	}
	return nil
}

func (d *commitDecoder) addressGaps(c *market.Commit) error {
	const least = 2*32 + 5 // bytes of a gap
	for range d.count(least) {
		one := market.Gap{Address: d.key(), Mint: d.key(), State: market.GapState(d.u8())}
		one.From, one.To = market.Slot(d.uvarint()), market.Slot(d.uvarint())
		one.Seq = market.Seq(d.uvarint())
		one.Cause = string(d.record())
		if one.State > market.GapReplaced || one.Address.IsZero() {
			d.bad = true
		}
		c.Gaps = append(c.Gaps, one)
	}
	return nil
}

func (d *commitDecoder) gaps(c *market.Commit) error {
	const least = 6 // bytes of a gap
	for range d.count(least) {
		one := market.Gap{State: market.GapState(d.u8())}
		one.From, one.To = market.Slot(d.uvarint()), market.Slot(d.uvarint())
		one.Mint, one.Seq = d.mint(), market.Seq(d.uvarint())
		one.Cause = string(d.record())
		if one.State > market.GapReplaced {
			d.bad = true
		}
		c.Gaps = append(c.Gaps, one)
	}
	return nil
}
