package market

import "unicode"

// brailleBlank is a letter by its category and has no dots.
const brailleBlank = '\u2800'

// Invisible reports whether a rune of a token's name shows nothing, though its category is that of a letter or a mark:
// fillers such as U+3164, and blanks. Names come from strangers. Spaces and control characters are not asked about here.
func Invisible(r rune) bool {
	return r == brailleBlank || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}
