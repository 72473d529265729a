import type { Row } from './row-batch.js';
import { indexByName, type RowColumn } from './row-column.js';

/** Names that are assigned each at a site of its own. */
const UNROLLED = 16;

/** Makes a row out of the values of its columns. */
export type ObjectMaker = (values: readonly unknown[]) => Row;

/** Makes rows of these columns, without generating source. */
export function objectMaker(columns: readonly RowColumn[]): ObjectMaker {
  const indices = indexByName(columns);
  const names = [...indices.keys()].map(asKey);
  const sources = [...indices.values()];
  const template = templateOf(names);
  const hasDuplicates = names.length !== columns.length;
  return (values) => {
    const row = { ...template };
    assign(row, names, hasDuplicates ? sources.map((index) => values[index]) : values);
    return row;
  };
}

/**
 * The same name, as the engine holds the names of properties.
 *
 * perf: rows without generated source; a store by a name that was decoded from bytes is looked up anew in every row.
 */
function asKey(name: string): string {
  return Object.keys({ [name]: null })[0] as string;
}

/**
 * An object with all of the properties, of which no later value changes how the engine holds it.
 *
 * perf: rows without generated source; JSON.parse makes room for all of them within the object, where assignments to `{}`
 * leave most in a second one. To it `__proto__` is a name like any other.
 */
function templateOf(names: readonly string[]): Row {
  const template = JSON.parse(`{${names.map((name) => `${JSON.stringify(name)}:null`).join()}}`) as Row;
  for (const name of names) for (const value of [0.5, 'text', null]) template[name] = value;
  return template;
}

// perf: rows without generated source; a site that sees one name stores in a fraction of the time of one that sees all.
function assign(row: Row, names: readonly string[], values: readonly unknown[]): void {
  const count = names.length;
  if (count > 0) row[names[0] as string] = values[0];
  if (count > 1) row[names[1] as string] = values[1];
  if (count > 2) row[names[2] as string] = values[2];
  if (count > 3) row[names[3] as string] = values[3];
  if (count > 4) row[names[4] as string] = values[4];
  if (count > 5) row[names[5] as string] = values[5];
  if (count > 6) row[names[6] as string] = values[6];
  if (count > 7) row[names[7] as string] = values[7];
  if (count > 8) row[names[8] as string] = values[8];
  if (count > 9) row[names[9] as string] = values[9];
  if (count > 10) row[names[10] as string] = values[10];
  if (count > 11) row[names[11] as string] = values[11];
  if (count > 12) row[names[12] as string] = values[12];
  if (count > 13) row[names[13] as string] = values[13];
  if (count > 14) row[names[14] as string] = values[14];
  if (count > 15) row[names[15] as string] = values[15];
  for (let i = UNROLLED; i < count; i++) row[names[i] as string] = values[i];
}
