// Writes the source of decoders and encoders for structs and arrays. What they contain and is neither a number nor bytes
// of a plain length is called. A decoder that runs out of bytes hands what it has to `decodeFrom` or `decodeItems`,
// which are also all that closures have: so both give the same values, errors and frames.
import { List } from './array.js';
import { Incomplete } from './codec.js';
import { copyBytes } from './content.js';
import { LimitError } from './errors.js';
import type { AnyLayout } from './layout.js';
import { Fixed, NUMBERS } from './numbers.js';
import { checkNumber, readBool, readSafe } from './numbers.js';
import { Sized, plainPrefix } from './sized.js';
import { Struct, checkRow, readField, setField } from './struct.js';
import { decodeText } from './text.js';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- which values it has does not matter here
type AnyFixed = Fixed<any>;

/** What generated source finds in its scope, besides the layouts. */
export const library: Readonly<Record<string, unknown>> = {
  Incomplete,
  decodeText,
  copyBytes,
  readBool,
  readSafe,
  checkNumber,
  checkRow,
  readField,
  setField,
  LimitError,
};

/** Source for a list of layouts, which it calls `layouts`. */
export interface Source {
  readonly text: string;
  readonly layouts: readonly AnyLayout[];
}

/** Generates source for `root` and all that it is made of; `id` makes it unique. */
export function generate(root: AnyLayout, all: readonly AnyLayout[], id: number): Source {
  const writer = new SourceWriter();
  writer.addDrain(root);
  for (const layout of all) {
    if (layout instanceof Struct) writer.addStruct(layout);
    else if (layout instanceof List) writer.addList(layout);
  }
  return writer.finish(id);
}

class SourceWriter {
  private readonly _layouts: AnyLayout[] = [];
  private readonly _lines: string[] = [];

  finish(id: number): Source {
    const names = this._layouts.map((_, i) => `n${i}`);
    const text = [
      // V8 shares type feedback between functions of the same source: the number keeps two codecs apart.
      `'use strict'; // codec ${id} of @millrace/codecs`,
      `const { ${Object.keys(library).join(', ')} } = library;`,
      `const [${names.join(', ')}] = layouts;`,
      ...this._lines,
    ];
    return { text: text.join('\n'), layouts: this._layouts };
  }

  addDrain(root: AnyLayout): void {
    if (root.least() === 0) return;
    const name = this._nameOf(root);
    this._lines.push('', `${name}.drain = function drain(c, onValue) {`);
    if (root instanceof Fixed) {
      const { byteLength } = root;
      this._lines.push(
        '  const { bytes, view, end } = c;',
        '  let at = c.at;',
        `  while (end - at >= ${byteLength}) {`,
        `    const v = ${readNumber(root, 'at')};`,
        `    at += ${byteLength};`,
        '    c.at = at;',
        '    onValue(v);',
        '  }',
        `  c.need = ${byteLength};`,
      );
    } else {
      this._lines.push(
        '  while (c.at < c.end) {',
        `    const v = ${name}.decodeAt(c);`,
        '    if (v === Incomplete) return;',
        '    onValue(v);',
        '  }',
        '  c.need = 1;',
      );
    }
    this._lines.push('};');
  }

  addStruct(struct: Struct<unknown>): void {
    const name = this._nameOf(struct);
    this._lines.push('', `${name}.decodeAt = function decode(c) {`, ...CURSOR);
    let values: string[] = [];
    for (let i = 0; ;) {
      const part = struct.parts[i];
      if (part === undefined) break;
      const exit = `{ c.at = at; return ${name}.decodeFrom(c, [${values.join(', ')}]); }`;
      const group = fixedGroup(struct.parts, i);
      if (group.length > 0) {
        this._lines.push(`  if (end - at < ${sum(group)}) ${exit}`);
        let offset = 0;
        for (const [k, part] of group.entries()) {
          const field = propertyName(struct.names[i + k]);
          this._lines.push(`  const v${i + k} = ${readNumber(part, plus('at', offset))}; // ${field}`);
          offset += part.byteLength;
        }
        this._lines.push(`  at += ${offset};`);
        i += group.length;
      } else {
        this._lines.push(`  // ${propertyName(struct.names[i])}`);
        this._addValue('  ', part, `v${i}`, exit, `c.save(${name}, 0, [${values.join(', ')}])`);
        i += 1;
      }
      values = struct.names.slice(0, i).map((_, k) => `v${k}`);
    }
    this._lines.push('  c.at = at;', ...objectOf(struct), '};');
    this._lines.push(
      `${name}.encodeTo = function encode(out, row) {`,
      '  checkRow(row);',
      ...struct.parts.map((part, i) => `  ${this._write(part, fieldOf('row', struct.names[i]))}`),
      '};',
    );
  }

