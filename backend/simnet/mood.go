package simnet

import (
	"math"
	"math/rand/v2"

	"spinscope/backend/market"
)

// character is how a token's story goes. Prices are logarithms over the first price.
type character struct {
	share           float64 // of the trading that its rank gives it
	lowest, highest float64 // where its fair value tends to
	hours           float64 // in so many the fair value comes nearer by a factor of e
	swing           float64 // times how much the fair value wanders
	firstBuy        float64 // SOL that its creator spends at least, in the transaction that creates it; 0 is a little or nothing
	life            float64 // chain seconds in which the interest in it falls by a factor of e; 0 is for ever
}

var (
	star     = character{share: 1, lowest: 2.6, highest: 3.1, hours: 2.5, swing: 1} // passes the first milestone
	riser    = character{share: 1, lowest: 1.8, highest: 2.2, hours: 2.5, swing: 1}
	common   = character{share: 1, lowest: 0.3, highest: 1.4, hours: 2.5, swing: 1}
	sideways = character{share: 0.9, lowest: 0.35, highest: 0.55, hours: 0.4, swing: 0.3, firstBuy: 5}

	// No price can fall far below the first one, as the curve has no more to pay out than was paid in. So what falls
	// begins high, by a large first buy.
	dumped = character{share: 0.8, lowest: 0.1, highest: 0.4, hours: 0.9, swing: 0.7, firstBuy: 24}
	dying  = character{share: 5, lowest: 0.1, highest: 0.3, hours: 0.3, swing: 0.7, firstBuy: 20, life: 2000}
)

// characters are those of the tokens in the order of their creation, over and over.
var characters = [...]character{star, dumped, riser, dying, common, sideways, dying, riser}

// faintest is the least that is left of the interest in a token.
const faintest = 0.0005

// mood is what the traders think of a token: a fair value that wanders around a level, how busy the token is, and
// whether it is asleep. Values are logarithms of the price over the first price; times are chain seconds.
type mood struct {
	character
	weight   float64 // share of the trading it attracts when it is new
	level    float64 // where the fair value returns to
	fair     float64
	drift    float64 // per hour, of the present trend
	deviates float64 // standard deviation of the fair value after an hour
	heat     float64 // recent trading attracts more of it; decays within a minute
	momentum float64 // recent change of the price, decays within minutes
	born     float64
	at       float64 // when all of it was last brought up to date
	turn     float64 // when the trend changes
	sleep    float64 // when it falls asleep
	wake     float64 // when it wakes up
}

// newMood draws the mood of a token that is created now.
func newMood(rng *rand.Rand, rank int, now float64) mood {
	m := mood{character: characters[rank%len(characters)], born: now, at: now, turn: now}
	m.weight = m.share * math.Pow(float64(rank+1), -0.7) * math.Exp(0.35*rng.NormFloat64())
	m.level = m.lowest + (m.highest-m.lowest)*rng.Float64()
	m.deviates = m.swing * (0.16 + 0.22*rng.Float64())
	m.fair = 0.1 * rng.Float64()
	m.sleep = now + 1200 + 5400*rng.ExpFloat64()
	return m
}

// creation is how many lamports the creator spends on the token at once.
func (m *mood) creation(rng *rand.Rand) uint64 {
	if m.firstBuy > 0 {
		return uint64((1 + rng.Float64()) * m.firstBuy * 1e9)
	}
	if rng.IntN(3) == 0 {
		return 0
	}
	return uint64(100_000_000 + rng.IntN(1_400_000_000)) //nolint:gosec // positive
}

// pass lets time go by.
func (m *mood) pass(rng *rand.Rand, now float64) {
	gone := now - m.at
	if gone <= 0 {
		return
	}

	m.at = now
	hours := gone / 3600
	if now >= m.turn {
		m.turn = now + 180 + 900*rng.ExpFloat64()
		m.drift = 0.5 * rng.NormFloat64()
		if rng.Float64() < 0.12 { // news
			m.fair += 0.22 * rng.NormFloat64()
			m.heat += 4
		}
	}

	pull := 1 - math.Exp(-hours/m.hours)
	m.fair += pull*(m.level-m.fair) + m.drift*hours + m.deviates*math.Sqrt(hours)*rng.NormFloat64()
	m.fair = min(max(m.fair, -0.5), 7.5)
	m.heat *= math.Exp(-gone / 45)
	m.momentum *= math.Exp(-gone / 240)
	if now > m.sleep && m.wake < m.sleep {
		m.wake = now + 180 + 500*rng.ExpFloat64()
	}

	if m.wake > m.sleep && now > m.wake {
		m.sleep = now + 1800 + 7200*rng.ExpFloat64()
	}
}

// pull is how much trading the token attracts now.
func (m *mood) pull(now float64) float64 {
	pull := m.weight * (0.35 + min(m.heat, 8)*0.3)
	if m.life > 0 {
		pull *= max(faintest, math.Exp((m.born-now)/m.life))
	}
	if now > m.sleep && now < m.wake {
		pull *= 0.12
	}
	return pull
}

// traded tells the mood of a price change.
func (m *mood) traded(before, after market.U128) {
	m.heat += 0.1
	m.momentum += math.Log(after.Float(0) / before.Float(0))
}

// gap is how far the fair value lies above the price.
func (p *pool) gap() float64 { return p.mood.fair - math.Log(p.at.Raw().Float(0)/p.first.Float(0)) }

// haste is how many times larger sales are while the price is far above what the token is thought to be worth.
func (p *pool) haste() float64 { return 1 + 6*max(0, -p.gap()-0.2) }

// temper is how a trader decides.
type temper uint8

const (
	follower temper = iota // buys what rises
	fader                  // sells what rises
	gambler                // anything
	whale                  // seldom and big
	numTempers
)

// inclination is the probability that a trader buys.
func (p *pool) inclination(t temper) float64 {
	lean := 1.6 * p.gap()
	switch t {
	case follower:
		lean += 4 * p.mood.momentum
	case fader:
		lean -= 4 * p.mood.momentum
	case whale:
		lean *= 1.5
	}
	return 0.5 + 0.44*math.Tanh(lean)
}
