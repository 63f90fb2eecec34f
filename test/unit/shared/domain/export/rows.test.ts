import { expect, it } from 'vitest';
import { digestOfLine, rowOf } from '#shared/domain/export/rows.ts';

it('an event is known again if a newer server shows a further field that is empty, or another order', () => {
  const date = '2026-11-29T12:00:00.123Z';
  const row = rowOf({ date, content: { type: 1000, itemId: 'a', memberId: null } });
  const later = rowOf({ date, content: { sendId: null, itemId: 'a', type: 1000 } });
  expect(later.digest).toEqual(row.digest);
  expect(digestOfLine(row.line)).toEqual(row.digest);
  expect(rowOf({ date, content: { type: 1000, itemId: 'b' } }).digest).not.toEqual(row.digest);
});
