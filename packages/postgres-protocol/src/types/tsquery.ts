import type { WriteBuffer } from '@millrace/write-buffer';
import { endOfLexeme, LexemeScanner, readLexeme, writeLexeme } from './lexemes.js';
import { MalformedValueError } from './malformed-value-error.js';
import { outOfRange, wrongKind } from './refused-value-error.js';
import { checkWellFormed } from './well-formed.js';
import type { WireType } from './wire-type.js';

// On the wire (tsquerysend in tsquery.c): int32 number of items, then the items, each operator in front of its operands,
// the right one first. So read from the end they are in postfix order, which needs no recursion: an operator follows
// its operands, the left one first.

/** `tsquery` as the server prints it: `'fat':*AB & !'rat' <-> 'cat'`. Written from any text that the server reads. */
export const tsquery: WireType = {
  oid: 3615, // pg_type.dat
  name: 'tsquery',
  reader: () => readTsquery,
  write: writeTsquery,
};

const OPERAND = 1; // QI_VAL in ts_type.h
const OPERATOR = 2; // QI_OPR
const NOT = 1; // OP_NOT
const AND = 2;
const OR = 3;
const PHRASE = 4;
/** How tightly they bind, by operator. */
const PRIORITIES = [0, 4, 2, 1, 3];
const OPERAND_PRIORITY = 5;
const MIN_ITEM_BYTES = 2;
const MAX_DISTANCE = 0x4000; // MAXENTRYPOS
const WEIGHTS = 'DCBA'; // bit 0 to bit 3

interface Operator {
  readonly operator: number;
  /** Of a phrase: how many positions the right operand is behind the left one. */
  readonly distance: number;
}

/** Printed: the text of an operand with its quotes and weights. */
type PrintedItem = Operator | string;

function readTsquery(bytes: Uint8Array, view: DataView, start: number, end: number): string {
  const length = end - start;
  if (length < 4) throw new MalformedValueError(`tsquery is at least 4 bytes long, got ${length}`);
  const count = view.getInt32(start);
  if (count < 0 || count * MIN_ITEM_BYTES > length - 4) {
    throw new MalformedValueError(`tsquery has no ${count} items in ${length - 4} bytes`);
  }
  const items: PrintedItem[] = [];
  let at = start + 4;
  for (let i = 0; i < count; i++) {
    if (end - at < MIN_ITEM_BYTES) throw new MalformedValueError('tsquery ends in an item');
    const kind = bytes[at];
    if (kind === OPERAND) {
      const lexemeEnd = endOfLexeme(bytes, at + 3, end);
      items.push(
        readLexeme(bytes, at + 3, lexemeEnd) + printModifiers(bytes[at + 1] as number, bytes[at + 2] as number),
      );
      at = lexemeEnd + 1;
    } else if (kind === OPERATOR) {
      const operator = bytes[at + 1] as number;
      if (operator < NOT || operator > PHRASE) throw new MalformedValueError(`tsquery has no operator ${operator}`);
      if (operator === PHRASE && end - at < 4) throw new MalformedValueError('tsquery ends in an item');
      items.push({ operator, distance: operator === PHRASE ? view.getUint16(at + 2) : 0 });
      at += operator === PHRASE ? 4 : 2;
    } else {
      throw new MalformedValueError(`tsquery has no item of kind ${kind}`);
    }
  }
  if (at !== end) throw new MalformedValueError(`tsquery of ${length} bytes ends ${end - at} bytes off`);
  return count === 0 ? '' : print(items);
}

function printModifiers(weights: number, prefix: number): string {
  if (weights > 15 || prefix > 1) throw new MalformedValueError(`tsquery has no weights ${weights}, prefix ${prefix}`);
  if (weights === 0 && prefix === 0) return '';
  let printed = prefix === 0 ? ':' : ':*';
  for (let bit = 3; bit >= 0; bit--) if ((weights & (1 << bit)) !== 0) printed += WEIGHTS.charAt(bit);
  return printed;
}

interface Printed {
  readonly text: string;
  readonly priority: number;
}

function print(items: readonly PrintedItem[]): string {
  const stack: Printed[] = [];
  for (let i = items.length - 1; i >= 0; i--) {
    const item = items[i] as PrintedItem;
    if (typeof item === 'string') {
      stack.push({ text: item, priority: OPERAND_PRIORITY });
      continue;
    }
    const { operator, distance } = item;
    const priority = PRIORITIES[operator] as number;
    const right = pop(stack);
    if (operator === NOT) {
      stack.push({ text: `!${parenthesized(right, priority)}`, priority });
      continue;
    }
    const left = pop(stack);
    const symbol = operator === AND ? '&' : operator === OR ? '|' : distance === 1 ? '<->' : `<${distance}>`;
    // Phrases are not associative: a right operand that is one gets parentheses.
    const rightText = parenthesized(right, operator === PHRASE ? priority + 1 : priority);
    stack.push({ text: `${parenthesized(left, priority)} ${symbol} ${rightText}`, priority });
  }
  const { text } = pop(stack);
  if (stack.length > 0) throw new MalformedValueError('tsquery has operands without an operator');
  return text;
}

