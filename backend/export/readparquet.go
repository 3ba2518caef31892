package export

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/parquet-go/parquet-go"
)

func readParquet(file *os.File, take func(int64, *row, error) error) error {
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("read Parquet: %w", err)
	}
	var opened *parquet.File
	if err := guarded(func() (err error) {
		opened, err = parquet.OpenFile(file, info.Size())
		return err
	}); err != nil {
		return fmt.Errorf("read Parquet: %w: %w", err, ErrNotEvents)
	}
	places, known := map[int]int{}, 0
	for i, path := range opened.Schema().Columns() {
		if place, ok := eventColumn[path[0]]; ok && len(path) == 1 {
			places[i] = place
			known++
		}
	}
	if known < 8 {
		return fmt.Errorf("its columns are not those of events: %w", ErrNotEvents)
	}
	number := int64(0)
	for _, group := range opened.RowGroups() {
		if err := readRowGroup(group, places, &number, take); err != nil {
			return err
		}
	}
	return nil
}

func readRowGroup(group parquet.RowGroup, places map[int]int, number *int64, take func(int64, *row, error) error) error {
	var rows parquet.Rows
	if err := guarded(func() error { rows = group.Rows(); return nil }); err != nil {
		return fmt.Errorf("read Parquet row %d: %w", *number+1, err)
	}
	defer rows.Close() //nolint:errcheck // only read
	r := newRow()
	buffer := make([]parquet.Row, 256)
	for {
		n := 0
		err := guarded(func() (err error) {
			n, err = rows.ReadRows(buffer)
			return err
		})
		for _, values := range buffer[:n] {
			r.reset()
			for _, value := range values {
				if place, ok := places[value.Column()]; ok && !value.IsNull() {
					r.put(place, cellOf(value, eventColumns[place].typ))
				}
			}
			*number++
			if err := take(*number, r, nil); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read Parquet row %d: %w", *number+1, err)
		}
		if n == 0 {
			return fmt.Errorf("read Parquet row %d: %w", *number+1, io.ErrNoProgress)
		}
	}
}

// guarded turns a panic of the library, which trusts a file's own figures, into an error.
func guarded(read func() error) (err error) {
	defer func() {
		if trouble := recover(); trouble != nil {
			err = fmt.Errorf("the file is damaged: %v", trouble)
		}
	}()
	return read()
}

// cellOf is the inverse of parquetValue.
func cellOf(value parquet.Value, typ columnType) string {
	switch value.Kind() {
	case parquet.Int64:
		if typ == amount {
			return strconv.FormatUint(value.Uint64(), 10)
		}
		return strconv.FormatInt(value.Int64(), 10)
	case parquet.Int32:
		return strconv.FormatInt(int64(value.Int32()), 10)
	case parquet.Boolean:
		return strconv.FormatBool(value.Boolean())
	case parquet.ByteArray:
		return string(value.ByteArray())
	}
	return value.String()
}
