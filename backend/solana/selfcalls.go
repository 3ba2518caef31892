package solana

import (
	"slices"
	"strings"

	"github.com/valyala/fastjson"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

const (
	shortestCall = 20     // of base58: what is shorter cannot hold a tag and a discriminator, and need not be decoded
	longestCall  = 14_000 // of base58: the runtime passes on 10,240 bytes at most
)

// selfCalls cuts out of a transaction those inner instructions by which a program told itself an event, in the order of
// execution. They are empty, not nil, where there are none, and nil where the node did not keep inner instructions or
// gives them in a form that cannot be read. transaction and meta are those of getTransaction or of one of getBlock's.
func selfCalls(transaction, meta *fastjson.Value) []market.SelfCall {
	inner := meta.Get("innerInstructions")
	if inner == nil || inner.Type() != fastjson.TypeArray {
		return nil
	}

	calls := []market.SelfCall{}
	var m *message // read when it is needed: most transactions have no such call
	for _, group := range inner.GetArray() {
		top := group.GetInt("index")
		callers := callStack{top: top}
		for _, instruction := range group.GetArray("instructions") {
			text := instruction.GetStringBytes("data")
			event, isEvent := []byte(nil), false
			if len(text) > longestCall {
				return nil
			}

			if len(text) >= shortestCall {
				data, err := market.DecodeBase58(nil, bytesText(text))
				if err != nil {
					return nil
				}
				event, isEvent = program.SelfCall(data)
			}

			if isEvent && m == nil {
				read, err := readMessage(transaction, meta)
				if err != nil {
					return nil
				}
				m = &read
			}

			caller := callers.enter(instruction)
			if !isEvent {
				continue
			}

			address, ok := addressOf(m, instruction)
			if !ok {
				return nil
			}

			if callers.isSelf(m, caller, address) {
				calls = append(calls, market.SelfCall{Program: address, Event: event})
			}
		}
	}

	return calls
}

// hidesCalls reports whether a node says that nothing was called within a transaction whose log shows such calls: it keeps no
// inner instructions and answers with an empty list where it should say null.
func hidesCalls(meta *fastjson.Value, logs []string) bool {
	return len(meta.GetArray("innerInstructions")) == 0 && slices.ContainsFunc(logs, func(line string) bool {
		return strings.HasSuffix(line, " invoke [2]") && !strings.HasPrefix(line, "Program log: ")
	})
}

// addressOf is the program that an instruction calls.
func addressOf(m *message, instruction *fastjson.Value) (market.Pubkey, bool) {
	if text := instruction.GetStringBytes("programId"); text != nil {
		address, err := market.ParsePubkey(string(text))
		return address, err == nil
	}
	index := instruction.Get("programIdIndex")
	if index == nil {
		return market.Pubkey{}, false
	}
	return m.account(index.GetInt())
}

// callStack follows the calls of one top-level instruction, which stands at height 1, as the node tells of them.
type callStack struct {
	top     int // the top-level instruction
	callers []*fastjson.Value
	blind   bool // heights are not told
}

// enter notes a call and returns the inner instruction that made it; nil is the top-level one.
func (s *callStack) enter(instruction *fastjson.Value) (caller *fastjson.Value) {
	const first = 2 // height of what the top-level instruction calls
	depth := instruction.GetInt("stackHeight") - first
	if depth < 0 || depth > len(s.callers) { // old transactions have no heights
		s.blind = true
		return nil
	}
	if depth > 0 {
		caller = s.callers[depth-1]
	}
	s.callers = append(s.callers[:depth], instruction)
	return caller
}

// isSelf reports whether a program was called by itself. Where the node does not tell who called, the call counts: programs
// that tell events so take them from nobody else, as it needs their own signature.
func (s *callStack) isSelf(m *message, caller *fastjson.Value, callee market.Pubkey) bool {
	if s.blind {
		return true
	}
	if caller != nil {
		address, ok := addressOf(m, caller)
		return ok && address == callee
	}
	if s.top < 0 || s.top >= len(m.programs) {
		return true
	}
	address, ok := m.account(m.programs[s.top])
	return ok && address == callee
}
