package export

import (
	"io"
	"reflect"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"
)

// parquetEncoder writes zstd-compressed Parquet. A decimal becomes two columns: a DOUBLE, the nearest one, and its
// exact digits in NAME_exact. timestamp is one in milliseconds of UTC. Amounts are unsigned 64-bit, 128-bit prices strings; every column is optional.
type parquetEncoder struct {
	writer *parquet.GenericWriter[any]
	row1   []parquet.Row
}

// rowGroup bounds what is held back: a Parquet writer buffers a whole row group.
const rowGroup = 100_000

func newParquetEncoder(w io.Writer, columns []column) *parquetEncoder {
	schema := parquet.NewSchema("spinscope", parquet.SchemaOf(reflect.New(rowType(columns)).Interface()))
	return &parquetEncoder{
		writer: parquet.NewGenericWriter[any](w, schema, parquet.Compression(&parquet.Zstd), parquet.MaxRowsPerRowGroup(rowGroup)),
		row1:   make([]parquet.Row, 1),
	}
}

// rowType is a struct with the columns in order: parquet-go sorts a schema made of anything else by name.
func rowType(columns []column) reflect.Type {
	var fields []reflect.StructField
	addAs := func(name, options string, typ reflect.Type) {
		fields = append(fields, reflect.StructField{
			Name: "C" + strconv.Itoa(len(fields)),
			Type: typ,
			Tag:  reflect.StructTag(`parquet:"` + name + `,optional` + options + `"`),
		})
	}
	add := func(name string, typ reflect.Type) { addAs(name, "", typ) }
	for _, c := range columns {
		switch c.typ {
		case integer:
			add(c.name, reflect.TypeFor[*int64]())
		case amount:
			add(c.name, reflect.TypeFor[*uint64]())
		case moment:
			addAs(c.name, ",timestamp(millisecond)", reflect.TypeFor[*int64]())
		case flag:
			add(c.name, reflect.TypeFor[*bool]())
		case decimal:
			add(c.name, reflect.TypeFor[*float64]())
			add(c.name+"_exact", reflect.TypeFor[*string]())
		default:
			add(c.name, reflect.TypeFor[*string]())
		}
	}
	return reflect.StructOf(fields)
}

func (e *parquetEncoder) row(r *record) error {
	row := e.row1[0][:0]
	add := func(value parquet.Value) {
		level := 1
		if value.IsNull() {
			level = 0
		}
		row = append(row, value.Level(0, level, len(row)))
	}
	for i, c := range r.columns {
		add(parquetValue(r, i, c.typ))
		if c.typ == decimal {
			add(parquetValue(r, i, text))
		}
	}
	e.row1[0] = row
	_, err := e.writer.WriteRows(e.row1)
	return err
}

// parquetValue is cell i as a value; the numbers were written by record and always parse.
func parquetValue(r *record, i int, typ columnType) parquet.Value {
	if !r.set[i] {
		return parquet.NullValue()
	}
	cell := string(r.cells[i])
	switch typ {
	case integer:
		value, _ := strconv.ParseInt(cell, 10, 64)
		return parquet.Int64Value(value)
	case amount:
		value, _ := strconv.ParseUint(cell, 10, 64)
		return parquet.Int64Value(int64(value)) //nolint:gosec // the column is unsigned: the bits are kept
	case moment:
		at, err := time.Parse(time.RFC3339, cell)
		if err != nil {
			return parquet.NullValue()
		}
		return parquet.Int64Value(at.UnixMilli())
	case flag:
		return parquet.BooleanValue(cell == "true")
	case decimal:
		value, _ := strconv.ParseFloat(cell, 64)
		return parquet.DoubleValue(value)
	}
	return parquet.ByteArrayValue([]byte(cell))
}

func (e *parquetEncoder) finish() error { return e.writer.Close() }
