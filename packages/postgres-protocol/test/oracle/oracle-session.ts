import { PgSocket } from '../pg-socket.js';
import { catalogQuery } from '../../src/types/catalog.js';
import { createStatement } from '../../src/statement.js';
import type { FieldDescription, Row, Statement, ValueOptions } from '../../src/statement.js';
import { TypeRegistry } from '../../src/types/type-registry.js';

/** What is compared must not depend on where the server runs, and no digit may be lost on reading. */
export const EXACT: ValueOptions = { timestamptz: 'string', json: 'text' };

/** How many executions are under way at once: their answers fit into the socket's buffers. */
const PIPELINE = 500;
const COPY_HEADER_BYTES = 19; // signature, int32 flags, int32 length of an extension that nobody has

/** A session with a real server, all values in binary where there is a codec, that knows the types of its database. */
export class OracleSession implements AsyncDisposable {
  readonly types: TypeRegistry = new TypeRegistry();
  readonly #pg: PgSocket;
  #fields: readonly FieldDescription[] = [];
  #parameterOids: readonly number[] = [];
  #failure: Error | undefined;

  private constructor(pg: PgSocket) {
    this.#pg = pg;
    const { reactions } = pg.handler;
    reactions.rowDescription = (fields: readonly FieldDescription[]) => (this.#fields = fields);
    reactions.parameterDescription = (oids: readonly number[]) => (this.#parameterOids = oids);
    reactions.rowsRefused = (_: unknown, error: Error) => (this.#failure ??= error);
    reactions.errorResponse = (sqlState: string) => (this.#failure ??= new Error(`the server said ${sqlState}`));
  }

  static async open(url: string): Promise<OracleSession> {
    const session = new OracleSession(await PgSocket.open(url));
    await session.run(
      `set timezone = 'UTC'; set datestyle = 'ISO'; set intervalstyle = 'postgres'; set lc_monetary = 'C'`,
    );
    return session;
  }

  /** Runs commands without results. */
  async run(sql: string): Promise<void> {
    await this.#ask(() => {
      this.#pg.machine.sendQuery(sql);
    });
  }

  /** Has a statement parsed and described as the unnamed one, learning the types that are new. */
  async prepare(sql: string, options: ValueOptions = EXACT): Promise<Statement> {
    await this.#describe(sql);
    const description = { name: '', parameterOids: this.#parameterOids, fields: this.#fields };
    const missing = this.types.missing([...this.#parameterOids, ...this.#fields.map(({ typeOid }) => typeOid)]);
    if (missing.length > 0) {
      const { text, values } = catalogQuery(missing);
      await this.#describe(text);
      const catalog = createStatement({ name: '', parameterOids: this.#parameterOids, fields: this.#fields });
      this.types.learn(await this.execute(catalog, values), missing);
      await this.#describe(sql);
    }
    return createStatement({ ...description, options, types: this.types });
  }

  /** The rows of what was prepared last. */
  async execute(statement: Statement, values: readonly unknown[] = []): Promise<Row[]> {
    return this.executeAll(statement, [values]);
  }

  /** The rows of one execution after the other, all on their way at once. */
  async executeAll(statement: Statement, executions: readonly (readonly unknown[])[]): Promise<Row[]> {
    const rows: Row[] = [];
    for (let first = 0; first < executions.length; first += PIPELINE) {
      const seen = await this.#ask(() => {
        for (const values of executions.slice(first, first + PIPELINE)) {
          this.#pg.machine.sendBind('', statement, values);
          this.#pg.machine.sendExecute('', statement, 0);
        }
        this.#pg.machine.sendSync();
      });
      for (const row of seen) rows.push(row);
    }
    return rows;
  }

  async query(sql: string, values: readonly unknown[] = [], options: ValueOptions = EXACT): Promise<Row[]> {
    return this.execute(await this.prepare(sql, options), values);
  }

  /** The first column of the first row. */
  async value(sql: string, values: readonly unknown[] = [], options: ValueOptions = EXACT): Promise<unknown> {
    const [row = {}] = await this.query(sql, values, options);
    return Object.values(row)[0];
  }

  /** The bytes of the one column of each row, as COPY has them; `null` for NULL. */
  async copyOut(query: string): Promise<(Uint8Array | null)[]> {
    await this.run(`copy (${query}) to stdout (format binary)`);
    const chunks = this.#pg.handler.events.flatMap(([name, batch]) =>
      name === 'copyData' ? (batch as Uint8Array[]) : [],
    );
    const bytes = Buffer.concat(chunks);
    const fields: (Uint8Array | null)[] = [];
    let at = COPY_HEADER_BYTES;
    while (bytes.readInt16BE(at) !== -1) {
      if (bytes.readInt16BE(at) !== 1) throw new Error(`expected one column, saw ${bytes.readInt16BE(at)}`);
      const length = bytes.readInt32BE(at + 2);
      at += 6;
      fields.push(length === -1 ? null : bytes.subarray(at, at + length));
      at += Math.max(length, 0);
    }
    if (at + 2 !== bytes.length) throw new Error(`the copy ends ${bytes.length - at - 2} bytes off`);
    return fields;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pg[Symbol.asyncDispose]();
  }

  async #describe(sql: string): Promise<void> {
    this.#fields = [];
    await this.#ask(() => {
      this.#pg.machine.sendParse('', sql);
      this.#pg.machine.sendDescribe('statement', '');
      this.#pg.machine.sendSync();
    });
  }

  async #ask(send: () => void): Promise<Row[]> {
    const { handler } = this.#pg;
    handler.clear();
    this.#failure = undefined;
    send();
    await this.#pg.until('readyForQuery');
    // Assigned by a reaction meanwhile.
    const failure = this.#failure as Error | undefined;
    if (failure !== undefined) throw failure;
    return handler.events.flatMap(([name, batch]) => (name === 'rows' ? (batch as Row[]) : []));
  }
}
