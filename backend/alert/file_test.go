package alert

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var noon = time.UnixMilli(1_800_000_000_123)

const mintText = "So11111111111111111111111111111111111111112"

func TestRulesThatMakeNoSense(t *testing.T) {
	for _, c := range []struct {
		fields Fields
		want   string // beginning of the error; "" is none
	}{
		{Fields{ID: "a", Kind: PriceAbove, Symbol: mintText, Price: "0.00000003"}, ""},
		{Fields{ID: "a", Kind: PriceAbove, Symbol: mintText, Price: "0." + strings.Repeat("0", 27) + "1"}, ""},
		{Fields{ID: "a", Kind: PriceAbove, Symbol: mintText, Price: "0." + strings.Repeat("0", 28) + "1"}, "price: "},
		{Fields{ID: "a", Kind: PriceAbove, Symbol: mintText, Price: "34028236692"}, ""},
		{Fields{ID: "a", Kind: PriceAbove, Symbol: mintText, Price: "34028236693"}, "price: "}, // above 128 bits
		{Fields{ID: "a", Kind: PriceAbove, Symbol: mintText, Price: "0"}, "price: "},
		{Fields{ID: "a", Kind: PriceAbove, Symbol: mintText, Price: "1."}, "price: "},
		{Fields{ID: "a", Kind: PriceAbove, Symbol: mintText, Price: ".5"}, "price: "},
		{Fields{ID: "a", Kind: PriceAbove, Symbol: mintText, Price: "+1"}, "price: "},
		{Fields{ID: "a", Kind: PriceAbove, Symbol: mintText, Price: "1e-8"}, "price: "},
		{Fields{ID: "a", Kind: PriceAbove, Symbol: mintText, Price: strings.Repeat("9", 5000)}, "price: "},
		{Fields{ID: "a", Kind: PriceAbove, Price: "1"}, "symbol: missing"},
		{Fields{ID: "a", Kind: PriceBelow, Symbol: "0OIl", Price: "1"}, "symbol: "},
		{Fields{ID: "a", Kind: PriceBelow, Symbol: "11111111111111111111111111111111", Price: "1"}, "symbol: "},
		{Fields{ID: "a", Kind: PriceBelow, Symbol: mintText}, "price: missing"},
		{Fields{ID: "a", Kind: PriceBelow, Symbol: mintText, Price: "1", Percent: "1"}, "percent: price_below has no use"},
		{Fields{ID: "a", Kind: PercentMove, Percent: "0.01", WindowSeconds: 10}, ""},
		{Fields{ID: "a", Kind: PercentMove, Percent: "0.001", WindowSeconds: 10}, "percent: "},
		{Fields{ID: "a", Kind: PercentMove, Percent: "0", WindowSeconds: 10}, "percent: "},
		{Fields{ID: "a", Kind: PercentMove, Percent: "-5", WindowSeconds: 10}, "percent: "},
		{Fields{ID: "a", Kind: PercentMove, Percent: "1000000.01", WindowSeconds: 10}, "percent: "},
		{Fields{ID: "a", Kind: PercentMove, Percent: "5", WindowSeconds: 9}, "window_seconds: "},
		{Fields{ID: "a", Kind: PercentMove, Percent: "5", WindowSeconds: 86401}, "window_seconds: "},
		{Fields{ID: "a", Kind: PercentMove, Percent: "5"}, "window_seconds: missing"},
		{Fields{ID: "a", Kind: PercentMove, Percent: "5", WindowSeconds: 60, Direction: "sideways"}, "direction: "},
		{Fields{ID: "a", Kind: VolumeSpike, Factor: "1.01", WindowSeconds: 60}, ""},
		{Fields{ID: "a", Kind: VolumeSpike, Factor: "1", WindowSeconds: 60}, "factor: "},
		{Fields{ID: "a", Kind: VolumeSpike, WindowSeconds: 60}, "factor: missing"},
		{Fields{ID: "a", Kind: Liquidation, MinSize: "1.000000001"}, ""},
		{Fields{ID: "a", Kind: Liquidation, MinSize: "1.0000000001"}, "min_size: "},
		{Fields{ID: "a", Kind: NewToken, Symbol: mintText}, "symbol: new_token has no use"},
		{Fields{ID: "a", Kind: ConnectionLost, CreatedAt: -1}, "created_at: "},
		{Fields{ID: "a", Kind: "moon"}, "kind: "},
		{Fields{ID: "", Kind: NewToken}, "id: missing"},
		{Fields{ID: "a/b", Kind: NewToken}, "id: "},
		{Fields{ID: strings.Repeat("a", 65), Kind: NewToken}, "id: "},
	} {
		_, err := c.fields.Parse()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)) {
			t.Errorf("%+v: %v, want %q", c.fields, err, c.want)
		}
		if _, ok := errors.AsType[*FieldError](err); err != nil && (!ok || len(err.Error()) > 400) {
			t.Errorf("%T %v", err, err)
		}
	}
}

