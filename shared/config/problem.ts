import { distance } from 'fastest-levenshtein';

/** One problem of a configuration: its place as a path of keys, and a message that states the error and the fix. */
export interface Problem {
  readonly path: readonly (string | number)[];
  /** True if the last key of the path is itself wrong, rather than its value. */
  readonly atKey?: boolean;
  readonly message: string;
}

/** Problems that are reported at once. More of them have a few causes, or a file that is no relay.yaml. */
export const MAX_PROBLEMS = 200;

const writeStep = (step: string | number): string => {
  if (typeof step === 'number') return `[${step}]`;
  return /^[\w-]+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
};

/** Formats a path, such as `syncs.fleet.connection`. `whole` is the text for an empty path. */
export const writePath = (path: Problem['path'], whole: string): string =>
  path.length === 0 ? whole : path.map(writeStep).join('').replace(/^\./, '');

/** A longer list would hide the rest of the message. */
const MAX_LISTED = 20;

const quoted = (words: readonly string[]): string => {
  const listed = words.slice(0, MAX_LISTED).map((word) => JSON.stringify(word));
  return [...listed, ...(words.length > MAX_LISTED ? ['…'] : [])].join(', ');
};

/** At least three letters, because fewer begin too many words. */
const isBeginning = (word: string, candidate: string): boolean => word.length >= 3 && candidate.startsWith(word);

/** Returns the known word that is nearest to an unknown one; undefined if none is near. */
export const nearestTo = (word: string, known: readonly string[]): string | undefined =>
  known
    .map((candidate) => ({ candidate, far: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, far }) => far <= Math.max(word.length, candidate.length) / 3 || isBeginning(word, candidate))
    .toSorted((one, other) => one.far - other.far)[0]?.candidate;

/** Suggests a replacement for an unknown word: the nearest known word, or all of them if none is near. */
export const suggest = (word: string, known: readonly string[]): string => {
  const nearest = nearestTo(word, known);
  if (nearest !== undefined) return `did you mean ${quoted([nearest])}?`;
  return known.length === 1 ? `use ${quoted(known)}` : `use one of ${quoted(known)}`;
};
