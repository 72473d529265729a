import type { Row } from './row-batch.js';
import { indexByName, type RowColumn } from './row-column.js';

/** Makes rows of these columns out of their values. */
export function objectMaker(columns: readonly RowColumn[]): (values: readonly unknown[]) => Row {
  const indices = [...indexByName(columns)];
  const names = indices.map(([name]) => name);
  const sources = indices.map(([, index]) => index);
  const template: Row = {};
  for (const name of names) {
    // An assignment to `__proto__` would change the prototype instead.
    Object.defineProperty(template, name, { value: null, writable: true, enumerable: true, configurable: true });
    // Of every kind once, so that no later value changes how the engine holds the property.
    for (const value of [0.5, 'text', null]) template[name] = value;
  }
  return (values) => {
    const row = { ...template };
    for (let i = 0; i < names.length; i++) row[names[i] as string] = values[sources[i] as number];
    return row;
  };
}
