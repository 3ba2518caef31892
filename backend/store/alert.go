package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/dgraph-io/badger/v4"

	"spinscope/backend/market"
)

// Alerts that fired, and how far the commits were looked at for them. The store does not know what an alert is: it keeps
// records with an id, a seq and a text, in order, and small marks for whoever evaluates the rules.

const (
	tableAlert = 'a' // a c · a n number8 · a i id16 · a o number8 · a m key

	// keptAlerts are the newest alerts kept, and keptAlertIDs the ids remembered so that none is stored twice.
	keptAlerts   = 1000
	keptAlertIDs = 20_000
	maxAlertSize = 8 << 10
	maxMarkSize  = 512
)

var keyAlertState = []byte{tableAlert, 'c'}

// AlertID identifies an alert.
type AlertID [16]byte

// AlertRecord is one stored alert.
type AlertRecord struct {
	ID     AlertID
	Seq    market.Seq
	Data   []byte // up to 8 KiB
	Number uint64 // 1 for the first one ever stored, then one more each; given by the store
}

// AlertMark is a small value under a key. A nil Value deletes it.
type AlertMark struct{ Key, Value []byte }

// AlertChange is what one transaction writes: what fired in the commits up to Cursor, and the marks that changed.
type AlertChange struct {
	Cursor market.Seq
	Fired  []AlertRecord // Seq never goes back
	Marks  []AlertMark
}

// alertState is the record under a c.
type alertState struct {
	cursor market.Seq
	next   uint64 // number of the next alert
	first  uint64 // of the oldest one kept
	oldest uint64 // of the oldest id kept
	cut    market.Seq
}

func (s *alertState) append(dst []byte) []byte {
	dst = append(dst, recordVersion)
	for _, n := range []uint64{uint64(s.cursor), s.next, s.first, s.oldest, uint64(s.cut)} {
		dst = binary.AppendUvarint(dst, n)
	}
	return dst
}

func decodeAlertState(value []byte) (alertState, error) {
	if value == nil {
		return alertState{}, nil
	}
	f := record(value)
	s := alertState{
		cursor: market.Seq(f.uvarint()), next: f.uvarint(), first: f.uvarint(), oldest: f.uvarint(), cut: market.Seq(f.uvarint()),
	}
	return s, f.err("alert state")
}

func appendAlertKey(dst []byte, table byte, number uint64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, tableAlert, table), number)
}

func appendAlertIDKey(dst []byte, id *AlertID) []byte {
	return append(append(dst, tableAlert, 'i'), id[:]...)
}

func appendAlert(dst []byte, a *AlertRecord) []byte {
	dst = append(append(dst, recordVersion), a.ID[:]...)
	return append(binary.AppendUvarint(dst, uint64(a.Seq)), a.Data...)
}

func decodeAlert(value []byte) (AlertRecord, error) {
	f := record(value)
	var a AlertRecord
	copy(a.ID[:], f.take(len(a.ID)))
	a.Seq = market.Seq(f.uvarint())
	a.Data = bytes.Clone(f.rest)
	f.rest = nil
	return a, f.err("alert")
}

// CommitAlerts writes what fired, the marks and the cursor in one transaction, and returns those alerts that were not
// stored before, in order. Beyond the newest 1,000 alerts the oldest go; an id is known for 20,000 alerts. It returns
// ErrCommit, with nothing written, for what is too large or out of order; any other error is final, as one of Commit.
func (s *Store) CommitAlerts(c *AlertChange) (fresh []AlertRecord, err error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	err = s.maintain(func(w *writer) error {
		value, err := w.get(keyAlertState)
		if err != nil {
			return err
		}

		state, err := decodeAlertState(bytes.Clone(value))
		if err != nil {
			return err
		}

		state.cursor = max(state.cursor, c.Cursor)
		for i := range c.Fired {
			a := c.Fired[i]
			isNew, err := w.alert(&state, &a)
			if err != nil {
				return err
			}
			if isNew {
				fresh = append(fresh, a)
			}
		}

		for _, mark := range c.Marks {
			key := append([]byte{tableAlert, 'm'}, mark.Key...)
			if mark.Value == nil {
				err = w.del(key)
			} else {
				err = w.put(key, bytes.Clone(mark.Value))
			}
			if err != nil {
				return err
			}
		}

		return w.put(bytes.Clone(keyAlertState), state.append(nil))
	})
	if err != nil {
		return nil, fmt.Errorf("store alerts: %w", err)
	}

	return fresh, nil
}

func (c *AlertChange) check() error {
	var last market.Seq
	for i := range c.Fired {
		a := &c.Fired[i]
		if len(a.Data) > maxAlertSize || a.Seq < last || a.Seq > c.Cursor {
			return fmt.Errorf("%w: alert %x of commit %d with %d bytes", ErrCommit, a.ID, a.Seq, len(a.Data))
		}
		last = a.Seq
	}
	for _, mark := range c.Marks {
		if len(mark.Key)+len(mark.Value) > maxMarkSize {
			return fmt.Errorf("%w: alert mark of %d bytes", ErrCommit, len(mark.Key)+len(mark.Value))
		}
	}
	return nil
}

