import protobuf from 'protobufjs';
import { seeded } from '../seeded.js';

export const BATCH = 100;
export const STATEMENT = 's1';
export const BIND = 0x42;
export const EXECUTE = 0x45;
export const SYNC = 0x53;

/** The text parameters of one statement. */
export type Values = readonly string[];

/** An id, a name and an amount each, as a driver has them when it binds. */
export function batchOfValues(): Values[] {
  const random = seeded(3);
  return Array.from({ length: BATCH }, () => [
    String(random() % 100_000),
    `customer ${(random() >>> 8) % 10_000}`,
    ((random() % 1_000_000) / 100).toFixed(2),
  ]);
}

/** The same number of values in the five ways in which an engine holds strings: flat, two-byte, joined, cut out, long. */
export function otherValues(kind: number): Values[] {
  return batchOfValues().map((values) => values.map((text, i) => otherKind(text, kind % 5, i)));
}

function otherKind(text: string, kind: number, index: number): string {
  if (kind === 0) return text.toUpperCase();
  if (kind === 1) return `${text} \u20ac`;
  if (kind === 2) return `${text} joined with a text that is longer than ${index}`;
  if (kind === 3) return `a long text, of which a part is ${text} and the rest is not`.slice(8, 60);
  return text.repeat(20);
}

/** What the messages say, whatever their bytes: one entry for each Bind that an Execute and a Sync follow. */
export interface Bound {
  readonly statement: string;
  readonly values: readonly string[];
}

/** Reads PostgreSQL's messages back. Formats are all text, and may be left out. */
export function readBack(bytes: Buffer): Bound[] {
  const bound: Bound[] = [];
  let types = '';
  for (let at = 0; at < bytes.length;) {
    const type = bytes.readUInt8(at);
    const end = at + 1 + bytes.readInt32BE(at + 1);
    types += String.fromCharCode(type);
    if (type === BIND) bound.push(readBind(bytes.subarray(at + 5, end)));
    at = end;
  }
  if (types !== 'BES'.repeat(bound.length)) throw new Error(`expected Bind, Execute, Sync in turn, got ${types}`);
  return bound;
}

function readBind(payload: Buffer): Bound {
  const portalEnd = payload.indexOf(0);
  const statementEnd = payload.indexOf(0, portalEnd + 1);
  let at = statementEnd + 3 + 2 * payload.readInt16BE(statementEnd + 1);
  const values = Array.from({ length: payload.readInt16BE(at) }, () => '');
  at += 2;
  for (let i = 0; i < values.length; i++) {
    const length = payload.readInt32BE(at);
    values[i] = payload.toString('utf8', at + 4, (at += 4 + length));
  }
  if (payload.readInt16BE(at) * 2 + at + 2 !== payload.length)
    throw new Error('expected the result formats at the end');
  return { statement: payload.toString('utf8', portalEnd + 1, statementEnd), values };
}

/** Reads the protobuf messages back that `writeProtobuf` makes. */
export function readProtobufBack(bytes: Uint8Array): Bound[] {
  const reader = protobuf.Reader.create(bytes);
  const bound: Bound[] = [];
  while (reader.pos < reader.len) {
    const kind = reader.uint32() >>> 3;
    const end = reader.uint32() + reader.pos;
    if (kind !== 1) {
      reader.pos = end;
      continue;
    }
    let statement = '';
    const values: string[] = [];
    while (reader.pos < end) {
      const field = reader.uint32() >>> 3;
      if (field === 1) statement = reader.string();
      else values.push(reader.string());
    }
    bound.push({ statement, values });
  }
  return bound;
}
