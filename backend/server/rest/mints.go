package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"spinscope/backend/market"
	"spinscope/backend/store"
	"spinscope/backend/wire"
)

// maxDetails is how many mints one request may ask about, and maxBody the bytes that they fit in.
const (
	maxDetails = 1000
	maxBody    = 128 << 10
)

// The values of which.
const (
	whichCreated = "created"
	whichAll     = "all"
)

func (a *API) mintRoutes() {
	add(a, get("/api/mints", "mints", "Mints", "A cursor stays right while new mints arrive; page numbers shift.",
		some(choiceParam("which", "created: mints that had a TokenCreated; all: those too that trade and were created before the stored history",
			false, whichCreated, whichAll),
			choiceParam("sort_by", "slot_desc and slot_asc are older names of created_desc and created_asc", false,
				"created_desc", "created_asc", "last_trade_desc", "volume_desc", "slot_desc", "slot_asc"),
			&huma.Param{
				Name: "cursor", In: "query", Description: "next_cursor of the page before; page is then ignored",
				Schema: &huma.Schema{Type: huma.TypeString},
			}), pageParams()), a.mints)

	details := route{
		method: http.MethodPost, path: "/api/details", tag: "mints", summary: "Everything known of some mints",
		description: "Mints that are not known are left out.",
	}
	huma.Register(a.huma, a.operation(details), a.details)
	a.huma.OpenAPI().Paths["/api/details"].Post.RequestBody = &huma.RequestBody{
		Required: true,
		Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{
			Type:     huma.TypeObject,
			Required: []string{"mints"},
			Properties: map[string]*huma.Schema{"mints": {
				Type: huma.TypeArray, MinItems: new(1), MaxItems: new(maxDetails),
				Items: &huma.Schema{Type: huma.TypeString, Pattern: keyPattern},
			}},
		}}},
	}
}

// The orders of mints by name; the first is the default. The last two are spin-server's names for the first two.
var (
	mintSortNames = []string{"created_desc", "created_asc", "last_trade_desc", "volume_desc", "slot_desc", "slot_asc"}
	mintSorts     = map[string]store.MintSort{
		"created_desc": store.CreatedDesc, "created_asc": store.CreatedAsc, "last_trade_desc": store.LastTradeDesc,
		"volume_desc": store.VolumeDesc, "slot_desc": store.CreatedDesc, "slot_asc": store.CreatedAsc,
	}
)

func (a *API) mints(ctx context.Context, q *query) (*wire.Mints, error) {
	which := q.choice("which", whichCreated, whichAll)
	name := q.choice("sort_by", mintSortNames...)
	cursor, _ := q.one("cursor")
	page, limit := q.paging()
	if q.err != nil {
		return nil, q.err
	}

	offset := wire.Offset(page, limit)
	if cursor != "" {
		offset = 0
	}
	found, err := a.deps.Reader.Mints(ctx, store.MintQuery{
		Sort: mintSorts[name], All: which == whichAll, Cursor: cursor, Offset: offset, Limit: limit,
	})
	if errors.Is(err, store.ErrCursor) {
		return nil, bad("cursor", "%.60q is not a cursor of this list", cursor)
	}

	if err != nil {
		return nil, err
	}

	answer := &wire.Mints{Mints: make([]string, len(found.Tokens)), Paging: wire.NewPaging(found.Total, page, limit), SortBy: name}
	for i := range found.Tokens {
		answer.Mints[i] = found.Tokens[i].Mint.String()
	}

	if found.NextCursor != "" {
		answer.NextCursor = &found.NextCursor
	}
	if cursor != "" {
		answer.HasPrev, answer.HasNext = true, found.NextCursor != ""
	}

	return answer, nil
}

// detailsRequest takes the body itself: huma's own errors would not be envelopes.
type detailsRequest struct {
	body []byte
	err  error
}

// Resolve implements huma.Resolver.
func (d *detailsRequest) Resolve(ctx huma.Context) []error {
	d.body, d.err = io.ReadAll(io.LimitReader(ctx.BodyReader(), maxBody+1))
	return nil
}

func (a *API) details(ctx context.Context, request *detailsRequest) (*answer[*wire.Details], error) {
	mints, err := request.mints()
	if err != nil {
		return nil, err
	}
	tokens, err := a.deps.Reader.Tokens(ctx, mints)
	if err != nil {
		return nil, a.fail(ctx, "/api/details", err)
	}
	data := &wire.Details{Details: make([]wire.Detail, len(tokens)), Total: len(tokens)}
	for i := range tokens {
		data.Details[i] = wire.NewDetail(&tokens[i])
		data.Details[i].Add(&tokens[i], mintInfo(a.deps.Mints, tokens[i].Mint))
		if a.deps.Metadata != nil {
			data.Details[i].URIData = a.deps.Metadata.URIData(tokens[i].Mint)
		}
	}
	return &answer[*wire.Details]{wire.Envelope[*wire.Details]{Success: true, Data: data, Message: wire.Success}}, nil
}

func (d *detailsRequest) mints() ([]market.Pubkey, error) {
	if d.err != nil {
		return nil, bad("body", "could not be read")
	}
	if len(d.body) > maxBody {
		return nil, &failure{http.StatusRequestEntityTooLarge, "body: more than 131072 bytes"}
	}

	var body struct {
		Mints []string `json:"mints"`
	}
	if err := json.Unmarshal(d.body, &body); err != nil {
		return nil, bad("mints", `the body is not JSON of the form {"mints": ["ADDRESS", ...]}`)
	}

	switch count := len(body.Mints); {
	case count == 0:
		return nil, bad("mints", "missing or empty")
	case count > maxDetails:
		return nil, bad("mints", "%d given, at most %d are taken", count, maxDetails)
	}

	mints := make([]market.Pubkey, 0, len(body.Mints))
	seen := make(map[market.Pubkey]bool, len(body.Mints))
	for i, text := range body.Mints {
		mint, err := market.ParsePubkey(text)
		if err != nil {
			return nil, bad("mints", "entry %d: %v", i, err)
		}
		if !seen[mint] {
			seen[mint] = true
			mints = append(mints, mint)
		}
	}

	return mints, nil
}

// token is what is stored of one mint; false when nothing is.
func (a *API) token(ctx context.Context, mint market.Pubkey) (token market.Token, known bool, err error) {
	tokens, err := a.deps.Reader.Tokens(ctx, []market.Pubkey{mint})
	switch {
	case err != nil:
		return token, false, fmt.Errorf("read %s: %w", mint, err)
	case len(tokens) == 0:
		return token, false, nil
	}
	return tokens[0], true, nil
}
