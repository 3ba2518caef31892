package edge

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"spinscope/backend/bus"
	"spinscope/backend/market"
	"spinscope/backend/store"
	"spinscope/backend/wake"
	"spinscope/backend/zstd"
)

// alertsMark is the key under which a store keeps how far it has the log of the alerts. No evaluator has one of that name.
var alertsMark = []byte("bus")

// cursorWait is between two looks whether the commits are there that an alert is of.
const cursorWait = 20 * time.Millisecond

// Alerts keeps what the alerts of a market did the same on all nodes: the one that writes puts each change into a log of the bus
// before it stores it, and the others take it from there. So whoever writes next goes on where the last one stopped: it looks
// at the commits after those that were looked at, and knows what was told. One goroutine uses it.
type Alerts struct {
	Store *store.Store

	log *bus.Log
	at  market.Seq // place of the newest change that the store has
	by  string     // whose changes are whose: two writers find the same, and only one of them may tell of it
}

// OpenAlerts opens the log of a store's alerts; bus.ErrMissing when nobody has made it, and create is not set.
func OpenAlerts(ctx context.Context, b *bus.Bus, opened *store.Store, create bool) (*Alerts, error) {
	log, err := b.Alerts(ctx, opened.ID(), create)
	if err != nil {
		return nil, err
	}
	_, marks, _, err := opened.AlertCursor(ctx)
	if err != nil {
		return nil, err
	}

	a := &Alerts{Store: opened, log: log, by: rand.Text()}
	for _, m := range marks {
		if string(m.Key) == string(alertsMark) {
			at, _ := binary.Uvarint(m.Value)
			a.at = market.Seq(at)
		}
	}
	return a, nil
}

// Append puts a change at the end of the log, and adds to it the mark that says so for the store. It returns bus.ErrOther when the
// log is another writer's.
func (a *Alerts) Append(ctx context.Context, c *store.AlertChange) error {
	payload, err := encodeAlerts(c, a.by)
	if err != nil {
		return err
	}
	if err := a.log.Append(ctx, a.at+1, payload); err != nil {
		return fmt.Errorf("alerts: %w", err)
	}
	a.at++
	c.Marks = append(c.Marks, a.mark())
	return nil
}

func (a *Alerts) mark() store.AlertMark {
	return store.AlertMark{Key: alertsMark, Value: binary.AppendUvarint(nil, uint64(a.at))}
}

// CatchUp takes what is in the log by now. It is for who is about to write; empty says that nothing ever was.
func (a *Alerts) CatchUp(ctx context.Context) (empty bool, err error) {
	last, err := a.log.Last(ctx)
	if err != nil {
		return false, err
	}
	if last == 0 {
		a.at = 0
		return true, nil
	}
	if a.at == last {
		return false, nil
	}

	err = a.follow(ctx, func(seq market.Seq, payload []byte) error {
		if _, err := a.take(seq, payload); err != nil {
			return err
		}
		if seq >= last {
			return errCaughtUp
		}
		return nil
	})
	if errors.Is(err, errCaughtUp) {
		err = nil
	}
	return false, err
}

// Follow takes changes until ctx ends, which returns nil, and tells of the alerts that are new. One that is of a commit which the
// store has not yet waits for that.
func (a *Alerts) Follow(ctx context.Context, taken func([]store.AlertRecord)) error {
	err := a.follow(ctx, func(seq market.Seq, payload []byte) error {
		c, err := decodeAlerts(seq, payload)
		if err != nil {
			return err
		}
		for a.Store.Seq() < c.Cursor {
			if err := wake.After(ctx, cursorWait); err != nil {
				return err
			}
		}

		fresh, err := a.store(seq, c)
		if err == nil && len(fresh) > 0 {
			taken(fresh)
		}
		return err
	})
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// follow calls fn with the changes that the store has not, from the oldest that the log still has.
func (a *Alerts) follow(ctx context.Context, fn func(market.Seq, []byte) error) error {
	from := a.at + 1
	for {
		err := a.log.Follow(ctx, from, fn)
		older, isOlder := errors.AsType[*bus.OlderError](err)
		switch {
		case isOlder:
			from = older.Oldest
		case errors.Is(err, bus.ErrAhead): // the log was made anew
			from = 1
		default:
			return err
		}
	}
}

func (a *Alerts) take(seq market.Seq, payload []byte) (fresh []store.AlertRecord, err error) {
	c, err := decodeAlerts(seq, payload)
	if err != nil {
		return nil, err
	}
	return a.store(seq, c)
}

// store stores a change of the log.
func (a *Alerts) store(seq market.Seq, c *store.AlertChange) (fresh []store.AlertRecord, err error) {
	a.at = seq
	c.Marks = append(c.Marks, a.mark())
	if fresh, err = a.Store.CommitAlerts(c); err != nil {
		return nil, fmt.Errorf("take change %d of the alerts: %w", seq, err)
	}
	return fresh, nil
}

// alertsMessage is a store.AlertChange as the bus carries it.
type alertsMessage struct {
	By     string        `json:"by"`
	Cursor market.Seq    `json:"cursor"`
	Fired  []firedAlert  `json:"fired,omitempty"`
	Marks  []alertedMark `json:"marks,omitempty"`
}

type firedAlert struct {
	ID   []byte          `json:"id"`
	Seq  market.Seq      `json:"seq"`
	Data json.RawMessage `json:"data"`
}

type alertedMark struct {
	Key   []byte `json:"key"`
	Value []byte `json:"value"` // null deletes it
}

func encodeAlerts(c *store.AlertChange, by string) ([]byte, error) {
	m := alertsMessage{By: by, Cursor: c.Cursor}
	for i := range c.Fired {
		m.Fired = append(m.Fired, firedAlert{ID: c.Fired[i].ID[:], Seq: c.Fired[i].Seq, Data: c.Fired[i].Data})
	}
	for _, mark := range c.Marks {
		m.Marks = append(m.Marks, alertedMark(mark))
	}

	text, err := json.Marshal(&m)
	if err != nil {
		return nil, fmt.Errorf("encode alerts: %w", err)
	}
	return zstd.Append(nil, text), nil
}

func decodeAlerts(seq market.Seq, payload []byte) (*store.AlertChange, error) {
	var m alertsMessage
	text, err := zstd.Decode(payload)
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		return nil, fmt.Errorf("change %d of the alerts: %w", seq, err)
	}

	c := &store.AlertChange{Cursor: m.Cursor}
	for _, one := range m.Fired {
		record := store.AlertRecord{Seq: one.Seq, Data: one.Data}
		if len(one.ID) != len(record.ID) {
			return nil, fmt.Errorf("change %d of the alerts: %w: an id of %d bytes", seq, errOther, len(one.ID))
		}
		copy(record.ID[:], one.ID)
		c.Fired = append(c.Fired, record)
	}
	for _, mark := range m.Marks {
		c.Marks = append(c.Marks, store.AlertMark(mark))
	}
	return c, nil
}
