import { describe, expect, test } from 'vitest';
import { pbkdf2Sha256, ScramServer, ScramVerifier, type ScramServerOptions } from '../src/crypto.js';
import { decodeBase64, encodeBase64 } from '../src/crypto/base64.js';
import type { ScramChannelBinding } from '../src/scram-binding.js';
import { ScramConversation } from '../src/scram.js';
import { utf8 } from './wire.js';

// RFC 7677, section 3
const NONCE = 'rOprNGfwEbeRWgbNEkqO';
const SERVER_NONCE = '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
const SERVER_FIRST = `r=${NONCE}${SERVER_NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`;
const CLIENT_FINAL = `c=biws,r=${NONCE}${SERVER_NONCE},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`;
const SALT = decodeBase64('W22ZaJ0SNY7soEsUEjb6gQ==') ?? new Uint8Array();
const SALTED = pbkdf2Sha256(utf8('pencil'), SALT, 4096);
const VERIFIER = ScramVerifier.fromSaltedPassword({ saltedPassword: SALTED, salt: SALT, iterations: 4096 });
/** What no mock would hold: the keys of a password. */
const MARKED = new ScramVerifier({
  iterations: 4096,
  salt: SALT,
  storedKey: VERIFIER.storedKey,
  serverKey: VERIFIER.serverKey,
  isMock: true,
});

const CERTIFICATE = Uint8Array.from({ length: 32 }, (_, i) => 0xe0 + i);
const SECRET = Uint8Array.from({ length: 16 }, (_, i) => i);

const text = (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : new TextDecoder().decode(bytes));

function begin(options: Partial<ScramServerOptions> = {}): ScramServer {
  return new ScramServer({ mechanism: 'SCRAM-SHA-256', verifier: VERIFIER, nonce: SERVER_NONCE, ...options });
}

/** After the challenge. */
function challenged(options: Partial<ScramServerOptions> = {}): ScramServer {
  const server = begin(options);
  server.receiveClientFirst(utf8(`n,,n=user,r=${NONCE}`));
  return server;
}

/** A whole conversation; what the server makes of the proof. */
function converse(
  options: Partial<ScramServerOptions>,
  channelBinding: ScramChannelBinding,
  password: string | Uint8Array = SALTED,
): string | undefined {
  const server = begin(options);
  const client = new ScramConversation({ user: 'ann', nonce: NONCE, maxIterations: 1e6, channelBinding });
  const challenge = client.receiveServerFirst(text(server.receiveClientFirst(utf8(client.clientFirst))) ?? '');
  const salted =
    typeof password === 'string' ? pbkdf2Sha256(utf8(password), challenge.salt, challenge.iterations) : password;
  const final = text(server.receiveClientFinal(utf8(client.clientFinal(salted))));
  if (final !== undefined) client.receiveServerFinal(final);
  expect(client.isServerProven).toBe(final !== undefined);
  return final;
}

