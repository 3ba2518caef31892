package export

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
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
	if err := knownCodecs(opened); err != nil {
		return err
	}

	var leaves []leaf // by column of the file
	known := 0
	for _, path := range opened.Schema().Columns() {
		l := leaf{place: -1}
		if place, ok := anyEvents().places[path[0]]; ok && len(path) == 1 {
			column, _ := opened.Schema().Lookup(path...)
			l = leaf{place: place, typ: column.Node.Type().LogicalType()}
			known++
		}
		leaves = append(leaves, l)
	}

	number := int64(0)
	for _, group := range opened.RowGroups() {
		if err := readRowGroup(group, leaves, &number, take); err != nil {
			return err
		}
	}

	return nil
}

func readRowGroup(group parquet.RowGroup, leaves []leaf, number *int64, take func(int64, *row, error) error) error {
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
				if l := &leaves[value.Column()]; l.place >= 0 && !value.IsNull() {
					r.put(l.place, l.text(value))
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

// guarded turns a panic of the library, which trusts the lengths that a file claims, into an error.
func guarded(read func() error) (err error) {
	defer func() {
		if trouble := recover(); trouble != nil {
			err = fmt.Errorf("the file is damaged: %v", trouble)
		}
	}()
	return read()
}

// knownCodecs refuses a file with a compression that is not read. The library's LZ4 goes on for ever over a damaged page.
func knownCodecs(file *parquet.File) error {
	read := []format.CompressionCodec{format.Uncompressed, format.Snappy, format.Gzip, format.Brotli, format.Zstd}
	for _, group := range file.Metadata().RowGroups {
		for i := range group.Columns {
			if codec := group.Columns[i].MetaData.Codec; !slices.Contains(read, codec) {
				return fmt.Errorf("the file is compressed with %v, which is not read: write it with zstd, snappy or gzip", codec)
			}
		}
	}
	return nil
}

// leaf is a column of the file: where its cells go, -1 for nowhere, and what the file says they are. Files of other
// programs and of older versions have other types for the same numbers.
type leaf struct {
	place int
	typ   *format.LogicalType
}

// text is the cell as the other formats write it.
func (l *leaf) text(value parquet.Value) string {
	var logical any
	if l.typ != nil {
		logical = l.typ.Value
	}
	integer, _ := logical.(*format.IntType)
	unsigned := integer != nil && !integer.IsSigned
	if decimal, ok := logical.(*format.DecimalType); ok {
		return decimalText(value, int(decimal.Scale))
	}

	switch kind := value.Kind(); {
	case kind == parquet.Int64 && unsigned:
		return strconv.FormatUint(value.Uint64(), 10)
	case kind == parquet.Int64:
		return strconv.FormatInt(value.Int64(), 10)
	case kind == parquet.Int32 && unsigned:
		return strconv.FormatUint(uint64(value.Uint32()), 10)
	case kind == parquet.Int32:
		return strconv.FormatInt(int64(value.Int32()), 10)
	case kind == parquet.Boolean:
		return strconv.FormatBool(value.Boolean())
	case kind == parquet.ByteArray:
		return string(value.ByteArray())
	}

	return value.String()
}

// maxScale bounds the fraction that a file says its numbers have; SQL engines have 38 digits at most.
const maxScale = 76

// decimalText is a DECIMAL, which is a number or its bytes with the highest first, with all its digits.
func decimalText(value parquet.Value, scale int) string {
	var number big.Int
	switch value.Kind() {
	case parquet.Int32:
		number.SetInt64(int64(value.Int32()))
	case parquet.Int64:
		number.SetInt64(value.Int64())
	case parquet.ByteArray, parquet.FixedLenByteArray:
		bytes := value.ByteArray()
		if scale == 0 && len(bytes) == bytes64 && bytes[0] == 0 { // as this program writes it
			return strconv.FormatUint(binary.BigEndian.Uint64(bytes[1:]), 10)
		}
		number.SetBytes(bytes)
		if len(bytes) > 0 && bytes[0]&0x80 != 0 { // two's complement
			number.Sub(&number, new(big.Int).Lsh(big.NewInt(1), uint(8*len(bytes))))
		}
	default:
		return value.String()
	}

	if scale <= 0 || scale > maxScale {
		return number.String()
	}

	one := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)
	text := new(big.Rat).SetFrac(&number, one).FloatString(scale)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}
