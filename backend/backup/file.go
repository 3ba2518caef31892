package backup

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"

	"spinscope/backend/durable"
)

// File makes the file at path, readable by its owner alone, of what write gives, which must be a whole backup: it is read
// again and compared with its checksum before the file is put in place. An earlier file stays until then.
func File(ctx context.Context, path string, write func(io.Writer) error, progress func(rows uint64)) (s Summary, err error) {
	err = durable.Replace(path, func(file *os.File) error {
		buffered := bufio.NewWriterSize(file, 1<<18)
		if err := write(buffered); err != nil {
			return err
		}
		if err := buffered.Flush(); err != nil {
			return err
		}

		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("read it again: %w", err)
		}
		s, err = Check(ctx, bufio.NewReaderSize(file, 1<<18), progress)
		return err
	})
	return s, err
}
