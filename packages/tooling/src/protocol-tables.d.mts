export function protocolTables(): Promise<string>;
export function documentedTables(): string | undefined;
export function writeTables(): Promise<void>;
