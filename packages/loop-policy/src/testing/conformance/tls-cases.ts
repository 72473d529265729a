import { testCertificates } from '../certificates.js';
import type { ConformanceCase } from './case.js';
import type { Lab } from './lab.js';
import { tlsEndingCases } from './tls-ending-cases.js';
import { tlsHandshakeCases } from './tls-handshake-cases.js';
import { tlsLineCases } from './tls-line-cases.js';
import { carries, CLIENT, derOf, refused, refusingServer, securePair } from './tls-pair.js';
import { tlsUpgradeCases } from './tls-upgrade-cases.js';

const { ca, client, expired, otherName, server, stranger, strangerClient } = testCertificates;

/** Whom a client trusts. */
const clientTrustCases: readonly ConformanceCase[] = [
  {
    name: 'TLS: a server of another authority is refused, and no protocol is made',
    needs: ['tcp', 'tls'],
    run: async (lab: Lab) => {
      const made = await refusingServer(lab, stranger);
      await refused(lab, made.loop, made.server, {});
      lab.equal(made.accepted.length, 0, 'connections of the server');
    },
  },
  {
    name: 'TLS: a certificate that has expired is refused',
    needs: ['tcp', 'tls'],
    run: async (lab: Lab) => {
      const made = await refusingServer(lab, expired);
      await refused(lab, made.loop, made.server, {});
    },
  },
  {
    name: 'TLS: a certificate for another name is refused, unless that is the serverName',
    needs: ['tcp', 'tls'],
    run: async (lab: Lab) => {
      const made = await refusingServer(lab, otherName);
      await refused(lab, made.loop, made.server, {});
      for (const serverName of ['other.test', 'a.wild.test']) {
        const { transport } = await made.loop.connect(() => lab.recorder(), lab.endpointOf(made.server), {
          tls: { ...CLIENT, serverName },
        });
        lab.equal(transport.info.tls?.isVerified, true, `isVerified as ${serverName}`);
        transport.close();
      }
      await lab.until(made.loop, () => made.accepted.length === 2 && made.server.connectionCount === 0);
    },
  },
  {
    name: "TLS: verify 'ca' takes another name, but no other authority",
    needs: ['tcp', 'tls'],
    run: async (lab: Lab) => {
      const pair = await securePair(lab, lab.recorder(), lab.recorder(), {
        client: { verify: 'ca' },
        server: otherName,
      });
      lab.equal(pair.client.info.tls?.isVerified, true, 'isVerified');
      const made = await refusingServer(lab, stranger);
      await refused(lab, made.loop, made.server, { verify: 'ca' });
    },
  },
  {
    name: "TLS: verify 'none' takes anybody, and says so in isVerified",
    needs: ['tcp', 'tls'],
    run: async (lab: Lab) => {
      const pair = await securePair(lab, lab.recorder(), lab.recorder(), {
        client: { verify: 'none' },
        server: stranger,
      });
      lab.equal(pair.client.info.tls?.isVerified, false, 'isVerified');
    },
  },
];

/** Whom a server trusts. */
const serverTrustCases: readonly ConformanceCase[] = [
  {
    name: 'TLS: a server that requires certificates gets the one of a client that has it',
    needs: ['tcp', 'tls'],
    run: async (lab: Lab) => {
      const pair = await securePair(lab, lab.recorder(), lab.recorder(), {
        client,
        server: { ca, clientCertificate: 'require' },
      });
      lab.equal(pair.server.info.tls?.isVerified, true, 'isVerified at the server');
      lab.equal(pair.server.info.tls?.peerCertificateDer, derOf(client.cert), 'the certificate of the client');
    },
  },
  ...(
    [
      ['requires certificates serves no client without one', 'require', {}],
      ['requires certificates serves no client of another authority', 'require', strangerClient],
      ['asks for certificates serves no client whose certificate is not good', 'request', strangerClient],
    ] as const
  ).map(([what, clientCertificate, shown]): ConformanceCase => ({
    name: `TLS: a server that ${what}`,
    needs: ['tcp', 'tls'],
    run: async (lab: Lab) => {
      const made = await refusingServer(lab, { ca, clientCertificate });
      const protocol = lab.recorder();
      const tls = { ...CLIENT, ...shown };
      // In TLS 1.3 the client is through before the server has looked at its certificate.
      const made13 = made.loop.connect(() => protocol, lab.endpointOf(made.server), { tls });
      const failed = await made13.then(
        () => protocol.lost,
        (error: unknown) => error,
      );
      lab.check(failed === null || failed instanceof Error, 'the connection to be refused');
      await lab.settle(made.loop);
      lab.equal(made.accepted.length, 0, 'connections of the server');
    },
  })),
  {
    name: 'TLS: a server that only asks for certificates serves a client without one',
    needs: ['tcp', 'tls'],
    run: async (lab: Lab) => {
      const pair = await securePair(lab, lab.recorder(), lab.recorder(), {
        server: { ca, clientCertificate: 'request' },
      });
      lab.equal(pair.server.info.tls?.isVerified, false, 'isVerified at the server');
      lab.equal(pair.server.info.tls?.peerCertificateDer, undefined, 'the certificate of the client');
    },
  },
];

