"""Cells of Arrow's types as text: what a typed file's columns are called, which are left out, and what their values say."""

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pyarrow as pa

from workers.contracts.texts import Text
from workers.ingest.encodings import DAMAGE_HANDLER, DAMAGED
from workers.ingest.header import column_names
from workers.ingest.readers.delimited import too_many_columns
from workers.ingest.source import Bad, Row, Source
from workers.runtime.reporter import JobError

_CHECKED_VALUES = 200
_DAMAGED_SHARE = 0.5
_STRUCT_FIELDS = 20

Values = Callable[[pa.Array], list[Any]]


class TypedColumn(NamedTuple):
    """One column of rows: its name, where it stands in the file (below structs), and how its values are read."""

    name: str
    path: tuple[int, ...]
    values: Values


class TypedTable:
    """Rows of record batches. The first batch tells text that is typed as binary from binary data."""

    def __init__(self, schema: pa.Schema, source: Source) -> None:
        self._schema, self._source = schema, source
        self._labels = class_labels(schema)
        self._columns: list[TypedColumn] | None = None
        self._done = 0
        if len(schema) > source.max_columns:
            raise too_many_columns(len(schema), source.max_columns)

    def rows(self, batch: pa.RecordBatch) -> Iterator[Row | Bad]:
        if self._columns is None:
            self._columns = self._chosen(batch)
        names = [column.name for column in self._columns]
        cells = [column.values(_at(batch, column.path)) for column in self._columns]
        for index in range(batch.num_rows):
            yield Row(self._done + index + 1, dict(zip(names, [each[index] for each in cells], strict=True)))
        self._done += batch.num_rows

    def _chosen(self, batch: pa.RecordBatch) -> list[TypedColumn]:
        found: list[tuple[str, tuple[int, ...], pa.DataType]] = []
        left_out: list[str] = []
        for index, name in enumerate(column_names(self._schema.names)):
            kind = _stored(self._schema.field(index).type)
            if _holds_binary(kind, batch.column(index)):
                left_out.append(name)
            elif _is_flat_struct(kind):
                found += [
                    (f"{name}.{kind.field(at).name}", (index, at), _stored(kind.field(at).type))
                    for at in range(kind.num_fields)
                ]
            else:
                found.append((name, (index,), kind))
        if left_out:
            self._source.notes.append(_told(left_out))
        if not found:
            raise JobError(
                "no_text",
                Text("readers.only_binary_columns"),
                field="source",
            )
        if len(found) > self._source.max_columns:
            raise too_many_columns(len(found), self._source.max_columns)
        unique = column_names([name for name, _, _ in found])
        return [
            TypedColumn(
                name,
                path,
                _reader(kind, self._labels.get(self._schema.names[path[0]]) if len(path) == 1 else None),
            )
            for name, (_, path, kind) in zip(unique, found, strict=True)
        ]


def _told(names: list[str]) -> Text:
    if len(names) == 1:
        return Text("readers.binary_column_left_out", column=names)
    return Text("readers.binary_columns_left_out", count=len(names), columns=names[:5])


def _at(batch: pa.RecordBatch, path: tuple[int, ...]) -> pa.Array:
    column = batch.column(path[0])
    for at in path[1:]:
        column = _storage(column).flatten()[at]  # unlike field(), with the nulls of the struct itself
    return column


def _stored(kind: pa.DataType) -> pa.DataType:
    return kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind


def _storage(column: pa.Array) -> pa.Array:
    return column.storage if isinstance(column, pa.ExtensionArray) else column


def _is_flat_struct(kind: pa.DataType) -> bool:
    """Whether a struct holds texts, numbers and the like only: a column for each is what people would have made of it."""
    fields = list(kind) if pa.types.is_struct(kind) else []
    return 0 < len(fields) <= _STRUCT_FIELDS and not any(
        pa.types.is_nested(_stored(field.type)) for field in fields
    )


def _is_bytes(kind: pa.DataType) -> bool:
    return (
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
        or pa.types.is_binary_view(kind)
    )


def _holds_binary(kind: pa.DataType, column: pa.Array) -> bool:
    """Whether a column holds bytes that are no text, itself or in its structs and lists. Older writers type text as
    binary, so the values of a plain column decide."""
    if pa.types.is_dictionary(kind):
        return _is_bytes(kind.value_type) and _are_bytes(_storage(column).dictionary)
    if _is_bytes(kind):
        return _are_bytes(_storage(column))
    if pa.types.is_nested(kind) and not isinstance(kind, pa.RunEndEncodedType):
        return any(_type_holds_bytes(kind.field(at).type) for at in range(kind.num_fields))
    return False


