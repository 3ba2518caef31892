package store

import (
	"bytes"
	"encoding/binary"
	"slices"

	"spinscope/backend/market"
)

// commitVersion is the first byte of an encoded commit.
const commitVersion = 1

// A commit is encoded in sections, each with its number and length (docs/storage.md). A section without content is left
// out. Mints are named by their place in the list of mints, from 1; 0 is the zero address.
const (
	sectionHead byte = iota + 1
	sectionEvents
	sectionRemoved
	sectionCandles
	sectionOrders
	sectionTokens
	sectionOpen
	sectionEvicted
	sectionGaps
	sectionReplay
	sectionMints // after all that name mints, as they say which there are
	sectionPairs // of the tokens; it names none
	sectionReached
	sectionAddressGaps // gaps of addresses that are followed beside the program
	numSections

	// firstOptional is the first number of sections that a reader may do without: it passes over those it does not know.
	// One that it does not know below this number makes the commit unreadable for it, so that no reader takes a part of a
	// commit for the whole.
	firstOptional = 128

	sectionHeader = 1 + 4
)

// Flags of a candle's change.
const (
	changeTypeMask  byte = 0b11
	changeRemoved   byte = 1 << 2
	changeSameMint  byte = 1 << 3 // as the change before
	changeSameStamp byte = 1 << 4
	changeFlags          = changeTypeMask | changeRemoved | changeSameMint | changeSameStamp
)

// commitEncoder numbers the mints of a commit. It may be used again.
type commitEncoder struct {
	numbers map[market.Pubkey]mintID
	mints   []market.Pubkey
	stored  []bool // of each token: its TokenCreated is the one that the store has; nil in a message
}

// createdStored stands for a TokenCreated that is the one in the store. It is in the store's own log only: the creation of
// a token would otherwise be the third part of every commit that is about it.
var createdStored = []byte{0}

// AppendCommit appends a whole commit in the encoding of docs/storage.md. It holds everything, so that who applies it has
// what the original has. Events must have bodies, and intervals must be known.
func AppendCommit(dst []byte, c *market.Commit) []byte {
	return new(commitEncoder).append(dst, c)
}

func (e *commitEncoder) append(dst []byte, c *market.Commit) []byte {
	if e.numbers == nil {
		e.numbers = map[market.Pubkey]mintID{}
	}
	clear(e.numbers)
	e.mints = e.mints[:0]

	dst = append(dst, commitVersion)
	dst = section(dst, sectionHead, 1, func(dst []byte) []byte { return appendHead(dst, c) })
	dst = section(dst, sectionEvents, len(c.Events), func(dst []byte) []byte { return e.events(dst, c.Events) })
	dst = section(dst, sectionRemoved, len(c.Removed), func(dst []byte) []byte { return e.events(dst, c.Removed) })
	dst = section(dst, sectionCandles, len(c.Candles), func(dst []byte) []byte { return e.candles(dst, c.Candles) })
	dst = section(dst, sectionOrders, len(c.Orders), func(dst []byte) []byte { return e.orders(dst, c.Orders) })
	dst = section(dst, sectionTokens, len(c.Tokens), func(dst []byte) []byte { return e.tokens(dst, c.Tokens) })
	dst = section(dst, sectionOpen, len(c.OpenCandles), func(dst []byte) []byte { return e.openCandles(dst, c.OpenCandles) })
	dst = section(dst, sectionEvicted, len(c.Evicted), func(dst []byte) []byte { return e.evicted(dst, c.Evicted) })

	own, others := splitGaps(c.Gaps)
	dst = section(dst, sectionGaps, len(own), func(dst []byte) []byte { return e.gaps(dst, own) })
	if c.Replay != (market.Position{}) {
		dst = section(dst, sectionReplay, 1, func(dst []byte) []byte { return appendPosition(dst, c.Replay) })
	}

	dst = section(dst, sectionMints, len(e.mints), func(dst []byte) []byte {
		for i := range e.mints {
			dst = append(dst, e.mints[i][:]...)
		}
		return dst
	})
	groups := groupPairs(c.Tokens)
	dst = section(dst, sectionPairs, len(groups), func(dst []byte) []byte { return appendPairGroups(dst, groups) })
	dst = section(dst, sectionReached, len(c.Reached), func(dst []byte) []byte { return appendReachedList(dst, c.Reached) })

	return section(dst, sectionAddressGaps, len(others), func(dst []byte) []byte { return appendAddressGaps(dst, others) })
}

