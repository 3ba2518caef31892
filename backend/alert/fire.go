package alert

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode"

	"spinscope/backend/market"
)

// lostAfter is how long the connection must be gone.
const lostAfter = 10 * time.Second

// ID identifies an alert: the same rule and event give the same one, always.
type ID [16]byte

// String is the id in hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Alert is a rule that fired.
type Alert struct {
	ID        ID
	Rule      string
	Kind      Kind
	Mint      market.Pubkey // zero for ConnectionLost
	Message   string        // one line of plain text
	Value     string        // decimal; "" when not known
	Timestamp int64         // block time, Unix milliseconds; of ConnectionLost this machine's
	Seq       market.Seq
	Slot      market.Slot
	Signature market.Signature // zero for ConnectionLost
	Late      bool
}

func (e *Evaluator) fire(r *Rule, event *market.Event, message, value string) {
	part := binary.BigEndian.AppendUint16(nil, event.Ordinal)
	if strings.HasPrefix(value, "-") { // one trade may be far above the lowest price and far below the highest
		part = append(part, 'd')
	}
	if r.Once {
		e.memory.spend(r)
	}
	e.fired = append(e.fired, Alert{
		ID: makeID(r.ID, event.Signature[:], part), Rule: r.ID, Kind: r.Kind, Mint: event.Mint(), Message: message, Value: value,
		Timestamp: event.BlockTime * 1000, Seq: e.seq, Slot: event.Slot, Signature: event.Signature, Late: e.now-event.BlockTime > lateAfter,
	})
}

func makeID(rule string, parts ...[]byte) (id ID) {
	hash := sha256.New()
	hash.Write([]byte(rule + "\n"))
	for _, part := range parts {
		hash.Write(part)
	}
	copy(id[:], hash.Sum(nil))
	return id
}

// Connection says whether the cluster is connected, since when that is so, and what time it is here. It returns what
// fired: once when the connection has been gone for more than ten seconds, and once when it is back after that.
func (e *Evaluator) Connection(connected bool, since, now time.Time) []Alert {
	e.fired = nil
	for _, r := range e.linked {
		t, known := e.memory.lost[r.ID]
		switch {
		case connected && known:
			e.memory.untell(r.ID)
			if !r.Muted {
				gone := now.Sub(time.UnixMilli(t.since)).Round(time.Second)
				e.link(r, "back", t.since, now, fmt.Sprintf("The cluster is connected again after %s", gone), gone)
			}
		case connected, known, r.Muted, e.memory.isSpent(r):
		default:
			from := time.UnixMilli(max(since.UnixMilli(), r.CreatedAt))
			if gone := now.Sub(from); gone > lostAfter {
				e.memory.tell(r, from.UnixMilli())
				if r.Once {
					e.memory.spend(r)
				}
				gone = gone.Round(time.Second)
				e.link(r, "lost", from.UnixMilli(), now, fmt.Sprintf("No connection to the cluster for %s", gone), gone)
			}
		}
	}

	return e.fired
}

func (e *Evaluator) link(r *Rule, what string, since int64, now time.Time, message string, gone time.Duration) {
	e.fired = append(e.fired, Alert{
		ID:   makeID(r.ID, []byte(what), binary.BigEndian.AppendUint64(nil, uint64(since))), //nolint:gosec // a bijection is wanted
		Rule: r.ID, Kind: r.Kind, Message: message, Value: fmt.Sprint(int64(gone / time.Second)), Timestamp: now.UnixMilli(), Seq: e.seq,
	})
}

func (e *Evaluator) priceText(r *Rule, event *market.Event) string {
	what, level := "", r.Price.String()
	if r.lined() {
		what, level = " the line at", r.Line.text(event.BlockTime)
	}

	price, side := event.Price.String(), "above"
	if r.Kind == PriceBelow || r.Kind == LineBelow {
		side = "below"
	}
	if price == level {
		side, what = "at", strings.TrimSuffix(what, " at")
	}
	return fmt.Sprintf("%s: price %s %s, %s%s %s", e.name(r.Mint), short(price), e.quote(r.Mint), side, what, short(level))
}

func (e *Evaluator) capText(r *Rule, value string) string {
	side := "above"
	if r.Kind == MarketCapBelow {
		side = "below"
	}
	level := market.U64(r.MarketCap).Decimal(sizeDecimals)
	if value == level {
		side = "at"
	}
	return fmt.Sprintf("%s: market cap %s %s, %s %s", e.name(r.Mint), short(value), e.quote(r.Mint), side, level)
}

