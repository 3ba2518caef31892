package spinpet

import (
	"slices"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

// TestShapesAreOfTheKinds: every kind has its shape, which says the kind's name.
func TestShapesAreOfTheKinds(t *testing.T) {
	var kinds []market.Kind
	for _, shape := range New(ProgramID).(program.Shaped).Shapes() { //nolint:forcetypeassert // or the test fails
		kinds = append(kinds, shape.Kind)
		field, ok := shape.Type.FieldByName("EventType")
		if head, _ := shape.Type.FieldByName("EventHead"); !ok || field.Tag.Get("enum") != shape.Kind.String() || !head.Anonymous {
			t.Errorf("%s is described by %s", shape.Kind, shape.Type)
		}
	}
	slices.Sort(kinds)
	if want := market.KindsOf(Program); !slices.Equal(kinds, want) {
		t.Errorf("described are %v, want %v", kinds, want)
	}
}
