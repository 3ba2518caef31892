package store

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"sort"

	"github.com/dgraph-io/badger/v4"

	"spinscope/backend/market"
)

// MintSort is the order of a list of mints.
type MintSort uint8

// The orders of Mints. Ties go by the order in which the mints were first seen.
const (
	CreatedDesc MintSort = iota
	CreatedAsc
	LastTradeDesc
	VolumeDesc // traded ever: lamports, or 10^-9 whole units of what else a coin is paid in
)

// MintQuery is a page of the mints that had a TokenCreated or, with All, of those that traded too: a mint may be older
// than the history that was read. A Cursor takes the place of the Offset: the page then starts behind the mint that the
// last page ended with, wherever that would stand by now.
type MintQuery struct {
	Sort          MintSort
	All           bool
	Offset, Limit int
	Cursor        string
}

// MintPage is a page of mints as of the commit Seq. Total counts all; NextCursor is empty on the last page.
type MintPage struct {
	Tokens     []market.Token
	Total      int
	NextCursor string
	Seq        market.Seq
}

// Mints is a page of the mints asked for. It returns ErrCursor for a cursor it did not give out.
func (s *Store) Mints(ctx context.Context, q MintQuery) (page MintPage, err error) {
	q.Limit = max(q.Limit, 0)
	var after cursor
	if q.Cursor != "" {
		if after, err = parseCursor(q.Cursor, q); err != nil {
			return page, err
		}
	}

	var ids []mintID
	grab := func() {
		ids, page.Total = s.directory.page(&q, &after)
		if n := len(ids); n > 0 && n > q.Limit {
			ids = ids[:q.Limit]
			if n = len(ids); n > 0 {
				page.NextCursor = s.directory.cursorAt(&q, ids[n-1]).String()
			}
		}
	}
	err = s.read(grab, func(v *view) error {
		page.Seq = v.seq
		for _, id := range ids {
			if err := v.alive(ctx); err != nil {
				return err
			}
			t, _, err := v.token(id)
			if err != nil {
				return err
			}
			page.Tokens = append(page.Tokens, t)
		}

		return nil
	})

	return page, err
}

// page gives the mints of a page and one more if there is one, as a copy, and the length of the whole list.
func (d *directory) page(q *MintQuery, after *cursor) ([]mintID, int) {
	d.sorting.Lock()
	defer d.sorting.Unlock()

	which := listOf(q.Sort, q.All)
	list := d.list(which)
	total := len(list)
	offset := max(q.Offset, 0)
	up := q.Sort == CreatedAsc // the one list that is read from its end
	if q.Cursor != "" {
		offset = sort.Search(total, func(i int) bool {
			if up {
				return d.compareTo(which, list[total-1-i], after) < 0
			}
			return d.compareTo(which, list[i], after) > 0
		})
	}

	if offset >= total {
		return nil, total
	}
	length := min(max(q.Limit, 0)+1, total-offset)
	if !up {
		return slices.Clone(list[offset : offset+length]), total
	}

	ids := slices.Clone(list[total-offset-length : total-offset])
	slices.Reverse(ids)
	return ids, total
}

// cursor is the place of a mint in a list, which stays meaningful when the mint moves.
type cursor struct {
	sort MintSort
	all  bool
	id   mintID
	key  entry // only the fields that the lists are sorted by
}

func (d *directory) cursorAt(q *MintQuery, id mintID) cursor {
	return cursor{q.Sort, q.All, id, *d.entry(id)}
}

func (d *directory) compareTo(list int, a mintID, c *cursor) int {
	return compareEntries(list, d.entry(a), &c.key, a, c.id)
}

// cursorAll marks the order in a cursor of all mints.
const cursorAll = 0x80

// String is the cursor as text.
func (c cursor) String() string {
	order := byte(c.sort)
	if c.all {
		order |= cursorAll
	}
	b := []byte{recordVersion, order}
	b = binary.AppendUvarint(b, uint64(c.id))
	b = binary.AppendVarint(b, c.key.createTime)
	b = appendPosition(b, c.key.createdAt)
	b = binary.AppendVarint(b, c.key.lastTrade)
	b = appendU128(b, c.key.volume)
	return base64.RawURLEncoding.EncodeToString(b)
}

func parseCursor(text string, q MintQuery) (cursor, error) {
	const limit = 200
	if len(text) > limit {
		return cursor{}, fmt.Errorf("%w: too long", ErrCursor)
	}

	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return cursor{}, fmt.Errorf("%w: %w", ErrCursor, err)
	}

	f := record(b)
	order := f.u8()
	c := cursor{sort: MintSort(order &^ cursorAll), all: order&cursorAll != 0, id: mintID(f.u32Varint())}
	c.key.createTime, c.key.createdAt = f.varint(), f.position()
	c.key.lastTrade, c.key.volume = f.varint(), f.u128()
	if f.err("cursor") != nil {
		return cursor{}, fmt.Errorf("%w: not one of this list", ErrCursor)
	}
	if c.sort != q.Sort || c.all != q.All {
		return cursor{}, fmt.Errorf("%w: it belongs to another list or order", ErrCursor)
	}

	return c, nil
}

