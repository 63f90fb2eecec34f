import { describe, expect, it } from 'vitest';
import { isSelected } from '#shared/domain/selection.ts';
import { anItem } from '#test/unit/shared/domain/items.ts';

const { labels } = anItem();

describe('a selection', () => {
  it('takes every item when it names nothing', () => {
    expect(isSelected({}, labels)).toBe(true);
    expect(isSelected({ systemName: [], accountName: [] }, labels)).toBe(true);
  });

  it.each([
    [['db-*'], true],
    [['DB-*'], true],
    [['web-*'], false],
    [['db-*', '!db-0*'], false],
    [['!web-*'], true],
    [['web-*', '*-01'], true],
    [['db.01'], false],
  ])('by system %j takes db-01: %s', (systemName, taken) => expect(isSelected({ systemName }, labels)).toBe(taken));

  it('takes what matches by all its patterns at once', () => {
    const patterns = { systemName: ['db-*'], accountName: ['sa'], domainName: ['corp'] };
    expect(isSelected(patterns, { ...labels, domainName: 'CORP' })).toBe(true);
    expect(isSelected(patterns, { ...labels, domainName: '' })).toBe(false);
    expect(isSelected(patterns, { ...labels, domainName: 'CORP', accountName: 'root' })).toBe(false);
  });

  it('takes a label that an item does not have for an empty one', () => {
    expect(isSelected({ workgroupName: ['apps'] }, labels)).toBe(false);
    expect(isSelected({ workgroupName: ['!apps'] }, labels)).toBe(true);
    expect(isSelected({ toString: ['*native*'] }, labels)).toBe(false);
  });
});
