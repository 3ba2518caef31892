package alert

import (
	"cmp"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

// chain is a Market over a list of events; those from visible on are not stored yet.
type chain struct {
	events  []market.Event // in the order of delivery
	visible int
	list    []market.Event // newest first, of the first sorted ones
	sorted  int
	pair    market.Pair
	supply  uint64
}

func (c *chain) EventsBack(mint market.Pubkey, before market.Position, fn func(*market.Event) bool) error {
	if c.sorted != c.visible {
		c.list = slices.Clone(c.events[:c.visible])
		slices.SortFunc(c.list, func(x, y market.Event) int { return y.Position.Compare(x.Position) })
		c.sorted = c.visible
	}
	list := c.list
	for i := range list {
		if list[i].Mint() == mint && list[i].Position.Compare(before) < 0 && !fn(&list[i]) {
			return nil
		}
	}
	return nil
}

func (c *chain) Terms(order market.Pubkey, before market.Position) (terms market.Terms, known bool, err error) {
	for _, e := range c.events[:c.visible] {
		if open, ok := e.Body.(*spinpet.LongShort); ok && open.Order == order && e.Position.Compare(before) < 0 {
			terms, known = open.Terms, true
		}
	}
	return terms, known, nil
}

func (c *chain) Pair(market.Pubkey) market.Pair { return c.pair }

func (c *chain) Supply(market.Pubkey) (uint64, bool) { return c.supply, c.supply > 0 }

func (c *chain) Name(mint market.Pubkey) string { return fmt.Sprint("T", mint[0]) }

func mintOf(n int) (k market.Pubkey) {
	k[0], k[31] = byte(n), 9
	return k
}

const start = 1_800_000_000

func price(n uint64) market.Price { return market.Price(market.U64(n)) }

func buy(mint, n int, slot int, t int64, p, lamports uint64) market.Event {
	e := market.Event{
		Position: market.Position{Slot: market.Slot(slot)}, BlockTime: t, Price: price(p),
		Body: &spinpet.BuySell{Mint: mintOf(mint), IsBuy: true, TokenAmount: 1, SolAmount: lamports},
	}
	e.Signature[0], e.Signature[1], e.Signature[2] = byte(n>>16), byte(n>>8), byte(n)
	return e
}

// model says what the rules mean, in the plainest way: each trade is compared with all that is known before it.
type model struct {
	seen  []market.Event
	arms  map[string]int64
	spent map[string]bool
}

func (m *model) trade(rules []Rule, e *market.Event) (fired []string) {
	late := slices.ContainsFunc(m.seen, func(old market.Event) bool { return e.Position.Compare(old.Position) < 0 })
	m.seen = append(m.seen, *e)
	var before []market.Event // of the mint, in chain order
	for _, old := range m.seen {
		if old.Mint() == e.Mint() && old.Position.Compare(e.Position) < 0 {
			before = append(before, old)
		}
	}

	slices.SortFunc(before, func(x, y market.Event) int { return x.Position.Compare(y.Position) })
	tell := func(r *Rule) {
		fired = append(fired, r.ID)
		m.spent[r.ID] = r.Once
	}
	active := func(r *Rule) bool { return !r.Muted && e.BlockTime*1000 >= r.CreatedAt && !m.spent[r.ID] }
	for i := range rules {
		r := &rules[i]
		if !r.Mint.IsZero() && r.Mint != e.Mint() {
			continue
		}

		switch r.Kind {
		case PriceAbove, PriceBelow:
			if len(before) == 0 || !active(r) {
				continue
			}
			was, is := big2(before[len(before)-1].Price).Cmp(big2(r.Price)), big2(e.Price).Cmp(big2(r.Price))
			at, known := m.arms[r.ID]
			crossed := r.Kind == PriceAbove && was < 0 && is >= 0 || r.Kind == PriceBelow && was > 0 && is <= 0
			if crossed && (!known || e.BlockTime >= at+300) {
				m.arms[r.ID] = e.BlockTime
				tell(r)
			}
		case PercentMove:
			if late {
				continue
			}
			for _, up := range []bool{true, false} {
				if up && !r.Up || !up && !r.Down {
					continue
				}
				by, of := m.move(r, e, before, up)
				if of == nil {
					continue
				}
				m.crosses(r, e, fmt.Sprint(up), by, of, new(big.Int).SetUint64(r.Percent), 10_000, active, tell)
			}
		case VolumeSpike:
			if late {
				continue
			}
			if last, earlier, ok := m.volume(r, e, before); ok {
				m.crosses(r, e, "v", last, earlier, new(big.Int).SetUint64(r.Factor), 1000, active, tell)
			}
		}
	}

	return fired
}

// crosses applies: tell when x·whole >= y·least, once until the window has passed or it fell below half.
func (m *model) crosses(r *Rule, e *market.Event, what string, x, y, least *big.Int, whole int64, active func(*Rule) bool, tell func(*Rule)) {
	key := r.ID + what + e.Mint().String()
	have, need := new(big.Int).Mul(x, big.NewInt(whole)), new(big.Int).Mul(y, least)
	if at, ok := m.arms[key]; ok {
		if e.BlockTime < at+r.Window && new(big.Int).Mul(have, big.NewInt(2)).Cmp(need) >= 0 {
			return
		}
		delete(m.arms, key)
	}
	if have.Cmp(need) >= 0 && active(r) {
		m.arms[key] = e.BlockTime
		tell(r)
	}
}

func big2(p market.Price) *big.Int { return market.U128(p).Big() }

func (m *model) move(r *Rule, e *market.Event, before []market.Event, up bool) (by, of *big.Int) {
	step := max(1, (r.Window+59)/60)
	from := e.BlockTime/step - (r.Window+step-1)/step
	for i := range before {
		if inside := before[i].BlockTime/step >= from; !inside && i+1 < len(before) && before[i+1].BlockTime/step < from {
			continue // a later price stood when the window began
		}
		p := big2(before[i].Price)
		if of == nil || up && p.Cmp(of) < 0 || !up && p.Cmp(of) > 0 {
			of = p
		}
	}

	if of == nil {
		return nil, nil
	}
	by = new(big.Int).Sub(big2(e.Price), of)
	if !up {
		by.Neg(by)
	}

	if by.Sign() < 0 {
		by = new(big.Int)
	}
	return by, of
}

func (m *model) volume(r *Rule, e *market.Event, before []market.Event) (last, earlier *big.Int, ok bool) {
	step := max(1, (r.Window+9)/10)
	count := (r.Window + step - 1) / step
	now := e.BlockTime / step
	last, earlier = new(big.Int), new(big.Int)
	if len(before) == 0 {
		return last, earlier, false
	}
	for _, old := range append(slices.Clone(before), *e) {
		trade, _ := old.Trade()
		switch at := old.BlockTime / step; {
		case at > now-count:
			last.Add(last, new(big.Int).SetUint64(trade.Quote))
		case at > now-11*count:
			earlier.Add(earlier, new(big.Int).SetUint64(trade.Quote))
		}
	}
	return last, earlier, earlier.Sign() > 0 && before[0].BlockTime/step <= now-11*count
}

// stream is a random market of a few mints: calm stretches, jumps, pauses, and now and then a trade learned of late.
func stream(r *rand.Rand, n int, late bool) []market.Event {
	var events []market.Event
	now, slot := int64(start), 1000
	last := map[int]uint64{}
	for i := range n {
		now += [...]int64{0, 0, 0, 1, 1, 2, 3, 7, 20, 90, 400}[r.IntN(11)]
		slot += 1 + r.IntN(3)
		mint := 1 + r.IntN(3)
		p := last[mint]
		if p == 0 {
			p = 1000
		}

		switch r.IntN(8) {
		case 0:
			p = p*2 + 1
		case 1:
			p = max(1, p/2)
		default:
			p = max(1, p+r.Uint64N(21)-10)
		}

		last[mint] = p
		events = append(events, buy(mint, i, slot, now, p, 1+r.Uint64N(1000)))
		if late && i > 300 && r.IntN(20) == 0 {
			// Between two trades of long ago.
			at := events[r.IntN(i-250)]
			extra := buy(1+r.IntN(3), 1<<20+i, int(at.Slot), at.BlockTime, max(1, r.Uint64N(2000)), 1+r.Uint64N(1000))
			extra.Index = uint32(1 + i)
			events = append(events, extra)
		}
	}

	return events
}

func randomRules(t *testing.T, r *rand.Rand) []Rule {
	var rules []Rule
	for i := range 30 {
		rule := Rule{ID: fmt.Sprint("r", i), Once: r.IntN(6) == 0, Muted: r.IntN(12) == 0}
		if r.IntN(3) == 0 {
			rule.CreatedAt = (start + r.Int64N(4000)) * 1000
		}
		rule.Kind = []Kind{PriceAbove, PriceBelow, PercentMove, PercentMove, VolumeSpike}[r.IntN(5)]
		if r.IntN(2) == 0 || rule.Kind == PriceAbove || rule.Kind == PriceBelow {
			rule.Mint = mintOf(1 + r.IntN(4))
		}

		rule.Price = price(500 + r.Uint64N(1000))
		rule.Up, rule.Down = r.IntN(2) == 0, r.IntN(2) == 0
		rule.Percent = 1 + r.Uint64N(5000)
		rule.Factor = 101 + r.Uint64N(400)
		rule.Window = []int64{10, 11, 60, 61, 300, 601, 3600}[r.IntN(7)]
		rules = append(rules, rule)
	}

	return rules
}

// An evaluator that is restarted, forgets mints to save memory, and reads them again, tells what the model tells.
func TestEvaluatorIsTheModel(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 11))
			late := seed%3 == 2
			look := &chain{events: stream(r, 1200, late)}
			rules := randomRules(t, r)
			m := &model{arms: map[string]int64{}, spent: map[string]bool{}}
			marks := map[string][]byte{}
			begin := func() *Evaluator {
				e := New(look)
				var stored []Mark
				for key, value := range marks {
					stored = append(stored, Mark{[]byte(key), value})
				}
				e.Restore(stored)
				e.Use(rules)
				e.limit = 20 + r.IntN(400)
				return e
			}
			e := begin()
			ids := map[ID]bool{}
			total := 0
			for next, seq := 0, market.Seq(1); next < len(look.events); seq++ {
				n := min(1+r.IntN(4), len(look.events)-next)
				batch := slices.Clone(look.events[next : next+n])
				next += n
				look.visible = next
				if !late { // the store may be ahead of what is looked at
					look.visible = min(next+r.IntN(30), len(look.events))
				} else {
					batch = batch[:1]
					next -= n - 1
					look.visible = next
				}

				var want []string
				for i := range batch {
					for _, id := range m.trade(rules, &batch[i]) {
						want = append(want, fmt.Sprintf("%s %x", id, batch[i].Signature[:3]))
					}
				}

				alerts, err := e.Feed(&market.Commit{Seq: seq, Events: batch}, 0)
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, a := range alerts {
					got = append(got, fmt.Sprintf("%s %x", a.Rule, a.Signature[:3]))
					if ids[a.ID] {
						t.Errorf("%s fired twice for one event", a.Rule)
					}
					ids[a.ID] = true
				}

				slices.SortFunc(want, cmp.Compare[string])
				slices.SortFunc(got, cmp.Compare[string])
				if !slices.Equal(got, want) {
					t.Fatalf("commit %d with %s at %d: fired %v, want %v", seq, batch[0].Mint(), batch[0].BlockTime, got, want)
				}

				total += len(got)
				for _, mark := range e.Marks() {
					if mark.Value == nil {
						delete(marks, string(mark.Key))
					} else {
						marks[string(mark.Key)] = mark.Value
					}
				}

				if r.IntN(40) == 0 {
					e = begin()
				}
			}

			if total < 50 {
				t.Errorf("only %d alerts: the test looks at nothing", total)
			}
		})
	}
}
