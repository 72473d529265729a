import { describe, expect, test } from 'vitest';
import {
  decodeOauthBearerFailure,
  decodeOauthBearerResponse,
  encodeOauthBearerFailure,
  encodeOauthBearerResponse,
  isOauthBearerDummyResponse,
  oauthBearerDummyResponse,
} from '../src/oauth-bearer.js';
import { utf8 } from './wire.js';

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe('the response of OAUTHBEARER', () => {
  test('holds the token as RFC 7628 has it', () => {
    expect(text(encodeOauthBearerResponse('vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=='))).toBe(
      'n,,\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01',
    );
  });

  test('asks for what is wanted with an empty value', () => {
    expect(text(encodeOauthBearerResponse(null))).toBe('n,,\x01auth=\x01\x01');
    expect(decodeOauthBearerResponse(encodeOauthBearerResponse(null))).toBeNull();
  });

  test.each(['a', 'abc.def-ghi_jkl~mno+pqr/stu', 'QQ==', 'x'.repeat(5000)])('carries the token %.40s', (token) => {
    expect(decodeOauthBearerResponse(encodeOauthBearerResponse(token))).toBe(token);
  });

  test.each(['', '=', 'a=b', 'a b', 'a,b', 'a\x01', 'a\n', 'schön', 'a"'])('cannot hold the token %j', (token) => {
    expect(() => encodeOauthBearerResponse(token)).toThrow(TypeError);
  });

  test('does not show a token that it refuses', () => {
    expect(() => encodeOauthBearerResponse('top secret')).not.toThrow('secret');
    expect(() => encodeOauthBearerResponse('top secret')).toThrow('a bearer token is made of');
  });

  test.each([
    ['with the flag y', 'y,,\x01auth=Bearer abc\x01\x01'],
    ['with another case', 'n,,\x01auth=bEARER abc\x01\x01'],
    ['with more spaces', 'n,,\x01auth=Bearer   abc\x01\x01'],
    ['with other pairs', 'n,,\x01host=server.example.com\x01port=5432\x01auth=Bearer abc\x01x=\x01\x01'],
  ])('is read %s', (_, response) => {
    expect(decodeOauthBearerResponse(utf8(response))).toBe('abc');
  });

  test.each([
    ['another scheme', 'Basic abc'],
    ['no scheme', 'abc'],
    ['no token', 'Bearer '],
    ['no space', 'Bearerabc'],
    ['a token of other characters', 'Bearer a,b'],
    ['a space behind', 'Bearer abc '],
  ])('holds no good token with %s', (_, auth) => {
    expect(decodeOauthBearerResponse(utf8(`n,,\x01auth=${auth}\x01\x01`))).toBeNull();
  });

  test.each([
    ['nothing', '', 'malformed'],
    ['a separator alone', '\x01', 'malformed'],
    ['channel binding', 'p=tls-unique,,\x01auth=Bearer abc\x01\x01', 'channel binding'],
    ['an authorization identity', 'n,a=ann,\x01auth=Bearer abc\x01\x01', 'authorization identity'],
    ['an unknown flag', 'x,,\x01auth=Bearer abc\x01\x01', 'malformed'],
    ['no separator', 'n,,auth=Bearer abc\x01\x01', 'malformed'],
    ['a pair without an end', 'n,,\x01auth=Bearer abc', 'malformed'],
    ['no end', 'n,,\x01auth=Bearer abc\x01', 'malformed'],
    ['something behind its end', 'n,,\x01auth=Bearer abc\x01\x01x', 'malformed'],
    ['an end in its middle', 'n,,\x01auth=Bearer abc\x01\x01x=y\x01\x01', 'key or value'],
    ['no pair', 'n,,\x01\x01', 'expected one value of auth, got 0'],
    ['an empty list', 'n,,\x01\x01\x01', 'key or value'],
    ['no value of auth', 'n,,\x01host=x\x01\x01', 'expected one value of auth, got 0'],
    ['two values of auth', 'n,,\x01auth=\x01auth=\x01\x01', 'expected one value of auth, got 2'],
    ['a key without a value', 'n,,\x01auth\x01\x01', 'key or value'],
    ['an empty key', 'n,,\x01=x\x01\x01', 'key or value'],
    ['a key of other characters', 'n,,\x01au-th=x\x01\x01', 'key or value'],
    ['a value with a control character', 'n,,\x01auth=Bearer a\x02\x01\x01', 'key or value'],
    ['a value outside ASCII', 'n,,\x01auth=Bearer ä\x01\x01', 'key or value'],
  ])('is refused with %s', (_, response, message) => {
    expect(() => decodeOauthBearerResponse(utf8(response))).toThrow(
      expect.objectContaining({
        code: 'ERR_POSTGRES_PROTOCOL_REMOTE',
        message: expect.stringContaining(message) as string,
      }),
    );
  });

  test('is refused where it is not UTF-8', () => {
    expect(() => decodeOauthBearerResponse(Uint8Array.of(0xff))).toThrow('not UTF-8');
  });
});

