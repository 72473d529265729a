import type { ValueOptions } from '@millrace/postgres-protocol';

/** What each option may say; the first one is what it says when it is left out. */
const CHOICES: { readonly [Name in keyof ValueOptions]-?: readonly Exclude<ValueOptions[Name], undefined>[] } = {
  int8: ['bigint', 'number', 'string'],
  numeric: ['string', 'number'],
  timestamptz: ['date', 'string'],
  json: ['parse', 'text'],
  temporal: [false, true],
  arrays: ['nested', 'typed'],
  duplicateColumns: ['last', 'error'],
};

/**
 * Takes the options for values out of all the options of a connection.
 *
 * @throws {TypeError} For what is no choice of its option, or `temporal` in a runtime that has none.
 */
export function resolveValueOptions(given: ValueOptions): ValueOptions {
  const values: Record<string, unknown> = {};
  for (const [name, choices] of Object.entries(CHOICES)) {
    const value = given[name as keyof ValueOptions];
    if (value === undefined) continue;
    if (!(choices as readonly unknown[]).includes(value))
      throw new TypeError(`the option ${name} must be ${choices.map(quoted).join(' or ')}`);
    values[name] = value;
  }
  if (values['temporal'] === true && !('Temporal' in globalThis))
    throw new TypeError('the option temporal needs globalThis.Temporal, which this runtime does not have');
  return values;
}

function quoted(choice: string | boolean): string {
  return typeof choice === 'string' ? `'${choice}'` : String(choice);
}
