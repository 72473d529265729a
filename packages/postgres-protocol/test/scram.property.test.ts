import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeOauthBearerResponse, pbkdf2Sha256, ScramServer, ScramVerifier } from '../src/crypto.js';
import { RemoteProtocolError } from '../src/errors.js';
import { decodeOauthBearerFailure } from '../src/oauth-bearer.js';
import { ScramConversation } from '../src/scram.js';
import { utf8 } from './wire.js';

const NONCE = 'rOprNGfwEbeRWgbNEkqO';
const SALTED = pbkdf2Sha256(utf8('pencil'), utf8('salt'), 1);
const VERIFIER = ScramVerifier.fromSaltedPassword({ saltedPassword: SALTED, salt: utf8('salt'), iterations: 1 });

const SERVER_FIRST = `r=${NONCE}0123456789abcdef,s=c2FsdA==,i=1`;
const FAILURE = '{ "status": "invalid_token", "openid-configuration": "https://x/.well-known/y", "scope": "a b" }';

/** A message that was cut, doubled, or had some of its characters replaced; or no message at all. */
function damaged(message: string): fc.Arbitrary<string> {
  const edit = fc.record({
    at: fc.nat(message.length),
    removed: fc.nat(4),
    inserted: fc.oneof(fc.string({ maxLength: 3 }), fc.constantFrom(',', '=', 'm=x', ',,', '\0', '\x01', 'é', message)),
  });
  const apply = (text: string, { at, removed, inserted }: { at: number; removed: number; inserted: string }) =>
    text.slice(0, at) + inserted + text.slice(at + removed);
  return fc.oneof(
    {
      weight: 9,
      arbitrary: fc.array(edit, { minLength: 1, maxLength: 3 }).map((edits) => edits.reduce(apply, message)),
    },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  );
}

/** Runs `judge`, which may complain of its peer and of nothing else. Returns whether it took the message. */
function isTaken(judge: () => unknown): boolean {
  try {
    return judge() !== undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(RemoteProtocolError);
    return false;
  }
}

describe('messages of a damaged or hostile peer', () => {
  test('get nothing out of a client but RemoteProtocolError, nor its trust', () => {
    fc.assert(
      fc.property(damaged(SERVER_FIRST), damaged('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='), (first, final) => {
        const client = new ScramConversation({ user: '', nonce: NONCE, maxIterations: 4096 });
        if (isTaken(() => client.receiveServerFirst(first))) {
          // What is taken would be proved: only our own nonce, and no more work than allowed.
          const [, nonce = '', iterations = ''] = /^r=([^,]*),.*,i=(\d+)/.exec(first) ?? [];
          expect(nonce.startsWith(NONCE) && Number(iterations) <= 4096).toBe(true);
        } else {
          client.receiveServerFirst(SERVER_FIRST);
        }
        client.clientFinal(SALTED);
        isTaken(() => {
          client.receiveServerFinal(final);
        });
        expect(client.isServerProven).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test('get nothing out of a server but RemoteProtocolError, nor are they let in', () => {
    const client = new ScramConversation({ user: 'ann', nonce: NONCE, maxIterations: 1 });
    client.receiveServerFirst(SERVER_FIRST);
    const proof = client.clientFinal(SALTED);
    fc.assert(
      fc.property(damaged(client.clientFirst), damaged(proof), (first, final) => {
        fc.pre(final !== proof);
        const server = () =>
          new ScramServer({ mechanism: 'SCRAM-SHA-256', verifier: VERIFIER, nonce: '0123456789abcdef' });
        isTaken(() => server().receiveClientFirst(utf8(first)));
        const challenged = server();
        challenged.receiveClientFirst(utf8(client.clientFirst));
        expect(isTaken(() => challenged.receiveClientFinal(utf8(final)))).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test('get nothing out of OAUTHBEARER but RemoteProtocolError', () => {
    const response = 'n,,\x01host=x\x01auth=Bearer abc.def\x01\x01';
    fc.assert(
      fc.property(damaged(response), damaged(FAILURE), (toServer, toClient) => {
        isTaken(() => decodeOauthBearerResponse(utf8(toServer)));
        isTaken(() => decodeOauthBearerFailure(utf8(toClient)));
      }),
      { numRuns: 500 },
    );
  });
});

describe('a conversation between both ends', () => {
  test('proves both for any user, password and nonces', () => {
    const nonce = fc.string({ unit: fc.constantFrom(...Array.from('!"#$%&+-./09:;<=>?@AZ[^_`az{|}~')), minLength: 16 });
    const text = fc.string({ unit: 'grapheme' }).filter((name) => !name.includes('\0'));
    fc.assert(
      fc.property(text, text, nonce, nonce, fc.boolean(), (user, password, clientNonce, serverNonce, isBound) => {
        const data = utf8('a hash');
        const salt = utf8('salt');
        const saltedPassword = pbkdf2Sha256(utf8(password), salt, 2);
        const verifier = ScramVerifier.fromSaltedPassword({ saltedPassword, salt, iterations: 2 });
        const server = new ScramServer({
          mechanism: isBound ? 'SCRAM-SHA-256-PLUS' : 'SCRAM-SHA-256',
          verifier: ScramVerifier.parse(verifier.toText()) ?? VERIFIER,
          nonce: serverNonce,
          channelBinding: data,
        });
        const channelBinding = isBound ? { data } : 'unsupported';
        const client = new ScramConversation({ user, nonce: clientNonce, maxIterations: 2, channelBinding });
        const decoder = new TextDecoder();
        client.receiveServerFirst(decoder.decode(server.receiveClientFirst(utf8(client.clientFirst))));
        client.receiveServerFinal(decoder.decode(server.receiveClientFinal(utf8(client.clientFinal(saltedPassword)))));
        expect(client.isServerProven).toBe(true);
        expect(server.user).toBe(user);
      }),
      { numRuns: 100 },
    );
  });
});
