package textfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "text")
	if _, err := Read(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}

	for written, want := range map[string]string{
		"": "", "a": "a", "\ufeff": "", "\ufeffa\r\n": "a\r\n", "a\ufeff": "a\ufeff", "\ufeff\ufeffa": "\ufeffa", "\xef\xbb": "\xef\xbb",
	} {
		if err := os.WriteFile(path, []byte(written), 0o600); err != nil {
			t.Fatal(err)
		}
		text, err := Read(path)
		if string(text) != want || err != nil {
			t.Errorf("%q reads as %q, %v", written, text, err)
		}
	}

	for _, written := range []string{"\xff\xfea\x00", "\xfe\xff\x00a"} {
		if err := os.WriteFile(path, []byte(written), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(path); !errors.Is(err, ErrNotUTF8) {
			t.Errorf("%q: %v", written, err)
		}
	}
}

func TestReadSome(t *testing.T) {
	path := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(path, []byte("\ufeffabcdef"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if text, err := ReadSome(file, 7); string(text) != "abcde" || err != nil {
		t.Errorf("%q %v", text, err)
	}
}
