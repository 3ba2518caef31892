package market

import "errors"

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

// decodeBase58 fills dst with the bytes that text stands for. It fails unless text is base58 of exactly len(dst) bytes.
func decodeBase58(dst []byte, text string) error {
	if text == "" || len(text) > len(dst)*138/100+1 {
		return errBase58
	}
	clear(dst)
	low := len(dst) // dst[low:] holds the number so far
	for i := range len(text) {
		digit := base58Digit[text[i]]
		if digit == 255 {
			return errBase58
		}
		carry := uint32(digit)
		for j := len(dst) - 1; j >= low || carry > 0; j-- {
			if j < 0 {
				return errBase58
			}
			carry += uint32(dst[j]) * 58
			dst[j] = byte(carry)
			carry >>= 8
			low = min(low, j)
		}
	}
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
