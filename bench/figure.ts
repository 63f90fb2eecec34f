/** A number that the product is held to. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly target: Target;
  /** `count`: the same in each run of the same code. `measure`: a time or a size, which depends on the machine, too. */
  readonly kind: 'count' | 'measure';
}

type Target = { readonly atMost: number } | { readonly atLeast: number };

/** What one file under `figures/` gives: the figures, and what to know beside them. */
export interface Measured {
  readonly figures: readonly Figure[];
  /** How it was measured and what else came out, a sentence each. */
  readonly notes: readonly string[];
}

export const isReached = ({ value, target }: Figure): boolean =>
  'atMost' in target ? value <= target.atMost : value >= target.atLeast;

/** Nothing but the code can make a count miss its target. */
export const isBroken = (figure: Figure): boolean => figure.kind === 'count' && !isReached(figure);

export const targetOf = ({ target }: Figure): number => ('atMost' in target ? target.atMost : target.atLeast);

/** The middle one, or the mean of the two in the middle. */
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]];
  if (low === undefined || high === undefined) throw new RangeError('There is no median of nothing.');
  return (low + high) / 2;
};

/** The median and, in brackets, how far the values lie apart: how much of it is noise. */
export const spread = (values: readonly number[], unit = ''): string =>
  `${round(median(values))}${unit} (${round(Math.min(...values))} to ${round(Math.max(...values))})`;

/** To three significant digits, or to whole numbers from a thousand on. */
export const round = (value: number): number =>
  Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(3));
