package pumpswap

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/programtest"
)

// randomPlace is a pool of any coin, quote and side.
func randomPlace(r *rand.Rand) market.Place {
	var coin, quote market.Pubkey
	for i := range coin {
		coin[i], quote[i] = byte(r.Uint32()), byte(r.Uint32())
	}
	decimals := uint8(r.IntN(market.MaxDecimals + 1)) //nolint:gosec // small
	if r.IntN(3) > 0 {
		known := market.Quotes()[r.IntN(len(market.Quotes()))]
		quote = known.Mint
		if r.IntN(5) > 0 {
			decimals = known.Decimals
		}
	}
	return market.Place{
		Coin: coin, Reversed: r.IntN(3) == 0,
		Pair: market.MustPair(Program, quote, uint8(r.IntN(market.MaxDecimals+1)), decimals), //nolint:gosec // small
	}
}

// TestRecordsKeepThePlace: what is appended is restored, with the coin, of every kind, generation and place.
func TestRecordsKeepThePlace(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	format := New()
	for n := range 20_000 {
		body := []program.Growing{new(Buy), new(Sell), new(CreatePool), new(Deposit), new(Withdraw), new(InitBoost), new(BoostBuyAndBurn)}[n%7]
		programtest.Fill(r, body)
		body.Behind().Parts = uint8(r.IntN(9)) //nolint:gosec // small
		logged := Append(nil, body)
		read, err := Decode(logged) // as it comes: what a generation has not is zero
		if err != nil {
			t.Fatal(err)
		}

		if at, ok := read.(market.Located); ok {
			if !read.MintAccount().IsZero() {
				t.Fatalf("%s knows its coin before anybody said it", read.Kind())
			}
			at.Locate(randomPlace(r))
		}

		data, variant := format.Append([]byte("before"), read)
		if !bytes.HasPrefix(data, []byte("before")) || variant {
			t.Fatalf("%s: %x, %t", read.Kind(), data[:6], variant)
		}
		data = data[6:]
		back, err := format.Restore(data, false)
		if err != nil || !reflect.DeepEqual(back, read) {
			t.Fatalf("%s: %v\n%+v\n%+v", read.Kind(), err, back, read)
		}

		if again := Append(nil, back); !bytes.Equal(again, logged) {
			t.Fatalf("%s is logged as another", read.Kind())
		}
		if _, mint := format.Places(read.Kind()); mint > 0 {
			if coin := read.MintAccount(); !bytes.Equal(data[mint:mint+32], coin[:]) {
				t.Fatalf("%s has not its coin at %d", read.Kind(), mint)
			}
		}

		if cut := r.IntN(len(data)); read.(program.Growing).Behind().Rest == nil {
			if body, err := format.Restore(data[:cut], false); err == nil && reflect.DeepEqual(body, read) {
				t.Fatalf("%s without its end is read as whole", read.Kind())
			}
		}
	}
}

// TestOwnersStandWherePlacesSay: a record may leave out the user of a swap that is paid in a known mint.
func TestOwnersStandWherePlacesSay(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 5))
	format := New()
	for n := range 200 {
		body := []program.Growing{new(Buy), new(Sell)}[n%2]
		programtest.Fill(r, body)
		body.(market.Located).Locate(market.Place{Coin: market.Pubkey{1}, Pair: market.MustPair(Program, market.WrappedSOL, 6, 9)})
		data, _ := format.Append(nil, body)
		owner, _ := format.Places(body.Kind())
		if user := format.Owner(body); !bytes.Equal(data[owner:owner+32], user[:]) {
			t.Fatalf("the user of a %s does not stand at %d", body.Kind(), owner)
		}
	}
}

// TestLocatedTrades: amounts and price of a located body are those of its pool.
func TestLocatedTrades(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 6))
	pricer := New().NewPricer(0)
	priced := 0
	for n := range 20_000 {
		coin := market.Pubkey{9, 9}
		quote := market.Quotes()[r.IntN(len(market.Quotes()))]
		pool := Pool{coin, quote.Mint, uint8(r.IntN(12)), quote.Decimals} //nolint:gosec // small
		if r.IntN(2) == 0 {
			pool = Pool{quote.Mint, coin, quote.Decimals, uint8(r.IntN(12))} //nolint:gosec // small
		}

		place, err := pool.Place()
		if err != nil {
			t.Fatal(err)
		}

		var body market.Trader
		var want Trade
		if n%2 == 0 {
			e := new(Buy)
			programtest.Fill(r, e)
			e.Locate(place)
			want, _ = e.Trade(pool)
			body = e
		} else {
			e := new(Sell)
			programtest.Fill(r, e)
			e.Locate(place)
			want, _ = e.Trade(pool)
			body = e
		}

		event := market.Event{Body: body}
		report := pricer.Price(&event)
		if event.Price != want.Price || report.Overflow != want.Price.IsZero() || event.Scale != quote.Decimals || event.Mint() != coin {
			t.Fatalf("%+v: %s of scale %d, %+v; want %s", pool, event.Price, event.Scale, report, want.Price)
		}

		if trade, ok := event.Trade(); ok {
			priced++
			if trade.Base != want.Base || trade.Quote != want.Quote || trade.Buy != want.Buy {
				t.Fatalf("%+v, want %+v", trade, want)
			}
		}

		if event.BodyPrice() != event.Price {
			t.Fatalf("the body says %s, the event %s", event.BodyPrice(), event.Price)
		}
		var token market.Token
		if event.Body.(market.TokenBody).ChangeToken(&token); token.Pair != place.Pair {
			t.Fatalf("the coin is one of %s", token.Pair)
		}
	}

	if priced < 5000 {
		t.Errorf("only %d have a price", priced)
	}
}

// TestUnknownPlacesHaveNoPrice: nobody said which coin it is.
func TestUnknownPlacesHaveNoPrice(t *testing.T) {
	e := &Buy{Swap: Swap{BaseAmount: 1, PoolBaseReserves: 10, PoolQuoteReserves: 10, QuoteAmount: 1}}
	event := market.Event{Body: e}
	if report := New().NewPricer(0).Price(&event); report != (program.PriceReport{}) || !event.Price.IsZero() || !event.Mint().IsZero() {
		t.Errorf("%+v %s", report, event.Price)
	}
}

// TestDamagedPlaces: what Append never writes is refused.
func TestDamagedPlaces(t *testing.T) {
	e := new(Sell)
	e.Locate(market.Place{Coin: market.Pubkey{1}, Pair: market.MustPair(Program, market.Pubkey{5}, 6, 4)})
	whole, _ := New().Append(nil, e)
	for name, change := range map[string]func(data []byte) []byte{
		"an unknown quote":     func(data []byte) []byte { data[placeAt+32] = 0x55; return data },
		"too many decimals":    func(data []byte) []byte { data[placeAt+33] = 19; return data },
		"too many of the paid": func(data []byte) []byte { data[placeAt+shortHead+32] = 19; return data },
		"cut in the coin":      func(data []byte) []byte { return data[:placeAt+20] },
		"cut in the quote":     func(data []byte) []byte { return data[:placeAt+shortHead+20] },
	} {
		if body, err := New().Restore(change(bytes.Clone(whole)), false); !errors.Is(err, program.ErrLayout) {
			t.Errorf("%s: %+v, %v", name, body, err)
		}
	}
}