// alert adds an alert that is not known yet, and takes out the oldest when there are too many.
func (w *writer) alert(state *alertState, a *AlertRecord) (isNew bool, err error) {
	idKey := appendAlertIDKey(nil, &a.ID)
	if known, err := w.get(idKey); err != nil || known != nil {
		return false, err
	}

	number := state.next
	state.next++
	a.Number = state.next
	if err := w.put(idKey, []byte{recordVersion}); err != nil {
		return false, err
	}
	if err := w.put(appendAlertKey(nil, 'o', number), append([]byte{recordVersion}, a.ID[:]...)); err != nil {
		return false, err
	}

	if err := w.put(appendAlertKey(nil, 'n', number), appendAlert(nil, a)); err != nil {
		return false, err
	}
	if state.next-state.first > keptAlerts {
		key := appendAlertKey(nil, 'n', state.first)
		old, err := w.alertRecord(key)
		if err != nil {
			return false, err
		}
		if err := w.del(key); err != nil {
			return false, err
		}
		state.first++
		state.cut = old.Seq
	}

	if state.next-state.oldest > keptAlertIDs {
		key := appendAlertKey(nil, 'o', state.oldest)
		value, err := w.get(key)
		if err != nil {
			return false, err
		}

		f := record(value)
		var id AlertID
		copy(id[:], f.take(len(id)))
		if err := f.err("alert id"); err != nil {
			return false, err
		}
		if err := errors.Join(w.del(appendAlertIDKey(nil, &id)), w.del(key)); err != nil {
			return false, err
		}
		state.oldest++
	}

	return true, nil
}

func (w *writer) alertRecord(key []byte) (AlertRecord, error) {
	value, err := w.get(key)
	if err != nil {
		return AlertRecord{}, err
	}
	return decodeAlert(value)
}

// AlertCursor is the newest commit that was looked at for alerts, and the marks. known is false in a store that was
// never looked at.
func (s *Store) AlertCursor(ctx context.Context) (cursor market.Seq, marks []AlertMark, known bool, err error) {
	err = s.read(nil, func(v *view) error {
		state, stored, err := v.alerts()
		if err != nil {
			return err
		}
		cursor, known = state.cursor, stored
		prefix := []byte{tableAlert, 'm'}
		return v.scan(ctx, span{prefix: prefix}, func(key []byte, item *badger.Item) error {
			value, err := v.value(item)
			if err != nil {
				return err
			}
			marks = append(marks, AlertMark{bytes.Clone(key[len(prefix):]), bytes.Clone(value)})
			return nil
		})
	})
	return cursor, marks, known, err
}

func (v *view) alerts() (state alertState, known bool, err error) {
	value, err := v.newest(keyAlertState)
	if err != nil {
		return state, false, err
	}
	state, err = decodeAlertState(value)
	return state, value != nil, err
}

// Alerts is a page of the stored alerts, newest first, and how many there are.
func (s *Store) Alerts(ctx context.Context, offset, limit int) (list []AlertRecord, total int, err error) {
	err = s.read(nil, func(v *view) error {
		state, _, err := v.alerts()
		if err != nil {
			return err
		}

		total = int(state.next - state.first) //nolint:gosec // at most keptAlerts
		if limit <= 0 || offset >= total {
			return nil
		}

		newest := state.next - 1 - uint64(max(offset, 0)) //nolint:gosec // below total
		sp := span{prefix: []byte{tableAlert, 'n'}, from: appendAlertKey(nil, 'n', newest), reverse: true}
		return v.scan(ctx, sp, func(_ []byte, item *badger.Item) error {
			a, err := v.alertRow(item)
			if err != nil {
				return err
			}
			a.Number = newest + 1 - uint64(len(list))
			list = append(list, a)
			return stopAt(len(list), limit)
		})
	})

	return list, total, err
}

// AlertsSince are the stored alerts of commits from since on, oldest first. last is the number of the newest alert stored,
// 0 when there is none; complete is false when some from since on are no longer stored.
func (s *Store) AlertsSince(ctx context.Context, since market.Seq) (list []AlertRecord, last uint64, complete bool, err error) {
	err = s.read(nil, func(v *view) error {
		state, _, err := v.alerts()
		if err != nil {
			return err
		}

		last, complete = state.next, state.first == 0 || since > state.cut
		return v.scan(ctx, span{prefix: []byte{tableAlert, 'n'}, reverse: true}, func(_ []byte, item *badger.Item) error {
			a, err := v.alertRow(item)
			if err != nil {
				return err
			}
			if a.Seq < since {
				return Stop
			}
			a.Number = last - uint64(len(list))
			list = append(list, a)
			return nil
		})
	})
	slices.Reverse(list)

	return list, last, complete, err
}

func (v *view) alertRow(item *badger.Item) (AlertRecord, error) {
	value, err := v.value(item)
	if err != nil {
		return AlertRecord{}, err
	}
	return decodeAlert(value)
}
