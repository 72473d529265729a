import type { WriteBuffer } from '@millrace/write-buffer';
import { checkLength, MalformedValueError } from './malformed-value-error.js';
import { outOfRange, wrongKind } from './refused-value-error.js';
import type { ValueReader, ValueWriter, WireType } from './wire-type.js';

// The OIDs of this file are those of pg_type.dat, the layouts those of geo_ops.c.

/** `point`. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** `lseg`, a line segment. */
export interface LineSegment {
  readonly start: Point;
  readonly end: Point;
}

/** `line`: all points of `a*x + b*y + c = 0`. */
export interface Line {
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** `box` by its upper right and its lower left corner; the server sorts the corners of one that is written. */
export interface Box {
  readonly high: Point;
  readonly low: Point;
}

/** `path`, open or closed. */
export interface Path {
  readonly points: readonly Point[];
  readonly isClosed: boolean;
}

/** `polygon`. */
export interface Polygon {
  readonly points: readonly Point[];
}

/** `circle`. */
export interface Circle {
  readonly center: Point;
  readonly radius: number;
}

const POINT_BYTES = 16;

const point = fixed(600, 'point', 16, '{ x, y }', readPoint, writePoint);

const lseg = fixed(
  601,
  'lseg',
  32,
  '{ start, end }',
  (view, at): LineSegment => ({ start: readPoint(view, at), end: readPoint(view, at + POINT_BYTES) }),
  (out, { start, end }) => {
    writePoint(out, record(start, 'a point { x, y } as start'));
    writePoint(out, record(end, 'a point { x, y } as end'));
  },
);

const box = fixed(
  603,
  'box',
  32,
  '{ high, low }',
  (view, at): Box => ({ high: readPoint(view, at), low: readPoint(view, at + POINT_BYTES) }),
  (out, { high, low }) => {
    writePoint(out, record(high, 'a point { x, y } as high'));
    writePoint(out, record(low, 'a point { x, y } as low'));
  },
);

const line = fixed(
  628,
  'line',
  24,
  '{ a, b, c }',
  (view, at): Line => ({ a: view.getFloat64(at), b: view.getFloat64(at + 8), c: view.getFloat64(at + 16) }),
  (out, { a, b, c }) => {
    writeNumber(out, a, 'a');
    writeNumber(out, b, 'b');
    writeNumber(out, c, 'c');
    if (isZero(a) && isZero(b)) throw outOfRange('a line whose a and b are not both 0', 'both');
  },
);

const circle = fixed(
  718,
  'circle',
  24,
  '{ center, radius }',
  (view, at): Circle => ({ center: readPoint(view, at), radius: view.getFloat64(at + POINT_BYTES) }),
  (out, { center, radius }) => {
    writePoint(out, record(center, 'a point { x, y } as center'));
    writeNumber(out, radius, 'radius');
    if (typeof radius === 'number' && radius < 0) throw outOfRange('a radius of at least 0', 'a negative one');
  },
);

const path: WireType = { oid: 602, name: 'path', reader: () => readPath, write: writePath };
const polygon: WireType = { oid: 604, name: 'polygon', reader: () => readPolygon, write: writePolygon };

/** The geometric types, each with the OID of its array type. */
export const GEOMETRY_TYPES: readonly (readonly [type: WireType, arrayOid: number])[] = [
  [point, 1017],
  [lseg, 1018],
  [path, 1019],
  [box, 1020],
  [polygon, 1027],
  [line, 629],
  [circle, 719],
];

/** A property of the value, not yet known to be what it should be. */
type Properties = Readonly<Record<string, unknown>>;

/** Makes a type that has only numbers in it. */
function fixed(
  oid: number,
  name: string,
  byteLength: number,
  shape: string,
  decode: (view: DataView, at: number) => unknown,
  encode: (out: WriteBuffer, value: Properties) => void,
): WireType {
  const read: ValueReader = (_bytes, view, start, end) => {
    checkLength(name, byteLength, end - start);
    return decode(view, start);
  };
  const write: ValueWriter = (out, value) => {
    const properties = record(value, `a ${name} ${shape}`);
    out.writeInt32(byteLength);
    encode(out, properties);
  };
  return { oid, name, reader: () => read, write };
}

function readPoint(view: DataView, at: number): Point {
  return { x: view.getFloat64(at), y: view.getFloat64(at + 8) };
}

function writePoint(out: WriteBuffer, { x, y }: Properties): void {
  writeNumber(out, x, 'x');
  writeNumber(out, y, 'y');
}

function record(value: unknown, expected: string): Properties {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongKind(expected, value);
  return value as Properties;
}

/** What geo_decls.h takes for zero. */
function isZero(value: unknown): boolean {
  return Math.abs(value as number) <= 1e-6;
}

function writeNumber(out: WriteBuffer, value: unknown, property: string): void {
  if (typeof value !== 'number') throw wrongKind(`a number as ${property}`, value);
  out.writeFloat64(value);
}

/** int8 "is closed", int32 number of the points, the points. */
function readPath(bytes: Uint8Array, view: DataView, start: number, end: number): Path {
  if (end - start < 5) throw new MalformedValueError(`path is at least 5 bytes long, got ${end - start}`);
  const closed = bytes[start] as number;
  if (closed > 1) throw new MalformedValueError(`path is open (0) or closed (1), got ${closed}`);
  return { points: readPoints('path', view, start + 1, end), isClosed: closed === 1 };
}

function readPolygon(_bytes: Uint8Array, view: DataView, start: number, end: number): Polygon {
  if (end - start < 4) throw new MalformedValueError(`polygon is at least 4 bytes long, got ${end - start}`);
  return { points: readPoints('polygon', view, start, end) };
}

function readPoints(name: string, view: DataView, start: number, end: number): Point[] {
  const count = view.getInt32(start);
  if (count <= 0 || start + 4 + count * POINT_BYTES !== end) {
    throw new MalformedValueError(`${name} has no ${count} points in ${end - start - 4} bytes`);
  }
  const points: Point[] = [];
  for (let at = start + 4; at < end; at += POINT_BYTES) points.push(readPoint(view, at));
  return points;
}

function writePath(out: WriteBuffer, value: unknown): void {
  const { points, isClosed } = record(value, 'a path { points, isClosed }');
  if (typeof isClosed !== 'boolean') throw wrongKind('a boolean as isClosed', isClosed);
  const checked = checkedPoints(points);
  out.writeInt32(5 + checked.length * POINT_BYTES);
  out.writeUint8(isClosed ? 1 : 0);
  writePoints(out, checked);
}

function writePolygon(out: WriteBuffer, value: unknown): void {
  const { points } = record(value, 'a polygon { points }');
  const checked = checkedPoints(points);
  out.writeInt32(4 + checked.length * POINT_BYTES);
  writePoints(out, checked);
}

function checkedPoints(points: unknown): readonly unknown[] {
  if (!Array.isArray(points)) throw wrongKind('an array of points { x, y } as points', points);
  if (points.length === 0) throw outOfRange('at least one point', 'none');
  return points.slice(); // a getter in one may lengthen the list
}

function writePoints(out: WriteBuffer, points: readonly unknown[]): void {
  out.writeInt32(points.length);
  for (const item of points) writePoint(out, record(item, 'a point { x, y }'));
}
