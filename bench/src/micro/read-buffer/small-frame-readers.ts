import { ReadBuffer, type RunDecoder } from '@millrace/read-buffer';
import { BufferList } from 'bl';
import { BufferReader } from 'pg-protocol/dist/buffer-reader.js';
import { Parser } from 'pg-protocol/dist/parser.js';
import protobuf from 'protobufjs';
import { SmartBuffer } from 'smart-buffer';
import { FrameSplitter } from './frame-splitter.js';
import { LAYOUT, TYPE } from './small-frame-bytes.js';

const NONE = Buffer.alloc(0);

/** Reads frames out of chunks and adds up their fields. */
export interface FrameSummer {
  sum: number;
  frames: number;
  feed(chunk: Uint8Array): void;
}

/** What a loop that pulls needs of its reader. */
export interface PullReader {
  takeFrame(): boolean;
  readInt32(): number;
  readInt16(): number;
}

/** The loop is shared by all readers that it is given, so that it can be made to see others first. */
export function pull(reader: PullReader, summer: FrameSummer): void {
  let sum = 0;
  let frames = 0;
  while (reader.takeFrame()) {
    sum += reader.readInt32() + reader.readInt32() + reader.readInt16();
    frames += 1;
  }
  summer.sum += sum;
  summer.frames += frames;
}

export class PullSummer implements FrameSummer {
  sum = 0;
  frames = 0;
  private readonly _buffer = new ReadBuffer({ frame: LAYOUT });

  get copiedBytes(): number {
    return this._buffer.stats.copiedBytes;
  }

  feed(chunk: Uint8Array): void {
    this._buffer.feedBorrowed(chunk);
    pull(this._buffer, this);
    this._buffer.endBorrow();
  }
}

export class RunSummer implements FrameSummer {
  sum = 0;
  frames = 0;
  private readonly _buffer = new ReadBuffer({ frame: LAYOUT });
  private readonly _decode: RunDecoder = (_bytes, view, start, end) => {
    let at = start;
    let sum = 0;
    let frames = 0;
    while (end - at >= 5 && view.getUint8(at) === TYPE) {
      const length = view.getInt32(at + 1);
      const next = at + 1 + length;
      // The fields end within the frame, and the frame within the region.
      if (!(length >= 14 && next <= end)) break;
      sum += view.getInt32(at + 5) + view.getInt32(at + 9) + view.getInt16(at + 13);
      frames += 1;
      at = next;
    }
    this.sum += sum;
    this.frames += frames;
    return at;
  };

  get copiedBytes(): number {
    return this._buffer.stats.copiedBytes;
  }

  feed(chunk: Uint8Array): void {
    const buffer = this._buffer;
    buffer.feedBorrowed(chunk);
    while (buffer.takeRun(TYPE, this._decode));
    buffer.endBorrow();
  }
}

interface OpenParser {
  readonly reader: BufferReader;
  parse(chunk: Buffer, callback: (message: unknown) => void): void;
  handlePacket(offset: number, code: number, length: number, bytes: Buffer): unknown;
}

/** A message in pg-protocol's manner. */
class FieldsMessage {
  readonly name = 'fields';
  length: number;
  readonly id: number;
  readonly amount: number;
  readonly kind: number;

  constructor(length: number, id: number, amount: number, kind: number) {
    this.length = length;
    this.id = id;
    this.amount = amount;
    this.kind = kind;
  }
}

/**
 * pg-protocol's own loop and reader, with our message in place of PostgreSQL's. The switch over those is too large to be
 * inlined, so a message of theirs is always an object; ours must not be optimised away either, and is kept.
 */
class FieldsParser extends (Parser as unknown as new () => OpenParser) {
  override handlePacket(offset: number, _code: number, length: number, bytes: Buffer): unknown {
    const { reader } = this;
    reader.setBuffer(offset, bytes);
    const message = new FieldsMessage(-1, reader.int32(), reader.int32(), reader.int16());
    reader.setBuffer(0, NONE);
    message.length = length;
    return message;
  }
}

