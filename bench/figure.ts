/** A figure with a target. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly target: Target;
  /** `count`: the same in every run of the same code. `measure`: a time or size, which also depends on the machine. */
  readonly kind: 'count' | 'measure';
}

type Target = { readonly atMost: number } | { readonly atLeast: number };

/** Result of one file under `figures/`. */
export interface Measured {
  readonly figures: readonly Figure[];
  /** Sentences about the method and about other results. */
  readonly notes: readonly string[];
}

export const isReached = ({ value, target }: Figure): boolean =>
  'atMost' in target ? value <= target.atMost : value >= target.atLeast;

/** True for a count that misses its target, which only a change of the code can cause. */
export const isBroken = (figure: Figure): boolean => figure.kind === 'count' && !isReached(figure);

export const targetOf = ({ target }: Figure): number => ('atMost' in target ? target.atMost : target.atLeast);

/** The middle value, or the mean of the two middle values. */
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]];
  if (low === undefined || high === undefined) throw new RangeError('The median requires at least one value.');
  return (low + high) / 2;
};

/** Formats the median and, in brackets, the range of the values, which shows the noise. */
export const spread = (values: readonly number[], unit = ''): string =>
  `${round(median(values))}${unit} (${round(Math.min(...values))} to ${round(Math.max(...values))})`;

/** Rounds to three significant digits, or from a thousand on to whole numbers. */
export const round = (value: number): number =>
  Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(3));
