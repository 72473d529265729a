import { describe, expect, test } from 'vitest';
import { formatEndpoint, parseEndpoint, type Endpoint } from '../src/index.js';

describe('parseEndpoint', () => {
  test.each<[Endpoint, string]>([
    [{ host: 'db', port: 5432 }, 'tcp://db:5432'],
    [{ host: '::1', port: 0 }, 'tcp://[::1]:0'],
    ['tcp://127.0.0.1:7000', 'tcp://127.0.0.1:7000'],
    ['tcp://[::1]:7000', 'tcp://[::1]:7000'],
    [new URL('tcp://example.test:80'), 'tcp://example.test:80'],
    [{ path: '/tmp/s' }, 'unix:/tmp/s'],
    ['unix:/tmp/s', 'unix:/tmp/s'],
    ['unix:///tmp/a%20b', 'unix:/tmp/a b'],
    [{ fd: 3 }, 'fd:3'],
  ])('understands %j as %s', (endpoint, address) => {
    expect(formatEndpoint(parseEndpoint(endpoint))).toBe(address);
  });

  test.each([
    ['127.0.0.1:7000'],
    ['tcp://host'],
    ['http://host:1'],
    ['unix:'],
    ['unix:/tmp/100%'],
    ['unix:/tmp/a%00b'],
    [{ path: '/tmp/a\0b' }],
    [{ host: 'a\0b', port: 1 }],
    [''],
    [{}],
    [{ host: '', port: 1 }],
    [null],
    [7000],
  ])('refuses %j, saying what was expected', (endpoint) => {
    expect(() => parseEndpoint(endpoint as unknown as Endpoint)).toThrow(/expected an (endpoint|address)/);
  });

  test.each([-1, 65_536, 1.5, NaN, '80'])('refuses the port %j', (port) => {
    expect(() => parseEndpoint({ host: 'h', port: port as number })).toThrow(/port to be an integer from 0 to 65535/);
  });
});
