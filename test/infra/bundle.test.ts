import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bundle, bundleFunctions } from '#infra/bundle.ts';
import { STEPS } from '#infra/steps.ts';
import { loadExample } from './synthesis.ts';

const folder = mkdtempSync(join(tmpdir(), 'pam-relay-bundle-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A handler with what bundles trip over: a late import, and CommonJS that requires a module of Node. */
const SOURCE = {
  'handler.ts': `
    import { joined } from './common.cjs';
    export const handler = async (): Promise<string> => joined((await import('./late.ts')).late);`,
  'late.ts': `export const late: string = 'late';`,
  'common.cjs': `const { posix } = require('node:path'); exports.joined = (word) => posix.join('came', word);`,
};

const config = loadExample('minimal.yaml');
const bundle = (outDir: string) =>
  bundleFunctions({ config, source: join(folder, 'functions'), outDir: join(folder, outDir) });

const filesIn = (outDir: string): Record<string, string> =>
  Object.fromEntries(
    STEPS.flatMap((step) =>
      readdirSync(join(folder, outDir, step)).map((name) => {
        const path = join(step, name);
        return [path, readFileSync(join(folder, outDir, path), 'utf8')];
      }),
    ),
  );

describe('a bundle', () => {
  let bundles: readonly Bundle[];
  beforeAll(async () => {
    for (const step of STEPS) {
      mkdirSync(join(folder, 'functions', step), { recursive: true });
      for (const [name, text] of Object.entries(SOURCE)) writeFileSync(join(folder, 'functions', step, name), text);
    }
    bundles = await bundle('first');
  });

  it('runs, with what it imports late and what it requires', async () => {
    const { handler } = await import(pathToFileURL(join(folder, 'first/plan/index.mjs')).href);
    await expect(handler()).resolves.toBe('came/late');
  });

  it('is there for every function, with all of its files in its own folder', () => {
    expect(bundles.map(({ step }) => step)).toEqual(STEPS);
    expect(readdirSync(join(folder, 'first')).toSorted()).toEqual([...STEPS].toSorted());
  });

  it('tells what a cold start reads apart from what is imported late', () => {
    for (const { entryBytes, totalBytes } of bundles) {
      expect(entryBytes).toBeGreaterThan(0);
      expect(totalBytes).toBeGreaterThan(entryBytes);
    }
  });

  it('holds the configuration that was reviewed', () => {
    expect(JSON.parse(filesIn('first')['retrieve/relay.json'] ?? '')).toEqual(config);
  });

  it('is the same for the same input, so that a deployment changes nothing that did not change', async () => {
    await bundle('second');
    expect(filesIn('second')).toEqual(filesIn('first'));
  });
});
