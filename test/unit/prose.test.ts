import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import bannedWords from '../prose/banned-words.json' with { type: 'json' };

const MAX_COLUMNS = 120;
const MAX_README_WORDS = 1200;

const SOURCES = globSync('{.ci,bench,cli,examples,functions,infra,local,shared,test}/**/*.ts').filter(isOurs);
const PAGES = [...globSync('*.md'), ...globSync('docs/**/*.md')];
const CONFIGURATIONS = globSync('examples/**/*.{yaml,json}');

function isOurs(path: string): boolean {
  return !path.includes('node_modules');
}

const read = (path: string): string => readFileSync(path, 'utf8');
const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length;

/** The places of a pattern, as `path:line: text`. */
const findIn = (paths: readonly string[], pattern: RegExp): string[] =>
  paths.flatMap((path) => {
    const text = read(path);
    return [...text.matchAll(pattern)].map(({ 0: found, index }) => `${path}:${lineAt(text, index)}: ${found.trim()}`);
  });

describe('prose', () => {
  it('begins a doc comment with a noun or a verb', () => {
    expect(findIn(SOURCES, /\/\*\*\s+(?:\*\s+)?(?:What|Whether|How)\b[^\n]*/g)).toEqual([]);
  });

  it('has none of the banned words', () => {
    const words = bannedWords.map((word) => word.replaceAll(' ', '[\\s*/]+')).join('|');
    const pattern = new RegExp(`[^\\n]*\\b(?:${words})\\b[^\\n]*`, 'gi');
    expect(findIn([...SOURCES, ...PAGES, ...CONFIGURATIONS], pattern)).toEqual([]);
  });

  it('keeps comments within 120 columns', () => {
    const long = SOURCES.flatMap((path) =>
      read(path)
        .split('\n')
        .flatMap((line, index) => (isComment(line) && line.length > MAX_COLUMNS ? [`${path}:${index + 1}`] : [])),
    );
    expect(long).toEqual([]);
  });

  it('keeps the README short enough to be read in four minutes', () => {
    const prose = read('README.md').replaceAll(/^```[\s\S]*?^```/gm, '');
    expect(prose.match(/[\p{L}\p{N}]\S*/gu)?.length).toBeLessThan(MAX_README_WORDS);
  });
});

const isComment = (line: string): boolean => /^\s*(?:\/\/|\/?\*)/.test(line);
