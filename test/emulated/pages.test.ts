import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { zeroOutcomes } from '#shared/domain/outcome.ts';
import type { Report } from '#shared/records/records.ts';
import { renderSyncPage } from '#shared/report-page/sync-page.ts';

const run = promisify(execFile);

const BROWSER = resolve(import.meta.dirname, 'browser');
/** Shown in the README. `UPDATE_SCREENSHOT=1` updates it. */
const SCREENSHOT = resolve(import.meta.dirname, '../../docs/images/report.png');
const HOSTILE = '</script><img src=x onerror="globalThis.executed=true;alert(1);fetch(`http://127.0.0.1:9/`)">';

const seenSchema = z.object({
  elsewhere: z.array(z.string()),
  dialogs: z.array(z.string()),
  executed: z.boolean(),
  elements: z.array(z.string()),
  violations: z.array(z.string()),
  title: z.string(),
  text: z.string(),
});

const REPORT: Report = {
  ...{ workflow: 'sync', rule: 'databases', run: 'databases.2026-03-01T08-00-00Z', status: 'PARTIAL' },
  startedAt: '2026-03-01T08:00:00Z',
  finishedAt: '2026-03-01T08:04:12Z',
  items: 1204,
  outcomes: { ...zeroOutcomes(), delivered: 214, unchanged: 984, approvalRequired: 2, parked: 3, failed: 1 },
  stores: [],
  orphans: { found: 2, retired: 2, gone: 0, failed: 0 },
  notes: [],
  remarks: [
    {
      item: 'web-0001/admin',
      stores: ['aws'],
      outcome: 'approvalRequired',
      message: "A request needs an approval. Give the relay's user an access policy without approvers.",
    },
    {
      item: 'db-0007/sa',
      stores: ['aws'],
      outcome: 'failed',
      error: 'NotRequestable',
      message: 'Enable the account for the API.',
    },
  ],
};

describe('the page of a run, in a real browser', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pam-relay-page-'));
  beforeAll(() => run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: BROWSER }));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const open = async (report: Report, screenshot = '') => {
    const page = join(directory, 'report.html');
    writeFileSync(page, renderSyncPage(report, { vault: 3612, store: 2401 }));
    const { stdout } = await run(process.execPath, [join(BROWSER, 'inspect.mjs'), page, screenshot]);
    return seenSchema.parse(JSON.parse(stdout));
  };

  it('is accessible in light and dark mode, and requests nothing else', async () => {
    const update = process.env['UPDATE_SCREENSHOT'] === '1' || !existsSync(SCREENSHOT);
    if (update) mkdirSync(join(SCREENSHOT, '..'), { recursive: true });
    const seen = await open(REPORT, update ? SCREENSHOT : '');
    expect(seen).toMatchObject({ title: 'Sync databases: PARTIAL', elsewhere: [], violations: [] });
    expect(seen.text).toContain('Enable the account for the API.');
  });

  it('shows an account name that is a script as text, without executing it', async () => {
    const remarks = REPORT.remarks.map((remark) => ({ ...remark, item: HOSTILE, message: HOSTILE }));
    const seen = await open({ ...REPORT, rule: 'databases', notes: [HOSTILE], remarks });
    expect(seen).toMatchObject({ elsewhere: [], dialogs: [], executed: false, violations: [] });
    expect(seen.elements).not.toEqual(expect.arrayContaining(['img']));
    expect(seen.text).toContain(HOSTILE);
  });
});
