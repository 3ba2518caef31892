package market

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

// errBase58 is returned for text that is not base58 of the expected length.
var errBase58 = errors.New("not base58 of the expected length")

const base58Alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// base58Digit maps a byte to its base58 digit, or to 255.
var base58Digit = func() (table [256]byte) {
	for i := range table {
		table[i] = 255
	}
	for i := range len(base58Alphabet) {
		table[base58Alphabet[i]] = byte(i)
	}
	return table
}()

// A number of up to 64 bytes in base 58^5: its 16 words of 32 bits, each times what 2^32 to the power of its place is in
// that base. Sums of five such products, each below 2^62, fit 64 bits; then their upper parts go to the next limb.
const (
	base58Words = 16
	base58Limbs = 18 // 64 bytes need 88 digits
	wordsSummed = 5
)

// base58Powers holds 2^32 to the power of i in base 58^5, the lowest limb first, and its length.
var base58Powers = func() (table [base58Words]struct {
	limbs [base58Limbs]uint64
	used  int
},
) {
	table[0].limbs[0], table[0].used = 1, 1
	for i := 1; i < base58Words; i++ {
		carry := uint64(0)
		for j, limb := range table[i-1].limbs {
			carry += limb << 32
			if table[i].limbs[j] = carry % power5; table[i].limbs[j] > 0 {
				table[i].used = j + 1
			}
			carry /= power5
		}
	}
	return table
}()

// base58Pairs are the two digits of each number below 58².
var base58Pairs = func() (table [58 * 58][2]byte) {
	for i := range table {
		table[i] = [2]byte{base58Alphabet[i/58], base58Alphabet[i%58]}
	}
	return table
}()

// appendBase58 appends the base58 text of src, which holds at most 64 bytes, to dst.
func appendBase58(dst, src []byte) []byte {
	var number [4 * base58Words]byte
	copy(number[len(number)-len(src):], src)

	var scratch [base58Limbs]uint64
	words := (len(src) + 3) / 4
	limbs := scratch[:(words*base58Limbs+base58Words-1)/base58Words]
	for i := range words {
		word := uint64(binary.BigEndian.Uint32(number[len(number)-4*(i+1):]))
		power := base58Powers[i].limbs[:base58Powers[i].used]
		sums := limbs[:len(power)]
		for j, limb := range power {
			sums[j] += word * limb
		}
		if i%wordsSummed == wordsSummed-1 {
			lightenBase58(limbs)
		}
	}

	carryBase58(limbs)

	var digits [5 * base58Limbs]byte
	for i, limb := range limbs {
		five := digits[5*(base58Limbs-1-i):][:5]
		upper := limb / (58 * 58)
		top := upper / (58 * 58)
		five[0] = base58Alphabet[top]
		copy(five[1:], base58Pairs[upper-top*(58*58)][:])
		copy(five[3:], base58Pairs[limb-upper*(58*58)][:])
	}

	first := 5 * (base58Limbs - len(limbs))
	for first < len(digits) && digits[first] == base58Alphabet[0] {
		first++
	}

	for i := 0; i < len(src) && src[i] == 0; i++ {
		dst = append(dst, base58Alphabet[0])
	}
	return append(dst, digits[first:]...)
}

// lightenBase58 leaves limbs below 2^35. No division waits for another, unlike in carryBase58.
func lightenBase58(limbs []uint64) {
	for j := len(limbs) - 2; j >= 0; j-- {
		quotient := limbs[j] / power5
		limbs[j] -= quotient * power5
		limbs[j+1] += quotient
	}
}

// carryBase58 leaves limbs that are digits of base 58^5.
func carryBase58(limbs []uint64) {
	carry := uint64(0)
	for j := range limbs {
		carry += limbs[j]
		quotient := carry / power5
		limbs[j] = carry - quotient*power5
		carry = quotient
	}
}

