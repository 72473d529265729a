// Writes the source of decoders and encoders for structs and arrays. What they contain and is neither a number nor bytes
// of a plain length is called. A decoder that runs out of bytes hands what it has to `decodeFrom` or `decodeRest`,
// which are also all that closures have: so both give the same values, errors and frames.
import { List } from './array.js';
import { Incomplete } from './codec.js';
import { copyBytes } from './content.js';
import type { AnyLayout } from './layout.js';
import { Fixed, NUMBERS } from './numbers.js';
import { checkNumber, readBool, readSafe } from './numbers.js';
import { Sized } from './sized.js';
import { Struct, bytesFrom, checkRow, readField } from './struct.js';
import { decodeUtf8 } from '@millrace/read-buffer';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- which values it has does not matter here
type AnyFixed = Fixed<any>;

/** What generated source finds in its scope, besides the layouts. */
export const library: Readonly<Record<string, unknown>> = {
  Incomplete,
  decodeUtf8,
  copyBytes,
  readBool,
  readSafe,
  checkNumber,
  checkRow,
  readField,
};

/** Source for a list of layouts, which it calls `layouts`. */
export interface Source {
  readonly text: string;
  readonly layouts: readonly AnyLayout[];
}

const CURSOR = '  const { bytes, view, end } = c;\n  let { at } = c, stop;';

