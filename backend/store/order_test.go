package store

import (
	"reflect"
	"testing"

	"spinscope/backend/market"
)

// TestEventsThatStateTheirOrder: what the order was before makes no difference to the event or to what it leaves.
func TestEventsThatStateTheirOrder(t *testing.T) {
	r := newSamples(11)
	stating, others := 0, 0
	for range 2000 {
		mint := mintKey(r.IntN(3))
		e := r.event(mint, market.Position{Slot: 1})
		if _, ok := e.Order(); !ok {
			continue
		}

		before := market.Order{Terms: r.terms(mint), Scale: 23, LatestPrice: r.price(), LatestTradeTime: 7}
		known, unknown := e, e
		ofKnown, ofUnknown := before.Fold(&known), market.Order{}.Fold(&unknown)
		same := reflect.DeepEqual(ofKnown, ofUnknown) && reflect.DeepEqual(known, unknown)
		if e.StatesOrder() {
			stating++
			if !same {
				t.Fatalf("%T leaves %+v of a known order, %+v of an unknown one", e.Body, ofKnown, ofUnknown)
			}
		} else if !same {
			others++
		}
	}

	if stating < 100 || others < 100 {
		t.Errorf("%d events state their order, of %d others it makes a difference", stating, others)
	}
}
