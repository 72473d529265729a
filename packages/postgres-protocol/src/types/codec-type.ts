import { decodeUtf8 } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import { MalformedValueError } from './malformed-value-error.js';
import { RefusedValueError, wrongKind } from './refused-value-error.js';
import { text } from './text.js';
import type { BinaryTypeCodec, TextTypeCodec, TypeCodec } from './type-codec.js';
import type { ValueReader, ValueWriter, WireType } from './wire-type.js';

/**
 * How a type's binary format holds its text: not at all, as it is, or behind a byte that is 1 (jsonb, jsonpath). Where it
 * does, values with a text codec go in binary, so that they may be parts of others that do.
 */
export type TextInBinary = 'none' | 'plain' | 'versioned';

const VERSION = 1; // jsonb_send in jsonb.c, jsonpath_send in jsonpath.c: the only one there has been

/** Makes the type whose values an application's codec decodes and encodes. */
export function codecType(oid: number, name: string, codec: TypeCodec, textInBinary: TextInBinary): WireType {
  // The codec's values may be arrays, so that an array of them is not searched for the elements' dimensions.
  const common = { oid, name, valuesAreArrays: true };
  if (codec.format === 'binary') {
    const read = binaryReader(name, codec);
    return { ...common, reader: () => read, write: binaryWriter(name, codec) };
  }
  const isVersioned = textInBinary === 'versioned';
  const read = isVersioned ? versionedReader(name, codec) : textReader(name, codec);
  const format = textInBinary === 'none' ? 0 : 1;
  return { ...common, format, reader: () => read, write: textWriter(name, codec, isVersioned) };
}

function binaryReader(name: string, codec: BinaryTypeCodec): ValueReader {
  return (bytes, _view, start, end) => decoded(name, () => codec.decode(bytes.slice(start, end)));
}

function textReader(name: string, codec: TextTypeCodec): ValueReader {
  return function readByCodec(bytes, _view, start, end) {
    const source = decodeUtf8(bytes, start, end);
    return decoded(name, () => codec.decode(source));
  };
}

function versionedReader(name: string, codec: TextTypeCodec): ValueReader {
  const read = textReader(name, codec);
  return function readVersioned(bytes, view, start, end) {
    if (end === start || view.getUint8(start) !== VERSION) throw new MalformedValueError(`${name} is not of version 1`);
    return read(bytes, view, start + 1, end);
  };
}

/** The bytes are fine, so what the codec throws is not the server's fault; nor is its message ours to show. */
function decoded(name: string, decode: () => unknown): unknown {
  try {
    return decode();
  } catch (cause) {
    throw new RangeError(`the codec that was set for ${name} could not decode the value`, { cause });
  }
}

function binaryWriter(name: string, codec: BinaryTypeCodec): ValueWriter {
  return function writeByCodec(out, value) {
    const bytes = encoded(name, () => codec.encode(value));
    // Not instanceof: of another realm it is as good.
    if (Object.prototype.toString.call(bytes) !== '[object Uint8Array]') throw wrongResult(name, 'a Uint8Array', bytes);
    out.writeLengthPrefixedBytes(bytes as Uint8Array);
  };
}

function textWriter(name: string, codec: TextTypeCodec, isVersioned: boolean): ValueWriter {
  return function writeByCodec(out, value) {
    const source = encoded(name, () => codec.encode(value));
    if (typeof source !== 'string') throw wrongResult(name, 'a string', source);
    if (isVersioned) writeVersioned(out, source);
    else text.write(out, source);
  };
}

function writeVersioned(out: WriteBuffer, source: string): void {
  const lengthAt = out.reserveInt32();
  out.writeUint8(VERSION);
  out.patchInt32(lengthAt, 1 + out.writeUtf8(source));
}

function encoded(name: string, encode: () => unknown): unknown {
  try {
    return encode();
  } catch (cause) {
    throw new RefusedValueError('type', `the codec that was set for ${name} could not encode the value`, { cause });
  }
}

function wrongResult(name: string, expected: string, result: unknown): RefusedValueError {
  const { message } = wrongKind(`${expected} from the codec that was set for ${name}`, result);
  return new RefusedValueError('type', message);
}
