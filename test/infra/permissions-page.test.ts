import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { writePermissionsPage } from '#infra/permissions-page.ts';
import { loadExample } from './synthesis.ts';

const page = writePermissionsPage(loadExample('tickets.yaml'));

const rowsOf = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

it('docs/permissions.md is what the steps declare; npm run diagram writes it', () => {
  expect(readFileSync('docs/permissions.md', 'utf8')).toBe(page);
});

it('the page of permissions has a row for each function, with what it may touch', () => {
  const cells = rowsOf(page);
  expect(cells).toContainEqual([
    '`checkout-report`',
    '300',
    '512',
    '',
    'read `checkouts/`; write `checkouts/`; remove `open/`',
    '',
    '',
    'publish alerts',
  ]);
  expect(cells).toContainEqual([
    '`sync-retrieve`',
    '900',
    '512',
    'signs in',
    'read `runs/`',
    'deliver, retire secrets of syncs',
    '',
    '',
  ]);
});

it('the page of permissions has no row for what a configuration has no use for', () => {
  const rows = rowsOf(writePermissionsPage(loadExample('minimal.yaml')));
  expect(rows.map(([name]) => name)).toEqual([
    '`authenticate`',
    '`sync-plan`',
    '`sync-request`',
    '`sync-retrieve`',
    '`sync-checkin`',
    '`sync-report`',
    '`upkeep-reap`',
  ]);
});
