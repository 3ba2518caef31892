package metadata

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// noise is a picture of random pixels.
func noise(w, h int) *image.NRGBA {
	random := rand.New(rand.NewPCG(uint64(w), uint64(h)))
	picture := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range picture.Pix {
		picture.Pix[i] = byte(random.Uint32())
	}
	return picture
}

func pngOf(picture image.Image) []byte {
	var out bytes.Buffer
	_ = png.Encode(&out, picture)
	return out.Bytes()
}

func jpegOf(picture image.Image) []byte {
	var out bytes.Buffer
	_ = jpeg.Encode(&out, picture, nil)
	return out.Bytes()
}

func gifOf(pictures ...image.Image) []byte {
	var out bytes.Buffer
	all := &gif.GIF{}
	for _, picture := range pictures {
		b := picture.Bounds()
		frame := image.NewPaletted(b, color.Palette{color.Black, color.White, color.Transparent})
		for y := b.Min.Y; y < b.Max.Y; y++ {
			for x := b.Min.X; x < b.Max.X; x++ {
				frame.Set(x, y, picture.At(x, y))
			}
		}
		all.Image, all.Delay = append(all.Image, frame), append(all.Delay, 1)
	}
	_ = gif.EncodeAll(&out, all)
	return out.Bytes()
}

// chunk is a chunk of a PNG file.
func chunk(kind string, data []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	out = append(append(out, kind...), data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

// chunks lists the kinds of a PNG file's chunks.
func chunks(t *testing.T, data []byte) (kinds []string) {
	t.Helper()
	for rest := data[8:]; len(rest) > 0; {
		length := int(binary.BigEndian.Uint32(rest))
		kinds = append(kinds, string(rest[4:8]))
		rest = rest[12+length:]
	}
	return kinds
}

func TestEncodePicture(t *testing.T) {
	secret := pngOf(noise(20, 10))
	secret = slices.Insert(secret, 33, chunk("tEXt", []byte("Comment\x00<script>secret</script>"))...)
	secret = append(secret, "<script>secret</script>"...)
	comment := jpegOf(noise(40, 40))
	comment = slices.Insert(comment, 2, append([]byte{0xff, 0xfe, 0, 8}, "secret"...)...)
	for _, test := range []struct {
		name string
		in   []byte
		w, h int
	}{
		{"small PNG", pngOf(noise(1, 1)), 1, 1},
		{"PNG with texts", secret, 20, 10},
		{"at the edge", pngOf(noise(256, 256)), 256, 256},
		{"wide", pngOf(noise(1000, 10)), 256, 2},
		{"flat", pngOf(noise(2000, 1)), 256, 1},
		{"tall", pngOf(noise(3, 4096)), 1, 256},
		{"grey", pngOf(image.NewGray16(image.Rect(0, 0, 300, 200))), 256, 170},
		{"JPEG with a comment", comment, 40, 40},
		{"large JPEG", jpegOf(noise(640, 480)), 256, 192},
		{"GIF", gifOf(noise(300, 300), noise(300, 300)), 256, 256},
	} {
		out, err := encodePicture(test.in)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}

		got, err := png.Decode(bytes.NewReader(out))
		if err != nil || got.Bounds() != image.Rect(0, 0, test.w, test.h) {
			t.Errorf("%s: %v, %v, want %d by %d", test.name, err, got.Bounds(), test.w, test.h)
		}
		for _, kind := range chunks(t, out) {
			if !slices.Contains([]string{"IHDR", "IDAT", "IEND"}, kind) {
				t.Errorf("%s: has a %s", test.name, kind)
			}
		}

		if bytes.Contains(out, []byte("secret")) {
			t.Errorf("%s: foreign bytes came through", test.name)
		}
	}
}

func TestPicturesThatAreRefused(t *testing.T) {
	bomb := func(w, h uint32) []byte {
		header := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
		return slices.Concat([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", append(header, 8, 6, 0, 0, 0)), chunk("IDAT", []byte{0}), chunk("IEND", nil))
	}
	manyScans := jpegOf(noise(8, 8))
	manyScans = append(manyScans[:len(manyScans)-2], bytes.Repeat(startOfScan, maxScans+1)...)

	large := gifOf(noise(2, 2))
	binary.LittleEndian.PutUint16(large[6:], 65535)
	binary.LittleEndian.PutUint16(large[8:], 65535)
	whole := pngOf(noise(50, 50))
	for name, in := range map[string][]byte{
		"nothing": nil, "text": []byte("hello"), "HTML": []byte("<!doctype html><img>"),
		"SVG": []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), "XML": []byte(`<?xml version="1.0"?><svg/>`),
		"WebP": []byte("RIFF\x00\x00\x00\x00WEBPVP8 "), "BMP": []byte("BM\x00\x00\x00\x00"), "signature alone": whole[:8],
		"cut PNG": whole[:len(whole)/2], "cut JPEG": jpegOf(noise(50, 50))[:300],
		"wide bomb": bomb(1<<31-1, 1), "tall bomb": bomb(1, 100_000), "square bomb": bomb(8000, 8000), "overflow": bomb(1<<31-1, 1<<31-1),
		"no size": bomb(0, 5), "GIF bomb": large, "JPEG of many scans": manyScans,
	} {
		if out, err := encodePicture(in); !errors.Is(err, errPicture) {
			t.Errorf("%s: %d bytes, %v", name, len(out), err)
		} else if strings.HasSuffix(name, "bomb") != strings.Contains(err.Error(), "pixels") || strings.HasSuffix(name, "scans") != strings.Contains(err.Error(), "scans") {
			t.Errorf("%s: refused for another reason: %v", name, err) // before it is decoded
		}
	}
}

// naiveShrink is shrink by whole numbers, pixel by pixel.
func naiveShrink(source image.Image, by int) *image.RGBA {
	b := source.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, b.Dx()/by, b.Dy()/by))
	for y := range b.Dy() / by {
		for x := range b.Dx() / by {
			var sum [4]float64
			for i := range by * by {
				c, _ := color.RGBAModel.Convert(source.At(b.Min.X+x*by+i%by, b.Min.Y+y*by+i/by)).(color.RGBA)
				for k, v := range []uint8{c.R, c.G, c.B, c.A} {
					sum[k] += float64(v) / float64(by*by)
				}
			}
			out.SetRGBA(x, y, color.RGBA{uint8(sum[0] + .5), uint8(sum[1] + .5), uint8(sum[2] + .5), uint8(sum[3] + .5)})
		}
	}
	return out
}

