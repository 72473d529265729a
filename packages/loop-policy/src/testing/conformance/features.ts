import type { Loop, LoopPolicy } from '../contract.js';
import { bounded, type Bound } from './bounded.js';
import type { Feature } from './case.js';
import { Recorder } from './recorder.js';

/** @returns What is not there, with the reason: as told, and as found. */
export async function missingFeatures(
  policy: LoopPolicy,
  told: Readonly<Partial<Record<Feature, true | string>>>,
  run: Bound & { unixPath(): { readonly path: string } | { readonly reason: string } },
): Promise<ReadonlyMap<Feature, string>> {
  const missing = new Map<Feature, string>();
  const note = (feature: Feature, reason: string | undefined): void => {
    const why = told[feature] ?? reason;
    if (why !== undefined && why !== true) missing.set(feature, why);
  };
  const path = run.unixPath();
  note('unix', 'reason' in path ? path.reason : undefined);
  for (const feature of ['tcp', 'tls', 'startTls', 'udp', 'fd'] as const) note(feature, undefined);
  const loop = newLoop(policy);
  if (loop === undefined) return missing; // which each case will say of itself
  note('realTime', loop.isSimulated ? 'time is simulated' : undefined);
  note('ipv6', told.ipv6 === undefined ? await bounded(run, noIpv6(loop), () => 'no answer for ::1') : undefined);
  await bounded(run, closed(loop), () => undefined);
  return missing;
}

function newLoop(policy: LoopPolicy): Loop | undefined {
  try {
    const loop: unknown = policy.newLoop();
    return typeof loop === 'object' && loop !== null ? (loop as Loop) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it closes is for the cases to say. */
async function closed(loop: Loop): Promise<void> {
  try {
    await loop.close();
  } catch {
    return;
  }
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
