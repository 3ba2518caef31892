package textfile

import (
	"io/fs"
	"os"
)

// Stamp tells one content of a file from another, without reading it. The zero Stamp is no file.
type Stamp struct{ info fs.FileInfo }

// StampOf looks at a file.
func StampOf(path string) Stamp {
	info, err := os.Stat(path)
	if err != nil {
		return Stamp{}
	}
	return Stamp{info}
}

// Equal reports whether the file is as it was.
func (s Stamp) Equal(other Stamp) bool {
	if s.info == nil || other.info == nil {
		return s.info == other.info
	}
	return os.SameFile(s.info, other.info) && s.info.Size() == other.info.Size() && s.info.ModTime().Equal(other.info.ModTime())
}
