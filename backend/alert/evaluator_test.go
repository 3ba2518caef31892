package alert

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

// made is a rule as the file would give it.
func made(t *testing.T, f Fields) Rule {
	t.Helper()
	if f.ID == "" {
		f.ID = "r"
	}
	r, err := f.Parse()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func feed(t *testing.T, e *Evaluator, now int64, c market.Commit) []Alert {
	t.Helper()
	alerts, err := e.Feed(&c, now)
	if err != nil {
		t.Fatal(err)
	}
	return alerts
}

func event(slot int, body market.Body) market.Event {
	e := market.Event{Position: market.Position{Slot: market.Slot(slot)}, BlockTime: start + int64(slot), Body: body}
	e.Signature[0] = byte(slot)
	return e
}

func TestNewToken(t *testing.T) {
	e := New(&chain{})
	e.Use([]Rule{made(t, Fields{Kind: NewToken, CreatedAt: (start + 5) * 1000})})
	evil := "Free\nMoney\u202e \u200bnow" + strings.Repeat("!", 100) + "\xff"
	created := func(slot int) market.Event {
		return event(slot, &spinpet.TokenCreated{Mint: mintOf(slot), Symbol: "\u202e", Name: evil})
	}
	alerts := feed(t, e, start+70, market.Commit{Seq: 9, Events: []market.Event{created(4), created(5), created(15)}})
	if len(alerts) != 2 || alerts[0].Mint != mintOf(5) || !alerts[0].Late || alerts[1].Late || alerts[1].Seq != 9 || alerts[1].Timestamp != (start+15)*1000 {
		t.Fatalf("%+v", alerts)
	}
	text := alerts[0].Message
	if !utf8.ValidString(text) || strings.ContainsAny(text, "\n\u202e\u200b") || len(text) > 120 || !strings.Contains(text, ": Free Money now!!!") {
		t.Errorf("%q", text)
	}
}

func TestLiquidation(t *testing.T) {
	long := market.Terms{OrderType: market.OrderLong, BorrowAmount: 1_500_000_000, PositionAssetAmount: 7}
	short := market.Terms{OrderType: market.OrderShort, BorrowAmount: 7, PositionAssetAmount: 2_000_000_000}
	look := &chain{visible: 1, events: []market.Event{event(1, &spinpet.LongShort{Mint: mintOf(1), Order: mintOf(50), Terms: long})}}
	e := New(look)
	e.Use([]Rule{
		made(t, Fields{ID: "any", Kind: Liquidation}),
		made(t, Fields{ID: "big", Kind: Liquidation, MinSize: "1.5"}),
		made(t, Fields{ID: "bigger", Kind: Liquidation, MinSize: "1.500000001"}),
		made(t, Fields{ID: "one", Kind: Liquidation, Symbol: mintOf(2).String()}),
		made(t, Fields{ID: "first", Kind: Liquidation, Once: true}),
	})

	gone := func(slot, mint, order int) market.Event {
		return event(slot, &spinpet.ForceLiquidate{Mint: mintOf(mint), Order: mintOf(order)})
	}
	for _, c := range []struct {
		name   string
		commit market.Commit
		want   string
	}{
		{"stored order", market.Commit{Events: []market.Event{gone(10, 1, 50)}}, "any=1.5 big=1.5 first=1.5"},
		{"order of the commit", market.Commit{
			Events: []market.Event{gone(11, 2, 51)},
			Orders: []market.OrderChange{{Closed: true, Order: market.Order{Address: mintOf(51), Terms: short}}},
		}, "any=2 big=2 bigger=2 one=2"},
		{"unknown order", market.Commit{Events: []market.Event{gone(12, 1, 52)}}, "any="},
		{"once more, moved", market.Commit{Removed: []market.Event{gone(10, 1, 50)}, Events: []market.Event{gone(10, 1, 50)}}, ""},
	} {
		var got []string
		for _, a := range feed(t, e, start, c.commit) {
			got = append(got, a.Rule+"="+a.Value)
		}
		slices.Sort(got)
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
}

// A trade whose time was an estimate is the same trade when its time is known, and counts once in its windows.
func TestMovedTradeCountsOnce(t *testing.T) {
	look := &chain{}
	e := New(look)
	e.Use([]Rule{
		made(t, Fields{ID: "up", Kind: PriceAbove, Symbol: mintOf(1).String(), Price: "0.00000000000000000000000001"}), // 100
		made(t, Fields{ID: "vol", Kind: VolumeSpike, Factor: "3", WindowSeconds: 10, Symbol: mintOf(1).String()}),
	})

	deliver := func(c market.Commit) (rules []string) {
		for _, gone := range c.Removed {
			look.events = slices.DeleteFunc(look.events, func(e market.Event) bool { return e.Position == gone.Position })
		}
		look.events = append(look.events, c.Events...)
		look.visible, look.sorted = len(look.events), -1
		for _, a := range feed(t, e, start, c) {
			rules = append(rules, a.Rule)
		}
		return rules
	}
	for i := range 13 {
		if got := deliver(market.Commit{Events: []market.Event{buy(1, i, i+1, start+int64(10*i), 50, 100)}}); len(got) > 0 {
			t.Fatalf("trade %d: %v", i, got)
		}
	}

	guess := buy(1, 100, 200, start+125, 100, 100)
	guess.Provisional = true
	if got := deliver(market.Commit{Events: []market.Event{guess}}); !slices.Equal(got, []string{"up"}) {
		t.Fatalf("at first %v", got)
	}

	known := guess
	known.Provisional, known.BlockTime, known.Index = false, start+126, 3
	if got := deliver(market.Commit{Removed: []market.Event{guess}, Events: []market.Event{known}}); len(got) > 0 {
		t.Fatalf("when moved %v", got)
	}

	// 300 lamports in the window, with 100 the average before: the moved trade must not count twice.
	if got := deliver(market.Commit{Events: []market.Event{buy(1, 101, 201, start+127, 100, 99)}}); len(got) > 0 {
		t.Fatalf("a window counts a trade twice: %v", got)
	}
	if got := deliver(market.Commit{Events: []market.Event{buy(1, 102, 202, start+128, 100, 1)}}); !slices.Equal(got, []string{"vol"}) {
		t.Fatalf("then %v", got)
	}
}

func TestConnection(t *testing.T) {
	e := New(&chain{})
	begin := time.UnixMilli(start * 1000)
	rules := []Rule{
		made(t, Fields{ID: "lost", Kind: ConnectionLost, CreatedAt: start * 1000}),
		made(t, Fields{ID: "quiet", Kind: ConnectionLost, Muted: true}),
		made(t, Fields{ID: "young", Kind: ConnectionLost, CreatedAt: (start + 5) * 1000}),
	}
	e.Use(rules)

	at := func(e *Evaluator, connected bool, since, now int) (texts []string) {
		for _, a := range e.Connection(connected, begin.Add(time.Duration(since)*time.Second), begin.Add(time.Duration(now)*time.Second)) {
			texts = append(texts, a.Rule+" "+a.Value)
		}
		return texts
	}
	check := func(got []string, want ...string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
	check(at(e, true, 0, 0))
	check(at(e, false, 1, 11))
	check(at(e, false, 1, 12), "lost 11")
	check(at(e, false, 1, 13))
	check(at(e, false, 1, 16), "young 11")

	again := New(&chain{}) // a restart in the middle of it
	again.Restore(e.Marks())
	again.Use(rules)
	check(at(again, false, 17, 40))
	check(at(again, true, 41, 41), "lost 40", "young 36")
	check(at(again, true, 41, 42))
	check(at(again, false, 43, 54), "lost 11", "young 11")
}

// What a rule told is forgotten when it looks for something else, and not when the others change.
func TestRulesThatChange(t *testing.T) {
	look := &chain{}
	e := New(look)
	jump := Fields{ID: "jump", Kind: PercentMove, Percent: "50", WindowSeconds: 600, CreatedAt: 1}
	once := Fields{ID: "once", Kind: PriceAbove, Symbol: mintOf(1).String(), Price: "0.000000000000000000000000012", Once: true, CreatedAt: 1} // 120
	e.Use([]Rule{made(t, jump), made(t, once)})
	n := 0
	trade := func(p uint64) (rules []string) {
		n++
		look.events = append(look.events, buy(1, n, n, start+int64(n), p, 1))
		look.visible = len(look.events)
		for _, a := range feed(t, e, start, market.Commit{Events: look.events[n-1:]}) {
			rules = append(rules, a.Rule)
		}
		return rules
	}
	check := func(got []string, want ...string) {
		t.Helper()
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("trade %d: %v, want %v", n, got, want)
		}
	}
	check(trade(100))
	check(trade(160), "jump", "once")
	e.Use([]Rule{made(t, Fields{ID: "a", Kind: NewToken}), made(t, once), made(t, jump)})
	check(trade(161))
	if spent := e.Spent(); spent["once"] != 1 || len(spent) != 1 {
		t.Errorf("%v", spent)
	}

	check(trade(110)) // down, and below half of the move up
	jump.CreatedAt, once.CreatedAt = 2, 2
	e.Use([]Rule{made(t, jump), made(t, once)})
	check(trade(165), "jump", "once")
	e.Use(nil)
	check(trade(10))

	left := map[string]bool{}
	for _, m := range e.Marks() {
		left[string(m.Key)] = m.Value != nil
	}

	for key, there := range left {
		if there && key != "hs" {
			t.Errorf("a mark is left of a rule that is gone: %q", key)
		}
	}
}

// Alerts of mints that no rule is about cost neither memory nor reads.
func TestForeignMintsCostNothing(t *testing.T) {
	look := &chain{}
	e := New(look)
	e.Use([]Rule{made(t, Fields{Kind: PriceAbove, Symbol: mintOf(1).String(), Price: "1"})})
	for i := range 1000 {
		feed(t, e, start, market.Commit{Events: []market.Event{buy(2+i%200, i, i, start+int64(i), 5, 1)}})
	}
	if len(e.mints) != 0 || e.cells != 0 || e.clock == 0 {
		t.Errorf("%d mints, %d cells", len(e.mints), e.cells)
	}
}

// What moves tell is bounded.
func TestArmsAreBounded(t *testing.T) {
	m := newMemory()
	r := made(t, Fields{Kind: PercentMove, Percent: "1", WindowSeconds: 60})
	for i := range 3 * maxArms {
		key := armKey{rule: r.ID, what: 'u'}
		key.mint[0], key.mint[1], key.mint[2] = byte(i), byte(i>>8), byte(i>>16)
		m.arm(key, &r, int64(i))
	}
	if len(m.arms) > maxArms {
		t.Errorf("%d arms", len(m.arms))
	}
}

// TestMarketCap: a rule by market cap fires when price × supply crosses its level exactly, and waits while the supply is not known.
func TestMarketCap(t *testing.T) {
	mint := mintOf(1)
	look := &chain{pair: market.MustPair(0, market.USDC, 2, 6)}
	e := New(look)
	rules := []Rule{
		made(t, Fields{ID: "up", Kind: MarketCapAbove, Symbol: mint.String(), MarketCap: "30"}),
		made(t, Fields{ID: "higher", Kind: MarketCapAbove, Symbol: mint.String(), MarketCap: "30.000000001"}),
		made(t, Fields{ID: "down", Kind: MarketCapBelow, Symbol: mint.String(), MarketCap: "15"}),
	}
	e.Use(rules)
	slot := 0
	trade := func(whole uint64) string {
		t.Helper()
		slot++
		one := event(slot, &spinpet.BuySell{Mint: mint, IsBuy: true, TokenAmount: 100, SolAmount: 100})
		unit, _ := market.ParseU128("10000000000000000000000000000") // a whole unit of the quote for a whole coin
		price, _ := unit.Mul64(whole)
		one.Price = market.Price(price)
		var fired []string
		for _, a := range feed(t, e, start, market.Commit{Seq: market.Seq(slot), Events: []market.Event{one}}) {
			fired = append(fired, a.Rule+" "+a.Value)
		}
		return strings.Join(fired, ", ")
	}

	// 500 base units are 5 whole coins.
	for _, one := range []struct {
		supply, price uint64
		want          string
	}{
		{0, 1, ""}, {0, 9, ""}, // not known
		{500, 5, ""}, {500, 6, "up 30"}, {500, 4, ""}, {500, 3, "down 15"}, {500, 2, ""},
	} {
		look.supply = one.supply
		if got := trade(one.price); got != one.want {
			t.Errorf("at %d, of %d coins: %q, want %q", one.price, one.supply, got, one.want)
		}
	}

	// What is told says what it is in.
	if text := e.capText(&rules[0], "31.5"); text != e.name(mint)+": market cap 31.5 USDC, above 30" {
		t.Error(text)
	}
	for _, wrong := range []string{"0", "-1", "1e3", "0.0000000001", "99999999999999999999"} {
		if _, err := (Fields{ID: "r", Kind: MarketCapAbove, Symbol: mint.String(), MarketCap: wrong}).Parse(); err == nil || !strings.HasPrefix(err.Error(), "market_cap: ") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

// TestWalletTrade: a wallet's trades, margin orders' too, and liquidations of its orders; with a least size trades alone.
func TestWalletTrade(t *testing.T) {
	whale := market.Pubkey{77}
	e := New(&chain{})
	e.Use([]Rule{
		made(t, Fields{ID: "any", Kind: WalletTrade, Wallet: whale.String()}),
		made(t, Fields{ID: "big", Kind: WalletTrade, Wallet: whale.String(), MinSize: "2"}),
		made(t, Fields{ID: "other", Kind: WalletTrade, Wallet: whale.String(), Symbol: mintOf(9).String()}),
	})
	of := func(slot int, owner market.Pubkey, body market.Body) market.Event {
		one := event(slot, body)
		one.Owner, one.Price = owner, market.Price{Lo: 1}
		return one
	}
	spot := func(sol uint64) market.Body {
		return &spinpet.BuySell{Mint: mintOf(1), IsBuy: true, TokenAmount: 1, SolAmount: sol}
	}
	alerts := feed(t, e, start, market.Commit{Seq: 1, Events: []market.Event{
		of(1, whale, spot(1_000_000_000)), of(2, market.Pubkey{5}, spot(9_000_000_000)), of(3, whale, spot(2_000_000_000)),
		of(4, whale, &spinpet.ForceLiquidate{Mint: mintOf(1)}),
	}})
	var got []string
	for i := range alerts {
		got = append(got, alerts[i].Rule+" "+alerts[i].Value)
	}
	if want := []string{"any 1", "any 2", "big 2", "any "}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
