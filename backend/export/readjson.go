package export

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

func readJSONL(text *bufio.Reader, take func(int64, *row, error) error) error {
	if startsWith(text, "[") {
		return fmt.Errorf("the file is one JSON array; JSON Lines is one object a line (jq -c '.[]' makes it so): %w", ErrNotEvents)
	}
	lines := bufio.NewScanner(text)
	lines.Buffer(make([]byte, 0, 64<<10), longestLine)
	r := newRow()
	line := int64(0)
	for lines.Scan() {
		line++
		if len(lines.Bytes()) == 0 {
			continue
		}
		if err := take(line, r, r.fillJSON(lines.Text())); err != nil {
			return err
		}
	}

	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("line %d is longer than %d bytes: %w", line+1, longestLine, ErrNotEvents)
	case err != nil:
		return fmt.Errorf("read line %d: %w", line+1, err)
	}

	return nil
}

// fillJSON reads one object. Members that are no columns are ignored.
func (r *row) fillJSON(text string) error {
	r.reset()
	if r.fillFlat(text) {
		return nil
	}
	return r.fillAny(text)
}

// fillAny reads what is valid JSON.
func (r *row) fillAny(text string) error {
	r.reset()
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &members); err != nil {
		return fmt.Errorf("not a JSON object: %w", err)
	}

	for name, value := range members {
		place, known := r.places[name]
		if !known || string(value) == "null" {
			continue
		}

		cell := string(value)
		switch value[0] {
		case '"':
			if err := json.Unmarshal(value, &cell); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		case '{', '[':
			return fmt.Errorf("%s is neither text nor a number", name)
		}

		r.put(place, cell)
	}

	return nil
}

// fillFlat reads an object as the exports write nearly all: whole numbers, flags, null, and ASCII text in which nothing is
// escaped, without spaces. It reads without reflection; encoding/json reads what this one gives up on.
func (r *row) fillFlat(text string) bool {
	rest, ok := strings.CutPrefix(text, "{")
	for ok {
		var name, value string
		if name, rest, ok = cutText(rest); !ok {
			return false
		}
		if rest, ok = strings.CutPrefix(rest, ":"); !ok || rest == "" {
			return false
		}

		isText := rest[0] == '"'
		if isText {
			value, rest, ok = cutText(rest)
		} else {
			value, rest, ok = cutWord(rest)
		}

		if !ok || rest == "" {
			return false
		}

		place, known := r.places[name]
		switch {
		case !known:
		case r.set[place]: // given twice
			return false
		case isText || value != "null":
			r.put(place, value)
		}

		switch rest[0] {
		case ',':
			rest = rest[1:]
		case '}':
			return rest == "}"
		default:
			return false
		}
	}

	return false
}

// cutText takes a JSON text off the front.
func cutText(rest string) (value, after string, ok bool) {
	if rest == "" || rest[0] != '"' {
		return "", "", false
	}
	for i := 1; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '"':
			return rest[1:i], rest[i+1:], true
		case c < ' ' || c == '\\' || c >= 0x80:
			return "", "", false
		}
	}
	return "", "", false
}

// cutWord takes a whole number, true, false or null off the front.
func cutWord(rest string) (value, after string, ok bool) {
	end := strings.IndexAny(rest, ",}")
	if end <= 0 {
		return "", "", false
	}

	value = rest[:end]
	switch value {
	case "true", "false", "null":
		return value, rest[end:], true
	}

	if len(value) > 1 && value[0] == '0' {
		return "", "", false
	}
	for i := range len(value) {
		if value[i] < '0' || value[i] > '9' {
			return "", "", false
		}
	}

	return value, rest[end:], true
}
