import { decodeUtf8, type RunDecoder } from '@millrace/read-buffer';
import { bool } from '../types/boolean.js';
import { readText } from '../types/text.js';
import type { InlineRead, ValueReader } from '../types/wire-type.js';
import { BROKEN_ROW, ROW_HEADER_BYTES } from './broken-row.js';
import { columnKind, ColumnSink } from './column-sink.js';
import { LazyRow, type RowReader } from './lazy-row.js';
import { LazySink } from './lazy-sink.js';
import type { ObjectMaker } from './object-maker.js';
import type { RowShape } from './row-batch.js';
import type { RowColumn } from './row-column.js';
import { RowList, type RowSink } from './row-sink.js';

const DATA_ROW = 0x44;

/**
 * Makes the decoder of rows that fills `sink`, in loops over the columns: for hosts that forbid generated source, and for
 * so many columns that source would be slower.
 *
 * @param makerOf - Returns what makes an object of the values of a row; called only where there are objects.
 */
export function closureDecoder(sink: RowSink, shape: RowShape, makerOf: () => ObjectMaker): RunDecoder {
  if (sink instanceof ColumnSink) return columnDecoder(sink);
  if (sink instanceof LazySink) return lazyDecoder(sink, makerOf());
  if (!(sink instanceof RowList)) throw new TypeError('expected a list of rows');
  return listDecoder(sink, shape === 'arrays' ? (values) => values.slice() : makerOf());
}

/** The frames that a decoder walks over. All run decoders below have this loop: a call per frame would cost more. */
function frameEndAt(bytes: Uint8Array, view: DataView, frame: number, end: number): number {
  if (end - frame < 5 || bytes[frame] !== DATA_ROW) return -1;
  const frameEnd = frame + 1 + view.getInt32(frame + 1);
  return frameEnd > end || frameEnd < frame + 5 ? -1 : frameEnd;
}

function listDecoder(sink: RowList, make: (values: unknown[]) => unknown): RunDecoder {
  const readers = sink.columns.map(({ read }) => read);
  const sites = sink.columns.map(siteOf);
  const values: unknown[] = readers.map(() => null);
  return function decode(bytes, view, start, end) {
    const { rows } = sink;
    let frame = start;
    let at = start;
    try {
      for (;;) {
        const frameEnd = frameEndAt(bytes, view, frame, end);
        if (frameEnd === -1) break;
        at = frame + ROW_HEADER_BYTES;
        if (view.getUint16(frame + 5) !== readers.length) throw BROKEN_ROW;
        for (let i = 0; i < readers.length; i++) {
          const length = view.getInt32(at);
          at += 4;
          if (length === -1) values[i] = null;
          else {
            if (length >>> 0 > frameEnd - at) throw BROKEN_ROW;
            values[i] = readAt(sites[i] as Site, readers[i] as ValueReader, bytes, view, at, length);
            at += length;
          }
        }
        if (at !== frameEnd) throw BROKEN_ROW;
        rows.push(make(values));
        frame = frameEnd;
      }
    } catch (error) {
      sink.fail(error, bytes, view, frame, at);
    }
    return frame;
  };
}

// perf: rows by closures; a site that has called five readers looks each of them up from then on, which costs more than to
// read a number. So numbers are read in place, text has a site of its own, and the other types share one.
const OTHER = 0;
const TEXT = 1;
const INT16 = 2;
const INT32 = 3;
const UINT32 = 4;
const FLOAT64 = 5;
const BOOL = 6;

type Site = typeof OTHER | typeof TEXT | typeof INT16 | typeof INT32 | typeof UINT32 | typeof FLOAT64 | typeof BOOL;

const readBool = bool.reader({});

const SITES: Readonly<Record<string, Site>> = {
  Int16Array: INT16,
  Int32Array: INT32,
  Uint32Array: UINT32,
  Float64Array: FLOAT64,
};

function siteOf({ read, inline }: RowColumn): Site {
  if (read === readText) return TEXT;
  if (read === readBool) return BOOL;
  return SITES[inline?.typedArray ?? ''] ?? OTHER;
}

/** Reads a value. What is not as it should be goes to the reader, which says so. */
function readAt(site: Site, read: ValueReader, bytes: Uint8Array, view: DataView, at: number, length: number): unknown {
  switch (site) {
    case TEXT:
      return decodeUtf8(bytes, at, at + length);
    case INT16:
      if (length === 2) return view.getInt16(at);
      break;
    case INT32:
      if (length === 4) return view.getInt32(at);
      break;
    case UINT32:
      if (length === 4) return view.getUint32(at);
      break;
    case FLOAT64:
      if (length === 8) return view.getFloat64(at);
      break;
    case BOOL:
      if (length === 1 && (bytes[at] as number) <= 1) return bytes[at] === 1;
      break;
    case OTHER:
      break;
  }
  return read(bytes, view, at, at + length);
}

