import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import GithubSlugger from 'github-slugger';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '#shared/config/load.ts';
import packageJson from '../../package.json' with { type: 'json' };

const PAGES = [...globSync('*.md'), ...globSync('docs/**/*.md')];
const pages = PAGES.map((path) => [path, readFileSync(path, 'utf8')] as const);

const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^\\s*\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'gm'))].map(([, block]) => block ?? '');

describe('the public pages', () => {
  it.each(pages.flatMap(([path, text]) => blocks(text, 'yaml').map((block) => [path, block] as const)))(
    '%s shows only configurations that parse',
    (path, block) => expect(() => parseConfig(block, { file: path })).not.toThrow(),
  );

  it('shows a configuration in the README, and its two commands', () => {
    const readme = readFileSync('README.md', 'utf8');
    expect(blocks(readme, 'yaml')).toHaveLength(1);
    expect(blocks(readme, 'sh').join()).toContain('npm ci && npm start\nnpm ci && npm test\n');
  });

  it.each(pages)('%s names only existing scripts', (_path, text) => {
    const named = [...text.matchAll(/npm run ([a-z:]+)/g)].map(([, script]) => script);
    expect(Object.keys(packageJson.scripts)).toEqual(expect.arrayContaining(named));
  });

  it.each(pages)('%s links only to existing files and headings', (path, text) => {
    const links = [...text.matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)/g)];
    const dead = links.filter(([, file = '', heading]) => {
      const target = file === '' ? path : join(dirname(path), file);
      return !existsSync(target) || (heading !== undefined && !headingsOf(target).has(heading));
    });
    expect(dead.map(([link]) => link)).toEqual([]);
  });
});

/** Anchors of a page's headings, as GitHub makes them. */
const headingsOf = (path: string): Set<string> => {
  const slugger = new GithubSlugger();
  const headings = readFileSync(path, 'utf8')
    .replaceAll(/^```[\s\S]*?^```/gm, '')
    .matchAll(/^#+ (.+)$/gm);
  return new Set(
    [...headings].map(([, heading = '']) => slugger.slug(heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1'))),
  );
};
