package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
)

// The newest commits are in Badger's logs only, and a log that is missing, or cut where an entry ends, looks like one that
// never was longer. So the file LAST beside Badger's holds which change of the store was the newest: it is written in
// place after each, without waiting for the disk, which takes about a microsecond and outlives the process, if not the
// machine.
const lastFile = "LAST"

// lastChange is the newest change of a store: a commit, or what was done between two.
type lastChange struct {
	version uint64 // Badger's timestamp of it
	seq     uint64 // the newest commit by then
	state   uint32 // checksum of the state record that it wrote
	gaps    uint64 // sum of the gap rows, as of state.gapSum
	orders  uint64 // sum of the orders' rows, as of state.orderSum
	closed  bool   // then the store was closed
}

// Its record: magic4 · closed4 · version8 · seq8 · gaps8 · orders8 · state4 · checksum4.
const (
	lastMagic = "SPL2"
	lastSize  = 4 + 4 + 8 + 8 + 8 + 8 + 4 + 4
)

func (c *lastChange) encode() []byte {
	record := append(make([]byte, 0, lastSize), lastMagic...)
	closed := uint32(0)
	if c.closed {
		closed = 1
	}
	record = binary.BigEndian.AppendUint32(record, closed)
	record = binary.BigEndian.AppendUint64(record, c.version)
	record = binary.BigEndian.AppendUint64(record, c.seq)
	record = binary.BigEndian.AppendUint64(record, c.gaps)
	record = binary.BigEndian.AppendUint64(record, c.orders)
	record = binary.BigEndian.AppendUint32(record, c.state)
	return binary.BigEndian.AppendUint32(record, crc32.Checksum(record, castagnoli))
}

func decodeLast(record []byte) (*lastChange, error) {
	const end = lastSize - 4
	if len(record) != lastSize || string(record[:4]) != lastMagic || crc32.Checksum(record[:end], castagnoli) != binary.BigEndian.Uint32(record[end:]) {
		return nil, errors.New("it does not match its checksum")
	}
	return &lastChange{
		closed: binary.BigEndian.Uint32(record[4:]) != 0, version: binary.BigEndian.Uint64(record[8:]),
		seq: binary.BigEndian.Uint64(record[16:]), gaps: binary.BigEndian.Uint64(record[24:]),
		orders: binary.BigEndian.Uint64(record[32:]), state: binary.BigEndian.Uint32(record[40:]),
	}, nil
}

// readLast reads LAST; nil when there is none. One that is damaged holds nothing that cannot be made anew.
func readLast(o *Options) *lastChange {
	record, err := os.ReadFile(filepath.Join(o.Dir, lastFile))
	var last *lastChange
	if err == nil {
		last, err = decodeLast(record)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		o.Logger.Warn("a damaged file is made anew; it holds no data", "component", "store", "file", lastFile, "err", err)
	}
	return last
}

var errOtherLast = errors.New("its newest commit is not the one that was stored (unless " + lastFile + " is another store's: then remove that one)")

// checkChanges compares the changes that the tables, up to a version, and the logs behind them hold with each other and
// with the newest one that there was: none may be missing, neither between two of these files nor at the end.
func (v *survey) checkChanges(o *Options, newest uint64, logs []logContent) error {
	for _, log := range logs {
		if log.first > newest+1 && !v.crashed {
			return damaged(fmt.Errorf("%d stored changes before those in %s are missing: a .mem file is, or a table, or it is another store's",
				log.first-newest-1, log.name))
		}
		newest = max(newest, log.last)
	}

	if v.last == nil {
		return nil
	}

	for _, log := range logs {
		if state, held := log.states[v.last.version]; held && state != v.last.state {
			return damaged(fmt.Errorf("file %s: %w", log.name, errOtherLast))
		}
	}

	if newest >= v.last.version {
		return nil
	}
	lost := fmt.Errorf("%s: the newest %d of the stored changes, up to commit %d, are not there (unless %s is another store's: then remove that one)",
		v.lostWith(logs), v.last.version-newest, v.last.seq, lastFile)
	switch {
	case v.crashed:
		o.Logger.Warn("the machine went down while the store was open: the newest commits are lost, and read again from the chain",
			"component", "store", "err", lost)
	case o.Repair:
		v.lost = lost
	default:
		return damaged(fmt.Errorf("%w; spinscope verify --repair goes on without them", lost))
	}

	return nil
}

