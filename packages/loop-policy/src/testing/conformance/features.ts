import type { Loop, LoopPolicy } from '../contract.js';
import type { Feature } from './case.js';
import { Recorder } from './recorder.js';

/** @returns What is not there, with the reason: as told, and as found. */
export async function missingFeatures(
  policy: LoopPolicy,
  told: Readonly<Partial<Record<Feature, true | string>>>,
  folder: { unixPath(): { readonly path: string } | { readonly reason: string } },
): Promise<ReadonlyMap<Feature, string>> {
  const missing = new Map<Feature, string>();
  const note = (feature: Feature, reason: string | undefined): void => {
    const known = told[feature];
    if (known === true) return;
    const why = known ?? reason;
    if (why !== undefined) missing.set(feature, why);
  };
  const loop = policy.newLoop();
  try {
    const path = folder.unixPath();
    note('unix', 'reason' in path ? path.reason : undefined);
    note('realTime', loop.isSimulated ? 'time is simulated' : undefined);
    note('ipv6', told.ipv6 === undefined ? await noIpv6(loop) : undefined);
    for (const feature of ['tcp', 'tls', 'startTls', 'udp', 'fd'] as const) note(feature, undefined);
  } finally {
    await loop.close();
  }
  return missing;
}

async function noIpv6(loop: Loop): Promise<string | undefined> {
  try {
    const server = await loop.listen(() => new Recorder(), { host: '::1', port: 0 });
    await server.close();
    return undefined;
  } catch (error) {
    return `no IPv6 here: ${error instanceof Error ? error.message : String(error)}`;
  }
}
