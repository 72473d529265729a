import type { RunDecoder } from '@millrace/read-buffer';
import { BROKEN_ROW } from './broken-row.js';
import { columnKind } from './column-sink.js';
import { literal } from './generation.js';
import { LazyRow, type LazyRowType } from './lazy-row.js';
import { LazySink } from './lazy-sink.js';
import type { ObjectMaker } from './object-maker.js';
import type { RowShape } from './row-batch.js';
import { indexByName, type RowColumn } from './row-column.js';
import type { RowSink } from './row-sink.js';

/** What generated source makes. */
interface Generated {
  readonly decode: RunDecoder;
  readonly toObject: LazyRowType['toObject'] | undefined;
}

type Make = (
  columns: readonly RowColumn[],
  sink: RowSink,
  brokenRow: Error,
  lazyRow: typeof LazyRow,
  constants: Readonly<Record<string, unknown>>,
) => Generated;

/**
 * Generates the decoder of rows that fills `sink`.
 *
 * @returns The decoder, and its source. Column names are data in it.
 */
export function generatedDecoder(sink: RowSink, shape: RowShape): { decode: RunDecoder; source: string } {
  const source = rowSource(sink.columns, shape);
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- all that comes from outside is in string literals
  const make = new Function('columns', 'sink', 'brokenRow', 'LazyRow', 'constants', source) as Make;
  const { decode, toObject } = make(sink.columns, sink, BROKEN_ROW, LazyRow, constantsOf(sink.columns));
  if (toObject !== undefined && sink instanceof LazySink) sink.type.toObject = toObject;
  return { decode, source };
}

/**
 * Generates what makes objects of these columns: for columns that are too many to have source each.
 *
 * @returns The maker, and its source. Column names are data in it.
 */
export function generatedMaker(columns: readonly RowColumn[]): { make: ObjectMaker; source: string } {
  const row = objectLiteral(columns, (i) => `values[${i}]`);
  const source = [`'use strict'; // rows as objects, source ${++generatedSources}`, ...returned(row)].join('\n');
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- all that comes from outside is in string literals
  return { make: new Function('values', source) as ObjectMaker, source };
}

let generatedSources = 0;

// perf: rows; one object literal gives every row its final shape at once, and each site of a read sees one type of value.
function rowSource(columns: readonly RowColumn[], shape: RowShape): string {
  const parts = partsOf(columns, shape);
  const lines = [
    // V8 shares type feedback between functions of the same source: the number keeps two statements apart.
    `'use strict'; // rows as ${shape}, source ${++generatedSources}`,
    ...columns.map((_, i) => `const read${i} = columns[${i}].read;`),
    ...Object.keys(constantsOf(columns)).map((name) => `const { ${name} } = constants;`),
    'function decode(bytes, view, start, end) {',
    ...indent(parts.begin),
    '  let frame = start, at = start, length = 0;',
    '  try {',
    // Type, length. What lies outside of the frame may be read, but a row of which it is part is not taken.
    '    while (end - frame >= 5 && bytes[frame] === 0x44) {',
    '      const frameEnd = frame + 1 + view.getInt32(frame + 1);',
    '      if (frameEnd > end || frameEnd < frame + 5) break;',
    '      at = frame + 7;',
    `      if (view.getUint16(frame + 5) !== ${columns.length}) throw brokenRow;`,
    ...indent(indent(indent(parts.row))),
    '      frame = frameEnd;',
    '    }',
    '  } catch (error) {',
    '    sink.fail(error, bytes, view, frame, at);',
    '  }',
    ...indent(parts.end),
    '  return frame;',
    '}',
    ...parts.behind,
  ];
  return lines.join('\n');
}

/** Source that differs from shape to shape. */
interface Parts {
  /** Before the first frame. */
  readonly begin: readonly string[];
  /** For each row, from its first column on; it checks that the row ends at `frameEnd` before the row counts. */
  readonly row: readonly string[];
  /** After the last frame. */
  readonly end: readonly string[];
  readonly behind: readonly string[];
}

const CHECK_END = 'if (at !== frameEnd) throw brokenRow;';

function partsOf(columns: readonly RowColumn[], shape: RowShape): Parts {
  switch (shape) {
    case 'objects':
      return listParts(columns, objectLiteral(columns));
    case 'arrays':
      return listParts(columns, arrayLiteral(columns));
    case 'columns':
      return columnParts(columns);
    case 'lazy':
      return lazyParts(columns);
  }
}

function listParts(columns: readonly RowColumn[], row: readonly string[]): Parts {
  return {
    begin: ['const { rows } = sink;'],
    row: [...columns.flatMap(valueLines), CHECK_END, `rows.push(${row[0]}`, ...row.slice(1, -1), `${row.at(-1)});`],
    end: [],
    behind: ['return { decode };'],
  };
}

