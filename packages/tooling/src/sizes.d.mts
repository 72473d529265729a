export function measureSizes(): Promise<Record<string, number>>;
export function recordedSizes(): Record<string, number>;
export function packageTable(sizes: Readonly<Record<string, number>>): string;
export function readmeTable(): string | undefined;