/** Generates source for `root` and all that it is made of; `id` makes it unique. */
export function generate(root: AnyLayout, all: Iterable<AnyLayout>, id: number): Source {
  const layouts: AnyLayout[] = [];
  const nameOf = (layout: AnyLayout): string => {
    const index = layouts.indexOf(layout);
    return `n${index < 0 ? layouts.push(layout) - 1 : index}`;
  };

  /** Statements that decode a value which is not of fixed size; `stop` is for one that is incomplete. */
  const read = (part: AnyLayout, to: string, stop: string): string => {
    const plain = part instanceof Sized ? part.plain : undefined;
    if (!(part instanceof Sized) || plain === undefined) {
      return `  c.at = at;
  const ${to} = ${nameOf(part)}.decodeAt(c);
  if (${to} === Incomplete) return ${stop};
  at = c.at;`;
    }
    const start = `at + ${plain.byteLength}`;
    return `  stop = ${start};
  if (stop > end || (stop += ${readNumber(plain)}) > end || stop - at > ${plain.byteLength + part.maxBytes}) {
    c.at = at;
    ${nameOf(part)}.decodeAt(c);
    return ${stop};
  }
  const ${to} = ${part.isText ? 'decodeUtf8' : 'copyBytes'}(bytes, ${start}, stop);
  at = stop;`;
  };

  /** A statement that encodes what `value` says. */
  const write = (part: AnyLayout, value: string): string =>
    part instanceof Fixed
      ? `  out.${part.writer}(${part.isChecked ? `checkNumber('${part.kind}', ${value})` : value});`
      : `  ${nameOf(part)}.encodeTo(out, ${value});`;

  const structSource = (struct: Struct<unknown>): string => {
    const name = nameOf(struct);
    const { parts } = struct;
    const fields = struct.names.map((field) => JSON.stringify(field));
    const values = parts.map((_, i) => `v${i}`);
    const reads = parts.map((part, i) => {
      const known = `(c, ${name}.make([${values.slice(0, i).join(', ')}]), ${i})`;
      if (!(part instanceof Fixed)) return read(part, `v${i}`, `${name}.stop${known}`);
      const rest = `{ c.at = at; return ${name}.decodeFrom${known}; }`;
      const check = parts[i - 1] instanceof Fixed ? '' : `  if (end - at < ${bytesFrom(parts, i)}) ${rest}\n`;
      return `${check}  const v${i} = ${readNumber(part)};\n  at += ${part.byteLength};`;
    });
    // `__proto__: value` would set the prototype.
    const pairs = fields.map((field, i) => `${field === '"__proto__"' ? `[${field}]` : field}: v${i}`);
    const row = struct.hasOptional ? `${name}.make([${values.join(', ')}])` : `{ ${pairs.join(', ')} }`;
    const writes = parts.map((part, i) => {
      const field = fields[i] as string;
      // What every object inherits is not a field.
      return write(
        part,
        (struct.names[i] as string) in Object.prototype ? `readField(row, ${field})` : `row[${field}]`,
      );
    });
    return `${name}.decodeAt = function decode(c) {
${CURSOR}
${reads.join('\n')}
  c.at = at;
  return ${row};
};
${name}.encodeTo = function encode(out, row) {
  checkRow(row);
${writes.join('\n')}
};`;
  };

  const listSource = (list: List<unknown>): string => {
    const name = nameOf(list);
    const { item, prefix } = list;
    // perf: int32 / float64 array; eight at a time take two thirds of the time.
    const loop =
      item instanceof Fixed
        ? `  if (end - at < count * ${item.byteLength}) return ${name}.decodeRest(c, count, []);
  const items = new Array(count);
  let i = 0;
  for (; i < count - 7; i += 8, at += ${8 * item.byteLength}) {
${[0, 1, 2, 3, 4, 5, 6, 7].map((k) => `    items[i + ${k}] = ${readNumber(item, `at + ${k * item.byteLength}`)};`).join('\n')}
  }
  for (; i < count; i++, at += ${item.byteLength}) items[i] = ${readNumber(item)};`
        : `  const items = [];
  while (items.length < count) {
${read(item, 'v', `${name}.stop(c, count, items)`)}
  items.push(v);
  }`;
    // Items that may take no bytes are counted there.
    const body =
      item.least() > 0
        ? `${CURSOR}\n${loop}\n  c.at = at;\n  return items;`
        : `  return ${name}.decodeRest(c, count, []);`;
    return `${name}.decodeItems = function decode(c, count) {
${body}
};
${name}.encodeTo = function encode(out, items) {
  ${name}.checkItems(items);
${prefix === undefined ? '' : write(prefix, 'items.length')}
  for (const x of items) {
  ${write(item, 'x')}
  }
};`;
  };

  /** A loop over the values of a stream: one number after the other, or whatever else. */
  const drainSource = (): string => {
    const name = nameOf(root);
    return `${name}.drain = function drain(c, onValue) {
${
  root instanceof Fixed
    ? `${CURSOR}
  while (end - at >= ${root.byteLength}) {
    const v = ${readNumber(root)};
    c.at = at += ${root.byteLength};
    onValue(v);
  }
  c.need = ${root.byteLength};`
    : `  while (c.at < c.end) {
    c.emptyItems = 0;
    const v = ${name}.decodeAt(c);
    if (v === Incomplete) return c.keep();
    onValue(v);
  }
  c.need = 1;`
}
};`;
  };

  const functions = Array.from(all, (layout) => {
    if (layout instanceof Struct) return structSource(layout);
    return layout instanceof List ? listSource(layout) : '';
  });
  if (root.least() > 0) functions.push(drainSource());
  const text = [
    // V8 shares type feedback between functions of the same source: the number keeps two codecs apart.
    `'use strict'; // codec ${id}`,
    `const { ${Object.keys(library).join(', ')} } = library;`,
    `const [${layouts.map(nameOf).join(', ')}] = layouts;`,
    ...functions.filter((one) => one !== ''),
  ].join('\n\n');
  return { text, layouts };
}

/** An expression that reads a number. */
function readNumber({ kind, littleEndian, byteLength }: AnyFixed, at = 'at'): string {
  if (kind === 'u8') return `bytes[${at}]`;
  if (kind === 'bool') return `readBool(bytes[${at}])`;
  if (kind.endsWith('Number')) return `readSafe(view, ${at}, ${littleEndian}, ${kind === 'i64Number'})`;
  return `view.get${NUMBERS[kind][1]}(${at}${byteLength > 1 && littleEndian ? ', true' : ''})`;
}
