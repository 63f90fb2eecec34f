import { expect, it } from 'vitest';
import { notesOf } from '../../../.ci/release-notes.ts';

const CHANGELOG =
  '# Changelog\n\n## Unreleased\n\n- Next.\n\n## 1.2.0 (2026-03-01)\n\n- Adds a store.\n\n## 1.1.0\n\n- Old.\n';

it('the notes of a release are its section of the changelog, and how to upgrade', () => {
  expect(notesOf(CHANGELOG, 'v1.2.0')).toBe(
    '- Adds a store.\n\nTo upgrade, read docs/upgrading.md, then deploy: `npx cdk deploy -c config=relay.yaml`.\n',
  );
});

it.each([
  ['v1.3.0', 'no section "## 1.3.0"'],
  ['1.2.0', 'Tag a release as v1.2.3'],
  ['', 'Tag a release as v1.2.3'],
])('a release named %j fails, because it has no notes', (tag, reason) => {
  expect(() => notesOf(CHANGELOG, tag)).toThrow(reason);
});
