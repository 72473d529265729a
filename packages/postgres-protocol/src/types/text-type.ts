import { decodeUtf8 } from '@millrace/read-buffer';
import { WriteBuffer } from '@millrace/write-buffer';
import { readText, writeAsText } from './text.js';
import type { ValueOptions } from './value-options.js';
import type { WireType } from './wire-type.js';

/** Makes a type of which nothing is known but its text: those that have no binary format, or none known here. */
export function textTypeOf(oid: number, name: string): WireType {
  return { oid, name, format: 0, reader: () => readText, write: writeAsText };
}

/** Returns what makes a value of a piece of text, for the parts of values in text. */
export function textParser(type: WireType, options: ValueOptions): (source: string) => unknown {
  const read = type.reader(options);
  if (read === readText) return (source) => source;
  const out = new WriteBuffer();
  return function parseText(source) {
    out.writeUtf8(source);
    const bytes = out.take();
    return read(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.length);
  };
}

/** Prints what the type's own writer makes of a value. */
export function printText(type: WireType, value: unknown): string {
  const out = new WriteBuffer();
  type.write(out, value);
  const bytes = out.take();
  return decodeUtf8(bytes, 4, bytes.length); // behind its int32 length
}
