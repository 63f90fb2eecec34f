import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, it } from 'vitest';

it('docs/README.md lists every page of docs/ once', () => {
  const pages = globSync('docs/*.md').map((path) => basename(path));
  const listed = [...readFileSync('docs/README.md', 'utf8').matchAll(/^- \[[^\]]+\]\(([\w-]+\.md)\): /gm)];
  expect(listed.map(([, page]) => page).toSorted()).toEqual(pages.filter((page) => page !== 'README.md').toSorted());
});
