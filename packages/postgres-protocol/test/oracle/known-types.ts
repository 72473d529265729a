import type { OracleSession } from './oracle-session.js';

/** A type of the server with send and receive functions, as `pg_type` has it. */
export interface KnownType {
  readonly oid: number;
  readonly name: string;
  /** With schema and quotes: `bit` alone would be `bit(1)`. */
  readonly sql: string;
  /** The send function, as SQL calls it. */
  readonly send: string;
  readonly kind: 'b' | 'r' | 'm' | 'p';
  readonly delimiter: string;
  readonly arrayOid: number;
  readonly arraySql: string | null;
}

/** All types of `pg_catalog` with a binary format, without arrays, which each of them names. */
export async function knownTypes(session: OracleSession): Promise<KnownType[]> {
  const rows = await session.query(`
    select t.oid, t.typname::text as name, 'pg_catalog.' || quote_ident(t.typname) as sql, t.typsend::text as send,
      t.typtype::text as kind, t.typdelim::text as delimiter, t.typarray as "arrayOid",
      'pg_catalog.' || quote_ident(a.typname) as "arraySql"
    from pg_type t left join pg_type a on a.oid = t.typarray
    where t.typnamespace = 'pg_catalog'::regnamespace and t.typtype in ('b', 'r', 'm', 'p')
      and t.typsend <> 0 and t.typreceive <> 0 and t.typsend <> 'array_send'::regproc
    order by t.oid`);
  return rows as unknown as KnownType[];
}

/** A literal of SQL, of unknown type. */
export function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Prints an array of the texts of elements; `null` is NULL. */
export function arrayText(texts: readonly (string | null)[], delimiter: string): string {
  return `{${texts.map((text) => (text === null ? 'NULL' : `"${text.replaceAll(/["\\]/g, '\\$&')}"`)).join(delimiter)}}`;
}
