import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { loadConfig } from '#shared/config/load.ts';
import { ALL_STEPS, stepsFor } from '#shared/workflows/steps.ts';

it('describes every part of the benchmark on its page, and runs every part of the page', () => {
  const page = readFileSync('docs/performance.md', 'utf8');
  const described = [...page.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, part]) => part);
  const parts = readdirSync('bench/figures').map((file) => file.replace('.ts', ''));
  const run = readFileSync('bench/run.ts', 'utf8');
  const listed = [...run.matchAll(/^ {2}'?([a-z-]+)'?: measure\w+,$/gm)].map(([, part]) => part);
  expect([...new Set(described)].toSorted()).toEqual(parts.toSorted());
  expect(listed.toSorted()).toEqual(parts.toSorted());
});

it('measures the cold import of every function', () => {
  const [, example = ''] =
    /'(examples\/[a-z-]+\.yaml)'/.exec(readFileSync('bench/figures/cold-import.ts', 'utf8')) ?? [];
  expect(stepsFor(loadConfig(example))).toEqual(ALL_STEPS);
});
