import { describe, expect, test } from 'vitest';
import { parseConnectionString } from '../src/connection-string.js';

describe('parseConnectionString', () => {
  test.each([
    ['postgres://', {}],
    ['postgresql://localhost', { host: 'localhost' }],
    ['POSTGRES://localhost:5433/db', { host: 'localhost', port: '5433', database: 'db' }],
    ['postgres://me@h/', { user: 'me', host: 'h' }],
    ['postgres://me:@h', { user: 'me', host: 'h' }],
    ['postgres://me:a:b@h', { user: 'me', password: 'a:b', host: 'h' }],
    ['postgres://me:p%40ss%2F%3A%23@h', { user: 'me', password: 'p@ss/:#', host: 'h' }],
    ['postgres://m%20e:%E2%82%AC@h/d%2Fb', { user: 'm e', password: '€', host: 'h', database: 'd/b' }],
    ['postgres://me:p@ss@h', { user: 'me', password: 'p@ss', host: 'h' }],
    ['postgres://[::1]:7/db', { host: '::1', port: '7', database: 'db' }],
    ['postgres://[fe80::1%25eth0]/', { host: 'fe80::1%eth0' }],
    ['postgres://%2Fvar%2Frun/db', { host: '/var/run', database: 'db' }],
    ['postgres:///db?host=/tmp&port=6', { database: 'db', host: '/tmp', port: '6' }],
    ['postgres://a/x?dbname=y&user=u&password=p%26', { host: 'a', database: 'y', user: 'u', password: 'p&' }],
    [
      'postgres://h?application_name=a+b&options=-c%20geqo%3Doff&connect_timeout=3&sslmode=disable&',
      { host: 'h', applicationName: 'a+b', options: '-c geqo=off', connectTimeout: '3', sslmode: 'disable' },
    ],
  ])('reads %s', (url, parts) => {
    expect(parseConnectionString(url)).toEqual(parts);
  });

  test.each([
    ['http://h', "begin with 'postgres://'"],
    ['', "begin with 'postgres://'"],
    ['host=localhost dbname=x', "begin with 'postgres://'"],
    ['postgres://h?ssl=true', "'ssl'"],
    ['postgres://h?application_nam=x', "'application_nam'; known are host, port"],
    ['postgres://h?host', "'host' of the connection URL has no value"],
    ['postgres://h:abc/', 'the port in the connection URL is not a number'],
    ['postgres://h:123456/', 'the port in the connection URL is not a number'],
    ['postgres://a:1,b:2/', 'several hosts'],
    ['postgres://::1/', 'the port in the connection URL is not a number'],
    ['postgres://[::1/', 'malformed'],
    ['postgres://h/a@b', '%40'],
    ['postgres://h/d#x', "'#'"],
    ['postgres://h/%zz', 'the database name in the connection URL has a malformed percent-encoding'],
    ['postgres://h/%00', 'NUL'],
  ])('refuses %s', (url, text) => {
    expect(() => parseConnectionString(url)).toThrow(TypeError);
    expect(() => parseConnectionString(url)).toThrow(text);
  });

  test.each(['/', '?', '#', '%', '%z', '@/', ':/', '?a=', '[/'])(
    'quotes nothing of a password that holds %s and was not encoded',
    (special) => {
      const url = `postgres://me:Topsecret${special}Topsecret@host/db`;
      let text = '';
      try {
        parseConnectionString(url);
      } catch (error) {
        text = `${String(error)} ${(error as Error).stack ?? ''} ${String((error as Error).cause)}`;
      }
      expect(text).not.toBe('');
      expect(text).not.toContain('opsecret');
    },
  );
});