// splitGaps are the program's own gaps, and those of addresses.
func splitGaps(gaps []market.Gap) (own, others []market.Gap) {
	for i := range gaps {
		if !gaps[i].Address.IsZero() {
			others = append(others, gaps[i])
		}
	}
	if len(others) == 0 {
		return gaps, nil
	}
	for i := range gaps {
		if gaps[i].Address.IsZero() {
			own = append(own, gaps[i])
		}
	}
	return own, others
}

func appendReachedList(dst []byte, list []market.Reached) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(list)))
	for i := range list {
		dst = append(dst, list[i].Address[:]...)
		dst = sized(dst, func(dst []byte) []byte { return appendReached(dst, &list[i]) })
	}
	return dst
}

func appendAddressGaps(dst []byte, list []market.Gap) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(list)))
	for i := range list {
		one := &list[i]
		dst = append(append(dst, one.Address[:]...), one.Mint[:]...)
		dst = append(dst, byte(one.State))
		dst = binary.AppendUvarint(binary.AppendUvarint(dst, uint64(one.From)), uint64(one.To))
		dst = binary.AppendUvarint(dst, uint64(one.Seq))
		dst = binary.AppendUvarint(dst, uint64(len(one.Cause)))
		dst = append(dst, one.Cause...)
	}
	return dst
}

// pairGroup are the tokens of a commit that have one pair, by their places.
type pairGroup struct {
	pair   market.Pair
	tokens []int
}

// groupPairs gives the pairs other than the zero one, in the order of their first tokens.
func groupPairs(tokens []market.Token) (groups []pairGroup) {
	for i := range tokens {
		pair := tokens[i].Pair
		if pair == (market.Pair{}) {
			continue
		}
		at := slices.IndexFunc(groups, func(g pairGroup) bool { return g.pair == pair })
		if at < 0 {
			at = len(groups)
			groups = append(groups, pairGroup{pair: pair})
		}
		groups[at].tokens = append(groups[at].tokens, i)
	}
	return groups
}

func appendPairGroups(dst []byte, groups []pairGroup) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(groups)))
	for _, g := range groups {
		dst = appendPair(dst, g.pair)
		dst = binary.AppendUvarint(dst, uint64(len(g.tokens)))
		for _, i := range g.tokens {
			dst = binary.AppendUvarint(dst, uint64(i)) //nolint:gosec // a place in a list
		}
	}
	return dst
}

// section appends a section of n things; none without any.
func section(dst []byte, id byte, n int, body func(dst []byte) []byte) []byte {
	if n == 0 {
		return dst
	}
	dst = append(dst, id, 0, 0, 0, 0)
	start := len(dst)
	dst = body(dst)
	binary.BigEndian.PutUint32(dst[start-4:], uint32(len(dst)-start)) //nolint:gosec // a commit is far smaller
	return dst
}

// number is a mint's place in the list.
func (e *commitEncoder) number(mint *market.Pubkey) mintID {
	if n := len(e.mints); n > 0 && e.mints[n-1] == *mint { // changes of one mint stand together
		return mintID(n) //nolint:gosec // a commit has few
	}
	if mint.IsZero() {
		return 0
	}
	id, known := e.numbers[*mint]
	if !known {
		e.mints = append(e.mints, *mint)
		id = mintID(len(e.mints)) //nolint:gosec // a commit has few
		e.numbers[*mint] = id
	}
	return id
}

// sized appends a record with its length before it.
func sized(dst []byte, body func(dst []byte) []byte) []byte {
	const lengthSize = 2 // of a varint, which most lengths fit; a short one fills it too
	start := len(dst)
	dst = body(append(dst, make([]byte, lengthSize)...))
	length := uint64(len(dst) - start - lengthSize) //nolint:gosec // not negative
	if length < 1<<(7*lengthSize) {
		dst[start], dst[start+1] = byte(length)|0x80, byte(length>>7)
		return dst
	}
	record := bytes.Clone(dst[start+lengthSize:])
	return append(binary.AppendUvarint(dst[:start], length), record...)
}

func appendHead(dst []byte, c *market.Commit) []byte {
	dst = binary.AppendUvarint(dst, uint64(c.Seq))
	dst = binary.AppendUvarint(dst, uint64(c.Slot))
	dst = binary.AppendVarint(dst, c.ChainTime)
	return binary.AppendUvarint(dst, uint64(c.Checkpoint))
}

