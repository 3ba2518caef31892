package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// keyVariable names the file with the secret key of minisign. It is given from outside; a key with a password asks for it.
const keyVariable = "SPINSCOPE_MINISIGN_KEY"

// What is signed: the checksums of everything, and what programs that run are told of the release.
const (
	sums        = "SHA256SUMS"
	description = "release.json"
)

// describe writes what backend/release reads.
func (m *maker) describe() error {
	if !strings.HasPrefix(m.page, "https://") {
		return fmt.Errorf("-page %q is no https address", m.page)
	}
	text, err := json.MarshalIndent(struct {
		Name    string `json:"name"`
		Version string `json:"version"`
		Page    string `json:"page"`
	}{"spinscope", m.version, m.page}, "", "  ")
	if err != nil {
		return err
	}
	made := filepath.Join(m.work, description)
	if err := os.WriteFile(made, append(text, '\n'), 0o644); err != nil {
		return err
	}
	return m.keep(made)
}

// sign writes the checksums of everything in dist, and signatures where there is a key.
func (m *maker) sign() error {
	files, err := filepath.Glob(filepath.Join(m.dist, "[^.]*")) // sorted, without .work
	if err != nil {
		return err
	}
	var list strings.Builder
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		fmt.Fprintf(&list, "%x  %s\n", sha256.Sum256(text), filepath.Base(path))
	}
	made := filepath.Join(m.work, sums)
	if err := os.WriteFile(made, []byte(list.String()), 0o644); err != nil {
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
	signed := []string{sums}
	if m.page != "" {
		signed = append(signed, description)
	}
	for _, name := range signed {
		if err := m.signFile(key, name); err != nil {
			return err
		}
	}
	return nil
}

// signFile signs one file of dist.
func (m *maker) signFile(key, name string) error {
	signature := filepath.Join(m.work, name+".minisig")

	// Without -t the comment would hold the time of signing.
	if err := m.command(nil, "minisign", "-S", "-s", key, "-m", filepath.Join(m.dist, name), "-x", signature,
		"-t", "spinscope "+m.version); err != nil {
		return err
	}
	return m.keep(signature)
}
