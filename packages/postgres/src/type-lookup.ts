import { catalogQuery, createStatement } from '@millrace/postgres-protocol';
import type {
  FieldDescription,
  FrontendMachine,
  Row,
  ServerMessageFields,
  TypeRegistry,
} from '@millrace/postgres-protocol';

/** Of its own, as the unnamed statement may be the one whose types are looked up. It lives for one round. */
const NAME = 'millrace_types';

// https://www.postgresql.org/docs/current/errcodes-appendix.html
const SYNTAX_OR_ACCESS_CLASS = '42';
const FEATURE_NOT_SUPPORTED = '0A000';

/**
 * Asks the catalog for types that nobody here knows: one round of the operation that has met them. So it counts against
 * that operation's time, is cancelled with it, and cannot wait for anything that waits for it.
 */
export class TypeLookup {
  private readonly _types: TypeRegistry;
  private readonly _asked: readonly number[];
  private readonly _rows: Row[] = [];

  /** @param asked - What `types.missing()` returned; not empty. */
  constructor(types: TypeRegistry, asked: readonly number[]) {
    this._types = types;
    this._asked = asked;
  }

  /** Writes the round. */
  compose(machine: FrontendMachine): void {
    const { text, parameterOids, values, columns } = catalogQuery(this._asked);
    const statement = createStatement({ name: NAME, parameterOids, fields: columns.map(asField) });
    this._rows.length = 0;
    machine.sendClose('statement', NAME); // one that an error has left behind
    machine.sendParse(NAME, text, parameterOids);
    machine.sendBind('', statement, values);
    machine.sendExecute('', statement, 0);
    machine.sendClose('statement', NAME);
    machine.sendSync();
  }

  rows(batch: readonly Row[]): void {
    for (const row of batch) this._rows.push(row);
  }

  /** The round has ended well. */
  learn(): void {
    this._types.learn(this._rows, this._asked);
  }
}

/** The columns are known beforehand: so it takes one round. */
function asField([name, typeOid]: readonly [name: string, typeOid: number]): FieldDescription {
  return { name, typeOid, tableOid: 0, columnNumber: 0, typeSize: -1, typeModifier: -1, format: 0 };
}

/** Whether a server that answers so has no such catalogs: one that speaks the protocol and is not PostgreSQL. */
export function hasNoCatalog({ sqlState }: ServerMessageFields): boolean {
  return sqlState.startsWith(SYNTAX_OR_ACCESS_CLASS) || sqlState === FEATURE_NOT_SUPPORTED;
}
