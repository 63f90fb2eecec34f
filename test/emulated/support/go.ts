import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const SOURCE = resolve(import.meta.dirname, '../go-client');
const BUILT = resolve(import.meta.dirname, '../../../build/emulated');
const BUILD_TIMEOUT_MS = 300_000;

/**
 * Builds the program on the vendor's Go library, from modules pinned by `go.sum`. A digest of its files names it, so an
 * existing program is up to date.
 * @returns the path of the program.
 * @throws if Go is missing or the build fails. No test is skipped for missing tools.
 */
export const buildGoClient = async (): Promise<string> => {
  const digest = createHash('sha256');
  for (const file of readdirSync(SOURCE).toSorted()) digest.update(readFileSync(join(SOURCE, file)));
  const program = join(BUILT, `go-client-${digest.digest('hex').slice(0, 16)}`);
  if (existsSync(program)) return program;
  const draft = `${program}.${process.pid}`;
  mkdirSync(BUILT, { recursive: true });
  try {
    // Compiling without optimization and without a C compiler takes a third less time.
    const flags = ['-mod=readonly', '-gcflags=all=-N -l', '-ldflags=-s -w'];
    const options = { cwd: SOURCE, env: { ...process.env, CGO_ENABLED: '0' }, timeout: BUILD_TIMEOUT_MS };
    await run('go', ['build', ...flags, '-o', draft, '.'], options);
    renameSync(draft, program);
    return program;
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    const reason = isMissing ? 'Go is not installed.' : `test/emulated/go-client could not be built: ${cause}`;
    throw new Error(
      `${reason} This ring requires Go 1.26.2 or later (https://go.dev/dl) on the PATH, and access to the Go module proxy.`,
      { cause },
    );
  } finally {
    rmSync(draft, { force: true });
  }
};
