import type { QueryResult } from './query-result.js';

/** The first column of the first row; `undefined` if there is no row. */
export function firstValue(rows: QueryResult): unknown {
  const [row] = rows;
  const [column] = rows.columns;
  return row === undefined || column === undefined ? undefined : row[column.name];
}
