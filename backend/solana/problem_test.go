package solana

import (
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/valyala/fastjson"

	"spinscope/backend/market"
)

// problemForms are the forms that an error has in the answers of nodes, providers and gateways.
var problemForms = []struct {
	name, answer string
	code         int
	text         string // of the error
	limit        bool
}{
	{"as it should be", `{"error":{"code":-32602,"message":"Invalid param: WrongSize"}}`, -32602, "rpc error -32602: Invalid param: WrongSize", false},
	{"with data", `{"error":{"code":-32603,"message":"Internal error","data":"shard 7 is away"}}`, -32603, "rpc error -32603: Internal error: shard 7 is away", false},
	{"with data that says the same", `{"error":{"code":1,"message":"no","data":{"message":"no"}}}`, 1, "rpc error 1: no", false},
	{"with data for programs", `{"error":{"code":-32016,"message":"Minimum context slot has not been reached","data":{"contextSlot":7}}}`, -32016, "rpc error -32016: Minimum context slot has not been reached", false},
	{"a text", `{"error":"method is not in your plan"}`, 0, "rpc error: method is not in your plan", false},
	{"a text code", `{"error":{"code":"FORBIDDEN","message":"method is not in your plan"}}`, 0, "rpc error: FORBIDDEN: method is not in your plan", false},
	{"a number in quotes", `{"error":{"code":"-32602","message":"bad"}}`, -32602, "rpc error -32602: bad", false},
	{"a code only", `{"error":{"code":-32001}}`, -32001, "rpc error -32001", false},
	{"a text code only", `{"error":{"code":"FORBIDDEN"}}`, 0, "rpc error: FORBIDDEN", false},
	{"a number", `{"error":403}`, 403, "rpc error 403", false},
	{"a message only", `{"error":{"message":"bad"}}`, 0, "rpc error: bad", false},
	{"an object for a message", `{"error":{"code":5,"message":{"detail":"bad"}}}`, 5, "rpc error 5: bad", false},
	{"an error in it", `{"error":{"error":{"code":-32000,"message":"bad"}}}`, -32000, "rpc error -32000: bad", false},
	{"a list", `{"error":[{"message":"bad"},{"message":"worse"}]}`, 0, "rpc error: bad", false},
	{"words beside it", `{"error":true,"message":"bad"}`, 0, "rpc error: bad", false},
	{"a name beside it", `{"error":"Forbidden","code":"E403"}`, 0, "rpc error: E403: Forbidden", false},
	{"nothing to read", `{"error":{"x":[1]}}`, 0, `rpc error: {"x":[1]}`, false},
	{"an empty one", `{"error":{}}`, 0, "rpc error: {}", false},

	{"429", `{"error":{"code":429,"message":"slow down"}}`, 429, "rpc error 429: slow down", true},
	{"429 as text", `{"error":{"code":"429","message":"slow down"}}`, 429, "rpc error 429: slow down", true},
	{"-32429", `{"error":{"code":-32429,"message":"slow down"}}`, -32429, "rpc error -32429: slow down", true},
	{"-32005 of a provider", `{"error":{"code":-32005,"message":"daily request count exceeded, request rate limited"}}`, -32005, "rpc error -32005: daily request count exceeded, request rate limited", true},
	{"-32005 too", `{"error":{"code":-32005,"message":"limit exceeded"}}`, -32005, "rpc error -32005: limit exceeded", true},
	{"-32005 of a node", `{"error":{"code":-32005,"message":"Node is behind by 42 slots","data":{"numSlotsBehind":42}}}`, -32005, "rpc error -32005: Node is behind by 42 slots", false},
	{"-32007 of a provider", `{"error":{"code":-32007,"message":"50/second request limit reached - reduce calls per second or upgrade"}}`, -32007, "rpc error -32007: 50/second request limit reached - reduce calls per second or upgrade", true},
	{"-32007 of a node", `{"error":{"code":-32007,"message":"Slot 5 was skipped, or missing due to ledger jump to recent snapshot"}}`, -32007, "rpc error -32007: Slot 5 was skipped, or missing due to ledger jump to recent snapshot", false},
	{"words", `{"error":"Too many requests, please try again later"}`, 0, "rpc error: Too many requests, please try again later", true},
	{"other words", `{"error":{"code":-32000,"message":"You have exceeded the rate limit"}}`, -32000, "rpc error -32000: You have exceeded the rate limit", true},
	{"a limit of something else", `{"error":{"code":-32602,"message":"Invalid limit; max 1000"}}`, -32602, "rpc error -32602: Invalid limit; max 1000", false},
}

func TestReadProblem(t *testing.T) {
	for _, form := range problemForms {
		e := readProblem(fastjson.MustParse(form.answer))
		if e == nil || e.code != form.code || e.Error() != form.text || e.isLimit() != form.limit {
			t.Errorf("%s: %+v %v, want code %d, %q, limit %v", form.name, e, e, form.code, form.text, form.limit)
		}
	}
	for _, fine := range []string{`{"result":1}`, `{"result":1,"error":null}`, `{"result":1,"error":false}`, `[]`, `null`, `5`, `"error"`} {
		if e := readProblem(fastjson.MustParse(fine)); e != nil {
			t.Errorf("%s: %v", fine, e)
		}
	}
}

