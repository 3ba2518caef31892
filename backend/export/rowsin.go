package export

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/parquet-go/parquet-go"
)

// RowsIn counts the rows of an exported file, packed or not. Parquet and Arrow say how many they have; text is read to its
// end. It fails for a file that is not whole.
func RowsIn(path string, format Format) (rows int64, err error) {
	file, err := os.Open(path) //nolint:gosec // a file that was just written for whoever asks
	if err != nil {
		return 0, err // names the file
	}
	defer file.Close() //nolint:errcheck // only read

	switch format {
	case Parquet:
		rows, err = parquetRows(file)
	case Arrow:
		rows, err = arrowRows(file)
	default:
		rows, err = textRows(file, format)
	}
	if err != nil {
		return 0, fmt.Errorf("count the rows of %s: %w", path, err)
	}
	return rows, nil
}

func parquetRows(file *os.File) (rows int64, err error) {
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	err = guarded(func() error {
		opened, err := parquet.OpenFile(file, info.Size())
		if err == nil {
			rows = opened.NumRows()
		}
		return err
	})
	return rows, err
}

func arrowRows(file *os.File) (rows int64, err error) {
	err = guarded(func() error {
		opened, err := ipc.NewFileReader(file)
		if err != nil {
			return err
		}
		defer opened.Close() //nolint:errcheck // only read

		for i := range opened.NumRecords() {
			batch, err := opened.RecordBatchAt(i)
			if err != nil {
				return err
			}
			rows += batch.NumRows()
			batch.Release()
		}
		return nil
	})
	return rows, err
}

func textRows(file *os.File, format Format) (rows int64, err error) {
	text, done, err := textOf(file)
	defer done()
	if err != nil {
		return 0, err
	}
	if format == JSONL {
		return linesOf(text)
	}

	in := &csvReader{in: text, next: 1}
	for rows = -1; ; rows++ { // the first record names the columns
		switch err := in.read(func(int, string) {}); {
		case errors.Is(err, io.EOF):
			return max(rows, 0), nil
		case err != nil:
			return 0, fmt.Errorf("line %d: %w", in.line, err)
		}
	}
}

// linesOf counts the lines that hold something.
func linesOf(text *bufio.Reader) (n int64, err error) {
	lines := bufio.NewScanner(text)
	lines.Buffer(make([]byte, 0, 64<<10), longestLine)
	for lines.Scan() {
		if len(lines.Bytes()) > 0 {
			n++
		}
	}
	return n, lines.Err()
}
