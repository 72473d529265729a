/** A type's name as an application writes it, taken apart by the rules of SQL. */
export interface TypeName {
  /** `undefined`: whichever schema the search path finds it in. */
  readonly schema: string | undefined;
  readonly name: string;
  readonly isArray: boolean;
}

/** What SQL calls them, beside `pg_type.typname`. */
const SQL_NAMES: ReadonlyMap<string, string> = new Map([
  ['bigint', 'int8'],
  ['int', 'int4'],
  ['integer', 'int4'],
  ['smallint', 'int2'],
  ['real', 'float4'],
  ['double precision', 'float8'],
  ['decimal', 'numeric'],
  ['boolean', 'bool'],
  ['char', 'bpchar'],
  ['character', 'bpchar'],
  ['character varying', 'varchar'],
  ['bit varying', 'varbit'],
  ['timestamp with time zone', 'timestamptz'],
  ['timestamp without time zone', 'timestamp'],
  ['time with time zone', 'timetz'],
  ['time without time zone', 'time'],
]);

const IDENTIFIER = '"(?:[^"]|"")+"|[a-z_\\u0080-\\uffff][\\w$\\u0080-\\uffff]*';
const TYPE_NAME = new RegExp(`^(?:(${IDENTIFIER})\\.)?(${IDENTIFIER})(\\[\\])?$`, 'i');

/**
 * Takes a type's name apart: `mood`, `public.mood`, `"Mood"`, `public."odd name"[]`. What is not quoted is in lower case
 * for PostgreSQL; the names of SQL, such as `timestamp with time zone`, stand for those of the catalog.
 *
 * @throws {TypeError} If it is no such name.
 */
export function parseTypeName(source: string): TypeName {
  const [, words = '', brackets] = /^(.*?)\s*(\[\])?$/s.exec(source.trim()) ?? [];
  const builtIn = SQL_NAMES.get(words.toLowerCase().replace(/\s+/g, ' '));
  if (builtIn !== undefined) return { schema: 'pg_catalog', name: builtIn, isArray: brackets !== undefined };
  const match = TYPE_NAME.exec(words + (brackets ?? ''));
  if (match === null) {
    throw new TypeError(`expected a type's name such as mood, public.mood or "Mood"[], got ${JSON.stringify(source)}`);
  }
  const [, schema, name = '', array] = match;
  return {
    schema: schema === undefined ? undefined : unquoted(schema),
    name: unquoted(name),
    isArray: array !== undefined,
  };
}

/** Returns a key that two names have in common if they mean the same. */
export function typeNameKey({ schema, name, isArray }: TypeName): string {
  return JSON.stringify([schema ?? null, name, isArray]);
}

function unquoted(identifier: string): string {
  return identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier.toLowerCase();
}