describe('the failure of OAUTHBEARER', () => {
  const openidConfiguration = 'https://issuer.example.com/.well-known/openid-configuration';

  test('is read as PostgreSQL 18 writes it', () => {
    const json = `{ "status": "invalid_token", "openid-configuration": "${openidConfiguration}", "scope": "openid email" }`;
    const failure = { status: 'invalid_token', scope: 'openid email', openidConfiguration };
    expect(decodeOauthBearerFailure(utf8(json))).toEqual(failure);
    expect(decodeOauthBearerFailure(encodeOauthBearerFailure(failure))).toEqual(failure);
  });

  test('may hold a status alone, and more than is known', () => {
    const failure = { status: 'invalid_request', scope: undefined, openidConfiguration: undefined };
    expect(text(encodeOauthBearerFailure(failure))).toBe('{"status":"invalid_request"}');
    expect(decodeOauthBearerFailure(utf8('{"x":[{}],"status":"invalid_request"}'))).toEqual(failure);
  });

  test.each([
    ['no JSON', 'invalid_token', 'not JSON'],
    ['nothing', '', 'not JSON'],
    ['JSON without an end', '{"status":"invalid_token"', 'not JSON'],
    ['a NUL', '{"status":"invalid_token"}\0', 'not JSON'],
    ['a list', '["status"]', 'not a JSON object'],
    ['a string', '"status"', 'not a JSON object'],
    ['null', 'null', 'not a JSON object'],
    ['no status', '{"scope":"x"}', 'has no status'],
    ['an inherited name', '{"__proto__":{"status":"x"}}', 'has no status'],
    ['a status that is a number', '{"status":401}', 'status in the server'],
    ['a scope that is a list', '{"status":"x","scope":["a"]}', 'scope in the server'],
    ['a scope that is null', '{"status":"x","scope":null}', 'scope in the server'],
    ['a document that is an object', '{"status":"x","openid-configuration":{}}', 'openid-configuration in the server'],
  ])('is refused with %s', (_, json, message) => {
    expect(() => decodeOauthBearerFailure(utf8(json))).toThrow(
      expect.objectContaining({
        code: 'ERR_POSTGRES_PROTOCOL_REMOTE',
        message: expect.stringContaining(message) as string,
      }),
    );
  });

  test('is refused where it is not UTF-8', () => {
    expect(() => decodeOauthBearerFailure(Uint8Array.of(0x22, 0xff, 0x22))).toThrow('not UTF-8');
  });

  test('is answered by one byte, which no other is', () => {
    expect(oauthBearerDummyResponse()).toEqual(Uint8Array.of(1));
    expect(isOauthBearerDummyResponse(oauthBearerDummyResponse())).toBe(true);
    for (const other of [[], [0], [1, 1]]) expect(isOauthBearerDummyResponse(Uint8Array.from(other))).toBe(false);
  });
});
