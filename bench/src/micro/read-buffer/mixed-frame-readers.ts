import { decodeUtf8, ReadBuffer, type RunDecoder } from '@millrace/read-buffer';
import type { BufferReader } from 'pg-protocol/dist/buffer-reader.js';
import { Parser } from 'pg-protocol/dist/parser.js';
import { LAYOUT, mix, TYPE } from './mixed-frame-bytes.js';

const NONE = Buffer.alloc(0);

/** Reads frames out of chunks and adds up what `mix` makes of their fields. */
export interface MixedReader {
  sum: number;
  feed(chunk: Buffer): void;
}

/** What becomes of the bytes after the strings: returns how many there are. */
export type BodyReader = (buffer: ReadBuffer) => number;

export const viewBody: BodyReader = (buffer) => buffer.viewBytes(buffer.length).length;
export const skipBody: BodyReader = (buffer) => {
  const { length } = buffer;
  buffer.skip(length);
  return length;
};
/** The next takeFrame leaves behind what was only looked at. */
export const peekBody: BodyReader = (buffer) => buffer.length - (buffer.peekUint8() === 0 ? 1 : 0);

/** Makes a reader of its own source for each way to treat the body, as an application would have one loop. */
export function pullReader(readBody: BodyReader): MixedReader {
  const buffer = new ReadBuffer({ frame: LAYOUT });
  return {
    sum: 0,
    feed(chunk) {
      let { sum } = this;
      buffer.feedBorrowed(chunk);
      while (buffer.takeFrame()) {
        const id = buffer.readInt32();
        const name = buffer.readCString();
        const text = buffer.readUtf8(buffer.readInt16());
        sum += mix(id, name, text, readBody(buffer));
      }
      buffer.endBorrow();
      this.sum = sum;
    },
  };
}

export function runReader(): MixedReader {
  const buffer = new ReadBuffer({ frame: LAYOUT });
  let sum = 0;
  const decode: RunDecoder = (bytes, view, start, end) => {
    let at = start;
    while (end - at >= 5 && view.getUint8(at) === TYPE) {
      const next = at + 1 + view.getInt32(at + 1);
      if (!(next >= at + 12 && next <= end)) break;
      const id = view.getInt32(at + 5);
      let nul = at + 9;
      while (nul < next && view.getUint8(nul) !== 0) nul++;
      const textAt = nul + 3;
      if (!(textAt <= next)) break;
      const textEnd = textAt + view.getInt16(nul + 1);
      if (!(textEnd >= textAt && textEnd <= next)) break;
      sum += mix(id, decodeUtf8(bytes, at + 9, nul), decodeUtf8(bytes, textAt, textEnd), next - textEnd);
      at = next;
    }
    return at;
  };
  return {
    sum: 0,
    feed(chunk) {
      sum = this.sum;
      buffer.feedBorrowed(chunk);
      while (buffer.takeRun(TYPE, decode));
      buffer.endBorrow();
      this.sum = sum;
    },
  };
}

interface OpenParser {
  readonly reader: BufferReader;
  parse(chunk: Buffer, callback: (message: unknown) => void): void;
  handlePacket(offset: number, code: number, length: number, bytes: Buffer): unknown;
}

/** A message in pg-protocol's manner. */
class MixedMessage {
  readonly name = 'mixed';
  length: number;
  readonly id: number;
  readonly label: string;
  readonly text: string;
  readonly body: number;

  constructor(length: number, id: number, label: string, text: string, body: number) {
    this.length = length;
    this.id = id;
    this.label = label;
    this.text = text;
    this.body = body;
  }
}

/**
 * pg-protocol's own loop and reader, with our message in place of PostgreSQL's. The switch over those is too large to be
 * inlined, so a message of theirs is always an object; ours must not be optimised away either, and is kept.
 */
class MixedParser extends (Parser as unknown as new () => OpenParser) {
  private readonly _takesBody: boolean;

  constructor(takesBody: boolean) {
    super();
    this._takesBody = takesBody;
  }

  override handlePacket(offset: number, _code: number, length: number, bytes: Buffer): unknown {
    const { reader } = this;
    reader.setBuffer(offset, bytes);
    const id = reader.int32();
    const label = reader.cstring();
    const text = reader.string(reader.int16());
    const body = length - 4 - 4 - label.length - 1 - 2 - text.length;
    const message = new MixedMessage(-1, id, label, text, this._takesBody ? reader.bytes(body).length : body);
    reader.setBuffer(0, NONE);
    message.length = length;
    return message;
  }
}

export function pgProtocolReader(takesBody: boolean): MixedReader {
  const parser = new MixedParser(takesBody);
  const reader = {
    sum: 0,
    last: undefined as unknown,
    feed(chunk: Buffer) {
      parser.parse(chunk, onMessage);
    },
  };
  const onMessage = (message: unknown): void => {
    reader.last = message;
    const { id, label, text, body } = message as MixedMessage;
    reader.sum += mix(id, label, text, body);
  };
  return reader;
}

/** What most protocol code in Node does: join what is left with what arrived, cut a frame off, read by offset. */
export function concatReader(): MixedReader {
  let rest: Buffer = Buffer.alloc(0);
  return {
    sum: 0,
    feed(chunk) {
      let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      while (bytes.length >= 5) {
        const frameBytes = bytes.readInt32BE(1) + 1;
        if (bytes.length < frameBytes) break;
        const frame = bytes.subarray(0, frameBytes);
        bytes = bytes.subarray(frameBytes);
        const nul = frame.indexOf(0, 9);
        const textAt = nul + 3;
        const textEnd = textAt + frame.readInt16BE(nul + 1);
        const name = frame.toString('utf8', 9, nul);
        const text = frame.toString('utf8', textAt, textEnd);
        this.sum += mix(frame.readInt32BE(5), name, text, frame.subarray(textEnd).length);
      }
      rest = bytes;
    },
  };
}