// Traded gives up to n mints that traded at since or later, Unix seconds, the one with the latest trade first. A mint that
// no commit was about since the opening is marked with the one that the store was opened at.
func (s *Store) Traded(since int64, n int) []market.MintMark {
	s.mu.RLock()
	defer s.mu.RUnlock()
	d := &s.directory
	d.sorting.Lock()
	defer d.sorting.Unlock()
	list := d.list(listAllTraded)
	marks := make([]market.MintMark, 0, min(max(n, 0), len(list)))
	for _, id := range list[:cap(marks)] {
		if d.entry(id).lastTrade < max(since, 1) { // 0: it never traded
			break
		}
		marks = append(marks, d.mark(id))
	}
	return marks
}

// LatestTraded gives up to n mints, the one with the latest trade first.
func (s *Store) LatestTraded(n int) []market.Pubkey {
	marks := s.Traded(0, n)
	mints := make([]market.Pubkey, len(marks))
	for i := range marks {
		mints[i] = marks[i].Mint
	}
	return mints
}

// Marks gives the known ones among the mints, in the order asked for.
func (s *Store) Marks(mints []market.Pubkey) []market.MintMark {
	s.mu.RLock()
	defer s.mu.RUnlock()
	marks := make([]market.MintMark, 0, len(mints))
	for _, mint := range mints {
		if id := s.id(mint); id != 0 {
			marks = append(marks, s.directory.mark(id))
		}
	}
	return marks
}

// Token is what is known of a mint.
func (s *Store) Token(mint market.Pubkey) (t market.Token, found bool, err error) {
	var id mintID
	err = s.read(func() { id = s.id(mint) }, func(v *view) error {
		if id == 0 {
			return nil
		}
		t, found, err = v.token(id)
		return err
	})
	return t, found, err
}

// Tokens gives the known ones among the mints, in the order asked for, all as of one commit.
func (s *Store) Tokens(ctx context.Context, mints []market.Pubkey) (tokens []market.Token, err error) {
	ids := make([]mintID, 0, len(mints))
	grab := func() {
		for _, mint := range mints {
			if id := s.id(mint); id != 0 {
				ids = append(ids, id)
			}
		}
	}
	err = s.read(grab, func(v *view) error {
		for _, id := range ids {
			if err := v.alive(ctx); err != nil {
				return err
			}
			t, found, err := v.token(id)
			if err != nil {
				return err
			}
			if found {
				tokens = append(tokens, t)
			}
		}

		return nil
	})

	return tokens, err
}

// token reads a mint's token record. It is not found when the store knows the mint from other records only.
func (v *view) token(id mintID) (t market.Token, found bool, err error) {
	m, err := v.mint(id)
	if err != nil || !m.known {
		return t, false, err
	}
	if m.created != 0 {
		var buf [5]byte
		value, err := v.newest(appendID(buf[:0], tableCreated, id))
		if err != nil {
			return t, false, err
		}
		if m.token.Created, err = decodeCreated(value); err != nil {
			return t, false, err
		}
	}
	return m.token, true, nil
}

// OpenCandles are the last durable ones of a mint; newer events are not in them.
func (s *Store) OpenCandles(mint market.Pubkey) (b market.OpenCandles, found bool, err error) {
	var id mintID
	grab := func() {
		id = s.id(mint)
		b, found = s.rehearsed[id]
	}
	err = s.read(grab, func(v *view) error {
		if id == 0 || found {
			return nil
		}
		var buf [5]byte
		value, err := v.newest(appendID(buf[:0], tableOpen, id))
		if err != nil || value == nil {
			return err
		}
		held, err := decodeOpenCandles(value)
		b, found = held.OpenCandles, err == nil
		return err
	})

	return b, found, err
}

// AllOpenCandles calls fn with the durable open candles of every mint.
func (s *Store) AllOpenCandles(fn func(*market.OpenCandles) error) error {
	var rehearsed map[mintID]market.OpenCandles
	return s.read(func() { rehearsed = s.rehearsed }, func(v *view) error {
		for _, open := range rehearsed {
			if err := call(v, fn, &open); err != nil {
				return err
			}
		}

		return v.scan(context.Background(), span{prefix: []byte{tableOpen}}, func(key []byte, item *badger.Item) error {
			if _, newer := rehearsed[mintID(binary.BigEndian.Uint32(key[1:]))]; newer {
				return nil
			}
			value, err := v.value(item)
			if err != nil {
				return err
			}

			held, err := decodeOpenCandles(value)
			if err != nil {
				return err
			}
			return call(v, fn, &held.OpenCandles)
		})
	})
}