function columnDecoder(sink: ColumnSink): RunDecoder {
  const readers = sink.columns.map(({ read }) => read);
  const writers = sink.columns.map(cellWriter);
  const isText = sink.columns.map((column) => columnKind(column) === 'text');
  const nothings = sink.columns.map(nothingOf);
  return function decode(bytes, view, start, end) {
    const { cells } = sink;
    const shift = sink.textShift(start);
    let row = sink.rowCount;
    let frame = start;
    let at = start;
    try {
      for (;;) {
        const frameEnd = frameEndAt(bytes, view, frame, end);
        if (frameEnd === -1) break;
        at = frame + ROW_HEADER_BYTES;
        if (view.getUint16(frame + 5) !== readers.length) throw BROKEN_ROW;
        if (row === sink.capacity) sink.grow();
        for (let i = 0; i < readers.length; i++) {
          const length = view.getInt32(at);
          at += 4;
          if (length === -1) {
            sink.setNull(i, row);
            if (isText[i] === true) writeBounds(cells[i] as Uint32Array, row, 0, 0);
            else (writers[i] as CellWriter)(cells[i], row, nothings[i]);
            continue;
          }
          if (length >>> 0 > frameEnd - at) throw BROKEN_ROW;
          if (isText[i] === true) writeBounds(cells[i] as Uint32Array, row, at + shift, at + shift + length);
          else (writers[i] as CellWriter)(cells[i], row, (readers[i] as ValueReader)(bytes, view, at, at + length));
          at += length;
        }
        if (at !== frameEnd) throw BROKEN_ROW;
        row++;
        frame = frameEnd;
      }
    } catch (error) {
      sink.fail(error, bytes, view, frame, at);
    }
    sink.commit(row, bytes, start, frame);
    return frame;
  };
}

function writeBounds(bounds: Uint32Array, row: number, from: number, to: number): void {
  bounds[2 * row] = from;
  bounds[2 * row + 1] = to;
}

/** What stands in a cell whose value is NULL. */
function nothingOf(column: RowColumn): unknown {
  if (columnKind(column) === 'values') return null;
  return column.inline?.typedArray?.startsWith('Big') === true ? 0n : 0;
}

/** Writes one value into the cells of its column. */
type CellWriter = (cells: unknown, row: number, value: unknown) => void;

// perf: columns; a site that stores into one class of array takes a fraction of the time of one that meets them all.
const CELL_WRITERS: Readonly<Record<NonNullable<InlineRead['typedArray']> | 'Array', CellWriter>> = {
  Int16Array: (cells, row, value) => ((cells as Int16Array)[row] = value as number),
  Int32Array: (cells, row, value) => ((cells as Int32Array)[row] = value as number),
  Uint32Array: (cells, row, value) => ((cells as Uint32Array)[row] = value as number),
  Float32Array: (cells, row, value) => ((cells as Float32Array)[row] = value as number),
  Float64Array: (cells, row, value) => ((cells as Float64Array)[row] = value as number),
  BigInt64Array: (cells, row, value) => ((cells as BigInt64Array)[row] = value as bigint),
  BigUint64Array: (cells, row, value) => ((cells as BigUint64Array)[row] = value as bigint),
  Array: (cells, row, value) => ((cells as unknown[])[row] = value),
};

function cellWriter(column: RowColumn): CellWriter {
  return CELL_WRITERS[column.inline?.typedArray ?? 'Array'];
}

function lazyDecoder(sink: LazySink, make: ObjectMaker): RunDecoder {
  const columnCount = sink.columns.length;
  sink.type.toObject = objectReader(sink.columns, make);
  return function decode(bytes, view, start, end) {
    const { rows } = sink;
    const frames = sink.begin();
    let frame = start;
    let at = start;
    try {
      for (;;) {
        const frameEnd = frameEndAt(bytes, view, frame, end);
        if (frameEnd === -1) break;
        at = frame + ROW_HEADER_BYTES;
        if (view.getUint16(frame + 5) !== columnCount) throw BROKEN_ROW;
        for (let i = 0; i < columnCount; i++) {
          const length = view.getInt32(at);
          at += 4;
          if (length > 0) at += length;
          else if (length < -1) throw BROKEN_ROW;
        }
        if (at !== frameEnd) throw BROKEN_ROW;
        rows.push(new LazyRow(frames, frame - start));
        frame = frameEnd;
      }
    } catch (error) {
      sink.fail(error, bytes, view, frame, at);
    }
    if (frame > start) frames.fill(bytes, start, frame);
    return frame;
  };
}

/** Reads rows that were found to fit into their frames. */
function objectReader(columns: readonly RowColumn[], make: ObjectMaker): RowReader<Record<string, unknown>> {
  return (bytes, view, at) => {
    const values = columns.map(({ read }) => {
      const length = view.getInt32(at);
      const start = at + 4;
      at = length > 0 ? start + length : start;
      return length === -1 ? null : read(bytes, view, start, at);
    });
    return make(values);
  };
}
