"""Tables of any kind as columns, and columns as lists, a piece at a time."""

from typing import Any, Dict, List

from ._cram import Error

# Rows that are lists at one time.
PIECE = 4096


def _one_column(name: Any, column: Any) -> Any:
    """What can be cut into pieces: a sequence, or a NumPy array."""
    if not isinstance(name, str):
        raise TypeError(f"a column's name: a str, not {type(name).__name__}")
    if hasattr(column, "to_numpy"):  # pandas
        column = column.to_numpy()
    if getattr(column, "ndim", 1) != 1:
        raise Error(f"column '{name}': has {column.ndim} dimensions, not 1")
    good = not isinstance(column, (str, bytes)) and hasattr(column, "__len__")
    try:
        column[:0]
    except (TypeError, KeyError):  # a deque has no slices, a mapping has keys
        good = False
    if not good:
        raise TypeError(f"column '{name}': a sequence of values, not "
                        f"{type(column).__name__}")
    return column


def columns_of(table: Any) -> Dict[str, Any]:
    """Columns by name, of one length, at least 1, from a mapping, a pandas
    DataFrame or a NumPy array with named fields."""
    names = getattr(getattr(table, "dtype", None), "names", None)
    if names:
        items = [(name, table[name]) for name in names]
    elif hasattr(table, "items"):
        items = list(table.items())
    else:
        raise TypeError("columns: a mapping, a DataFrame or an array with named"
                        f" fields, not {type(table).__name__}")
    columns: Dict[str, Any] = {}
    for name, column in items:
        if name in columns:
            raise Error(f"column '{name}' is there twice")
        columns[name] = _one_column(name, column)
    if not columns:
        raise Error("a table without columns")
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise Error("columns differ in length: " + ", ".join(
            f"{name} {length}" for name, length in lengths.items()))
    if not next(iter(lengths.values())):
        raise Error("a table without rows")
    return columns


def piece(column: Any, first: int) -> List[Any]:
    """The next rows as Python's own values, whose str() is short: that of a
    NumPy float32 as a float would show digits that it does not have."""
    part = column[first:first + PIECE]
    dtype = getattr(part, "dtype", None)
    if dtype is None:
        return list(part)
    if dtype.kind in "mMc" or (dtype.kind == "f" and dtype.itemsize != 8):
        return [value if value != value else str(value) for value in part]
    return list(part.tolist())