function pop(stack: Printed[]): Printed {
  const operand = stack.pop();
  if (operand === undefined) throw new MalformedValueError('tsquery has an operator without its operands');
  return operand;
}

function parenthesized({ text, priority }: Printed, least: number): string {
  return priority < least ? `( ${text} )` : text;
}

interface Operand {
  readonly lexeme: string;
  readonly weights: number;
  readonly hasPrefix: boolean;
}

function writeTsquery(out: WriteBuffer, value: unknown): void {
  const expected = "a tsquery, such as 'fat':*AB & !'rat' <-> 'cat'";
  if (typeof value !== 'string') throw wrongKind(expected, value);
  checkWellFormed(value);
  const items = parseTsquery(new LexemeScanner(value, expected, true));
  // The server sends such a query, but its tsqueryrecv misses the operand.
  if (items.length === 0) throw outOfRange(`${expected}, not empty`, 'a string without a lexeme');
  const lengthAt = out.reserveInt32();
  const start = out.length;
  out.writeInt32(items.length);
  for (let i = items.length - 1; i >= 0; i--) writeItem(out, items[i] as Operand | Operator);
  out.patchInt32(lengthAt, out.length - start);
}

function writeItem(out: WriteBuffer, item: Operand | Operator): void {
  if ('lexeme' in item) {
    out.writeUint8(OPERAND);
    out.writeUint8(item.weights);
    out.writeUint8(item.hasPrefix ? 1 : 0);
    writeLexeme(out, item.lexeme);
  } else {
    out.writeUint8(OPERATOR);
    out.writeUint8(item.operator);
    if (item.operator === PHRASE) out.writeInt16(item.distance);
  }
}

const OPEN: Operator = { operator: 0, distance: 0 };
const NOTS: Operator = { operator: NOT, distance: 0 };

/** The items in postfix order. */
function parseTsquery(scanner: LexemeScanner): (Operand | Operator)[] {
  const items: (Operand | Operator)[] = [];
  const pending: Operator[] = []; // operators that wait for their right operand, and open parentheses
  const reduce = (least: number): void => {
    // An open parenthesis has priority 0.
    for (
      let top = pending.at(-1);
      top !== undefined && (PRIORITIES[top.operator] as number) >= least;
      top = pending.at(-1)
    ) {
      items.push(top);
      pending.pop();
    }
  };
  if (scanner.next() === '') return items;
  for (;;) {
    for (let front = parseFront(scanner); front !== undefined; front = parseFront(scanner)) {
      pending.push(front);
    }
    items.push(parseOperand(scanner));
    while (scanner.next() === ')') {
      reduce(1);
      if (pending.pop() === undefined) throw scanner.refuse();
      scanner.skip(')');
    }
    if (scanner.current === '') break;
    const operator = parseOperator(scanner);
    reduce(PRIORITIES[operator.operator] as number);
    pending.push(operator);
  }
  reduce(1);
  if (pending.length > 0) throw scanner.refuse();
  return items;
}

/** What may stand in front of an operand. */
function parseFront(scanner: LexemeScanner): Operator | undefined {
  scanner.next();
  if (scanner.skip('!')) return NOTS;
  return scanner.skip('(') ? OPEN : undefined;
}

function parseOperand(scanner: LexemeScanner): Operand {
  const lexeme = scanner.lexeme();
  const modifiers = (scanner.match(/:([a-d*]*)/iy)?.[1] ?? '').toUpperCase();
  let weights = 0;
  for (const letter of modifiers) if (letter !== '*') weights |= 1 << WEIGHTS.indexOf(letter);
  return { lexeme, weights, hasPrefix: modifiers.includes('*') };
}

function parseOperator(scanner: LexemeScanner): Operator {
  if (scanner.skip('&')) return { operator: AND, distance: 0 };
  if (scanner.skip('|')) return { operator: OR, distance: 0 };
  const [, digits] = scanner.match(/<(-|\d+)>/y) ?? [];
  if (digits === undefined) throw scanner.refuse();
  const distance = digits === '-' ? 1 : Number(digits);
  if (distance > MAX_DISTANCE) throw outOfRange(`a distance of at most ${MAX_DISTANCE}`, 'a greater one');
  return { operator: PHRASE, distance };
}
