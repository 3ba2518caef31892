package metadata

import (
	"bytes"
	"encoding/binary"
	"image"
)

// upright is the Exif orientation of a picture that is shown as its rows stand, and of one that says nothing usable.
const upright = 1

const (
	orientationTag = 0x0112
	shortField     = 3 // a 16-bit number
	maxFields      = 512
	maxChunks      = 1024 // of a file that are looked at
)

var exifMark = []byte("Exif\x00\x00")

// orientation reads the Exif orientation of an encoded picture, 1 to 8: cameras store the rows as their sensor lies and
// say here how to turn them. Of a GIF, which has none, and of anything malformed it is upright.
func orientation(data []byte, format string) int {
	var tiff []byte
	switch format {
	case "jpeg":
		tiff = jpegExif(data)
	case "png":
		tiff = pngExif(data)
	case "webp":
		tiff = webpExif(data)
	}
	return tiffOrientation(bytes.TrimPrefix(tiff, exifMark))
}

// jpegExif is the first APP1 segment with Exif, before the picture itself.
func jpegExif(data []byte) []byte {
	const (
		startOfImage = 2 // bytes
		app1         = 0xe1
		scan         = 0xda
	)
	at := startOfImage
	for range maxChunks {
		if at+4 > len(data) || data[at] != 0xff || data[at+1] == scan {
			return nil
		}
		if data[at+1] == 0xff { // padding
			at++
			continue
		}

		end := at + 2 + int(binary.BigEndian.Uint16(data[at+2:]))
		if end < at+4 || end > len(data) {
			return nil
		}
		if body := data[at+4 : end]; data[at+1] == app1 && bytes.HasPrefix(body, exifMark) {
			return body
		}
		at = end
	}

	return nil
}

func pngExif(data []byte) []byte {
	const signature, overhead = 8, 12 // of a chunk: length, type, checksum
	at := signature
	for range maxChunks {
		if at+overhead > len(data) {
			return nil
		}
		length := int(binary.BigEndian.Uint32(data[at:]))
		if length > len(data)-at-overhead {
			return nil
		}
		if string(data[at+4:at+8]) == "eXIf" {
			return data[at+8 : at+8+length]
		}
		at += overhead + length
	}
	return nil
}

func webpExif(data []byte) []byte {
	const header, overhead = 12, 8
	at := header
	for range maxChunks {
		if at+overhead > len(data) {
			return nil
		}
		length := int(binary.LittleEndian.Uint32(data[at+4:]))
		if length > len(data)-at-overhead {
			return nil
		}
		if string(data[at:at+4]) == "EXIF" {
			return data[at+overhead : at+overhead+length]
		}
		at += overhead + length + length%2
	}
	return nil
}

// tiffOrientation reads the tag from the first directory of a TIFF header.
func tiffOrientation(tiff []byte) int {
	var order binary.ByteOrder = binary.BigEndian
	switch {
	case bytes.HasPrefix(tiff, []byte("II*\x00")):
		order = binary.LittleEndian
	case !bytes.HasPrefix(tiff, []byte("MM\x00*")):
		return upright
	}

	if len(tiff) < 8 {
		return upright
	}
	start := int64(order.Uint32(tiff[4:]))
	if start+2 > int64(len(tiff)) {
		return upright
	}

	const size = 12 // of a field
	fields := tiff[start+2:]
	for range min(int(order.Uint16(tiff[start:])), maxFields, len(fields)/size) {
		if order.Uint16(fields) == orientationTag && order.Uint16(fields[2:]) == shortField {
			if value := int(order.Uint16(fields[8:])); value >= 1 && value <= 8 {
				return value
			}
			return upright
		}
		fields = fields[size:]
	}

	return upright
}

// turn puts a picture with the given orientation upright.
func turn(source *image.RGBA, orientation int) *image.RGBA {
	if orientation <= upright {
		return source
	}
	width, height := source.Rect.Dx(), source.Rect.Dy()
	target := image.NewRGBA(image.Rect(0, 0, width, height))
	if orientation >= 5 { // a quarter turn
		target = image.NewRGBA(image.Rect(0, 0, height, width))
	}

	right, bottom := width-1, height-1
	for y := range height {
		for x := range width {
			to := image.Pt(x, y)
			switch orientation {
			case 2: // mirrored
				to = image.Pt(right-x, y)
			case 3: // upside down
				to = image.Pt(right-x, bottom-y)
			case 4:
				to = image.Pt(x, bottom-y)
			case 5:
				to = image.Pt(y, x)
			case 6: // lies on its left side
				to = image.Pt(bottom-y, x)
			case 7:
				to = image.Pt(bottom-y, right-x)
			case 8: // lies on its right side
				to = image.Pt(y, right-x)
			}

			target.SetRGBA(to.X, to.Y, source.RGBAAt(x, y))
		}
	}

	return target
}
