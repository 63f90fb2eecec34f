/** Selects elements evenly across a list, so that pages and batches contain some of them. */
export const spread = <T>(list: readonly T[], howMany: number): T[] =>
  list.filter(
    (_, index) => Math.floor(((index + 1) * howMany) / list.length) > Math.floor((index * howMany) / list.length),
  );
