import type { ColumnBatch } from './column-batch.js';
import type { LazyRow } from './lazy-row.js';

/** A row as an object, one property for each column name. Of two columns of one name the last gives the value. */
export type Row = Record<string, unknown>;

/** A row as an array, one element for each column. */
export type ArrayRow = unknown[];

/** In what form a statement gives its rows. */
export type RowShape = 'objects' | 'arrays' | 'columns' | 'lazy';

/** Rows of one result in the form of a {@link RowShape}, at least one. */
export type RowBatch = readonly Row[] | readonly ArrayRow[] | readonly LazyRow[] | ColumnBatch;