  addList(list: List<unknown>): void {
    const name = this._nameOf(list);
    const { item, prefix } = list;
    this._lines.push('', `${name}.decodeAt = function decode(c) {`);
    if (prefix === undefined) this._lines.push(`  const count = ${list.fixedCount};`);
    else {
      const again = `c.save(${name}, -1, undefined)`;
      const plain = plainPrefix(prefix);
      this._lines.push(
        ...(plain === undefined
          ? [`  const count = ${name}.decodeCount(c);`, `  if (count < 0) return ${again};`]
          : [
              `  if (c.end - c.at < ${plain.byteLength}) { c.need = ${plain.byteLength}; return ${again}; }`,
              `  const count = ${readNumber(plain, 'c.at', 'c.')};`,
              ...tooMany('  ', plain, 'count', list.maxCount(), 'a count'),
              `  c.at += ${plain.byteLength};`,
            ]),
      );
    }
    this._lines.push(...CURSOR);
    if (item instanceof Fixed) {
      this._lines.push(
        `  if (end - at < count * ${item.byteLength}) return ${name}.decodeItems(c, count, []);`,
        '  const items = new Array(count);',
        `  for (let i = 0; i < count; i++, at += ${item.byteLength}) items[i] = ${readNumber(item, 'at')};`,
      );
    } else {
      const exit = `{ c.at = at; return ${name}.decodeItems(c, count, items); }`;
      this._lines.push('  const items = [];', '  for (let i = 0; i < count; i++) {');
      this._addValue('    ', item, 'v', exit, `c.save(${name}, count, items)`);
      this._lines.push('    items.push(v);', '  }');
    }
    this._lines.push('  c.at = at;', '  return items;', '};');
    this._lines.push(
      `${name}.encodeTo = function encode(out, items) {`,
      `  ${name}.checkItems(items);`,
      ...(prefix === undefined ? [] : [`  ${this._write(prefix, 'items.length')}`]),
      `  for (const x of items) ${this._write(item, 'x')}`,
      '};',
    );
  }

  /** Adds lines that decode a value that is not of fixed size. */
  private _addValue(indent: string, part: AnyLayout, to: string, exit: string, save: string): void {
    const lines = part instanceof Sized ? readSized(part, to, exit) : undefined;
    const call = [
      'c.at = at;',
      `const ${to} = ${this._nameOf(part)}.decodeAt(c);`,
      `if (${to} === Incomplete) return ${save};`,
      'at = c.at;',
    ];
    const inline =
      part instanceof Fixed
        ? [
            `if (end - at < ${part.byteLength}) ${exit}`,
            `const ${to} = ${readNumber(part, 'at')};`,
            `at += ${part.byteLength};`,
          ]
        : lines;
    this._lines.push(...(inline ?? call).map((line) => indent + line));
  }

  /** A statement that encodes what `value` says. */
  private _write(part: AnyLayout, value: string): string {
    if (!(part instanceof Fixed)) return `${this._nameOf(part)}.encodeTo(out, ${value});`;
    const { kind, writer } = part;
    const isChecked = kind === 'bool' || kind === 'u64Number' || kind.startsWith('f');
    return `out.${writer}(${isChecked ? `checkNumber('${kind}', ${value})` : value});`;
  }

  private _nameOf(layout: AnyLayout): string {
    const index = this._layouts.indexOf(layout);
    return `n${index < 0 ? this._layouts.push(layout) - 1 : index}`;
  }
}