// decodeBase58 fills dst, which holds at most 64 bytes, with the bytes that text stands for. It fails unless text is
// base58 of exactly len(dst) bytes. It is our own because every notification and every line of a signature list holds one:
// solana-go takes 2.9 times as long (docs/performance.md).
func decodeBase58(dst []byte, text string) error {
	if text == "" || len(text) > len(dst)*138/100+1 {
		return errBase58
	}
	var scratch [9]uint64 // as many as the longest text fills
	limbs, ok := base58Number(scratch[:0], text)
	if !ok || len(limbs) > 8 {
		return errBase58
	}

	var number [64]byte
	for j, limb := range limbs {
		binary.BigEndian.PutUint64(number[len(number)-8*(j+1):], limb)
	}

	unused := len(number) - len(dst)
	for _, b := range number[:unused] {
		if b != 0 {
			return errBase58
		}
	}

	copy(dst, number[unused:])
	zeros := 0
	for zeros < len(text) && text[zeros] == '1' {
		zeros++
	}

	leading := 0
	for leading < len(dst) && dst[leading] == 0 {
		leading++
	}

	if zeros != leading {
		return errBase58
	}
	return nil
}

// base58Number makes the limbs, little endian, of the number that text stands for, in the memory of those given, which are
// none yet; ok is false when text is not base58. The highest limb is not zero. It takes ten digits at a time: a signature of
// 88 is nine rounds over eight limbs.
func base58Number(limbs []uint64, text string) (_ []uint64, ok bool) {
	for text != "" {
		var chunk, scale uint64
		if len(text) >= 10 { // 58^10 < 2^64
			high, one := fiveDigits(text)
			low, two := fiveDigits(text[5:])
			chunk, scale, ok = high*power5+low, power5*power5, one && two
			text = text[10:]
		} else {
			chunk, scale, ok = fewDigits(text)
			text = ""
		}
		if !ok {
			return nil, false
		}

		for j, limb := range limbs {
			high, low := bits.Mul64(limb, scale)
			sum, carry := bits.Add64(low, chunk, 0)
			limbs[j], chunk = sum, high+carry
		}
		if chunk > 0 {
			limbs = append(limbs, chunk)
		}
	}
	return limbs, true
}

const power5 = 58 * 58 * 58 * 58 * 58

// fiveDigits is the number that the first five digits of text make.
func fiveDigits(text string) (n uint64, ok bool) {
	_ = text[4]
	a, b, c, d, e := base58Digit[text[0]], base58Digit[text[1]], base58Digit[text[2]], base58Digit[text[3]], base58Digit[text[4]]
	n = ((uint64(a)*58+uint64(b))*58+uint64(c))*(58*58) + uint64(d)*58 + uint64(e)
	return n, a|b|c|d|e < 128 // 255 marks a byte that is no digit
}

// fewDigits is the number that text makes, and the power of 58 above it.
func fewDigits(text string) (n, scale uint64, ok bool) {
	scale = 1
	for i := range len(text) {
		digit := base58Digit[text[i]]
		if digit == 255 {
			return 0, 0, false
		}
		n, scale = n*58+uint64(digit), scale*58
	}
	return n, scale, true
}

// DecodeBase58 appends the bytes that a base58 text of any length stands for to dst. It returns errBase58 for text that is not
// base58. The work grows with the square of the length: the caller bounds it. It is our own because every trade read from history
// holds its event in base58: solana-go takes a hundred times as long (docs/performance.md).
func DecodeBase58(dst []byte, text string) ([]byte, error) {
	zeros := 0
	for zeros < len(text) && text[zeros] == base58Alphabet[0] {
		zeros++
	}

	var scratch [64]uint64 // an event is shorter
	limbs, ok := base58Number(scratch[:0], text[zeros:])
	if !ok {
		return dst, errBase58
	}

	for range zeros {
		dst = append(dst, 0)
	}
	first := len(dst)
	for j := len(limbs) - 1; j >= 0; j-- {
		dst = binary.BigEndian.AppendUint64(dst, limbs[j])
	}
	if len(limbs) > 0 {
		unused := bits.LeadingZeros64(limbs[len(limbs)-1]) / 8
		dst = append(dst[:first], dst[first+unused:]...)
	}
	return dst, nil
}
