import { existsSync, globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const pages = globSync(['*.md', 'docs/**/*.md']);

describe.each(pages)('%s', (page) => {
  it('names only existing tests', () => {
    const named = readFileSync(page, 'utf8').match(/\btest\/[\w./-]+\.ts\b/g) ?? [];
    expect(named.filter((file) => !existsSync(file))).toEqual([]);
  });
});
