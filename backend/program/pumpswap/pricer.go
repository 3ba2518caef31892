package pumpswap

import (
	"spinscope/backend/market"
	"spinscope/backend/program"
)

// NewPricer implements program.Plug. Trades name a pool and no coin, so that they have no price by themselves.
func (plug) NewPricer(int) program.Pricer { return pricer{} }

type pricer struct{}

// Price implements program.Pricer.
func (pricer) Price(e *market.Event) program.PriceReport {
	e.Scale, e.Price = 0, market.Price{}
	return program.PriceReport{}
}

// Learn implements program.Pricer.
func (pricer) Learn(market.Pubkey, uint8) {}

// Continues implements program.Pricer.
func (pricer) Continues(market.Price, *market.Event) bool { return true }
