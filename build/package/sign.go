package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// keyVariable names the file with the secret key of minisign. It is given from outside; a key with a password asks for it.
const keyVariable = "SPINSCOPE_MINISIGN_KEY"

// sign writes the checksums of everything in dist, and their signature where there is a key.
func (m *maker) sign() error {
	files, err := filepath.Glob(filepath.Join(m.dist, "[^.]*")) // sorted, without .work
	if err != nil {
		return err
	}
	var sums strings.Builder
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(text), filepath.Base(path))
	}
	made := filepath.Join(m.work, "SHA256SUMS")
	if err := os.WriteFile(made, []byte(sums.String()), 0o644); err != nil {
		return err
	}
	if err := m.keep(made); err != nil {
		return err
	}

	key := os.Getenv(keyVariable)
	if key == "" {
		fmt.Println("not signed: " + keyVariable + " names no key")
		return nil
	}
	signature := filepath.Join(m.work, "SHA256SUMS.minisig")
	// Without -t the comment would hold the time of signing.
	if err := m.command(nil, "minisign", "-S", "-s", key, "-m", filepath.Join(m.dist, "SHA256SUMS"), "-x", signature,
		"-t", "spinscope "+m.version); err != nil {
		return err
	}
	return m.keep(signature)
}
