import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { LimitOptions, TlsServerOptions } from '@millrace/loop-policy';

export const USAGE = `usage: echo-server [options]
  -l, --listen ADDRESS    tcp://host:port or unix:/path (tcp://127.0.0.1:7000)
  -s, --style STYLE       protocol, streams or sockets (protocol)
  -p, --policy POLICY     node, or MODULE#NAME: a loop policy that a module exports (node)
      --cluster [=N]      N processes that share the address (all cores)
      --tls-cert FILE     speak TLS with this certificate, as PEM,
      --tls-key FILE      and this private key
      --max-connections N, --max-per-peer N, --idle-ms N, --bytes-per-second N
      --statistics        show what happens, once a second
      --grace-ms N        how long clients get at the end to receive what they are owed (2000)`;

const STYLES = ['protocol', 'streams', 'sockets'] as const;
export type Style = (typeof STYLES)[number];

export interface Arguments {
  readonly listen: string;
  readonly style: Style;
  readonly policy: string;
  /** How many processes serve; 0: this one. */
  readonly workers: number;
  readonly tls: TlsServerOptions | undefined;
  readonly limits: LimitOptions;
  readonly statistics: boolean;
  readonly graceMs: number;
}

/** @throws {Error} With a message for the user. */
export function parseCommandLine(args: readonly string[]): Arguments | 'help' {
  const { values } = parseArgs({
    args: args.map((arg) => (arg === '--cluster' ? `--cluster=${availableParallelism()}` : arg)),
    options: {
      listen: { type: 'string', short: 'l', default: 'tcp://127.0.0.1:7000' },
      style: { type: 'string', short: 's', default: 'protocol' },
      policy: { type: 'string', short: 'p', default: 'node' },
      cluster: { type: 'string', default: '0' },
      'tls-cert': { type: 'string' },
      'tls-key': { type: 'string' },
      'max-connections': { type: 'string' },
      'max-per-peer': { type: 'string' },
      'idle-ms': { type: 'string' },
      'bytes-per-second': { type: 'string' },
      statistics: { type: 'boolean', default: false },
      'grace-ms': { type: 'string', default: '2000' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const style = STYLES.find((known) => known === values.style);
  if (style === undefined) throw new Error(`expected --style to be ${STYLES.join(', ')}, got ${values.style}`);
  if ((values['tls-cert'] === undefined) !== (values['tls-key'] === undefined)) {
    throw new Error('expected --tls-cert and --tls-key together');
  }
  const number = (name: 'max-connections' | 'max-per-peer' | 'idle-ms' | 'bytes-per-second'): number | undefined =>
    values[name] === undefined ? undefined : positive(name, values[name]);
  return {
    listen: values.listen,
    style,
    policy: values.policy,
    workers: values.cluster === '0' ? 0 : positive('cluster', values.cluster),
    tls:
      values['tls-cert'] === undefined
        ? undefined
        : { cert: readFileSync(values['tls-cert'], 'utf8'), key: readFileSync(values['tls-key'] ?? '', 'utf8') },
    limits: {
      total: number('max-connections'),
      perPeer: number('max-per-peer'),
      idleMs: number('idle-ms'),
      bytesPerSec: number('bytes-per-second'),
    },
    statistics: values.statistics,
    graceMs: values['grace-ms'] === '0' ? 0 : positive('grace-ms', values['grace-ms']),
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value >= 1 && Number.isInteger(value))) throw new Error(`expected --${name} to be a whole number, got ${text}`);
  return value;
}