// lostWith says which log it must be that the newest changes were in.
func (v *survey) lostWith(logs []logContent) string {
	if name := v.files.newestLog(); name != "" && !v.grown && !slices.Contains(v.logs, name) {
		return fmt.Sprintf("the file %s is missing", name)
	}
	if len(logs) > 0 {
		return fmt.Sprintf("the file %s is cut short, or the .mem file after it is missing", logs[len(logs)-1].name)
	}
	return "a .mem file is missing"
}

// checkState compares the state record, the gaps and the orders that were found with those of the newest change. They can
// be older where Badger has merged tables without what it could not read of them.
func (s *Store) checkState(found *survey) error {
	if found.last == nil || found.crashed || found.lost != nil {
		return nil
	}
	switch at := s.state.at(); {
	case at < found.last.version:
		found.lost = fmt.Errorf("the newest %d of the stored changes, up to commit %d, are not there: a part of them was lost when tables were merged",
			found.last.version-at, found.last.seq)
	case at == found.last.version && s.state.gapSum != found.last.gaps:
		found.lost = errors.New("some of the known gaps in the history are lost, since tables were merged of which a part could not be read")
	case at == found.last.version && s.state.orderSum != found.last.orders:
		found.lost = errors.New("some of the open orders are lost or older than they were, since tables were merged of which a part could not be read")
	default:
		return nil
	}

	if s.options.Repair {
		return nil
	}
	return damaged(fmt.Errorf("%w; spinscope verify --repair goes on without them", found.lost))
}

// openLast makes LAST ready to be written.
func (s *Store) openLast() (err error) {
	s.last, err = os.OpenFile(filepath.Join(s.options.Dir, lastFile), os.O_RDWR|os.O_CREATE, 0o600)
	return err
}

// changeOf is the change that wrote a state record.
func changeOf(record []byte, st *state) lastChange {
	return lastChange{
		version: st.at(), seq: uint64(st.Seq), gaps: st.gapSum, orders: st.orderSum, state: crc32.Checksum(record, castagnoli),
	}
}

// note writes down the newest change, which has just been stored.
func (s *Store) note(record []byte, st *state) {
	s.noted = changeOf(record, st)
	s.writeNote()
}

// writeNote writes LAST. An older one is right too, it only tells less.
func (s *Store) writeNote() {
	if s.last == nil {
		return
	}
	if _, err := s.last.WriteAt(s.noted.encode(), 0); err != nil {
		s.log.Warn("the newest commit is not noted: after a kill nobody will know whether it is there", "err", err)
		_ = s.last.Close()
		s.last = nil
	}
}

// goOn makes a store whose newest changes are lost another one: the numbers of its next commits were given before.
func (s *Store) goOn(lost error) error {
	if lost == nil {
		return nil
	}
	identity := appendIdentity(nil, newIdentity())
	if err := s.maintain(func(w *writer) error { return w.put(keyIdentity, identity) }); err != nil {
		return fmt.Errorf("give the store a new identity: %w", err)
	}
	s.repaired = append(s.repaired, fmt.Sprintf("%v: the store goes on from commit %d as another one, and reads the chain on from slot %d",
		lost, s.state.Seq, s.state.Checkpoint))
	return s.loadIdentity()
}

// Repaired says what Options.Repair had the opening repair.
func (s *Store) Repaired() []string { return s.repaired }

// closeLast notes that the store was closed.
func (s *Store) closeLast(whole bool) error {
	if s.last == nil {
		return nil
	}
	if whole {
		s.noted.closed = true
		s.writeNote()
	}
	if s.last == nil {
		return nil
	}
	err := s.last.Close()
	s.last = nil
	return err
}
