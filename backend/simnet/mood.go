package simnet

import (
	"math"
	"math/rand/v2"

	"spinscope/backend/market"
)

// mood is what the traders think of a token: a fair value that wanders around a level, how busy the token is, and
// whether it is asleep. Values are logarithms of the price over the first price; times are chain seconds.
type mood struct {
	weight   float64 // share of the trading it attracts
	level    float64 // where the fair value returns to over some hours
	fair     float64
	drift    float64 // per hour, of the present trend
	swing    float64 // standard deviation of the fair value after an hour
	heat     float64 // recent trading attracts more of it; decays within a minute
	momentum float64 // recent change of the price, decays within minutes
	at       float64 // when all of it was last brought up to date
	turn     float64 // when the trend changes
	sleep    float64 // when it falls asleep
	wake     float64 // when it wakes up
}

// newMood draws a token's character.
func newMood(rng *rand.Rand, rank int, now float64) mood {
	m := mood{
		weight: math.Pow(float64(rank+1), -0.7) * math.Exp(0.35*rng.NormFloat64()),
		level:  0.3 + 1.1*rng.Float64(),
		swing:  0.16 + 0.22*rng.Float64(),
		at:     now,
	}
	switch rank % 8 {
	case 0:
		m.level = 2.6 + 0.5*rng.Float64() // the star: passes the first milestone
	case 2, 4:
		m.level = 1.8 + 0.4*rng.Float64()
	case 6:
		m.weight *= 0.35 // hardly anybody cares
	}
	m.fair = 0.1 * rng.Float64()
	m.turn = now
	m.sleep = now + 1200 + 5400*rng.ExpFloat64()
	return m
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
	pull := 1 - math.Exp(-hours/2.5)
	m.fair += pull*(m.level-m.fair) + m.drift*hours + m.swing*math.Sqrt(hours)*rng.NormFloat64()
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
	m := &p.mood
	gap := m.fair - math.Log(p.at.Raw().Float(0)/p.first.Float(0))
	lean := 1.6 * gap
	switch t {
	case follower:
		lean += 4 * m.momentum
	case fader:
		lean -= 4 * m.momentum
	case whale:
		lean *= 1.5
	}
	return 0.5 + 0.44*math.Tanh(lean)
}
