import { createRequire } from 'node:module';
import { Parser } from 'pg-protocol/dist/parser.js';
import type { Contender } from '../../kit/contender.js';
import { cut } from '../../micro/chunking.js';
import { cells, decodeContender } from './contenders.js';
import type { Recording } from './recording.js';

/** As much of pg's result as is driven here; the package has no types for it. */
interface Result {
  readonly rows: (Record<string, unknown> | unknown[])[];
  addFields(fields: readonly unknown[]): void;
  parseRow(fields: unknown): Record<string, unknown> | unknown[];
  addRow(row: Record<string, unknown> | unknown[]): void;
}

// The module alone: what it parses types with is what the whole of pg does.
const Result = createRequire(import.meta.url)('pg/lib/result.js') as new (rowMode: string | undefined) => Result;

interface Message {
  readonly name: string;
  readonly fields: readonly unknown[];
}

/**
 * pg from the bytes to its rows: its parser, its type parsers and its result, called as its client and its query call
 * them, without the events in between. Text is its best mode: in its binary mode integers come out wrong.
 */
export function pgContender(name: string, { description, result, rows }: Recording, rowMode?: 'array'): Contender {
  const parser = new Parser();
  let fields: readonly unknown[] = [];
  let current = new Result(rowMode);
  const onMessage = (message: unknown): void => {
    const { name: kind, fields: values } = message as Message;
    if (kind === 'dataRow') current.addRow(current.parseRow(values));
    else if (kind === 'rowDescription') fields = values;
  };
  parser.parse(description, onMessage);
  const chunks = cut(result);
  return decodeContender(
    name,
    rows,
    () => {
      current = new Result(rowMode);
      current.addFields(fields);
      for (const chunk of chunks) parser.parse(chunk, onMessage);
      return current.rows;
    },
    (taken) => cells(taken.map((row) => Object.values(row))),
  );
}
