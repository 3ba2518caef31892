package stream

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestMessagesAreComplete: every request that a namespace serves, every name that the code sends, and every field that it reads of
// a request is among Messages, and nothing else is.
func TestMessagesAreComplete(t *testing.T) {
	requests, sent, fields := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, m := range Messages() {
		if slices.Equal(m.Spaces, []string{plainName}) { // the plain server's own, which no namespace serves
			continue
		}
		for _, space := range m.Spaces {
			if key := space + " " + m.Name; m.Request {
				if requests[key] {
					t.Errorf("%s is there twice", key)
				}
				requests[key] = true
			}
		}
		switch {
		case !m.Request:
			sent[m.Name] = true
		case m.Payload != nil:
			for field := range m.Payload.Fields() {
				name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
				fields[name] = true
			}
		}
	}

	served := map[string]bool{}
	for _, space := range spaces() {
		if space.name == plainName { // it has the messages of /ws/kline
			continue
		}
		for name := range space.handlers {
			served[space.name+" "+name] = true
		}
	}
	if !reflect.DeepEqual(requests, served) {
		t.Errorf("requests are %v, served %v", requests, served)
	}

	emitted := map[string]bool{}
	for k := klineTopic; k <= tickerTopic; k++ {
		emitted[key{kind: k}.event()] = true
	}
	emits := regexp.MustCompile(`\bemit(?:JSON)?\("([a-z_]+)"`)
	reads := regexp.MustCompile(`\bf\.(?:text|texts|integer|seconds|flag)\("([a-z_]+)"|\bf\["([a-z_]+)"\]`)
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range emits.FindAllStringSubmatch(string(text), -1) {
			emitted[found[1]] = true
		}
		for _, found := range reads.FindAllStringSubmatch(string(text), -1) {
			if name := found[1] + found[2]; !fields[name] {
				t.Errorf("%s: field %s of a request is in no message", path, name)
			}
			read++
		}
	}
	if !reflect.DeepEqual(emitted, sent) {
		t.Errorf("sent are %v, in the list %v", slices.Sorted(maps.Keys(emitted)), slices.Sorted(maps.Keys(sent)))
	}
	if read < 20 {
		t.Errorf("only %d fields were found", read)
	}
}
