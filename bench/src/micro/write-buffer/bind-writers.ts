import { Plan, WriteBuffer } from '@millrace/write-buffer';
import { serialize } from 'pg-protocol';
import protobuf from 'protobufjs';
import { SmartBuffer } from 'smart-buffer';
import { BIND, EXECUTE, STATEMENT, SYNC, type Values } from './bind-messages.js';

/** A format code for each of the three parameters. */
const TEXT_FORMATS = [0, 0, 0];

/** Composes Bind, Execute and Sync for each of the values; returns what would be given to the socket. */
export type BatchWriter = (batch: readonly Values[]) => readonly Uint8Array[];

/** Only the general API: a field after the other. */
export function generalWriter(): BatchWriter {
  const out = new WriteBuffer();
  return recycling(out, (values) => {
    const bind = out.beginFrame(BIND);
    out.writeCString('');
    out.writeCString(STATEMENT);
    out.writeInt16(TEXT_FORMATS.length);
    for (const format of TEXT_FORMATS) out.writeInt16(format);
    out.writeInt16(values.length);
    for (const value of values) out.writeLengthPrefixedUtf8(value);
    out.writeInt16(1);
    out.writeInt16(0);
    out.endFrame(bind);
    const execute = out.beginFrame(EXECUTE);
    out.writeCString('');
    out.writeInt32(0);
    out.endFrame(execute);
    out.endFrame(out.beginFrame(SYNC));
  });
}

/** What is the same each time is planned once: the head of the Bind, its end with the two messages after it. */
export function plannedWriter(): BatchWriter {
  const draft = new WriteBuffer();
  draft.writeCString('');
  draft.writeCString(STATEMENT);
  draft.writeInt16(TEXT_FORMATS.length);
  for (const format of TEXT_FORMATS) draft.writeInt16(format);
  draft.writeInt16(TEXT_FORMATS.length);
  const head = planOf(draft);
  draft.writeInt16(1);
  draft.writeInt16(0);
  const formats = planOf(draft);
  const execute = draft.beginFrame(EXECUTE);
  draft.writeCString('');
  draft.writeInt32(0);
  draft.endFrame(execute);
  draft.endFrame(draft.beginFrame(SYNC));
  const rest = planOf(draft);
  const out = new WriteBuffer();
  return recycling(out, (values) => {
    const bind = out.beginFrame(BIND);
    out.writePlan(head);
    for (const value of values) out.writeLengthPrefixedUtf8(value);
    out.writePlan(formats);
    out.endFrame(bind);
    out.writePlan(rest);
  });
}

function planOf(draft: WriteBuffer): Plan {
  const plan = new Plan(draft.view());
  draft.reset();
  return plan;
}

/** A chunk is given back when the next one is made, as a socket does when it has sent it. */
function recycling(out: WriteBuffer, write: (values: Values) => void): BatchWriter {
  let sent: Uint8Array | undefined;
  return (batch) => {
    for (const values of batch) write(values);
    if (sent !== undefined) out.recycle(sent);
    sent = out.take();
    return [sent];
  };
}

/** As pg's connection does: each message is a Buffer, and the socket gets them all. */
export const pgWriter: BatchWriter = (batch) => {
  const chunks: Buffer[] = [];
  for (const values of batch) {
    chunks.push(serialize.bind({ statement: STATEMENT, values: values as string[] }));
    chunks.push(serialize.execute());
    chunks.push(serialize.sync());
  }
  return chunks;
};

/** What postgres.js exports from its `bytes.js`. */
export interface PostgresJsBytes {
  (): PostgresJsBytes;
  readonly N: string;
  readonly i: number;
  B(): PostgresJsBytes;
  E(): PostgresJsBytes;
  S(): PostgresJsBytes;
  inc(byteLength: number): PostgresJsBytes;
  str(text: string): PostgresJsBytes;
  i16(value: number): PostgresJsBytes;
  i32(value: number, at?: number): PostgresJsBytes;
  end(): Buffer;
}

/** postgres.js' way: its own writer; what follows a Bind is constant and joined to it, as is each query to the next. */
export function postgresJsWriter(b: PostgresJsBytes): BatchWriter {
  const executeAndSync = Buffer.concat([b().E().str(b.N).i32(0).end(), b().S().end()]);
  const bind = (values: Values): Buffer => {
    b()
      .B()
      .str(b.N)
      .str(STATEMENT + b.N)
      .i16(0)
      .i16(values.length);
    for (const value of values) {
      const at = b.i;
      b.inc(4)
        .str(value)
        .i32(b.i - at - 4, at);
    }
    b.i16(0);
    return b.end();
  };
  return (batch) => {
    const chunks: Buffer[] = [];
    let chunk: Buffer | undefined;
    for (const values of batch) {
      const query = Buffer.concat([bind(values), executeAndSync]);
      chunk = chunk === undefined ? Buffer.from(query) : Buffer.concat([chunk, query]);
      if (chunk.length < 1024) continue;
      chunks.push(chunk);
      chunk = undefined;
    }
    if (chunk !== undefined) chunks.push(chunk);
    return chunks;
  };
}

/** As generated code encodes `Bind { string statement = 1; repeated string values = 2 }`, an Execute and a Sync. */
export const protobufWriter: BatchWriter = (batch) => {
  const writer = protobuf.Writer.create();
  for (const values of batch) {
    writer.uint32(0x0a).fork().uint32(0x0a).string(STATEMENT);
    for (const value of values) writer.uint32(0x12).string(value);
    writer.ldelim();
    writer.uint32(0x12).fork().uint32(0x08).int32(0).ldelim();
    writer.uint32(0x1a).fork().ldelim();
  }
  return [writer.finish()];
};

export const smartBufferWriter: BatchWriter = (batch) => {
  const writer = SmartBuffer.fromSize(16 * 1024);
  for (const values of batch) {
    const start = writer.writeOffset;
    writer.writeUInt8(BIND).writeInt32BE(0).writeStringNT('').writeStringNT(STATEMENT).writeInt16BE(values.length);
    for (const format of TEXT_FORMATS) writer.writeInt16BE(format);
    writer.writeInt16BE(values.length);
    for (const value of values) {
      const at = writer.writeOffset;
      writer.writeInt32BE(0).writeString(value);
      writer.writeInt32BE(writer.writeOffset - at - 4, at);
    }
    writer.writeInt16BE(1).writeInt16BE(0);
    writer.writeInt32BE(writer.writeOffset - start - 1, start + 1);
    writer.writeUInt8(EXECUTE).writeInt32BE(9).writeStringNT('').writeInt32BE(0).writeUInt8(SYNC).writeInt32BE(4);
  }
  return [writer.toBuffer()];
};
