import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { framesOf } from './frames.js';

/** Beside `src` and `dist` alike. */
export const FIXTURES = new URL('../../../fixtures/decode/', import.meta.url);

/** What the columns of a result are in. */
export type WireFormat = 'binary' | 'text';

/** What a server answered to Parse, Describe, Bind, Execute and Sync. */
export interface Recording {
  /** ParseComplete, ParameterDescription and RowDescription. */
  readonly description: Buffer;
  /** From BindComplete to ReadyForQuery. */
  readonly result: Buffer;
  /** ReadyForQuery alone, which ends a description that is asked for by itself. */
  readonly ready: Buffer;
  /** How many rows CommandComplete counts. */
  readonly rows: number;
}

/** Reads a file that `record.ts` wrote. */
export function readRecording(name: string, format: WireFormat): Recording {
  return toRecording(gunzipSync(readFileSync(new URL(`${name}.${format}.gz`, FIXTURES))));
}

/**
 * Takes an answer apart.
 *
 * @throws {Error} If it is no answer to one query, or if its rows are not as many as it says.
 */
export function toRecording(answer: Buffer): Recording {
  const frames = [...framesOf(answer)];
  const types = frames.map(({ type }) => type).join('');
  if (!/^1tT2D*CZ$/.test(types)) throw new Error(`expected the answer to one query, saw ${types.slice(0, 20)}`);
  const lengthOf = (part: typeof frames): number => part.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (lengthOf(frames) !== answer.length) throw new Error('expected whole messages, saw more bytes behind them');
  const described = lengthOf(frames.slice(0, 3));
  const rows = Number(/\d+/.exec(frames.at(-2)?.bytes.toString('latin1') ?? '')?.[0]);
  if (rows !== frames.length - 6) throw new Error(`expected ${rows} rows, saw ${frames.length - 6}`);
  return {
    description: answer.subarray(0, described),
    result: answer.subarray(described),
    ready: frames.at(-1)?.bytes ?? Buffer.alloc(0),
    rows,
  };
}
