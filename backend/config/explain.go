package config

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// explain turns the parser's error about a text into one line that names the key with its section, and where it stands.
// The value is not part of it: it may be a secret.
func explain(text []byte, err error) error {
	var unknown *toml.StrictMissingError
	if errors.As(err, &unknown) && len(unknown.Errors) > 0 {
		return explainUnknown(unknown)
	}

	all, broken := statements(text)
	if broken == nil {
		if wrong := twice(text, all); wrong != nil {
			return wrong
		}
		for i := range all {
			if wrong := misfit(text, all, i); wrong != nil {
				return wrong
			}
		}
	}

	var wrong *toml.DecodeError
	if errors.As(err, &wrong) {
		row, _ := wrong.Position()
		return fmt.Errorf("line %d: %s", row, strings.TrimPrefix(wrong.Error(), "toml: "))
	}
	return err
}

func explainUnknown(unknown *toml.StrictMissingError) error {
	keys := make([]string, 0, len(unknown.Errors))
	hint := "see docs/configuration.md for the keys there are"
	for i := range unknown.Errors {
		e := &unknown.Errors[i]
		row, _ := e.Position()
		key := strings.Join(e.Key(), ".")
		keys = append(keys, fmt.Sprintf("%s (line %d)", key, row))
		if near := nearest(key, keyNames()); near != "" && len(unknown.Errors) == 1 {
			hint = "did you mean " + near + "?"
		}
	}
	return fmt.Errorf("unknown key %s: %s", strings.Join(keys, ", "), hint)
}

// twice finds a key, or a section, that the text has twice.
func twice(text []byte, all []statement) error {
	seen := map[string]int{}
	for i := range all {
		name := strings.Join(all[i].path, ".")
		if all[i].array { // each is an entry of its own
			for other := range seen {
				if strings.HasPrefix(other, name+".") {
					delete(seen, other)
				}
			}
			continue
		}

		line := lineOf(text, all[i].start)
		id := name
		if all[i].header {
			id = "[" + name + "]"
		}

		if first, ok := seen[id]; ok {
			if all[i].header {
				return fmt.Errorf("%s stands twice, in lines %d and %d: put its keys together", id, first, line)
			}
			return fmt.Errorf("%s is given twice, in lines %d and %d: keep one", id, first, line)
		}
		seen[id] = line
	}

	return nil
}

// misfit reads one statement by itself and says what its value should be when it does not fit its key.
func misfit(text []byte, all []statement, i int) error {
	s := &all[i]
	where := fmt.Sprintf("%s (line %d)", strings.Join(s.path, "."), lineOf(text, s.start))
	target, known := typeOf(s.path)
	if !known {
		return nil
	}
	if s.header {
		if s.array && target.Kind() != reflect.Slice {
			return fmt.Errorf("%s is one section: write [%s]", where, strings.Join(s.path, "."))
		}
		return nil
	}

	value := text[s.valueStart:s.valueEnd]
	if target.Kind() == reflect.Struct {
		return misfitSection(where, s.path, target, value)
	}
	return misfitValue(where, target, value)
}

// misfitSection is misfit for a section that stands for a value: an inline table, or what is none.
func misfitSection(where string, path []string, target reflect.Type, value []byte) error {
	inner, isTable := bytes.CutPrefix(bytes.TrimSuffix(value, []byte("}")), []byte("{"))
	if !isTable {
		return fmt.Errorf("%s is a section: write [%s] and its keys below it", where, strings.Join(path, "."))
	}

	text := unfolded(inner)
	all, err := statements(text)
	if err != nil {
		return nil //nolint:nilerr // the parser's own words say more
	}

	for _, s := range all {
		if field, known := fieldType(target, s.path[0]); known && len(s.path) == 1 {
			whole := strings.Replace(where, " (", "."+s.path[0]+" (", 1)
			if wrong := misfitValue(whole, field, text[s.valueStart:s.valueEnd]); wrong != nil {
				return wrong
			}
		}
	}

	return nil
}

// unfolded is the inside of an inline table with a line for each of its keys.
func unfolded(inner []byte) []byte {
	text := bytes.Clone(inner)
	depth := 0
	for at := 0; at < len(text); at++ {
		switch text[at] {
		case '"', '\'':
			at = stringEnd(text, at) - 1
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		case ',':
			if depth == 0 {
				text[at] = '\n'
			}
		}
	}
	return text
}

var wholeNumber = regexp.MustCompile(`^[+-]?[0-9_]+$`)

func misfitValue(where string, target reflect.Type, value []byte) error {
	holder := reflect.New(reflect.StructOf([]reflect.StructField{{Name: "V", Type: target}}))
	err := toml.Unmarshal(slices.Concat([]byte("V = "), value), holder.Interface())
	if err == nil {
		return nil
	}

	var wanted string
	switch target.Kind() {
	case reflect.Int, reflect.Int64:
		wanted = "write a whole number"
		if wholeNumber.Match(value) {
			wanted = "the number is out of range"
		}
	case reflect.Float64:
		wanted = "write a number"
	case reflect.Bool:
		wanted = "write true or false, without quotes"
	case reflect.String:
		wanted = `write a text in quotes, as in "text"`
	case reflect.Slice:
		wanted = `write a list of texts, as in ["one", "two"]`
		if target.Elem().Kind() != reflect.String {
			wanted = `write a list, as in [{rpc_url = "https://…", ws_url = "wss://…"}]`
		}
	default:
		return nil
	}

	return fmt.Errorf("%s: %s", where, wanted)
}

// typeOf is the type of what a path names, inside the entries of a list too.
func typeOf(path []string) (reflect.Type, bool) {
	kind := reflect.TypeFor[Config]()
	for _, name := range path {
		if kind.Kind() == reflect.Slice || kind.Kind() == reflect.Pointer {
			kind = kind.Elem()
		}
		field, known := fieldType(kind, name)
		if !known {
			return nil, false
		}
		kind = field
	}
	if kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	return kind, true
}

func fieldType(kind reflect.Type, name string) (reflect.Type, bool) {
	if kind.Kind() != reflect.Struct {
		return nil, false
	}
	for _, field := range reflect.VisibleFields(kind) {
		if field.Tag.Get("toml") == name {
			return field.Type, true
		}
	}
	return nil, false
}

// keyNames are the keys there are, each with its section, and the sections.
func keyNames() (names []string) {
	for _, section := range reflect.VisibleFields(reflect.TypeFor[Config]()) {
		name := section.Tag.Get("toml")
		names = append(names, name)
		for _, key := range reflect.VisibleFields(section.Type) {
			names = append(names, name+"."+key.Tag.Get("toml"))
		}
	}
	return names
}

// lineOf is the line of a place in a text, from 1 on.
func lineOf(text []byte, at int) int { return 1 + bytes.Count(text[:at], []byte("\n")) }

// lines are where the keys of a valid text stand.
func lines(text []byte) map[string]int {
	places := map[string]int{}
	all, err := statements(text)
	if err != nil {
		return places // an error is then without a line
	}
	for i := range all {
		places[strings.Join(all[i].path, ".")] = lineOf(text, all[i].start)
	}
	return places
}
