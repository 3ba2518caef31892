package solana

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math/bits"

	"github.com/valyala/fastjson"

	"spinscope/backend/market"
)

// errMessage is returned for a transaction that cannot be read.
var errMessage = errors.New("not a transaction message")

// message is what must be known of a transaction to say who called whom: its accounts, those that lookup tables gave
// included, and the program of each of its instructions.
type message struct {
	accounts []market.Pubkey
	programs []int // by instruction, into accounts; nil when not known
}

// account is the one with that index; false when there is none.
func (m *message) account(index int) (market.Pubkey, bool) {
	if index < 0 || index >= len(m.accounts) {
		return market.Pubkey{}, false
	}
	return m.accounts[index], true
}

// readMessage reads the transaction of an answer, in base64, as it is asked for, or in the form that some nodes give in its
// place. The lists of both are followed by the accounts that lookup tables gave, first those that may be written.
func readMessage(transaction, meta *fastjson.Value) (m message, err error) {
	switch {
	case transaction == nil:
		return m, errMessage
	case transaction.Type() == fastjson.TypeArray:
		data, err := base64.StdEncoding.DecodeString(string(transaction.GetStringBytes("0")))
		if err != nil || string(transaction.GetStringBytes("1")) != "base64" {
			return m, fmt.Errorf("%w: not in base64", errMessage)
		}
		r := bytesReader{data: data}
		if r.message(&m); r.short {
			return m, fmt.Errorf("%w: %d bytes", errMessage, len(data))
		}
	default:
		if err := m.fromJSON(transaction.Get("message")); err != nil {
			return m, err
		}
	}

	loaded := meta.Get("loadedAddresses")
	for _, key := range []string{"writable", "readonly"} {
		for _, item := range loaded.GetArray(key) {
			address, err := market.ParsePubkey(string(item.GetStringBytes()))
			if err != nil {
				return m, fmt.Errorf("%w: %w", errMessage, err)
			}
			m.accounts = append(m.accounts, address)
		}
	}

	return m, nil
}

// fromJSON reads the form that explorers like: addresses as texts, or as objects.
func (m *message) fromJSON(object *fastjson.Value) error {
	for _, item := range object.GetArray("accountKeys") {
		text := item.GetStringBytes("pubkey")
		if item.Type() == fastjson.TypeString {
			text = item.GetStringBytes()
		}
		if string(item.GetStringBytes("source")) == "lookupTable" {
			continue // it is among the loaded ones too
		}

		address, err := market.ParsePubkey(string(text))
		if err != nil {
			return fmt.Errorf("%w: %w", errMessage, err)
		}
		m.accounts = append(m.accounts, address)
	}

	for _, item := range object.GetArray("instructions") {
		index := item.Get("programIdIndex")
		if index == nil {
			m.programs = nil
			return nil
		}
		m.programs = append(m.programs, index.GetInt())
	}

	return nil
}

// bytesReader reads bytes until there are too few; then short is set, and everything it gives is zero.
type bytesReader struct {
	data  []byte
	short bool
}

func (r *bytesReader) take(n int) []byte {
	if n > len(r.data) || r.short {
		r.short, r.data = true, nil
		return make([]byte, min(n, 64))
	}
	part := r.data[:n]
	r.data = r.data[n:]
	return part
}

func (r *bytesReader) byte() int { return int(r.take(1)[0]) }

// length is a compact-u16: seven bits a byte, the lowest first.
func (r *bytesReader) length() int {
	n := 0
	for shift := 0; shift < 21; shift += 7 {
		b := r.byte()
		n |= b & 0x7f << shift
		if b < 0x80 {
			return n
		}
	}
	r.short = true
	return 0
}

const (
	versioned = 0x80 // set in the first byte of a message that is not of the oldest form
	version1  = versioned | 1
)

// message reads a signed transaction: one of the oldest form, of version 0, or of version 1 (SIMD-0385), which solana-go
// 1.21 does not know.
func (r *bytesReader) message(m *message) {
	if len(r.data) > 0 && r.data[0] == version1 {
		r.message1(m)
		return
	}

	r.take(r.length() * len(market.Signature{}))
	if len(r.data) > 0 && r.data[0]&versioned != 0 && r.byte() != versioned {
		r.short = true // a version of later days
	}
	r.take(3) // counts of signers
	r.accounts(m, r.length())
	r.take(32) // recent blockhash
	for range r.length() {
		if r.short {
			return
		}
		m.programs = append(m.programs, r.byte())
		r.take(r.length()) // accounts
		r.take(r.length()) // data
	}
}

func (r *bytesReader) message1(m *message) {
	head := r.take(1 + 3 + 4 + 32) // version, counts of signers, settings, lifetime
	settings := bits.OnesCount8(head[4]) + bits.OnesCount8(head[5]) + bits.OnesCount8(head[6]) + bits.OnesCount8(head[7])
	instructions, accounts := r.byte(), r.byte()
	r.accounts(m, accounts)
	r.take(4 * settings)
	for range instructions {
		m.programs = append(m.programs, int(r.take(4)[0])) // its counts of accounts and bytes follow
	}
}

func (r *bytesReader) accounts(m *message, n int) {
	for range n {
		if r.short {
			return
		}
		m.accounts = append(m.accounts, market.Pubkey(r.take(32)))
	}
}
