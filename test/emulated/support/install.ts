import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const ROOT = resolve(import.meta.dirname, '../../..');
const REQUIREMENTS = resolve(import.meta.dirname, '../requirements.txt');
const INSTALL_TIMEOUT_MS = 300_000;

/**
 * Installs the emulators, pinned by version and hash, into a virtual environment below `.venv/` that is named after what
 * is in it: another pin means another environment, and one that is there is right.
 * @returns the path of its Python.
 * @throws when that can't be done. Nothing is ever skipped for want of an emulator.
 */
export const installEmulators = async (): Promise<string> => {
  const pins = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 16);
  const home = join(ROOT, '.venv', pins);
  if (!existsSync(home)) await build(home);
  return join(home, 'bin', 'python');
};

/** Under a name of its own until it is whole, so that an interrupted install never passes for a finished one. */
const build = async (home: string): Promise<void> => {
  const draft = `${home}.${process.pid}`;
  mkdirSync(join(home, '..'), { recursive: true });
  const options = { timeout: INSTALL_TIMEOUT_MS };
  try {
    await run('python3', ['-m', 'venv', draft], options);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input', '--require-hashes'];
    await run(join(draft, 'bin', 'python'), [...pip, '-r', REQUIREMENTS], options);
    if (!existsSync(home)) renameSync(draft, home);
  } catch (cause) {
    throw new Error('The AWS emulators could not be installed: it takes Python 3.10 or newer, with venv, and PyPI.', {
      cause,
    });
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
};
