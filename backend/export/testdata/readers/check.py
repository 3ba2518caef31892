"""Opens exports with the readers that analysts use, compares them with the CSV of the same rows, and writes the events anew."""

import csv
import decimal
import sys

import datetime

import duckdb
import pandas
import polars
import pyarrow
import pyarrow.dataset
import pyarrow.feather
import pyarrow.parquet

decimal.getcontext().prec = 60


def plain(value):
    """What CSV would show of a value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, decimal.Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    if hasattr(value, "strftime"):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value)


def same(name, reader, columns, rows, want):
    assert columns == want[0], (name, reader, columns)
    assert len(rows) == len(want) - 1, (name, reader, len(rows))
    for number, (got, wanted) in enumerate(zip(rows, want[1:])):
        for column, value, text in zip(columns, got, wanted):
            if column in ("name", "symbol", "uri", "cause"):
                continue  # CSV guards these against spreadsheets
            assert plain(value) == text, (name, reader, number, column, value, text)


def check(directory, kind):
    path = f"{directory}/{kind}.parquet"
    with open(f"{directory}/{kind}.csv", newline="", encoding="utf-8") as file:
        want = list(csv.reader(file))

    table = pyarrow.parquet.read_table(path)
    for field in table.schema:
        assert not str(field.type).startswith("uint") and field.type not in (pyarrow.float64(), pyarrow.float32()), (kind, field)
    same(kind, "pyarrow", table.column_names, list(zip(*[c.to_pylist() for c in table.columns])), want)

    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    types = connection.execute(f"DESCRIBE SELECT * FROM '{path}'").fetchall()
    assert not [t for t in types if t[1].startswith("U") and t[1] != "UUID" or t[1] in ("DOUBLE", "FLOAT")], types
    same(kind, "duckdb", [t[0] for t in types], connection.execute(f"SELECT * FROM '{path}'").fetchall(), want)
    for column, type_, *_ in types:  # a difference below nothing must be one
        if type_.startswith("DECIMAL") or type_ == "BIGINT":
            connection.execute(f'SELECT min("{column}") - max("{column}"), sum("{column}"::DOUBLE) FROM \'{path}\'').fetchall()

    typed(kind, pandas.read_parquet(path), table.num_rows)
    arrow(kind, f"{directory}/{kind}.arrow", table, want)

    frame = polars.read_parquet(path)
    assert not [t for t in frame.dtypes if t.is_unsigned_integer() or t.is_float()], frame.schema
    same(kind, "polars", frame.columns, frame.rows(), want)
    return table, connection, frame


def typed(kind, frame, rows):
    """pandas has whole numbers, decimals and times, and no floats where every digit counts."""
    assert len(frame) == rows, (kind, len(frame))
    for column, values in frame.items():
        if column == "timestamp":
            assert str(values.dtype) == "datetime64[ms, UTC]", (kind, values.dtype)
        elif column in ("time", "block_time", "slot") and values.notna().all():
            assert values.dtype == "int64", (kind, column, values.dtype)
        elif column in ("price", "open", "volume", "sol_amount", "price_exact"):
            assert all(isinstance(v, decimal.Decimal) for v in values if v is not None), (kind, column)


def arrow(kind, path, table, want):
    """The Arrow file has the rows and the types of the Parquet one."""
    read = pyarrow.feather.read_table(path)
    same(kind, "arrow", read.column_names, list(zip(*[c.to_pylist() for c in read.columns])), want)
    for one, other in zip(read.schema, table.schema):
        assert one.name == other.name and one.type == other.type, (kind, one, other)
    frame = polars.read_ipc(path)
    same(kind, "polars ipc", frame.columns, frame.rows(), want)
    typed(kind, pandas.read_feather(path), len(want) - 1)
    counted = duckdb.connect().execute("SELECT count(*) FROM read").fetchone()
    assert counted == (len(want) - 1,), (kind, counted)


def days(directory, rows):
    """A dataset by days is one table with a date."""
    pattern = f"{directory}/*/*.parquet"
    found = duckdb.connect().execute(
        f"SELECT count(*), min(date), typeof(min(date)), count(DISTINCT date), bool_and(to_timestamp(time)::DATE = date) FROM read_parquet('{pattern}')").fetchone()
    assert found[0] == rows and found[2] == "DATE" and found[4], found

    table = pyarrow.dataset.dataset(directory, format="parquet", partitioning="hive").to_table()
    assert table.num_rows == rows and "date" in table.column_names, table.schema
    frame = polars.read_parquet(pattern, hive_partitioning=True)
    assert frame.height == rows and frame["date"].dtype == polars.Date, frame.schema
    assert isinstance(frame["date"].min(), datetime.date)
    frame = pandas.read_parquet(directory, partitioning="hive")
    assert len(frame) == rows and "date" in frame.columns, frame.columns


def main(directory, *kinds):
    for kind in kinds:
        table, connection, frame = check(directory, kind)
        if kind == "trades":
            days(f"{directory}/days", table.num_rows)
    for codec in ("none", "snappy", "gzip", "brotli", "zstd", "lz4"):
        pyarrow.parquet.write_table(table, f"{directory}/again-pyarrow-{codec}.parquet", compression=codec)
    connection.execute(f"COPY (SELECT * FROM '{directory}/{kind}.parquet') TO '{directory}/again-duckdb.parquet' (FORMAT parquet)")
    frame.write_parquet(f"{directory}/again-polars.parquet")


main(*sys.argv[1:])
