import type { Switches } from './switches.ts';

/** The rows of one page. Those that have left a list since its first page are missing from all later ones. */
export const pageOf = <Row>(
  rows: readonly Row[],
  { limit, offset }: { readonly limit: number; readonly offset: number },
  { offsetIgnored, largestPage, rowsMoved }: Switches,
): readonly Row[] => {
  const start = offsetIgnored || offset === 0 ? 0 : Math.max(0, offset + rowsMoved);
  return rows.slice(start, start + Math.min(limit, largestPage));
};

/** A row of a list with the fields that the site's switches give it instead of its own. */
export const oddly = <Row extends object>({ oddRows }: Switches, of: string, row: Row): Row => {
  const odd = oddRows[of];
  return odd === undefined ? row : { ...row, ...odd };
};
