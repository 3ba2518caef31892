package main

import (
	"bytes"
	"os"
	"testing"
)

// The committed file is what the page is built from: it must be the one that the Go types give today.
func TestGeneratedFileIsCurrent(t *testing.T) {
	want, err := generate("..")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../../frontend/src/api/client/wire.gen.ts")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Fatal("frontend/src/api/client/wire.gen.ts is stale: run `make gen`")
	}
}

func TestGenerateShapes(t *testing.T) {
	dir := t.TempDir()
	source := "package wire\n\n// A is one.\ntype A struct {\n\tB\n\tX *int `json:\"x\" doc:\"An x\"`\n\tY []Z `json:\"y,omitempty\"`\n\tK string `json:\"k\" enum:\"a,b\"`\n\thidden int\n}\n\n// Z is two.\n//\n//ts:type number | string\ntype Z uint64\n\ntype G[T any] struct {\n\tData T `json:\"data\"`\n}\n"
	if err := os.WriteFile(dir+"/a.go", []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := generate(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := header + `
/** A is one. */
export interface A extends B {
  /** An x */
  x: number | null
  y?: Z[]
  k: 'a' | 'b'
}

/** Z is two. */
export type Z = number | string

export interface G<T> {
  data: T
}
`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestGenerateRefusesWhatItCannotSay(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/a.go", []byte("package wire\ntype A struct {\n\tF func() `json:\"f\"`\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := generate(dir); err == nil {
		t.Error("a func field was accepted")
	}
}
