package export

import (
	"fmt"
	"io"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// arrowEncoder writes an Arrow IPC file (Feather, version 2). It is not compressed, so that readers map it into memory; Polars
// refuses what the library compresses, as it packs bitmaps with their padding. Its columns have the types of the Parquet ones:
// whole numbers are signed, numbers with a fraction and amounts are decimal128, the timestamp is in milliseconds of UTC, and
// every column may be null.
type arrowEncoder struct {
	to      *ipc.FileWriter
	schema  *arrow.Schema
	columns []array.Builder
	filled  []bool // columns of the row that is put
	rows    int    // gathered
}

// arrowBatch is how many rows a record batch has: some megabytes.
const arrowBatch = 16_384

func newArrowEncoder(w io.Writer, columns []column) (*arrowEncoder, error) {
	e := &arrowEncoder{filled: make([]bool, len(columns))}
	fields := make([]arrow.Field, len(columns))
	for i := range columns {
		fields[i] = arrow.Field{Name: columns[i].name, Type: arrowType(&columns[i]), Nullable: true}
		e.columns = append(e.columns, array.NewBuilder(memory.DefaultAllocator, fields[i].Type))
	}
	e.schema = arrow.NewSchema(fields, nil)

	var err error
	e.to, err = ipc.NewFileWriter(w, ipc.WithSchema(e.schema))
	return e, err
}

func arrowType(c *column) arrow.DataType {
	switch c.typ {
	case integer, count:
		return arrow.PrimitiveTypes.Int64
	case moment:
		return &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "UTC"}
	case flag:
		return arrow.FixedWidthTypes.Boolean
	case float:
		return arrow.PrimitiveTypes.Float64
	case amount, units:
		return &arrow.Decimal128Type{Precision: digits64, Scale: int32(c.scale)} //nolint:gosec // two digits
	case decimal, exact:
		return &arrow.Decimal128Type{Precision: digits128, Scale: int32(c.scale)} //nolint:gosec // two digits
	}
	return arrow.BinaryTypes.String
}

func (e *arrowEncoder) row(r *record) error {
	for _, i := range r.filled {
		if err := e.put(i, &r.cells[i], &r.columns[i]); err != nil {
			return err
		}
		e.filled[i] = true
	}
	for i, filled := range e.filled {
		if !filled {
			e.columns[i].AppendNull()
		}
		e.filled[i] = false
	}

	if e.rows++; e.rows < arrowBatch {
		return nil
	}
	return e.handOver()
}

// put appends a cell to its column. What a signed or decimal column cannot hold is an error and never another number.
func (e *arrowEncoder) put(i int, c *cell, column *column) error {
	switch to := e.columns[i].(type) {
	case *array.Int64Builder:
		if column.typ == count && c.number.Lo>>63 != 0 {
			return errTooLarge(c, column, "Arrow")
		}
		to.Append(int64(c.number.Lo)) //nolint:gosec // the bits were kept, or it was checked
	case *array.TimestampBuilder:
		to.Append(arrow.Timestamp(int64(c.number.Lo) * 1000)) //nolint:gosec // the bits were kept
	case *array.BooleanBuilder:
		to.Append(c.number.Lo != 0)
	case *array.Float64Builder:
		to.Append(math.Float64frombits(c.number.Lo))
	case *array.Decimal128Builder:
		if !c.number.Less(tooLarge) {
			return errTooLarge(c, column, "Arrow")
		}
		to.Append(decimal128.New(int64(c.number.Hi), c.number.Lo)) //nolint:gosec // below 10^38
	case *array.StringBuilder:
		if column.typ == raw {
			to.BinaryBuilder.Append(c.number.AppendFixed(nil, 0))
		} else {
			to.BinaryBuilder.Append(c.text)
		}
	default:
		return fmt.Errorf("column %s has no writer", column.name)
	}
	return nil
}

// handOver writes the gathered rows as a record batch.
func (e *arrowEncoder) handOver() error {
	arrays := make([]arrow.Array, len(e.columns))
	for i, column := range e.columns {
		arrays[i] = column.NewArray()
	}
	batch := array.NewRecordBatch(e.schema, arrays, int64(e.rows))
	e.rows = 0
	err := e.to.Write(batch)

	batch.Release()
	for _, a := range arrays {
		a.Release()
	}
	return err
}

func (e *arrowEncoder) finish() error {
	if e.rows > 0 {
		if err := e.handOver(); err != nil {
			return err
		}
	}
	return e.to.Close()
}
