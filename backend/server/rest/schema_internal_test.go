package rest

import (
	"encoding/json"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"spinscope/backend/market"
	"spinscope/backend/program/programtest"
	"spinscope/backend/wire"
)

// TestProgramWithoutShapesIsDescribed: the document has every field of its events, of the type that it is sent in.
func TestProgramWithoutShapesIsDescribed(t *testing.T) {
	r := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	schema := otherEvents(r, programtest.Toy{})
	head := r.SchemaFromRef(schema.AllOf[0].Ref)
	own := schema.AllOf[1]

	e := market.Event{
		Position: market.Position{Slot: 5}, Scale: 2, Price: market.Price(market.U64(7)),
		Body: &programtest.Swap{Mint: market.Pubkey{1}, User: market.Pubkey{2}, Base: 3, Reserve: 4, QuoteReserve: 5, Buys: true},
	}
	text, err := json.Marshal(wire.NewEvent(&e))
	if err != nil {
		t.Fatal(err)
	}

	var sent map[string]any
	if err := json.Unmarshal(text, &sent); err != nil {
		t.Fatal(err)
	}
	for name, value := range sent {
		property := own.Properties[name]
		if property == nil {
			property = head.Properties[name]
		}
		if property == nil {
			t.Errorf("%s is not described", name)
			continue
		}

		types := map[string]bool{property.Type: true}
		for _, one := range property.OneOf {
			types[one.Type] = true
		}

		switch value.(type) {
		case string:
			if !types[huma.TypeString] {
				t.Errorf("%s is sent as %v, described as %v", name, value, types)
			}
		case float64:
			if !types[huma.TypeInteger] {
				t.Errorf("%s is sent as %v, described as %v", name, value, types)
			}
		case bool:
			if !types[huma.TypeBoolean] {
				t.Errorf("%s is sent as %v, described as %v", name, value, types)
			}
		}
	}

	if len(sent) < 10 || len(own.Properties["event_type"].Enum) != 1 || own.Properties["program"].Enum[0] != "toy" {
		t.Errorf("sent %s, described %+v", text, own)
	}
}
