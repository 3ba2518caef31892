package backend

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// ErrOtherChain is returned when a data directory holds another chain's market, or another program's.
var ErrOtherChain = errors.New("the data directory holds another market")

// chainFile keeps which chain and program a cluster's store was read from: one line GENESIS PROGRAM beside the store.
func (o *Options) chainFile() string { return o.storeDir() + chainSuffix }

const chainSuffix = ".chain"

// checkProgram refuses a store that was read from another program.
func (o *Options) checkProgram() error {
	_, program, err := o.storedChain()
	if err != nil {
		return err
	}
	if wanted := o.Config.Solana.ProgramID; program != "" && program != wanted {
		return fmt.Errorf("%w: %s was read from program %s, not %s: give another --data-dir", ErrOtherChain, o.storeDir(), program, wanted)
	}
	return nil
}

// admit lets only the stored chain in, or any when there is none yet. A local validator that was reset is another chain.
func (o *Options) admit(genesis string) error {
	stored, _, err := o.storedChain()
	switch {
	case err != nil:
		return err
	case stored == "":
		line := genesis + " " + o.Config.Solana.ProgramID + "\n"
		if err := os.WriteFile(o.chainFile(), []byte(line), 0o600); err != nil {
			return fmt.Errorf("note the chain: %w", err)
		}
		return nil
	case stored != genesis:
		return fmt.Errorf("%w: it was read from the chain with genesis %s, and this one has %s: give another --data-dir, or remove %s",
			ErrOtherChain, stored, genesis, o.storeDir()+"*")
	}
	return nil
}

func (o *Options) storedChain() (genesis, program string, err error) {
	return readChain(o.chainFile())
}

func readChain(path string) (genesis, program string, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", "", nil
	}
	if err != nil {
		return "", "", fmt.Errorf("read which chain is stored: %w", err)
	}
	genesis, program, _ = strings.Cut(strings.TrimSpace(string(text)), " ")
	return genesis, program, nil
}
