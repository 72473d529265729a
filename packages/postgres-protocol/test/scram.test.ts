import { describe, expect, test } from 'vitest';
import { pbkdf2Sha256 } from '../src/crypto.js';
import { ScramConversation } from '../src/scram.js';

// RFC 7677, section 3
const NONCE = 'rOprNGfwEbeRWgbNEkqO';
const FULL_NONCE = `${NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0`;
const SERVER_FIRST = `r=${FULL_NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`;
const CLIENT_FINAL = `c=biws,r=${FULL_NONCE},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`;
const SERVER_FINAL = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=';

function begin(maxIterations = 4096): ScramConversation {
  return new ScramConversation('user', NONCE, maxIterations);
}

/** Up to where the server has to prove itself. */
function beginAndProve(password = 'pencil'): ScramConversation {
  const scram = begin();
  const { salt, iterations } = scram.receiveServerFirst(SERVER_FIRST);
  const salted = pbkdf2Sha256(new TextEncoder().encode(password), salt, iterations);
  scram.clientFinal(salted);
  return scram;
}

describe('ScramConversation', () => {
  test('goes as in RFC 7677', () => {
    const scram = begin();
    expect(scram.clientFirst).toBe(`n,,n=user,r=${NONCE}`);
    const { salt, iterations } = scram.receiveServerFirst(SERVER_FIRST);
    const salted = pbkdf2Sha256(new TextEncoder().encode('pencil'), salt, iterations);
    expect(scram.clientFinal(salted)).toBe(CLIENT_FINAL);
    scram.receiveServerFinal(SERVER_FINAL);
  });

  test.each([
    ['another nonce', SERVER_FIRST.replace('rOpr', 'xOpr'), "nonce does not extend the client's"],
    ['the nonce with nothing added', `r=${NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`, 'nonce does not extend'],
    ['too many iterations', SERVER_FIRST.replace('4096', '4097'), '4097 iterations, at most 4096 are allowed'],
    ['a huge count', SERVER_FIRST.replace('4096', '9999999999'), '9999999999 iterations'],
    ['a count beyond all bounds', SERVER_FIRST.replace('4096', '99999999999'), 'malformed'],
    ['no iterations', SERVER_FIRST.replace('4096', '0'), 'malformed'],
    ['a negative count', SERVER_FIRST.replace('4096', '-1'), 'malformed'],
    ['a salt that is not base64', SERVER_FIRST.replace('gQ==', 'gQ='), 'salt is not base64'],
    ['no salt', `r=${FULL_NONCE},s=,i=4096`, 'malformed'],
    ['an extension that must be understood', `m=x,${SERVER_FIRST}`, 'malformed'],
    ['an error', 'e=other-error', 'malformed'],
    ['nothing', '', 'malformed'],
  ])('rejects a first message with %s', (_, text, message) => {
    const scram = begin();
    expect(() => scram.receiveServerFirst(text)).toThrow(message);
    expect(() => scram.receiveServerFirst(text)).toThrow(
      expect.objectContaining({ code: 'ERR_POSTGRES_PROTOCOL_REMOTE' }),
    );
  });

  test('accepts extensions that need not be understood', () => {
    expect(begin().receiveServerFirst(`${SERVER_FIRST},x=y`)).toMatchObject({ iterations: 4096 });
  });

  test.each([
    ['a wrong signature', SERVER_FINAL.replace('6rri', '6rrj'), 'does not know the password'],
    ['a short signature', 'v=6rri', 'does not know the password'],
    ['no base64', 'v=6rriT', 'malformed'],
    ['no verifier', 'x=y', 'malformed'],
    ['nothing', '', 'malformed'],
    ['a refusal', 'e=invalid-proof', 'the server refused: invalid-proof'],
  ])('rejects a last message with %s', (_, text, message) => {
    const scram = beginAndProve();
    expect(() => {
      scram.receiveServerFinal(text);
    }).toThrow(message);
  });

  test('rejects the right server for the wrong password', () => {
    const scram = beginAndProve('pencils');
    expect(() => {
      scram.receiveServerFinal(SERVER_FINAL);
    }).toThrow('does not know the password');
  });

  test.each(['', 'short', 'with,comma0123456789', 'with space 0123456789', 'schön0123456789abcdef'])(
    'refuses the nonce %j',
    (nonce) => {
      expect(() => new ScramConversation('', nonce, 4096)).toThrow(TypeError);
    },
  );
});
