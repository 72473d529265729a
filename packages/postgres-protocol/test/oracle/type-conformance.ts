import { isDeepStrictEqual } from 'node:util';
import { WriteBuffer } from '@millrace/write-buffer';
import { createStatement } from '../../src/statement.js';
import { field, dataRow, decodeMessage, toHex } from '../fixtures/value-wire.js';
import { arrayText, quoteLiteral } from './known-types.js';
import type { KnownType } from './known-types.js';
import { LITERALS, OPAQUE } from './literals.js';
import type { SpecialLiteral } from './literals.js';
import { EXACT } from './oracle-session.js';
import type { OracleSession } from './oracle-session.js';
import { printValue } from './printed-values.js';

/** What the server says of one value. */
interface Answer {
  readonly value: unknown;
  readonly wire: string;
  readonly printed: string;
}

/** An SQL expression of a type and what is to be tried with it. */
interface Specimen {
  readonly sql: string;
  readonly typeSql: string;
  readonly oid: number;
  readonly send: string;
  /** SQL that prints it as it is to be compared. */
  readonly print: (sql: string) => string;
  /** Where it is compared as this type in place of its bytes. */
  readonly jsonbSql: string | undefined;
  readonly isReadOnly: boolean;
  readonly losesShape: boolean;
}

/** Takes one type through everything that a server of this major version can be asked of it. Returns what is wrong. */
export class TypeConformance {
  readonly problems: string[] = [];
  readonly #session: OracleSession;
  readonly #major: number;
  readonly #type: KnownType;
  readonly #isJson: boolean;

  constructor(session: OracleSession, major: number, type: KnownType) {
    this.#session = session;
    this.#major = major;
    this.#type = type;
    this.#isJson = /^jsonb?$/.test(type.name);
  }

