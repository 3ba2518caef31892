package metadata

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	_ "image/gif" // registers the format
	_ "image/jpeg"
	"image/png"
	"math"

	_ "golang.org/x/image/webp" // registers the format
)

// errPicture is returned for bytes that are no PNG, JPEG, GIF or WebP, or one that is too large once decoded. SVG is not a
// picture but a program.
var errPicture = errors.New("not a picture that is taken")

const (
	maxPicture = 5 << 20 // bytes as fetched
	maxPixels  = 9 << 20 // decoding takes up to 16 bytes for each
	maxSide    = 8192
	maxScans   = 64  // of a JPEG: each is tiny in the file and takes a pass over all pixels
	edge       = 256 // the longest side of what is kept
)

var startOfScan = []byte{0xff, 0xda}

// encodePicture decodes a picture of a stranger and encodes it anew: a PNG of at most 256 pixels a side, with nothing in
// it but pixels, turned as its Exif says. Of an animation it takes the first frame.
func encodePicture(data []byte) (encoded []byte, err error) {
	defer func() {
		if failure := recover(); failure != nil { // a defect of a decoder must not end the program
			encoded, err = nil, fmt.Errorf("%w: the decoder failed: %v", errPicture, failure)
		}
	}()

	size, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errPicture, err)
	}
	if size.Width < 1 || size.Height < 1 || size.Width > maxSide || size.Height > maxSide || size.Width*size.Height > maxPixels {
		return nil, fmt.Errorf("%w: %d by %d pixels", errPicture, size.Width, size.Height)
	}
	if format == "jpeg" && bytes.Count(data, startOfScan) > maxScans {
		return nil, fmt.Errorf("%w: more than %d scans", errPicture, maxScans)
	}

	picture, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errPicture, err)
	}

	var out bytes.Buffer
	if err := png.Encode(&out, turn(shrink(picture), orientation(data, format))); err != nil {
		return nil, fmt.Errorf("%w: encode: %w", errPicture, err)
	}
	return out.Bytes(), nil
}

// fit is the size of w by h pixels when it must fit the edge, at least 1 by 1.
func fit(w, h int) (int, int) {
	if w <= edge && h <= edge {
		return w, h
	}
	if w >= h {
		return edge, max(1, h*edge/w)
	}
	return max(1, w*edge/h), edge
}

// shrink makes each pixel the mean of the area it covers. It converts one row at a time: a whole converted copy would
// double the memory.
func shrink(source image.Image) *image.RGBA {
	from := source.Bounds()
	width, height := fit(from.Dx(), from.Dy())
	target := image.NewRGBA(image.Rect(0, 0, width, height))
	if width == from.Dx() && height == from.Dy() {
		draw.Draw(target, target.Bounds(), source, from.Min, draw.Src)
		return target
	}

	row := image.NewRGBA(image.Rect(0, 0, from.Dx(), 1))
	sums := make([][4]float64, width)
	tall, wide := float64(from.Dy())/float64(height), float64(from.Dx())/float64(width)
	columns := make([][]float64, width) // how much of each source column a target column covers, from its first on
	for x := range columns {
		left, right := float64(x)*wide, float64(x+1)*wide
		for at := int(left); at < from.Dx() && float64(at) < right; at++ {
			columns[x] = append(columns[x], min(float64(at+1), right)-max(float64(at), left))
		}
	}

	for y := range height {
		clear(sums)
		top, bottom := float64(y)*tall, float64(y+1)*tall
		for line := int(top); line < from.Dy() && float64(line) < bottom; line++ {
			draw.Draw(row, row.Bounds(), source, image.Pt(from.Min.X, from.Min.Y+line), draw.Src)
			share := min(float64(line+1), bottom) - max(float64(line), top)
			for x, shares := range columns {
				sum := &sums[x]
				pixels := row.Pix[4*int(float64(x)*wide):]
				for _, column := range shares {
					weight := share * column
					sum[0] += weight * float64(pixels[0])
					sum[1] += weight * float64(pixels[1])
					sum[2] += weight * float64(pixels[2])
					sum[3] += weight * float64(pixels[3])
					pixels = pixels[4:]
				}
			}
		}

		for x := range sums {
			var mean [4]uint8
			for c, sum := range sums[x] {
				mean[c] = uint8(min(255, math.Round(sum/(tall*wide))))
			}
			target.SetRGBA(x, y, color.RGBA{min(mean[0], mean[3]), min(mean[1], mean[3]), min(mean[2], mean[3]), mean[3]})
		}
	}

	return target
}
