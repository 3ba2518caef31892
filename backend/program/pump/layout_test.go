package pump

import (
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/programtest"
)

var layouts = []programtest.Layout{
	{New: func() program.Growing { return new(Trade) }, Sizes: []int{113, 129, 225, 258, 262, 263, 279, 355, 371, 379}},
	{New: func() program.Growing { return new(Create) }, Sizes: []int{116, 188, 221, 222, 262, 272}},
	{New: func() program.Growing { return new(Complete) }, Sizes: []int{112, 144}},
	{New: func() program.Growing { return new(PostCompleteBuy) }, Sizes: []int{232}},
	{New: func() program.Growing { return new(Migration) }, Sizes: []int{168, 200}},
}

func TestLayouts(t *testing.T) { programtest.Layouts(t, layouts, Decode) }

// TestRecordedEvents decodes every recorded event of the program and expects what the recordings' own decoder finds.
func TestRecordedEvents(t *testing.T) {
	names := map[string]string{
		"fee_basis_points": "FeeBasisPoints", "holder_rewards_bps": "HolderRewardsBasisPoints", "creator_fee_bps": "CreatorFeeBasisPoints",
	}
	recorded := programtest.Events(t, ProgramID.String())
	kinds := map[market.Kind]int{}
	for _, one := range recorded {
		body, err := Decode(one.Data)
		if err != nil {
			t.Errorf("%s: %s: %v", one.Source, one.Event, err)
			continue
		}

		kinds[body.Kind()]++
		if got := loggedName(body); got != one.Event {
			t.Errorf("%s: %s is taken for %s", one.Source, one.Event, got)
		}
		for _, difference := range programtest.Differences(body, one.Fields, names) {
			t.Errorf("%s: %s: %s", one.Source, one.Event, difference)
		}

		if again := Append(nil, body); string(again) != string(one.Data) {
			t.Errorf("%s: %s of %d bytes was written back as %d", one.Source, one.Event, len(one.Data), len(again))
		}
	}

	for _, layout := range layouts {
		if kind := layout.New().Kind(); kinds[kind] == 0 {
			t.Errorf("no %s was recorded: the test looks at less than it says", kind)
		}
	}
}

// loggedName is what the program itself calls an event.
func loggedName(body market.Body) string {
	if body.Kind() == KindComplete {
		return "CompleteEvent" // answers call it Graduated
	}
	return body.Kind().String() + "Event"
}

func FuzzDecode(f *testing.F) {
	for _, layout := range layouts {
		f.Add(Append(nil, layout.New()))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		body, err := Decode(data)
		if err != nil {
			return
		}
		if again := Append(nil, body); string(again) != string(data) {
			t.Fatalf("%x was written back as %x", data, again)
		}
	})
}