func rewrite(t *testing.T, f File, text string) {
	t.Helper()
	if err := os.WriteFile(f.Path(), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestBadRulesLeaveTheOthers(t *testing.T) {
	f := At(t.TempDir())
	rewrite(t, f, `{
  "version": 1,
  "rules": [
    {"id": "one", "kind": "new_token"},
    {"id": "two", "kind": "price_above", "symbol": "`+mintText+`", "price": 5},
    {"id": "two", "kind": "new_token", "created_at": 7},
    {"id": "three", "kind": "liquidation",
     "size": "1"},
    {"id": "one", "kind": "liquidation"},
    "four",
    {"id": "five", "kind": "price_above"}
  ]
}`)

	rules, problems, whole, err := f.Read()
	if err != nil || !whole || len(rules) != 2 || rules[0].ID != "one" || rules[0].CreatedAt == 0 || rules[1].ID != "two" || rules[1].CreatedAt != 7 {
		t.Fatalf("%+v %v %v", rules, whole, err)
	}
	want := []string{
		`line 5, rule 2 ("two"): price: a number is not a text`,
		`line 7, rule 4 ("three"): size: no rule has such a member`,
		`line 9, rule 5 ("one"): id: another rule above has it`,
		`line 10, rule 6: rule: a string is not an object`,
		`line 11, rule 7 ("five"): symbol: missing: price_above needs it`,
	}
	for i, problem := range problems {
		if i >= len(want) || problem.Error() != want[i] {
			t.Errorf("%v", problem)
		}
	}

	if len(problems) != len(want) {
		t.Errorf("%d problems, want %d", len(problems), len(want))
	}

	// A rule that makes no sense can be taken out, and is not lost when another changes.
	if _, err := f.Mute("two", true); err == nil {
		t.Error("a rule that makes no sense was muted")
	}
	if err := errors.Join(f.Remove("five"), f.Remove("one")); err != nil {
		t.Fatal(err)
	}

	if _, problems, _, _ := f.Read(); len(problems) != 3 {
		t.Errorf("%v", problems)
	}
}

func TestBrokenFiles(t *testing.T) {
	for _, c := range []struct {
		text, want string
		rules      int
	}{
		{"", "", 0},
		{"  \n", "", 0},
		{"\ufeff{\"version\": 1, \"rules\": [{\"id\":\"a\",\"kind\":\"new_token\"}]}", "", 1},
		{"\xff\xfe{\x00}\x00", "the text is UTF-16", 0},
		{`{"version": 1}`, "", 0},
		{`{"version": 1, "rules": []}`, "", 0},
		{"[]", "line 1: not the beginning", 0},
		{"oops", "line 1: invalid character", 0},
		{`{"rules": []}`, `line 1: "version": 1 is missing`, 0},
		{`{"version": 2, "rules": [{"id":"a","kind":"new_token"}]}`, "line 1: version 2 is not known", 0},
		{`{"rules": [{"id":"a","kind":"new_token"}], "version": 2}`, "line 1: version 2 is not known", 0},
		{`{"version": 1, "rules": {}}`, `line 1: "rules" is not a list`, 0},
		{`{"version": 1, "rule": []}`, `line 1: unknown member "rule"`, 0},
		{"{\"version\": 1, \"rules\": [\n{\"id\":\"a\",\"kind\":\"new_token\"},\n{\"id\" \"b\"}]}", "line 3: invalid character", 1},
		{"{\"version\": 1, \"rules\": [\n{\"id\":\"a\",\"kind\":\"new_token\"}", "line 2: the file ends too early", 1},
		{"{\"version\": 1, \"rules\": []} x", "line 1: something follows", 0},
		{strings.Repeat(" ", maxFile+1), "larger than 1024 KiB", 0},
	} {
		f := At(t.TempDir())
		rewrite(t, f, c.text)
		rules, problems, whole, err := f.Read()
		if err != nil || len(rules) != c.rules || whole != (c.want == "") {
			t.Errorf("%.60q: %d rules, whole %v, %v", c.text, len(rules), whole, err)
		}

		if c.want != "" && (len(problems) != 1 || !strings.HasPrefix(problems[0].Error(), c.want)) {
			t.Errorf("%.60q: %v, want %q", c.text, problems, c.want)
		}
		_, err = f.Save(Fields{Kind: NewToken}, noon)
		if c.want != "" {
			if text, _ := os.ReadFile(f.Path()); !errors.Is(err, ErrUnreadable) || string(text) != c.text {
				t.Errorf("%.60q: saved over it: %v", c.text, err)
			}
		} else if err != nil {
			t.Errorf("%.60q: %v", c.text, err)
		}
	}
}

func TestSaveKeepsAge(t *testing.T) {
	f := At(filepath.Join(t.TempDir(), "new", "place"))
	first, err := f.Save(Fields{ID: "a", Kind: PercentMove, Percent: "5", WindowSeconds: 60}, noon)
	if err != nil || first.CreatedAt != noon.UnixMilli() || first.Fields().Direction != "both" {
		t.Fatalf("%+v %v", first, err)
	}

	later := noon.Add(time.Hour)
	fields := first.Fields()
	fields.Muted = true
	same, err := f.Save(fields, later)
	if err != nil || same.CreatedAt != noon.UnixMilli() || !same.Muted {
		t.Errorf("muting made it young: %+v %v", same, err)
	}

	fields.Percent = "5.0" // the same number
	if same, err = f.Save(fields, later); err != nil || same.CreatedAt != noon.UnixMilli() {
		t.Errorf("%+v %v", same, err)
	}
	fields.Percent = "6"
	if other, err := f.Save(fields, later); err != nil || other.CreatedAt != later.UnixMilli() {
		t.Errorf("another rule kept the age: %+v %v", other, err)
	}

	fields = first.Fields()
	fields.Percent, fields.CreatedAt = "6", 0
	if anew, err := f.Save(fields, later.Add(1)); err != nil || anew.CreatedAt != later.Add(1).UnixMilli() {
		t.Errorf("%+v %v", anew, err)
	}

	if err := f.Remove("b"); !errors.Is(err, ErrNoRule) {
		t.Error(err)
	}
	if _, err := f.Add(fields, noon); !errors.Is(err, ErrRuleExists) {
		t.Error(err)
	}

	if info, err := os.Stat(f.Path()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	left, _ := filepath.Glob(f.Path() + ".*.new")
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A rule written by hand without created_at is as old as the file was, also when a program changes the file later.
func TestUndatedRules(t *testing.T) {
	f := At(t.TempDir())
	rewrite(t, f, `{"version":1,"rules":[{"id":"a","kind":"new_token","once":true},{"id":"b","kind":"moon"}]}`)
	if err := os.Chtimes(f.Path(), noon, noon); err != nil {
		t.Fatal(err)
	}
	rules, _, _, err := f.Read()
	if err != nil || len(rules) != 1 || rules[0].CreatedAt != noon.UnixMilli() || !rules[0].Undated {
		t.Fatalf("%+v %v", rules, err)
	}
	if _, err := f.Save(Fields{ID: "c", Kind: NewToken}, noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	rules, problems, _, err := f.Read()
	if err != nil || len(rules) != 2 || rules[0].CreatedAt != noon.UnixMilli() || rules[0].Undated || !rules[0].Once || len(problems) != 1 {
		t.Errorf("%+v %v %v", rules, problems, err)
	}
}

func TestBounds(t *testing.T) {
	f := At(t.TempDir())
	var rules []string
	for i := range MaxRules + 3 {
		rules = append(rules, fmt.Sprintf(`{"id":"r%d","kind":"new_token"}`, i))
	}

	rewrite(t, f, `{"version":1,"rules":[`+strings.Join(rules, ",")+`]}`)
	if got, problems, _, err := f.Read(); err != nil || len(got) != MaxRules || len(problems) != 3 {
		t.Errorf("%d rules, %v, %v", len(got), problems, err)
	}
	if _, err := f.Save(Fields{Kind: NewToken}, noon); err == nil || !strings.Contains(err.Error(), "503") {
		t.Error(err)
	}

	f = At(t.TempDir())
	for i := range MaxBroad + 1 {
		_, err := f.Save(Fields{Kind: VolumeSpike, Factor: "2", WindowSeconds: int64(60 + i)}, noon)
		if (err != nil) != (i == MaxBroad) || err != nil && !strings.HasPrefix(err.Error(), "symbol: ") {
			t.Errorf("rule %d: %v", i, err)
		}
	}
}

// Several programs change the file at once: no change is lost, and a reader never sees half a file.
func TestChangesAtOnce(t *testing.T) {
	dir := t.TempDir()
	stop := make(chan struct{})
	var reading, writing sync.WaitGroup
	reading.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if _, problems, whole, err := At(dir).Read(); err != nil || !whole || len(problems) > 0 {
				t.Errorf("read %v %v %v", problems, whole, err)
				return
			}
		}
	})
	for writer := range 4 {
		writing.Go(func() {
			for i := range 10 {
				if _, err := At(dir).Save(Fields{ID: fmt.Sprintf("w%d-%d", writer, i), Kind: NewToken}, noon); err != nil {
					t.Error(err)
				}
				if i%2 == 1 {
					if err := At(dir).Remove(fmt.Sprintf("w%d-%d", writer, i-1)); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}

	writing.Wait()
	close(stop)
	reading.Wait()
	if rules, _, _, err := At(dir).Read(); err != nil || len(rules) != 20 {
		t.Errorf("%d rules, %v", len(rules), err)
	}
}

func FuzzRuleFile(f *testing.F) {
	f.Add([]byte(`{"version":1,"rules":[{"id":"a","kind":"price_above","symbol":"` + mintText + `","price":"0.5"}]}`))
	f.Add([]byte(`{"rules":[1,{"id":{}}`))
	f.Add([]byte(`{"version":1,"rules":[{"id":"a","kind":"percent_move","percent":1e3,"window_seconds":60}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		d := readDocument(text)
		rules, problems := d.parse()
		for _, p := range problems {
			if p.Error() == "" {
				t.Error("a problem without words")
			}
		}

		if d.broken != nil {
			return
		}
		again, err := d.text()
		if err != nil {
			t.Fatal(err)
		}

		other, _ := readDocument(again).parse()
		if len(other) != len(rules) {
			t.Fatalf("written again it has %d rules, not %d", len(other), len(rules))
		}
		for i := range rules {
			if rules[i].fields != other[i].fields {
				t.Fatalf("%+v became %+v", rules[i], other[i])
			}
			if _, err := rules[i].Fields().Parse(); err != nil {
				t.Fatalf("%+v: %v", rules[i].Fields(), err)
			}
		}
	})
}
