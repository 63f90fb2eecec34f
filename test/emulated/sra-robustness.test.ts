import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import { startSite, VAULT } from '../contract/simulators/sra/site.ts';
import { installPython } from './support/install.ts';

const run = promisify(execFile);

const DESCRIPTION = resolve(import.meta.dirname, 'support/sra-description.yaml');
const SECONDS = 60;
const CASES_PER_CALL = 30;
const SEED = 1;
/** A site refuses valid data for its state: a name that is taken, an account that is held. */
const EXCLUDED_CHECKS = 'positive_data_acceptance';

const failed = z.object({ stdout: z.string() });

let python: string;
let home: string;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'sra-robustness-'));
  python = await installPython('schemathesis');
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

it('every answer of a PRA site to good, bad and repeated calls is as described', async () => {
  const site = await startSite({ switches: { callsPerHour: Number.MAX_SAFE_INTEGER } });
  const { simulator } = site;
  const caFile = join(home, 'ca.pem');
  writeFileSync(caFile, simulator.caPem);
  const target = ['--url', `${simulator.url}${VAULT.replace('/vault', '')}`, '--tls-verify', caFile];
  const signIn = ['--header', `Authorization: Bearer ${await site.token()}`];
  const bounds = ['--seed', String(SEED), '--max-examples', String(CASES_PER_CALL), '--workers', '1'];
  const checks = ['--checks', 'all', '--exclude-checks', EXCLUDED_CHECKS, '--continue-on-failure'];
  const quiet = ['--generation-database', 'none', '--no-color'];
  const options = [...target, ...signIn, ...bounds, ...checks, ...quiet];
  const report = await run(python, ['-m', 'schemathesis.cli', 'run', DESCRIPTION, ...options], {
    cwd: home,
    env: { HOME: home },
    timeout: SECONDS * 1000,
    maxBuffer: 64 * 1024 * 1024,
  }).then(
    () => 'no failures',
    (thrown) => failed.parse(thrown).stdout,
  );
  expect(report).toBe('no failures');

  const { audit } = simulator;
  const calls = audit.filter(({ kind }) => kind !== 'token');
  const seen = [...new Set(calls.map(({ status }) => status))];
  expect(seen).toEqual(expect.arrayContaining([200, 201, 204, 401, 404, 405, 422]));
  const described = calls.filter(({ kind }) => kind !== 'other');
  expect(new Set(described.map(({ method, template }) => `${method} ${template}`)).size).toBeGreaterThanOrEqual(19);
  expect(calls.length).toBeGreaterThan(1000);
});
