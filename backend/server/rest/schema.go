package rest

import (
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/registry"
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

// signedSchema describes wire.Signed and wire.Balance.
type signedSchema int64

// Schema implements huma.SchemaProvider.
func (signedSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Description: "A number up to 2^53 to either side of 0, a decimal string beyond",
		OneOf:       []*huma.Schema{{Type: huma.TypeInteger}, {Type: huma.TypeString, Pattern: "^-?[0-9]+$"}},
	}
}

// nullable lets fields be null that are pointers and are not left out instead. Of what is no plain type huma does not say it.
func nullable(schemas huma.Registry) {
	for name, schema := range schemas.Map() {
		of := schemas.TypeFromRef("#/components/schemas/" + name)
		if of == nil || of.Kind() != reflect.Struct {
			continue
		}
		for _, field := range reflect.VisibleFields(of) {
			named, options, _ := strings.Cut(field.Tag.Get("json"), ",")
			property := schema.Properties[named]
			if field.Type.Kind() == reflect.Pointer && property != nil && !strings.Contains(options, "omitempty") {
				schema.Properties[named] = orNull(schemas, property)
			}
		}
	}
}

// orNull is a schema that takes null too.
func orNull(schemas huma.Registry, property *huma.Schema) *huma.Schema {
	either := *property
	switch {
	case property.Ref != "":
		either = *schemas.SchemaFromRef(property.Ref)
		either.Nullable = true
	case len(property.OneOf) > 0:
		first := *property.OneOf[0]
		first.Nullable = true
		either.OneOf = append([]*huma.Schema{&first}, property.OneOf[1:]...)
	}
	return &either
}

// eventSchema describes wire.Event: one of the shapes that the programs' packages describe, told apart by event_type.
type eventSchema struct{}

// Schema implements huma.SchemaProvider.
func (eventSchema) Schema(r huma.Registry) *huma.Schema {
	schema := &huma.Schema{Discriminator: &huma.Discriminator{PropertyName: "event_type", Mapping: map[string]string{}}}
	for _, id := range registry.All() {
		plug, ok := registry.Of(id).(program.Shaped)
		if !ok {
			schema.OneOf = append(schema.OneOf, otherEvents(r, registry.Of(id)))
			continue
		}
		for _, shape := range plug.Shapes() {
			name := shape.Kind.String()
			ref := r.Schema(shape.Type, true, name)
			schema.OneOf = append(schema.OneOf, ref)
			schema.Discriminator.Mapping[name] = ref.Ref
		}
	}
	return schema
}

// otherEvents describes the events of a program that has no shapes by the columns that it exports them in.
func otherEvents(r huma.Registry, format program.Format) *huma.Schema {
	schema := &huma.Schema{Type: huma.TypeObject, Required: []string{"event_type", "program"}, Properties: map[string]*huma.Schema{
		"event_type": {Type: huma.TypeString}, "program": {Type: huma.TypeString, Enum: []any{format.ID().String()}},
	}}
	for _, kind := range market.KindsOf(format.ID()) {
		schema.Properties["event_type"].Enum = append(schema.Properties["event_type"].Enum, kind.String())
	}

	for _, column := range format.Columns() {
		property := &huma.Schema{Type: huma.TypeString}
		switch column.Type {
		case program.ColumnFlag:
			property.Type = huma.TypeBoolean
		case program.ColumnCount, program.ColumnInteger:
			property.Type = huma.TypeInteger
		case program.ColumnAmount:
			property = amountSchema(0).Schema(nil)
		case program.ColumnLabel, program.ColumnText, program.ColumnForeign, program.ColumnRaw, program.ColumnPrice:
		}
		schema.Properties[column.Name] = property
	}

	return &huma.Schema{AllOf: []*huma.Schema{r.Schema(reflect.TypeFor[program.EventHead](), true, ""), schema}}
}
