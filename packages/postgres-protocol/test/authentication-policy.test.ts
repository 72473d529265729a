import { hex } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import { FrontendMachine, type FrontendMachineOptions, type RequiredMethod } from '../src/index.js';
import { failure, NONCE, SALTED, SERVER_FIRST, started } from './conversations.js';
import type { Session } from './open-session.js';
import { RecordingHandler } from './recording-handler.js';
import { concat, cstring, int32, message, server, utf8 } from './wire.js';

const METHODS = ['password', 'md5', 'gss', 'sspi', 'scram-sha-256', 'oauth', 'none'] as const;
type Method = (typeof METHODS)[number];

/** What a server says that goes by each method, and the event of it. The others are unknown to the machine. */
const ASKED: Readonly<Partial<Record<Method, readonly [bytes: Uint8Array, event: string]>>> = {
  password: [server.cleartextPassword(), 'needPassword'],
  md5: [server.md5Password(int32(1)), 'needPassword'],
  'scram-sha-256': [server.sasl('SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'), 'needSasl'],
  oauth: [server.sasl('OAUTHBEARER'), 'needSasl'],
  none: [server.authenticationOk(), 'authenticated'],
};

const negated = (method: Method): RequiredMethod => `!${method}`;

/** Feeds what the server says; returns the error, or `undefined` where it goes on. */
function refusal(session: Session, bytes: Uint8Array): Error | undefined {
  try {
    session.machine.feed(bytes);
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

describe('requireAuth', () => {
  const lists = METHODS.flatMap((method): [string, RequiredMethod[], (m: Method) => boolean][] => [
    [method, [method], (m) => m === method],
    [`!${method}`, [negated(method)], (m) => m !== method],
    [
      `${method}, none`,
      method === 'none' ? ['none', 'md5'] : [method, 'none'],
      (m) => m === method || m === 'none' || (method === 'none' && m === 'md5'),
    ],
    [
      `!${method}, !md5`,
      method === 'md5' ? ['!md5', '!password'] : [negated(method), '!md5'],
      (m) => m !== method && m !== 'md5' && !(method === 'md5' && m === 'password'),
    ],
  ]);

  test.each(lists)('of %s lets the server use what it names, and nothing else', (_, requireAuth, isAllowed) => {
    for (const [method, [bytes, event]] of Object.entries(ASKED) as [Method, readonly [Uint8Array, string]][]) {
      const session = started({ requireAuth });
      const error = refusal(session, bytes);
      if (isAllowed(method)) {
        expect(error).toBeUndefined();
        expect(session.handler.names).toEqual([event]);
      } else {
        expect(error).toMatchObject({ code: 'ERR_POSTGRES_PROTOCOL_REMOTE', state: 'starting' });
        expect(error?.message).toContain(`requireAuth is ${requireAuth.join(',')}`);
        // Nothing that depends on a secret has left, and the owner was not even asked for it.
        expect(session.handler.events).toEqual([]);
        expect(session.machine.output.length).toBe(0);
      }
    }
  });

  test('left out allows everything', () => {
    for (const [bytes, event] of Object.values(ASKED)) {
      const session = started();
      session.machine.feed(bytes);
      expect(session.handler.names).toEqual([event]);
    }
  });

  test('without none lets in who has asked before', () => {
    const { handler, machine } = started({ requireAuth: ['password'] });
    machine.feed(server.cleartextPassword());
    machine.sendPassword('p');
    machine.feed(server.authenticationOk());
    expect(handler.names).toEqual(['needPassword', 'authenticated']);
  });

  test('is checked behind a negotiation of the version, too', () => {
    const session = started({ requireAuth: ['scram-sha-256'] });
    session.machine.feed(server.sasl('SCRAM-SHA-256'));
    const other = started({ requireAuth: ['!none'] });
    expect(refusal(other, server.authenticationOk())?.message).toContain('the server lets in without authentication');
    expect(session.machine.state).toBe('needingSasl');
  });

  test('keeps the owner from a mechanism that it forbids', () => {
    const both = server.sasl('SCRAM-SHA-256', 'OAUTHBEARER');
    const { machine } = started({ requireAuth: ['oauth'] });
    machine.feed(both);
    expect(
      failure(() => {
        machine.sendSaslInitialResponse('SCRAM-SHA-256', NONCE);
      }).message,
    ).toBe('requireAuth does not allow SCRAM-SHA-256');
    machine.sendOauthBearer('token');
    const other = started({ requireAuth: ['!oauth'] }).machine;
    other.feed(both);
    expect(
      failure(() => {
        other.sendOauthBearer('token');
      }).message,
    ).toBe('requireAuth does not allow OAUTHBEARER');
    expect(other.output.length).toBe(0);
    other.sendSaslInitialResponse('SCRAM-SHA-256', NONCE);
  });

  test('leaves mechanisms that nobody knows to the owner', () => {
    const { handler, machine } = started({ requireAuth: ['scram-sha-256'] });
    machine.feed(server.sasl('SCRAM-SHA-1', 'X'));
    expect(handler.events).toEqual([['needSasl', ['SCRAM-SHA-1', 'X']]]);
  });

  test.each([
    [[], 'must name each method once, got ""'],
    [['md5', 'md5'], 'must name each method once, got "md5,md5"'],
    [['!md5', 'md5'], 'must name each method once'],
    [['md5', '!password'], 'must have ! before each method or before none, got md5,!password'],
    [['kerberos'], 'requireAuth knows password, md5, gss, sspi, scram-sha-256, oauth, none, got "kerberos"'],
    [['!!md5'], 'got "!md5"'],
  ])('refuses the list %j', (list, text) => {
    const options = { requireAuth: list as RequiredMethod[] };
    const error = failure(() => new FrontendMachine(new RecordingHandler(), options));
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toContain(text);
  });

  test('does not change with the list that it was given', () => {
    const requireAuth: RequiredMethod[] = ['md5'];
    const session = started({ requireAuth });
    requireAuth.push('password');
    expect(refusal(session, server.cleartextPassword())?.message).toContain('requireAuth is md5 (');
  });
});

describe('channelBinding', () => {
  const DATA = hex('00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff');
  const PLUS = 'SCRAM-SHA-256-PLUS';
  const PLAIN = 'SCRAM-SHA-256';

  function offered(options: FrontendMachineOptions, ...mechanisms: string[]): Session {
    const session = started(options);
    session.machine.feed(server.sasl(...mechanisms));
    return session;
  }
  const first = ({ machine }: Session): string => {
    const bytes = machine.output.take();
    return new TextDecoder().decode(bytes.subarray(bytes.indexOf(0, 5) + 5));
  };

  test.each([
    ['prefer', PLUS, DATA, 'p=tls-server-end-point,,'],
    ['require', PLUS, DATA, 'p=tls-server-end-point,,'],
    ['prefer', PLAIN, undefined, 'n,,'],
    ['disable', PLAIN, DATA, 'n,,'],
    ['disable', PLAIN, undefined, 'n,,'],
  ] as const)('%s begins %s with the header that its data ask for', (channelBinding, mechanism, data, header) => {
    const session = offered({ channelBinding }, PLUS, PLAIN);
    session.machine.sendSaslInitialResponse(mechanism, NONCE, data);
    expect(first(session)).toBe(`${header}n=,r=${NONCE}`);
  });

  test('tells a server that does not offer it that the client could', () => {
    const session = offered({}, PLAIN);
    session.machine.sendSaslInitialResponse(PLAIN, NONCE, DATA);
    expect(first(session)).toBe(`y,,n=,r=${NONCE}`);
  });

  test.each([
    ['prefer', PLAIN, DATA, 'the mechanism must be SCRAM-SHA-256-PLUS'],
    ['prefer', PLUS, undefined, "needs the hash of the server's certificate"],
    ['disable', PLUS, DATA, 'channel binding is disabled'],
    ['require', PLAIN, DATA, 'channel binding is required'],
    ['require', PLUS, undefined, "needs the hash of the server's certificate"],
  ] as const)('%s refuses %s with data that do not fit, and waits on', (channelBinding, mechanism, data, text) => {
    const { machine } = offered({ channelBinding }, PLUS, PLAIN);
    expect(
      failure(() => {
        machine.sendSaslInitialResponse(mechanism, NONCE, data);
      }).message,
    ).toContain(text);
    expect(machine.output.length).toBe(0);
    expect(machine.state).toBe('needingSasl');
  });

  test('binds the proof to the data that were given, whatever becomes of them', () => {
    const proof = (data: Uint8Array): string => {
      const { machine } = offered({}, PLUS, PLAIN);
      const given = data.slice();
      machine.sendSaslInitialResponse(PLUS, NONCE, given);
      given.fill(0);
      machine.feed(server.saslContinue(SERVER_FIRST));
      machine.output.reset();
      machine.sendSaltedPassword(SALTED);
      return new TextDecoder().decode(machine.output.take().subarray(5));
    };
    const bound = `c=${btoa(`p=tls-server-end-point,,${String.fromCharCode(...DATA)}`)},`;
    expect(proof(DATA)).toContain(bound);
    expect(proof(DATA.with(0, 1))).not.toContain(bound);
  });

  test.each([
    ['a cleartext password', server.cleartextPassword()],
    ['an MD5 digest', server.md5Password(int32(1))],
    ['SCRAM without it', server.sasl(PLAIN)],
    ['OAUTHBEARER alone', server.sasl('OAUTHBEARER')],
    ['nothing at all', server.authenticationOk()],
  ])('require refuses a server that asks for %s', (_, bytes) => {
    const session = started({ channelBinding: 'require' });
    expect(refusal(session, bytes)?.message).toContain('channel binding is required');
    expect(session.handler.events).toEqual([]);
    expect(session.machine.output.length).toBe(0);
  });

  test('require refuses a token, which is bound to nothing', () => {
    const { machine } = offered({ channelBinding: 'require' }, PLUS, 'OAUTHBEARER');
    expect(
      failure(() => {
        machine.sendOauthBearer('token');
      }).message,
    ).toBe('channel binding is required, which OAUTHBEARER does not do');
  });

  test('is one of three words', () => {
    const error = failure(() => new FrontendMachine(new RecordingHandler(), { channelBinding: 'yes' as 'prefer' }));
    expect(error.message).toBe('channelBinding must be disable, prefer, require, got "yes"');
  });
});

describe('OAUTHBEARER', () => {
  const offered = (): Session => {
    const session = started();
    session.machine.feed(server.sasl('OAUTHBEARER'));
    session.handler.clear();
    return session;
  };
  const initial = (auth: string): Uint8Array => {
    const data = utf8(`n,,\x01auth=${auth}\x01\x01`);
    return message('p', cstring('OAUTHBEARER'), int32(data.length), data);
  };

  test('sends the token, and is let in', () => {
    const { handler, machine } = offered();
    machine.sendOauthBearer('mF_9.B5f-4.1JqM=');
    expect(machine.output.take()).toEqual(initial('Bearer mF_9.B5f-4.1JqM='));
    machine.feed(concat(server.authenticationOk(), server.ready()));
    expect(handler.names).toEqual(['authenticated', 'readyForQuery']);
  });

  test('can ask what the server wants', () => {
    const { machine } = offered();
    machine.sendOauthBearer(null);
    expect(machine.output.take()).toEqual(initial(''));
  });

  test('hears what the server wants, says that it has, and is shut out', () => {
    const { handler, machine } = offered();
    machine.sendOauthBearer('token');
    machine.output.reset();
    const json = '{"status":"invalid_token","openid-configuration":"https://a.example/x","scope":"openid db"}';
    machine.feed(server.saslContinue(json));
    expect(handler.events).toEqual([
      ['oauthRefused', { status: 'invalid_token', scope: 'openid db', openidConfiguration: 'https://a.example/x' }],
    ]);
    expect(machine.output.take()).toEqual(message('p', Uint8Array.of(1)));
    expect(machine.state).toBe('oauthRefused');
    machine.feed(server.fatal('28000'));
    expect(machine.state).toBe('closed');
  });

  test('is not let in after that', () => {
    const { machine } = offered();
    machine.sendOauthBearer('token');
    machine.feed(server.saslContinue('{"status":"invalid_token"}'));
    expect(
      failure(() => {
        machine.feed(server.authenticationOk());
      }).message,
    ).toBe('AuthenticationOk is illegal while oauthRefused');
  });

  test('stops at an answer that is no JSON, and shows no token', () => {
    const { handler, machine } = offered();
    expect(
      failure(() => {
        machine.sendOauthBearer('se cret');
      }).message,
    ).not.toContain('cret');
    machine.sendOauthBearer('secret');
    machine.output.reset();
    const error = failure(() => {
      machine.feed(server.saslContinue('nonsense'));
    });
    expect(error.message).toContain("the server's answer is not JSON");
    expect(error.message).not.toContain('secret');
    expect(machine.output.length).toBe(0);
    expect(handler.events).toEqual([]);
  });

  test('is sent only to a server that offers it', () => {
    const { machine } = started();
    machine.feed(server.sasl('SCRAM-SHA-256'));
    expect(
      failure(() => {
        machine.sendOauthBearer('token');
      }).message,
    ).toBe('the server does not offer OAUTHBEARER, it offers SCRAM-SHA-256');
  });
});
