package pump

import (
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/programtest"
)

// TestShapes: each kind is described with the fields that its events name, in their order, each in the type that it is sent in.
func TestShapes(t *testing.T) {
	shapes := New().(program.Shaped).Shapes() //nolint:forcetypeassert // or the test fails
	for i, shape := range shapes {
		if want := market.KindsOf(Program)[i]; shape.Kind != want {
			t.Errorf("%s stands in the place of %s", shape.Kind, want)
		}
		if field, _ := shape.Type.FieldByName("EventType"); field.Tag.Get("enum") != shape.Kind.String() {
			t.Errorf("%s is described by %s", shape.Kind, shape.Type)
		}

		body := layouts[i].New()
		programtest.Fill(rand.New(rand.NewPCG(1, 1)), body)
		for _, quote := range []market.Pubkey{market.WrappedSOL, {1}} {
			if field := reflect.ValueOf(body).Elem().FieldByName("QuoteMint"); field.IsValid() {
				field.Set(reflect.ValueOf(quote))
			}
			var sent record
			program.EachField(&sent, body)

			described, optional := map[string]string{}, map[string]bool{}
			describe(shape.Type, described, optional)
			for _, one := range sent {
				if described[one[0]] != one[1] {
					t.Errorf("%s: %s is sent as %s, described as %s", shape.Kind, one[0], one[1], described[one[0]])
				}
				delete(described, one[0])
			}

			maps.DeleteFunc(described, func(name, _ string) bool { return optional[name] && quote != market.WrappedSOL })
			if len(described) > 0 {
				t.Errorf("%s: described and not sent: %v", shape.Kind, slices.Sorted(maps.Keys(described)))
			}
		}
	}
}

// describe collects the fields of a shape with their types, without those that every event has.
func describe(shape reflect.Type, types map[string]string, optional map[string]bool) {
	for field := range shape.Fields() {
		name, rest, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous && field.Type != reflect.TypeFor[program.EventHead]():
			describe(field.Type, types, optional)
		case field.Anonymous || name == "event_type" || name == "program":
		default:
			kind := field.Type
			if kind.Kind() == reflect.Pointer {
				kind = kind.Elem()
			}
			types[name] = kind.Name()
			optional[name] = rest == "omitempty"
		}
	}
}

// record takes the names and types of fields.
type record [][2]string

// Text implements program.Sink.
func (r *record) Text(name, _ string) { *r = append(*r, [2]string{name, "string"}) }

// Key implements program.Sink.
func (r *record) Key(name string, _ market.Pubkey) { *r = append(*r, [2]string{name, "string"}) }

// Number implements program.Sink.
func (r *record) Number(name string, _ uint64) { *r = append(*r, [2]string{name, "Amount"}) }

// Big implements program.Sink.
func (r *record) Big(name string, _ market.U128) { *r = append(*r, [2]string{name, "string"}) }

// Flag implements program.Sink.
func (r *record) Flag(name string, _ bool) { *r = append(*r, [2]string{name, "bool"}) }
