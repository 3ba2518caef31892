package alert

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"spinscope/backend/durable"
	"spinscope/backend/textfile"
)

// FileName is the rule file's name in the data directory.
const FileName = "alerts.json"

// maxFile is the largest rule file, bytes: ten times what 500 rules need.
const maxFile = 1 << 20

// ErrNoRule is returned for an id that no rule has.
var ErrNoRule = errors.New("no such rule")

// ErrRuleExists is returned when a rule is added with an id that another one has.
var ErrRuleExists = errors.New("there is a rule with this id already")

// ErrUnreadable is returned when the rule file cannot be changed because it makes no sense as it is.
var ErrUnreadable = errors.New("the rule file must be mended first")

// File is the rule file of a data directory. It may be used from several goroutines and processes at once.
type File struct{ path string }

// At is the rule file in a data directory; it need not exist.
func At(dir string) File { return File{filepath.Join(dir, FileName)} }

// Path is where the file is.
func (f File) Path() string { return f.path }

// Read gives the rules that make sense, in the order of the file, and what is wrong with the others; whole is false when
// the file's end could not be read, so that rules may be missing. A rule without created_at counts from when the file
// was last changed. No file is no rules. The error is one of the disk.
func (f File) Read() (rules []Rule, problems []*Problem, whole bool, err error) {
	d, modified, err := f.load()
	if err != nil {
		return nil, nil, false, err
	}
	rules, problems = d.parse()
	for i := range rules {
		if rules[i].CreatedAt == 0 {
			rules[i].Date(modified.UnixMilli())
			rules[i].Undated = true
		}
	}
	return rules, problems, d.broken == nil, nil
}

func (f File) load() (*document, time.Time, error) {
	file, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return &document{}, time.Time{}, nil
	}
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read alert rules: %w", err)
	}

	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read alert rules: %w", err)
	}

	text, err := textfile.ReadSome(file, maxFile)
	if errors.Is(err, textfile.ErrNotUTF8) {
		return &document{broken: &Problem{Err: err}}, info.ModTime(), nil
	}
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read alert rules: %w", err)
	}
	if len(text) > maxFile {
		return &document{broken: &Problem{Err: fmt.Errorf("larger than %d KiB: make it smaller", maxFile>>10)}}, info.ModTime(), nil
	}

	return readDocument(text), info.ModTime(), nil
}

// Save adds a rule, or replaces the one with its id, and returns it as it was written. An empty id gets a new one. With
// CreatedAt 0, and whenever what it looks for changed, the rule counts from now on. It returns a *FieldError for a rule
// that makes no sense and ErrUnreadable for a file that does not.
func (f File) Save(fields Fields, now time.Time) (Rule, error) { return f.save(fields, now, true) }

// Add is Save for a rule that must be new; it returns ErrRuleExists when one has its id.
func (f File) Add(fields Fields, now time.Time) (Rule, error) { return f.save(fields, now, false) }

func (f File) save(fields Fields, now time.Time, replace bool) (Rule, error) {
	if fields.ID == "" {
		fields.ID = newID()
	}
	if fields.CreatedAt == 0 {
		fields.CreatedAt = now.UnixMilli()
	}

	rule, err := fields.Parse()
	if err != nil {
		return Rule{}, err
	}

	err = f.edit(func(d *document) error {
		place := d.find(rule.ID)
		if place >= 0 && !replace {
			return fmt.Errorf("%q: %w", rule.ID, ErrRuleExists)
		}

		if place >= 0 {
			if old, err := decodeRule(d.rules[place]); err != nil || !old.Same(&rule) {
				rule.Date(now.UnixMilli())
			}
		}

		text, err := json.Marshal(rule.fields)
		if err != nil {
			return fmt.Errorf("write rule: %w", err)
		}

		if place < 0 {
			if len(d.rules) >= MaxRules {
				return fmt.Errorf("there are %d rules already, the most there may be: remove one first", len(d.rules))
			}
			d.rules = append(d.rules, text)
		} else {
			d.rules[place] = text
		}

		return d.checkBroad(&rule)
	})

	return rule, err
}

// checkBroad refuses a rule that is one too many of those for all mints.
func (d *document) checkBroad(rule *Rule) error {
	broad := 0
	for _, text := range d.rules {
		if one, err := decodeRule(text); err == nil && one.broad() {
			broad++
		}
	}
	if rule.broad() && broad > MaxBroad {
		return errBroad
	}
	return nil
}

// Remove takes a rule out, also one that makes no sense. It returns ErrNoRule when there is none.
func (f File) Remove(id string) error {
	return f.edit(func(d *document) error {
		place := d.find(id)
		if place < 0 {
			return fmt.Errorf("%.70q: %w", id, ErrNoRule)
		}
		d.rules = slices.Delete(d.rules, place, place+1)
		return nil
	})
}

// Mute stops a rule from firing, or lets it fire again, and returns it. It returns ErrNoRule when there is none.
func (f File) Mute(id string, muted bool) (rule Rule, err error) {
	err = f.edit(func(d *document) error {
		place := d.find(id)
		if place < 0 {
			return fmt.Errorf("%.70q: %w", id, ErrNoRule)
		}
		if rule, err = decodeRule(d.rules[place]); err != nil {
			return err
		}
		rule.Muted, rule.fields.Muted = muted, muted
		if d.rules[place], err = json.Marshal(rule.fields); err != nil {
			return fmt.Errorf("write rule: %w", err)
		}
		return nil
	})
	return rule, err
}

// find is the place of the rule with an id, -1 when there is none.
func (d *document) find(id string) int {
	return slices.IndexFunc(d.rules, func(text json.RawMessage) bool { return id != "" && idOf(text) == id })
}

// edit changes the file, whole or not at all, and lets nobody else change it meanwhile.
func (f File) edit(change func(*document) error) error {
	unlock, err := durable.Lock(f.path)
	if err != nil {
		return fmt.Errorf("change alert rules: %w", err)
	}
	defer unlock()

	d, modified, err := f.load()
	if err != nil {
		return err
	}
	if d.broken != nil {
		return fmt.Errorf("%s: %w: %w", f.path, ErrUnreadable, d.broken)
	}
	if err := d.date(modified); err != nil {
		return err
	}

	if err := change(d); err != nil {
		return err
	}
	text, err := d.text()
	if err != nil {
		return fmt.Errorf("write alert rules: %w", err)
	}
	if len(text) > maxFile {
		return fmt.Errorf("write alert rules: the file would be larger than %d KiB", maxFile>>10)
	}

	return f.replace(text)
}

// date writes into rules that do not say when they were created that it was then: the file changes now.
func (d *document) date(then time.Time) error {
	for i, text := range d.rules {
		rule, err := decodeRule(text)
		if err != nil || rule.CreatedAt != 0 {
			continue
		}
		rule.Date(then.UnixMilli())
		if d.rules[i], err = json.Marshal(rule.fields); err != nil {
			return fmt.Errorf("write rule: %w", err)
		}
	}
	return nil
}

func (f File) replace(text []byte) error {
	if err := durable.WriteFile(f.path, text); err != nil {
		return fmt.Errorf("write alert rules: %w", err)
	}
	return nil
}

// newID is an id that no other rule has.
func newID() string { return rand.Text()[:10] }
