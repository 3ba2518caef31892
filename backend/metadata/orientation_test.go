package metadata

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"
)

// exif is a TIFF header whose directory holds another field and then the orientation.
func exif(order binary.AppendByteOrder, head string, value uint16) []byte {
	tiff := order.AppendUint32([]byte(head), 8)
	tiff = order.AppendUint16(tiff, 2)
	for _, field := range [][2]uint16{{0x0100, 7}, {orientationTag, value}} {
		tiff = order.AppendUint16(tiff, field[0])
		tiff = order.AppendUint16(tiff, shortField)
		tiff = order.AppendUint32(tiff, 1)
		tiff = order.AppendUint16(tiff, field[1])
		tiff = order.AppendUint16(tiff, 0)
	}
	return order.AppendUint32(tiff, 0)
}

// marked is a picture 40 wide and 20 high, as stored, whose quarters have colours of their own.
func marked() *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, 40, 20))
	for y := range 20 {
		for x := range 40 {
			m.SetRGBA(x, y, quarters[2*(y/10)+x/20])
		}
	}
	return m
}

var quarters = [4]color.RGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {255, 255, 255, 255}}

// shownAs is, for each orientation, which stored quarter is shown top left, top right, bottom left and bottom right: the
// standard's table of where row 0 and column 0 are.
var shownAs = map[uint16][4]int{
	1: {0, 1, 2, 3}, 2: {1, 0, 3, 2}, 3: {3, 2, 1, 0}, 4: {2, 3, 0, 1},
	5: {0, 2, 1, 3}, 6: {2, 0, 3, 1}, 7: {3, 1, 2, 0}, 8: {1, 3, 0, 2},
}

func asJPEG(t *testing.T, tiff []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, marked(), &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	plain := out.Bytes()
	body := append(bytes.Clone(exifMark), tiff...)
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(body)+2))
	return append(append(append([]byte{0xff, 0xd8}, segment...), body...), plain[2:]...)
}

func asPNG(t *testing.T, tiff []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, marked()); err != nil {
		t.Fatal(err)
	}
	plain := out.Bytes()
	const head = 8 + 25 // the signature and IHDR
	chunk := append(binary.BigEndian.AppendUint32(nil, uint32(len(tiff))), "eXIf"...)
	chunk = append(append(chunk, tiff...), 0, 0, 0, 0)
	crc := crc32.ChecksumIEEE(chunk[4 : 8+len(tiff)])
	binary.BigEndian.PutUint32(chunk[8+len(tiff):], crc)
	return append(append(bytes.Clone(plain[:head]), chunk...), plain[head:]...)
}

func TestOrientation(t *testing.T) {
	for name, encode := range map[string]func(*testing.T, []byte) []byte{"jpeg": asJPEG, "png": asPNG} {
		for value, want := range shownAs {
			for _, tiff := range [][]byte{exif(binary.LittleEndian, "II*\x00", value), exif(binary.BigEndian, "MM\x00*", value)} {
				encoded, err := encodePicture(encode(t, tiff))
				if err != nil {
					t.Fatal(err)
				}
				shown, err := png.Decode(bytes.NewReader(encoded))
				if err != nil {
					t.Fatal(err)
				}

				size := image.Pt(40, 20)
				if value >= 5 {
					size = image.Pt(20, 40)
				}
				if shown.Bounds().Size() != size {
					t.Errorf("%s %d: %v, want %v", name, value, shown.Bounds().Size(), size)
					continue
				}

				for i, quarter := range want {
					at := image.Pt(size.X/4+i%2*size.X/2, size.Y/4+i/2*size.Y/2)
					if got := color.RGBAModel.Convert(shown.At(at.X, at.Y)).(color.RGBA); distance(got, quarters[quarter]) > 40 {
						t.Errorf("%s %d: at %v %v, want %v", name, value, at, got, quarters[quarter])
					}
				}
			}
		}
	}
}

func distance(a, b color.RGBA) (highest int) {
	for _, d := range []int{int(a.R) - int(b.R), int(a.G) - int(b.G), int(a.B) - int(b.B)} {
		highest = max(highest, d, -d)
	}
	return highest
}

// A WebP file keeps its Exif in a chunk behind the picture.
func TestOrientationOfWebP(t *testing.T) {
	file := []byte("RIFF\x00\x00\x00\x00WEBPVP8 \x03\x00\x00\x00abc\x00")
	for _, mark := range []string{"", string(exifMark)} {
		body := append([]byte(mark), exif(binary.LittleEndian, "II*\x00", 6)...)
		with := append(binary.LittleEndian.AppendUint32(append(bytes.Clone(file), "EXIF"...), uint32(len(body))), body...)
		if got := orientation(with, "webp"); got != 6 {
			t.Errorf("with the mark %q: %d", mark, got)
		}
	}
}

func FuzzOrientation(f *testing.F) {
	tiff := exif(binary.BigEndian, "MM\x00*", 6)
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x2aExif\x00\x00"+string(tiff)), 0)
	f.Add([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x20eXIf"+string(tiff)), 1)
	f.Add([]byte("RIFF\x00\x00\x00\x00WEBPEXIF\x20\x00\x00\x00"+string(tiff)), 2)
	f.Fuzz(func(t *testing.T, data []byte, format int) {
		formats := []string{"jpeg", "png", "webp", "gif"}
		if got := orientation(data, formats[uint(format)%4]); got < 1 || got > 8 {
			t.Errorf("%d", got)
		}
	})
}