// TestProviderWordsSurvive: whatever form an error has, it comes whole through a request, alone and in a batch, without
// keys, and never too long.
func TestProviderWordsSurvive(t *testing.T) {
	const key = "sekret/key+77"
	bodies := map[string]string{}
	for _, form := range problemForms {
		bodies[form.name] = form.answer
	}

	maps.Copy(bodies, map[string]string{
		"a page":           "<!DOCTYPE html><html><head><title>Attention Required!</title><style>a{}</style></head><body><h1>Sorry, you have been blocked</h1></body></html>",
		"a message":        `{"message":"You have been blocked"}`,
		"a name":           `{"statusCode":403,"error":"You have been blocked"}`,
		"plain":            "You have been blocked",
		"a very long page": "<p>You have been blocked</p>" + strings.Repeat("<p>because of what you are &amp; do</p>", 5000),
	})
	for name, body := range bodies {
		for _, status := range []int{200, 403, 500} {
			for _, says := range []string{"", key, "sekret%2Fkey%2B77", "sekret%2fkey%2b77", `sekret\/key+77`} {
				text := body
				if says != "" { // the key is repeated where the words are
					text = strings.NewReplacer(`":"`, `":"`+says+" ", "blocked", says+" blocked").Replace(body)
				}
				c := testRPC(t, func(w http.ResponseWriter, _ *http.Request) {
					w.WriteHeader(status)
					_, _ = io.WriteString(w, text)
				})
				c.scrub = newScrubber("https://host/?api-key=sekret%2Fkey%2B77")

				var slots [2]market.Slot
				one, two := slotCall(Confirmed, &slots[0]), slotCall(Confirmed, &slots[1])
				err := c.do(t.Context(), 1, one, two)
				if err == nil {
					err = one.err
				}

				c.close()
				switch {
				case err == nil:
					t.Errorf("%s with status %d: no error", name, status)
				case len(err.Error()) > 500:
					t.Errorf("%s with status %d: %d bytes", name, status, len(err.Error()))
				case strings.Contains(err.Error(), "sekret"):
					t.Errorf("%s with status %d shows the key: %v", name, status, err)
				case strings.Contains(body, "blocked") && !strings.Contains(err.Error(), "blocked"):
					t.Errorf("%s with status %d: the words are lost: %v", name, status, err)
				}
			}
		}
	}

	for _, form := range problemForms {
		c := testRPC(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, form.answer) })
		var slot market.Slot
		one := slotCall(Confirmed, &slot)
		err := c.do(t.Context(), 1, one)
		switch failure, own := errors.AsType[*rpcError](one.err); {
		case form.code == codeContextSlot:
			if !errors.Is(err, errBehind) {
				t.Errorf("%s: %v", form.name, err)
			}
		case form.limit:
			words := strings.SplitN(form.text, ": ", 2)[1]
			if !errors.Is(err, errLimited) || !strings.Contains(err.Error(), words) {
				t.Errorf("%s: %v, want a rate limit with its words", form.name, err)
			}
		case err != nil || !own || failure.Error() != form.text:
			t.Errorf("%s: %v, %v", form.name, err, one.err)
		}
	}
}

// TestRateLimitInStatus200: a limit told within an answer slows down, counts and shows, and the log has it once.
func TestRateLimitInStatus200(t *testing.T) {
	for name, body := range map[string]string{
		"code":    `{"jsonrpc":"2.0","id":0,"error":{"code":-32005,"message":"rate limit of your plan exceeded"}}`,
		"text":    `{"jsonrpc":"2.0","id":null,"error":"rate limit of your plan exceeded"}`,
		"gateway": `{"message":"rate limit of your plan exceeded"}`,
		"page":    `<html><body>Error 1015: rate limit of your plan exceeded</body></html>`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t)
			c.history(20, 1)
			limited := 0
			c.fault = func(w http.ResponseWriter, _ []rpcRequest) bool {
				c.mu.Lock()
				defer c.mu.Unlock()
				if limited++; limited > 6 && limited%4 != 0 {
					return false
				}
				_, _ = io.WriteString(w, body)
				return true
			}
			r := start(t, testConfig(c.endpoint()), 0)
			stop := c.run(0)
			defer stop()

			r.status("the limit is shown", func(s Status) bool {
				return s.RateLimited && strings.Contains(s.LastError, "rate limited: ") && strings.Contains(s.LastError, "rate limit of your plan exceeded") && strings.Contains(s.LastError, "pausing")
			})
			r.live()
			all := c.ledger()
			r.until("history", func() bool { return r.has(all) })
			r.status("several limits", func(s Status) bool { return s.Limits >= 8 })
			if s := r.feed.Endpoints()[0]; s.Errors < 8 || !strings.Contains(s.LastError, "of your plan") {
				t.Errorf("the endpoint: %+v", s)
			}

			if n := strings.Count(r.log.String(), "level=WARN msg=\"the endpoint limits requests"); n != 1 {
				t.Errorf("%d warnings", n)
			}
		})
	}
}

func TestRateSpell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &record{}
		s := rateSpell{logger: slog.New(slog.NewTextHandler(log, nil))}
		for range 3 {
			for range 50 {
				s.limited(time.Second, errLimited)
				time.Sleep(2 * time.Second)
				s.answered()
			}
			time.Sleep(spellQuiet)
			s.answered()
			s.answered()
		}
		if text := log.String(); strings.Count(text, "asking more slowly") != 3 || strings.Count(text, "limits requests no more") != 3 || !strings.Contains(text, "limited=50 after=1m39s") {
			t.Errorf("log:\n%s", text)
		}
	})
}

// TestCutBodyHidesHalfAKey lets a page end within a key, at every place.
func TestCutBodyHidesHalfAKey(t *testing.T) {
	const key = "0123456789abcdef"
	s := newScrubber("https://host/" + key)
	for end := 1; end < len(key); end++ {
		page := strings.Repeat("x", 299-end) + key[:end]
		if text := s.body([]byte(page), true); !strings.HasPrefix(text, "xx") || strings.Contains(text, key[:1]) {
			t.Errorf("%q shows of a page that ends with %d bytes of the key", text, end)
		}
	}
}
