import type { WriteBuffer } from '@millrace/write-buffer';
import { decodeUtf8 } from '@millrace/read-buffer';
import { MalformedValueError } from './malformed-value-error.js';
import { brinBloomSummary, brinMinmaxMultiSummary, dependencies, mcvList, ndistinct } from './opaque-types.js';
import { RefusedValueError, wrongKind } from './refused-value-error.js';
import { text } from './text.js';
import { checkWellFormed } from './well-formed.js';
import { int2vector, oidvector } from './vectors.js';
import type { WireType } from './wire-type.js';

// The OIDs of this file are those of pg_type.dat.

/**
 * `xml` as a string without an encoding in its declaration, as the server prints it. One that a written string declares
 * is replaced: a JavaScript string has none, and the server would believe it.
 */
export const xml: WireType = { ...text, oid: 142, name: 'xml', write: writeXml };

/** `refcursor`: the name of a cursor. */
export const refcursor: WireType = { ...text, oid: 1790, name: 'refcursor' };

/** `cstring`, what input functions take and output functions return. */
export const cstring: WireType = { ...text, oid: 2275, name: 'cstring' };

/** `jsonpath` as a string. */
export const jsonpath: WireType = {
  oid: 4072,
  name: 'jsonpath',
  reader: () => readJsonpath,
  write: writeJsonpath,
};

/** `pg_node_tree`, a parsed expression in the catalogs: a string that cannot be written. */
export const pgNodeTree: WireType = { ...text, oid: 194, name: 'pg_node_tree', write: refuseNodeTree };

/** The types that are text, or close to it, each with the OID of its array type. */
export const TEXT_LIKE_TYPES: readonly (readonly [type: WireType, arrayOid: number | undefined])[] = [
  [xml, 143],
  [refcursor, 2201],
  [cstring, 1263],
  [jsonpath, 4073],
  [pgNodeTree, undefined],
  [int2vector, 1006],
  [oidvector, 1013],
  [ndistinct, undefined],
  [dependencies, undefined],
  [mcvList, undefined],
  [brinBloomSummary, undefined],
  [brinMinmaxMultiSummary, undefined],
];

const DECLARED_ENCODING = /^(<\?xml\s[^>]*?\sencoding\s*=\s*)(?:"[^"]*"|'[^']*')/;

function writeXml(out: WriteBuffer, value: unknown): void {
  text.write(out, typeof value === 'string' ? value.replace(DECLARED_ENCODING, '$1"UTF-8"') : value);
}

const JSONPATH_VERSION = 1; // JSONPATH_VERSION in jsonpath.h

function readJsonpath(bytes: Uint8Array, _view: DataView, start: number, end: number): string {
  if (start === end) throw new MalformedValueError('jsonpath is at least 1 byte long, got 0');
  const version = bytes[start];
  if (version !== JSONPATH_VERSION) {
    throw new MalformedValueError(`jsonpath is of version ${JSONPATH_VERSION}, got ${version}`);
  }
  return decodeUtf8(bytes, start + 1, end);
}

function writeJsonpath(out: WriteBuffer, value: unknown): void {
  if (typeof value !== 'string') throw wrongKind('a string', value);
  checkWellFormed(value);
  const lengthAt = out.reserveInt32();
  out.writeUint8(JSONPATH_VERSION);
  out.patchInt32(lengthAt, 1 + out.writeUtf8(value));
}

function refuseNodeTree(): never {
  throw new RefusedValueError('type', 'expected no value: the server takes none of type pg_node_tree');
}
