export function findChromium(env?: NodeJS.ProcessEnv, elsewhere?: readonly string[]): string | undefined;
