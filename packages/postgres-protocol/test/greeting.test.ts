import { everySplit, hex } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import { newSession } from './open-session.js';
import { concat, server, utf8 } from './wire.js';

describe('the first bytes of a peer', () => {
  test.each([
    ['an HTTP server', utf8('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'), '"H'],
    ['an SSH server', utf8('SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n'), '"S'],
    ['a MySQL server', hex('4a000000 0a 382e302e333600 08000000'), '"J'],
    ['a TLS alert', hex('15 0301 0002 0228'), '"\\x15'],
    ['a Redis server', utf8('-ERR unknown command\r\n'), '"-'],
    ['an SMTP server', utf8('220 mail.example ESMTP "quoted \\"\r\n'), '"2'],
    ['R with the length of a text', utf8('RTSP/1.0 400 Bad Request'), '"R'],
    ['an E with bytes of no text', hex('45 00000007 01 02 03'), '"E'],
    ['zeros', new Uint8Array(100), '"\\x00'],
  ])('of %s give one error that shows them', (_, bytes, shown) => {
    for (const chunks of everySplit(bytes)) {
      const { handler, machine } = newSession();
      machine.sendStartup({ user: 'u' });
      let error: unknown;
      for (const chunk of chunks) {
        try {
          machine.feed(chunk);
        } catch (thrown) {
          error ??= thrown;
          expect(thrown).toBe(error);
        }
      }
      expect(error).toMatchObject({ code: 'ERR_POSTGRES_PROTOCOL_REMOTE', name: 'RemoteProtocolError' });
      expect(String(error)).toContain(`does not speak the PostgreSQL protocol, it began with ${shown}`);
      expect(handler.events).toEqual([]);
      expect(machine.state).toBe('broken');
    }
  });

  test('are shown in full where they come at once, with escapes', () => {
    const { machine } = newSession();
    expect(() => {
      machine.feed(utf8('220 mail "q" \\ é\r\n'));
    }).toThrow('it began with "220 mail \\"q\\" \\\\ \\xc3\\xa9\\r\\n"');
  });

  test('are shown up to 64 of them', () => {
    const { machine } = newSession();
    expect(() => {
      machine.feed(utf8('x'.repeat(1000)));
    }).toThrow(`"${'x'.repeat(64)}" …`);
  });

  test('may be an error as text, as a server sends that cannot fork', () => {
    const bytes = utf8('Ecould not fork new process for connection: Resource temporarily unavailable\n\0');
    for (const chunks of everySplit(bytes)) {
      const { handler, machine } = newSession();
      handler.errorResponse = (fields) => handler.events.push(['errorResponse', fields]);
      machine.sendStartup({ user: 'u' });
      for (const chunk of chunks) machine.feed(chunk);
      expect(handler.events).toEqual([
        [
          'errorResponse',
          expect.objectContaining({
            severityCode: 'FATAL',
            sqlState: '08004',
            message: 'could not fork new process for connection: Resource temporarily unavailable',
          }),
        ],
      ]);
      expect(machine.state).toBe('closed');
      machine.eof();
    }
  });

  test('may be an error as text before anything was sent, and without its zero byte', () => {
    const { handler, machine } = newSession();
    machine.feed(utf8('EFATAL:  unsupported frontend protocol 3.0'));
    expect(handler.events).toEqual([]);
    machine.eof();
    expect(handler.events).toEqual([['errorResponse', '08004']]);
    expect(machine.state).toBe('closed');
  });

  test('may not be an endless error', () => {
    const { machine } = newSession();
    machine.feed(utf8(`E${'x'.repeat(29_000)}`));
    expect(() => {
      machine.feed(utf8('x'.repeat(2000)));
    }).toThrow('does not speak the PostgreSQL protocol');
  });

  test('of an authentication are not kept back, wherever they are cut', () => {
    const bytes = concat(server.authenticationOk(), server.ready());
    for (const chunks of everySplit(bytes)) {
      const { handler, machine } = newSession();
      machine.sendStartup({ user: 'u' });
      for (const chunk of chunks) machine.feed(chunk);
      expect(handler.names).toEqual(['authenticated', 'readyForQuery']);
    }
  });
});
