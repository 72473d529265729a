import { TypeRegistry } from '@millrace/postgres-protocol';
import { describe, expect, test } from 'vitest';
import { resolveOptions } from '../src/connection-options.js';
import type { ConnectOptions } from '../src/connection-options.js';
import type { Environment } from '../src/platform/environment.js';
import { readEnvironment } from '../src/platform/environment.js';

const BARE: Environment = {
  host: undefined,
  port: undefined,
  user: undefined,
  password: undefined,
  database: undefined,
  applicationName: undefined,
  options: undefined,
  connectTimeout: undefined,
  sslmode: undefined,
  systemUser: 'me',
};

describe('resolveOptions', () => {
  test('fills in every default', () => {
    expect(resolveOptions({}, BARE)).toEqual({
      endpoint: { host: 'localhost', port: 5432 },
      address: 'localhost:5432',
      user: 'me',
      password: undefined,
      database: undefined,
      parameters: {},
      connectTimeoutMs: 15_000,
      statementCacheSize: 100,
      cancelGraceMs: 2000,
      values: {},
      types: expect.any(TypeRegistry) as TypeRegistry,
    });
  });

  test('prefers options to the URL, and the URL to the environment', () => {
    const environment = { ...BARE, host: 'e', port: '1', user: 'eu', database: 'ed', password: 'ep' };
    const options = resolveOptions({ url: 'postgres://u@h:2/d', port: 3 }, environment);
    expect(options).toMatchObject({
      endpoint: { host: 'h', port: 3 },
      user: 'u',
      database: 'd',
      password: 'ep',
    });
  });

  test('takes what is left out from the environment', () => {
    const environment: Environment = {
      ...BARE,
      host: 'e',
      port: ' 77 ',
      user: 'eu',
      applicationName: 'app',
      options: '-c geqo=off',
      connectTimeout: '4',
    };
    expect(resolveOptions(new URL('postgres:///d'), environment)).toMatchObject({
      endpoint: { host: 'e', port: 77 },
      user: 'eu',
      database: 'd',
      parameters: { application_name: 'app', options: '-c geqo=off' },
      connectTimeoutMs: 4000,
    });
  });

  test('reads the variables of the process', () => {
    process.env['PGAPPNAME'] = 'from env';
    process.env['PGHOST'] = '';
    try {
      expect(readEnvironment()).toMatchObject({ applicationName: 'from env', host: undefined });
    } finally {
      delete process.env['PGAPPNAME'];
      delete process.env['PGHOST'];
    }
  });

  test('names the socket in a directory as the server does', () => {
    expect(resolveOptions('postgres:///d?host=/run/pg&port=6000', BARE)).toMatchObject({
      endpoint: { path: '/run/pg/.s.PGSQL.6000' },
      address: '/run/pg/.s.PGSQL.6000',
    });
  });

  test('writes an IPv6 address in brackets', () => {
    expect(resolveOptions('postgres://[::1]', BARE).address).toBe('[::1]:5432');
  });

  test.each(['0', '-1'])('takes a connect_timeout of %s as no limit', (seconds) => {
    expect(resolveOptions(`postgres://h?connect_timeout=${seconds}`, BARE).connectTimeoutMs).toBe(Infinity);
  });

  test.each(['disable', 'allow', 'prefer'])('connects in plain text with sslmode %s', (sslmode) => {
    expect(() => resolveOptions(`postgres://h?sslmode=${sslmode}`, BARE)).not.toThrow();
  });

  test.each(['require', 'verify-ca', 'verify-full'])('refuses sslmode %s, wherever it comes from', (sslmode) => {
    expect(() => resolveOptions(`postgres://h?sslmode=${sslmode}`, BARE)).toThrow(`sslmode '${sslmode}' asks for TLS`);
    expect(() => resolveOptions({}, { ...BARE, sslmode })).toThrow(TypeError);
  });

  test.each<[string, ConnectOptions | string, Partial<Environment>]>([
    ['port', { port: 0 }, {}],
    ['port', { port: 65536 }, {}],
    ['port', { port: 1.5 }, {}],
    ['port', {}, { port: 'x' }],
    ['port', 'postgres://h?port=99999', {}],
    ['statementCacheSize', { statementCacheSize: -1 }, {}],
    ['cancelGraceMs', { cancelGraceMs: NaN }, {}],
    ['connectTimeoutMs', { connectTimeoutMs: -5 }, {}],
    ['user', { user: '' }, {}],
    ['user', {}, { systemUser: undefined }],
    ['user', { user: 'a\0b' }, {}],
    ['host', { host: '' }, {}],
    ['several hosts', { host: 'a,b' }, {}],
    ['database', { database: '' }, {}],
    ['password', { password: 5 as unknown as string }, {}],
    ['int8', { int8: 'float' as 'number' }, {}],
    ['sslmode', 'postgres://h?sslmode=maybe', {}],
    ['connect_timeout', 'postgres://h?connect_timeout=soon', {}],
    ['client_encoding', 'postgres://h?client_encoding=latin1', {}],
    ['client_encoding', { parameters: { client_encoding: 'LATIN1' } }, {}],
    ['parameters', { parameters: { user: 'x' } }, {}],
    ['parameters.search_path', { parameters: { search_path: 'a\0' } }, {}],
  ])('names the option %s when it is wrong: %o', (name, target, environment) => {
    expect(() => resolveOptions(target, { ...BARE, ...environment })).toThrow(name);
  });
});

describe('the options for values', () => {
  test('are handed on as they are', () => {
    const values = {
      int8: 'string',
      numeric: 'number',
      timestamptz: 'string',
      json: 'text',
      temporal: false,
      arrays: 'typed',
      duplicateColumns: 'error',
    } as const;
    expect(resolveOptions({ ...values, host: 'h' }, BARE).values).toEqual(values);
  });

  test.each([
    ['int8', 'int', "the option int8 must be 'bigint' or 'number' or 'string'"],
    ['numeric', 'bigint', "the option numeric must be 'string' or 'number'"],
    ['timestamptz', null, "the option timestamptz must be 'date' or 'string'"],
    ['json', true, "the option json must be 'parse' or 'text'"],
    ['temporal', 'yes', 'the option temporal must be false or true'],
    ['arrays', 1, "the option arrays must be 'nested' or 'typed'"],
    ['duplicateColumns', 'first', "the option duplicateColumns must be 'last' or 'error'"],
  ])('%s cannot be %s', (name, value, message) => {
    expect(() => resolveOptions({ [name]: value }, BARE)).toThrow(new TypeError(message));
  });

  test('temporal needs a runtime that has it', () => {
    const host = globalThis as { Temporal?: unknown };
    const before = Object.getOwnPropertyDescriptor(host, 'Temporal');
    try {
      delete host.Temporal;
      expect(() => resolveOptions({ temporal: true }, BARE)).toThrow(/temporal needs globalThis.Temporal/);
      host.Temporal = {};
      expect(resolveOptions({ temporal: true }, BARE).values).toEqual({ temporal: true });
    } finally {
      delete host.Temporal;
      if (before !== undefined) Object.defineProperty(host, 'Temporal', before);
    }
  });

  test('types is a registry that may be shared', () => {
    const types = new TypeRegistry();
    expect(resolveOptions({ types }, BARE).types).toBe(types);
    expect(() => resolveOptions({ types: {} } as ConnectOptions, BARE)).toThrow(
      'the option types must be a TypeRegistry',
    );
  });
});