const CURSOR = ['  const { bytes, view, end } = c;', '  let at = c.at;'];

function plus(at: string, offset: number): string {
  return offset === 0 ? at : `${at} + ${offset}`;
}

function sum(group: readonly AnyFixed[]): number {
  return group.reduce((total, { byteLength }) => total + byteLength, 0);
}

/** The numbers of fixed size from `start` on: one check of the end is enough for them. */
function fixedGroup(parts: readonly AnyLayout[], start: number): AnyFixed[] {
  const group: AnyFixed[] = [];
  for (let i = start; parts[i] instanceof Fixed; i++) group.push(parts[i] as AnyFixed);
  return group;
}

/** An expression that reads a number. */
function readNumber({ kind, littleEndian, byteLength }: AnyFixed, at: string, of = ''): string {
  const order = byteLength > 1 && littleEndian ? ', true' : '';
  if (kind === 'u8') return `${of}bytes[${at}]`;
  if (kind === 'bool') return `readBool(${of}bytes[${at}])`;
  if (kind === 'u64Number' || kind === 'i64Number') {
    return `readSafe(${of}view, ${at}, ${littleEndian}, ${kind === 'i64Number'})`;
  }
  return `${of}view.get${NUMBERS[kind][1]}(${at}${order})`;
}

/** Lines that read bytes or text, or undefined where the length is not plain. */
function readSized(part: Sized<unknown>, to: string, exit: string): string[] | undefined {
  const decode = part.isText ? 'decodeText' : 'copyBytes';
  const { prefix } = part;
  if (prefix === undefined) {
    return [
      `if (end - at < ${part.fixedBytes}) ${exit}`,
      `const ${to} = ${decode}(bytes, at, at + ${part.fixedBytes});`,
      `at += ${part.fixedBytes};`,
    ];
  }
  const plain = plainPrefix(prefix);
  if (plain === undefined) return undefined;
  return [
    `if (end - at < ${plain.byteLength}) ${exit}`,
    `const ${to}Length = ${readNumber(plain, 'at')};`,
    ...tooMany('', plain, `${to}Length`, part.maxBytes, 'a length'),
    `const ${to}End = at + ${plain.byteLength} + ${to}Length;`,
    `if (${to}End > end) ${exit}`,
    `const ${to} = ${decode}(bytes, at + ${plain.byteLength}, ${to}End);`,
    `at = ${to}End;`,
  ];
}

/** A line that throws on a length above `max`, where the prefix can say one. */
function tooMany(indent: string, prefix: AnyFixed, length: string, max: number, what: string): string[] {
  if (max >= 256 ** prefix.byteLength - 1) return [];
  return [`${indent}if (${length} > ${max}) throw new LimitError('${what}', ${length}, ${max});`];
}

/** A name as a string literal: what it contains cannot end it. */
function literal(name = ''): string {
  // JSON leaves these two as they are; older engines end a line at them.
  return JSON.stringify(name).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

/** A name as a property of an object literal. Only a computed `__proto__` is an ordinary property. */
function propertyName(name = ''): string {
  return name === '__proto__' ? `[${literal(name)}]` : literal(name);
}

function fieldOf(row: string, name = ''): string {
  return name in Object.prototype ? `readField(${row}, ${literal(name)})` : `${row}[${literal(name)}]`;
}

/** Lines that return the object of a struct. */
function objectOf({ names, parts, hasOptional }: Struct<unknown>): string[] {
  if (!hasOptional) return [`  return { ${names.map((name, i) => `${propertyName(name)}: v${i}`).join(', ')} };`];
  const isOptional = parts.map((part) => 'isOptional' in part);
  const lines = names.map((name, i) => {
    const set = name in Object.prototype ? `setField(row, ${literal(name)}, v${i});` : `row[${literal(name)}] = v${i};`;
    return isOptional[i] === true ? `  if (v${i} !== undefined) ${set}` : `  ${set}`;
  });
  return ['  const row = {};', ...lines, '  return row;'];
}