export class PgProtocolSummer implements FrameSummer {
  sum = 0;
  frames = 0;
  last: unknown = undefined;
  private readonly _parser = new FieldsParser();
  private readonly _onMessage = (message: unknown): void => {
    this.last = message;
    const { id, amount, kind } = message as FieldsMessage;
    this.sum += id + amount + kind;
    this.frames += 1;
  };

  feed(chunk: Uint8Array): void {
    this._parser.parse(chunk as Buffer, this._onMessage);
  }
}

/** Only pg-protocol's reader, in a loop like that of its parser, without messages. */
export class BufferReaderSummer implements FrameSummer {
  sum = 0;
  frames = 0;
  private readonly _reader = new BufferReader();
  private readonly _splitter = new FrameSplitter(
    (head) => (head.length < 5 ? -1 : head.readUInt32BE(1) + 1),
    (bytes, start, end) => this._walk(bytes, start, end),
  );

  feed(chunk: Uint8Array): void {
    this._splitter.feed(chunk as Buffer);
  }

  private _walk(bytes: Buffer, start: number, end: number): number {
    const reader = this._reader;
    let sum = 0;
    let at = start;
    while (end - at >= 5) {
      const next = at + 1 + bytes.readUInt32BE(at + 1);
      if (next > end) break;
      reader.setBuffer(at + 5, bytes);
      sum += reader.int32() + reader.int32() + reader.int16();
      this.frames += 1;
      at = next;
    }
    this.sum += sum;
    return at;
  }
}

/** As protobufjs' generated code decodes, without making an object. */
export class ProtobufSummer implements FrameSummer {
  sum = 0;
  frames = 0;
  private readonly _splitter = new FrameSplitter(
    (head) => (head[0] ?? NaN) + 1, // these messages are shorter than 128 B
    (bytes, start, end) => this._walk(bytes, start, end),
  );

  feed(chunk: Uint8Array): void {
    this._splitter.feed(chunk as Buffer);
  }

  private _walk(bytes: Buffer, start: number, end: number): number {
    const reader = protobuf.Reader.create(bytes);
    reader.pos = start;
    let sum = 0;
    let frames = 0;
    while (reader.pos < end && reader.pos + 1 + (bytes[reader.pos] ?? 0) <= end) {
      sum += sumOfMessage(reader, reader.uint32());
      frames += 1;
    }
    this.sum += sum;
    this.frames += frames;
    return reader.pos;
  }
}

function sumOfMessage(reader: protobuf.Reader, length: number): number {
  const end = reader.pos + length;
  let id = 0;
  let amount = 0;
  let kind = 0;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag >>> 3) {
      case 1:
        id = reader.sfixed32();
        break;
      case 2:
        amount = reader.sfixed32();
        break;
      case 3:
        kind = reader.int32();
        break;
      default:
        reader.skipType(tag & 7);
    }
  }
  return id + amount + kind;
}

export class BlSummer implements FrameSummer {
  sum = 0;
  frames = 0;
  private readonly _list = new BufferList();

  feed(chunk: Uint8Array): void {
    const list = this._list;
    list.append(chunk);
    while (list.length >= 5) {
      const frameBytes = list.readUInt32BE(1) + 1;
      if (list.length < frameBytes) break;
      this.sum += list.readInt32BE(5) + list.readInt32BE(9) + list.readInt16BE(13);
      this.frames += 1;
      list.consume(frameBytes);
    }
  }
}

export class SmartBufferSummer implements FrameSummer {
  sum = 0;
  frames = 0;
  private readonly _splitter = new FrameSplitter(
    (head) => (head.length < 5 ? -1 : head.readUInt32BE(1) + 1),
    (bytes, start, end) => this._walk(bytes, start, end),
  );

  feed(chunk: Uint8Array): void {
    this._splitter.feed(chunk as Buffer);
  }

  private _walk(bytes: Buffer, start: number, end: number): number {
    const reader = SmartBuffer.fromBuffer(bytes);
    let at = start;
    while (end - at >= 5) {
      reader.readOffset = at + 1;
      const next = at + 1 + reader.readUInt32BE();
      if (next > end) break;
      this.sum += reader.readInt32BE() + reader.readInt32BE() + reader.readInt16BE();
      this.frames += 1;
      at = next;
    }
    return at;
  }
}
