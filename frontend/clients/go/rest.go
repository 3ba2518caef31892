package spinscope

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

const (
	restTimeout = 15 * time.Second
	pageSize    = 1000
	attempts    = 5
	firstDelay  = 250 * time.Millisecond
	maxAnswer   = 256 << 20 // bytes
)

// rest is the REST side of a server.
type rest struct {
	base, token string
	http        *http.Client
}

// get reads an answer, whole.
func (r *rest) get(ctx context.Context, path string, query url.Values) ([]byte, error) {
	asking, cancel := context.WithTimeout(ctx, restTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(asking, http.MethodGet, r.base+path+"?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	if r.token != "" {
		request.Header.Set("Authorization", "Bearer "+r.token)
	}

	answer, err := r.http.Do(request)
	if err != nil {
		return nil, cmp.Or(ctx.Err(), error(&UnreachableError{err}))
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return nil, cmp.Or(ctx.Err(), error(&UnreachableError{err}))
	}
	if answer.StatusCode == http.StatusOK {
		return text, nil
	}
	var said struct{ Message, Detail string }
	_ = json.Unmarshal(text, &said) // a proxy says something else
	return nil, &HTTPError{answer.StatusCode, cmp.Or(said.Message, said.Detail, answer.Status)}
}

// data takes the data out of an answer.
func (r *rest) data(ctx context.Context, path string, query url.Values, data any) error {
	text, err := r.get(ctx, path, query)
	if err != nil {
		return err
	}
	var envelope struct {
		Success bool
		Data    json.RawMessage
		Message string
	}
	if err := json.Unmarshal(text, &envelope); err != nil || !envelope.Success {
		return fmt.Errorf("the answer is not one of Spinscope: %.200s", text)
	}
	return json.Unmarshal(envelope.Data, data)
}

// page is a page of candles.
type page struct {
	Klines  []Candle `json:"klines"`
	HasNext bool     `json:"has_next"`
	Position
}

// page reads one, newest first unless it is to be ascending, 1000 candles at most.
func (r *rest) page(ctx context.Context, mint, interval string, want Range, ascending bool) (*page, error) {
	order := "time_desc"
	if ascending {
		order = "time_asc"
	}
	limit := pageSize
	if want.Limit > 0 {
		limit = min(want.Limit, pageSize)
	}
	query := url.Values{"mint": {mint}, "interval": {interval}, "order_by": {order}, "limit": {strconv.Itoa(limit)}}
	want.bounds(query)
	return patiently(ctx, func() (*page, error) {
		var found page
		return &found, r.data(ctx, "/api/kline", query, &found)
	})
}

func (want Range) bounds(query url.Values) {
	if want.From != nil {
		query.Set("from", strconv.FormatInt(*want.From, 10))
	}
	if want.To != nil {
		query.Set("to", strconv.FormatInt(*want.To, 10))
	}
}

func (r *rest) bars(ctx context.Context, mint, interval string, want Range) (*Bars, error) {
	for range 3 {
		bars, err := r.barsOnce(ctx, mint, interval, want)
		if !errors.Is(err, ErrStoreChanged) {
			return bars, err
		}
	}
	return nil, ErrStoreChanged
}

func (r *rest) barsOnce(ctx context.Context, mint, interval string, want Range) (*Bars, error) {
	bars := &Bars{}

	// From the newest back: what trades meanwhile moves no page that is still to be read.
	ask := want
	for first := true; ; first = false {
		if want.Limit > 0 {
			ask.Limit = want.Limit - len(bars.Candles)
		}
		found, err := r.page(ctx, mint, interval, ask, false)
		if err != nil {
			return nil, err
		}
		if first {
			bars.Position = found.Position
		} else if found.Store != bars.Store {
			return nil, ErrStoreChanged
		}
		bars.Candles = append(bars.Candles, found.Klines...)
		if len(found.Klines) == 0 || !found.HasNext || want.Limit > 0 && len(bars.Candles) >= want.Limit {
			break
		}
		before := found.Klines[len(found.Klines)-1].Time - 1
		ask.To = &before
	}
	slices.Reverse(bars.Candles)

	// A gap may lie among them: from the first that was wanted, to the end of the last.
	if want.Limit > 0 && len(bars.Candles) > 0 {
		begin := bars.Candles[0].Time
		if want.From == nil || *want.From < begin {
			want.From = &begin
		}
	}
	if want.To != nil {
		end := *want.To + seconds(interval)
		want.To = &end
	}
	var err error
	bars.Gaps, err = r.gaps(ctx, mint, want)
	return bars, err
}

// gaps reads those that were not filled, of the program and of a mint, as far as they may lie in a stretch of time.
func (r *rest) gaps(ctx context.Context, mint string, within Range) ([]Gap, error) {
	query := url.Values{"mint": {mint}, "kind": {"gaps"}, "format": {"jsonl"}}
	within.bounds(query)
	text, err := patiently(ctx, func() ([]byte, error) { return r.get(ctx, "/api/export", query) })
	if err != nil {
		return nil, err
	}
	var gaps []Gap
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		var gap Gap
		if err := json.Unmarshal(lines.Bytes(), &gap); err != nil {
			return nil, err
		}
		if gap.State != "filled" {
			gaps = append(gaps, gap)
		}
	}
	return gaps, lines.Err()
}

// patiently tries again what may succeed later, a few times.
func patiently[T any](ctx context.Context, ask func() (T, error)) (T, error) {
	delay := firstDelay
	for attempt := 1; ; attempt++ {
		found, err := ask()
		if err == nil || !passing(err) || attempt == attempts {
			return found, err
		}
		if err := pause(ctx, delay); err != nil {
			return found, err
		}
		delay *= 2
	}
}

// pause waits, or returns the context's error.
func pause(ctx context.Context, length time.Duration) error {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// seconds is how long a candle of an interval is, such as 300 of m5.
func seconds(interval string) int64 {
	if len(interval) < 2 {
		return 0
	}
	count, _ := strconv.ParseInt(interval[1:], 10, 64)
	return count * map[byte]int64{'s': 1, 'm': 60, 'h': 3600, 'd': 86400, 'w': 604800}[interval[0]]
}
