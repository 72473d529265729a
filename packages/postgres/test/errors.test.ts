import { inspect } from 'node:util';
import type { ServerMessageFields } from '@millrace/postgres-protocol';
import { describe, expect, test } from 'vitest';
import * as errors from '../src/errors.js';

const FIELDS: ServerMessageFields = {
  severity: 'FEHLER',
  severityCode: 'ERROR',
  sqlState: '42601',
  message: 'syntax error',
  detail: 'the detail',
  hint: 'the hint',
  position: 8,
  internalPosition: undefined,
  internalQuery: undefined,
  where: 'somewhere',
  schema: 's',
  table: 't',
  column: 'c',
  dataType: 'd',
  constraint: 'k',
  file: 'f.c',
  line: '1',
  routine: 'r',
};

describe('PostgresError', () => {
  test('has every field of the server', () => {
    expect(new errors.PostgresError(FIELDS)).toMatchObject(FIELDS);
  });

  test('renders the place in the statement', () => {
    expect(new errors.PostgresError(FIELDS, 'select form').render()).toBe(
      [
        'FEHLER 42601: syntax error',
        'LINE 1: select form',
        '               ^',
        'DETAIL: the detail',
        'HINT: the hint',
        'CONTEXT: somewhere',
      ].join('\n'),
    );
  });

  test('renders the place in a statement that the server made itself', () => {
    const fields = { ...FIELDS, position: undefined, internalPosition: 3, internalQuery: 'a b' };
    expect(new errors.PostgresError(fields, 'select f()').render()).toContain('LINE 1: a b\n          ^');
  });

  test('does not print the statement where the error is logged', () => {
    expect(inspect(new errors.PostgresError(FIELDS, 'select 4711'))).not.toContain('4711');
  });
});

describe('errors', () => {
  test('have a name and a code of their own', () => {
    const cause = new Error('why');
    const all = [
      new errors.PostgresError(FIELDS),
      new errors.ConnectError('h:1', 'no'),
      new errors.ConnectionLostError(cause, true),
      new errors.ConnectionClosedError(),
      new errors.TransactionActiveError(),
      new errors.StreamActiveError(),
      new errors.HandleClosedError('statement'),
      new errors.TransactionAbortedError(),
      new errors.CommitOutcomeUnknownError(cause),
    ];
    expect(all.map(({ name }) => name)).toEqual(all.map(({ constructor }) => constructor.name));
    expect(all.every(({ code }) => /^ERR_POSTGRES_[A-Z_]+$/.test(code))).toBe(true);
    expect(new Set(all.map(({ code }) => code)).size).toBe(all.length);
  });
});
