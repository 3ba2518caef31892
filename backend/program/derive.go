package program

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"

	"spinscope/backend/market"
)

// Derive finds the address that a program owns for the seeds. It is a function of its arguments alone; an error says that
// there is none, which does not happen by chance. solana.ProgramAddress is one, of the cluster's own library; Address another.
type Derive func(program market.Pubkey, seeds ...[]byte) (market.Pubkey, error)

// ErrSeeds is returned by Address for seeds that are too many or too long.
var ErrSeeds = errors.New("at most 15 seeds of 32 bytes")

// Address is the address that a program owns for the seeds, of which each has at most 32 bytes; at most 15. It implements
// Derive for what has an event at hand and no cluster: answers and files name addresses that the event leaves out. The
// cluster's library finds the same ones (TestProgramAddress of backend/solana). Safe for concurrent use.
func Address(program market.Pubkey, seeds ...[]byte) (market.Pubkey, error) {
	const maxSeeds, maxSeed = 15, 32 // the bump is the sixteenth
	if len(seeds) > maxSeeds || slices.ContainsFunc(seeds, func(seed []byte) bool { return len(seed) > maxSeed }) {
		return market.Pubkey{}, fmt.Errorf("address of program %s: %w", program, ErrSeeds)
	}

	var head []byte
	for _, seed := range seeds {
		head = append(head, seed...)
	}
	for bump := math.MaxUint8; bump > 0; bump-- {
		text := append(slices.Clone(head), byte(bump))
		text = append(append(text, program[:]...), "ProgramDerivedAddress"...)
		if address := market.Pubkey(sha256.Sum256(text)); !isKey(address) {
			return address, nil
		}
	}
	return market.Pubkey{}, fmt.Errorf("address of program %s: no bump gives one", program)
}

// The curve of keys, x² (d·y² + 1) = y² - 1 modulo 2²⁵⁵ - 19.
var (
	one    = big.NewInt(1)
	field  = new(big.Int).Sub(new(big.Int).Lsh(one, 255), big.NewInt(19))
	curveD = func() *big.Int {
		d := new(big.Int).ModInverse(big.NewInt(121666), field)
		d.Mul(d, big.NewInt(-121665))
		return d.Mod(d, field)
	}()
)

// isKey reports whether somebody may have a secret key for an address, which none that a program owns has: whether there is a
// point of the curve with that y. That is, whether (y² - 1) / (d·y² + 1) is a square.
func isKey(address market.Pubkey) bool {
	slices.Reverse(address[:])
	address[0] &= 0x7f // the sign of x
	y := new(big.Int).SetBytes(address[:])

	y.Mul(y, y)
	below := new(big.Int).Mul(y, curveD)
	below.Add(below, one)

	square := y.Sub(y, one)
	square.Mul(square, below) // as much a square as the quotient
	square.Mod(square, field)
	return big.Jacobi(square, field) >= 0
}
