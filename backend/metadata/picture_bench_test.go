package metadata

import "testing"

// The largest picture that is taken.
func BenchmarkEncodePicture(b *testing.B) {
	data := jpegOf(noise(3072, 3072))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := encodePicture(data); err != nil {
			b.Fatal(err)
		}
	}
}
