"""Linear sum assignment (Hungarian method) of rows to columns with maximum total gain."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Gains = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]


def assign(gains: Gains) -> tuple[Index, Index]:
    """One-to-one pairs of rows and columns with the maximum sum of gains.

    Args:
        gains: (n, m), finite and not negative; 0 excludes a pair.

    Returns:
        Rows (k,) and columns (k,) of the pairs, in ascending order of rows; k <= min(n, m).
    """
    possible = gains > 0.0
    partners_of_row, partners_of_column = possible.sum(axis=1), possible.sum(axis=0)
    # Most pairs are unambiguous; only the others need the algorithm.
    alone = possible & (partners_of_row[:, None] == 1) & (partners_of_column[None] == 1)
    rows, columns = np.nonzero(alone)
    left_rows = np.flatnonzero((partners_of_row > 0) & ~alone.any(axis=1))
    if len(left_rows) == 0:
        return rows, columns
    left_columns = np.flatnonzero((partners_of_column > 0) & ~alone.any(axis=0))
    contested = gains[np.ix_(left_rows, left_columns)]
    # Imported here: it takes longer than all other imports of a tracker, and many streams never need it.
    from scipy.optimize import linear_sum_assignment

    pair_rows, pair_columns = linear_sum_assignment(contested, maximize=True)
    real = contested[pair_rows, pair_columns] > 0.0
    rows = np.concatenate([rows, left_rows[pair_rows[real]]])
    columns = np.concatenate([columns, left_columns[pair_columns[real]]])
    order = np.argsort(rows)
    return rows[order], columns[order]
