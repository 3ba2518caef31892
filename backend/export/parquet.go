package export

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strconv"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"spinscope/backend/market"
)

// parquetEncoder writes zstd-compressed Parquet. Whole numbers are signed, numbers with a fraction and amounts of unsigned
// 64 bits are DECIMAL, raw 128-bit prices are text, timestamp is one in milliseconds of UTC; every column is optional.
// Rows are gathered and handed over column by column.
type parquetEncoder struct {
	writer *parquet.GenericWriter[any]
	values [][]parquet.Value // by column, null where nothing was put
	nulls  [][]parquet.Value // what values are before a row is
	arena  []byte            // what the gathered values point to
	rows   int               // gathered
	group  int               // in the row group

	touched []bool // columns of which values are not all null
}

const (
	// rowGroup bounds what is held back: a Parquet writer buffers a whole row group, compressed.
	rowGroup = 50_000
	// gathered is how many rows are handed over at once.
	gathered = 500

	// Digits that a DECIMAL has: 38 are the most that DuckDB, Arrow and Polars take.
	digits128 = 38
	digits64  = 20
	bytes128  = 16
	bytes64   = 9
)

// packing is zstd at its fastest level.
var packing = zstd.Codec{Level: zstd.SpeedFastest, Concurrency: 1}

func newParquetEncoder(w io.Writer, columns []column) *parquetEncoder {
	schema := parquet.NewSchema("spinscope", parquet.SchemaOf(reflect.New(rowType(columns)).Interface()))
	e := &parquetEncoder{
		writer: parquet.NewGenericWriter[any](w, schema, parquet.Compression(&packing), parquet.PageBufferSize(64<<10)),
	}
	for i := range columns {
		null := slices.Repeat([]parquet.Value{parquet.NullValue().Level(0, 0, i)}, gathered)
		e.nulls = append(e.nulls, null)
		e.values = append(e.values, slices.Clone(null))
	}
	e.touched = make([]bool, len(columns))
	return e
}

// rowType is a struct with the columns in order: parquet-go sorts a schema made of anything else by name.
func rowType(columns []column) reflect.Type {
	var fields []reflect.StructField
	for _, c := range columns {
		options, typ := "", reflect.TypeFor[*string]()
		switch c.typ {
		case label:
			options = ",dict"
		case integer, count:
			typ = reflect.TypeFor[*int64]()
		case moment:
			options, typ = ",timestamp(millisecond)", reflect.TypeFor[*int64]()
		case flag:
			typ = reflect.TypeFor[*bool]()
		case float:
			typ = reflect.TypeFor[*float64]()
		case amount, units:
			options, typ = fmt.Sprintf(",decimal(%d:%d)", c.scale, digits64), reflect.TypeFor[*[bytes64]byte]()
		case decimal, exact:
			options, typ = fmt.Sprintf(",decimal(%d:%d)", c.scale, digits128), reflect.TypeFor[*[bytes128]byte]()
		}

		fields = append(fields, reflect.StructField{
			Name: "C" + strconv.Itoa(len(fields)), Type: typ, Tag: reflect.StructTag(`parquet:"` + c.name + `,optional` + options + `"`),
		})
	}

	return reflect.StructOf(fields)
}

func (e *parquetEncoder) row(r *record) error {
	for _, i := range r.filled {
		value, err := e.value(&r.cells[i], &r.columns[i])
		if err != nil {
			return err
		}
		e.values[i][e.rows] = value.Level(0, 1, i)
		e.touched[i] = true
	}
	if e.rows++; e.rows < gathered {
		return nil
	}
	return e.handOver()
}

// value is a cell as Parquet has it. What a signed or decimal column cannot hold is an error and never another number.
func (e *parquetEncoder) value(c *cell, column *column) (parquet.Value, error) {
	from := len(e.arena)
	switch column.typ {
	case integer:
		return parquet.Int64Value(int64(c.number.Lo)), nil //nolint:gosec // the bits were kept
	case count:
		if c.number.Lo>>63 != 0 {
			return parquet.Value{}, errTooLarge(c, column, "Parquet")
		}
		return parquet.Int64Value(int64(c.number.Lo)), nil //nolint:gosec // checked
	case moment:
		return parquet.Int64Value(int64(c.number.Lo) * 1000), nil //nolint:gosec // the bits were kept
	case flag:
		return parquet.BooleanValue(c.number.Lo != 0), nil
	case float:
		return parquet.DoubleValue(math.Float64frombits(c.number.Lo)), nil
	case amount, units:
		e.arena = binary.BigEndian.AppendUint64(append(e.arena, 0), c.number.Lo)
		return parquet.FixedLenByteArrayValue(e.arena[from:]), nil
	case decimal, exact:
		if !c.number.Less(tooLarge) {
			return parquet.Value{}, errTooLarge(c, column, "Parquet")
		}
		e.arena = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(e.arena, c.number.Hi), c.number.Lo)
		return parquet.FixedLenByteArrayValue(e.arena[from:]), nil
	case raw:
		e.arena = c.number.AppendFixed(e.arena, 0)
	default:
		e.arena = append(e.arena, c.text...)
	}

	return parquet.ByteArrayValue(e.arena[from:]), nil
}

// tooLarge is 10^38, the first number that a DECIMAL of digits128 digits cannot hold.
var tooLarge = market.U128{Hi: 0x4b3b4ca85a86c47a, Lo: 0x098a224000000000}

func errTooLarge(c *cell, column *column, format string) error {
	return fmt.Errorf("%s %s does not fit its column in %s: export as CSV or JSON Lines", column.name, c.appendPlain(nil, column), format)
}

// handOver gives the gathered rows to the columns' writers.
func (e *parquetEncoder) handOver() error {
	for i, to := range e.writer.ColumnWriters() {
		if _, err := to.WriteRowValues(e.values[i][:e.rows]); err != nil {
			return err
		}
		if e.touched[i] {
			copy(e.values[i][:e.rows], e.nulls[i])
			e.touched[i] = false
		}
	}
	e.group += e.rows
	e.rows, e.arena = 0, e.arena[:0]
	if e.group < rowGroup {
		return nil
	}
	e.group = 0
	return e.writer.Flush()
}

func (e *parquetEncoder) finish() error {
	if err := e.handOver(); err != nil {
		return err
	}
	return e.writer.Close()
}