/** What is agreed on. */
const agreementCases: readonly ConformanceCase[] = [
  {
    name: 'TLS: both ends are told what was agreed on, before connectionMade',
    needs: ['tcp', 'tls'],
    run: async (lab: Lab) => {
      const seen: unknown[] = [];
      const note = { onMade: ({ info }: { info: { tls?: unknown } }) => seen.push(info.tls !== undefined) };
      const [atClient, atServer] = [lab.recorder(note), lab.recorder(note)];
      const pair = await securePair(lab, atClient, atServer, {
        client: { alpn: ['b', 'c'] },
        server: { alpn: ['a', 'b'] },
      });
      lab.equal(seen, [true, true], 'whether info.tls was there at connectionMade');
      const { tls } = pair.client.info;
      lab.check(/^TLSv1\.[23]$/.test(tls?.protocol ?? ''), 'a name of the protocol');
      lab.check((tls?.cipher ?? '').startsWith('TLS_'), 'the standard name of the cipher');
      lab.equal(tls?.alpn, 'b', 'the application protocol');
      lab.equal(tls?.peerCertificateDer, derOf(server.cert), 'the certificate of the server');
      lab.equal(tls?.isVerified, true, 'isVerified');
      lab.equal(pair.server.info.tls?.alpn, 'b', 'the application protocol at the server');
      await carries(lab, pair.client, atServer, lab.pattern(3));
    },
  },
  {
    name: 'TLS: nobody gets a protocol where there is no application protocol in common',
    needs: ['tcp', 'tls'],
    run: async (lab: Lab) => {
      const made = await refusingServer(lab, { alpn: ['a'] });
      await refused(lab, made.loop, made.server, { alpn: ['b'] });
      lab.equal(made.accepted.length, 0, 'connections of the server');
    },
  },
  {
    name: 'TLS: the versions that one end allows bind the other',
    needs: ['tcp', 'tls'],
    run: async (lab: Lab) => {
      const pair = await securePair(lab, lab.recorder(), lab.recorder(), { client: { maxVersion: 'TLSv1.2' } });
      lab.equal(pair.server.info.tls?.protocol, 'TLSv1.2', 'the version');
      const made = await refusingServer(lab, { minVersion: 'TLSv1.3' });
      await refused(lab, made.loop, made.server, { maxVersion: 'TLSv1.2' });
    },
  },
  {
    name: 'TLS: options that cannot work are refused before anything is opened',
    needs: ['tcp', 'tls'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const factory = () => lab.recorder();
      const listen = (tls: object): Promise<unknown> => loop.listen(factory, { host: '127.0.0.1', port: 0 }, { tls });
      await lab.rejects(listen({}), 'TypeError', 'listen() without a certificate to fail');
      await lab.rejects(listen({ ...server, key: client.key }), 'TypeError', 'listen() with the wrong key to fail');
      await lab.rejects(listen({ ...server, handshakeTimeoutMs: 0 }), 'RangeError', 'listen() without time to fail');
      const connect = (tls: object): Promise<unknown> => loop.connect(factory, 'tcp://127.0.0.1:1', { tls });
      await lab.rejects(connect({ ca: 'no PEM' }), 'TypeError', 'connect() without an authority to fail');
      await lab.rejects(connect({ alpn: [''] }), 'RangeError', 'connect() with an empty name to fail');
    },
  },
];

/** How every loop speaks TLS. */
export const tlsCases: readonly ConformanceCase[] = [
  ...agreementCases,
  ...clientTrustCases,
  ...serverTrustCases,
  ...tlsHandshakeCases,
  ...tlsLineCases,
  ...tlsEndingCases,
  ...tlsUpgradeCases,
];
