import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const ROOT = resolve(import.meta.dirname, '../../..');

/** What can be installed: the AWS emulators, and the vendor's client, which pins what it works with otherwise. */
const REQUIREMENTS = {
  emulators: resolve(import.meta.dirname, '../requirements.txt'),
  'vendor-client': resolve(import.meta.dirname, '../requirements-client.txt'),
} as const;
const INSTALL_TIMEOUT_MS = 300_000;

/**
 * Installs Python packages, pinned by version and hash, into a virtual environment below `.venv/` that is named after what
 * is in it: another pin means another environment, and one that is there is right.
 * @returns the path of its Python.
 * @throws when that can't be done. Nothing is ever skipped for want of a package.
 */
export const installPython = async (what: keyof typeof REQUIREMENTS): Promise<string> => {
  const requirements = REQUIREMENTS[what];
  const pins = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 16);
  const home = join(ROOT, '.venv', pins);
  if (!existsSync(home)) await build(home, requirements);
  return join(home, 'bin', 'python');
};

/** Under a name of its own until it is whole, so that an interrupted install never passes for a finished one. */
const build = async (home: string, requirements: string): Promise<void> => {
  const draft = `${home}.${process.pid}`;
  mkdirSync(join(home, '..'), { recursive: true });
  const options = { timeout: INSTALL_TIMEOUT_MS };
  try {
    await run('python3', ['-m', 'venv', draft], options);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input', '--require-hashes'];
    await run(join(draft, 'bin', 'python'), [...pip, '-r', requirements], options);
    if (!existsSync(home)) renameSync(draft, home);
  } catch (cause) {
    throw new Error(`${requirements} could not be installed: it takes Python 3.11 or newer, with venv, and PyPI.`, {
      cause,
    });
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
};
