import { describe, expect, test } from 'vitest';
import { testCertificates } from '../src/testing.js';
import { nodeHost } from '../src/node/host.js';
import { clientTls, lastServerTls, serverTls } from '../src/node/tls-settings.js';

const { ca, client, server } = testCertificates;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('serverTls', () => {
  const bad: [string, object, RegExp][] = [
    ['without a certificate', {}, /expected cert and key/],
    ['without a key', { cert: server.cert }, /expected cert and key/],
    ['with the key of another certificate', { cert: server.cert, key: client.key }, /expected certificates and keys/],
    ['with what is no certificate', { cert: 'x', key: server.key }, /expected certificates and keys/],
    ['that asks for certificates of nobody', { ...server, clientCertificate: 'require' }, /expected ca/],
    ['that asks in a way of its own', { ...server, clientCertificate: 'maybe' }, /clientCertificate.*maybe/],
    ['without time', { ...server, handshakeTimeoutMs: 0 }, /handshakeTimeoutMs/],
    ['with a time that is no number', { ...server, handshakeTimeoutMs: NaN }, /handshakeTimeoutMs/],
    ['with versions the wrong way round', { ...server, minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' }, /minVersion/],
    ['with a version that is too old', { ...server, minVersion: 'TLSv1' }, /minVersion.*TLSv1/],
    ['with an empty application protocol', { ...server, alpn: [''] }, /alpn/],
    ['with a long application protocol', { ...server, alpn: ['x'.repeat(256)] }, /alpn/],
  ];
  test.each(bad)('%s is refused', (_, options, message) => {
    expect(() => serverTls(nodeHost(), options)).toThrow(message);
  });

  test('takes bytes and lists', () => {
    const options = { cert: [bytes(server.cert)], key: bytes(server.key), ca: [bytes(ca)], passphrase: 'unused' };
    expect(serverTls(nodeHost(), options).handshakeTimeoutMs).toBe(10_000);
  });
});

describe('lastServerTls', () => {
  test('reads certificates once for options that are the same', () => {
    const host = nodeHost();
    const first = lastServerTls(host, { ...server });
    expect(lastServerTls(host, { ...server })).toBe(first);
    const other = lastServerTls(host, { ...server, handshakeTimeoutMs: 5 });
    expect(other).not.toBe(first);
    expect(other.handshakeTimeoutMs).toBe(5);
  });
});

describe('clientTls', () => {
  test.each([
    ['with a key alone', { key: client.key }, /expected both cert and key, got only key/],
    ['with a certificate alone', { cert: client.cert }, /expected both cert and key, got only cert/],
    ['that trusts what is no certificate', { ca: 'nobody' }, /expected ca/],
    ['that verifies in a way of its own', { verify: 'half' }, /verify.*half/],
    ['with an empty name', { serverName: '' }, /expected serverName/],
  ])('%s is refused', (_, options, message) => {
    expect(() => clientTls(nodeHost(), options as object, 'localhost')).toThrow(message);
  });

  test.each([
    ['a name', 'db.test', 'db.test'],
    ['a name with the dot of the root', 'db.test.', 'db.test'],
    ['an address', '127.0.0.1', undefined],
    ['an IPv6 address', '::1', undefined],
  ])('sends %s to the server only if that is allowed', (_, name, sent) => {
    expect(clientTls(nodeHost(), {}, name).options.servername).toBe(sent);
  });

  test('needs no name where none is checked', () => {
    expect(clientTls(nodeHost(), { verify: 'ca' }, undefined).options.servername).toBe(undefined);
  });
});
