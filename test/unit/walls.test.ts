import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { REGISTERED_TYPES } from '#shared/config/registered-types.ts';

const ROOT = new URL('../../', import.meta.url);

/** Files of these folders, with their text. */
const filesIn = (...folders: string[]): { path: string; text: string }[] =>
  globSync(
    folders.map((folder) => `${folder}/**/*.ts`),
    { cwd: ROOT },
  ).map((path) => ({ path, text: readFileSync(new URL(path, ROOT), 'utf8') }));

/** Matches of a pattern in these files: file, line and text. */
const findIn = (files: readonly { path: string; text: string }[], pattern: RegExp): string[] =>
  files.flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((line, index) => [...line.matchAll(pattern)].map(([found]) => `${path}:${index + 1}: ${found}`)),
  );

const asAlternatives = (words: readonly string[]): string => words.join('|');

describe('code that knows no vendor and no cloud', () => {
  const files = filesIn('functions', 'shared/domain', 'shared/leases', 'shared/delivery', 'shared/workflows');
  const VENDOR_WORDS = ['systemId', 'accountId', 'isa'];
  const CLOUD_WORDS = ['AWSCURRENT', 'AWSPREVIOUS', 'AWSPENDING', 'ClientRequestToken', 'VersionStage'];

  it('exists', () => {
    expect(files.length).toBeGreaterThan(60);
  });

  it.each([...VENDOR_WORDS, ...CLOUD_WORDS])('does not hold the word %s, not even in a comment', (word) => {
    expect(findIn(files, new RegExp(String.raw`\b${word}\b`, 'gi'))).toEqual([]);
  });
});

describe('code outside of the registries and of the types themselves', () => {
  const types = [...Object.keys(REGISTERED_TYPES.connections), ...Object.keys(REGISTERED_TYPES.stores)];
  const ofATypeItself = /^shared\/(connections|stores)\/([^/]+\/|registry\.ts$)/;
  const files = filesIn('shared', 'functions', 'infra', 'cli').filter(({ path }) => !ofATypeItself.test(path));

  it('exists', () => {
    expect(types).toEqual(expect.arrayContaining(['password-safe', 'aws-secrets-manager']));
    expect(files.length).toBeGreaterThan(130);
    for (const needed of ['shared/connections/vault.ts', 'shared/runtime/connections.ts', 'infra/stack.ts']) {
      expect(files.map(({ path }) => path)).toContain(needed);
    }
  });

  it('never writes the name of a type, and so compares none with it', () => {
    expect(findIn(files, new RegExp(`(['"\`])(?:${asAlternatives(types)})\\1`, 'g'))).toEqual([]);
  });

  it('imports nothing of a type', () => {
    const imported = /(?:from|import\() ?'#shared\/(?:connections|stores)\/[^/']+\/[^']*'/g;
    expect(findIn(files, imported)).toEqual([]);
  });

  it('compares no source with a text either', () => {
    const sources = Object.values(REGISTERED_TYPES.connections).flatMap((type) => Object.keys(type.sources));
    const compared = new RegExp(`[=!]== '(?:${asAlternatives(sources)})'|case '(?:${asAlternatives(sources)})':`, 'g');
    expect(findIn(files, compared)).toEqual([]);
  });
});
