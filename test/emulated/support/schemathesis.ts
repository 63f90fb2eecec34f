import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { installPython } from './install.ts';

const run = promisify(execFile);

const SECONDS = 60;
const SEED = 1;
/** A site refuses valid data for its state: a name that is taken, an account that is held. */
const EXCLUDED_CHECKS = 'positive_data_acceptance';

const failed = z.object({ stdout: z.string() });

export interface Judged {
  /** Folder for the files of the judge. */
  readonly home: string;
  /** File with the OpenAPI description. */
  readonly description: string;
  /** Address that the paths of the description are below. */
  readonly url: string;
  readonly token: string;
  /** PEM text; absent for a server over plain HTTP. */
  readonly caPem?: string;
  readonly casesPerCall: number;
}

/**
 * Calls a server as its description says, well, badly and repeatedly, and compares every answer with it.
 * @returns the report, which is `no failures` if all are as described.
 */
export const judge = async ({ home, description, url, token, caPem, casesPerCall }: Judged): Promise<string> => {
  const python = await installPython('schemathesis');
  const caFile = join(home, 'ca.pem');
  if (caPem !== undefined) writeFileSync(caFile, caPem);
  const target = ['--url', url, ...(caPem === undefined ? [] : ['--tls-verify', caFile])];
  const signIn = ['--header', `Authorization: Bearer ${token}`];
  const bounds = ['--seed', String(SEED), '--max-examples', String(casesPerCall), '--workers', '1'];
  const checks = ['--checks', 'all', '--exclude-checks', EXCLUDED_CHECKS, '--continue-on-failure'];
  const quiet = ['--generation-database', 'none', '--no-color'];
  const options = [...target, ...signIn, ...bounds, ...checks, ...quiet];
  return run(python, ['-m', 'schemathesis.cli', 'run', description, ...options], {
    cwd: home,
    env: { HOME: home },
    timeout: SECONDS * 1000,
    maxBuffer: 64 * 1024 * 1024,
  }).then(
    () => 'no failures',
    (thrown) => failed.parse(thrown).stdout,
  );
};
