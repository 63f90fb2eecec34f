import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const ROOT = resolve(import.meta.dirname, '../../..');

/** Separate environments, since the clients pin other versions of shared dependencies. */
const REQUIREMENTS = {
  emulators: resolve(import.meta.dirname, '../requirements.txt'),
  'vendor-client': resolve(import.meta.dirname, '../requirements-client.txt'),
  openbao: resolve(import.meta.dirname, '../requirements-openbao.txt'),
  'bt-cli': resolve(import.meta.dirname, '../requirements-bt-cli.txt'),
  schemathesis: resolve(import.meta.dirname, '../requirements-schemathesis.txt'),
} as const;
const INSTALL_TIMEOUT_MS = 300_000;

/**
 * Installs Python packages, pinned by version and hash, into a virtual environment below `.venv/`. A digest of the pins
 * names it, so an existing environment is up to date.
 * @returns the path of its Python.
 * @throws if the installation fails. No test is skipped for a missing package.
 */
export const installPython = async (what: keyof typeof REQUIREMENTS): Promise<string> => {
  const requirements = REQUIREMENTS[what];
  const pins = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 16);
  const home = join(ROOT, '.venv', pins);
  if (!existsSync(home)) await build(home, requirements);
  return join(home, 'bin', 'python');
};

/** Builds under a temporary name: an interrupted installation never counts as finished. */
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
    throw new Error(
      `${requirements} could not be installed. It requires Python 3.11 or later with venv, and access to PyPI.`,
      {
        cause,
      },
    );
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
};
