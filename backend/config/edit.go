package config

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// errEdit is returned for a text in which a value cannot be put in place.
var errEdit = errors.New("cannot edit the text")

// statement is a header or a "key = value" of a TOML text that the parser has taken. Blank and comment lines are none.
type statement struct {
	start, end           int // with the rest of its last line
	path                 []string
	header, array        bool // [path], [[path]]
	valueStart, valueEnd int
}

// edit puts values into a TOML text and leaves everything else as it is.
func edit(text []byte, list []change) ([]byte, error) {
	text = bytes.Clone(text)
	for _, c := range list {
		literal, err := literal(c.value)
		if err != nil {
			return nil, err
		}
		if text, err = put(text, c.section, c.key, literal); err != nil {
			return nil, err
		}
	}
	return text, nil
}

// put writes section.key = literal where the key stands, else at the end of its section, else in a new section.
func put(text []byte, section, key, literal string) ([]byte, error) {
	all, err := statements(text)
	if err != nil {
		return nil, err
	}

	path := []string{section, key}
	for i := len(all) - 1; i >= 0; i-- { // a list written as [[section.key]] tables
		if len(all[i].path) < 2 || !slices.Equal(all[i].path[:2], path) || (!all[i].array && len(all[i].path) == 2) {
			continue
		}
		text = slices.Delete(text, all[i].start, all[i].end)
	}

	if all, err = statements(text); err != nil {
		return nil, err
	}
	last := -1 // the last statement of the section
	for i, s := range all {
		switch {
		case !s.header && slices.Equal(s.path, path):
			return slices.Replace(text, s.valueStart, s.valueEnd, []byte(literal)...), nil
		case s.header && !s.array && slices.Equal(s.path, path[:1]):
			last = i
		case last >= 0 && last == i-1 && !s.header:
			last = i
		}
	}

	line := key + " = " + literal + "\n"
	if last >= 0 {
		if at := all[last].end; at == len(text) && !bytes.HasSuffix(text, []byte("\n")) {
			line = "\n" + line
		}
		return slices.Insert(text, all[last].end, []byte(line)...), nil
	}

	if len(text) > 0 && !bytes.HasSuffix(text, []byte("\n")) {
		text = append(text, '\n')
	}
	if len(bytes.TrimSpace(text)) > 0 && !bytes.HasSuffix(text, []byte("\n\n")) {
		text = append(text, '\n')
	}

	return append(text, "["+section+"]\n"+line...), nil
}

// statements finds the headers and keys of a valid text. Its mistakes are found by reading the result.
func statements(text []byte) (list []statement, err error) {
	var under []string
	for at := 0; at < len(text); {
		at = skip(text, at, " \t\r\n")
		if at == len(text) {
			break
		}
		if text[at] == '#' {
			at = lineEnd(text, at)
			continue
		}

		s := statement{start: at, header: text[at] == '['}
		stop := "="
		if s.header {
			s.array = bytes.HasPrefix(text[at:], []byte("[["))
			at, stop = skip(text, at, "["), "]"
		}

		names, end := keyPath(text, at, stop)
		if end == len(text) || len(names) == 0 {
			return nil, fmt.Errorf("%w at byte %d", errEdit, s.start)
		}

		if s.header {
			under, s.path = names, names
			at = end
		} else {
			s.path = append(slices.Clone(under), names...)
			s.valueStart = skip(text, end+1, " \t")
			s.valueEnd = valueEnd(text, s.valueStart)
			at = s.valueEnd
		}

		s.end = lineEnd(text, at)
		list = append(list, s)
		at = s.end
	}

	return list, nil
}

// keyPath reads a dotted key up to stop and returns where that stands.
func keyPath(text []byte, at int, stop string) (names []string, end int) {
	for at < len(text) {
		at = skip(text, at, " \t.")
		switch {
		case at == len(text):
		case strings.IndexByte(stop, text[at]) >= 0:
			return names, at
		case text[at] == '"' || text[at] == '\'':
			end := stringEnd(text, at)
			names = append(names, string(text[at+1:max(at+1, end-1)]))
			at = end
		default:
			end := at
			for end < len(text) && !strings.ContainsRune(" \t.=]\n", rune(text[end])) {
				end++
			}
			if end == at {
				return nil, len(text)
			}
			names = append(names, string(text[at:end]))
			at = end
		}
	}

	return names, at
}

// valueEnd is where the value that begins at at has ended, without the blanks behind it.
func valueEnd(text []byte, at int) int {
	depth, end := 0, at
	for at < len(text) {
		switch c := text[at]; {
		case c == '"' || c == '\'':
			at = stringEnd(text, at)
			end = at
			continue
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			depth--
		case c == '\n' && depth == 0, c == '#' && depth == 0:
			return end
		case c == '#':
			at = lineEnd(text, at)
			continue
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			at++
			continue
		}

		at++
		end = at
	}

	return end
}

// stringEnd is the place behind the string that begins at at, of any of the four kinds.
func stringEnd(text []byte, at int) int {
	quote := text[at]
	mark := []byte{quote}
	if triple := bytes.Repeat(mark, 3); bytes.HasPrefix(text[at:], triple) {
		mark = triple
	}

	for i := at + len(mark); i < len(text); i++ {
		switch {
		case quote == '"' && text[i] == '\\':
			i++
		case bytes.HasPrefix(text[i:], mark):
			end := i + len(mark)
			for len(mark) == 3 && end < len(text) && text[end] == quote { // up to two more may belong to it
				end++
			}
			return end
		}
	}

	return len(text)
}

func skip(text []byte, at int, set string) int {
	for at < len(text) && strings.IndexByte(set, text[at]) >= 0 {
		at++
	}
	return at
}

// lineEnd is the begin of the next line.
func lineEnd(text []byte, at int) int {
	if i := bytes.IndexByte(text[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(text)
}

// literal writes a value as TOML.
func literal(value reflect.Value) (string, error) {
	switch value.Kind() {
	case reflect.String:
		return quote(value.String()), nil
	case reflect.Bool:
		return strconv.FormatBool(value.Bool()), nil
	case reflect.Int, reflect.Int64:
		return strconv.FormatInt(value.Int(), 10), nil
	case reflect.Slice:
		items := []string{}
		for i := range value.Len() {
			item := value.Index(i)
			if endpoint, ok := item.Interface().(Endpoint); ok {
				items = append(items, "{rpc_url = "+quote(endpoint.RPCURL)+", ws_url = "+quote(endpoint.WSURL)+"}")
				continue
			}
			text, err := literal(item)
			if err != nil {
				return "", err
			}
			items = append(items, text)
		}

		if len(items) > 0 && strings.HasPrefix(items[0], "{") { // one a line
			return "[\n    " + strings.Join(items, ",\n    ") + ",\n]", nil
		}
		return "[" + strings.Join(items, ", ") + "]", nil
	default:
		return "", fmt.Errorf("%w: a %s", errEdit, value.Kind())
	}
}

// quote writes a TOML basic string.
func quote(text string) string {
	var out strings.Builder
	out.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			out.WriteByte('\\')
			out.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&out, `\u%04X`, r)
		default:
			out.WriteRune(r)
		}
	}
	out.WriteByte('"')
	return out.String()
}
