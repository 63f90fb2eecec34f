import type { Switches } from './switches.ts';

/** Returns the rows of one page. Rows that leave the top of the list after its first page shift all later pages. */
export const pageOf = <Row>(
  rows: readonly Row[],
  { limit, offset }: { readonly limit: number; readonly offset: number },
  { offsetIgnored, largestPage, rowsMoved }: Switches,
): readonly Row[] => {
  const start = offsetIgnored || offset === 0 ? 0 : Math.max(0, offset + rowsMoved);
  return rows.slice(start, start + Math.min(limit, largestPage));
};

/** Returns a row with its fields replaced by those in the switch `oddRows`. */
export const withOddFields = <Row extends object>({ oddRows }: Switches, of: string, row: Row): Row => {
  const odd = oddRows[of];
  return odd === undefined ? row : { ...row, ...odd };
};
