import { describe, expect, test } from 'vitest';
import { pbkdf2Sha256 } from '../src/crypto.js';
import { decodeBase64, encodeBase64 } from '../src/crypto/base64.js';
import { ScramConversation, type ScramClientOptions } from '../src/scram.js';
import { pbkdf2Sha1, SHA_1 } from './sha1.js';
import { utf8 } from './wire.js';

// RFC 7677, section 3
const NONCE = 'rOprNGfwEbeRWgbNEkqO';
const FULL_NONCE = `${NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0`;
const SERVER_FIRST = `r=${FULL_NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`;
const CLIENT_FINAL = `c=biws,r=${FULL_NONCE},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`;
const SERVER_FINAL = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=';
const SALTED = pbkdf2Sha256(utf8('pencil'), Uint8Array.from(atob('W22ZaJ0SNY7soEsUEjb6gQ=='), byteOf), 4096);

function byteOf(character: string): number {
  return character.charCodeAt(0);
}

function begin(options: Partial<ScramClientOptions> = {}): ScramConversation {
  return new ScramConversation({ user: 'user', nonce: NONCE, maxIterations: 4096, ...options });
}

/** Up to where the server has to prove itself. */
function beginAndProve(salted = SALTED): ScramConversation {
  const scram = begin();
  scram.receiveServerFirst(SERVER_FIRST);
  scram.clientFinal(salted);
  return scram;
}

