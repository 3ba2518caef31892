package simnet

import (
	"encoding/base64"
	"strconv"
	"strings"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/pumpswap"
	"spinscope/backend/program/spinpet"
)

const (
	logLimit      = 10_000 // bytes of log text per transaction
	truncated     = "Log truncated"
	computeBudget = "ComputeBudget111111111111111111111111111111"
	tokenProgram  = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA" //nolint:gosec // an address, no secret
	systemProgram = "11111111111111111111111111111111"
)

// frames are the log lines of one program.
type frames struct{ invoke, success, failed, consumed string }

func framesOf(id string) frames {
	line := "Program " + id
	return frames{line + " invoke [", line + " success", line + " failed: custom program error: 0x", line + " consumed "}
}

// scribe makes log texts. It is safe for concurrent use.
type scribe struct {
	budget, token, system, own, foreign frames

	router                 market.Pubkey // through which trades of coins come
	pump, pumpSwap, launch frames
}

// newScribe makes one for the program of the market, the foreign program, and the coins' router, zero when there are no
// coins.
func newScribe(own, foreign, router market.Pubkey) *scribe {
	return &scribe{
		budget: framesOf(computeBudget), token: framesOf(tokenProgram), system: framesOf(systemProgram),
		own: framesOf(own.String()), foreign: framesOf(foreign.String()), router: router,
		pump: framesOf(pump.ProgramID.String()), pumpSwap: framesOf(pumpswap.ProgramID.String()), launch: framesOf(router.String()),
	}
}

// page is the log of one transaction as it is written: lines are dropped at the limit as the runtime drops them.
type page struct {
	lines []string
	bytes int
	full  bool
	seen  int // events of the program that made it into the log
	left  uint64

	chatted bool // the log is filled as far as it was to be
}

func (p *page) add(line string) bool {
	if p.bytes+len(line) >= logLimit {
		if !p.full {
			p.full = true
			p.lines = append(p.lines, truncated)
		}
		return false
	}
	p.bytes += len(line)
	p.lines = append(p.lines, line)
	return true
}

func (p *page) invoke(f *frames, depth int) { p.add(f.invoke + strconv.Itoa(depth) + "]") }

// leave writes the end of a frame that used so many compute units.
func (p *page) leave(f *frames, units uint64) {
	p.add(f.consumed + strconv.FormatUint(units, 10) + " of " + strconv.FormatUint(p.left, 10) + " compute units")
	p.left -= min(units, p.left)
	p.add(f.success)
}

// event writes an event of the program itself.
func (p *page) event(body market.Body) {
	if p.add(spinpet.LogLine(body)) && !p.full {
		p.seen++
	}
}

// write returns the log of a transaction and how many of its events a reader can know from it: those that stand before
// the place where the log was cut.
func (s *scribe) write(tx *transaction) (lines []string, seen int) {
	p := &page{lines: make([]string, 0, 32), left: 200_000 + uint64(tx.noise%5)*50_000}
	if tx.noise&3 != 0 {
		for range 2 {
			p.invoke(&s.budget, 1)
			p.add(s.budget.success)
		}
	}

	if tx.coin != nil {
		s.calls(p, tx, tx.coin.Calls, 1)
		return p.lines, 0
	}

	switch tx.shape {
	case spoofed:
		s.spoof(p, tx)
	case routed:
		p.invoke(&s.foreign, 1)
		p.add("Program log: Instruction: Route")
		s.call(p, tx, 2)
		p.add(program.DataPrefix + base64.StdEncoding.EncodeToString([]byte("routed by nobody in particular")))
		if tx.failed {
			p.add(s.foreign.failed + "1776")
			break
		}
		p.leave(&s.foreign, 9_000+uint64(tx.noise>>8%3000))
	case direct, injected:
		s.call(p, tx, 1)
	}

	if tx.failed || tx.shape == spoofed {
		p.seen = 0
	}
	return p.lines, p.seen
}

// spoof is a foreign program that prints what it likes.
func (s *scribe) spoof(p *page, tx *transaction) {
	p.invoke(&s.foreign, 1)
	line := spinpet.LogLine(tx.events[0])
	switch tx.noise >> 4 % 3 {
	case 0:
		p.add(line)
	case 1: // one log message with line breaks in it
		p.add("Program log: gm\n" + s.own.invoke + "1]\n" + line + "\n" + s.own.success)
	default:
		p.add("Program log: " + s.own.invoke + "2]")
		p.add("Program log: " + line)
		p.add(line)
	}
	p.leave(&s.foreign, 700+uint64(tx.noise>>8%500))
}

// call is the program's own frame.
func (s *scribe) call(p *page, tx *transaction, depth int) {
	units := 31_000 + uint64(tx.noise>>6%40_000)
	p.invoke(&s.own, depth)
	p.add("Program log: Instruction: " + tx.instruction)
	if tx.shape == injected { // the callee's event must not be taken for the program's
		p.invoke(&s.foreign, depth+1)
		p.add(spinpet.LogLine(tx.events[len(tx.events)-1]))
		p.leave(&s.foreign, 349)
	}

	if _, created := tx.events[0].(*spinpet.TokenCreated); created {
		s.birth(p, depth, tx.events[0].(*spinpet.TokenCreated))
	}
	s.transfer(p, depth, tx.noise)
	for i, body := range tx.events {
		if tx.chatty && i == len(tx.events)-1 {
			chatter(p)
		}
		if order, ok := body.(*spinpet.ForceLiquidate); ok {
			p.add("Program log: close order " + order.Order.String())
		}
		p.event(body)
	}

	if tx.failed {
		p.add("Program log: AnchorError occurred. Error Code: ExceededSlippage. Error Number: 6006. Error Message: Slippage limit passed.")
		p.add(s.own.consumed + strconv.FormatUint(units, 10) + " of " + strconv.FormatUint(p.left, 10) + " compute units")
		p.add(s.own.failed + "1776")
		return
	}
	p.leave(&s.own, units)
}

func (s *scribe) transfer(p *page, depth int, noise uint32) {
	p.invoke(&s.token, depth+1)
	p.add("Program log: Instruction: Transfer")
	p.leave(&s.token, 4645)
	if noise>>5&1 == 0 {
		p.invoke(&s.system, depth+1)
		p.add(s.system.success)
	}
}

func (s *scribe) birth(p *page, depth int, created *spinpet.TokenCreated) {
	for _, step := range [...]string{"InitializeMint2", "InitializeAccount3", "MintTo"} {
		p.invoke(&s.system, depth+1)
		p.add(s.system.success)
		p.invoke(&s.token, depth+1)
		p.add("Program log: Instruction: " + step)
		p.leave(&s.token, 2828)
	}
	p.add("Program log: name: " + created.Name + ", symbol: " + created.Symbol)
}

// chatter fills the log so far that a data line no longer fits but a short line does.
func chatter(p *page) {
	const line = "Program log: walk the list of orders, next node, nothing to do here, price still inside the segment"
	for p.bytes+len(line) < logLimit-100 {
		p.add(line)
	}
	if rest := logLimit - 60 - p.bytes; rest > 20 {
		p.add("Program log: " + strings.Repeat("=", rest-13))
	}
}
