package alert

import (
	"cmp"
	"encoding/binary"
	"slices"

	"spinscope/backend/market"
)

// Mark is a small piece of an Evaluator's state that cannot be found again from the events. The caller stores those that
// Feed changed together with what fired, and hands all of them to Restore after a restart. A nil Value takes a mark back.
type Mark struct{ Key, Value []byte }

// maxArms bounds what is remembered as told. Beyond it the oldest are forgotten, and may be told again before the rule's
// rest has passed.
const maxArms = 10_000

// memory is what a rule has told already.
type memory struct {
	spent map[string]int64 // rules with once that fired, by id: the CreatedAt they had
	arms  map[armKey]armed
	lost  map[string]loss // rules that told of a lost connection
	head  market.Slot     // newest slot looked at
	dirty map[string][]byte
}

// armKey is a price, a move or a spike that may be told once in the rule's rest.
type armKey struct {
	rule string
	mint market.Pubkey
	what byte // 'p' price, 'u' up, 'd' down, 'v' volume
}

type armed struct {
	created int64 // the rule's
	at      int64 // block time when it was told
}

type loss struct {
	created int64 // the rule's
	since   int64 // of the loss, Unix milliseconds
}

func newMemory() memory {
	return memory{spent: map[string]int64{}, arms: map[armKey]armed{}, lost: map[string]loss{}, dirty: map[string][]byte{}}
}

// The keys of marks, of which none begins with b (package edge has one): what it is, then the mint of an arm, then the rule's id.
const (
	markSpent = 's'
	markArm   = 'w'
	markLost  = 'c'
	markHead  = 'h'
)

func (k armKey) mark() string {
	return string(append(append([]byte{markArm, k.what}, k.mint[:]...), k.rule...))
}

func numbers(values ...int64) []byte {
	var b []byte
	for _, v := range values {
		b = binary.AppendVarint(b, v)
	}
	return b
}

// read takes a stored mark in; one that cannot be read is dropped, which at worst tells something twice.
func (m *memory) read(mark Mark) {
	key := mark.Key
	created, n := binary.Varint(mark.Value)
	if len(key) < 2 || n <= 0 {
		return
	}

	value, _ := binary.Varint(mark.Value[n:])
	switch key[0] {
	case markHead:
		m.head = market.Slot(created) //nolint:gosec // as it was written
	case markSpent:
		m.spent[string(key[1:])] = created
	case markLost:
		m.lost[string(key[1:])] = loss{created, value}
	case markArm:
		if len(key) > 2+len(market.Pubkey{}) {
			k := armKey{what: key[1], mint: market.Pubkey(key[2:34]), rule: string(key[34:])}
			m.arms[k] = armed{created, value}
		}
	}
}

func (m *memory) setHead(slot market.Slot) {
	m.head = slot
	m.dirty[string(markHead)+"s"] = numbers(int64(slot)) //nolint:gosec // a bijection
}

func (m *memory) spend(r *Rule) {
	m.spent[r.ID] = r.CreatedAt
	m.dirty[string(markSpent)+r.ID] = numbers(r.CreatedAt)
}

func (m *memory) isSpent(r *Rule) bool {
	created, ok := m.spent[r.ID]
	return ok && r.Once && created == r.CreatedAt
}

func (m *memory) arm(k armKey, r *Rule, at int64) {
	m.arms[k] = armed{r.CreatedAt, at}
	m.dirty[k.mark()] = numbers(r.CreatedAt, at)
	if len(m.arms) > maxArms {
		m.shed()
	}
}

func (m *memory) disarm(k armKey) {
	delete(m.arms, k)
	m.dirty[k.mark()] = nil
}

// shed forgets the oldest quarter of the arms.
func (m *memory) shed() {
	keys := make([]armKey, 0, len(m.arms))
	for k := range m.arms {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(x, y armKey) int { return cmp.Compare(m.arms[x].at, m.arms[y].at) })
	for _, k := range keys[:len(keys)/4] {
		m.disarm(k)
	}
}

// sweep forgets arms whose rest has long passed at a block time. Those of prices stay, one for each rule: a trade that
// is learned of however late may cross a price.
func (m *memory) sweep(now int64, rules map[string]*Rule) {
	const slack = 3600 // trades may be learned of late
	for k, a := range m.arms {
		if r := rules[k.rule]; r == nil || a.created != r.CreatedAt || k.what != 'p' && a.at+r.Window+slack < now {
			m.disarm(k)
		}
	}
}

func (m *memory) tell(r *Rule, since int64) {
	m.lost[r.ID] = loss{r.CreatedAt, since}
	m.dirty[string(markLost)+r.ID] = numbers(r.CreatedAt, since)
}

func (m *memory) untell(id string) {
	delete(m.lost, id)
	m.dirty[string(markLost)+id] = nil
}

// prune forgets what rules told that are gone, or are others now.
func (m *memory) prune(rules map[string]*Rule) {
	for id, created := range m.spent {
		if r := rules[id]; r == nil || r.CreatedAt != created {
			delete(m.spent, id)
			m.dirty[string(markSpent)+id] = nil
		}
	}
	for id, t := range m.lost {
		if r := rules[id]; r == nil || r.CreatedAt != t.created {
			m.untell(id)
		}
	}
	for k, a := range m.arms {
		if r := rules[k.rule]; r == nil || r.CreatedAt != a.created {
			m.disarm(k)
		}
	}
}

// take gives the marks that changed since the last call, in the order of their keys.
func (m *memory) take() []Mark {
	marks := make([]Mark, 0, len(m.dirty))
	for key, value := range m.dirty {
		marks = append(marks, Mark{[]byte(key), value})
	}
	clear(m.dirty)
	slices.SortFunc(marks, func(x, y Mark) int { return cmp.Compare(string(x.Key), string(y.Key)) })
	return marks
}