  /** Every literal of the type: read, compared with what the server prints, written back. */
  async checkValues(): Promise<void> {
    const { name, sql: typeSql } = this.#type;
    const opaque = OPAQUE[name];
    const literals = this.#literals();
    if (opaque === undefined && literals.length === 0) this.problems.push(`${name}: there are no literals of it`);
    for (const expression of opaque ?? []) await this.#guard(name, expression, () => this.#checkOpaque(expression));
    for (const { text, isReadOnly = false, losesShape = false } of literals) {
      const sql = `${quoteLiteral(text)}::${typeSql}`;
      await this.#guard(name, text, async () => {
        const answer = await this.#check({ ...this.#specimen(sql), isReadOnly, losesShape });
        const printed = this.#print(answer);
        if (printed !== answer.printed) this.#report(text, `the server prints ${answer.printed}, we ${printed}`);
      });
    }
  }

  /** Arrays of the literals: of one and two dimensions, with NULLs, with lower bounds, empty. */
  async checkArrays(): Promise<void> {
    const { arraySql, arrayOid, name, delimiter, sql } = this.#type;
    if (arraySql === null) return;
    // JSON's null is NULL to our writer, which an array of JSON would show; vectors without elements cannot be received.
    const texts = this.#literals().flatMap(({ text, isReadOnly, losesShape }) =>
      isReadOnly === true || losesShape === true || text === 'null' ? [] : [text],
    );
    const [first = '', second = first] = texts;
    const values = new Map<string | null, unknown>([[null, null]]);
    await this.#guard(name, 'elements', async () => {
      for (const text of texts) values.set(text, await this.#session.value(`select ${quoteLiteral(text)}::${sql}`));
    });
    const list = (items: readonly (string | null)[]): string => quoteLiteral(arrayText(items, delimiter));
    const nested = `{${[
      [first, null],
      [second, first],
    ]
      .map((row) => arrayText(row, delimiter))
      .join(delimiter)}}`;
    const valuesOf = (items: readonly (string | null)[]): unknown[] => items.map((text) => values.get(text));
    const cases: readonly (readonly [string, unknown])[] = [
      [`'{}'`, []],
      [list(texts), valuesOf(texts)],
      [list([first, null, second]), valuesOf([first, null, second])],
      [quoteLiteral(nested), [valuesOf([first, null]), valuesOf([second, first])]],
      [quoteLiteral(`[-2:-1][5:6]=${nested}`), [valuesOf([first, null]), valuesOf([second, first])]],
      [quoteLiteral(`[0:0]=${arrayText([first], delimiter)}`), valuesOf([first])],
    ];
    for (const [literal, expected] of cases) {
      await this.#guard(arraySql, literal, async () => {
        const { value } = await this.#check({
          sql: `${literal}::${arraySql}`,
          typeSql: arraySql,
          oid: arrayOid,
          send: 'array_send',
          print: printedSql,
          jsonbSql: this.#isJson ? 'pg_catalog._jsonb' : undefined,
          isReadOnly: false,
          losesShape: false,
        });
        if (!isDeepStrictEqual(plain(value), plain(expected)))
          this.#report(literal, 'its elements are others than alone');
      });
    }
  }

  #literals(): SpecialLiteral[] {
    const all = LITERALS[this.#type.name] ?? [];
    return all
      .map((literal) => (typeof literal === 'string' ? { text: literal } : literal))
      .filter(({ since = 0 }) => since <= this.#major);
  }

  #specimen(sql: string): Omit<Specimen, 'isReadOnly' | 'losesShape'> {
    const { sql: typeSql, name, oid, send } = this.#type;
    const print = name.startsWith('reg') ? printedOid : printedSql;
    return { sql, typeSql, oid, send, print, jsonbSql: this.#isJson ? 'pg_catalog.jsonb' : undefined };
  }

  /** Whether all ways of reading a value agree, and whether it goes back as what it was. */
  async #check(specimen: Specimen): Promise<Answer> {
    const { sql, send, oid } = specimen;
    const columns = `${sql} as value, encode(${send}(${sendable(sql, this.#type)}), 'hex') as wire, ${specimen.print(sql)} as printed`;
    const [row] = await this.#session.query(`select ${columns}`);
    const answer = row as unknown as Answer;
    const [copied] = await this.#session.copyOut(`select ${sql}`);
    if (toHex(copied ?? new Uint8Array()) !== answer.wire)
      this.#report(sql, 'COPY has other bytes than the send function');
    if (this.#session.types.typeOf(oid)?.format === 0) this.#report(sql, 'it goes as text: there is no binary codec');
    const alone = this.#decode(oid, answer.wire);
    if (!isDeepStrictEqual(alone, answer.value)) this.#report(sql, 'the bytes alone are read as another value');
    const { losesShape, typeSql } = specimen;
    const reread = losesShape ? [await this.#wireOf(`${quoteLiteral(answer.printed)}::${typeSql}`)] : [];
    await this.#checkWriting(specimen, { ...answer, wire: reread[0] ?? answer.wire });
    return answer;
  }

  async #checkWriting(specimen: Specimen, { value, wire, printed }: Answer): Promise<void> {
    const { sql, typeSql, send, jsonbSql, isReadOnly } = specimen;
    if (jsonbSql !== undefined) {
      await this.#checkWritingJson(specimen, jsonbSql);
      return;
    }
    if (isReadOnly) {
      await this.#checkRefusal(sql, value, wire, /(22P03|XX000)$/);
      return;
    }
    const own = this.#encode(specimen.oid, value);
    if (masked(own) !== masked(wire)) this.#report(sql, `the server has the bytes ${brief(wire)}, we ${brief(own)}`);
    const parameter = `$1::${typeSql}`;
    const statement = await this.#session.prepare(
      `select encode(${send}(${sendable(parameter, this.#type)}), 'hex') as wire, ${specimen.print(parameter)} as printed`,
    );
    const [back] = await this.#session.execute(statement, [value]);
    if (back?.['wire'] !== wire) this.#report(sql, `comes back with the bytes ${brief(String(back?.['wire']))}`);
    if (back?.['printed'] !== printed) this.#report(sql, `comes back as ${brief(String(back?.['printed']))}`);
  }

  /** What JSON.stringify prints has other spaces than json keeps, so the server compares. */
  async #checkWritingJson({ sql, typeSql }: Specimen, jsonbSql: string): Promise<void> {
    const parsed = await this.#session.value(`select ${sql}`, [], { json: 'parse' });
    if (parsed === null) return; // NULL of SQL to our writer
    const isSame = `$1::${typeSql}::${jsonbSql} is not distinct from (${sql})::${jsonbSql}`;
    if ((await this.#session.value(`select ${isSame}`, [parsed])) !== true)
      this.#report(sql, 'comes back as other JSON');
  }

  async #wireOf(sql: string): Promise<string> {
    return String(await this.#session.value(`select encode(${this.#type.send}(${sql}), 'hex')`));
  }

  /** A value that nobody can write: what is read is what the server has, and the server says that it takes none. */
  async #checkOpaque(expression: string): Promise<void> {
    const { name, send } = this.#type;
    const columns = `${expression} as value, encode(${send}(${expression}), 'hex') as wire`;
    const [row] = await this.#session.query(`select ${columns}`);
    const { value, wire } = row as unknown as Answer;
    const bytes = name === 'pg_node_tree' ? Buffer.from(String(value)) : value;
    const isSame = bytes instanceof Uint8Array && toHex(bytes) === wire;
    if (!isSame) this.#report(expression, 'it is read as another value');
    const [copied] = await this.#session.copyOut(`select ${expression}`);
    if (toHex(copied ?? new Uint8Array()) !== wire)
      this.#report(expression, 'COPY has other bytes than the send function');
    await this.#checkRefusal(expression, value, wire, /0A000$/);
  }

  /** The server refuses the very bytes that it sent, so the writer refuses the value. */
  async #checkRefusal(sql: string, value: unknown, wire: string, sqlState: RegExp): Promise<void> {
    const { sql: typeSql, oid } = this.#type;
    const refusal = await this.#refusalOf(typeSql, oid, wire);
    if (!sqlState.test(refusal)) this.#report(sql, `sent its own bytes, ${refusal}`);
    try {
      this.#encode(oid, value);
      this.#report(sql, 'it is written');
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    }
  }

  /** What the server answers if it is sent the very bytes that it sent. */
  async #refusalOf(sql: string, oid: number, wire: string): Promise<string> {
    const { types } = this.#session;
    types.setTypeCodec<Uint8Array>(oid, { format: 'binary', decode: (bytes) => bytes, encode: (bytes) => bytes });
    const ask = this.#session.value(`select $1::${sql} is null`, [Buffer.from(wire, 'hex')]);
    const answer = await ask.catch((error: unknown) => error);
    types.setTypeCodec(oid, null);
    return answer instanceof Error ? answer.message : 'the server said nothing';
  }

  #print({ value, printed }: Answer): string {
    const { name } = this.#type;
    if (name !== 'float4') return printValue(name, value);
    // The server prints digits enough for float4, JavaScript those of the float8.
    return Object.is(Math.fround(Number(printed)), value) ? printed : String(value);
  }

  #decode(oid: number, wire: string): unknown {
    const description = { name: '', parameterOids: [], fields: [field('value', oid)], types: this.#session.types };
    const statement = createStatement({ ...description, options: EXACT });
    return decodeMessage(statement, [dataRow([Buffer.from(wire, 'hex')])])['value'];
  }

  #encode(oid: number, value: unknown): string {
    const statement = createStatement({ name: '', parameterOids: [oid], fields: [], types: this.#session.types });
    const out = new WriteBuffer();
    statement.encodeParameters(out, [value]);
    return toHex(out.take().subarray(10)); // counts, the format code, the length
  }

  async #guard(name: string, text: string, check: () => Promise<void>): Promise<void> {
    try {
      await check();
    } catch (error) {
      this.problems.push(`${name} ${brief(text)}: ${brief(String(error))}`);
    }
  }

  #report(text: string, problem: string): void {
    this.problems.push(`${this.#type.name} ${brief(text)}: ${problem}`);
  }
}

/** Without the scale of a numeric infinity, in which the server sends bits of its own that it does not read. */
function masked(wire: string): string {
  return wire.replaceAll(/(?<=0000000800000000[df]000|^00000000[df]000)0020/g, '0000');
}

/** A refcursor is sent as the text that it is; SQL wants a cast. */
function sendable(sql: string, { name }: KnownType): string {
  return name === 'refcursor' && !sql.endsWith('_refcursor') ? `(${sql})::text` : sql;
}

/** As the output function prints it: a cast to text drops the padding of char(n), and adds a netmask to inet. */
function printedSql(expression: string): string {
  return `format('%s', ${expression})`;
}

function printedOid(expression: string): string {
  return `(${expression})::oid::text`;
}

/** Without the lower bounds, which are a property of the array. */
function plain(value: unknown): unknown {
  return Array.isArray(value) ? value.map(plain) : value;
}

function brief(text: string): string {
  return text.length > 160 ? `${text.slice(0, 160)}… (${text.length})` : text;
}