func (e *commitEncoder) events(dst []byte, list []market.Event) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(list)))
	var last market.Event
	for i := range list {
		one := &list[i]
		dst = binary.AppendVarint(dst, int64(one.Slot-last.Slot)) //nolint:gosec // wraps both ways alike
		dst = binary.AppendUvarint(dst, uint64(one.Index))
		dst = binary.AppendUvarint(dst, uint64(one.Ordinal))
		dst = binary.AppendVarint(dst, one.ReceivedAt-last.ReceivedAt)
		mint := one.Mint()
		id := e.number(&mint)
		dst = sized(dst, func(dst []byte) []byte { return appendEvent(dst, one, id) })
		if before := one.Liquidated; before != nil {
			dst = sized(dst, func(dst []byte) []byte { return appendOrder(dst, before, e.number(&before.MintAccount)) })
		} else {
			dst = append(dst, 0)
		}

		last.Slot, last.ReceivedAt = one.Slot, one.ReceivedAt
	}

	return dst
}

func (e *commitEncoder) candles(dst []byte, list []market.CandleChange) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(list)))
	var mint market.Pubkey
	var stamp market.Stamp
	for i := range list {
		one := &list[i]
		flags := byte(one.Type) & changeTypeMask
		if one.Removed {
			flags |= changeRemoved
		}

		if one.Mint == mint {
			flags |= changeSameMint
		}
		if one.Stamp == stamp {
			flags |= changeSameStamp
		}

		dst = append(dst, flags, byte(one.Interval))
		if flags&changeSameMint == 0 {
			mint = one.Mint
			dst = binary.AppendUvarint(dst, uint64(e.number(&mint)))
		}

		if flags&changeSameStamp == 0 {
			stamp = one.Stamp
			dst = binary.AppendUvarint(dst, uint64(stamp.Slot))
			dst = binary.AppendVarint(dst, stamp.BlockTime)
			dst = binary.AppendVarint(dst, stamp.ReceivedAt)
		}

		dst = binary.AppendVarint(dst, one.Candle.Time-stamp.BlockTime)
		dst = appendCandle(dst, &one.Candle, 0)
	}

	return dst
}

func (e *commitEncoder) orders(dst []byte, list []market.OrderChange) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(list)))
	for i := range list {
		one := &list[i]
		closed := byte(0)
		if one.Closed {
			closed = 1
		}
		dst = append(dst, closed)
		dst = sized(dst, func(dst []byte) []byte { return appendOrder(dst, &one.Order, e.number(&one.Order.MintAccount)) })
	}
	return dst
}

func (e *commitEncoder) tokens(dst []byte, list []market.Token) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(list)))
	for i := range list {
		one := &list[i]
		dst = binary.AppendUvarint(dst, uint64(e.number(&one.Mint)))
		dst = appendToken(dst, one)
		switch {
		case one.Created == nil:
			dst = append(dst, 0)
		case e.stored != nil && e.stored[i]:
			dst = append(append(dst, byte(len(createdStored))), createdStored...)
		default:
			dst = sized(dst, func(dst []byte) []byte { return appendCreated(dst, one.Created) })
		}
	}
	return dst
}

func (e *commitEncoder) openCandles(dst []byte, list []market.OpenCandles) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(list)))
	for i := range list {
		dst = sized(dst, func(dst []byte) []byte {
			return appendOpenCandles(dst, &list[i], func(market.Interval, *market.Candle) market.Seq { return 0 })
		})
	}
	return dst
}

func (e *commitEncoder) evicted(dst []byte, list []market.Pubkey) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(list)))
	for i := range list {
		dst = binary.AppendUvarint(dst, uint64(e.number(&list[i])))
	}
	return dst
}

func (e *commitEncoder) gaps(dst []byte, list []market.Gap) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(list)))
	for i := range list {
		one := &list[i]
		dst = append(dst, byte(one.State))
		dst = binary.AppendUvarint(dst, uint64(one.From))
		dst = binary.AppendUvarint(dst, uint64(one.To))
		dst = binary.AppendUvarint(dst, uint64(e.number(&one.Mint)))
		dst = binary.AppendUvarint(dst, uint64(one.Seq))
		dst = binary.AppendUvarint(dst, uint64(len(one.Cause)))
		dst = append(dst, one.Cause...)
	}
	return dst
}
