package watch

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

// demand asks for a coin until it is known what it is.
func (c *cluster) demand(mint market.Pubkey) error {
	c.t.Helper()
	for range 600 {
		waits, err := c.service.Demand(mint)
		if !waits {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
	c.t.Errorf("%s is not known after a minute", mint)
	return nil
}

// followed are the coins on the list, in its order.
func (c *cluster) listed() (mints []market.Pubkey) {
	synctest.Wait()
	for _, coin := range c.service.List() {
		mints = append(mints, coin.Mint)
	}
	return mints
}

// expect says which coins are followed now, and that no address of another one is.
func (c *cluster) expect(what string, mints ...market.Pubkey) {
	c.t.Helper()
	if got := c.listed(); !slices.Equal(got, mints) || c.addresses() != 2*len(mints) {
		c.t.Errorf("%s: %v are followed by %d addresses, want %v", what, got, c.addresses(), mints)
	}
}

// TestACoinIsFollowedAsLongAsClientsWantIt: and ten minutes more, which begin anew when one comes back.
func TestACoinIsFollowedAsLongAsClientsWantIt(t *testing.T) {
	mint := market.Pubkey{1}
	c := &cluster{onDemand: 3}
	watching(t, c, nil, func() {
		c.clients(mint)
		if err := c.demand(mint); err != nil {
			t.Fatal(err)
		}
		c.expect("asked for", mint)
		if one := c.service.List()[0]; !one.OnDemand || one.State != Reading || !c.service.Wire()[0].OnDemand {
			t.Errorf("%+v", one)
		}

		time.Sleep(time.Hour)
		c.expect("an hour later", mint)
		c.clients()
		time.Sleep(keepFor - time.Minute)
		c.expect("nine minutes after the client went", mint)
		c.clients(mint) // a second client, that nobody had to ask for
		time.Sleep(2 * lookEvery)
		c.clients()
		time.Sleep(keepFor - time.Minute)
		c.expect("nine minutes after the second one went", mint)
		time.Sleep(2 * time.Minute)
		c.expect("eleven minutes after it went")
		if len(c.questions()) != 1 {
			t.Errorf("the cluster was asked %d times", len(c.questions()))
		}

		c.mu.Lock()
		c.stored = []market.Pubkey{mint}
		c.mu.Unlock()
		if waits, err := c.service.Demand(mint); waits || err != nil {
			t.Errorf("a coin of which something is stored waits %v, %v", waits, err)
		}

		c.expect("again", mint)
		if len(c.questions()) != 1 {
			t.Error("the cluster was asked for a coin that is stored")
		}
	})
}

// TestWhatIsNoCoinIsRefusedOnDemand: with the reason, within seconds, and without asking the cluster each time.
func TestWhatIsNoCoinIsRefusedOnDemand(t *testing.T) {
	wallet := market.Pubkey{100}
	c := &cluster{onDemand: 3}
	watching(t, c, nil, func() {
		c.clients(wallet)
		for range 50 {
			if err := c.demand(wallet); !errors.Is(err, program.ErrNoCoin) || !strings.Contains(err.Error(), wallet.String()) {
				t.Fatal(err)
			}
		}

		if statuses := c.service.Statuses([]market.Pubkey{wallet, {77}}); len(statuses) != 1 || statuses[0].State != "refused" || statuses[0].Message == "" {
			t.Errorf("%+v", statuses)
		}
		c.expect("refused")
		if len(c.questions()) != 1 {
			t.Errorf("the cluster was asked %d times", len(c.questions()))
		}

		time.Sleep(refusedFor + time.Second) // it may have become one
		if waits, _ := c.service.Demand(wallet); !waits {
			t.Error("it is refused for good")
		}
	})
}

// TestRefusals: they are the coins that Statuses says so of, on the list or followed for clients.
func TestRefusals(t *testing.T) {
	listed, off, wanted, other := market.Pubkey{1}, market.Pubkey{60}, market.Pubkey{2}, market.Pubkey{3}
	c := &cluster{onDemand: 3, progress: map[market.Pubkey]Progress{
		{1, 1}: {Live: true}, {1, 2}: {Refused: "not this one"}, {2, 1}: {Refused: "not this one"}, {3, 1}: {Live: true}, {3, 2}: {Live: true},
	}}
	watching(t, c, []market.Pubkey{listed, off}, func() {
		c.clients(wanted, other)
		for _, mint := range []market.Pubkey{wanted, other} {
			if err := c.demand(mint); err != nil {
				t.Fatal(err)
			}
		}

		c.listed()
		if got := c.service.Refusals(); !slices.Equal(got, []market.Pubkey{listed, off, wanted}) {
			t.Errorf("%v", got)
		}
		for _, status := range c.service.Statuses([]market.Pubkey{listed, off, wanted, other}) {
			if (status.State == string(Refused)) != (status.Symbol != other.String()) {
				t.Errorf("%+v", status)
			}
		}
	})
}

// TestACoinThatIsOffOnDemand: a client is refused with the reason, and is served what is stored of one, with the word that nothing
// more comes.
func TestACoinThatIsOffOnDemand(t *testing.T) {
	stored, listed, unknown := market.Pubkey{60, 1}, market.Pubkey{60, 2}, market.Pubkey{60, 3}
	c := &cluster{onDemand: 3, stored: []market.Pubkey{stored}}
	watching(t, c, []market.Pubkey{listed}, func() {
		c.clients(stored, listed, unknown)
		for _, mint := range []market.Pubkey{listed, unknown} {
			if err := c.demand(mint); !errors.Is(err, program.ErrOff) || !strings.Contains(err.Error(), mint.String()) {
				t.Errorf("%s: %v", mint, err)
			}
		}
		if waits, err := c.service.Demand(stored); waits || err != nil {
			t.Errorf("what is stored is not served: waits %v, %v", waits, err)
		}

		statuses := c.service.Statuses([]market.Pubkey{stored, listed, unknown})
		for _, status := range statuses {
			if status.State != string(Refused) || !strings.Contains(status.Message, program.ErrOff.Error()) {
				t.Errorf("%+v", status)
			}
		}
		if len(statuses) != 3 || len(c.listed()) != 1 || c.addresses() != 0 || len(c.questions()) != 2 {
			t.Errorf("%d statuses, %d addresses, %d questions", len(statuses), c.addresses(), len(c.questions()))
		}
	})
}

// TestManyWrongAddresses: each is refused within seconds, nobody's turn is lost, the cluster is asked at a bounded rate, and what
// is remembered has a bound too.
func TestManyWrongAddresses(t *testing.T) {
	c := &cluster{onDemand: 3}
	watching(t, c, nil, func() {
		const clients = 5 * maxRefused
		busy, refused := 0, 0
		began := time.Now()
		for n := range clients {
			mint := market.Pubkey{100, byte(n), byte(n >> 8)}
			c.mu.Lock()
			c.wants = map[market.Pubkey]bool{mint: true}
			c.mu.Unlock()
			asked := time.Now()
			switch err := c.demand(mint); {
			case errors.Is(err, program.ErrNoCoin):
				refused++
			default:
				t.Fatal(err)
			}

			if took := time.Since(asked); took > 5*time.Second {
				t.Fatalf("refused after %v", took)
			}
		}

		if limit := lookupBurst + int(time.Since(began)/lookupEvery) + 1; len(c.questions()) > limit {
			t.Errorf("%d questions in %v", len(c.questions()), time.Since(began))
		}
		if refused != clients || len(c.service.answers) > maxRefused+1 || len(c.service.answers) < maxRefused/2 {
			t.Errorf("%d refused, %d remembered", refused, len(c.service.answers))
		}

		// All at once: some have to ask again.
		began = time.Now()
		c.mu.Lock()
		c.wants = map[market.Pubkey]bool{}
		for n := range 200 {
			c.wants[market.Pubkey{101, byte(n)}] = true
		}

		c.mu.Unlock()
		for n := range 200 {
			if _, err := c.service.Demand(market.Pubkey{101, byte(n)}); errors.Is(err, ErrBusy) {
				busy++
			}
		}

		if busy != 200-maxLookups {
			t.Errorf("%d were told to ask again", busy)
		}
		for n := range maxLookups {
			if err := c.demand(market.Pubkey{101, byte(n)}); !errors.Is(err, program.ErrNoCoin) {
				t.Error(err)
			}
		}

		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("the last was refused after %v", took)
		}
	})
}

// TestTheLimitOfOnDemand: one more is refused while clients want all of them; the one that has been idle longest makes room.
func TestTheLimitOfOnDemand(t *testing.T) {
	one, two, three, four := market.Pubkey{1}, market.Pubkey{2}, market.Pubkey{3}, market.Pubkey{4}
	c := &cluster{onDemand: 2}
	watching(t, c, []market.Pubkey{{9}}, func() {
		c.clients(one, two, three)
		for _, mint := range []market.Pubkey{one, two} {
			if err := c.demand(mint); err != nil {
				t.Fatal(err)
			}
		}

		time.Sleep(2 * idleFor)
		if err := c.demand(three); !errors.Is(err, ErrFull) || !strings.Contains(err.Error(), "watch.on_demand is 2") {
			t.Errorf("a third one: %v", err)
		}
		c.expect("full", market.Pubkey{9}, one, two)

		c.clients(two, three)
		time.Sleep(2 * idleFor)
		c.clients(three)
		time.Sleep(2 * idleFor)
		if err := c.demand(three); err != nil {
			t.Errorf("with idle ones: %v", err)
		}

		time.Sleep(2 * lookEvery)
		c.expect("the idle one made room", market.Pubkey{9}, two, three)

		c.mu.Lock()
		c.stored = []market.Pubkey{four}
		c.mu.Unlock()
		c.clients(two, three)
		time.Sleep(2 * idleFor)
		if waits, err := c.service.Demand(four); waits || !errors.Is(err, ErrFull) {
			t.Errorf("a stored one: %v", err)
		}
	})
}

// TestNothingIsFollowedOnDemandWithoutNeed: where it is turned off, and of coins that come with their program.
func TestNothingIsFollowedOnDemandWithoutNeed(t *testing.T) {
	off := &cluster{}
	watching(t, off, []market.Pubkey{{9}}, func() {
		off.clients(market.Pubkey{1})
		if waits, err := off.service.Demand(market.Pubkey{1}); waits || err != nil {
			t.Errorf("turned off: %v, %v", waits, err)
		}
		if waits, err := off.service.Demand(market.Pubkey{9}); waits || err != nil {
			t.Errorf("turned off, a coin of the list: %v, %v", waits, err)
		}
		off.expect("turned off", market.Pubkey{9})
	})

	c := &cluster{onDemand: 2}
	watching(t, c, nil, func() {
		c.clients(market.Pubkey{50}, market.Pubkey{51})
		if waits, err := c.service.Demand(market.Pubkey{50}); waits || err != nil || len(c.questions()) > 0 {
			t.Errorf("a stored coin of the program: %v, %v", waits, err)
		}
		if err := c.demand(market.Pubkey{51}); err != nil || len(c.questions()) != 1 {
			t.Errorf("a coin of the program of which nothing is stored: %v", err)
		}
		if statuses := c.service.Statuses([]market.Pubkey{{50}, {51}}); len(statuses) > 0 {
			t.Errorf("%+v", statuses)
		}
		c.expect("of the program")
	})
}

// TestWhoeverAskedHasGone: a coin is not followed for a client that went while it was looked up.
func TestWhoeverAskedHasGone(t *testing.T) {
	mint := market.Pubkey{1}
	c := &cluster{onDemand: 2, slow: time.Second}
	watching(t, c, nil, func() {
		c.clients(mint)
		if waits, err := c.service.Demand(mint); !waits || err != nil {
			t.Fatal(waits, err)
		}
		time.Sleep(c.slow / 2)
		c.clients()
		time.Sleep(c.slow)
		c.expect("the client has gone")
		if len(c.service.lookups) > 0 {
			t.Error("it is still looked up")
		}

		_, _ = c.service.Demand(mint)
		synctest.Wait()
		time.Sleep(2 * c.slow)
		if got := len(c.questions()); got != 1 {
			t.Errorf("%d questions, although nobody waits for the second", got)
		}
	})
}

// TestAClusterIsAskedAgainWhileClientsWait: and the status says why it is not known. It is not asked for a client that has gone.
func TestAClusterIsAskedAgainWhileClientsWait(t *testing.T) {
	mint := market.Pubkey{1}
	c := &cluster{onDemand: 2, fails: 3}
	watching(t, c, nil, func() {
		c.clients(mint)
		if waits, err := c.service.Demand(mint); !waits || err != nil {
			t.Fatal(waits, err)
		}
		synctest.Wait()
		if statuses := c.service.Statuses([]market.Pubkey{mint}); len(statuses) != 1 || statuses[0].State != "unknown" || statuses[0].Message != errDown.Error() {
			t.Errorf("%+v", statuses)
		}

		time.Sleep(time.Minute)
		c.expect("it answered at last", mint)

		c.mu.Lock()
		c.fails = 1000
		c.mu.Unlock()
		other := market.Pubkey{2}
		c.clients(mint, other)
		_, _ = c.service.Demand(other)
		time.Sleep(10 * time.Second)
		c.clients(mint)
		time.Sleep(lastPause)

		before := len(c.questions())
		time.Sleep(time.Hour)
		if after := len(c.questions()); after != before || len(c.service.lookups) > 0 {
			t.Errorf("%d questions for a client that has gone", after-before)
		}
	})
}

// TestACoinThatTheListHasToo: it does not count as on demand, is followed when the clients go, and goes on for them when the list
// has it no more.
func TestACoinThatTheListHasToo(t *testing.T) {
	mint, other := market.Pubkey{1}, market.Pubkey{2}
	c := &cluster{onDemand: 1, file: At(t.TempDir())}
	watching(t, c, nil, func() {
		c.clients(mint)
		if err := c.demand(mint); err != nil {
			t.Fatal(err)
		}
		if err := c.file.Add(mint, time.Now()); err != nil {
			t.Fatal(err)
		}

		time.Sleep(2 * lookEvery)
		if list := c.service.List(); len(list) != 1 || list[0].OnDemand {
			t.Errorf("%+v", list)
		}

		c.clients(other)
		if err := c.demand(other); err != nil {
			t.Errorf("the coin of the list counts as on demand: %v", err)
		}
		time.Sleep(2 * keepFor)
		c.expect("the clients want another one", mint, other)

		if err := c.file.Remove(mint); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * lookEvery)
		c.expect("off the list, and nobody wants it", other)

		if err := c.file.Add(other, time.Now()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * lookEvery)
		time.Sleep(time.Hour)
		if err := c.file.Remove(other); err != nil {
			t.Fatal(err)
		}

		time.Sleep(2 * lookEvery)
		c.expect("off the list, and a client wants it", other)
		if list := c.service.List(); !list[0].OnDemand {
			t.Errorf("%+v", list)
		}

		c.clients()
		time.Sleep(keepFor + time.Minute)
		c.expect("the client has gone too")
	})
}

// TestASourceThatTakesNoMore: the coin is followed by nobody, and its status says why.
func TestASourceThatTakesNoMore(t *testing.T) {
	mint := market.Pubkey{1}
	c := &cluster{onDemand: 2, full: true}
	watching(t, c, nil, func() {
		c.clients(mint)
		if err := c.demand(mint); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if statuses := c.service.Statuses([]market.Pubkey{mint}); len(statuses) != 1 || statuses[0].State != "refused" || statuses[0].Message == "" {
			t.Errorf("%+v", statuses)
		}
	})
}
