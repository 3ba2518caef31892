package metadata

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"spinscope/backend/market"
)

// errDocument is returned for bytes that are not a JSON object.
var errDocument = errors.New("not a JSON object")

// Limits of what is taken, in characters but for links, which are dropped whole above maxURI bytes.
const (
	maxDocument    = 256 << 10 // bytes
	maxName        = 128
	maxSymbol      = 32
	maxDescription = 2000
	maxCreatedOn   = 256
)

// Document is what a token's uri says of it. A field is nil when it is missing, of a wrong type or not acceptable.
type Document struct {
	Name        *string `json:"name,omitempty"`
	Symbol      *string `json:"symbol,omitempty"`
	Description *string `json:"description,omitempty"`
	Image       *string `json:"image,omitempty"` // as given: ipfs://, ar://, https:// or http://
	ShowName    *bool   `json:"showName,omitempty"`
	CreatedOn   *string `json:"createdOn,omitempty"`
	Twitter     *string `json:"twitter,omitempty"` // these three are http or https links, or empty
	Website     *string `json:"website,omitempty"`
	Telegram    *string `json:"telegram,omitempty"`
}

// parseDocument takes from a JSON object what is known and clean. Links may also stand under "extensions".
func parseDocument(data []byte) (*Document, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), &fields); err != nil {
		return nil, fmt.Errorf("%w: %w", errDocument, err)
	}
	if fields == nil {
		return nil, fmt.Errorf("%w: null", errDocument)
	}

	var extensions map[string]json.RawMessage
	_ = json.Unmarshal(fields["extensions"], &extensions) // of another type: no links there
	link := func(name string) *string {
		if found := textOf(fields[name], maxDocument, false); found != nil {
			return webLink(found)
		}
		return webLink(textOf(extensions[name], maxDocument, false))
	}

	return &Document{
		Name: textOf(fields["name"], maxName, false), Symbol: textOf(fields["symbol"], maxSymbol, false),
		Description: textOf(fields["description"], maxDescription, true), Image: pictureLink(fields["image"]),
		ShowName: boolOf(fields["showName"]), CreatedOn: textOf(fields["createdOn"], maxCreatedOn, false),
		Twitter: link("twitter"), Website: link("website"), Telegram: link("telegram"),
	}, nil
}

// textOf is the JSON string, cleaned and cut; nil if it is none.
func textOf(raw json.RawMessage, limit int, lines bool) *string {
	var text string
	if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &text) != nil {
		return nil
	}
	return new(clean(text, limit, lines))
}

// boolOf takes true and false, also written as strings.
func boolOf(raw json.RawMessage) *bool {
	value, err := strconv.ParseBool(strings.Trim(string(raw), `"`))
	if err != nil || len(raw) < len("true") { // 1, t
		return nil
	}
	return &value
}

// clean removes what cannot be seen and may deceive: control characters and those that turn the direction of writing.
// Line breaks stay where lines are wanted.
func clean(text string, limit int, lines bool) string {
	var out strings.Builder
	count := 0
	for _, c := range text {
		switch {
		case c == '\n' && lines, c == ' ':
		case unicode.IsSpace(c):
			c = ' '
		case c == utf8.RuneError, unicode.IsControl(c), unicode.Is(unicode.Bidi_Control, c), c == '\ufeff', market.Invisible(c):
			continue
		case count == 0 && unicode.IsMark(c): // it would sit on what stands before the text
			continue
		}

		if count++; count > limit {
			break
		}
		out.WriteRune(c)
	}

	return strings.TrimSpace(out.String())
}

// webLink passes http and https links and the empty text.
func webLink(text *string) *string {
	if text == nil || *text == "" {
		return text
	}
	if len(*text) > maxURI {
		return nil
	}
	if u, err := url.Parse(*text); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
		return nil
	}
	return text
}

// pictureLink passes what targets may fetch, and http links, which scripts may still want to see.
func pictureLink(raw json.RawMessage) *string {
	text := textOf(raw, maxDocument, false)
	if text == nil || *text == "" || isCID(*text) {
		return text
	}
	if len(*text) > maxURI {
		return nil
	}
	u, err := url.Parse(*text)
	if err != nil {
		return nil
	}
	switch u.Scheme {
	case "ipfs", "ar":
		return text
	}
	return webLink(text)
}
