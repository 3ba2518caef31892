package programtest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"

	"spinscope/backend/market"
)

const unnamed = ", others find none"

// Differences compares a body with the fields that were found by others. names gives the body's field for theirs where
// it is not the same word; "" for a field that is not compared. Fields that others do not name must be zero.
func Differences(body market.Body, fields map[string]json.RawMessage, names map[string]string) (list []string) {
	values := map[string]reflect.Value{}
	flatten(reflect.ValueOf(body).Elem(), values)
	for theirs, want := range fields {
		name, renamed := names[theirs]
		if !renamed {
			name = strings.ReplaceAll(theirs, "_", "")
		}
		if name == "" {
			continue
		}

		value, ok := values[strings.ToLower(name)]
		if !ok {
			list = append(list, fmt.Sprintf("%s has no field for %s", body.Kind(), theirs))
			continue
		}

		delete(values, strings.ToLower(name))
		if got := text(value); got != plain(want) {
			list = append(list, fmt.Sprintf("%s is %s, want %s", theirs, got, plain(want)))
		}
	}

	for name, value := range values {
		if !value.IsZero() {
			list = append(list, fmt.Sprintf("%s is %s%s", name, text(value), unnamed))
		}
	}

	return list
}

// flatten lists a struct's fields by name, those of embedded ones too, but for the tail.
func flatten(v reflect.Value, into map[string]reflect.Value) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		switch {
		case field.Name == "Tail":
		case field.Anonymous:
			flatten(v.Field(i), into)
		default:
			into[strings.ToLower(field.Name)] = v.Field(i)
		}
	}
}

// text is a value as the recordings' decoder prints it.
func text(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case bool:
		if x {
			return "1"
		}
		return "0"
	case fmt.Stringer:
		return x.String()
	case string:
		return x
	}

	if v.Kind() == reflect.Slice {
		parts := make([]string, v.Len())
		for i := range parts {
			element := v.Index(i)
			parts[i] = text(element.Field(0)) + "," + text(element.Field(1))
		}
		return "[" + strings.Join(parts, ",") + "]"
	}

	return fmt.Sprint(v.Interface())
}

func plain(value json.RawMessage) string {
	var s string
	if json.Unmarshal(value, &s) == nil {
		return s
	}
	return strings.NewReplacer(" ", "", "\"", "", "[[", "[", "]]", "]", "],[", ",").Replace(string(value))
}

// Fill sets every field of a struct but the tail at random: small numbers, large ones, and those at the edges.
func Fill(r *rand.Rand, target any) { fill(r, reflect.ValueOf(target).Elem()) }

func fill(r *rand.Rand, v reflect.Value) {
	for i := range v.NumField() {
		field := v.Field(i)
		if v.Type().Field(i).Name == "Tail" || !v.Type().Field(i).IsExported() {
			continue
		}

		switch field.Kind() {
		case reflect.Struct:
			fill(r, field)
		case reflect.Bool:
			field.SetBool(r.IntN(2) == 1)
		case reflect.String:
			field.SetString([]string{"", "buy", "sell", "buy_exact_quote_in", "a coin", "ä漢🐸", strings.Repeat("x", r.IntN(300))}[r.IntN(7)])
		case reflect.Array: // an address
			if r.IntN(4) > 0 {
				for j := range field.Len() {
					field.Index(j).SetUint(uint64(r.Uint32() & 0xff))
				}
			}
		case reflect.Slice:
			field.Set(reflect.MakeSlice(field.Type(), r.IntN(4), 3))
			for j := range field.Len() {
				fill(r, field.Index(j))
			}
		case reflect.Int64:
			field.SetInt(int64(word(r))) //nolint:gosec // any bits
		default:
			field.SetUint(word(r) & (1<<field.Type().Bits() - 1))
		}
	}
}

func word(r *rand.Rand) uint64 {
	switch r.IntN(8) {
	case 0:
		return 0
	case 1:
		return ^uint64(0)
	}
	return r.Uint64() >> r.IntN(64)
}
