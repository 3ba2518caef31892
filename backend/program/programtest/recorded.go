package programtest

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Recorded is an event of a recording with the fields that decode.py, which nobody here wrote the layouts from, finds.
type Recorded struct {
	Source  string
	Program string // address
	Event   string // name
	Data    []byte // discriminator first
	Fields  map[string]json.RawMessage
}

// dump has the recordings' own decoder print what it finds, in the place of its report.
const dump = `
import sys, re, json, base64, os, glob
folder = sys.argv[1]
source = open(os.path.join(folder, 'decode.py')).read()
source = source[:source.rindex('\nmain()')]
__file__ = os.path.join(folder, 'decode.py')
exec(source)
seen = {}
inner = decode
def decode(prog, b):
    v = inner(prog, b)
    if v is not None:
        seen.setdefault((prog, bytes(b)), (name_now, {k: x for k, x in v.items() if k[0] != '_'}, v['_event']))
    return v
name_now = ''
plain = open
def open(path, *a, **k):
    global name_now
    name_now = os.path.basename(str(path))
    return plain(path, *a, **k)
sys.stdout = plain(os.devnull, 'w')
main()
sys.stdout = sys.__stdout__
for (prog, b), (where, fields, event) in seen.items():
    print(json.dumps({'Source': where, 'Program': prog, 'Event': event, 'Hex': b.hex(), 'Fields': fields}))
`

// Events gives the recorded events of a program. The test is skipped, loudly, without the recordings or without Python.
func Events(t *testing.T, address string) []Recorded {
	t.Helper()
	folder, err := filepath.Abs("../../../../shared/fixtures/programs")
	if err != nil {
		t.Fatal(err)
	}

	if _, err := os.Stat(folder); err != nil {
		t.Skipf("SKIPPED: the recordings are not here: %v", err)
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skipf("SKIPPED: the recordings' decoder needs Python: %v", err)
	}

	command := exec.CommandContext(t.Context(), python, "-c", dump, folder) //nolint:gosec // the test's own
	command.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("decode.py: %v", err)
	}

	var list []Recorded
	for decoder := json.NewDecoder(bytes.NewReader(out)); decoder.More(); {
		var one struct {
			Recorded
			Hex string
		}
		if err := decoder.Decode(&one); err != nil {
			t.Fatal(err)
		}

		if one.Data, err = hex.DecodeString(one.Hex); err != nil {
			t.Fatal(err)
		}
		if one.Program == address {
			list = append(list, one.Recorded)
		}
	}

	return list
}
