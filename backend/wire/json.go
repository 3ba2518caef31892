package wire

import (
	"math"
	"strconv"
	"unicode/utf8"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

// Amount is an unsigned 64-bit integer of the chain: a JSON number up to 2^53, a decimal string above, where a float64
// would lose digits.
//
//ts:type number | string
type Amount = program.Amount

// AppendFloat appends x as encoding/json does: the shortest digits that read back as x. Values that JSON cannot hold
// become 0; none of this program's numbers are such.
func AppendFloat(dst []byte, x float64) []byte {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return append(dst, '0')
	}
	format := byte('f')
	if abs := math.Abs(x); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	dst = strconv.AppendFloat(dst, x, format, -1, 64)
	if n := len(dst); format == 'e' && n >= 4 && dst[n-4] == 'e' && dst[n-3] == '-' && dst[n-2] == '0' {
		dst[n-2] = dst[n-1] // e-09 is written e-9
		dst = dst[:n-1]
	}
	return dst
}

// Milliseconds reports whether a time that should be in Unix seconds was most likely given in milliseconds, as the clocks of
// scripting languages have it: in seconds it would lie after the year 5000, in milliseconds between 1973 and then.
func Milliseconds(time int64) bool { return time >= 1e11 && time < 1e14 }

const hexDigits = "0123456789abcdef"

// AppendString appends text as a JSON string, escaped as encoding/json does: also safe inside HTML, and with U+FFFD
// where text is not UTF-8. Token names come from strangers.
func AppendString(dst []byte, text string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(text); {
		b := text[i]
		if b < utf8.RuneSelf {
			i++
			switch {
			case b == '"' || b == '\\':
				dst = append(dst, '\\', b)
			case b == '\b':
				dst = append(dst, '\\', 'b')
			case b == '\f':
				dst = append(dst, '\\', 'f')
			case b == '\n':
				dst = append(dst, '\\', 'n')
			case b == '\r':
				dst = append(dst, '\\', 'r')
			case b == '\t':
				dst = append(dst, '\\', 't')
			case b < 0x20 || b == '<' || b == '>' || b == '&':
				dst = append(dst, '\\', 'u', '0', '0', hexDigits[b>>4], hexDigits[b&15])
			default:
				dst = append(dst, b)
			}

			continue
		}

		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			dst = append(dst, `\ufffd`...)
		case r == '\u2028' || r == '\u2029': // line ends to old JavaScript
			dst = append(dst, `\u202`...)
			dst = append(dst, hexDigits[r&15])
		default:
			dst = append(dst, text[i:i+size]...)
		}

		i += size
	}

	return append(dst, '"')
}

func appendU128(dst []byte, x market.U128) []byte {
	dst = append(dst, '"')
	dst = x.AppendFixed(dst, 0)
	return append(dst, '"')
}

func appendKey(dst []byte, key market.Pubkey) []byte {
	dst = append(dst, '"')
	dst, _ = key.AppendText(dst)
	return append(dst, '"')
}
