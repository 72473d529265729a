import { decodeUtf8, ReadBuffer, type RunDecoder } from '@millrace/read-buffer';
import { Parser } from 'pg-protocol/dist/parser.js';
import { CHUNK_BYTES } from '../chunking.js';
import { PostgresJsReceiver } from './postgres-js-receiver.js';
import { COLUMNS, DATA_ROW, LAYOUT } from './text-row-bytes.js';

export type Cells = (string | null)[];

/** Turns chunks into rows, which are handed over one by one. */
export type RowReader = (chunk: Buffer) => void;

export function runReader(onRow: (row: Cells) => void): RowReader {
  const buffer = new ReadBuffer({ frame: LAYOUT });
  const decode: RunDecoder = (bytes, view, start, end) => {
    let at = start;
    while (end - at >= 7 && view.getUint8(at) === DATA_ROW) {
      const next = at + 1 + view.getInt32(at + 1);
      if (!(next >= at + 7 && next <= end) || view.getInt16(at + 5) !== COLUMNS) break;
      const row = decodeRow(bytes, view, at + 7, next);
      if (row === undefined) break;
      onRow(row);
      at = next;
    }
    return at;
  };
  return (chunk) => {
    buffer.feedBorrowed(chunk);
    while (buffer.takeRun(DATA_ROW, decode));
    buffer.endBorrow();
  };
}

/** @returns The columns, or undefined if one of them does not end within the row. */
function decodeRow(bytes: Uint8Array, view: DataView, start: number, end: number): Cells | undefined {
  const row: Cells = new Array<string | null>(COLUMNS);
  let at = start;
  for (let column = 0; column < COLUMNS; column++) {
    if (at + 4 > end) return undefined;
    const length = view.getInt32(at);
    at += 4;
    if (length === -1) {
      row[column] = null;
      continue;
    }
    if (!(length >= 0 && at + length <= end)) return undefined;
    row[column] = decodeUtf8(bytes, at, at + length);
    at += length;
  }
  return at === end ? row : undefined;
}

/** Rows that are read where somebody looks: they share one copy of their frames per batch. */
export class LazyRows {
  readonly length: number;
  readonly memory: Buffer;
  private readonly _view: DataView;
  /** Where each row's columns begin. */
  private readonly _starts: Int32Array;

  constructor(memory: Buffer, starts: Int32Array) {
    this.memory = memory;
    this._view = new DataView(memory.buffer, memory.byteOffset, memory.length);
    this._starts = starts;
    this.length = starts.length;
  }

  cell(row: number, column: number): string | null {
    let at = this._starts[row] ?? 0;
    for (let i = 0; i < column; i++) at += 4 + Math.max(0, this._view.getInt32(at));
    const length = this._view.getInt32(at);
    return length < 0 ? null : decodeUtf8(this.memory, at + 4, at + 4 + length);
  }
}

/** @param spare - Memory that earlier batches gave back. */
export function lazyReader(onRows: (rows: LazyRows) => void, spare: Buffer[]): RowReader {
  const buffer = new ReadBuffer({ frame: LAYOUT });
  let starts = new Int32Array(1024);
  const decode: RunDecoder = (bytes, view, start, end) => {
    let at = start;
    let rows = 0;
    while (end - at >= 7 && view.getUint8(at) === DATA_ROW) {
      const next = at + 1 + view.getInt32(at + 1);
      if (!(next >= at + 7 && next <= end) || view.getInt16(at + 5) !== COLUMNS) break;
      if (rows === starts.length) starts = grown(starts);
      starts[rows++] = at + 7 - start;
      at = next;
    }
    if (rows > 0) onRows(new LazyRows(copyOf(bytes, start, at, spare), starts.slice(0, rows)));
    return at;
  };
  return (chunk) => {
    buffer.feedBorrowed(chunk);
    while (buffer.takeRun(DATA_ROW, decode));
    buffer.endBorrow();
  };
}

function copyOf(bytes: Uint8Array, start: number, end: number, spare: Buffer[]): Buffer {
  const last = spare[spare.length - 1];
  const fits = last !== undefined && last.length >= end - start;
  const memory = fits ? last : Buffer.allocUnsafeSlow(Math.max(end - start, CHUNK_BYTES));
  if (fits) spare.pop();
  memory.set(bytes.subarray(start, end));
  return memory;
}

function grown(starts: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * starts.length);
  larger.set(starts);
  return larger;
}

/** pg's way up to the point where its result would apply type parsers, of which text needs none. */
export function pgReader(onRow: (row: Cells) => void): RowReader {
  const parser = new Parser();
  const onMessage = (message: unknown): void => {
    onRow((message as { fields: Cells }).fields);
  };
  return (chunk) => {
    parser.parse(chunk, onMessage);
  };
}

/** postgres.js' way: a view of each frame, `readInt32BE` and `toString` for each column. */
export function postgresJsReader(onRow: (row: Cells) => void): RowReader {
  const receiver = new PostgresJsReceiver((frame) => {
    const row: Cells = new Array<string | null>(COLUMNS);
    let at = 7;
    for (let column = 0; column < COLUMNS; column++) {
      const length = frame.readInt32BE(at);
      at += 4;
      row[column] = length === -1 ? null : frame.toString('utf8', at, (at += length));
    }
    onRow(row);
  });
  return (chunk) => {
    receiver.feed(chunk);
  };
}