describe('ScramConversation', () => {
  test('goes as in RFC 7677', () => {
    const scram = begin();
    expect(scram.clientFirst).toBe(`n,,n=user,r=${NONCE}`);
    expect(scram.receiveServerFirst(SERVER_FIRST)).toEqual({
      salt: decodeBase64('W22ZaJ0SNY7soEsUEjb6gQ=='),
      iterations: 4096,
    });
    expect(scram.clientFinal(SALTED)).toBe(CLIENT_FINAL);
    expect(scram.isServerProven).toBe(false);
    scram.receiveServerFinal(SERVER_FINAL);
    expect(scram.isServerProven).toBe(true);
  });

  test('goes as in RFC 5802, with SHA-1', () => {
    // Section 5
    const nonce = 'fyko+d2lbbFgONRv9qkxdawL';
    const scram = new ScramConversation({ user: 'user', nonce, maxIterations: 4096, hash: SHA_1 });
    expect(scram.clientFirst).toBe(`n,,n=user,r=${nonce}`);
    const challenge = scram.receiveServerFirst(`r=${nonce}3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096`);
    const salted = pbkdf2Sha1(utf8('pencil'), challenge.salt, challenge.iterations);
    expect(scram.clientFinal(salted)).toBe(`c=biws,r=${nonce}3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=`);
    scram.receiveServerFinal('v=rmF9pqV8S7suAoZWja4dJRkFsKQ=');
    expect(scram.isServerProven).toBe(true);
  });

  test.each([
    ['another nonce', SERVER_FIRST.replace('rOpr', 'xOpr'), "nonce does not extend the client's"],
    ['the nonce with nothing added', `r=${NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`, 'nonce does not extend'],
    ['the nonce cut short', `r=${NONCE.slice(0, -1)},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`, 'nonce does not extend'],
    ['a nonce with a space', SERVER_FIRST.replace('%', ' '), 'nonce does not extend'],
    ['a nonce outside ASCII', SERVER_FIRST.replace('%', 'é'), 'nonce does not extend'],
    ['too many iterations', SERVER_FIRST.replace('4096', '4097'), '4097 iterations, at most 4096 are allowed'],
    ['a huge count', SERVER_FIRST.replace('4096', '9999999999'), '9999999999 iterations'],
    ['a count beyond all bounds', SERVER_FIRST.replace('4096', '9'.repeat(400)), 'not a positive integer'],
    ['no iterations', SERVER_FIRST.replace('4096', '0'), 'not a positive integer'],
    ['a count with a leading zero', SERVER_FIRST.replace('4096', '04096'), 'not a positive integer'],
    ['a negative count', SERVER_FIRST.replace('4096', '-1'), 'not a positive integer'],
    ['a broken count', SERVER_FIRST.replace('4096', '1.5'), 'not a positive integer'],
    ['an empty count', SERVER_FIRST.replace('4096', ''), 'not a positive integer'],
    ['no count', SERVER_FIRST.replace(',i=4096', ''), 'expected the attribute i'],
    ['attributes in another order', `s=W22ZaJ0SNY7soEsUEjb6gQ==,r=${FULL_NONCE},i=4096`, 'expected the attribute r'],
    ['a salt without its padding', SERVER_FIRST.replace('gQ==', 'gQ='), 'salt is not base64'],
    ['a salt with stray bits', SERVER_FIRST.replace('gQ==', 'gR=='), 'salt is not base64'],
    ['a salt of another alphabet', SERVER_FIRST.replace('6gQ==', '6g_=='), 'salt is not base64'],
    ['an empty salt', `r=${FULL_NONCE},s=,i=4096`, 'salt is not base64'],
    ['an extension that must be understood', `m=x,${SERVER_FIRST}`, 'demands an extension'],
    ['such an extension at its end', `${SERVER_FIRST},m=x`, 'demands an extension'],
    ['an attribute without a letter', `${SERVER_FIRST},=x`, 'malformed'],
    ['an attribute without a value', `${SERVER_FIRST},x`, 'malformed'],
    ['a NUL', `${SERVER_FIRST},x=\0`, 'malformed'],
    ['a comma at its end', `${SERVER_FIRST},`, 'malformed'],
    ['an error', 'e=other-error', 'expected the attribute r'],
    ['nothing', '', 'malformed'],
  ])('rejects a first message with %s', (_, text, message) => {
    const scram = begin();
    expect(() => scram.receiveServerFirst(text)).toThrow(
      expect.objectContaining({
        code: 'ERR_POSTGRES_PROTOCOL_REMOTE',
        message: expect.stringContaining(message) as string,
      }),
    );
  });

  test('accepts extensions that need not be understood, and proves them too', () => {
    const scram = begin();
    expect(scram.receiveServerFirst(`${SERVER_FIRST},x=y=z`)).toMatchObject({ iterations: 4096 });
    expect(scram.clientFinal(SALTED)).not.toBe(CLIENT_FINAL);
  });

  test('rejects fewer iterations than it was told to demand', () => {
    const scram = begin({ minIterations: 4096 });
    expect(() => scram.receiveServerFirst(SERVER_FIRST.replace('4096', '4095'))).toThrow(
      '4095 iterations, at least 4096 are demanded',
    );
    expect(scram.receiveServerFirst(SERVER_FIRST)).toMatchObject({ iterations: 4096 });
  });

  test.each([
    ['a wrong signature', SERVER_FINAL.replace('6rri', '6rrj'), 'does not know the password'],
    ['a short signature', 'v=6rri', 'does not know the password'],
    ['an empty signature', 'v=', 'does not know the password'],
    ['no base64', 'v=6rriT', 'not base64'],
    ['no verifier', 'x=y', 'expected the attribute v'],
    ['an extension that must be understood', `m=x,${SERVER_FINAL}`, 'demands an extension'],
    ['nothing', '', 'malformed'],
    ['a refusal', 'e=invalid-proof', 'the server refused: invalid-proof'],
    ['a refusal and more', 'e=unknown-user,x=y', 'the server refused: unknown-user'],
    ['a refusal of its own', 'e=I am no server', 'the server refused: other-error'],
  ])('rejects a last message with %s', (_, text, message) => {
    const scram = beginAndProve();
    expect(() => {
      scram.receiveServerFinal(text);
    }).toThrow(
      expect.objectContaining({
        code: 'ERR_POSTGRES_PROTOCOL_REMOTE',
        message: expect.stringContaining(message) as string,
      }),
    );
    expect(scram.isServerProven).toBe(false);
  });

  test('rejects the right server for the wrong password', () => {
    const scram = beginAndProve(pbkdf2Sha256(utf8('pencils'), Uint8Array.of(1), 1));
    expect(() => {
      scram.receiveServerFinal(SERVER_FINAL);
    }).toThrow('does not know the password');
  });

  test('does not take a signature before it has proved anything itself', () => {
    const scram = begin();
    scram.receiveServerFirst(SERVER_FIRST);
    expect(() => {
      scram.receiveServerFinal('v=');
    }).toThrow('does not know the password');
  });

  test.each(['', 'short', 'fifteen-letters', 'with,comma0123456789', 'with space 0123456789', 'schön0123456789abcdef'])(
    'refuses the nonce %j',
    (nonce) => {
      expect(() => begin({ nonce })).toThrow(TypeError);
    },
  );

  test('escapes what a user name may not hold', () => {
    expect(begin({ user: 'a,b=c=2C' }).clientFirst).toBe(`n,,n=a=2Cb=3Dc=3D2C,r=${NONCE}`);
    expect(begin({ user: '' }).clientFirst).toBe(`n,,n=,r=${NONCE}`);
    expect(() => begin({ user: 'a\0' })).toThrow(TypeError);
  });

  test('tells a server that did not offer channel binding that it would have done it', () => {
    const scram = begin({ channelBinding: 'unoffered' });
    expect(scram.clientFirst).toBe(`y,,n=user,r=${NONCE}`);
    scram.receiveServerFirst(SERVER_FIRST);
    expect(scram.clientFinal(SALTED)).toMatch(`c=eSws,r=${FULL_NONCE},p=`);
  });

  test('binds to the certificate of the server', () => {
    const data = Uint8Array.from({ length: 32 }, (_, i) => 0xe0 + i);
    const scram = begin({ channelBinding: { data } });
    expect(scram.clientFirst).toBe(`p=tls-server-end-point,,n=user,r=${NONCE}`);
    scram.receiveServerFirst(SERVER_FIRST);
    const input = Uint8Array.from([...utf8('p=tls-server-end-point,,'), ...data]);
    expect(scram.clientFinal(SALTED)).toMatch(`c=${encodeBase64(input)},r=${FULL_NONCE},p=`);
  });
});
