import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSite, VAULT } from '../contract/simulators/sra/site.ts';
import { judge } from './support/schemathesis.ts';

const DESCRIPTION = resolve(import.meta.dirname, 'support/sra-description.yaml');
const CASES_PER_CALL = 30;

let home: string;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'sra-robustness-'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

it('every answer of a PRA site to good, bad and repeated calls is as described', async () => {
  const site = await startSite({ switches: { callsPerHour: Number.MAX_SAFE_INTEGER } });
  const { url, caPem, audit } = site.simulator;
  const report = await judge({
    home,
    description: DESCRIPTION,
    url: `${url}${VAULT.replace('/vault', '')}`,
    token: await site.token(),
    caPem,
    casesPerCall: CASES_PER_CALL,
  });
  expect(report).toBe('no failures');

  const calls = audit.filter(({ kind }) => kind !== 'token');
  const seen = [...new Set(calls.map(({ status }) => status))];
  expect(seen).toEqual(expect.arrayContaining([200, 201, 204, 401, 404, 405, 422]));
  const described = calls.filter(({ kind }) => kind !== 'other');
  expect(new Set(described.map(({ method, template }) => `${method} ${template}`)).size).toBeGreaterThanOrEqual(19);
  expect(calls.length).toBeGreaterThan(1000);
});
