package solana

import (
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/valyala/fastjson"
)

// rpcError is an error of JSON-RPC as a node or a provider words it. The code is 0 when it gives no number.
type rpcError struct {
	code    int
	message string
}

func (e *rpcError) Error() string {
	switch {
	case e.code == 0:
		return "rpc error: " + e.message
	case e.message == "":
		return fmt.Sprintf("rpc error %d", e.code)
	}
	return fmt.Sprintf("rpc error %d: %s", e.code, e.message)
}

// words are the message, with the code where there is one.
func (e *rpcError) words() string {
	switch {
	case e.code == 0:
		return e.message
	case e.message == "":
		return "error " + strconv.Itoa(e.code)
	}
	return fmt.Sprintf("%s (%d)", e.message, e.code)
}

// Error codes of the cluster's JSON-RPC.
const (
	codeSlotSkipped     = -32007
	codeLongSlotSkipped = -32009
	codeUnhealthy       = -32005 // of nodes: behind or unhealthy; of some providers: a limit is exceeded
	codeContextSlot     = -32016 // the node is behind minContextSlot: it will come
	codeNoMethod        = -32601
	codeBadParams       = -32602

	lowestServerCode, highestServerCode = -32099, -32001 // the cluster's own errors lie in between
)

// isLimit reports whether the error stands for HTTP status 429. Providers use several codes for it, and ones that mean
// something else on a node.
func (e *rpcError) isLimit() bool {
	switch e.code {
	case http.StatusTooManyRequests, -http.StatusTooManyRequests, -32429:
		return true
	case codeUnhealthy:
		return strings.Contains(strings.ToLower(e.message), "limit") || saysLimit(e.message)
	}
	return saysLimit(e.message)
}

// ofCall reports whether the error is about what was asked, and not about how much was asked at once.
func (e *rpcError) ofCall() bool {
	if saysBatch(e.message) {
		return false
	}
	return e.code >= lowestServerCode && e.code <= highestServerCode || e.code == codeNoMethod || e.code == codeBadParams
}

// rateWords are how providers word a rate limit.
var rateWords = regexp.MustCompile(`(?i)rate.?limit|too.?many.?requests|request.?limit|throttl|(requests|calls|credits|units) per (second|minute|day)|(capacity|quota) (limit )?(was |is |has been )?(exceeded|reached)`)

func saysLimit(text string) bool { return rateWords.MatchString(text) }

// saysBatch reports whether the words are about a batch: its size is refused, whatever else is said.
func saysBatch(text string) bool { return strings.Contains(strings.ToLower(text), "batch") }

const maxDepth = 4 // objects within objects that are looked into for words

// readProblem reads the error of an answer in whatever form it comes: an object as JSON-RPC has it, a text, a number, an
// object without a code, with a code that is a text, or with objects inside; words may stand beside it too. It is nil for
// an answer without one.
func readProblem(answer *fastjson.Value) *rpcError {
	detail := answer.Get("error")
	if !isFailure(detail) || detail.Type() == fastjson.TypeFalse {
		return nil
	}

	e := &rpcError{message: wordsOf(detail, maxDepth)}
	if e.message == "" {
		e.message = wordsOf(answer, maxDepth)
	}

	name := ""
	for object, depth := answer, maxDepth; object != nil && depth > 0; object, depth = object.Get("error"), depth-1 {
		if code := object.Get("code"); code != nil {
			e.code, name = readCode(code) // the innermost counts
		}
	}

	if detail.Type() == fastjson.TypeNumber {
		e.code, _ = detail.Int()
	}

	switch {
	case e.message == "":
		e.message = name
	case name != "" && !strings.Contains(e.message, name):
		e.message = name + ": " + e.message
	}

	if e.message == "" && e.code == 0 { // nothing in it is a text
		e.message = detail.String()
	}
	return e
}

// readCode reads a code that is a number, a number in quotes, or a name.
func readCode(code *fastjson.Value) (n int, name string) {
	if n, err := code.Int(); err == nil {
		return n, ""
	}
	text := string(code.GetStringBytes())
	if n, err := strconv.Atoi(text); err == nil {
		return n, ""
	}
	return 0, text
}

// wordKeys are the members that hold words, the plainest first.
var wordKeys = []string{"message", "error", "msg", "detail", "details", "reason", "description", "title", "errors"}

// wordsOf is the text in an error: the first member that has words, and what data adds to it.
func wordsOf(value *fastjson.Value, depth int) string {
	if value == nil || depth == 0 {
		return ""
	}
	switch value.Type() {
	case fastjson.TypeString:
		return string(value.GetStringBytes())
	case fastjson.TypeArray:
		for _, item := range value.GetArray() {
			if text := wordsOf(item, depth-1); text != "" {
				return text
			}
		}
	case fastjson.TypeObject:
		text := ""
		for _, key := range wordKeys {
			if text = wordsOf(value.Get(key), depth-1); text != "" {
				break
			}
		}
		if more := wordsOf(value.Get("data"), depth-1); more != "" && text != "" && !strings.Contains(text, more) {
			return text + ": " + more
		} else if text == "" {
			return more
		}
		return text
	}

	return ""
}

var (
	hiddenMarkup = regexp.MustCompile(`(?is)<(script|style)\b.*?(</(script|style)>|$)|<!--.*?(-->|$)`)
	markup       = regexp.MustCompile(`(?s)<[^>]*>`)
)

// plainWords is what a body says to a reader: the words of a JSON error, or text without HTML's markup, on one line.
func plainWords(body []byte) string {
	if value, err := fastjson.ParseBytes(body); err == nil {
		if e := readProblem(value); e != nil {
			return e.words()
		}
		if text := wordsOf(value, maxDepth); text != "" {
			return text
		}
	}
	text := hiddenMarkup.ReplaceAllString(strings.ToValidUTF8(string(body), ""), " ")
	text = html.UnescapeString(markup.ReplaceAllString(text, " "))
	return strings.Join(strings.Fields(text), " ")
}
