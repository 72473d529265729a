import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright';

const commands = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const apps = ['/Applications/Chromium.app/Contents/MacOS/Chromium'].concat(
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
);

/** Where playwright would install one; it throws where it supports no browser. */
function placesOfPlaywright() {
  try {
    return [chromium.executablePath()];
  } catch {
    return [];
  }
}

/**
 * Finds a Chromium: the one that CHROMIUM names, one of the system, or the one that playwright installed.
 *
 * @param {NodeJS.ProcessEnv} [env]
 * @param {readonly string[]} [elsewhere] places to look besides PATH
 * @returns {string | undefined} path of the program
 * @throws {Error} where CHROMIUM names a file that is not there
 */
export function findChromium(env = process.env, elsewhere = [...apps, ...placesOfPlaywright()]) {
  const named = env.CHROMIUM;
  if (named) {
    if (existsSync(named)) return named;
    throw new Error(`CHROMIUM names ${named}, which is not there`);
  }
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const candidates = commands.flatMap((command) => folders.map((folder) => join(folder, command)));
  return [...candidates, ...elsewhere].find((path) => existsSync(path));
}

/** `156.0.8078`: what `--version` prints, to three places. */
export function chromiumVersion(path) {
  const { stdout, stderr } = spawnSync(path, ['--version', '--no-sandbox'], { encoding: 'utf8' });
  const version = /\d+\.\d+\.\d+/.exec(stdout ?? '')?.[0];
  if (version === undefined)
    throw new Error(`${path} --version did not print a version: ${stdout ?? ''}${stderr ?? ''}`);
  return version;
}
