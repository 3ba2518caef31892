package rest

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"spinscope/backend/wire"
)

// amountSchema describes wire.Amount and wire.Sum.
type amountSchema uint64

// Schema implements huma.SchemaProvider.
func (amountSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Description: "A number up to 2^53, a decimal string above",
		OneOf:       []*huma.Schema{{Type: huma.TypeInteger, Minimum: new(0.0)}, {Type: huma.TypeString, Pattern: "^[0-9]+$"}},
	}
}

// eventSchema describes wire.Event: one of seven shapes, told apart by event_type.
type eventSchema struct{}

// Schema implements huma.SchemaProvider.
func (eventSchema) Schema(r huma.Registry) *huma.Schema {
	schema := &huma.Schema{Discriminator: &huma.Discriminator{PropertyName: "event_type", Mapping: map[string]string{}}}
	for _, shape := range []struct {
		name string
		typ  reflect.Type
	}{
		{"TokenCreated", reflect.TypeFor[wire.TokenCreatedEvent]()},
		{"BuySell", reflect.TypeFor[wire.BuySellEvent]()},
		{"LongShort", reflect.TypeFor[wire.LongShortEvent]()},
		{"ForceLiquidate", reflect.TypeFor[wire.ForceLiquidateEvent]()},
		{"FullClose", reflect.TypeFor[wire.FullCloseEvent]()},
		{"PartialClose", reflect.TypeFor[wire.PartialCloseEvent]()},
		{"MilestoneDiscount", reflect.TypeFor[wire.MilestoneDiscountEvent]()},
	} {
		ref := r.Schema(shape.typ, true, shape.name)
		schema.OneOf = append(schema.OneOf, ref)
		schema.Discriminator.Mapping[shape.name] = ref.Ref
	}
	return schema
}
