package program

import "strings"

// Lines that only the runtime writes. Whatever a program logs comes as one whole entry that starts with "Program log: ",
// "Program data: ", "Program return: " or "Program consumption: ", however many newlines it holds; a builtin's own texts
// do not start with "Program <address>". So an entry is a frame line only if it matches from its first to its last byte.
const (
	linePrefix  = "Program "
	logWord     = "log: "
	invokeWord  = " invoke ["
	successWord = " success"
	failedWord  = " failed"

	// TruncatedLine is what the node writes where it cut the log.
	TruncatedLine = "Log truncated"
)

// deepest bounds the invoke stack. The runtime allows 5 to 9 levels, depending on the version.
const deepest = 64

// frames is the stack of programs being executed, as told by the log.
type frames struct {
	ids  []string // addresses as written in the log
	left string   // the one that was left last: the next call is often to it again
	lost bool     // a frame line did not fit: who writes is unknown until the next top-level invoke
	odd  bool     // lost was set at least once
	high int      // how deep the stack has been
}

func (s *frames) reset() {
	clear(s.ids[:s.high]) // do not keep the caller's log alive
	*s = frames{ids: s.ids[:0]}
}

// top is the program that writes the log now, or "" when none does or it is unknown.
func (s *frames) top() string {
	if s.lost || len(s.ids) == 0 {
		return ""
	}
	return s.ids[len(s.ids)-1]
}

// read follows one line that starts with linePrefix. Lines that are no frame line change nothing.
func (s *frames) read(line string) {
	rest := line[len(linePrefix):]
	if last := len(s.ids) - 1; last >= 0 && startsWithWord(rest, s.ids[last]) { // what most frame lines are about
		verb := rest[len(s.ids[last]):]
		if !s.lost && verb == successWord {
			s.ids, s.left = s.ids[:last], s.ids[last]
			return
		}
		s.verb(s.ids[last], verb)
		return
	}
	end := s.word(rest)
	if end < 32 || end > 44 {
		return // no address. All that a program can bring about has a short word here: "log:", "data:", "return:"
	}
	s.verb(rest[:end], rest[end:])
}

// verb follows what is said of a program.
func (s *frames) verb(id, verb string) {
	if len(verb) < 2 {
		return
	}
	switch verb[1] { // a "consumed" line is none of them
	case 's':
		if verb == successWord {
			s.leave(id)
		}
	case 'i':
		if len(verb) > len(invokeWord) && verb[:len(invokeWord)] == invokeWord {
			if depth := invokeDepth(verb); depth > 0 {
				s.enter(id, depth)
			}
		}
	case 'f':
		if strings.HasPrefix(verb, failedWord) { // the reason follows
			s.leave(id)
		}
	}
}

// word is where the first word of rest ends, -1 if it does not. The program that was left last comes again and again:
// to compare is faster than to look for the end.
func (s *frames) word(rest string) int {
	if s.left != "" && startsWithWord(rest, s.left) {
		return len(s.left)
	}
	return strings.IndexByte(rest, ' ')
}

// startsWithWord reports whether rest begins with the word, which holds no space, and a space.
func startsWithWord(rest, word string) bool {
	return len(rest) > len(word) && rest[len(word)] == ' ' && rest[:len(word)] == word
}

// enter pushes a frame. The runtime counts depth from 1; a top-level one starts afresh whatever was before.
func (s *frames) enter(id string, depth int) {
	if depth == 1 {
		s.ids, s.lost = s.ids[:0], false
	}
	if s.lost || depth != len(s.ids)+1 || depth > deepest {
		s.lost, s.odd = true, true
		return
	}
	s.ids = append(s.ids, id)
	s.high = max(s.high, len(s.ids))
}

// leave pops the frame that ends; only the innermost one can.
func (s *frames) leave(id string) {
	if s.lost {
		return
	}
	if last := len(s.ids) - 1; last >= 0 && s.ids[last] == id {
		s.ids, s.left = s.ids[:last], id
		return
	}
	s.lost, s.odd = true, true
}

// invokeDepth reads " invoke [n]"; 0 if it is anything else.
func invokeDepth(verb string) int {
	digits, closed := strings.CutSuffix(verb[len(invokeWord):], "]")
	if !closed || digits == "" || len(digits) > 3 || digits[0] == '0' {
		return 0
	}
	depth := 0
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return 0
		}
		depth = depth*10 + int(digits[i]-'0')
	}
	return depth
}
