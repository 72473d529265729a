import { ReadBuffer, type RunDecoder } from '@millrace/read-buffer';
import type { Contender } from '../../kit/contender.js';
import { cut } from '../../micro/chunking.js';
import type { Recording } from './recording.js';

const DATA_ROW = 0x44;
const ROW_HEADER_BYTES = 7;
const LAYOUT = { typeBytes: 1, lengthBytes: 4, lengthIncludes: 'length', maxFrameBytes: 1 << 20 } as const;

/**
 * The floor under every decoder: goes from frame to frame and from value to value, with all the checks, and decodes
 * nothing.
 *
 * @param expected - The rows that others make of it: here only their number and that of the values can be compared.
 */
export function walkContender(
  name: string,
  { result, rows }: Recording,
  expected: () => readonly (readonly unknown[])[],
): Contender {
  const chunks = cut(result);
  const input = new ReadBuffer({ frame: LAYOUT });
  const seen = { rows: 0, values: 0 };
  const walkRows: RunDecoder = (_bytes, view, start, end) => {
    let at = start;
    while (end - at >= ROW_HEADER_BYTES && view.getUint8(at) === DATA_ROW) {
      const next = at + 1 + view.getInt32(at + 1);
      if (!(next >= at + ROW_HEADER_BYTES && next <= end)) break;
      const values = view.getInt16(at + 5);
      if (!isRow(view, at + ROW_HEADER_BYTES, next, values)) break;
      seen.rows += 1;
      seen.values += values;
      at = next;
    }
    return at;
  };
  const pass = (): void => {
    for (const chunk of chunks) {
      input.feedBorrowed(chunk);
      do while (input.takeRun(DATA_ROW, walkRows));
      while (input.takeFrame());
      input.endBorrow();
    }
  };
  return {
    name,
    check: () => {
      Object.assign(seen, { rows: 0, values: 0 });
      pass();
      const cells = expected();
      const values = cells.reduce((sum, row) => sum + row.length, 0);
      if (seen.rows !== cells.length || seen.values !== values) {
        throw new Error(`expected ${cells.length} rows of ${values} values, saw ${seen.rows} of ${seen.values}`);
      }
      return cells;
    },
    run: (count) => {
      for (let done = 0; done < count; done += rows) pass();
    },
  };
}

/** Whether so many values fill `[start, end)`. */
function isRow(view: DataView, start: number, end: number, values: number): boolean {
  let at = start;
  for (let i = 0; i < values; i++) {
    if (at + 4 > end) return false;
    const length = view.getInt32(at);
    if (length < -1) return false;
    at += length === -1 ? 4 : 4 + length;
  }
  return at === end;
}