function columnParts(columns: readonly RowColumn[]): Parts {
  const cells = columns.map((_, i) => `cells${i} = sink.cells[${i}]`).join(', ');
  const hasText = columns.some((column) => columnKind(column) === 'text');
  return {
    begin: [
      'let row = sink.rowCount, capacity = sink.capacity;',
      ...(columns.length === 0 ? [] : [`let ${cells};`]),
      ...(hasText ? ['const shift = sink.textShift(start);'] : []),
    ],
    row: [
      'if (row === capacity) {',
      '  capacity = sink.grow();',
      ...(columns.length === 0 ? [] : [`  ${cells};`]),
      '}',
      ...columns.flatMap(cellLines),
      CHECK_END,
      'row++;',
    ],
    end: ['sink.commit(row, bytes, start, frame);'],
    behind: ['return { decode };'],
  };
}

function lazyParts(columns: readonly RowColumn[]): Parts {
  const row = objectLiteral(columns);
  return {
    begin: ['const { rows } = sink, frames = sink.begin();'],
    row: [
      ...columns.flatMap(() => [
        'length = view.getInt32(at);',
        'at += 4;',
        'if (length > 0) at += length;',
        'else if (length < -1) throw brokenRow;',
      ]),
      CHECK_END,
      'rows.push(new LazyRow(frames, frame - start));',
    ],
    end: ['if (frame > start) frames.fill(bytes, start, frame);'],
    behind: [
      'function toObject(bytes, view, at) {',
      '  const frameEnd = bytes.length;',
      '  let length = 0;',
      ...indent(columns.flatMap(valueLines)),
      ...indent(returned(row)),
      '}',
      'return { decode, toObject };',
    ],
  };
}

/** Reads column `i` into `value{i}`. */
function valueLines({ inline }: RowColumn, i: number): string[] {
  const lines = ['length = view.getInt32(at);', 'at += 4;', `let value${i} = null;`];
  if (inline === undefined) return [...lines, 'if (length !== -1) {', ...indent(readLines(`value${i}`, i)), '}'];
  return [
    ...lines,
    `if (length === ${inline.byteLength}) {`,
    `  value${i} = ${inline.expression};`,
    `  at += ${inline.byteLength};`,
    // The reader has not taken another length before; whoever explains the failure asks it why.
    '} else if (length !== -1) throw brokenRow;',
  ];
}

/** Reads column `i` into the cells of the row. */
function cellLines(column: RowColumn, i: number): string[] {
  const lines = ['length = view.getInt32(at);', 'at += 4;', 'if (length === -1) {', `  sink.setNull(${i}, row);`];
  const { inline } = column;
  switch (columnKind(column)) {
    case 'text':
      return [
        ...lines,
        `  cells${i}[2 * row] = cells${i}[2 * row + 1] = 0;`,
        '} else {',
        '  if (length >>> 0 > frameEnd - at) throw brokenRow;',
        `  cells${i}[2 * row] = at + shift;`,
        '  at += length;',
        `  cells${i}[2 * row + 1] = at + shift;`,
        '}',
      ];
    default: {
      const cell = `cells${i}[row]`;
      const nothing =
        columnKind(column) === 'values' ? 'null' : inline?.typedArray?.startsWith('Big') === true ? '0n' : '0';
      lines.push(`  ${cell} = ${nothing};`);
      if (inline === undefined) return [...lines, '} else {', ...indent(readLines(cell, i)), '}'];
      return [
        ...lines,
        `} else if (length === ${inline.byteLength}) {`,
        `  ${cell} = ${inline.expression};`,
        `  at += ${inline.byteLength};`,
        '} else throw brokenRow;',
      ];
    }
  }
}

/** Calls the reader of column `i` for a value that is not NULL, and keeps it in `target`. */
function readLines(target: string, i: number): string[] {
  return [
    // Unsigned, so that a negative length is too long, too.
    'if (length >>> 0 > frameEnd - at) throw brokenRow;',
    `${target} = read${i}(bytes, view, at, at + length);`,
    'at += length;',
  ];
}

function objectLiteral(columns: readonly RowColumn[], value = (i: number): string => `value${i}`): string[] {
  const properties = [...indexByName(columns)].map(([name, i]) => {
    // Only a computed `__proto__` is an ordinary property.
    return `  ${name === '__proto__' ? `[${literal(name)}]` : literal(name)}: ${value(i)},`;
  });
  return ['{', ...properties, '}'];
}

function arrayLiteral(columns: readonly RowColumn[]): string[] {
  return ['[', `  ${columns.map((_, i) => `value${i}`).join(', ')}`, ']'];
}

function returned(expression: readonly string[]): string[] {
  return [`return ${expression[0]}`, ...expression.slice(1, -1), `${expression.at(-1)};`];
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

/** All that the inline expressions name. */
function constantsOf(columns: readonly RowColumn[]): Readonly<Record<string, unknown>> {
  return Object.assign({}, ...columns.map(({ inline }) => inline?.constants)) as Record<string, unknown>;
}
