package rest

import (
	"github.com/danielgtaylor/huma/v2"

	"spinscope/backend/market"
	"spinscope/backend/program/registry"
)

// The parameters as OpenAPI describes them. What they mean is decided in query.go.

const keyPattern = "^[1-9A-HJ-NP-Za-km-z]{32,44}$"

func keyParam(name, description string, required bool) *huma.Param {
	return &huma.Param{
		Name: name, In: "query", Description: description, Required: required,
		Schema: &huma.Schema{Type: huma.TypeString, Pattern: keyPattern},
	}
}

func pathKey(name, description string) *huma.Param {
	return &huma.Param{
		Name: name, In: "path", Description: description, Required: true,
		Schema: &huma.Schema{Type: huma.TypeString, Pattern: keyPattern},
	}
}

func choiceParam(name, description string, required bool, choices ...string) *huma.Param {
	schema := &huma.Schema{Type: huma.TypeString, Enum: anys(choices)}
	if !required {
		schema.Default = choices[0]
	}
	return &huma.Param{Name: name, In: "query", Description: description, Required: required, Schema: schema}
}

// listParam is one that may be given several times.
func listParam(name, description string, maximum int, items huma.Schema) *huma.Param {
	return &huma.Param{
		Name: name, In: "query", Description: description + "; may be repeated", Explode: new(true),
		Schema: &huma.Schema{Type: huma.TypeArray, MinItems: new(1), MaxItems: &maximum, Items: &items},
	}
}

func pageParams() []*huma.Param {
	return []*huma.Param{
		{
			Name: "page", In: "query", Description: "Page number, from 1",
			Schema: &huma.Schema{Type: huma.TypeInteger, Minimum: new(1.0), Maximum: new(float64(maxWhole)), Default: 1},
		},
		{
			Name: "limit", In: "query", Description: "Entries a page; more than 1000 gives 1000",
			Schema: &huma.Schema{Type: huma.TypeInteger, Minimum: new(0.0), Default: defaultLimit},
		},
	}
}

func spanParams() []*huma.Param {
	return []*huma.Param{timeParam("from", "First block time, Unix seconds, inclusive"), timeParam("to", "Last block time, Unix seconds, inclusive")}
}

func timeParam(name, description string) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: description, Schema: &huma.Schema{Type: huma.TypeInteger, Format: "int64"}}
}

func intervalParam(required bool) *huma.Param {
	p := choiceParam("interval", "Length of a candle", true, market.IntervalNames(market.AllIntervals())...)
	if p.Required = required; !required {
		p.Schema.Default = market.M1.String()
	}
	return p
}

func anys(texts []string) []any {
	values := make([]any, len(texts))
	for i, text := range texts {
		values[i] = text
	}
	return values
}

func programParam(description string) *huma.Param {
	p := choiceParam("program", description, true, programNames()...)
	p.Required = false // without a default: all programs
	return p
}

// programNames are those of the programs that are understood.
func programNames() (names []string) {
	for _, id := range registry.All() {
		names = append(names, id.String())
	}
	return names
}

func stateParam() *huma.Param {
	p := choiceParam("state", "Only gaps in this state", true, "open", "filled", "unfillable")
	p.Required = false // without a default: all states
	return p
}