func TestShrinkIsTheMean(t *testing.T) {
	for _, by := range []int{2, 3, 5} {
		source := noise(256*by, 100*by)
		got, want := shrink(source), naiveShrink(source, by)
		if got.Bounds() != want.Bounds() {
			t.Fatalf("by %d: %v, want %v", by, got.Bounds(), want.Bounds())
		}
		for i := range got.Pix {
			if diff := int(got.Pix[i]) - int(want.Pix[i]); diff < -1 || diff > 1 {
				t.Fatalf("by %d: byte %d is %d, want %d", by, i, got.Pix[i], want.Pix[i])
			}
		}
	}

	plain := image.NewNRGBA(image.Rect(-7, 3, 777, 1000)) // no whole ratio, and off the origin
	for i := 0; i < len(plain.Pix); i += 4 {
		copy(plain.Pix[i:], []byte{200, 100, 50, 255})
	}

	for i, small := 0, shrink(plain); i < len(small.Pix); i += 4 {
		if !bytes.Equal(small.Pix[i:i+4], []byte{200, 100, 50, 255}) {
			t.Fatalf("one colour becomes %v", small.Pix[i:i+4])
		}
	}
}

func FuzzPicture(f *testing.F) {
	f.Add(pngOf(noise(5, 5)))
	f.Add(jpegOf(noise(9, 9)))
	f.Add(gifOf(noise(4, 4), noise(3, 3)))
	f.Add([]byte(strings.Repeat("\xff\xd8\xff\xda", 9)))
	f.Fuzz(func(t *testing.T, in []byte) {
		if size, _, err := image.DecodeConfig(bytes.NewReader(in)); err == nil && size.Width*size.Height > 1<<18 {
			return // time goes into small ones
		}
		out, err := encodePicture(in)
		if err != nil {
			if !errors.Is(err, errPicture) || strings.Contains(err.Error(), "the decoder failed") {
				t.Fatal(err)
			}
			return
		}

		picture, err := png.Decode(bytes.NewReader(out))
		if err != nil || picture.Bounds().Dx() > edge || picture.Bounds().Dy() > edge {
			t.Fatalf("%v, %v", picture.Bounds(), err)
		}
		if again, err := encodePicture(out); err != nil || len(again) == 0 {
			t.Fatalf("its own picture: %v", err)
		}
	})
}

func TestWebPIsTaken(t *testing.T) {
	pixel, err := base64.StdEncoding.DecodeString("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==") // 1 by 1, lossless
	if err != nil {
		t.Fatal(err)
	}
	out, err := encodePicture(pixel)
	if err != nil {
		t.Fatal(err)
	}
	if size, err := png.DecodeConfig(bytes.NewReader(out)); err != nil || size.Width != 1 || size.Height != 1 {
		t.Fatalf("%+v, %v", size, err)
	}
}
