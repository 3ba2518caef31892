package alert

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// fileVersion is the layout of the rule file; a file with a higher one was written by a later program.
const fileVersion = 1

// Problem is something in the rule file that cannot be used. The other rules are not touched by it.
type Problem struct {
	Line int    // 1 is the first; 0: the file as a whole
	Rule int    // place in the list, 1 is the first; 0: none
	ID   string // of the rule, when it has one
	Err  error
}

// Error names the place and what is wrong there.
func (p *Problem) Error() string {
	var place []string
	if p.Line > 0 {
		place = append(place, fmt.Sprintf("line %d", p.Line))
	}
	if p.Rule > 0 {
		place = append(place, fmt.Sprintf("rule %d", p.Rule))
	}
	text := strings.Join(place, ", ")
	if p.ID != "" {
		text += fmt.Sprintf(" (%.64q)", p.ID)
	}
	if text == "" {
		return p.Err.Error()
	}
	return text + ": " + p.Err.Error()
}

// Unwrap is the cause.
func (p *Problem) Unwrap() error { return p.Err }

// document is the rule file as it is written: the rules' own texts are kept, also of those that make no sense.
type document struct {
	rules  []json.RawMessage
	lines  []int
	broken *Problem // the text ends making sense here; the rules before it are read
}

var (
	errNoObject = errors.New(`not the beginning of a rule file: {"version": 1, "rules": [...]}`)
	errNoList   = errors.New(`"rules" is not a list`)
	errMore     = errors.New("something follows the end")
)

// readDocument takes a rule file apart. Nothing at all is an empty list.
func readDocument(text []byte) *document {
	d := &document{}
	if len(bytes.TrimSpace(text)) == 0 {
		return d
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	if err := d.read(decoder, text); err != nil {
		d.broken = &Problem{Line: lineAt(text, faultAt(text, int(decoder.InputOffset()))), Err: plain(err)}
	}
	return d
}

func (d *document) read(decoder *json.Decoder, text []byte) error {
	if start, err := decoder.Token(); err != nil {
		return err
	} else if start != json.Delim('{') {
		return errNoObject
	}

	version := false
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return err
		}

		switch name {
		case "version":
			var number int
			if err := decoder.Decode(&number); err != nil {
				return err
			}
			if number != fileVersion {
				d.rules, d.lines = nil, nil
				return fmt.Errorf("version %d is not known here, only %d is: use the program that wrote it", number, fileVersion)
			}
			version = true
		case "rules":
			if err := d.list(decoder, text); err != nil {
				return err
			}
		default:
			return fmt.Errorf("unknown member %.40q: a rule file has version and rules", name)
		}
	}

	if _, err := decoder.Token(); err != nil {
		return err
	}
	if !version {
		return fmt.Errorf(`"version": %d is missing`, fileVersion)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errMore
	}

	return nil
}

func (d *document) list(decoder *json.Decoder, text []byte) error {
	if start, err := decoder.Token(); err != nil {
		return err
	} else if start != json.Delim('[') {
		return errNoList
	}
	for decoder.More() {
		at := skipBlank(text, int(decoder.InputOffset()))
		var rule json.RawMessage
		if err := decoder.Decode(&rule); err != nil {
			return err
		}
		d.rules, d.lines = append(d.rules, rule), append(d.lines, lineAt(text, at))
	}
	_, err := decoder.Token()
	return err
}

// parse gives the rules that make sense and what is wrong with the rest.
func (d *document) parse() (rules []Rule, problems []*Problem) {
	known := map[string]bool{}
	broad := 0
	for i, text := range d.rules {
		rule, err := decodeRule(text)
		switch {
		case err != nil:
		case known[rule.ID]:
			err = wrong("id", "another rule above has it")
		case len(rules) == MaxRules:
			err = fmt.Errorf("more than %d rules: remove some", MaxRules)
		case rule.broad() && broad == MaxBroad:
			err = errBroad
		}

		if err != nil {
			problems = append(problems, &Problem{Line: d.lines[i], Rule: i + 1, ID: idOf(text), Err: err})
			continue
		}

		if rule.broad() {
			broad++
		}
		known[rule.ID] = true
		rules = append(rules, rule)
	}

	if d.broken != nil {
		problems = append(problems, d.broken)
	}
	return rules, problems
}

var errBroad = wrong("symbol", "missing: at most %d rules of the kinds %s and %s may watch all mints", MaxBroad, PercentMove, VolumeSpike)

// text is the document as it is written.
func (d *document) text() ([]byte, error) {
	rules := d.rules
	if rules == nil {
		rules = []json.RawMessage{}
	}
	text, err := json.MarshalIndent(struct {
		Version int               `json:"version"`
		Rules   []json.RawMessage `json:"rules"`
	}{fileVersion, rules}, "", "  ")
	return append(text, '\n'), err
}

// idOf is the id of a rule's text, whatever else is wrong with it; "" when it has none.
func idOf(text []byte) string {
	var named struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(text, &named) // what can be read is read
	return named.ID
}

func skipBlank(text []byte, at int) int {
	for at < len(text) && strings.ContainsRune(" \t\r\n,:", rune(text[at])) {
		at++
	}
	return at
}

// faultAt is where the value that begins at a place stops making sense; the place itself when it does not.
func faultAt(text []byte, at int) int {
	at = skipBlank(text, at)
	var value json.RawMessage
	err := json.NewDecoder(bytes.NewReader(text[at:])).Decode(&value)
	if bad, ok := errors.AsType[*json.SyntaxError](err); ok {
		return at + int(bad.Offset) - 1
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return len(text)
	}
	return at
}

func lineAt(text []byte, offset int) int {
	return 1 + bytes.Count(text[:min(max(offset, 0), len(text))], []byte("\n"))
}

// plain is an error of encoding/json in the words of the file.
func plain(err error) error {
	if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		want := map[string]string{"string": "a text", "bool": "true or false", "int64": "a whole number", "json.Number": "a number", "int": "a whole number"}[kind.Type.String()]
		if want == "" {
			want = "an object"
		}
		field := kind.Field
		if field == "" {
			field = "rule"
		}
		return &FieldError{Field: field, Why: "a " + kind.Value + " is not " + want}
	}

	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the file ends too early")
	}
	text := strings.TrimPrefix(err.Error(), "json: ")
	if name, ok := strings.CutPrefix(text, "unknown field "); ok {
		return &FieldError{Field: strings.Trim(name, `"`), Why: "no rule has such a member"}
	}

	return errors.New(text)
}
