package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"spinscope/backend/durable"
	"spinscope/backend/market"
	"spinscope/backend/textfile"
)

// ErrChainFile is returned when the file that says whose market a store holds cannot be read as one.
var ErrChainFile = errors.New("the file that says whose market this is is damaged")

// ErrOtherChain is returned when a data directory holds another chain's market, or another program's.
var ErrOtherChain = errors.New("the data directory holds another market")

const chainSuffix = ".chain"

// chainFile keeps which chain and program a cluster's store was read from: one line GENESIS PROGRAM beside the store.
func (d *Dir) chainFile() string { return d.Store() + chainSuffix }

// MarketFiles names what to remove for another chain to take this one's place. Other programs' markets lie beside it, under
// names that begin alike.
func (d *Dir) MarketFiles() string { return d.Store() + " and " + d.chainFile() }

// CheckProgram refuses a store that was read from another program.
func (d *Dir) CheckProgram() error {
	_, program, err := d.StoredChain()
	if err != nil {
		return err
	}
	if program != "" && program != d.Program {
		return fmt.Errorf("%w: %s was read from program %s, not %s: give another --data-dir", ErrOtherChain, d.Store(), program, d.Program)
	}
	return nil
}

// Admit lets only the stored chain in, or any when there is none yet. A local validator that was reset is another chain.
func (d *Dir) Admit(genesis string) error {
	stored, _, err := d.StoredChain()
	switch {
	case err != nil:
		return err
	case stored == "":
		line := genesis + " " + d.Program + "\n"
		if err := durable.WriteFile(d.chainFile(), []byte(line)); err != nil {
			return fmt.Errorf("note the chain: %w", err)
		}
		return nil
	case stored != genesis:
		return fmt.Errorf("%w: it was read from the chain with genesis %s, and this one has %s: give another --data-dir, or remove %s",
			ErrOtherChain, stored, genesis, d.MarketFiles())
	}
	return nil
}

// StoredChain is the genesis hash and the program that the market was read from; "" for what is not known yet, the
// program also in the line of an early version. A file that cannot be read as such a line is ErrChainFile.
func (d *Dir) StoredChain() (genesis, program string, err error) {
	return readChain(d.chainFile())
}

func readChain(path string) (genesis, program string, err error) {
	text, err := textfile.Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", "", nil
	}
	if err != nil {
		return "", "", fmt.Errorf("read which chain is stored: %w", err)
	}
	if genesis, program, ok := parseChain(string(text)); ok {
		return genesis, program, nil
	}
	return "", "", fmt.Errorf("%w: %s: if the store beside it is of the chain and program that are configured, remove the file, "+
		"and it is written anew; else give another --data-dir", ErrChainFile, path)
}

// parseChain reads the line. One without a program was written by an early version.
func parseChain(text string) (genesis, program string, ok bool) {
	line, whole := strings.CutSuffix(text, "\n")
	genesis, program, both := strings.Cut(line, " ")
	printable := !strings.ContainsFunc(genesis, func(r rune) bool { return r <= ' ' || r > '~' })
	_, err := market.ParsePubkey(program)
	return genesis, program, whole && genesis != "" && printable && (!both || err == nil)
}
