/** What `pg_type` and its neighbours say of one type: a row of the query that `catalogQuery` makes. */
export interface CatalogRow {
  readonly oid: number;
  readonly name: string;
  readonly schema: string;
  /** Whether its name alone finds it, by the search path of the session that asked. */
  readonly visible: boolean;
  /** `pg_type.typtype`: b(ase), c(omposite), d(omain), e(num), p(seudo), r(ange), m(ultirange). */
  readonly kind: string;
  /** What separates the elements in an array of it, printed. */
  readonly delimiter: string;
  /** The name of its send function; `null` if it has none. */
  readonly send: string | null;
  /** The element's OID if it is an array, else 0. */
  readonly element: number;
  /** Of a domain, else 0. */
  readonly base: number;
  /** Of a range, else 0. */
  readonly subtype: number;
  /** Of a multirange, else 0. */
  readonly range: number;
  /** Of a composite, in order and without the dropped ones; else `null`. */
  readonly attributeNames: readonly string[] | null;
  readonly attributeOids: readonly number[] | null;
  /** The names that it was asked for by. */
  readonly askedNames: readonly string[] | null;
}