describe('ScramServer', () => {
  test('goes as in RFC 7677', () => {
    const server = begin();
    expect(server.user).toBeUndefined();
    expect(text(server.receiveClientFirst(utf8(`n,,n=user,r=${NONCE}`)))).toBe(SERVER_FIRST);
    expect(server.user).toBe('user');
    expect(text(server.receiveClientFinal(utf8(CLIENT_FINAL)))).toBe('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
  });

  test('asks for a first message that did not come with the choice of the mechanism', () => {
    const server = begin();
    expect(server.receiveClientFirst(null)).toEqual(new Uint8Array(0));
    expect(text(server.receiveClientFirst(utf8(`n,,n=,r=${NONCE}`)))).toBe(SERVER_FIRST);
    expect(server.user).toBe('');
  });

  test('lets in whoever has the password, with each kind of channel binding', () => {
    const plus = { mechanism: 'SCRAM-SHA-256-PLUS', channelBinding: CERTIFICATE };
    expect(converse({}, 'unsupported')).toMatch(/^v=/);
    expect(converse({}, 'unoffered')).toMatch(/^v=/);
    expect(converse({ channelBinding: CERTIFICATE }, 'unsupported')).toMatch(/^v=/);
    expect(converse(plus, { data: CERTIFICATE })).toMatch(/^v=/);
  });

  test('keeps out whoever has another password', () => {
    expect(converse({}, 'unsupported', 'pencils')).toBeUndefined();
  });

  test('keeps out users that do not exist, whatever they prove', () => {
    const mock = ScramVerifier.mock({ user: 'nobody', secret: SECRET, iterations: 2 });
    expect(converse({ verifier: mock }, 'unsupported', 'pencil')).toBeUndefined();
    // Even a verifier that a password would fit.
    expect(converse({ verifier: MARKED }, 'unsupported')).toBeUndefined();
  });

  test('refuses a client that is bound to another certificate, as by someone in the middle', () => {
    const plus = { mechanism: 'SCRAM-SHA-256-PLUS', channelBinding: CERTIFICATE };
    expect(() => converse(plus, { data: CERTIFICATE.slice().reverse() })).toThrow('bound to another channel');
  });

  test('refuses a client that was not told of channel binding, as by someone in the middle', () => {
    expect(() => converse({ channelBinding: CERTIFICATE }, 'unoffered')).toThrow('was not told');
  });

  test.each([
    ['no channel binding', 'n,,n=,r=x', 'SCRAM-SHA-256-PLUS and does no channel binding'],
    ['a belief that there is none', 'y,,n=,r=x', 'SCRAM-SHA-256-PLUS and does no channel binding'],
    ['another type of it', 'p=tls-unique,,n=,r=x', 'unknown type of channel binding tls-unique'],
  ])('refuses a client that chose PLUS with %s', (_, first, message) => {
    const server = begin({ mechanism: 'SCRAM-SHA-256-PLUS', channelBinding: CERTIFICATE });
    expect(() => server.receiveClientFirst(utf8(first))).toThrow(message);
  });

  test.each([
    ['channel binding', 'p=tls-server-end-point,,n=,r=x', 'SCRAM-SHA-256 and does channel binding'],
    ['an authorization identity', 'n,a=ann,n=,r=x', 'authorization identity is not supported'],
    ['an unknown flag', 'x,,n=,r=x', 'first message of the client is malformed'],
    ['no header', `n=user,r=${NONCE}`, 'malformed'],
    ['a header alone', 'n,,', 'malformed'],
    ['nothing', '', 'malformed'],
    ['an extension that must be understood', 'n,,m=x,n=,r=x', 'demands an extension'],
    ['no user', 'n,,r=x', 'expected the attribute n'],
    ['no nonce', 'n,,n=', 'expected the attribute r'],
    ['an empty nonce', 'n,,n=,r=', 'nonce is not printable'],
    ['a nonce outside ASCII', 'n,,n=,r=é', 'nonce is not printable'],
    ['a name that is not escaped', 'n,,n=a=b,r=x', 'not escaped'],
  ])('refuses a first message with %s', (_, first, message) => {
    const server = begin();
    expect(() => server.receiveClientFirst(utf8(first))).toThrow(
      expect.objectContaining({
        code: 'ERR_POSTGRES_PROTOCOL_REMOTE',
        message: expect.stringContaining(message) as string,
      }),
    );
    expect(() => server.receiveClientFirst(utf8('n,,n=,r=x'))).toThrow('the conversation is at over');
  });

  test.each([
    ['the other flag', CLIENT_FINAL.replace('biws', 'eSws'), 'bound to another channel'],
    ['no channel binding', CLIENT_FINAL.replace('c=biws,', ''), 'expected the attribute c'],
    ['no nonce', 'c=biws', 'expected the attribute r'],
    ['another nonce', CLIENT_FINAL.replace('rOpr', 'xOpr'), "nonce is not the server's"],
    ['the nonce of the client alone', CLIENT_FINAL.replace(SERVER_NONCE, ''), "nonce is not the server's"],
    ['no proof', CLIENT_FINAL.replace(/,p=.*/, ''), 'proof is malformed'],
    ['a short proof', CLIENT_FINAL.replace(/,p=.*/, ',p=dHzb'), 'proof is malformed'],
    ['a proof that is not base64', CLIENT_FINAL.replace('VQ=', 'VQ'), 'proof is malformed'],
    ['something behind the proof', `${CLIENT_FINAL},x=y`, 'proof is malformed'],
    ['two proofs', `${CLIENT_FINAL},${CLIENT_FINAL.slice(CLIENT_FINAL.indexOf('p='))}`, 'proof is malformed'],
    ['an extension that must be understood', CLIENT_FINAL.replace(',p=', ',m=x,p='), 'demands an extension'],
    ['nothing', '', 'malformed'],
  ])('refuses a last message with %s', (_, final, message) => {
    const server = challenged();
    expect(() => server.receiveClientFinal(utf8(final))).toThrow(
      expect.objectContaining({
        code: 'ERR_POSTGRES_PROTOCOL_REMOTE',
        message: expect.stringContaining(message) as string,
      }),
    );
    expect(() => server.receiveClientFinal(utf8(CLIENT_FINAL))).toThrow('the conversation is at over');
  });

  test('ignores extensions, which the proof covers', () => {
    expect(challenged().receiveClientFinal(utf8(CLIENT_FINAL.replace(',p=', ',x=y,p=')))).toBeUndefined();
    const server = begin();
    expect(text(server.receiveClientFirst(utf8(`n,,n=,r=${NONCE},x=y`)))).toBe(SERVER_FIRST);
  });

  test('refuses bytes that are not UTF-8, and keeps a byte order mark', () => {
    expect(() => begin().receiveClientFirst(Uint8Array.of(0x6e, 0xff))).toThrow('is not UTF-8');
    expect(() => begin().receiveClientFirst(utf8('\ufeffn,,n=,r=x'))).toThrow('malformed');
    expect(() => challenged().receiveClientFinal(Uint8Array.of(0xff))).toThrow('is not UTF-8');
  });

  test('unescapes the name of the user', () => {
    const server = begin();
    server.receiveClientFirst(utf8(`n,,n=a=2Cb=3D2C,r=${NONCE}`));
    expect(server.user).toBe('a,b=2C');
  });

  test('takes its messages in order, and each once', () => {
    const server = begin();
    expect(() => server.receiveClientFinal(utf8(CLIENT_FINAL))).toThrow(TypeError);
    server.receiveClientFirst(utf8(`n,,n=user,r=${NONCE}`));
    expect(() => server.receiveClientFirst(utf8(`n,,n=user,r=${NONCE}`))).toThrow(TypeError);
    expect(server.receiveClientFinal(utf8(CLIENT_FINAL))).toBeDefined();
    expect(() => server.receiveClientFinal(utf8(CLIENT_FINAL))).toThrow('the conversation is at over');
  });

  test.each([
    ['another mechanism', { mechanism: 'SCRAM-SHA-1' }, RangeError],
    ['PLUS without a certificate', { mechanism: 'SCRAM-SHA-256-PLUS' }, RangeError],
    ['an empty hash of a certificate', { channelBinding: new Uint8Array(0) }, RangeError],
    ['a short nonce', { nonce: 'short' }, TypeError],
  ])('cannot be made with %s', (_, options, error) => {
    expect(() => begin(options)).toThrow(error);
  });
});

describe('ScramVerifier', () => {
  const TEXT = VERIFIER.toText();

  test('has the form in which PostgreSQL stores it', () => {
    expect(TEXT).toBe(
      `SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=`,
    );
    expect(ScramVerifier.parse(TEXT)).toEqual(VERIFIER);
  });

  test('keeps what it was given', () => {
    const salt = SALT.slice();
    const verifier = ScramVerifier.fromSaltedPassword({ saltedPassword: SALTED, salt, iterations: 4096 });
    salt.fill(0);
    expect(verifier).toEqual(VERIFIER);
  });

  test.each([
    ['nothing', ''],
    ['an MD5 hash', 'md5d41d8cd98f00b204e9800998ecf8427e'],
    ['another mechanism', TEXT.replace('256', '512')],
    ['no count', TEXT.replace('4096', '')],
    ['a count of zero', TEXT.replace('4096', '0')],
    ['a count that is no number', TEXT.replace('4096', '4O96')],
    ['no salt', TEXT.replace('W22ZaJ0SNY7soEsUEjb6gQ==', '')],
    ['a salt that is not base64', TEXT.replace('gQ==', 'gQ')],
    ['a short stored key', TEXT.replace('WG5d', '')],
    ['a short server key', TEXT.replace('wfPL', '')],
    ['a server key that is not base64', `${TEXT}=`],
    ['something behind', `${TEXT}:`],
    ['a line break behind', `${TEXT}\n`],
  ])('is not parsed from %s', (_, stored) => {
    expect(ScramVerifier.parse(stored)).toBeUndefined();
  });

  test('tells whether a salted password is the one', () => {
    expect(VERIFIER.isSaltedPassword(SALTED)).toBe(true);
    expect(VERIFIER.isSaltedPassword(SALTED.slice().reverse())).toBe(false);
    expect(MARKED.isSaltedPassword(SALTED)).toBe(false);
  });

  test('for a user that does not exist has the same salt each time, and others for others', () => {
    const mock = (user: string, secret = SECRET) => ScramVerifier.mock({ user, secret });
    expect(mock('ann').salt).toHaveLength(16);
    expect(mock('ann').iterations).toBe(4096);
    expect(mock('ann')).toEqual(mock('ann'));
    const salts = [mock('ann'), mock('bob'), mock('ann', SECRET.slice(1))].map(({ salt }) => encodeBase64(salt));
    expect(new Set(salts).size).toBe(3);
  });

  test.each([
    ['stored key', { storedKey: SALTED.slice(1), serverKey: SALTED }, 'storedKey must have 32 bytes, got 31'],
    ['server key', { storedKey: SALTED, serverKey: new Uint8Array(33) }, 'serverKey must have 32 bytes, got 33'],
  ])('cannot be made with a %s of another length', (_, keys, message) => {
    expect(() => new ScramVerifier({ iterations: 1, salt: SALT, ...keys })).toThrow(RangeError);
    expect(() => new ScramVerifier({ iterations: 1, salt: SALT, ...keys })).toThrow(message);
  });

  test.each([
    ['a salted password of another length', { saltedPassword: SALTED.slice(1) }, '32 bytes, got 31'],
    ['no iterations', { iterations: 0 }, 'positive integer, got 0'],
    ['a broken count', { iterations: 1.5 }, 'positive integer, got 1.5'],
    ['no salt', { salt: new Uint8Array(0) }, 'at least 1 byte'],
  ])('cannot be made with %s', (_, options, message) => {
    const make = () =>
      ScramVerifier.fromSaltedPassword({ saltedPassword: SALTED, salt: SALT, iterations: 4096, ...options });
    expect(make).toThrow(RangeError);
    expect(make).toThrow(message);
  });
});