def _type_holds_bytes(kind: pa.DataType) -> bool:
    kind = _stored(kind)
    if pa.types.is_dictionary(kind):
        return _type_holds_bytes(kind.value_type)
    if pa.types.is_nested(kind) and not isinstance(kind, pa.RunEndEncodedType):
        return any(_type_holds_bytes(kind.field(at).type) for at in range(kind.num_fields))
    return _is_bytes(kind)


def _are_bytes(column: pa.Array) -> bool:
    values = [value for value in column.slice(0, _CHECKED_VALUES).to_pylist() if value]
    odd = sum(b"\0" in value or DAMAGED in value.decode("utf-8", DAMAGE_HANDLER) for value in values)
    return odd > _DAMAGED_SHARE * len(values)


def class_labels(schema: pa.Schema) -> dict[str, list[str]]:
    """Return the label names of each column that the Hub's `datasets` library typed as ClassLabel, also in lists."""
    try:
        told = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = told["info"]["features"].items()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return {name: names for name, feature in features if (names := _names_of(feature))}


def _names_of(feature: Any) -> list[str] | None:
    if isinstance(feature, list):
        return _names_of(feature[0]) if len(feature) == 1 else None
    if not isinstance(feature, dict):
        return None
    if feature.get("_type") == "ClassLabel":
        names = feature.get("names")
        return [str(name) for name in names] if isinstance(names, list) and names else None
    return _names_of(feature.get("feature"))


def _reader(kind: pa.DataType, labels: list[str] | None) -> Values:
    if labels and (pa.types.is_integer(kind) or (pa.types.is_nested(kind) and kind.num_fields == 1)):
        return lambda column: [_labelled(value, labels) for value in column.to_pylist()]
    return cell_values


def _labelled(value: Any, labels: list[str]) -> Any:
    """The name of a label; -1 stands for none, as in test sets."""
    if isinstance(value, list):
        return [_labelled(each, labels) for each in value]
    if not isinstance(value, int):
        return value
    return labels[value] if 0 <= value < len(labels) else None


def cell_values(column: pa.Array) -> list[Any]:
    """Return Python values: nested ones as lists and dictionaries, all others as text.

    A dictionary's values are read once, however often they occur.
    """
    column = _storage(column)
    kind = column.type
    if pa.types.is_dictionary(kind):
        values = cell_values(column.dictionary)
        return [None if index is None else values[index] for index in column.indices.to_pylist()]
    if isinstance(kind, pa.RunEndEncodedType):
        return _run_end_values(column)
    if pa.types.is_null(kind):
        return [None] * len(column)
    if pa.types.is_map(kind):
        return [None if value is None else _mapping(value) for value in column.to_pylist()]
    if pa.types.is_nested(kind) or pa.types.is_boolean(kind):
        return column.to_pylist()
    if _is_text(kind):
        column = column.cast(pa.large_binary())
    if _is_text(kind) or _is_bytes(kind):
        return [
            None if value is None else value.decode("utf-8", DAMAGE_HANDLER) for value in column.to_pylist()
        ]
    return _scalar_texts(column)


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _mapping(items: list[tuple[Any, Any]]) -> dict[str, Any]:
    return {key if isinstance(key, str) else str(key): value for key, value in items}


def _run_end_values(column: pa.Array) -> list[Any]:
    values, ends = cell_values(column.values), column.run_ends.to_pylist()
    cells: list[Any] = []
    for value, end in zip(values, ends, strict=True):
        stop = min(end - column.offset, len(column))
        cells += [value] * (stop - len(cells))
    return cells[: len(column)]


def _scalar_texts(column: pa.Array) -> list[str | None]:
    kind = column.type
    if pa.types.is_floating(kind):
        column = column.cast(pa.float32()) if pa.types.is_float16(kind) else column
        return [
            None if text in (None, "nan") else text.removesuffix(".0")
            for text in column.cast(pa.string()).to_pylist()
        ]
    if pa.types.is_timestamp(kind) or pa.types.is_time(kind):
        return [
            None if text is None else _without_zeros(text) for text in column.cast(pa.string()).to_pylist()
        ]
    if pa.types.is_duration(kind) or pa.types.is_interval(kind):
        return [None if value is None else str(value) for value in column.to_pylist()]
    try:
        return [*column.cast(pa.string()).to_pylist()]
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return [None if value is None else str(value) for value in column.to_pylist()]


def _without_zeros(text: str) -> str:
    """A time without a fraction of zeros: 2024-03-05 09:30:00.000000 and 2024-03-05 09:30:00.000000Z."""
    whole, point, fraction = text.partition(".")
    digits = fraction.rstrip("Z")
    zone = fraction[len(digits) :]
    short = digits.rstrip("0")
    return whole + (point + short if short else "") + zone
