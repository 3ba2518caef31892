package market

import "testing"

func TestInvisible(t *testing.T) {
	for _, r := range "\u3164\u115f\u1160\uffa0\u034f\u17b4\u2800" {
		if !Invisible(r) {
			t.Errorf("%U shows nothing", r)
		}
	}
	for _, r := range "aß漢한🦊\u0301\ufe0f 0$" {
		if Invisible(r) {
			t.Errorf("%U shows something, or changes what does", r)
		}
	}
}
