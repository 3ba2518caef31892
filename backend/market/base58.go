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

// appendBase58 appends the base58 text of src, which holds at most 64 bytes, to dst. It works on 32-bit limbs in base
// 58^5, so that a key of 32 bytes takes 8 × 9 divisions and not 32 × 44.
func appendBase58(dst, src []byte) []byte {
	const base = 58 * 58 * 58 * 58 * 58
	var limbs [18]uint32 // little endian in base 58^5; 64 bytes need 88 digits
	used := 0
	for i := 0; i < len(src); {
		shift, word := 8, uint64(src[i])
		i++
		for shift < 32 && i < len(src) {
			word = word<<8 | uint64(src[i])
			shift += 8
			i++
		}
		carry := word
		for j := range used {
			carry += uint64(limbs[j]) << shift
			limbs[j] = uint32(carry % base)
			carry /= base
		}
		for carry > 0 {
			limbs[used] = uint32(carry % base)
			carry /= base
			used++
		}
	}
	for i := 0; i < len(src) && src[i] == 0; i++ {
		dst = append(dst, '1')
	}
	for i := used - 1; i >= 0; i-- {
		var digits [5]byte
		limb := limbs[i]
		for k := 4; k >= 0; k-- {
			digits[k] = byte(limb % 58)
			limb /= 58
		}
		first := 0
		if i == used-1 {
			for first < 4 && digits[first] == 0 {
				first++
			}
		}
		for _, digit := range digits[first:] {
			dst = append(dst, base58Alphabet[digit])
		}
	}
	return dst
}

// decodeBase58 fills dst, which holds at most 64 bytes, with the bytes that text stands for. It fails unless text is
// base58 of exactly len(dst) bytes. It takes ten digits at a time: a signature of 88 is nine rounds over eight limbs.
func decodeBase58(dst []byte, text string) error {
	if text == "" || len(text) > len(dst)*138/100+1 {
		return errBase58
	}
	var limbs [8]uint64 // little endian
	used := 0
	for rest := text; rest != ""; {
		var chunk, scale uint64
		var ok bool
		if len(rest) >= 10 { // 58^10 < 2^64
			high, one := fiveDigits(rest)
			low, two := fiveDigits(rest[5:])
			chunk, scale, ok = high*power5+low, power5*power5, one && two
			rest = rest[10:]
		} else {
			chunk, scale, ok = fewDigits(rest)
			rest = ""
		}
		if !ok {
			return errBase58
		}
		for j := range used {
			high, low := bits.Mul64(limbs[j], scale)
			sum, carry := bits.Add64(low, chunk, 0)
			limbs[j], chunk = sum, high+carry
		}
		if chunk > 0 {
			if used == len(limbs) {
				return errBase58
			}
			limbs[used] = chunk
			used++
		}
	}
	var number [64]byte
	for j := range limbs {
		binary.BigEndian.PutUint64(number[len(number)-8*(j+1):], limbs[j])
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
