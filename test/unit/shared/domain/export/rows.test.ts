import { expect, it } from 'vitest';
import { readLine, rowOf } from '#shared/domain/export/rows.ts';

const DATE = '2026-11-29T12:00:00.123Z';

it('an event is known again if a newer server shows a further field that is empty, or another order', () => {
  const row = rowOf({ date: DATE, content: { type: 1000, itemId: 'a', memberId: null } });
  const later = rowOf({ date: DATE, content: { sendId: null, itemId: 'a', type: 1000 } });
  expect(later.digest).toEqual(row.digest);
  expect(readLine(row.line, row.place, DATE)).toEqual({ digest: row.digest, isLate: false });
  expect(rowOf({ date: DATE, content: { type: 1000, itemId: 'b' } }).digest).not.toEqual(row.digest);
});