func (e *Evaluator) moveText(r *Rule, event *market.Event, value string) string {
	if value[0] != '-' {
		value = "+" + value
	}
	return fmt.Sprintf("%s: %s%% within %s, now %s %s", e.name(event.Mint()), value, seconds(r.Window), short(event.Price.String()),
		e.quote(event.Mint()))
}

func (e *Evaluator) spikeText(r *Rule, event *market.Event, last market.U128, value string) string {
	pair := e.look.Pair(event.Mint())
	return fmt.Sprintf("%s: %s %s traded within %s, %s× the average", e.name(event.Mint()),
		short(last.Decimal(pair.QuoteDecimals())), pair.QuoteSymbol(), seconds(r.Window), value)
}

func (e *Evaluator) walletText(r *Rule, event *market.Event, buy bool, size string) string {
	what := "sold"
	if buy {
		what = "bought"
	}
	if _, margin := event.Order(); margin {
		what += " on margin"
	}
	return fmt.Sprintf("%s: %s %s for %s %s", e.name(event.Mint()), r.Wallet.Short(), what, short(size), e.quote(event.Mint()))
}

func (e *Evaluator) liquidationText(mint market.Pubkey, terms *market.Terms, size string) string {
	if terms == nil {
		return e.name(mint) + ": order liquidated, size not known"
	}
	side := "long"
	if terms.OrderType == market.OrderShort {
		side = "short"
	}
	return fmt.Sprintf("%s: %s of %s %s liquidated", e.name(mint), side, size, e.quote(mint))
}

func newTokenText(created market.Creation) string {
	name, symbol, _ := created.Names()
	return fmt.Sprintf("New token %s: %s", titled(symbol, created.MintAccount()), clean(name))
}

// quote is what the coin is paid in.
func (e *Evaluator) quote(mint market.Pubkey) string { return e.look.Pair(mint).QuoteSymbol() }

// name is how a mint is called in a message. Anybody may give a token any symbol, so that its address stands beside it.
func (e *Evaluator) name(mint market.Pubkey) string { return titled(e.look.Name(mint), mint) }

func titled(symbol string, mint market.Pubkey) string {
	if symbol = clean(symbol); symbol == "" {
		return mint.Short()
	}
	return symbol + " (" + mint.Short() + ")"
}

// countedZeros so many zeros after the point are counted in brackets, as the page does it: 0.0(7)2796.
const countedZeros = 4

// short cuts a decimal after six digits that count, and counts the zeros before them; Alert.Value has them all.
func short(number string) string {
	const limit = 6
	counted, point := 0, false
	for i, c := range number {
		switch {
		case c == '.':
			point = true
		case counted > 0 || c != '0':
			counted++
		}
		if counted > limit && point {
			number = strings.TrimRight(strings.TrimRight(number[:i], "0"), ".")
			break
		}
	}

	if fraction, below := strings.CutPrefix(number, "0."); below {
		digits := strings.TrimLeft(fraction, "0")
		if zeros := len(fraction) - len(digits); zeros >= countedZeros && digits != "" {
			return fmt.Sprintf("0.0(%d)%s", zeros, digits)
		}
	}

	return number
}

// clean makes a stranger's text fit for one line: no line ends, no marks that turn or hide what follows, not too long.
func clean(text string) string {
	const limit = 32
	var out strings.Builder
	n := 0
	for _, r := range text {
		switch {
		case unicode.IsSpace(r):
			r = ' '
		case !unicode.IsGraphic(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar || market.Invisible(r):
			continue
		case n == 0 && unicode.IsMark(r): // it would sit on what stands before the name
			continue
		}

		if n++; n > limit {
			out.WriteRune('…')
			break
		}
		out.WriteRune(r)
	}

	return strings.Join(strings.Fields(out.String()), " ")
}

// seconds is a length of time in one unit, as the page writes it: 24h, 5m, 10s.
func seconds(n int64) string {
	switch {
	case n%3600 == 0:
		return fmt.Sprintf("%dh", n/3600)
	case n%60 == 0:
		return fmt.Sprintf("%dm", n/60)
	}
	return fmt.Sprintf("%ds", n)
}
