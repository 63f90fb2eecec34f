import { distance } from 'fastest-levenshtein';

/** One thing that is wrong with a configuration: where, as a path of keys, and in words what is wrong and how to fix it. */
export interface Problem {
  readonly path: readonly (string | number)[];
  /** True when the last key of the path is itself what is wrong, and not what stands under it. */
  readonly atKey?: boolean;
  readonly message: string;
}

const writeStep = (step: string | number): string => {
  if (typeof step === 'number') return `[${step}]`;
  return /^[\w-]+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
};

/** A path as people write it, such as `syncs.fleet.connection`; `whole` is what an empty one is called. */
export const writePath = (path: Problem['path'], whole: string): string =>
  path.length === 0 ? whole : path.map(writeStep).join('').replace(/^\./, '');

const quoted = (words: readonly string[]): string => words.map((word) => `"${word}"`).join(', ');

/** Three letters, because fewer begin too many words to tell which one was meant. */
const isBeginning = (word: string, candidate: string): boolean => word.length >= 3 && candidate.startsWith(word);

/** What to write instead of a word that is not known: the nearest one that is, or all of them when none is near. */
export const suggest = (word: string, known: readonly string[]): string => {
  const [nearest] = known
    .map((candidate) => ({ candidate, far: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, far }) => far <= Math.max(word.length, candidate.length) / 3 || isBeginning(word, candidate))
    .toSorted((one, other) => one.far - other.far);
  if (nearest !== undefined) return `did you mean "${nearest.candidate}"?`;
  return known.length === 1 ? `use ${quoted(known)}` : `use one of ${quoted(known)}`;
};
